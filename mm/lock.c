/*
 * mlock and kin, msync. A lock is a flag of the records of its range: nothing here ever leaves memory, so what it
 * adds is that the pages are there from the beginning, and that some calls refuse locked memory.
 */
#include "internal.h"

#define MCL_CURRENT 1u
#define MCL_FUTURE 2u
#define MCL_ONFAULT 4u
#define MLOCK_ONFAULT 1u

#define MS_ASYNC 1u
#define MS_INVALIDATE 2u
#define MS_SYNC 4u

#define LOCK_FLAGS (MM_RECORD_LOCKED | MM_RECORD_ON_FAULT)

/* Round [*va, *va + *len) out to pages. 0, or -EINVAL if it wraps. */
static long round_out(vms_va *va, uint64_t *len)
{
	uint64_t size = mm_page_up(*len + *va % VMS_PAGE);

	*va -= *va % VMS_PAGE;
	/* A length that wraps to nothing is nothing, on Linux too. */
	if (*va + size < *va)
		return -EINVAL;
	*len = size;
	return 0;
}

/* An open cursor has found memory: where the next hole begins, or the range ends; the position is there then. */
static vms_va run_end(struct vms_cursor *cursor, struct vms_item *item)
{
	while (item->what != VMS_ABSENT) {
		vms_va to = item->va + item->len < cursor->end ? item->va + item->len : cursor->end;

		if (vms_cursor_jump(cursor, to) != VMS_OK || vms_cursor_query(cursor, item) != VMS_OK)
			break;
	}
	return vms_cursor_at(cursor);
}

long mm_flag_area(struct mm *mm, vms_va va, vms_va end, uint32_t clear, uint32_t set)
{
	struct vms_cursor cursor;
	struct vms_guard guard;
	struct vms_item item;
	long result;

	vms_guard_enter(&guard);
	result = mm_errno(vms_cursor_open(&cursor, &mm->space, &guard, va, end, VMS_READING));
	if (result == 0) {
		/* Another thread may have unmapped some of it meanwhile: what is there now counts. */
		while (result == 0 && cursor.at < end &&
		       vms_cursor_find_next(&cursor, end - cursor.at, VMS_FIND_ANY, &item) == VMS_OK) {
			vms_va from = vms_cursor_at(&cursor);

			result = mm_records_flag(mm, from, run_end(&cursor, &item), clear, set);
		}
		vms_cursor_close(&cursor);
	}
	vms_guard_leave(&guard);
	return result;
}

/* Change the flags of all memory in [va, end), up to the first hole if `stop`. Holes: -ENOMEM. */
static long flag_memory(struct mm *mm, vms_va va, vms_va end, uint32_t clear, uint32_t set, bool stop)
{
	struct mm_area area;
	long result = 0;

	while (va < end && result == 0) {
		if (!mm_next_area(mm, va, &area) || area.start >= end)
			return -ENOMEM;
		if (area.start > va && stop)
			return -ENOMEM;
		result = mm_flag_area(mm, area.start > va ? area.start : va, area.end < end ? area.end : end, clear,
				      set);
		va = area.end;
	}
	return result;
}

long mm_lock(struct mm *mm, vms_va va, uint64_t len, uint32_t flags)
{
	long result;

	if (flags & ~MLOCK_ONFAULT)
		return -EINVAL;
	if (round_out(&va, &len) != 0)
		return -EINVAL;
	if (len == 0)
		return 0;
	if (!mm_range_valid(va, len))
		return -ENOMEM;
	result = flag_memory(mm, va, va + len, LOCK_FLAGS, flags & MLOCK_ONFAULT ? LOCK_FLAGS : MM_RECORD_LOCKED, true);
	if (result != 0 || (flags & MLOCK_ONFAULT))
		return result;
	result = mm_touch(mm, va, len, MM_TOUCH_OWN);
	return result == -ENOMEM ? -EAGAIN : result != 0 ? -ENOMEM : 0;
}

long mm_unlock(struct mm *mm, vms_va va, uint64_t len)
{
	if (round_out(&va, &len) != 0)
		return -EINVAL;
	if (len == 0)
		return 0;
	if (!mm_range_valid(va, len))
		return -ENOMEM;
	return flag_memory(mm, va, va + len, LOCK_FLAGS, 0, true);
}

long mm_lock_all(struct mm *mm, uint32_t flags)
{
	uint32_t set = MM_RECORD_LOCKED + (flags & MCL_ONFAULT ? MM_RECORD_ON_FAULT : 0);
	struct mm_area area;
	long result = 0;

	__atomic_store_n(&mm->lock_later, flags & MCL_FUTURE ? set : 0, __ATOMIC_RELAXED);
	if (flags == MCL_FUTURE || flags == (MCL_FUTURE | MCL_ONFAULT))
		return 0;
	for (vms_va va = 0; result == 0 && mm_next_area(mm, va, &area); va = area.end) {
		result = mm_flag_area(mm, area.start, area.end, LOCK_FLAGS, flags & MCL_CURRENT ? set : 0);
		/* What cannot be touched is locked all the same. */
		if (result == 0 && (flags & MCL_CURRENT) && !(flags & MCL_ONFAULT) && area.prot != 0)
			(void)mm_touch(mm, area.start, area.end - area.start, MM_TOUCH_OWN);
	}
	return result;
}

/* Pages are the files' own: what was written there is in the file already. */
long mm_sync(struct mm *mm, vms_va va, uint64_t len, uint32_t flags)
{
	uint64_t size = mm_page_up(len);
	struct mm_area area;
	vms_va end = va + size;
	bool holes = false;

	if ((flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) || va % VMS_PAGE != 0 ||
	    (flags & (MS_ASYNC | MS_SYNC)) == (MS_ASYNC | MS_SYNC))
		return -EINVAL;
	if (end < va)
		return -ENOMEM;
	for (; va < end; va = area.end) {
		if (!mm_next_area(mm, va, &area) || area.start >= end)
			return -ENOMEM;
		holes = holes || area.start > va;
		if ((flags & MS_INVALIDATE) && area.locked)
			return -EBUSY;
	}
	return holes ? -ENOMEM : 0;
}
