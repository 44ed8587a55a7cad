/*
 * madvise: what is a hint checks its range and does nothing; what changes contents, or what fork does, is carried
 * out. Holes do not stop it, but it says afterwards that there were some.
 */
#include "internal.h"

enum advice {
	NORMAL,
	RANDOM,
	SEQUENTIAL,
	WILLNEED,
	DONTNEED,
	FREE = 8,
	REMOVE,
	DONTFORK,
	DOFORK,
	MERGEABLE,
	UNMERGEABLE,
	HUGEPAGE,
	NOHUGEPAGE,
	DONTDUMP,
	DODUMP,
	WIPEONFORK,
	KEEPONFORK,
	COLD,
	PAGEOUT,
	POPULATE_READ,
	POPULATE_WRITE,
	DONTNEED_LOCKED,
};

/* May this advice be given for memory of this kind? */
static long check_area(const struct mm_area *area, enum advice advice)
{
	switch (advice) {
	case DONTNEED:
	case COLD:
	case PAGEOUT:
		return area->locked ? -EINVAL : 0;
	case FREE:
		return area->locked || area->file != NULL ? -EINVAL : 0;
	case WIPEONFORK:
		return area->file != NULL ? -EINVAL : 0;
	case REMOVE:
		if (area->locked || area->file == NULL)
			return -EINVAL;
		return !area->shared || !vms_has(area->prot, VMS_W) ? -EACCES : 0;
	default:
		return 0;
	}
}

/* Forget the contents: what is behind the address is what it was before it was touched. */
static long discard_run(struct mm *mm, struct vms_cursor *cursor, const struct vms_item *item, vms_va end,
			uint32_t argument)
{
	uint64_t len = mm_run_len(cursor, item, end);

	(void)mm, (void)argument;
	if (item->what != VMS_MAPPED)
		return mm_errno(vms_cursor_jump(cursor, vms_cursor_at(cursor) + len));
	return mm_errno(vms_cursor_mark(cursor, len, mm_token(mm_rights_of(item), vms_has(item->prop.flags, MM_FILE))));
}

static long remove_pages(const struct mm_area *area, vms_va start, vms_va end)
{
	return mm_port_file_remove(area->file, area->offset + (start - area->start), end - start);
}

/* [start, end) is in an area of one kind, which is held. */
static long advise_area(struct mm *mm, const struct mm_area *area, vms_va start, vms_va end, enum advice advice)
{
	switch (advice) {
	case DONTNEED:
	case DONTNEED_LOCKED:
	case FREE: /* at once, which it may be */
		mm_huge_cut(mm, start, end);
		return mm_range_work(mm, start, end - start, discard_run, 0, false);
	case REMOVE:
		return remove_pages(area, start, end);
	case DONTFORK:
		return mm_flag_area(mm, start, end, 0, MM_RECORD_NOT_FORKED);
	case DOFORK:
		return mm_flag_area(mm, start, end, MM_RECORD_NOT_FORKED, 0);
	case WIPEONFORK:
		return mm_flag_area(mm, start, end, 0, MM_RECORD_WIPED);
	case KEEPONFORK:
		return mm_flag_area(mm, start, end, MM_RECORD_WIPED, 0);
	case DONTDUMP:
		return mm_flag_area(mm, start, end, 0, MM_RECORD_NOT_DUMPED);
	case DODUMP:
		return mm_flag_area(mm, start, end, MM_RECORD_NOT_DUMPED, 0);
	case HUGEPAGE: /* of anonymous memory only: a file's pages are what they are */
		return area->file != NULL ? 0 : mm_flag_area(mm, start, end, MM_RECORD_NOT_HUGE, MM_RECORD_HUGE);
	case NOHUGEPAGE:
		return area->file != NULL ? 0 : mm_flag_area(mm, start, end, MM_RECORD_HUGE, MM_RECORD_NOT_HUGE);
	default:
		return 0;
	}
}

static long advise_range(struct mm *mm, vms_va va, vms_va end, enum advice advice)
{
	struct mm_area area;
	long result = 0;
	bool holes = false;

	while (va < end && result == 0) {
		vms_va start;

		if (!mm_next_area_hold(mm, va, &area))
			return -ENOMEM;
		start = area.start > va ? area.start : va;
		holes = holes || start > va;
		va = area.end < end ? area.end : end;
		if (start < end)
			result = check_area(&area, advice);
		if (start < end && result == 0)
			result = advise_area(mm, &area, start, va, advice);
		if (area.file != NULL)
			mm_port_file_put(area.file);
	}
	return result != 0 ? result : holes ? -ENOMEM : 0;
}

static bool is_known(int advice)
{
	return (advice >= NORMAL && advice <= DONTNEED) || (advice >= FREE && advice <= DONTNEED_LOCKED);
}

/* Linux calls it invalid if a right is missing, here alone. */
static long populate(struct mm *mm, vms_va va, uint64_t len, bool write)
{
	long result = mm_touch(mm, va, len, write ? MM_TOUCH_WRITE : MM_TOUCH_READ);

	return result == -EACCES ? -EINVAL : result;
}

long mm_advise(struct mm *mm, vms_va va, uint64_t len, int advice)
{
	uint64_t size = mm_page_up(len);

	if (!is_known(advice) || va % VMS_PAGE != 0 || (len != 0 && size == 0) || va + size < va)
		return -EINVAL;
	if (len == 0)
		return 0;
	if (!mm_range_valid(va, size))
		return -ENOMEM;
	if (advice == POPULATE_READ || advice == POPULATE_WRITE)
		return populate(mm, va, size, advice == POPULATE_WRITE);
	if ((advice == DONTNEED || advice == FREE) && !mm_records_any(mm, va, va + size, 0)) {
		mm_huge_cut(mm, va, va + size);
		return mm_range_work(mm, va, size, discard_run, 0, false);
	}
	return advise_range(mm, va, va + size, (enum advice)advice);
}
