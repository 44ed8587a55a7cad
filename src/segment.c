/*
 * Unique frames and segments.
 *
 * A unique frame's kind is VMS_FRAME_UNIQUE, and its count lies beyond the limit: whoever was about to add a
 * reference when that happened finds it saturated and takes the addition back. The count goes there from 1 by
 * compare-exchange, so of two who try only one succeeds.
 */
#include <vms/segment.h>

#include <vms/machine.h>

#include "atomic.h"

#define REFS_UNIQUE 0xffff8000u

enum vms_status vms_frame_unique(vms_pfn frame)
{
	struct vms_frame *meta;
	uint32_t kind;

	if (frame >= vms_machine.nr_frames)
		return VMS_OUT_OF_BOUNDS;
	meta = &vms_machine.meta[frame];
	kind = vms__load32(&meta->kind);
	if ((kind != VMS_FRAME_UNTYPED && kind != VMS_FRAME_KERNEL) || vms__load32(&meta->refs) == 0)
		return VMS_UNUSED;
	if (!vms__compare_exchange32(&meta->refs, 1, REFS_UNIQUE))
		return VMS_IN_USE;
	meta->shared_kind = kind;
	vms__store32(&meta->kind, VMS_FRAME_UNIQUE);
	//@ assert same_kinds_but{Pre,Here}(frame, frame + 1) && same_refs_but{Pre,Here}(frame);
	//@ assert same_form{Pre,Here}(frame) && refs_ok(frame);
	//@ assert same_forms{Pre,Here};
	//@ assert counts_ok;
	return VMS_OK;
}

enum vms_status vms_frame_share(vms_pfn frame)
{
	struct vms_frame *meta;

	if (frame >= vms_machine.nr_frames)
		return VMS_OUT_OF_BOUNDS;
	meta = &vms_machine.meta[frame];
	if (vms__load32(&meta->kind) != VMS_FRAME_UNIQUE)
		return VMS_INVALID;
	vms__store32(&meta->kind, meta->shared_kind);
	/* An addition that came too late may be on its way back: subtract, do not store. */
	(void)vms__add32(&meta->refs, 1u - REFS_UNIQUE);
	//@ assert same_kinds_but{Pre,Here}(frame, frame + 1) && same_refs_but{Pre,Here}(frame);
	//@ assert same_form{Pre,Here}(frame) && refs_ok(frame);
	//@ assert same_forms{Pre,Here};
	//@ assert counts_ok;
	return VMS_OK;
}

enum vms_status vms_segment_from_unused(vms_pfn first, uint32_t nr_frames, enum vms_frame_kind kind,
					struct vms_segment *segment)
{
	if (nr_frames == 0 || (kind != VMS_FRAME_UNTYPED && kind != VMS_FRAME_KERNEL))
		return VMS_INVALID;
	if (first >= vms_machine.nr_frames || nr_frames > vms_machine.nr_frames - first)
		return VMS_OUT_OF_BOUNDS;
	/*@ loop invariant 0 <= i <= nr_frames && all_of_kind(first, first + i, VMS_FRAME_UNUSED);
	  @ loop assigns i;
	  @ loop variant nr_frames - i; */
	for (uint32_t i = 0; i < nr_frames; i++) {
		if (vms__load32(&vms_machine.meta[first + i].kind) != VMS_FRAME_UNUSED)
			return VMS_IN_USE;
	}
	segment->first = first;
	segment->nr_frames = nr_frames;
	/* They are unused, and nobody else is given them: each succeeds. */
	/*@ loop invariant 0 <= i <= nr_frames && books_ok && singles(first, first + i);
	  @ loop invariant all_of_kind(first + i, first + nr_frames, VMS_FRAME_UNUSED);
	  @ loop assigns i, vms_machine.meta[first .. first + nr_frames - 1].kind,
	  @   vms_machine.meta[first .. first + nr_frames - 1].level, vms_machine.meta[first .. first + nr_frames - 1].refs;
	  @ loop variant nr_frames - i; */
	for (uint32_t i = 0; i < nr_frames; i++)
		(void)!vms_frame_from_unused(first + i, kind, 1);
	return VMS_OK;
}

void vms_segment_put(struct vms_segment *segment)
{
	/*@ loop invariant segment->nr_frames <= \at(segment->nr_frames, Pre) && books_ok && segment_ok(segment);
	  @ loop invariant refs_add{Pre,Here}(segment->first, segment->first + segment->nr_frames, 0);
	  @ loop invariant refs_add{Pre,Here}(segment->first + segment->nr_frames,
	  @   segment->first + \at(segment->nr_frames, Pre), -1);
	  @ loop invariant same_kinds_but{Pre,Here}(segment->first + segment->nr_frames,
	  @   segment->first + \at(segment->nr_frames, Pre));
	  @ loop assigns segment->nr_frames, vms_machine.meta[0 .. vms_machine.nr_frames - 1].kind,
	  @   vms_machine.meta[0 .. vms_machine.nr_frames - 1].refs;
	  @ loop variant segment->nr_frames; */
	while (segment->nr_frames > 0) {
		segment->nr_frames--;
		//@ assert is_single(segment->first + segment->nr_frames);
		//@ assert singles(segment->first, segment->first + segment->nr_frames);
		vms_frame_put(segment->first + segment->nr_frames);
		//@ assert same_refs_but{LoopCurrent,Here}(segment->first + segment->nr_frames);
		/*@ assert same_kinds_but{LoopCurrent,Here}(segment->first + segment->nr_frames,
		  @   segment->first + segment->nr_frames + 1); */
	}
}

enum vms_status vms_segment_split(struct vms_segment *segment, uint32_t nr_frames, struct vms_segment *rest)
{
	if (nr_frames == 0 || nr_frames >= segment->nr_frames)
		return VMS_INVALID;
	rest->first = segment->first + nr_frames;
	rest->nr_frames = segment->nr_frames - nr_frames;
	segment->nr_frames = nr_frames;
	return VMS_OK;
}

enum vms_status vms_segment_slice(const struct vms_segment *segment, uint32_t from, uint32_t to,
				  struct vms_segment *slice)
{
	struct vms_segment taken = {segment->first + from, 0};

	if (from >= to || to > segment->nr_frames)
		return VMS_INVALID;
	/*@ loop invariant taken.first == \at(segment->first, Pre) + from && taken.nr_frames <= to - from && books_ok;
	  @ loop invariant segment_ok{Pre}(segment) && same_kinds{Pre,Here};
	  @ loop invariant refs_add{Pre,Here}(taken.first, taken.first + taken.nr_frames, 1);
	  @ loop invariant refs_add{Pre,Here}(\at(segment->first, Pre), taken.first, 0);
	  @ loop invariant refs_add{Pre,Here}(taken.first + taken.nr_frames, \at(segment->first + segment->nr_frames, Pre), 0);
	  @ loop assigns taken, vms_machine.meta[0 .. vms_machine.nr_frames - 1].refs;
	  @ loop variant to - from - taken.nr_frames; */
	while (taken.nr_frames < to - from) {
		if (vms_frame_get(taken.first + taken.nr_frames) != VMS_OK) {
			vms_segment_put(&taken);
			return VMS_SATURATED;
		}
		taken.nr_frames++;
	}
	*slice = taken;
	return VMS_OK;
}

enum vms_status vms_segment_next(struct vms_segment *segment, vms_pfn *frame)
{
	if (segment->nr_frames == 0)
		return VMS_NOT_FOUND;
	*frame = segment->first;
	segment->first++;
	segment->nr_frames--;
	return VMS_OK;
}
