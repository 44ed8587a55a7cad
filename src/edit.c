/*
 * Unmap and mark: what was mapped is taken away, and the TLBs are told.
 */
#include "cursor.h"
#include "flush.h"
#include "frame.h"
#include "lock.h"

/* May the child table over the position be detached: all of it in the range, and not one that is for ever? */
/*@ requires \valid_read(cursor) && 1 <= cursor->level <= 4;
  @ assigns \nothing;
  @ ensures \result <==> slot_start(cursor->at, cursor->level) == cursor->at && slot_len(cursor->level) <= left &&
  @   (cursor->space != &vms_machine.kernel || cursor->level < ARCH_LEVELS); */
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
		vms__entry_put(cursor->node, i, pte, 0);
		leaf_park(cursor, pte);
		return vms__frames_in(cursor->level);
	case ARCH_PTE_MARK:
		vms__entry_put(cursor->node, i, pte, 0);
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
	uint64_t *entry = &vms_machine.ram[cursor->node].entry[vms__index(cursor->at, 1)];
	struct vms_tlb_flusher *flusher = &cursor->flusher;
	vms_va from = cursor->at, to = from; /* cleared, and not yet queued */
	bool counted = vms__is_user(cursor);
	uint32_t nr_filled = 0;
	uint64_t nr = 0;

	for (vms_va va = from; va < stop; va += VMS_PAGE, entry++) {
		uint64_t pte = vms__load64(entry);

		if (pte == fill)
			continue;
		nr_filled += (fill != 0) - (pte != 0);
		vms__store64(entry, fill);
		if (!arch_pte_is_leaf(pte, 1))
			continue;
		nr++;
		if (va != to || flusher->nr_frames == VMS_FLUSH_FRAMES) {
			vms_tlb_issue(flusher, from, to - from);
			from = va;
		}
		to = va + VMS_PAGE;
		if (counted && vms__frame_is_counted(arch_pte_frame(pte, 1)))
			vms__flusher_park(flusher, arch_pte_frame(pte, 1));
	}
	if (to > from)
		vms_tlb_issue(flusher, from, to - from);
	if (fill != 0)
		vms__blocks_use(cursor->node, vms__index(cursor->at, 1), vms__index(stop - VMS_PAGE, 1));
	vms__count(cursor->node, nr_filled);
	vms__step_to(cursor, 1, stop);
	return nr;
}

/* Leave `fill` in the slot over the position, where no table is to be kept, and step past it. */
static uint64_t slot_fill(struct vms_cursor *cursor, uint64_t pte, uint64_t fill, vms_va stop)
{
	uint64_t nr = slot_clear(cursor, pte);

	if (fill != 0)
		vms__entry_put(cursor->node, vms__index(cursor->at, cursor->level), 0, fill);
	vms__step(cursor, stop);
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
		nr += slot_fill(cursor, pte, fill, stop);
	}
	return nr;
}

/* Unmap or mark [position, position + len): the pages that were mapped. */
static enum vms_status range_edit(struct vms_cursor *cursor, uint64_t len, uint64_t fill, uint64_t *nr)
{
	enum vms_status status;
	uint64_t pte;

	if (cursor->mode != VMS_EDITING)
		return VMS_READ_ONLY;
	if (!vms__len_fits(cursor, len))
		return VMS_OUT_OF_RANGE;
	/* A part of one table of pages, or exactly one slot without a table, needs no cuts. */
	if (len < vms__slot_len(2) && vms__in_page_table(cursor, len)) {
		*nr = pages_fill(cursor, cursor->at + len, fill);
		return VMS_OK;
	}
	pte = vms__seek(cursor);
	if (len == vms__slot_len(cursor->level) && vms__slot_aligned(cursor->at, cursor->level)) {
		*nr = slot_fill(cursor, pte, fill, cursor->at + len);
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
