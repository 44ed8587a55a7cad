/*
 * What the rest of src/ needs to know about frames beyond the public header.
 */
#ifndef VMS_SRC_FRAME_H
#define VMS_SRC_FRAME_H

#include <vms/machine.h>

#include "atomic.h"

/* Frames in a leaf of this level: 512^(level - 1). */
/*@ requires 1 <= level <= ARCH_LEAF_LEVELS;
  @ assigns \nothing;
  @ ensures level == 1 ==> \result == pages_in(1);
  @ ensures level == 2 ==> \result == pages_in(2);
  @ ensures level == 3 ==> \result == pages_in(3); */
static inline uint32_t vms__frames_in(uint32_t level)
{
	return 1u << (VMS_INDEX_BITS * (level - 1));
}

/* The record that counts for this frame: its own, or that of the huge frame it is a part of. */
/*@ requires mem_ok && books_ok && is_frame(frame);
  @ assigns \nothing;
  @ ensures \result == head_of(frame);
  @ ensures \result <= frame && !is_tail(\result); */
static inline vms_pfn vms__frame_head(vms_pfn frame)
{
	const struct vms_frame *meta = &vms_machine.meta[frame];

	/* Who holds the frame alone may make it unique meanwhile; and who asks need not hold it: it may go. */
	if (vms__load32(&meta->kind) != VMS_FRAME_TAIL)
		return frame;
	return frame - frame % vms__frames_in(vms__load32(&meta->level));
}

/*
 * May references to this frame be counted: is it managed RAM that users may see, or a part of such? A leaf that the
 * caller has locked maps it, which holds it: its kind stays.
 */
/*@ requires mem_ok && books_ok;
  @ assigns \nothing;
  @ ensures \result <==> counted(frame); */
static inline bool vms__frame_is_counted(vms_pfn frame)
{
	const struct vms_frame *meta = vms_machine.meta;

	if (frame >= vms_machine.nr_frames)
		return false;
	return meta[frame].kind == VMS_FRAME_UNTYPED ||
	       (meta[frame].kind == VMS_FRAME_TAIL && meta[vms__frame_head(frame)].kind == VMS_FRAME_UNTYPED);
}

/* Room above the limit for as many CPUs as may add before one of them sees that it went too far. */
#define VMS__REFS_MAX 0xffff0000u

/*
 * Add mappings or handles of the frame that begins with `head`, of which the caller knows that at least one exists
 * already. VMS_SATURATED: nothing changed.
 */
/*@ requires mem_ok && is_frame(head) && nr <= VMS__REFS_MAX;
  @ requires nr > 0 || refs_of(head) <= VMS__REFS_MAX;
  @ assigns vms_machine.meta[head].refs;
  @ ensures \old(refs_of(head)) <= VMS__REFS_MAX - nr ==>
  @   \result == VMS_OK && refs_of(head) == \old(refs_of(head)) + nr;
  @ ensures \old(refs_of(head)) > VMS__REFS_MAX - nr ==>
  @   \result == VMS_SATURATED && refs_of(head) == \old(refs_of(head));
  @ ensures same_kinds{Pre,Post};
  @ ensures same_refs_but{Pre,Post}(head); */
static inline enum vms_status vms__frame_add(vms_pfn head, uint32_t nr)
{
	if (vms__add32(&vms_machine.meta[head].refs, nr) <= VMS__REFS_MAX - nr)
		return VMS_OK;
	(void)vms__add32(&vms_machine.meta[head].refs, ~0u - nr + 1);
	return VMS_SATURATED;
}

/* The last reference is gone. */
/*@ requires mem_ok && is_frame(head) && shareable(kind_of(head)) && whole_ok(head) && refs_of(head) <= 1;
  @ assigns vms_machine.meta[head .. head + pages_in(vms_machine.meta[head].level) - 1].kind,
  @   vms_machine.meta[head].refs;
  @ ensures refs_of(head) == 0 && all_of_kind(head, head + pages_in(size_of(head)), VMS_FRAME_UNUSED);
  @ ensures \old(books_ok) ==> books_ok; */
void vms__frame_free(vms_pfn head);

/* A reference to the frame that begins with `head` is gone. */
/*@ requires mem_ok && books_ok && is_frame(head) && is_held(head);
  @ assigns vms_machine.meta[head .. head + pages_in(vms_machine.meta[head].level) - 1].kind,
  @   vms_machine.meta[head].refs;
  @ ensures refs_of(head) == \old(refs_of(head)) - 1;
  @ ensures refs_of(head) == 0 ==> all_of_kind(head, head + pages_in(size_of(head)), VMS_FRAME_UNUSED);
  @ ensures refs_of(head) > 0 ==> same_kinds{Pre,Post};
  @ ensures same_kinds_but{Pre,Post}(head, head + pages_in(size_of(head)));
  @ ensures books_ok; */
static inline void vms__frame_sub(vms_pfn head)
{
	uint32_t *refs = &vms_machine.meta[head].refs;

	/* The only holder needs no atomic subtraction: nobody else can add or subtract. */
	if (vms__load32(refs) == 1 || vms__add32(refs, ~0u) == 1)
		vms__frame_free(head);
	//@ assert refs_of(head) > 0 ==> same_kinds{Pre,Here} && same_refs_but{Pre,Here}(head);
}

/* A mapping of this frame is gone: if it is counted, so is its reference. */
/*@ requires mem_ok && books_ok;
  @ assigns vms_machine.meta[0 .. vms_machine.nr_frames - 1].kind, vms_machine.meta[head_of(frame)].refs;
  @ ensures \old(counted(frame)) ==> refs_of(\old(head_of(frame))) == \old(refs_of(head_of(frame))) - 1;
  @ ensures !\old(counted(frame)) || refs_of(\old(head_of(frame))) > 0 ==> same_kinds{Pre,Post};
  @ ensures books_ok; */
static inline void vms__frame_drop(vms_pfn frame)
{
	if (vms__frame_is_counted(frame))
		vms__frame_sub(vms__frame_head(frame));
}

/* May the caller, who holds the frame so that its kind stays, map it and give a reference away? Its leaf's level, or 0. */
/*@ requires mem_ok;
  @ assigns \nothing;
  @ ensures \result == (frame < vms_machine.nr_frames && kind_of(frame) == VMS_FRAME_UNTYPED ? size_of(frame) : 0); */
static inline uint32_t vms__frame_mappable(vms_pfn frame)
{
	if (frame >= vms_machine.nr_frames || vms_machine.meta[frame].kind != VMS_FRAME_UNTYPED)
		return 0;
	return vms_machine.meta[frame].level;
}

/*
 * Leaves of this frame are to be cut into 512, nr times: count nr * 511 more mappings, or take that back.
 * Nothing is counted for VMS_NO_FRAME. VMS_SATURATED: nothing changed.
 */
/*@ requires mem_ok && books_ok && (frame == VMS_NO_FRAME || counted(frame)) && nr <= VMS_ENTRIES;
  @ requires frame != VMS_NO_FRAME ==> nr > 0 || refs_of(head_of(frame)) <= VMS__REFS_MAX;
  @ assigns vms_machine.meta[head_of(frame)].refs;
  @ ensures frame == VMS_NO_FRAME ==> \result == VMS_OK;
  @ ensures frame != VMS_NO_FRAME && \old(refs_of(head_of(frame))) <= VMS__REFS_MAX - nr * 511 ==>
  @   \result == VMS_OK && refs_of(head_of(frame)) == \old(refs_of(head_of(frame))) + nr * 511;
  @ ensures frame != VMS_NO_FRAME && \old(refs_of(head_of(frame))) > VMS__REFS_MAX - nr * 511 ==>
  @   \result == VMS_SATURATED && refs_of(head_of(frame)) == \old(refs_of(head_of(frame))); */
enum vms_status vms__frame_get_cut(vms_pfn frame, uint32_t nr);
/*@ requires mem_ok && books_ok && (frame == VMS_NO_FRAME || counted(frame)) && 1 <= nr <= VMS_ENTRIES;
  @ requires frame != VMS_NO_FRAME ==> refs_of(head_of(frame)) >= nr * 511;
  @ assigns vms_machine.meta[head_of(frame)].refs;
  @ ensures frame != VMS_NO_FRAME ==> refs_of(head_of(frame)) == \old(refs_of(head_of(frame))) - nr * 511; */
void vms__frame_put_cut(vms_pfn frame, uint32_t nr);

#endif
