/*
 * Cursors: open, close, look and move. edit.c has what changes the tree.
 */
#include "cursor.h"

#include <vms/port.h>

#include "frame.h"
#include "lock.h"

void vms_guard_enter(struct vms_guard *guard)
{
	vms_port_preempt_off();
	guard->entered = true;
}

void vms_guard_leave(struct vms_guard *guard)
{
	guard->entered = false;
	vms_port_preempt_on();
}

static bool is_range_of(const struct vms_space *space, vms_va start, vms_va end)
{
	return start < end && start % VMS_PAGE == 0 && end % VMS_PAGE == 0 && start >= space->start &&
	       end <= space->end;
}

enum vms_status vms_cursor_open(struct vms_cursor *cursor, struct vms_space *space, const struct vms_guard *guard,
				vms_va start, vms_va end, enum vms_mode mode)
{
	enum vms_status status;

	if (!guard->entered || !is_range_of(space, start, end))
		return VMS_BAD_RANGE;
	cursor->space = space;
	cursor->start = start;
	cursor->end = end;
	cursor->at = start;
	cursor->mode = mode;
	status = vms__range_lock(cursor);
	if (status != VMS_OK)
		return status;
	vms__rewind(cursor);
	vms_tlb_flusher_init(&cursor->flusher, space);
	return VMS_OK;
}

void vms_cursor_close(struct vms_cursor *cursor)
{
	/* While the range is still locked: nobody maps a page there that a stale translation could hide. */
	vms_tlb_dispatch(&cursor->flusher);
	vms_tlb_sync(&cursor->flusher);
	vms__range_unlock(cursor);
}

void vms__describe(const struct vms_cursor *cursor, uint64_t pte, struct vms_item *item)
{
	item->va = vms__slot_start(cursor->at, cursor->level);
	item->len = vms__slot_len(cursor->level);
	item->frame = VMS_NO_FRAME;
	item->prop = (struct vms_prop){0, VMS_WRITE_BACK};
	item->token = 0;
	switch (arch_pte_kind(pte, cursor->level)) {
	case ARCH_PTE_LEAF:
		item->frame = arch_pte_frame(pte, cursor->level);
		item->prop = arch_pte_prop(pte, cursor->level);
		item->what = vms__is_user(cursor) && vms__frame_is_counted(item->frame) ? VMS_MAPPED : VMS_DEVICE;
		break;
	case ARCH_PTE_MARK:
		item->token = arch_pte_token(pte);
		item->what = VMS_MARKED;
		break;
	default:
		item->what = VMS_ABSENT;
		if (item->va < cursor->start) {
			item->len -= cursor->start - item->va;
			item->va = cursor->start;
		}
		if (item->len > cursor->end - item->va)
			item->len = cursor->end - item->va;
	}
}

enum vms_status vms_cursor_query(struct vms_cursor *cursor, struct vms_item *item)
{
	if (cursor->at == cursor->end)
		return VMS_OUT_OF_RANGE;
	vms__describe(cursor, vms__seek(cursor), item);
	return VMS_OK;
}

enum vms_status vms_cursor_find_next(struct vms_cursor *cursor, uint64_t len, enum vms_find find, struct vms_item *item)
{
	vms_va stop = cursor->at + len;

	if (!vms__len_fits(cursor, len))
		return VMS_OUT_OF_RANGE;
	while (cursor->at < stop) {
		uint64_t pte = vms__seek(cursor);
		enum arch_pte_kind kind = arch_pte_kind(pte, cursor->level);

		if (kind == ARCH_PTE_LEAF || (kind == ARCH_PTE_MARK && find == VMS_FIND_ANY)) {
			vms__describe(cursor, pte, item);
			return VMS_OK;
		}
		vms__move(cursor, cursor->at + vms__slot_rest(cursor->at, cursor->level, stop - cursor->at));
	}
	return VMS_NOT_FOUND;
}

enum vms_status vms_cursor_jump(struct vms_cursor *cursor, vms_va va)
{
	if (va % VMS_PAGE != 0 || va < cursor->start || va > cursor->end)
		return VMS_OUT_OF_RANGE;
	vms__move(cursor, va);
	return VMS_OK;
}
