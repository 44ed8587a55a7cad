/*
 * Physical frames: what each is used for, and who holds it.
 *
 * Each frame has a record of 64 bytes (state.h). Its kind says what the frame is; a frame can be mapped to a user
 * only while it is *untyped*, and is a table only while it is not. Its count is
 *
 *     refs == handles that somebody holds + leaves that map it        (untyped)
 *     refs == 1                                                       (table)
 *     refs beyond the limit                                           (unique)
 *
 * and at zero the frame returns to vms_port_frame_free(). A count never wraps.
 */
#ifndef VMS_FRAME_H
#define VMS_FRAME_H

#include <vms/state.h>
#include <vms/types.h>

/**
 * Make an unused frame the caller's, with one reference.
 *
 * frame  its number, and that of its first 4 KiB if it is huge: aligned to its size.
 * kind   VMS_FRAME_UNTYPED or VMS_FRAME_KERNEL.
 * level  1, 2 or 3: 4 KiB, 2 MiB or 1 GiB. All parts of a huge frame must be unused.
 *
 * Returns  VMS_OK
 *          VMS_INVALID        kind or level is none of these, or a huge frame is not aligned to its size
 *          VMS_OUT_OF_BOUNDS  the machine has no such frame
 *          VMS_IN_USE         it is in use, or reserved
 * Context  any. The caller's allocator must hand one frame to one caller.
 * Note     its contents are as they were: zero it before a user can see it.
 */
/*@ requires mem_ok && books_ok;
  @ assigns vms_machine.meta[frame .. frame + pages_in(level) - 1].kind,
  @   vms_machine.meta[frame .. frame + pages_in(level) - 1].level, vms_machine.meta[frame].refs;
  @ ensures !(shareable(kind) && 1 <= level <= ARCH_LEAF_LEVELS) ==> \result == VMS_INVALID;
  @ ensures shareable(kind) && 1 <= level <= ARCH_LEAF_LEVELS && frame + pages_in(level) > vms_machine.nr_frames ==>
  @   \result == VMS_OUT_OF_BOUNDS;
  @ ensures shareable(kind) && 1 <= level <= ARCH_LEAF_LEVELS && frame + pages_in(level) <= vms_machine.nr_frames &&
  @   frame % pages_in(level) != 0 ==> \result == VMS_INVALID;
  @ ensures shareable(kind) && 1 <= level <= ARCH_LEAF_LEVELS && frame + pages_in(level) <= vms_machine.nr_frames &&
  @   frame % pages_in(level) == 0 ==> (\result == VMS_OK || \result == VMS_IN_USE) &&
  @   (\result == VMS_OK <==> \old(all_of_kind(frame, frame + pages_in(level), VMS_FRAME_UNUSED)));
  @ ensures \result != VMS_OK ==> same_kinds{Pre,Post} && same_refs_but{Pre,Post}(-1);
  @ ensures \result == VMS_OK ==> kind_of(frame) == kind && size_of(frame) == level && refs_of(frame) == 1;
  @ ensures \result == VMS_OK ==> whole_ok(frame);
  @ ensures books_ok; */
VMS_MUST_USE enum vms_status vms_frame_from_unused(vms_pfn frame, enum vms_frame_kind kind, uint32_t level);

/**
 * Take one more reference to a frame that somebody holds.
 *
 * Returns  VMS_OK
 *          VMS_OUT_OF_BOUNDS  the machine has no such frame
 *          VMS_UNUSED         nobody holds it: unused, reserved, or a table
 *          VMS_SATURATED      2^32 - 2^16 references are held already
 * Context  any; lock-free, one atomic addition.
 */
/*@ requires mem_ok && books_ok;
  @ assigns vms_machine.meta[head_of(frame)].refs;
  @ ensures frame >= vms_machine.nr_frames ==> \result == VMS_OUT_OF_BOUNDS;
  @ ensures is_frame(frame) && !\old(is_held(head_of(frame))) ==> \result == VMS_UNUSED;
  @ ensures is_frame(frame) && \old(is_held(head_of(frame))) ==>
  @   \result == (\old(refs_of(head_of(frame))) < 0xffff0000 ? VMS_OK : VMS_SATURATED);
  @ ensures \result == VMS_OK ==> refs_of(head_of(frame)) == \old(refs_of(head_of(frame))) + 1;
  @ ensures is_frame(frame) && \result != VMS_OK ==> refs_of(head_of(frame)) == \old(refs_of(head_of(frame)));
  @ ensures same_kinds{Pre,Post};
  @ ensures books_ok; */
VMS_MUST_USE enum vms_status vms_frame_get(vms_pfn frame);

/**
 * Give one reference back. The last one frees the frame: see vms_port_frame_free().
 *
 * frame  an untyped or kernel frame of which the caller holds a reference.
 * Context  preemption off.
 */
/*@ requires mem_ok && books_ok;
  @ assigns vms_machine.meta[0 .. vms_machine.nr_frames - 1].kind, vms_machine.meta[head_of(frame)].refs;
  @ ensures \old(is_frame(frame) && is_held(head_of(frame))) ==>
  @   refs_of(\old(head_of(frame))) == \old(refs_of(head_of(frame))) - 1;
  @ ensures !\old(is_frame(frame) && is_held(head_of(frame))) || refs_of(\old(head_of(frame))) > 0 ==>
  @   same_kinds{Pre,Post};
  @ ensures is_frame(frame) ==> same_kinds_but{Pre,Post}(\old(head_of(frame)),
  @   \old(head_of(frame)) + pages_in(\old(size_of(head_of(frame)))));
  @ ensures books_ok; */
void vms_frame_put(vms_pfn frame);

/**
 * The number of references held now: exact if the caller keeps others from taking or giving any,
 * a hint otherwise. 0 for a frame that does not exist or is not in use.
 */
/*@ requires mem_ok && books_ok;
  @ assigns \nothing;
  @ ensures is_frame(frame) && is_held(head_of(frame)) ==> \result == refs_of(head_of(frame));
  @ ensures !is_frame(frame) || !is_held(head_of(frame)) ==> \result == 0; */
uint32_t vms_frame_refs(vms_pfn frame);

#endif
