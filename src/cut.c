/*
 * Cutting slots: before an operation on a range changes anything, the leaves and marks that reach over an end
 * of the range are replaced by tables of smaller ones that say the same.
 *
 * First it is counted what that needs, then all of it is reserved, then it is done in steps that cannot fail.
 */
#include "cursor.h"
#include "frame.h"

/* What one end of the range needs. */
struct cut {
	uint32_t level; /* of the table that holds the slot to be cut */
	uint32_t nr;    /* tables */
	vms_pfn frame;  /* a frame that more leaves will map, or VMS_NO_FRAME */
};

/*
 * The end is `va`, a page's start and so aligned at level 1: does a slot reach over it, and how many tables cut it
 * exactly there?
 */
/*@ requires opened(cursor) && books_ok && va % 4096 == 0 && cursor->start <= va <= cursor->end;
  @ assigns \nothing;
  @ ensures 1 <= \result.level <= cursor->top_level && \result.nr < \result.level;
  @ ensures \result.frame != VMS_NO_FRAME ==> cursor->space != &vms_machine.kernel && counted(\result.frame); */
static struct cut cut_plan(const struct vms_cursor *cursor, vms_va va, bool absent)
{
	struct cut cut = {cursor->top_level, 0, VMS_NO_FRAME};
	vms_pfn node = cursor->top;
	uint64_t pte = 0;

	/*@ loop invariant 1 <= cut.level <= cursor->top_level && is_table(node) && level_of(node) == cut.level;
	  @ loop invariant cut.nr == 0 && cut.frame == VMS_NO_FRAME;
	  @ loop assigns cut.level, pte, node;
	  @ loop variant cut.level; */
	for (; !vms__slot_aligned(va, cut.level); cut.level--) {
		pte = vms__entry(node, vms__index(va, cut.level));
		if (!arch_pte_is_table(pte, cut.level))
			break;
		node = arch_pte_child(pte);
	}
	if (pte == 0 && !absent)
		return cut;
	/*@ loop invariant 1 <= level <= cut.level && cut.nr == cut.level - level;
	  @ loop assigns level, cut.nr;
	  @ loop variant level; */
	for (uint32_t level = cut.level; !vms__slot_aligned(va, level); level--)
		cut.nr++;
	if (arch_pte_is_leaf(pte, cut.level) && vms__is_user(cursor) &&
	    vms__frame_is_counted(arch_pte_frame(pte, cut.level)))
		cut.frame = arch_pte_frame(pte, cut.level);
	return cut;
}

/*
 * Tables that serve both ends, because both lie in one slot. Slots of different levels are never one, and va_b is
 * the higher end, which is not the start of a slot that va_a lies in.
 */
/*@ requires \valid_read(a) && \valid_read(b) && 1 <= a->level <= 4 && 1 <= b->level <= 4 && a->nr < a->level;
  @ requires a->level != b->level ==> slot_start(va_a, a->level) != slot_start(va_b, b->level);
  @ assigns \nothing;
  @ ensures \result <= a->nr; */
static uint32_t cut_shared(const struct cut *a, vms_va va_a, const struct cut *b, vms_va va_b)
{
	uint32_t nr = 0;

	/*@ loop invariant 0 <= nr <= a->nr && (nr > 0 ==> a->level == b->level);
	  @ loop assigns nr;
	  @ loop variant a->nr - nr; */
	while (nr < a->nr && vms__slot_start(va_a, a->level - nr) == vms__slot_start(va_b, b->level - nr))
		nr++;
	return nr;
}

/* Put tables on the way to va until it is the start of a slot. */
static void cut_at(struct vms_cursor *cursor, vms_va va, bool absent, vms_pfn *reserve)
{
	vms_pfn node = cursor->top;

	for (uint32_t level = cursor->top_level; !vms__slot_aligned(va, level); level--) {
		uint32_t i = vms__index(va, level);
		uint64_t pte = vms__entry(node, i);

		if (pte == 0 && !absent)
			return;
		if (!arch_pte_is_table(pte, level)) {
			vms_pfn table = vms__tables_pop(reserve);

			/* Hardware may set accessed or dirty in the leaf until it is gone. */
			while (!vms__node_link(node, i, pte, table, vms__is_user(cursor)))
				pte = vms__entry(node, i);
			if (arch_pte_is_leaf(pte, level))
				vms_tlb_issue(&cursor->flusher, vms__slot_start(va, level), vms__slot_len(level));
			node = table;
		} else {
			node = arch_pte_child(pte);
		}
	}
}

enum vms_status vms__cut_ends(struct vms_cursor *cursor, uint64_t len, bool absent)
{
	vms_va start = cursor->at, stop = cursor->at + len;
	struct cut first = cut_plan(cursor, start, absent);
	struct cut last = cut_plan(cursor, stop, absent);
	enum vms_status status;
	vms_pfn reserve;

	last.nr -= cut_shared(&first, start, &last, stop);
	if (first.nr + last.nr == 0)
		return VMS_OK;
	if (!vms__tables_reserve(&reserve, first.nr + last.nr))
		return VMS_NO_MEMORY;
	status = vms__frame_get_cut(first.frame, first.nr);
	if (status == VMS_OK) {
		status = vms__frame_get_cut(last.frame, last.nr);
		if (status != VMS_OK)
			vms__frame_put_cut(first.frame, first.nr);
	}
	if (status != VMS_OK) {
		vms__tables_unreserve(&reserve);
		return status;
	}
	cut_at(cursor, start, absent, &reserve);
	cut_at(cursor, stop, absent, &reserve);
	vms__rewind(cursor);
	return VMS_OK;
}

void vms__descend_to(struct vms_cursor *cursor, uint32_t level, vms_pfn *reserve)
{
	while (cursor->level > level) {
		uint32_t i = vms__index(cursor->at, cursor->level);
		vms_pfn table = vms__tables_pop(reserve);

		(void)vms__node_link(cursor->node, i, vms__entry(cursor->node, i), table, vms__is_user(cursor));
		cursor->node = table;
		cursor->level--;
	}
}
