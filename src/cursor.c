/*
 * Cursors: open, close, look and move. edit.c has what changes the tree.
 */
#include "cursor.h"

#include <vms/port.h>

#include "frame.h"
#include "flush.h"
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

/*@ requires \valid_read(space);
  @ assigns \nothing;
  @ ensures \result <==> start < end && start % 4096 == 0 && end % 4096 == 0 && start >= space->start &&
  @   end <= space->end; */
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
	vms__flusher_init(&cursor->flusher, space);
	return VMS_OK;
}

void vms_cursor_close(struct vms_cursor *cursor)
{
	/* While the range is still locked: nobody maps a page there that a stale translation could hide. */
	if (!vms__flusher_is_idle(&cursor->flusher)) {
		vms_tlb_dispatch(&cursor->flusher);
		vms_tlb_sync(&cursor->flusher);
	}
	vms__range_unlock(cursor);
}

/*@ requires cursor_ok(cursor) && books_ok && item_ok(cursor, item);
  @ assigns cursor->node, cursor->level, *item;
  @ ensures cursor_ok(cursor);
  @ ensures \result == (cursor->at == cursor->end ? VMS_OUT_OF_RANGE : VMS_OK); */
enum vms_status vms_cursor_query(struct vms_cursor *cursor, struct vms_item *item)
{
	if (cursor->at == cursor->end)
		return VMS_OUT_OF_RANGE;
	vms__describe(cursor, vms__seek(cursor), item);
	return VMS_OK;
}

/*@ requires level >= 1;
  @ assigns \nothing;
  @ ensures \result <==> pte != 0 && (find == VMS_FIND_ANY || pte_leaf(pte, level)); */
static inline bool is_sought(uint64_t pte, uint32_t level, enum vms_find find)
{
	return pte != 0 && (find == VMS_FIND_ANY || arch_pte_is_leaf(pte, level));
}

uint64_t vms__find(struct vms_cursor *cursor, vms_va stop, enum vms_find find)
{
	/*@ loop invariant cursor_ok(cursor) && \at(cursor->at, Pre) <= cursor->at <= stop;
	  @ loop assigns cursor->node, cursor->level, cursor->at;
	  @ loop variant stop - cursor->at; */
	while (cursor->at < stop) {
		uint64_t pte = vms__seek(cursor);
		vms_va end;

		if (is_sought(pte, cursor->level, find))
			return pte;
		if (cursor->level > 1) {
			vms__step(cursor, stop);
			continue;
		}
		/* The other pages of the table. */
		end = cursor->at + vms__slot_rest(cursor->at, 2, stop - cursor->at);
		//@ assert slot_nr(end - 1, 2) == slot_nr(cursor->at, 2) && end % 4096 == 0;
		/*@ loop invariant cursor->at < va <= end && va % 4096 == 0;
		  @ loop assigns va, pte, cursor->at;
		  @ loop variant end - va; */
		for (vms_va va = cursor->at + VMS_PAGE; va < end; va += VMS_PAGE) {
			pte = vms__entry(cursor->node, vms__index(va, 1));
			if (is_sought(pte, 1, find)) {
				cursor->at = va;
				return pte;
			}
		}
		vms__step_to(cursor, 1, end);
	}
	return 0;
}

/*@ requires cursor_ok(cursor) && books_ok && item_ok(cursor, item);
  @ assigns cursor->node, cursor->level, cursor->at, *item;
  @ ensures cursor_ok(cursor);
  @ ensures \result == VMS_OUT_OF_RANGE || \result == VMS_NOT_FOUND || \result == VMS_OK;
  @ ensures \result == VMS_OUT_OF_RANGE <==> !(len > 0 && len % 4096 == 0 && \old(cursor->at) + len <= cursor->end);
  @ ensures \result == VMS_OUT_OF_RANGE ==> cursor->at == \old(cursor->at);
  @ ensures \result == VMS_NOT_FOUND ==> cursor->at == \old(cursor->at) + len;
  @ ensures \result == VMS_OK ==> \old(cursor->at) <= cursor->at < \old(cursor->at) + len; */
enum vms_status vms_cursor_find_next(struct vms_cursor *cursor, uint64_t len, enum vms_find find, struct vms_item *item)
{
	uint64_t pte;

	if (!vms__len_fits(cursor, len))
		return VMS_OUT_OF_RANGE;
	pte = vms__find(cursor, cursor->at + len, find);
	if (pte == 0)
		return VMS_NOT_FOUND;
	vms__describe(cursor, pte, item);
	return VMS_OK;
}

/*@ requires cursor_ok(cursor);
  @ assigns cursor->node, cursor->level, cursor->at;
  @ ensures cursor_ok(cursor);
  @ ensures \result == (va % 4096 == 0 && cursor->start <= va <= cursor->end ? VMS_OK : VMS_OUT_OF_RANGE);
  @ ensures cursor->at == (\result == VMS_OK ? va : \old(cursor->at)); */
enum vms_status vms_cursor_jump(struct vms_cursor *cursor, vms_va va)
{
	if (va % VMS_PAGE != 0 || va < cursor->start || va > cursor->end)
		return VMS_OUT_OF_RANGE;
	vms__move(cursor, va);
	return VMS_OK;
}
