/*
 * Pages made ready before anybody touches them: MAP_POPULATE, mlock and two kinds of madvise.
 */
#include "internal.h"

/* Pages under one cursor: others wait for them. */
#define AT_ONCE (64 * VMS_PAGE)

/* MM_MAY_BE_HUGE, if `huge`: not done, and *access is what it takes. */
static long touch_here(struct mm *mm, struct vms_cursor *cursor, enum mm_touch how, bool huge, uint32_t *access)
{
	struct mm_place place;
	struct vms_item item;

	*access = how == MM_TOUCH_WRITE ? VMS_W : VMS_R;
	if (vms_cursor_query(cursor, &item) != VMS_OK || item.what == VMS_ABSENT)
		return -ENOMEM;
	place = mm_place_of(mm, &item, vms_cursor_at(cursor));
	if (how == MM_TOUCH_OWN && vms_has(place.prot, VMS_W) && !place.shared)
		*access = VMS_W;
	if (!vms_has(place.prot, *access))
		return -EACCES;
	return mm_resolve(mm, cursor, *access, huge);
}

/* Touch pages from *va on, up to `stop`; *va is the first that was not. */
static long touch_some(struct mm *mm, vms_va *va, vms_va stop, enum mm_touch how, bool huge, uint32_t *access)
{
	struct vms_cursor cursor;
	struct vms_guard guard;
	long result;

	vms_guard_enter(&guard);
	result = mm_errno(vms_cursor_open(&cursor, &mm->space, &guard, *va, stop, VMS_EDITING));
	if (result == 0) {
		while (*va < stop && result == 0) {
			result = mm_errno(vms_cursor_jump(&cursor, *va));
			if (result == 0)
				result = touch_here(mm, &cursor, how, huge, access);
			if (result == 0)
				*va += VMS_PAGE;
		}
		vms_cursor_close(&cursor);
	}
	vms_guard_leave(&guard);
	return result;
}

long mm_touch(struct mm *mm, vms_va va, uint64_t len, enum mm_touch how)
{
	vms_va end = va + len;
	bool huge = true;
	long result = 0;

	while (va < end && result == 0) {
		vms_va stop = end - va > AT_ONCE - va % AT_ONCE ? va + AT_ONCE - va % AT_ONCE : end;
		uint32_t access;

		result = touch_some(mm, &va, stop, how, huge, &access);
		huge = result == MM_MAY_BE_HUGE && mm_huge_resolve(mm, va, access);
		if (huge)
			va += MM_HUGE_BYTES - va % MM_HUGE_BYTES;
		/* If not, with small pages, this time. */
		huge = huge || result == 0;
		result = result == MM_MAY_BE_HUGE ? 0 : result;
	}
	return result;
}
