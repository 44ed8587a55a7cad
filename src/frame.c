/*
 * Frames: kinds and counts.
 *
 * A huge frame is one thing with one count, kept in the record of its first 4 KiB; the records of the rest
 * say VMS_FRAME_TAIL. When a huge leaf is cut into smaller ones, each of these counts as a mapping of the
 * whole: the frame is freed when the last is gone.
 *
 * Invariant: refs > 0 exactly while kind is UNTYPED or KERNEL (or TABLE, where it is 1).
 */
#include "frame.h"

#include <vms/frame.h>
#include <vms/machine.h>
#include <vms/port.h>

#include "atomic.h"

struct vms_machine vms_machine;

/*@ requires mem_ok && is_frame(frame);
  @ assigns \nothing;
  @ ensures \result <==> is_held(frame); */
static bool frame_is_held(vms_pfn frame)
{
	uint32_t kind = vms__load32(&vms_machine.meta[frame].kind);

	return (kind == VMS_FRAME_UNTYPED || kind == VMS_FRAME_KERNEL) &&
	       vms__load32(&vms_machine.meta[frame].refs) > 0;
}

enum vms_status vms_frame_from_unused(vms_pfn frame, enum vms_frame_kind kind, uint32_t level)
{
	uint32_t nr;

	if ((kind != VMS_FRAME_UNTYPED && kind != VMS_FRAME_KERNEL) || level < 1 || level > ARCH_LEAF_LEVELS)
		return VMS_INVALID;
	nr = vms__frames_in(level);
	if (frame >= vms_machine.nr_frames || nr > vms_machine.nr_frames - frame)
		return VMS_OUT_OF_BOUNDS;
	if (frame % nr != 0)
		return VMS_INVALID;
	/*@ loop invariant 0 <= i <= nr && all_of_kind(frame, frame + i, VMS_FRAME_UNUSED);
	  @ loop assigns i;
	  @ loop variant nr - i; */
	for (uint32_t i = 0; i < nr; i++) {
		if (vms__load32(&vms_machine.meta[frame + i].kind) != VMS_FRAME_UNUSED)
			return VMS_IN_USE;
	}
	/*@ loop invariant 1 <= i <= nr && tails_of(frame + 1, frame + i, level);
	  @ loop invariant all_of_kind(frame + i, frame + nr, VMS_FRAME_UNUSED);
	  @ loop invariant same_kinds_but{Pre,Here}(frame + 1, frame + nr);
	  @ loop invariant same_refs_but{Pre,Here}(-1);
	  @ loop assigns i, vms_machine.meta[frame + 1 .. frame + nr - 1].kind,
	  @   vms_machine.meta[frame + 1 .. frame + nr - 1].level;
	  @ loop variant nr - i; */
	for (uint32_t i = 1; i < nr; i++) {
		vms__store32(&vms_machine.meta[frame + i].level, level);
		vms__store32(&vms_machine.meta[frame + i].kind, VMS_FRAME_TAIL);
	}
	vms__store32(&vms_machine.meta[frame].level, level);
	vms__store32(&vms_machine.meta[frame].refs, 1);
	vms__store32(&vms_machine.meta[frame].kind, kind);
	//@ assert whole_ok(frame) && same_kinds_but{Pre,Here}(frame, frame + nr);
	//@ assert frame + nr == end_of(frame) && is_whole(frame);
	//@ assert forms_ok;
	return VMS_OK;
}

enum vms_status vms_frame_get(vms_pfn frame)
{
	if (frame >= vms_machine.nr_frames)
		return VMS_OUT_OF_BOUNDS;
	frame = vms__frame_head(frame);
	if (!frame_is_held(frame))
		return VMS_UNUSED;
	return vms__frame_add(frame, 1);
}

enum vms_status vms__frame_get_cut(vms_pfn frame, uint32_t nr)
{
	return frame == VMS_NO_FRAME ? VMS_OK
				     : vms__frame_add(vms__frame_head(frame), nr * (uint32_t)(VMS_ENTRIES - 1));
}

void vms__frame_put_cut(vms_pfn frame, uint32_t nr)
{
	if (frame != VMS_NO_FRAME)
		(void)vms__add32(&vms_machine.meta[vms__frame_head(frame)].refs,
				 ~0u - nr * (uint32_t)(VMS_ENTRIES - 1) + 1);
}

void vms__frame_free(vms_pfn frame)
{
	struct vms_frame *meta = &vms_machine.meta[frame];
	uint32_t level = meta->level;

	/*@ loop invariant 1 <= i <= pages_in(level) && all_of_kind(frame + 1, frame + i, VMS_FRAME_UNUSED);
	  @ loop invariant same_kinds_but{Pre,Here}(frame + 1, frame + pages_in(level));
	  @ loop invariant \forall integer f; is_frame(f) ==> size_of(f) == size_of{Pre}(f);
	  @ loop invariant same_refs_but{Pre,Here}(-1);
	  @ loop assigns i, vms_machine.meta[frame + 1 .. frame + pages_in(level) - 1].kind;
	  @ loop variant pages_in(level) - i; */
	for (uint32_t i = 1; level > 1 && i < vms__frames_in(level); i++)
		vms__store32(&meta[i].kind, VMS_FRAME_UNUSED);
	vms__store32(&meta->refs, 0);
	vms__store32(&meta->kind, VMS_FRAME_UNUSED);
	//@ assert all_of_kind(frame, frame + pages_in(level), VMS_FRAME_UNUSED);
	//@ assert same_kinds_but{Pre,Here}(frame, frame + pages_in(level));
	//@ assert frame + pages_in(level) == end_of{Pre}(frame) && is_whole{Pre}(frame);
	//@ assert \at(forms_ok, Pre) ==> forms_ok;
	vms_port_frame_free(frame, level);
}

void vms_frame_put(vms_pfn frame)
{
	if (frame < vms_machine.nr_frames && frame_is_held(vms__frame_head(frame)))
		vms__frame_sub(vms__frame_head(frame));
}

uint32_t vms_frame_refs(vms_pfn frame)
{
	if (frame >= vms_machine.nr_frames)
		return 0;
	frame = vms__frame_head(frame);
	return frame_is_held(frame) ? vms__load32(&vms_machine.meta[frame].refs) : 0;
}
