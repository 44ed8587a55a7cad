/*
 * Protect: what is mapped stays mapped, with other rights, and the TLBs are told of rights that went.
 *
 * Hardware sets accessed and dirty bits meanwhile. A leaf in which it still can is exchanged for its successor
 * only if it is what the successor was made from.
 */
#include "cursor.h"
#include "flush.h"

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

/* What a change makes of a leaf; of every leaf of its level, if all but their frames is the same. */
struct effect {
	uint64_t rest;  /* of the leaf: all but its frame; 0 if this holds for one leaf only */
	uint64_t delta; /* what is to be added to it, modulo 2^64 */
	bool shrinks;   /* a right is lost */
};

static struct effect effect_of(uint64_t pte, uint32_t level, struct vms_change change, bool user)
{
	struct vms_prop old = arch_pte_prop(pte, level), now = old;
	struct effect effect;
	uint64_t next;

	now.flags = flags_after(old.flags, change);
	next = arch_pte_leaf(arch_pte_frame(pte, level), level, now, user);
	/* A frame is stored otherwise in a leaf without access: then the sum is good for this frame only. */
	effect.rest = vms_has(old.flags, VMS_R) && vms_has(now.flags, VMS_R) ? arch_pte_rest(pte) : 0;
	effect.delta = next - pte;
	effect.shrinks = rights_shrank(old.flags, now.flags);
	return effect;
}

/* Change the leaf over the position, whose slot is all in the range; give the entry as it is now. */
static uint64_t leaf_change(struct vms_cursor *cursor, struct vms_change change)
{
	uint32_t i = vms__index(cursor->at, cursor->level);
	struct effect effect;
	uint64_t pte;

	do {
		pte = vms__entry(cursor->node, i);
		effect = effect_of(pte, cursor->level, change, vms__is_user(cursor));
	} while (!vms__entry_swap(cursor->node, i, pte, pte + effect.delta));
	if (effect.shrinks)
		vms_tlb_issue(&cursor->flusher, cursor->at, vms__slot_len(cursor->level));
	return pte + effect.delta;
}

/* Change every leaf up to `stop`, all of the table of pages at the cursor. Returns how many. */
static uint64_t pages_change(struct vms_cursor *cursor, vms_va stop, struct vms_change change)
{
	vms_va from = cursor->at, to = cursor->at; /* changed, and to be flushed */
	struct effect effect = {0, 0, false};
	uint64_t nr = 0;

	for (vms_va va = cursor->at; va < stop;) {
		uint64_t pte = vms__entry(cursor->node, vms__index(va, 1));

		if (arch_pte_is_leaf(pte, 1)) {
			if (arch_pte_rest(pte) != effect.rest)
				effect = effect_of(pte, 1, change, vms__is_user(cursor));
			if (!vms__entry_swap(cursor->node, vms__index(va, 1), pte, pte + effect.delta))
				continue;
			nr++;
			if (effect.shrinks && va != to) {
				vms_tlb_issue(&cursor->flusher, from, to - from);
				from = va;
			}
			if (effect.shrinks)
				to = va + VMS_PAGE;
		}
		va += VMS_PAGE;
	}
	vms_tlb_issue(&cursor->flusher, from, to - from);
	vms__step_to(cursor, 1, stop);
	return nr;
}

/* Could this change be asked for at all? */
static bool change_is_legal(struct vms_change change)
{
	return is_changeable(change.clear) && is_changeable(change.set);
}

/* Does it leave valid flags whatever was there: no right to write or execute without the right to read? */
static bool change_fits_all(struct vms_change change)
{
	bool sets_more = vms_has(change.set, VMS_W) || vms_has(change.set, VMS_X);
	bool clears_more = vms_has(change.clear, VMS_W) && vms_has(change.clear, VMS_X);

	return vms_has(change.set, VMS_R) || (!sets_more && (clears_more || !vms_has(change.clear, VMS_R)));
}

enum vms_status vms_cursor_protect_next(struct vms_cursor *cursor, uint64_t len, struct vms_change change,
					struct vms_item *changed)
{
	vms_va before = cursor->at, stop = cursor->at + len;
	enum vms_status status = VMS_OK;
	struct vms_prop prop;
	uint64_t pte;

	if (cursor->mode != VMS_EDITING)
		return VMS_READ_ONLY;
	if (!vms__len_fits(cursor, len))
		return VMS_OUT_OF_RANGE;
	if (!change_is_legal(change))
		return VMS_BAD_PROP;
	pte = vms__find(cursor, stop, VMS_FIND_MAPPED);
	if (pte == 0)
		return VMS_NOT_FOUND;
	if (!change_fits_all(change)) {
		prop = arch_pte_prop(pte, cursor->level);
		prop.flags = flags_after(prop.flags, change);
		status = vms_prop_valid(prop) ? VMS_OK : VMS_BAD_PROP;
	}
	if (status == VMS_OK && !vms__slot_inside(cursor, stop - cursor->at)) {
		status = vms__cut_ends(cursor, stop - cursor->at, false);
		(void)vms__seek(cursor);
	}
	if (status != VMS_OK) {
		vms__move(cursor, before);
		return status;
	}
	pte = leaf_change(cursor, change);
	vms__describe(cursor, pte, changed);
	vms__step_slot(cursor);
	return VMS_OK;
}

enum vms_status vms_cursor_protect(struct vms_cursor *cursor, uint64_t len, struct vms_change change,
				   uint64_t *nr_changed)
{
	vms_va stop = cursor->at + len;
	enum vms_status status;
	uint64_t nr = 0;

	if (cursor->mode != VMS_EDITING)
		return VMS_READ_ONLY;
	if (!vms__len_fits(cursor, len))
		return VMS_OUT_OF_RANGE;
	if (!change_is_legal(change) || !change_fits_all(change))
		return VMS_BAD_PROP;
	if (!vms__in_page_table(cursor, len)) {
		status = vms__cut_ends(cursor, len, false);
		if (status != VMS_OK)
			return status;
	}
	while (cursor->at < stop) {
		uint64_t pte = vms__seek(cursor);

		if (cursor->level == 1) {
			nr += pages_change(cursor, cursor->at + vms__slot_rest(cursor->at, 2, stop - cursor->at),
					   change);
			continue;
		}
		if (arch_pte_is_leaf(pte, cursor->level)) {
			(void)leaf_change(cursor, change);
			nr += vms__frames_in(cursor->level);
		}
		vms__step(cursor, stop);
	}
	if (nr_changed != NULL)
		*nr_changed = nr;
	return VMS_OK;
}
