/*
 * mmap, munmap, brk: ranges get marks, or lose everything.
 */
#include "internal.h"

bool mm_range_valid(vms_va va, uint64_t len)
{
	return va % VMS_PAGE == 0 && len % VMS_PAGE == 0 && len > 0 && len <= VMS_USER_END && va <= VMS_USER_END - len;
}

/* What mmap puts everywhere in a range. */
struct filling {
	uint32_t prot;
	struct mm_record record; /* record.file is NULL for anonymous memory */
};

/* Put the filling's mark on all of an editing cursor's range, in place of whatever is there. */
static long range_mark(struct mm *mm, struct vms_cursor *cursor, const struct filling *filling)
{
	struct mm_record record = filling->record, before;
	uint64_t len = cursor->end - cursor->start;
	long number, result;

	if (record.file == NULL)
		return mm_errno(vms_cursor_mark(cursor, len, mm_token(filling->prot, false, 0)));
	record.start = cursor->start;
	record.end = cursor->end;
	number = mm_record_add(mm, &record, &before);
	if (number < 0)
		return number;
	result = mm_errno(vms_cursor_mark(cursor, len, mm_token(filling->prot, true, (uint32_t)number)));
	if (result < 0)
		mm_record_undo(mm, (uint32_t)number, &before);
	return result;
}

/* Is the rest of the cursor's range empty? If not, where does what is there end? */
static bool is_empty(struct vms_cursor *cursor, vms_va *end)
{
	vms_va start = vms_cursor_at(cursor);
	struct vms_item item;

	if (vms_cursor_find_next(cursor, cursor->end - start, VMS_FIND_ANY, &item) == VMS_OK) {
		*end = item.va + item.len;
		return false;
	}
	return vms_cursor_jump(cursor, start) == VMS_OK;
}

/*
 * Fill [va, va + len). Unless `replace`, only if it is empty: else -EEXIST, and *end says where the page
 * that is in the way ends.
 */
static long fill(struct mm *mm, vms_va va, uint64_t len, const struct filling *filling, bool replace, vms_va *end)
{
	struct vms_cursor cursor;
	struct vms_guard guard;
	long result;

	vms_guard_enter(&guard);
	result = mm_errno(vms_cursor_open(&cursor, &mm->space, &guard, va, va + len, VMS_EDITING));
	if (result == 0) {
		result = replace || is_empty(&cursor, end) ? 0 : -EEXIST;
		if (result == 0)
			result = range_mark(mm, &cursor, filling);
		vms_cursor_close(&cursor);
	}
	vms_guard_leave(&guard);
	return result;
}

/* Fill the first empty range of this length in [from, to): its address, or -ENOMEM. */
static long fill_first(struct mm *mm, vms_va from, vms_va to, uint64_t len, const struct filling *filling)
{
	while (len <= to - from) {
		vms_va end = from + len;
		long result = fill(mm, from, len, filling, false, &end);

		if (result != -EEXIST)
			return result < 0 ? result : (long)from;
		from = end;
		if (from >= to)
			break;
	}
	return -ENOMEM;
}

/*
 * Anywhere: addresses are given out upwards, so that the next request is free at first try; when the area is
 * used up, from its start again.
 */
static long fill_anywhere(struct mm *mm, uint64_t len, const struct filling *filling)
{
	vms_va from;
	long va;

	if (len > MM_AREA_END - MM_AREA_START)
		return -ENOMEM;
	from = __atomic_fetch_add(&mm->next, len, __ATOMIC_RELAXED);
	if (from < MM_AREA_END && len <= MM_AREA_END - from) {
		va = fill_first(mm, from, MM_AREA_END, len, filling);
	} else {
		__atomic_store_n(&mm->next, MM_AREA_END, __ATOMIC_RELAXED);
		va = -ENOMEM;
	}
	if (va == -ENOMEM && from > MM_AREA_START)
		va = fill_first(mm, MM_AREA_START, MM_AREA_END, len, filling);
	return va;
}

/* The highest addresses given out are free again: give them out next. */
static void area_return(struct mm *mm, vms_va va, uint64_t len)
{
	vms_va end = va + len;

	if (va >= MM_AREA_START)
		__atomic_compare_exchange_n(&mm->next, &end, va, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

/* Fault in every page of a new range, as far as memory goes. */
static void populate(struct mm *mm, vms_va va, uint64_t len, uint32_t access)
{
	for (vms_va page = va; page < va + len; page += VMS_PAGE) {
		struct vms_cursor cursor;
		struct vms_guard guard;
		long result;

		vms_guard_enter(&guard);
		result = mm_errno(vms_cursor_open(&cursor, &mm->space, &guard, page, page + VMS_PAGE, VMS_EDITING));
		if (result == 0) {
			result = mm_resolve(mm, &cursor, access);
			vms_cursor_close(&cursor);
		}
		vms_guard_leave(&guard);
		if (result < 0)
			return;
	}
}

static long check(vms_va hint, uint64_t len, uint32_t prot, uint32_t flags, uint64_t offset)
{
	uint32_t kind = flags & (MM_SHARED | MM_PRIVATE);

	if (len == 0 || offset % VMS_PAGE != 0 || prot > (MM_PROT_READ | MM_PROT_WRITE | MM_PROT_EXEC))
		return -EINVAL;
	if (kind == 0)
		return -EINVAL;
	if (len > VMS_USER_END)
		return -ENOMEM;
	if (offset + len < offset)
		return -EOVERFLOW;
	if (flags & (MM_FIXED | MM_NOREPLACE)) {
		if (hint % VMS_PAGE != 0)
			return -EINVAL;
		if (hint > VMS_USER_END - len)
			return -ENOMEM;
		if (hint < MM_LOWEST)
			return -EPERM;
	}
	return 0;
}

/* A hint that is taken if the range is free. */
static bool hint_usable(vms_va hint, uint64_t len)
{
	return hint >= MM_LOWEST && hint % VMS_PAGE == 0 && hint <= VMS_USER_END - len;
}

static long map_somewhere(struct mm *mm, vms_va hint, uint64_t len, uint32_t flags, const struct filling *filling)
{
	vms_va end;
	long result;

	if (flags & (MM_FIXED | MM_NOREPLACE)) {
		result = fill(mm, hint, len, filling, !(flags & MM_NOREPLACE), &end);
		return result < 0 ? result : (long)hint;
	}
	if (hint_usable(hint, len)) {
		result = fill(mm, hint, len, filling, false, &end);
		if (result != -EEXIST)
			return result < 0 ? result : (long)hint;
	}
	return fill_anywhere(mm, len, filling);
}

long mm_map(struct mm *mm, vms_va hint, uint64_t len, uint32_t prot, uint32_t flags, struct file *file, uint64_t offset)
{
	uint64_t size = len <= VMS_USER_END ? (len + VMS_PAGE - 1) / VMS_PAGE * VMS_PAGE : len;
	bool shared = flags & MM_SHARED; /* MAP_SHARED_VALIDATE is both bits */
	struct filling filling = {
		.prot = mm_rights(prot),
		.record = {.file = file,
			   .offset = file == NULL ? 0 : offset,
			   .shared = shared,
			   .read_only = flags & MM_FILE_READ_ONLY},
	};
	long va = check(hint, size, prot, flags, offset);

	if (va < 0)
		return va;
	if (file == NULL && shared) {
		va = mm_port_shared_file(size, &filling.record.file);
		if (va < 0)
			return va;
	}
	va = map_somewhere(mm, hint, size, flags, &filling);
	if (file == NULL && shared)
		mm_port_file_put(filling.record.file);
	if (va >= 0 && (flags & MM_POPULATE) && filling.prot != 0)
		populate(mm, (vms_va)va, size, vms_has(filling.prot, VMS_W) ? VMS_W : VMS_R);
	return va;
}

long mm_unmap(struct mm *mm, vms_va va, uint64_t len)
{
	uint64_t size = len <= VMS_USER_END ? (len + VMS_PAGE - 1) / VMS_PAGE * VMS_PAGE : len;
	struct vms_cursor cursor;
	struct vms_guard guard;
	long result;

	if (!mm_range_valid(va, size))
		return -EINVAL;
	vms_guard_enter(&guard);
	result = mm_errno(vms_cursor_open(&cursor, &mm->space, &guard, va, va + size, VMS_EDITING));
	if (result == 0) {
		result = mm_errno(vms_cursor_unmap(&cursor, size, NULL));
		vms_cursor_close(&cursor);
	}
	vms_guard_leave(&guard);
	if (result == 0)
		area_return(mm, va, size);
	return result;
}

void mm_set_brk(struct mm *mm, vms_va start)
{
	mm->brk_start = mm->brk = start;
}

/* The first page that is not the heap's. */
static vms_va page_after(vms_va brk)
{
	return (brk + VMS_PAGE - 1) / VMS_PAGE * VMS_PAGE;
}

vms_va mm_brk(struct mm *mm, vms_va end)
{
	struct filling heap = {.prot = VMS_R + VMS_W};
	vms_va old = page_after(mm->brk), now, taken;
	long result = 0;

	if (end < mm->brk_start || end > MM_AREA_START)
		return mm->brk;
	now = page_after(end);
	if (now > old)
		result = fill(mm, old, now - old, &heap, false, &taken);
	else if (now < old)
		result = mm_unmap(mm, now, old - now);
	if (result == 0)
		mm->brk = end;
	return mm->brk;
}
