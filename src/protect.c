/*
 * Protect: what is mapped stays mapped, with other rights, and the TLBs are told of rights that went.
 *
 * Hardware sets accessed and dirty bits meanwhile. A leaf in which it still can is exchanged for its successor
 * only if it is what the successor was made from.
 */
#include "cursor.h"
#include "flush.h"

/* This flag after a change: set, or there before and not cleared. The flag is a constant: no division is made. */
/*@ requires flag != 0;
  @ assigns \nothing;
  @ ensures \result == flag_then(flags, change.clear, change.set, flag); */
static inline uint32_t flag_after(uint32_t flags, struct vms_change change, uint32_t flag)
{
	return vms_has(change.set, flag) || (vms_has(flags, flag) && !vms_has(change.clear, flag)) ? flag : 0;
}

/* With this flag, which is a constant. */
/*@ requires flag != 0;
  @ assigns \nothing;
  @ ensures has(flags, flag) ==> \result == flags;
  @ ensures !has(flags, flag) ==> \result == (uint32_t)(flags + flag); */
static inline uint32_t flag_added(uint32_t flags, uint32_t flag)
{
	return vms_has(flags, flag) ? flags : flags + flag;
}

/* What no change touches lies side by side: accessed, dirty, global. */
_Static_assert(VMS_DIRTY == VMS_ACCESSED * 2 && VMS_GLOBAL == VMS_ACCESSED * 4, "kept flags");

/*@ assigns \nothing; ensures \result == flags / VMS_ACCESSED % 8 * VMS_ACCESSED; */
static inline uint32_t flags_kept(uint32_t flags)
{
	return flags / VMS_ACCESSED % 8 * VMS_ACCESSED;
}

/*@ assigns \nothing; ensures \result <==> changeable(flags); */
static bool is_changeable(uint32_t flags)
{
	return flags < VMS_FLAGS_END && flags_kept(flags) == 0;
}

/* The flags after a change; `alone` says that nobody else holds the frame. */
/*@ requires change.cow == 0 || change.cow == VMS_SOFT0 || change.cow == VMS_SOFT1;
  @ assigns \nothing;
  @ ensures alone || change.cow == 0 ==> \result == flags_then(flags, change.clear, change.set);
  @ ensures \result < VMS_FLAGS_END; */
static inline uint32_t flags_after(uint32_t flags, struct vms_change change, bool alone)
{
	uint32_t after = flags_kept(flags) + flag_after(flags, change, VMS_R) + flag_after(flags, change, VMS_W) +
			 flag_after(flags, change, VMS_X) + flag_after(flags, change, VMS_SOFT0) +
			 flag_after(flags, change, VMS_SOFT1);

	//@ assert after == flags_then(flags, change.clear, change.set) && after < VMS_FLAGS_END;
	if (alone || change.cow == 0 || !vms_has(after, VMS_W))
		return after;
	return change.cow == VMS_SOFT0 ? flag_added(after - VMS_W, VMS_SOFT0) : flag_added(after - VMS_W, VMS_SOFT1);
}

/* Does any CPU have to forget the old rights? */
/*@ assigns \nothing;
  @ ensures \result <==> (has(old, VMS_R) && !has(now, VMS_R)) || (has(old, VMS_W) && !has(now, VMS_W)) ||
  @   (has(old, VMS_X) && !has(now, VMS_X)); */
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

/*
 * Is this leaf all that holds its frame? Then it stays so while the cursor is open: only holders add holders, and a
 * copy of the leaf needs a cursor on it. Where the change does not ask, it is not looked at.
 */
/*@ requires mem_ok && books_ok && \valid_read(cursor) && level >= 1;
  @ assigns \nothing;
  @ ensures change.cow == 0 ==> \result;
  @ ensures change.cow != 0 ==> (\result <==> cursor->space != &vms_machine.kernel && counted(pte_frame(pte, level)) &&
  @   refs_of(head_of(pte_frame(pte, level))) == 1); */
static inline bool is_alone(const struct vms_cursor *cursor, uint64_t pte, uint32_t level, struct vms_change change)
{
	vms_pfn frame = arch_pte_frame(pte, level);

	if (change.cow == 0)
		return true;
	return vms__is_user(cursor) && vms__frame_is_counted(frame) &&
	       vms__load32(&vms_machine.meta[vms__frame_head(frame)].refs) == 1;
}

static struct effect effect_of(uint64_t pte, uint32_t level, struct vms_change change, bool alone, bool user)
{
	struct vms_prop old = arch_pte_prop(pte, level), now = old;
	struct effect effect;
	uint64_t next;

	now.flags = flags_after(old.flags, change, alone);
	next = arch_pte_leaf(arch_pte_frame(pte, level), level, now, user);
	/* A frame is stored otherwise in a leaf without access: then the sum is good for this frame only. */
	effect.rest = vms_has(old.flags, VMS_R) && vms_has(now.flags, VMS_R) ? arch_pte_rest(pte) : 0;
	effect.delta = next - pte;
	effect.shrinks = rights_shrank(old.flags, now.flags);
	return effect;
}

/* vms__entry_swap() where the entry is at hand. */
static inline bool leaf_swap(uint64_t *entry, uint64_t old, uint64_t pte)
{
	if (!arch_pte_settled(old))
		return vms__compare_exchange64(entry, old, pte);
	vms__store64(entry, pte);
	return true;
}

/* Change the leaf over the position, whose slot is all in the range; give the entry as it is now. */
static uint64_t leaf_change(struct vms_cursor *cursor, struct vms_change change)
{
	uint32_t i = vms__index(cursor->at, cursor->level);
	struct effect effect;
	uint64_t pte;

	do {
		pte = vms__entry(cursor->node, i);
		effect = effect_of(pte, cursor->level, change, is_alone(cursor, pte, cursor->level, change),
				   vms__is_user(cursor));
	} while (!vms__entry_swap(cursor->node, i, pte, pte + effect.delta));
	if (effect.shrinks)
		vms_tlb_issue(&cursor->flusher, cursor->at, vms__slot_len(cursor->level));
	return pte + effect.delta;
}

/*
 * Change every leaf up to `stop`, all of the table of pages at the cursor; with `run` only to the first page that is
 * not mapped. The position is behind what was changed. Returns how many.
 */
static VMS_INLINE uint64_t pages_change(struct vms_cursor *cursor, vms_va stop, struct vms_change change, bool run)
{
	uint64_t *entry = &vms_machine.ram[cursor->node].entry[vms__index(cursor->at, 1)];
	vms_va va = cursor->at, from = va, to = va;                /* [from, to): changed, and to be flushed */
	struct effect effects[2] = {{0, 0, false}, {0, 0, false}}; /* of frames that others hold too; of the rest */
	uint64_t nr = 0;

	while (va < stop) {
		uint64_t pte = vms__load64(entry);

		if (arch_pte_is_leaf(pte, 1)) {
			bool alone = is_alone(cursor, pte, 1, change);
			struct effect *effect = &effects[alone];

			if (arch_pte_rest(pte) != effect->rest)
				*effect = effect_of(pte, 1, change, alone, vms__is_user(cursor));
			if (!leaf_swap(entry, pte, pte + effect->delta))
				continue;
			nr++;
			if (effect->shrinks && va != to) {
				vms_tlb_issue(&cursor->flusher, from, to - from);
				from = va;
			}
			if (effect->shrinks)
				to = va + VMS_PAGE;
		} else if (run) {
			break;
		}
		va += VMS_PAGE;
		entry++;
	}
	vms_tlb_issue(&cursor->flusher, from, to - from);
	vms__move(cursor, va);
	return nr;
}

/* The same, where nobody asks who else holds a frame. */
static uint64_t pages_change_plainly(struct vms_cursor *cursor, vms_va stop, struct vms_change change, bool run)
{
	return pages_change(cursor, stop, (struct vms_change){.clear = change.clear, .set = change.set}, run);
}

static uint64_t pages_change_asking(struct vms_cursor *cursor, vms_va stop, struct vms_change change, bool run)
{
	return pages_change(cursor, stop, change, run);
}

/* Could this change be asked for at all? */
/*@ assigns \nothing;
  @ ensures \result <==> changeable(change.clear) && changeable(change.set) &&
  @   (change.cow == 0 || change.cow == VMS_SOFT0 || change.cow == VMS_SOFT1); */
static bool change_is_legal(struct vms_change change)
{
	return is_changeable(change.clear) && is_changeable(change.set) &&
	       (change.cow == 0 || change.cow == VMS_SOFT0 || change.cow == VMS_SOFT1);
}

/* Does it leave valid flags whatever was there: no right to write or execute without the right to read? */
/*@ assigns \nothing;
  @ ensures \result ==> \forall integer flags;
  @   0 <= flags && (has(flags, VMS_W) || has(flags, VMS_X) ==> has(flags, VMS_R)) ==>
  @   fits_after(flags, change.clear, change.set); */
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
		prop.flags = flags_after(prop.flags, change, true);
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

/* Both calls for a range: all of it, or only up to the first page that is not mapped. */
static enum vms_status range_change(struct vms_cursor *cursor, uint64_t len, struct vms_change change, bool run,
				    uint64_t *nr)
{
	vms_va stop = cursor->at + len;
	enum vms_status status;

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
	*nr = 0;
	while (cursor->at < stop) {
		uint64_t pte = vms__seek(cursor);

		if (cursor->level == 1) {
			vms_va end = cursor->at + vms__slot_rest(cursor->at, 2, stop - cursor->at);

			*nr += change.cow == 0 ? pages_change_plainly(cursor, end, change, run)
					       : pages_change_asking(cursor, end, change, run);
			if (cursor->at < end)
				break;
			continue;
		}
		if (arch_pte_is_leaf(pte, cursor->level)) {
			(void)leaf_change(cursor, change);
			*nr += vms__frames_in(cursor->level);
		} else if (run) {
			break;
		}
		vms__step(cursor, stop);
	}
	return VMS_OK;
}

enum vms_status vms_cursor_protect(struct vms_cursor *cursor, uint64_t len, struct vms_change change,
				   uint64_t *nr_changed)
{
	uint64_t nr;
	enum vms_status status = range_change(cursor, len, change, false, &nr);

	if (status == VMS_OK && nr_changed != NULL)
		*nr_changed = nr;
	return status;
}

enum vms_status vms_cursor_protect_run(struct vms_cursor *cursor, uint64_t len, struct vms_change change)
{
	uint64_t nr;

	return range_change(cursor, len, change, true, &nr);
}
