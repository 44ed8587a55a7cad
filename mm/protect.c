/*
 * mprotect: ranges that have something keep it, with other rights. Slot by slot, up to the first hole, as on Linux.
 */
#include "internal.h"

long mm_range_work(struct mm *mm, vms_va va, uint64_t len, mm_slot_work *work, uint32_t argument, bool stop)
{
	struct vms_cursor cursor;
	struct vms_guard guard;
	struct vms_item item;
	vms_va at = va;
	bool holes = false;
	long result;

	vms_guard_enter(&guard);
	result = mm_errno(vms_cursor_open(&cursor, &mm->space, &guard, va, va + len, VMS_EDITING));
	if (result < 0) {
		vms_guard_leave(&guard);
		return result;
	}
	while (result == 0 && at < va + len) {
		uint64_t left = va + len - at;

		if (vms_cursor_find_next(&cursor, left, VMS_FIND_ANY, &item) != VMS_OK) {
			holes = true;
			break;
		}
		holes = holes || vms_cursor_at(&cursor) != at;
		if (holes && stop)
			break;
		at = vms_cursor_at(&cursor);
		left = item.va + item.len - at < va + len - at ? item.va + item.len - at : va + len - at;
		result = work(mm, &cursor, &item, left, argument);
		at += left;
		if (result == 0)
			result = mm_errno(vms_cursor_jump(&cursor, at));
	}
	vms_cursor_close(&cursor);
	vms_guard_leave(&guard);
	return result < 0 ? result : holes ? -ENOMEM : 0;
}

/* The change that gives a mapped page these rights. */
static struct vms_change change_to(const struct vms_item *item, bool shared, uint32_t prot)
{
	struct vms_change change = {.clear = VMS_R + VMS_W + VMS_X + MM_COW, .set = prot};

	/* Private pages that others hold too are copied at the first write. */
	if (vms_has(prot, VMS_W) && !shared && (item->what != VMS_MAPPED || vms_frame_refs(item->frame) != 1))
		change.set = prot - VMS_W + MM_COW;
	return change;
}

static long protect_slot(struct mm *mm, struct vms_cursor *cursor, const struct vms_item *item, uint64_t len,
			 uint32_t prot)
{
	struct mm_place place = {0};
	struct vms_item changed;

	if (item->what == VMS_MARKED || vms_has(item->prop.flags, MM_FILE))
		place = mm_place_of(mm, item, vms_cursor_at(cursor));
	if (place.shared && (place.record.flags & MM_RECORD_READ_ONLY) && vms_has(prot, VMS_W))
		return -EACCES;
	if (item->what == VMS_MARKED)
		return mm_errno(vms_cursor_mark(cursor, len, mm_token(prot, place.is_file)));
	return mm_errno(vms_cursor_protect_next(cursor, len, change_to(item, place.shared, prot), &changed));
}

/* PROT_GROWSDOWN: from the bottom of the stack on that va is in. */
static long from_bottom(struct mm *mm, vms_va *va, uint64_t *len)
{
	struct mm_record record;

	if (!mm_record_at(mm, *va, &record) || !(record.flags & MM_RECORD_GROWS))
		return -EINVAL;
	*len += *va - record.start;
	*va = record.start;
	return 0;
}

/* Would that make more private memory writable than the limit allows? */
static bool is_too_much(struct mm *mm, vms_va va, uint64_t len, uint32_t rights)
{
	struct mm_area area;
	uint64_t more = 0;

	if (!vms_has(rights, VMS_W) || mm_port_limit(MM_LIMIT_DATA) == MM_NO_LIMIT)
		return false;
	for (vms_va at = va; at < va + len && mm_next_area(mm, at, &area) && area.start < va + len; at = area.end)
		if (!vms_has(area.prot, VMS_W) && !area.shared)
			more += (area.end < va + len ? area.end : va + len) - area.start;
	return !mm_may_add(mm, 0, more);
}

long mm_protect(struct mm *mm, vms_va va, uint64_t len, uint32_t prot)
{
	uint32_t grows = prot & (MM_PROT_GROWSDOWN | MM_PROT_GROWSUP), rights;
	uint64_t size = mm_page_up(len);
	long result;

	prot -= grows;
	if (grows == (MM_PROT_GROWSDOWN | MM_PROT_GROWSUP) || va % VMS_PAGE != 0)
		return -EINVAL;
	if (len == 0)
		return 0;
	if (size == 0 || va + size < va)
		return -ENOMEM;
	if (prot > (MM_PROT_READ | MM_PROT_WRITE | MM_PROT_EXEC | MM_PROT_SEM))
		return -EINVAL;
	if (!mm_range_valid(va, size))
		return -ENOMEM;
	rights = mm_rights(prot);
	if (grows) {
		/* Nothing grows upwards. */
		result = grows == MM_PROT_GROWSUP ? -EINVAL : from_bottom(mm, &va, &size);
		if (result != 0)
			return result;
	}
	if (is_too_much(mm, va, size, rights))
		return -ENOMEM;
	return mm_range_work(mm, va, size, protect_slot, rights, true);
}
