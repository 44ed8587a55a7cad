/*
 * Fork: a second space with the same pages, private ones shared until one side writes.
 *
 * Both trees are owned whole while it is done: the parent's other threads wait at their next fault.
 */
#include "internal.h"

/* The flags with which both sides hold a private page from now on. */
static uint32_t flags_shared(uint32_t flags)
{
	bool writable = vms_has(flags, VMS_W) || vms_has(flags, MM_COW);

	return (flags & (VMS_R + VMS_X + VMS_ACCESSED + MM_FILE)) + (writable ? MM_COW : 0);
}

/* Is the page at va part of a mapping that stays common to both? */
static bool is_shared(struct mm *mm, const struct vms_item *item, vms_va va)
{
	struct mm_place place;

	if (!vms_has(item->prop.flags, MM_FILE))
		return false;
	place = mm_place_of(mm, item, va);
	return place.shared;
}

/* Give the child what an item of the parent's maps. Both cursors stand at its address; both step past it. */
static long page_copy(struct mm *from, struct vms_cursor *parent, struct vms_cursor *child, const struct vms_item *item)
{
	struct vms_prop prop = item->prop;
	struct vms_change change = {.clear = VMS_W, .set = MM_COW};
	struct vms_item changed;

	if (item->what == VMS_DEVICE)
		return mm_errno(vms_cursor_map_device(child, item->frame, item->len, prop));
	if (vms_frame_get(item->frame) != VMS_OK)
		return -ENOMEM;
	if (!is_shared(from, item, vms_cursor_at(parent))) {
		prop.flags = flags_shared(prop.flags);
		if (vms_has(item->prop.flags, VMS_W))
			(void)!vms_cursor_protect_next(parent, item->len, change, &changed);
	}
	if (vms_cursor_map(child, item->frame, prop) != VMS_OK) {
		vms_frame_put(item->frame);
		return -ENOMEM;
	}
	return 0;
}

/* Page by page, where some may be of shared mappings; `wipe`: the child is to find zeros. */
static long mixed_copy(struct mm *from, struct vms_cursor *parent, struct vms_cursor *child, vms_va end, bool wipe)
{
	struct vms_item item;
	long result = 0;

	while (result == 0 && parent->at < end &&
	       vms_cursor_find_next(parent, end - parent->at, VMS_FIND_ANY, &item) == VMS_OK) {
		vms_va at = vms_cursor_at(parent);
		uint64_t len = item.va + item.len < end ? item.va + item.len - at : end - at;

		result = mm_errno(vms_cursor_jump(child, at));
		if (result == 0 && item.what == VMS_MARKED)
			result = mm_errno(vms_cursor_mark(child, len, item.token));
		else if (result == 0 && wipe)
			result = mm_errno(vms_cursor_mark(child, len, mm_token(mm_rights_of(&item), false)));
		else if (result == 0)
			result = page_copy(from, parent, child, &item);
		if (result == 0)
			result = mm_errno(vms_cursor_jump(parent, at + len));
	}
	return result == 0 ? mm_errno(vms_cursor_jump(child, end)) : result;
}

/* What fork does not simply share between both until it is written. */
#define SPECIAL (MM_RECORD_SHARED | MM_RECORD_NOT_FORKED | MM_RECORD_WIPED)

static long tree_copy(struct mm *from, struct vms_cursor *parent, struct vms_cursor *child)
{
	long result = 0;

	while (result == 0 && parent->at < parent->end) {
		struct mm_record next = {.start = parent->end, .end = parent->end};

		(void)mm_record_next(from, parent->at, SPECIAL, &next);
		if (next.start > parent->at)
			result = mm_errno(vms_cursor_copy(parent, child, next.start - parent->at, MM_COW));
		if (result != 0 || next.end <= next.start)
			continue;
		if (!(next.flags & MM_RECORD_NOT_FORKED))
			result = mixed_copy(from, parent, child, next.end, next.flags & MM_RECORD_WIPED);
		if (result == 0)
			result = mm_errno(vms_cursor_jump(parent, next.end));
		if (result == 0)
			result = mm_errno(vms_cursor_jump(child, next.end));
	}
	return result;
}

static long space_copy(struct mm *from, struct mm *to)
{
	struct vms_cursor parent, child;
	struct vms_guard guard;
	long result;

	vms_guard_enter(&guard);
	result = mm_errno(vms_cursor_open(&parent, &from->space, &guard, 0, VMS_USER_END, VMS_EDITING));
	if (result == 0) {
		result = mm_errno(vms_cursor_open(&child, &to->space, &guard, 0, VMS_USER_END, VMS_EDITING));
		if (result == 0) {
			/* Under the cursor: what a mark names is in the records that are copied. */
			result = mm_records_copy(to, from);
			to->any_huge = __atomic_load_n(&from->any_huge, __ATOMIC_RELAXED);
			for (uint32_t i = 0; to->any_huge && i < MM_HUGE_PLACES / 64; i++)
				to->huge_place[i] = __atomic_load_n(&from->huge_place[i], __ATOMIC_RELAXED);
			if (result == 0)
				result = tree_copy(from, &parent, &child);
			vms_cursor_close(&child);
		}
		vms_cursor_close(&parent);
	}
	vms_guard_leave(&guard);
	return result;
}

long mm_fork(struct mm *from, struct mm **to)
{
	struct mm *mm = mm_create();
	long result;

	if (mm == NULL)
		return -ENOMEM;
	mm->brk_start = from->brk_start;
	mm->brk = from->brk;
	mm->next = __atomic_load_n(&from->next, __ATOMIC_RELAXED);
	mm->no_huge = mm_huge_is_refused(from);
	result = space_copy(from, mm);
	if (result < 0) {
		mm_put(mm);
		return result;
	}
	*to = mm;
	return 0;
}
