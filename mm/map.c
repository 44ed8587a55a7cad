/*
 * mmap, munmap, brk: ranges get marks, or lose everything.
 */
#include "internal.h"

uint64_t mm_page_up(uint64_t len)
{
	return (len + VMS_PAGE - 1) / VMS_PAGE * VMS_PAGE;
}

bool mm_range_valid(vms_va va, uint64_t len)
{
	return va % VMS_PAGE == 0 && len % VMS_PAGE == 0 && len > 0 && len <= VMS_USER_END && va <= VMS_USER_END - len;
}

/* What mmap puts everywhere in a range. */
struct filling {
	uint32_t prot;
	struct mm_record record; /* file is NULL for anonymous memory; with no flags either, there is none */
};

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

/* The cursor owns what is to be filled: put the marks there, and the record (NULL: none). */
static long fill_owned(struct mm *mm, struct vms_cursor *cursor, const struct filling *filling,
		       struct mm_record *record, bool replace)
{
	vms_va start = cursor->start, end = cursor->end;
	long result = replace ? mm_records_cut(mm, start, end) : 0;

	if (result == 0)
		result = mm_errno(
			vms_cursor_mark(cursor, end - start, mm_token(filling->prot, filling->record.file != NULL)));
	if (result != 0)
		return result;
	if (record != NULL)
		mm_record_set(mm, record);
	else if (replace)
		mm_records_drop(mm, start, end);
	return 0;
}

/*
 * Fill [va, va + len). Unless `replace`, only if it is empty: else -EEXIST, and *end says where the page
 * that is in the way ends.
 */
static long fill(struct mm *mm, vms_va va, uint64_t len, const struct filling *filling, bool replace, vms_va *end)
{
	struct mm_record *record = NULL;
	struct vms_cursor cursor;
	struct vms_guard guard;
	long result;

	if (replace)
		mm_huge_cut(mm, va, va + len);
	if (filling->record.file != NULL || filling->record.flags != 0) {
		struct mm_record like = filling->record;

		like.start = va;
		like.end = va + len;
		record = mm_record_new(mm, &like);
		if (record == NULL)
			return -ENOMEM;
	}
	vms_guard_enter(&guard);
	result = mm_errno(vms_cursor_open(&cursor, &mm->space, &guard, va, va + len, VMS_EDITING));
	if (result == 0) {
		result = replace || is_empty(&cursor, end) ? 0 : -EEXIST;
		if (result == 0)
			result = fill_owned(mm, &cursor, filling, record, replace);
		vms_cursor_close(&cursor);
	}
	vms_guard_leave(&guard);
	if (result != 0 && record != NULL)
		mm_record_free(record);
	return result;
}

/* Fill the first empty range of this length in [from, to): its address, or -ENOMEM. */
static long fill_first(struct mm *mm, vms_va from, vms_va to, uint64_t len, const struct filling *filling)
{
	while (from < to && len <= to - from) {
		vms_va end = from + len;
		long result = fill(mm, from, len, filling, false, &end);

		if (result != -EEXIST)
			return result < 0 ? result : (long)from;
		from = end;
	}
	return -ENOMEM;
}

/* Anywhere: at fresh addresses; if something is there all the same, behind it; if there are none left, the first. */
static long fill_anywhere(struct mm *mm, uint64_t len, const struct filling *filling)
{
	vms_va from = mm_addresses_take(mm, len), end;
	long va;

	if (from < MM_AREA_END) {
		va = fill(mm, from, len, filling, false, &end);
		if (va != -EEXIST)
			return va < 0 ? va : (long)from;
		va = fill_first(mm, end, MM_AREA_END, len, filling);
	} else {
		va = -ENOMEM;
	}
	if (va == -ENOMEM)
		va = fill_first(mm, MM_AREA_START, MM_AREA_END, len, filling);
	if (va >= 0)
		mm_addresses_skip(mm, (vms_va)va + len);
	return va;
}

/* Bytes of memory in [va, va + len). */
static uint64_t bytes_in(struct mm *mm, vms_va va, uint64_t len)
{
	vms_va end = va + len;
	struct mm_area area;
	uint64_t bytes = 0;

	for (; va < end && mm_next_area(mm, va, &area) && area.start < end; va = area.end)
		bytes += (area.end < end ? area.end : end) - area.start;
	return bytes;
}

bool mm_may_add(struct mm *mm, uint64_t add, uint64_t data)
{
	uint64_t most = mm_port_limit(MM_LIMIT_AS), most_data = mm_port_limit(MM_LIMIT_DATA);
	struct mm_sizes sizes;

	if (most == MM_NO_LIMIT && (most_data == MM_NO_LIMIT || data == 0))
		return true;
	sizes = mm_sizes(mm);
	return sizes.nr_pages + add / VMS_PAGE <= most / VMS_PAGE &&
	       (data == 0 || sizes.nr_data + data / VMS_PAGE <= most_data / VMS_PAGE);
}

/* Flags that a mapping of a file may have if it is made with MAP_SHARED_VALIDATE. */
#define VALIDATED 0x7c07f9f3u

long mm_map_check(vms_va hint, uint64_t len, uint32_t flags, bool is_file, uint64_t offset)
{
	uint32_t kind = flags & MM_KIND;
	uint64_t size = mm_page_up(len);

	if (len == 0 || offset % VMS_PAGE != 0)
		return -EINVAL;
	if (size == 0 || size > VMS_USER_END)
		return -ENOMEM;
	if (flags & (MM_FIXED | MM_NOREPLACE)) {
		if (hint > VMS_USER_END - size)
			return -ENOMEM;
		if (hint % VMS_PAGE != 0)
			return -EINVAL;
		if (hint < MM_LOWEST)
			return -EPERM;
	}
	if (is_file && (offset > INT64_MAX || size > INT64_MAX - offset))
		return -EOVERFLOW;
	if (is_file && kind == (MM_SHARED | MM_PRIVATE))
		return flags & ~(VALIDATED | MM_FILE_READ_ONLY) ? -EOPNOTSUPP : flags & MM_GROWSDOWN ? -EINVAL : 0;
	if (kind != MM_SHARED && kind != MM_PRIVATE)
		return -EINVAL;
	if ((flags & MM_GROWSDOWN) && (is_file || kind == MM_SHARED))
		return -EINVAL;
	if (flags & MM_HUGETLB)
		return is_file ? -EINVAL : -ENOMEM; /* none are set aside */
	return 0;
}

/* A hint that is taken if the range is free. */
static bool hint_usable(vms_va hint, uint64_t len)
{
	return hint >= MM_LOWEST && hint <= VMS_USER_END - len;
}

static long map_somewhere(struct mm *mm, vms_va hint, uint64_t len, uint32_t flags, const struct filling *filling)
{
	vms_va end;
	long result;

	if (flags & (MM_FIXED | MM_NOREPLACE)) {
		result = fill(mm, hint, len, filling, !(flags & MM_NOREPLACE), &end);
		return result < 0 ? result : (long)hint;
	}
	hint -= hint % VMS_PAGE;
	if (hint_usable(hint, len)) {
		result = fill(mm, hint, len, filling, false, &end);
		if (result != -EEXIST)
			return result < 0 ? result : (long)hint;
	}
	if (flags & MM_32BIT)
		return fill_first(mm, MM_AREA_32_START, MM_AREA_32_END, len, filling);
	return fill_anywhere(mm, len, filling);
}

/* Do limits allow it? What a fixed mapping replaces does not count, so it is looked at only if that decides. */
static bool limits_allow(struct mm *mm, vms_va hint, uint64_t size, uint32_t flags, uint32_t prot)
{
	bool data = vms_has(prot, VMS_W) && !(flags & MM_SHARED) && !(flags & MM_GROWSDOWN);

	if (mm_may_add(mm, size, data ? size : 0))
		return true;
	return (flags & MM_FIXED) && !(flags & MM_NOREPLACE) &&
	       mm_may_add(mm, size - bytes_in(mm, hint, size), data ? size : 0);
}

static uint32_t record_flags(struct mm *mm, uint32_t flags)
{
	return ((flags & MM_SHARED) ? MM_RECORD_SHARED : 0) + ((flags & MM_FILE_READ_ONLY) ? MM_RECORD_READ_ONLY : 0) +
	       ((flags & MM_GROWSDOWN) ? MM_RECORD_GROWS : 0) +
	       ((flags & MM_STACK) && mm_huge_policy() == MM_HUGE_ALWAYS ? MM_RECORD_NOT_HUGE : 0) +
	       ((flags & MM_LOCKED) ? MM_RECORD_LOCKED : __atomic_load_n(&mm->lock_later, __ATOMIC_RELAXED));
}

long mm_map(struct mm *mm, vms_va hint, uint64_t len, uint32_t prot, uint32_t flags, struct file *file, uint64_t offset)
{
	uint64_t size = mm_page_up(len);
	bool shared = flags & MM_SHARED; /* MAP_SHARED_VALIDATE is both bits */
	struct filling filling = {
		.prot = mm_rights(prot),
		.record = {.file = file, .offset = file == NULL ? 0 : offset, .flags = record_flags(mm, flags)},
	};
	uint32_t locked = filling.record.flags & (MM_RECORD_LOCKED | MM_RECORD_ON_FAULT);
	long va = mm_map_check(hint, len, flags, file != NULL, offset);

	if (va < 0)
		return va;
	if (!limits_allow(mm, hint, size, flags, filling.prot))
		return -ENOMEM;
	if (file == NULL && shared) {
		va = mm_port_shared_file(size, &filling.record.file);
		if (va < 0)
			return va;
	}
	va = map_somewhere(mm, hint, size, flags, &filling);
	if (file == NULL && shared)
		mm_port_file_put(filling.record.file);
	if (va >= 0 && !(flags & MM_UNTOUCHED) &&
	    (locked == MM_RECORD_LOCKED || (flags & (MM_POPULATE | MM_NONBLOCK)) == MM_POPULATE))
		(void)mm_touch(mm, (vms_va)va, size, MM_TOUCH_OWN); /* as far as memory goes */
	return va;
}

/* What an owning cursor stands at the start of is gone, and so is what is special about it. */
static long unmap_owned(struct mm *mm, struct vms_cursor *cursor)
{
	vms_va start = cursor->start, end = cursor->end;
	long result = mm_records_cut(mm, start, end);

	if (result == 0)
		result = mm_errno(vms_cursor_unmap(cursor, end - start, NULL));
	if (result == 0)
		mm_records_drop(mm, start, end);
	return result;
}

/* Free the table that covers exactly [start, start + span) if nothing is left in it; is the one above empty then? */
static bool trim_table(struct mm *mm, vms_va start, uint64_t span)
{
	/* With a page of its neighbour, so that the cursor owns the table above too. */
	bool last = (start / span + 1) % VMS_ENTRIES == 0;
	vms_va low = last ? start - VMS_PAGE : start, high = start + span + (last ? 0 : VMS_PAGE);
	struct vms_cursor cursor;
	struct vms_guard guard;
	struct vms_item item;
	bool bare = false;

	vms_guard_enter(&guard);
	if (vms_cursor_open(&cursor, &mm->space, &guard, low, high, VMS_EDITING) == VMS_OK) {
		if (vms_cursor_jump(&cursor, start) == VMS_OK &&
		    vms_cursor_find_next(&cursor, span, VMS_FIND_ANY, &item) == VMS_NOT_FOUND &&
		    vms_cursor_jump(&cursor, start) == VMS_OK && vms_cursor_unmap(&cursor, span, NULL) == VMS_OK)
			bare = mm_is_bare(&cursor);
		vms_cursor_close(&cursor);
	}
	vms_guard_leave(&guard);
	return bare;
}

#define TABLE_BYTES (VMS_ENTRIES * VMS_PAGE)

static void trim_tables(struct mm *mm, vms_va va)
{
	/* The last one of all is left alone: it has no neighbour on either side that a program may own. */
	if (va >= VMS_USER_END / (VMS_ENTRIES * TABLE_BYTES) * (VMS_ENTRIES * TABLE_BYTES))
		return;
	if (trim_table(mm, va / TABLE_BYTES * TABLE_BYTES, TABLE_BYTES))
		(void)trim_table(mm, va / (VMS_ENTRIES * TABLE_BYTES) * (VMS_ENTRIES * TABLE_BYTES),
				 VMS_ENTRIES * TABLE_BYTES);
}

long mm_unmap(struct mm *mm, vms_va va, uint64_t len)
{
	uint64_t size = mm_page_up(len);
	struct vms_cursor cursor;
	struct vms_guard guard;
	bool bare = false;
	long result;

	if (!mm_range_valid(va, size))
		return -EINVAL;
	mm_huge_cut(mm, va, va + size);
	vms_guard_enter(&guard);
	result = mm_errno(vms_cursor_open(&cursor, &mm->space, &guard, va, va + size, VMS_EDITING));
	if (result == 0) {
		result = unmap_owned(mm, &cursor);
		/* The table that is used next stays: it would be made again. */
		bare = result == 0 && mm_is_bare(&cursor) && !mm_addresses_are_next(mm, va);
		vms_cursor_close(&cursor);
	}
	vms_guard_leave(&guard);
	if (bare)
		trim_tables(mm, va);
	if (result == 0)
		mm_addresses_return(mm, va, size);
	return result;
}

void mm_set_brk(struct mm *mm, vms_va start)
{
	mm->brk_start = mm->brk = start;
}

/* Let the heap end at `end`: 0 or -ENOMEM. The caller has the heap to itself. */
static long brk_move(struct mm *mm, vms_va end)
{
	struct filling heap = {.prot = VMS_R + VMS_W};
	vms_va old = mm_page_up(mm->brk), now = mm_page_up(end), taken;
	uint32_t locked = __atomic_load_n(&mm->lock_later, __ATOMIC_RELAXED);
	long result;

	if (now == old)
		return 0;
	if (now < old)
		return mm_unmap(mm, now, old - now);
	if (end - mm->brk_start > mm_port_limit(MM_LIMIT_DATA) || !mm_may_add(mm, now - old, now - old))
		return -ENOMEM;
	heap.record.flags = locked;
	result = fill(mm, old, now - old, &heap, false, &taken);
	if (result == 0 && locked == MM_RECORD_LOCKED)
		(void)mm_touch(mm, old, now - old, MM_TOUCH_OWN);
	return result;
}

vms_va mm_brk(struct mm *mm, vms_va end)
{
	vms_va brk;

	mm_spin_lock(&mm->brk_lock);
	if (end >= mm->brk_start && end <= MM_AREA_START && brk_move(mm, end) == 0)
		mm->brk = end;
	brk = mm->brk;
	mm_spin_unlock(&mm->brk_lock);
	return brk;
}
