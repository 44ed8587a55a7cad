/*
 * Which memory two address spaces have in common: what a futex between processes is named by.
 */
#include "internal.h"

vms_pfn mm_shared_frame(struct mm *mm, vms_va va)
{
	vms_va page = va - va % VMS_PAGE;
	vms_pfn frame = VMS_NO_FRAME;
	struct vms_cursor cursor;
	struct vms_guard guard;
	struct vms_item item;

	if (page >= VMS_USER_END)
		return VMS_NO_FRAME;
	vms_guard_enter(&guard);
	if (vms_cursor_open(&cursor, &mm->space, &guard, page, page + VMS_PAGE, VMS_READING) == VMS_OK) {
		if (vms_cursor_query(&cursor, &item) == VMS_OK && item.what == VMS_MAPPED) {
			struct mm_place place = mm_place_of(mm, &item, page);

			if (place.shared)
				frame = item.frame + (vms_pfn)((page - item.va) / VMS_PAGE);
		}
		vms_cursor_close(&cursor);
	}
	vms_guard_leave(&guard);
	return frame;
}
