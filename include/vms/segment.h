/*
 * Frames that one holder has to itself, and runs of frames.
 *
 * A reference normally says only "it stays"; others may take references too. A *unique* frame is its
 * holder's alone: nobody can take a reference or map it until it is shared again. A *segment* holds one
 * reference to each of a run of 4 KiB frames; it can be split, sliced and taken apart.
 */
#ifndef VMS_SEGMENT_H
#define VMS_SEGMENT_H

#include <vms/frame.h>
#include <vms/types.h>

/**
 * Make the caller's reference the only one there can be.
 *
 * Returns  VMS_OK
 *          VMS_OUT_OF_BOUNDS  the machine has no such frame
 *          VMS_UNUSED         nobody holds it: unused, reserved, a table, or unique already
 *          VMS_IN_USE         others hold references, or it is mapped
 * Context  any; the caller holds a reference. One atomic compare-exchange.
 */
/*@ requires mem_ok && books_ok;
  @ assigns vms_machine.meta[frame].kind, vms_machine.meta[frame].shared_kind, vms_machine.meta[frame].refs;
  @ ensures frame >= vms_machine.nr_frames ==> \result == VMS_OUT_OF_BOUNDS;
  @ ensures is_frame(frame) && !\old(is_held(frame)) ==> \result == VMS_UNUSED;
  @ ensures is_frame(frame) && \old(is_held(frame)) ==> \result == (\old(refs_of(frame)) == 1 ? VMS_OK : VMS_IN_USE);
  @ ensures \result == VMS_OK ==> kind_of(frame) == VMS_FRAME_UNIQUE &&
  @   vms_machine.meta[frame].shared_kind == \old(kind_of(frame));
  @ ensures \result != VMS_OK ==> same_kinds{Pre,Post} && same_refs_but{Pre,Post}(-1);
  @ ensures same_forms{Pre,Post} && books_ok; */
VMS_MUST_USE enum vms_status vms_frame_unique(vms_pfn frame);

/**
 * The reverse: a unique frame of the caller's has one ordinary reference again, the caller's.
 * Returns  VMS_OK, VMS_OUT_OF_BOUNDS, or VMS_INVALID if it is not unique.
 */
/*@ requires mem_ok && books_ok;
  @ assigns vms_machine.meta[frame].kind, vms_machine.meta[frame].refs;
  @ ensures frame >= vms_machine.nr_frames ==> \result == VMS_OUT_OF_BOUNDS;
  @ ensures is_frame(frame) ==> \result == (\old(kind_of(frame)) == VMS_FRAME_UNIQUE ? VMS_OK : VMS_INVALID);
  @ ensures \result == VMS_OK ==> kind_of(frame) == \old(vms_machine.meta[frame].shared_kind) && refs_of(frame) == 1;
  @ ensures \result != VMS_OK ==> same_kinds{Pre,Post} && same_refs_but{Pre,Post}(-1);
  @ ensures same_forms{Pre,Post} && books_ok; */
VMS_MUST_USE enum vms_status vms_frame_share(vms_pfn frame);

/* One reference to each of the frames [first, first + nr_frames). Empty: nr_frames is 0. */
struct vms_segment {
	vms_pfn first;
	uint32_t nr_frames;
};

/*@
  // One frame of 4 KiB that somebody holds; a segment of such.
  predicate is_single{L}(integer f) = is_frame(f) && is_held(f) && size_of(f) == 1;
  predicate singles{L}(integer from, integer to) = \forall integer f; from <= f < to ==> is_single(f);
  predicate segment_ok{L}(struct vms_segment *s) = s->first + s->nr_frames <= vms_machine.nr_frames &&
    singles(s->first, s->first + s->nr_frames);
  // L1 -> L2: each of these frames has so many references more.
  predicate refs_add{L1,L2}(integer from, integer to, integer more) =
    \forall integer f; from <= f < to ==> refs_of{L2}(f) == refs_of{L1}(f) + more;
*/

/**
 * Make a run of unused frames the caller's.
 *
 * kind  VMS_FRAME_UNTYPED or VMS_FRAME_KERNEL.
 *
 * Returns  VMS_OK
 *          VMS_INVALID        no frame, or kind is none of the two
 *          VMS_OUT_OF_BOUNDS  the run reaches past the machine's frames
 *          VMS_IN_USE         one of them is in use, or reserved; none was taken
 * Context  as vms_frame_from_unused(). Cost: O(frames).
 */
/*@ requires mem_ok && books_ok && \valid(segment) && apart(segment);
  @ assigns *segment, vms_machine.meta[first .. first + nr_frames - 1].kind,
  @   vms_machine.meta[first .. first + nr_frames - 1].level, vms_machine.meta[first .. first + nr_frames - 1].refs;
  @ ensures nr_frames == 0 || !shareable(kind) ==> \result == VMS_INVALID;
  @ ensures nr_frames > 0 && shareable(kind) && first + nr_frames > vms_machine.nr_frames ==>
  @   \result == VMS_OUT_OF_BOUNDS;
  @ ensures nr_frames > 0 && shareable(kind) && first + nr_frames <= vms_machine.nr_frames ==>
  @   (\result == VMS_OK || \result == VMS_IN_USE) &&
  @   (\result == VMS_OK <==> \old(all_of_kind(first, first + nr_frames, VMS_FRAME_UNUSED)));
  @ ensures \result == VMS_OK ==> segment->first == first && segment->nr_frames == nr_frames && segment_ok(segment);
  @ ensures \result != VMS_OK ==> same_kinds{Pre,Post} && same_refs_but{Pre,Post}(-1) && *segment == \old(*segment);
  @ ensures books_ok; */
VMS_MUST_USE enum vms_status vms_segment_from_unused(vms_pfn first, uint32_t nr_frames, enum vms_frame_kind kind,
						     struct vms_segment *segment);

/**
 * Give all of its references back; the segment is empty then. Context: preemption off.
 */
/*@ requires mem_ok && books_ok && \valid(segment) && apart(segment) && segment_ok(segment);
  @ assigns segment->nr_frames, vms_machine.meta[0 .. vms_machine.nr_frames - 1].kind,
  @   vms_machine.meta[0 .. vms_machine.nr_frames - 1].refs;
  @ ensures segment->nr_frames == 0;
  @ ensures refs_add{Pre,Post}(segment->first, segment->first + \old(segment->nr_frames), -1);
  @ ensures same_kinds_but{Pre,Post}(segment->first, segment->first + \old(segment->nr_frames));
  @ ensures books_ok; */
void vms_segment_put(struct vms_segment *segment);

/**
 * Cut a segment in two: it keeps its first nr_frames frames, `rest` gets the others.
 * Returns  VMS_OK, or VMS_INVALID (nothing changed) unless both parts have a frame.
 */
/*@ requires \valid(segment) && \valid(rest) && \separated(segment, rest);
  @ requires segment->first + segment->nr_frames <= VMS_NO_FRAME;
  @ assigns *segment, *rest;
  @ ensures \result == (0 < nr_frames < \old(segment->nr_frames) ? VMS_OK : VMS_INVALID);
  @ ensures segment->first == \old(segment->first);
  @ ensures \result == VMS_OK ==> segment->nr_frames == nr_frames && rest->first == segment->first + nr_frames &&
  @   rest->nr_frames == \old(segment->nr_frames) - nr_frames;
  @ ensures \result != VMS_OK ==> *segment == \old(*segment) && *rest == \old(*rest); */
VMS_MUST_USE enum vms_status vms_segment_split(struct vms_segment *segment, uint32_t nr_frames,
					       struct vms_segment *rest);

/**
 * A second segment over frames [from, to) of this one, counted from its start, with references of its own.
 * Returns  VMS_OK, VMS_INVALID unless from < to <= the segment's length, or VMS_SATURATED (none was taken).
 */
/*@ requires mem_ok && books_ok && \valid_read(segment) && apart(segment) && segment_ok(segment);
  @ requires \valid(slice) && apart(slice);
  @ assigns *slice, vms_machine.meta[0 .. vms_machine.nr_frames - 1].kind,
  @   vms_machine.meta[0 .. vms_machine.nr_frames - 1].refs;
  @ ensures from >= to || to > \old(segment->nr_frames) ==> \result == VMS_INVALID;
  @ ensures from < to <= \old(segment->nr_frames) ==> \result == VMS_OK || \result == VMS_SATURATED;
  @ ensures \result == VMS_OK ==> slice->first == \old(segment->first) + from && slice->nr_frames == to - from;
  @ ensures \result == VMS_OK ==> refs_add{Pre,Post}(slice->first, slice->first + slice->nr_frames, 1);
  @ ensures \result != VMS_OK ==> *slice == \old(*slice) &&
  @   refs_add{Pre,Post}(\old(segment->first), \old(segment->first + segment->nr_frames), 0);
  @ ensures books_ok; */
VMS_MUST_USE enum vms_status vms_segment_slice(const struct vms_segment *segment, uint32_t from, uint32_t to,
					       struct vms_segment *slice);

/**
 * Take the first frame off; its reference is the caller's now.
 * Returns  VMS_OK, or VMS_NOT_FOUND if the segment is empty.
 */
/*@ requires \valid(segment) && \valid(frame) && \separated(segment, frame);
  @ requires segment->first + segment->nr_frames <= VMS_NO_FRAME;
  @ assigns *segment, *frame;
  @ ensures \result == (\old(segment->nr_frames) > 0 ? VMS_OK : VMS_NOT_FOUND);
  @ ensures \result == VMS_OK ==> *frame == \old(segment->first) && segment->first == \old(segment->first) + 1 &&
  @   segment->nr_frames == \old(segment->nr_frames) - 1;
  @ ensures \result != VMS_OK ==> *segment == \old(*segment) && *frame == \old(*frame); */
VMS_MUST_USE enum vms_status vms_segment_next(struct vms_segment *segment, vms_pfn *frame);

#endif
