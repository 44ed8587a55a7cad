/*
 * mremap: a range grows, shrinks or moves with its pages.
 *
 * A move needs both ranges at once. Two cursors of one thread in one space could wait for another thread's
 * two in a circle, so one cursor owns everything from the lower range to the end of the higher one.
 */
#include "internal.h"

#define MREMAP_MAYMOVE 1u
#define MREMAP_FIXED 2u
#define MREMAP_DONTUNMAP 4u

/* What is at va, and how far all of [va, va + len) is one mapping; -EFAULT if it is not. The file is held. */
static long whole(struct mm *mm, vms_va va, uint64_t len, struct mm_area *area)
{
	if (!mm_next_area_hold(mm, va, area))
		return -EFAULT;
	if (area->start == va && area->end - va >= len)
		return 0;
	if (area->file != NULL)
		mm_port_file_put(area->file);
	return -EFAULT;
}

/* mmap flags that make more of the same kind. */
static uint32_t flags_like(const struct mm_area *area)
{
	uint32_t locked = area->locked ? MM_LOCKED : 0;

	if (area->file == NULL)
		return MM_PRIVATE | MM_ANONYMOUS | locked | (area->grows ? MM_GROWSDOWN : 0);
	return (area->shared ? MM_SHARED : MM_PRIVATE) | (area->read_only ? MM_FILE_READ_ONLY : 0) | locked;
}

static uint32_t prot_like(const struct mm_area *area)
{
	return (vms_has(area->prot, VMS_R) ? MM_PROT_READ : 0) | (vms_has(area->prot, VMS_W) ? MM_PROT_WRITE : 0) |
	       (vms_has(area->prot, VMS_X) ? MM_PROT_EXEC : 0);
}

/* What was advised for the memory at `from` goes for [va, va + len) too, which was just mapped: or that goes again. */
static long advise_like(struct mm *mm, vms_va from, vms_va va, uint64_t len)
{
	const uint32_t advised =
		MM_RECORD_NOT_FORKED | MM_RECORD_WIPED | MM_RECORD_NOT_DUMPED | MM_RECORD_HUGE | MM_RECORD_NOT_HUGE;
	struct mm_record record;
	long result;

	if (!mm_record_at(mm, from, &record) || (record.flags & advised) == 0)
		return 0;
	result = mm_flag_area(mm, va, va + len, 0, record.flags & advised);
	if (result != 0)
		(void)mm_unmap(mm, va, len);
	return result;
}

/* More of the same at `va`, which continues the area; it must be free unless `replace`. */
static long extend(struct mm *mm, const struct mm_area *area, vms_va va, uint64_t len, uint64_t offset, bool replace)
{
	return mm_map(mm, va, len, prot_like(area), flags_like(area) | (replace ? MM_FIXED : MM_NOREPLACE), area->file,
		      offset);
}

/* What is to be mapped elsewhere in place of the page at `from`: its frame, or a copy of what can only move as a whole. */
static vms_pfn frame_to_move(const struct vms_item *item, vms_va from, uint64_t len)
{
	vms_pfn frame = mm_frame_at(item, from);

	if (len == VMS_PAGE && mm_is_part(frame))
		return mm_frame_copy(frame);
	return vms_frame_get(frame) == VMS_OK ? frame : (vms_pfn)VMS_NO_FRAME;
}

/*
 * Move the page, or `len` bytes of one leaf, that is mapped at `from` to `to`, where there is a mark already. A mark is
 * left behind if `keep`, or nothing. The steps that may fail are first, and leave everything as it was.
 */
static long page_move(struct vms_cursor *cursor, const struct vms_item *item, vms_va from, vms_va to, uint64_t len,
		      bool keep)
{
	vms_token token = mm_token(mm_rights_of(item), vms_has(item->prop.flags, MM_FILE));
	vms_pfn frame = frame_to_move(item, from, len);
	enum vms_status status;

	if (frame == VMS_NO_FRAME)
		return -ENOMEM;
	status = vms_cursor_jump(cursor, to);
	if (status == VMS_OK)
		status = vms_cursor_map(cursor, frame, item->prop);
	if (status != VMS_OK) {
		vms_frame_put(frame);
		return -ENOMEM;
	}
	status = vms_cursor_jump(cursor, from);
	if (status == VMS_OK)
		status = keep ? vms_cursor_mark(cursor, len, token) : vms_cursor_unmap(cursor, len, NULL);
	return mm_errno(status);
}

/* How much of a leaf moves at once from `at`, of which all up to `end` moves: all of it, or a page. */
static uint64_t part_to_move(const struct vms_item *item, vms_va at, vms_va end, vms_va to)
{
	bool whole = item->va == at && item->len <= end - at && to % item->len == 0;

	return whole ? item->len : VMS_PAGE;
}

/* Pages of 2 MiB in [from, from + len) that cannot move as they are become small ones, if they are nobody else's. */
static void prepare_move(struct mm *mm, vms_va from, vms_va to, uint64_t len)
{
	vms_va end = from + len;

	mm_huge_cut(mm, from, end);
	if (from % MM_HUGE_BYTES == to % MM_HUGE_BYTES)
		return;
	for (vms_va at = from - from % MM_HUGE_BYTES; at < end; at += MM_HUGE_BYTES)
		if (mm_may_be_huge(mm, at))
			mm_huge_divide(mm, at);
}

/* Move every mapped page of [from, from + len) to where `to` has marks. */
static long pages_move(struct mm *mm, vms_va from, vms_va to, uint64_t len, bool keep)
{
	vms_va low = from < to ? from : to, high = from < to ? to : from;
	struct vms_cursor cursor;
	struct vms_guard guard;
	struct vms_item item;
	uint64_t part;
	vms_va at;
	long result;

	prepare_move(mm, from, to, len);
	vms_guard_enter(&guard);
	result = mm_errno(vms_cursor_open(&cursor, &mm->space, &guard, low, high + len, VMS_EDITING));
	if (result == 0) {
		result = mm_errno(vms_cursor_jump(&cursor, from));
		while (result == 0 && cursor.at < from + len &&
		       vms_cursor_find_next(&cursor, from + len - cursor.at, VMS_FIND_MAPPED, &item) == VMS_OK) {
			at = vms_cursor_at(&cursor);
			part = part_to_move(&item, at, from + len, to + (at - from));
			result = page_move(&cursor, &item, at, to + (at - from), part, keep);
			if (part > VMS_PAGE)
				mm_huge_note(mm, to + (at - from));
		}
		vms_cursor_close(&cursor);
	}
	vms_guard_leave(&guard);
	return result;
}

static long move(struct mm *mm, const struct mm_area *area, vms_va old, uint64_t old_len, uint64_t new_len,
		 uint32_t flags, vms_va new_va)
{
	uint64_t common = old_len < new_len ? old_len : new_len;
	uint32_t kind = flags_like(area) | MM_UNTOUCHED | (flags & MREMAP_FIXED ? MM_FIXED : 0);
	bool keep = flags & MREMAP_DONTUNMAP;
	long to = mm_map(mm, new_va, new_len, prot_like(area), kind, area->file, area->offset), result;

	if (to < 0)
		return to;
	result = advise_like(mm, old, (vms_va)to, new_len);
	if (result < 0)
		return result;
	/* Of memory that is to be mapped twice, nothing moves. */
	result = common == 0 ? 0 : pages_move(mm, old, (vms_va)to, common, keep);
	if (result < 0) {
		/* Bring back what had moved: those pages have tables at both ends, so this needs no memory. */
		if (pages_move(mm, (vms_va)to, old, common, false) == 0)
			(void)mm_unmap(mm, (vms_va)to, new_len);
		return result;
	}
	if (area->locked)
		(void)mm_touch(mm, (vms_va)to, new_len, MM_TOUCH_OWN);
	if (common > 0)
		result = keep ? mm_unlock(mm, old, old_len) : mm_unmap(mm, old, old_len);
	return result < 0 ? result : to;
}

static bool overlap(vms_va a, uint64_t a_len, vms_va b, uint64_t b_len)
{
	return a < b + b_len && b < a + a_len;
}

/* Grow or move what is at `old`, of which `area` says what it is. */
static long grow_or_move(struct mm *mm, const struct mm_area *area, vms_va old, uint64_t old_len, uint64_t new_len,
			 uint32_t flags, vms_va new_va)
{
	bool here = !(flags & (MREMAP_FIXED | MREMAP_DONTUNMAP));
	long result;

	/* Twice the same memory: only what is shared can be. */
	if (old_len == 0 && !area->shared)
		return -EINVAL;
	if (here && old_len > 0 && old + old_len <= VMS_USER_END - (new_len - old_len)) {
		result = extend(mm, area, old + old_len, new_len - old_len, area->offset + old_len, false);
		if (result >= 0)
			result = advise_like(mm, old, old + old_len, new_len - old_len);
		if (result >= 0)
			return (long)old;
		if (!(flags & MREMAP_MAYMOVE))
			return -ENOMEM;
	}
	return flags & MREMAP_MAYMOVE ? move(mm, area, old, old_len, new_len, flags, new_va) : -ENOMEM;
}

/* Make it shorter, in its place. */
static long shrink(struct mm *mm, vms_va old, uint64_t old_len, uint64_t new_len)
{
	long result = new_len < old_len ? mm_unmap(mm, old + new_len, old_len - new_len) : 0;

	return result < 0 ? result : (long)old;
}

static long check(vms_va old, uint64_t old_len, uint64_t new_len, uint32_t flags)
{
	if (flags > (MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP))
		return -EINVAL;
	if ((flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) && !(flags & MREMAP_MAYMOVE))
		return -EINVAL;
	if ((flags & MREMAP_DONTUNMAP) && old_len != new_len)
		return -EINVAL;
	return old % VMS_PAGE != 0 || mm_page_up(new_len) == 0 ? -EINVAL : 0;
}

/* May [new_va, new_va + new_len) be where it goes? */
static bool is_target(vms_va old, uint64_t old_len, uint64_t new_len, uint32_t flags, vms_va new_va)
{
	if (new_va % VMS_PAGE != 0 || new_len > VMS_USER_END || new_va > VMS_USER_END - new_len)
		return false;
	if ((flags & MREMAP_FIXED) && new_va < MM_LOWEST)
		return false;
	return old_len <= VMS_USER_END && !overlap(old, old_len, new_va, new_len);
}

long mm_remap(struct mm *mm, vms_va old, uint64_t old_len, uint64_t new_len, uint32_t flags, vms_va new_va)
{
	struct mm_area area;
	long result = check(old, old_len, new_len, flags);

	if (result < 0)
		return result;
	old_len = mm_page_up(old_len);
	new_len = mm_page_up(new_len);
	if (!mm_next_area(mm, old, &area) || area.start != old)
		return -EFAULT;
	if (flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) {
		if (!is_target(old, old_len, new_len, flags, new_va))
			return -EINVAL;
	} else if (new_len <= old_len) {
		return shrink(mm, old, old_len, new_len);
	} else {
		new_va = 0;
	}
	result = whole(mm, old, new_len < old_len ? new_len : old_len, &area);
	if (result < 0)
		return result;
	/* What does not move with the rest goes first. */
	if (new_len < old_len) {
		result = shrink(mm, old, old_len, new_len);
		old_len = new_len;
	}
	if (result >= 0)
		result = grow_or_move(mm, &area, old, old_len, new_len, flags, new_va);
	if (area.file != NULL)
		mm_port_file_put(area.file);
	return result;
}

/* Is [va, va + len) all of one shared mapping of a file, with the same rights? `area` is its first run; the file is held. */
static bool is_one_file(struct mm *mm, vms_va va, uint64_t len, struct mm_area *area)
{
	struct mm_area next;
	bool fits;

	if (!mm_next_area_hold(mm, va, area))
		return false;
	next = *area;
	fits = area->shared && area->start == va;
	while (fits && next.end < va + len) {
		vms_va at = next.end;

		fits = mm_next_area(mm, at, &next) && next.start == at && next.file == area->file &&
		       next.prot == area->prot;
	}
	if (!fits && area->file != NULL)
		mm_port_file_put(area->file);
	return fits;
}

long mm_remap_file(struct mm *mm, vms_va va, uint64_t len, uint64_t index, uint32_t flags)
{
	struct mm_area area;
	long result;

	va -= va % VMS_PAGE;
	len -= len % VMS_PAGE;
	if (len == 0 || va + len < va || index + len / VMS_PAGE < index || !mm_range_valid(va, len) ||
	    !is_one_file(mm, va, len, &area))
		return -EINVAL;
	result = index > INT64_MAX / VMS_PAGE
			 ? -EOVERFLOW
			 : mm_map(mm, va, len, prot_like(&area),
				  flags_like(&area) | MM_FIXED | MM_POPULATE | (flags & MM_NONBLOCK), area.file,
				  index * VMS_PAGE);
	mm_port_file_put(area.file);
	return result < 0 ? result : 0;
}
