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
VMS_MUST_USE enum vms_status vms_frame_unique(vms_pfn frame);

/**
 * The reverse: a unique frame of the caller's has one ordinary reference again, the caller's.
 * Returns  VMS_OK, VMS_OUT_OF_BOUNDS, or VMS_INVALID if it is not unique.
 */
VMS_MUST_USE enum vms_status vms_frame_share(vms_pfn frame);

/* One reference to each of the frames [first, first + nr_frames). Empty: nr_frames is 0. */
struct vms_segment {
	vms_pfn first;
	uint32_t nr_frames;
};

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
VMS_MUST_USE enum vms_status vms_segment_from_unused(vms_pfn first, uint32_t nr_frames, enum vms_frame_kind kind,
						     struct vms_segment *segment);

/**
 * Give all of its references back; the segment is empty then. Context: preemption off.
 */
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
