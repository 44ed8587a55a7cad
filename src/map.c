/*
 * Mapping: what was absent or marked becomes a leaf. Nothing is flushed for that: no CPU caches absence.
 */
#include "cursor.h"
#include "frame.h"
#include "lock.h"

/* Store a leaf over the position, where `pte` is: nothing or a mark. The level is the cursor's. */
static VMS_INLINE void leaf_set(struct vms_cursor *cursor, uint32_t level, uint64_t pte, vms_pfn frame,
				struct vms_prop prop, bool user)
{
	vms__entry_put(cursor->node, vms__index(cursor->at, level), pte, arch_pte_leaf(frame, level, prop, user));
	vms__step_to(cursor, level, cursor->at + vms__slot_len(level));
}

/* Map a user's frame if the cursor stands in a table of its level (a constant, usually) and nothing is mapped. */
static VMS_INLINE bool leaf_set_here(struct vms_cursor *cursor, uint32_t level, vms_pfn frame, struct vms_prop prop)
{
	uint64_t pte = vms__entry(cursor->node, vms__index(cursor->at, level));

	if (arch_pte_is_leaf(pte, level) || arch_pte_is_table(pte, level))
		return false;
	leaf_set(cursor, level, pte, frame, prop, true);
	return true;
}

/* Is a page mapped by this table or below it? */
/*@ requires mem_ok && tree_ok && is_table(table);
  @ decreases vms_machine.meta[table].level;
  @ assigns \nothing; */
static bool tree_has_leaf(vms_pfn table)
{
	uint32_t level = vms_machine.meta[table].level;
	uint32_t left = vms_machine.meta[table].nr_present;
	uint64_t pte;

	/*@ loop invariant 0 <= i;
	  @ loop assigns i, left, pte;
	  @ loop variant left; */
	for (uint32_t i = 0; left > 0 && (pte = vms__next(table, &i, VMS_ENTRIES)) != 0; i++) {
		left--;
		if (arch_pte_is_leaf(pte, level) ||
		    (arch_pte_is_table(pte, level) && tree_has_leaf(arch_pte_child(pte))))
			return true;
	}
	return false;
}

/* Go to the table of this level over the position, or to the lowest there is above it. */
/*@ requires cursor_ok(cursor) && cursor->at < cursor->end && 1 <= level <= 3;
  @ assigns cursor->node, cursor->level;
  @ ensures cursor_ok(cursor) && cursor->level >= \min(level, cursor->top_level);
  @ ensures \result == ent(cursor->node, page_index(page(cursor->at), cursor->level));
  @ ensures cursor->level > level ==> !pte_table(\result, cursor->level); */
static uint64_t seek_level(struct vms_cursor *cursor, uint32_t level)
{
	uint64_t pte;

	if (cursor->level < level)
		vms__rewind(cursor);
	pte = vms__here(cursor);
	/*@ loop invariant cursor_ok(cursor) && cursor->level >= \min(level, cursor->top_level);
	  @ loop invariant pte == ent(cursor->node, page_index(page(cursor->at), cursor->level));
	  @ loop assigns pte, cursor->node, cursor->level;
	  @ loop variant cursor->level; */
	while (cursor->level > level && arch_pte_is_table(pte, cursor->level)) {
		//@ assert over(cursor, pte_child(pte), cursor->level - 1, cursor->at);
		cursor->node = arch_pte_child(pte);
		cursor->level--;
		//@ assert same_trees{LoopCurrent, Here};
		//@ assert same_range{LoopCurrent, Here}(cursor);
		pte = vms__here(cursor);
	}
	return pte;
}

/*@ requires \valid_read(cursor);
  @ assigns \nothing;
  @ ensures \result <==> prop_valid(prop) && !(cursor->space != &vms_machine.kernel && has(prop.flags, VMS_GLOBAL)); */
static bool prop_is_for(const struct vms_cursor *cursor, struct vms_prop prop)
{
	return vms_prop_valid(prop) && !(vms__is_user(cursor) && vms_has(prop.flags, VMS_GLOBAL));
}

/* Where the cursor stands in no table of this level, or something is in the slot. */
VMS_SELDOM static enum vms_status map_walk(struct vms_cursor *cursor, vms_pfn frame, uint32_t level,
					   struct vms_prop prop)
{
	uint64_t pte = seek_level(cursor, level);
	vms_pfn reserve;

	switch (arch_pte_kind(pte, cursor->level)) {
	case ARCH_PTE_LEAF:
		return VMS_EXISTS;
	case ARCH_PTE_TABLE:
		if (tree_has_leaf(arch_pte_child(pte)))
			return VMS_EXISTS;
		(void)vms__detach(cursor, cursor->node, vms__index(cursor->at, level));
		vms_tlb_issue(&cursor->flusher, cursor->at, vms__slot_len(level));
		break;
	default:
		if (!vms__tables_reserve(&reserve, cursor->level - level))
			return VMS_NO_MEMORY;
		vms__descend_to(cursor, level, &reserve);
	}
	leaf_set(cursor, level, vms__here(cursor), frame, prop, true);
	return VMS_OK;
}

/* A page always fits; a huge frame is asked. */
VMS_APART static enum vms_status map_large(struct vms_cursor *cursor, vms_pfn frame, uint32_t level,
					   struct vms_prop prop)
{
	if (level > cursor->top_level || !vms__slot_aligned(cursor->at, level) ||
	    vms__slot_len(level) > cursor->end - cursor->at)
		return VMS_OUT_OF_RANGE;
	if (cursor->level == level && leaf_set_here(cursor, level, frame, prop))
		return VMS_OK;
	return map_walk(cursor, frame, level, prop);
}

enum vms_status vms_cursor_map(struct vms_cursor *cursor, vms_pfn frame, struct vms_prop prop)
{
	uint32_t level;

	if (cursor->mode != VMS_EDITING)
		return VMS_READ_ONLY;
	if (cursor->at == cursor->end)
		return VMS_OUT_OF_RANGE;
	level = vms__is_user(cursor) ? vms__frame_mappable(frame) : 0;
	if (level == 0)
		return VMS_BAD_FRAME;
	if (!prop_is_for(cursor, prop))
		return VMS_BAD_PROP;
	if (level > 1)
		return map_large(cursor, frame, level, prop);
	if (cursor->level == 1 && leaf_set_here(cursor, 1, frame, prop))
		return VMS_OK;
	return map_walk(cursor, frame, 1, prop);
}

/* Is this physical range one that a user space may see without counting it? */
/*@ requires mem_ok && \valid_read(cursor);
  @ assigns \nothing;
  @ ensures \result ==> frame + nr <= VMS_NO_FRAME;
  @ ensures \result && cursor->space != &vms_machine.kernel ==>
  @   \forall integer f; frame <= f < frame + nr && f < vms_machine.nr_frames ==> kind_of(f) == VMS_FRAME_RESERVED; */
static bool is_device(const struct vms_cursor *cursor, vms_pfn frame, uint64_t nr)
{
	if (nr > VMS_NO_FRAME - frame)
		return false;
	/*@ loop invariant 0 <= i;
	  @ loop invariant \forall integer f; frame <= f < frame + i && f < vms_machine.nr_frames ==>
	  @   kind_of(f) == VMS_FRAME_RESERVED;
	  @ loop assigns i;
	  @ loop variant nr - i; */
	for (uint64_t i = 0; vms__is_user(cursor) && i < nr && frame + i < vms_machine.nr_frames; i++) {
		if (vms__load32(&vms_machine.meta[frame + i].kind) != VMS_FRAME_RESERVED)
			return false;
	}
	return true;
}

/* The level of the largest leaf for the position, when the lowest table there is the cursor's. */
/*@ requires \valid_read(cursor) && 1 <= cursor->level <= 4;
  @ assigns \nothing;
  @ ensures 1 <= \result <= ARCH_LEAF_LEVELS && \result <= cursor->level;
  @ ensures \result > 1 ==> slot_start(cursor->at, \result) == cursor->at && slot_len(\result) <= left &&
  @   frame % pages_in(\result) == 0; */
static uint32_t device_level(const struct vms_cursor *cursor, vms_pfn frame, uint64_t left)
{
	uint32_t level = cursor->level < ARCH_LEAF_LEVELS ? cursor->level : ARCH_LEAF_LEVELS;

	/*@ loop invariant 1 <= level <= ARCH_LEAF_LEVELS && level <= cursor->level;
	  @ loop assigns level;
	  @ loop variant level; */
	while (level > 1 && !(vms__slot_aligned(cursor->at, level) && frame % vms__frames_in(level) == 0 &&
			      vms__slot_len(level) <= left))
		level--;
	return level;
}

/* Tables that mapping [position, position + len) needs; VMS_EXISTS if a page there is mapped. */
static enum vms_status device_plan(struct vms_cursor *cursor, vms_pfn frame, uint64_t len, uint32_t *nr)
{
	vms_va start = cursor->at, stop = cursor->at + len;
	enum vms_status status = VMS_OK;

	*nr = 0;
	while (cursor->at < stop) {
		uint64_t pte = vms__seek(cursor);
		uint32_t level =
			device_level(cursor, frame + (vms_pfn)((cursor->at - start) / VMS_PAGE), stop - cursor->at);

		if (arch_pte_is_leaf(pte, cursor->level)) {
			status = VMS_EXISTS;
			break;
		}
		/* A table is new the first time that the range meets it. */
		for (uint32_t above = cursor->level; above > level; above--)
			*nr += cursor->at == start || vms__slot_aligned(cursor->at, above);
		vms__move(cursor, cursor->at + vms__slot_len(level));
	}
	vms__move(cursor, start);
	return status;
}

enum vms_status vms_cursor_map_device(struct vms_cursor *cursor, vms_pfn frame, uint64_t len, struct vms_prop prop)
{
	vms_va stop = cursor->at + len;
	enum vms_status status;
	vms_pfn reserve;
	uint32_t nr;

	if (cursor->mode != VMS_EDITING)
		return VMS_READ_ONLY;
	if (!vms__len_fits(cursor, len))
		return VMS_OUT_OF_RANGE;
	if (!is_device(cursor, frame, len / VMS_PAGE))
		return VMS_BAD_FRAME;
	if (!prop_is_for(cursor, prop))
		return VMS_BAD_PROP;
	status = device_plan(cursor, frame, len, &nr);
	if (status != VMS_OK)
		return status;
	if (!vms__tables_reserve(&reserve, nr))
		return VMS_NO_MEMORY;
	while (cursor->at < stop) {
		uint32_t level;

		(void)vms__seek(cursor);
		level = device_level(cursor, frame, stop - cursor->at);
		vms__descend_to(cursor, level, &reserve);
		leaf_set(cursor, level, vms__here(cursor), frame, prop, vms__is_user(cursor));
		frame += vms__frames_in(level);
	}
	return VMS_OK;
}
