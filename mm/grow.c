/*
 * Memory that grows downwards, as a stack does: when the page below it is touched, all down to there becomes part
 * of it; as far as the limit on stacks goes, and not near to anything else.
 */
#include "internal.h"

/* Bytes that stay free between a stack and what is below it, as on Linux. */
#define GUARD 0x100000ul

/* The lowest address from which on [.., va) must be empty of anything that could be touched by mistake. */
static vms_va guard_start(vms_va va)
{
	return va > GUARD ? va - GUARD : 0;
}

/* May it? An owning cursor stands at the start of [guard, first page of the record). */
static bool may_grow(struct mm *mm, struct vms_cursor *cursor, vms_va va, vms_va start)
{
	struct vms_item item;

	while (cursor->at < start && vms_cursor_find_next(cursor, start - cursor->at, VMS_FIND_ANY, &item) == VMS_OK) {
		vms_va at = vms_cursor_at(cursor), end = item.va + item.len;
		struct mm_record record;
		bool grows = mm_record_at(mm, at, &record) && (record.flags & MM_RECORD_GROWS);

		if (end > va || (mm_rights_of(&item) != 0 && !grows))
			return false;
		if (vms_cursor_jump(cursor, end) != VMS_OK)
			return false;
	}
	return true;
}

/* With the cursor's range owned: mark [va, start) as what is at `start` was marked. */
static bool grow(struct mm *mm, struct vms_cursor *cursor, vms_va va, vms_va start)
{
	struct vms_item item;
	uint32_t prot;

	if (!may_grow(mm, cursor, va, start))
		return false;
	if (vms_cursor_jump(cursor, start) != VMS_OK || vms_cursor_query(cursor, &item) != VMS_OK ||
	    item.what == VMS_ABSENT)
		return false;
	prot = mm_rights_of(&item);
	if (vms_cursor_jump(cursor, va) != VMS_OK ||
	    vms_cursor_mark(cursor, start - va, mm_token(prot, false)) != VMS_OK)
		return false;
	mm_record_begin_at(mm, start, va);
	return true;
}

bool mm_grow(struct mm *mm, vms_va va)
{
	struct vms_cursor cursor;
	struct vms_guard guard;
	struct mm_record record;
	bool grown = false;

	va -= va % VMS_PAGE;
	if (!mm_record_next(mm, va, 0, &record) || record.start <= va || !(record.flags & MM_RECORD_GROWS) ||
	    va < MM_LOWEST)
		return false;
	if (record.end - va > mm_port_limit(MM_LIMIT_STACK) || !mm_may_add(mm, record.start - va, 0))
		return false;
	vms_guard_enter(&guard);
	if (vms_cursor_open(&cursor, &mm->space, &guard, guard_start(va), record.start + VMS_PAGE, VMS_EDITING) ==
	    VMS_OK) {
		struct mm_record now;

		/* Nobody changes it from here on. */
		if (mm_record_next(mm, va, 0, &now) && now.start == record.start && (now.flags & MM_RECORD_GROWS))
			grown = grow(mm, &cursor, va, record.start);
		vms_cursor_close(&cursor);
	}
	vms_guard_leave(&guard);
	return grown;
}
