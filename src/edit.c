/*
 * Unmap, mark and protect: what was mapped is taken away or changed, and the TLBs are told.
 */
#include "cursor.h"
#include "flush.h"
#include "frame.h"
#include "lock.h"

/* May the child table over the position be detached: all of it in the range, and not one that is for ever? */
static bool is_detachable(const struct vms_cursor *cursor, uint64_t left)
{
	return vms__slot_inside(cursor, left) && (vms__is_user(cursor) || cursor->level < ARCH_LEVELS);
}

/* The leaf `pte` over the position is cleared: what it mapped waits for the flush. */
static void leaf_park(struct vms_cursor *cursor, uint64_t pte)
{
	vms_pfn frame = arch_pte_frame(pte, cursor->level);

	if (vms__is_user(cursor) && vms__frame_is_counted(frame))
		vms_tlb_issue_with(&cursor->flusher, cursor->at, vms__slot_len(cursor->level), frame);
	else
		vms_tlb_issue(&cursor->flusher, cursor->at, vms__slot_len(cursor->level));
}

/* Empty the slot over the position, where no table is to be kept; the pages that were mapped. */
static uint64_t slot_clear(struct vms_cursor *cursor, uint64_t pte)
{
	uint32_t i = vms__index(cursor->at, cursor->level);
	uint64_t nr;

	switch (arch_pte_kind(pte, cursor->level)) {
	case ARCH_PTE_TABLE:
		nr = vms__detach(cursor, cursor->node, i);
		vms_tlb_issue(&cursor->flusher, cursor->at, vms__slot_len(cursor->level));
		return nr;
	case ARCH_PTE_LEAF:
		vms__entry_set(cursor->node, i, 0);
		vms_machine.meta[cursor->node].nr_present--;
		leaf_park(cursor, pte);
		return vms__frames_in(cursor->level);
	case ARCH_PTE_MARK:
		vms__entry_set(cursor->node, i, 0);
		vms_machine.meta[cursor->node].nr_present--;
		return 0;
	default:
		return 0;
	}
}

/*
 * Leave `fill` (a mark, or 0 for nothing) in the pages up to `stop`, all of the table of pages at the cursor.
 * Pages that follow each other are queued for the TLBs as one range, before a full flusher has to dispatch it.
 */
static uint64_t pages_fill(struct vms_cursor *cursor, vms_va stop, uint64_t fill)
{
	struct vms_frame *meta = &vms_machine.meta[cursor->node];
	struct vms_tlb_flusher *flusher = &cursor->flusher;
	vms_va from = cursor->at, to = cursor->at; /* cleared, and not yet queued */
	uint32_t nr_filled = 0;
	uint64_t nr = 0;

	for (vms_va va = cursor->at; va < stop; va += VMS_PAGE) {
		uint32_t i = vms__index(va, 1);
		uint64_t pte = vms__entry(cursor->node, i);

		if (pte == fill)
			continue;
		nr_filled += (fill != 0) - (pte != 0);
		vms__entry_set(cursor->node, i, fill);
		if (!arch_pte_is_leaf(pte, 1))
			continue;
		nr++;
		if (va != to || flusher->nr_frames == VMS_FLUSH_FRAMES) {
			vms_tlb_issue(flusher, from, to - from);
			from = va;
		}
		to = va + VMS_PAGE;
		if (vms__is_user(cursor) && vms__frame_is_counted(arch_pte_frame(pte, 1)))
			vms__flusher_park(flusher, arch_pte_frame(pte, 1));
	}
	vms_tlb_issue(flusher, from, to - from);
	meta->nr_present += nr_filled;
	vms__step_to(cursor, stop);
	return nr;
}

/* The same in slots of any level; no leaf or mark reaches over an end of the range. */
static uint64_t range_fill(struct vms_cursor *cursor, vms_va stop, uint64_t fill)
{
	uint64_t nr = 0;

	vms__rewind(cursor);
	while (cursor->at < stop) {
		uint64_t left = stop - cursor->at;
		uint64_t pte;

		if (cursor->level == 1) {
			nr += pages_fill(cursor, cursor->at + vms__slot_rest(cursor->at, 2, left), fill);
			continue;
		}
		pte = vms__here(cursor);
		if (arch_pte_is_table(pte, cursor->level) && !is_detachable(cursor, left)) {
			cursor->node = arch_pte_child(pte);
			cursor->level--;
			continue;
		}
		nr += slot_clear(cursor, pte);
		if (fill != 0) {
			vms__entry_set(cursor->node, vms__index(cursor->at, cursor->level), fill);
			vms_machine.meta[cursor->node].nr_present++;
		}
		vms__step(cursor, stop);
	}
	return nr;
}

/* Unmap or mark [position, position + len): the pages that were mapped. */
static enum vms_status range_edit(struct vms_cursor *cursor, uint64_t len, uint64_t fill, uint64_t *nr)
{
	enum vms_status status;

	if (cursor->mode != VMS_EDITING)
		return VMS_READ_ONLY;
	if (!vms__len_fits(cursor, len))
		return VMS_OUT_OF_RANGE;
	/* A part of one table of pages needs no cuts; a whole one may be detached. */
	if (vms__in_page_table(cursor, len) && len < vms__slot_len(2)) {
		*nr = pages_fill(cursor, cursor->at + len, fill);
		return VMS_OK;
	}
	status = vms__cut_ends(cursor, len, fill != 0);
	if (status == VMS_OK)
		*nr = range_fill(cursor, cursor->at + len, fill);
	return status;
}

enum vms_status vms_cursor_unmap(struct vms_cursor *cursor, uint64_t len, uint64_t *nr_removed)
{
	uint64_t nr;
	enum vms_status status = range_edit(cursor, len, 0, &nr);

	if (status == VMS_OK && nr_removed != NULL)
		*nr_removed = nr;
	return status;
}

enum vms_status vms_cursor_mark(struct vms_cursor *cursor, uint64_t len, vms_token token)
{
	uint64_t nr;

	return range_edit(cursor, len, arch_pte_mark(token), &nr);
}

/* This flag after a change: set, or there before and not cleared. The flag is a constant: no division is made. */
static inline uint32_t flag_after(uint32_t flags, struct vms_change change, uint32_t flag)
{
	return vms_has(change.set, flag) || (vms_has(flags, flag) && !vms_has(change.clear, flag)) ? flag : 0;
}

static uint32_t flags_after(uint32_t flags, struct vms_change change)
{
	return flag_after(flags, change, VMS_R) + flag_after(flags, change, VMS_W) + flag_after(flags, change, VMS_X) +
	       flag_after(flags, change, VMS_ACCESSED) + flag_after(flags, change, VMS_DIRTY) +
	       flag_after(flags, change, VMS_GLOBAL) + flag_after(flags, change, VMS_SOFT0) +
	       flag_after(flags, change, VMS_SOFT1);
}

static bool is_changeable(uint32_t flags)
{
	return flags < VMS_FLAGS_END && !vms_has(flags, VMS_ACCESSED) && !vms_has(flags, VMS_DIRTY) &&
	       !vms_has(flags, VMS_GLOBAL);
}

/* Does any CPU have to forget the old rights? */
static bool rights_shrank(uint32_t old, uint32_t now)
{
	return (vms_has(old, VMS_R) && !vms_has(now, VMS_R)) || (vms_has(old, VMS_W) && !vms_has(now, VMS_W)) ||
	       (vms_has(old, VMS_X) && !vms_has(now, VMS_X));
}

/* Change the leaf over the position, whose slot is all in the range. */
static void leaf_change(struct vms_cursor *cursor, struct vms_change change, struct vms_item *changed)
{
	uint32_t i = vms__index(cursor->at, cursor->level);
	struct vms_prop old, now;
	uint64_t pte, next;

	do {
		pte = vms__entry(cursor->node, i);
		old = now = arch_pte_prop(pte, cursor->level);
		now.flags = flags_after(old.flags, change);
		next = arch_pte_leaf(arch_pte_frame(pte, cursor->level), cursor->level, now, vms__is_user(cursor));
	} while (!vms__entry_swap(cursor->node, i, pte, next));
	vms__describe(cursor, next, changed);
	if (rights_shrank(old.flags, now.flags))
		vms_tlb_issue(&cursor->flusher, changed->va, changed->len);
}

enum vms_status vms_cursor_protect_next(struct vms_cursor *cursor, uint64_t len, struct vms_change change,
					struct vms_item *changed)
{
	vms_va before = cursor->at, stop = cursor->at + len;
	enum vms_status status;

	if (cursor->mode != VMS_EDITING)
		return VMS_READ_ONLY;
	if (!vms__len_fits(cursor, len))
		return VMS_OUT_OF_RANGE;
	if (!is_changeable(change.clear) || !is_changeable(change.set))
		return VMS_BAD_PROP;
	status = vms_cursor_find_next(cursor, len, VMS_FIND_MAPPED, changed);
	if (status != VMS_OK)
		return status;
	changed->prop.flags = flags_after(changed->prop.flags, change);
	status = vms_prop_valid(changed->prop) ? VMS_OK : VMS_BAD_PROP;
	if (status == VMS_OK && !vms__slot_inside(cursor, stop - cursor->at))
		status = vms__cut_ends(cursor, stop - cursor->at, false);
	if (status != VMS_OK) {
		vms__move(cursor, before);
		return status;
	}
	(void)vms__seek(cursor);
	leaf_change(cursor, change, changed);
	vms__move(cursor, cursor->at + changed->len);
	return VMS_OK;
}
