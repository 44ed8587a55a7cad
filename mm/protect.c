/*
 * mprotect: ranges that have something keep it, with other rights. Run by run, up to the first hole, as on Linux: marks
 * that are the same, and pages that are mapped, whatever they are.
 */
#include "internal.h"

/* What work on a range may ask of a slot, beside its place. */
#define LOOKS (VMS_R + VMS_W + VMS_X + MM_COW)

/* Can work on ranges take a slot together with `first`? What a file is behind goes slot by slot. */
static bool is_alike(const struct vms_item *first, const struct vms_item *item)
{
	if (item->what != first->what)
		return false;
	if (item->what == VMS_MARKED)
		return item->token == first->token && !vms_has(item->token, MM_TOKEN_FILE);
	return item->what == VMS_MAPPED && ((item->prop.flags ^ first->prop.flags) & (LOOKS + MM_FILE)) == 0 &&
	       !vms_has(item->prop.flags, MM_FILE);
}

static vms_va end_in(const struct vms_item *item, vms_va end)
{
	return item->va + item->len < end ? item->va + item->len : end;
}

uint64_t mm_run_len(struct vms_cursor *cursor, const struct vms_item *item, vms_va end)
{
	vms_va start = vms_cursor_at(cursor), at = end_in(item, end);
	struct vms_item next;

	while (at < end && vms_cursor_jump(cursor, at) == VMS_OK && vms_cursor_query(cursor, &next) == VMS_OK &&
	       is_alike(item, &next))
		at = end_in(&next, end);
	return vms_cursor_jump(cursor, start) == VMS_OK ? at - start : 0;
}

long mm_range_work(struct mm *mm, vms_va va, uint64_t len, mm_run_work *work, uint32_t argument, bool stop)
{
	vms_va at = va, end = va + len;
	struct vms_cursor cursor;
	struct vms_guard guard;
	struct vms_item item;
	bool holes = false;
	long result;

	vms_guard_enter(&guard);
	result = mm_errno(vms_cursor_open(&cursor, &mm->space, &guard, va, end, VMS_EDITING));
	if (result < 0) {
		vms_guard_leave(&guard);
		return result;
	}
	while (result == 0 && at < end) {
		if (vms_cursor_find_next(&cursor, end - at, VMS_FIND_ANY, &item) != VMS_OK) {
			holes = true;
			break;
		}
		holes = holes || vms_cursor_at(&cursor) != at;
		if (holes && stop)
			break;
		result = work(mm, &cursor, &item, end, argument);
		at = vms_cursor_at(&cursor);
	}
	vms_cursor_close(&cursor);
	vms_guard_leave(&guard);
	return result < 0 ? result : holes ? -ENOMEM : 0;
}

static long protect_run(struct mm *mm, struct vms_cursor *cursor, const struct vms_item *item, vms_va end,
			uint32_t prot)
{
	struct vms_change change = {.clear = VMS_R + VMS_W + VMS_X + MM_COW, .set = prot};
	struct mm_place place = {0};
	uint64_t len;

	/* Private pages that others hold too are copied at the first write. */
	if (vms_has(prot, VMS_W))
		change.cow = MM_COW;
	/* Where memory is shared on purpose, the right to write depends on the file. */
	if (item->what != VMS_MARKED &&
	    !(vms_has(prot, VMS_W) && mm_records_any(mm, vms_cursor_at(cursor), end, MM_RECORD_SHARED)))
		return mm_errno(vms_cursor_protect_run(cursor, end - vms_cursor_at(cursor), change));
	if (item->what == VMS_MARKED || vms_has(item->prop.flags, MM_FILE))
		place = mm_place_of(mm, item, vms_cursor_at(cursor));
	if (place.shared && (place.record.flags & MM_RECORD_READ_ONLY) && vms_has(prot, VMS_W))
		return -EACCES;
	len = mm_run_len(cursor, item, end);
	if (item->what == VMS_MARKED)
		return mm_errno(vms_cursor_mark(cursor, len, mm_token(prot, place.is_file)));
	if (place.shared)
		change.cow = 0;
	return mm_errno(vms_cursor_protect(cursor, len, change, NULL));
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
	mm_huge_cut(mm, va, va + size);
	return mm_range_work(mm, va, size, protect_run, rights, true);
}
