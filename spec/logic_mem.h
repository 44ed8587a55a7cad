/*
 * Words of the contracts: the machine's memory, and the books of its frames.
 */
#ifndef VMS_SPEC_LOGIC_MEM_H
#define VMS_SPEC_LOGIC_MEM_H

#include <spec/logic_pte.h>
#include <spec/logic_slot.h>
#include <pte.h>
#include <vms/state.h>

/* Where the machine's memory is does not change. A macro: provers see plain equalities. */
#define same_mem(L1, L2) \
	(\at(vms_machine.ram, L1) == \at(vms_machine.ram, L2) && \
	 \at(vms_machine.meta, L1) == \at(vms_machine.meta, L2) && \
	 \at(vms_machine.nr_frames, L1) == \at(vms_machine.nr_frames, L2))

/*@
  // The machine is set up: frames and their records are there, apart from each other and from vms_machine.
  predicate mem_ok{L} =
    \valid(vms_machine.ram + (0 .. vms_machine.nr_frames - 1)) &&
    \valid(vms_machine.meta + (0 .. vms_machine.nr_frames - 1)) &&
    \separated(vms_machine.ram + (0 .. vms_machine.nr_frames - 1),
               vms_machine.meta + (0 .. vms_machine.nr_frames - 1), &vms_machine) &&
    vms_machine.nr_frames < VMS_NO_FRAME &&
    1 <= vms_machine.nr_cpus <= VMS_MAX_CPUS && 1 <= vms_machine.nr_tags <= VMS_MAX_TAGS;

  // What a frame's record says.
  predicate is_frame{L}(integer f) = 0 <= f < vms_machine.nr_frames;
  logic integer kind_of{L}(integer f) = vms_machine.meta[f].kind;
  logic integer refs_of{L}(integer f) = vms_machine.meta[f].refs;
  logic integer size_of{L}(integer f) = vms_machine.meta[f].level; // as the level of its leaf
  // Somebody holds it, and others may too; likewise, or somebody has it alone; it is a part of a huge frame.
  predicate shareable(integer kind) = kind == VMS_FRAME_UNTYPED || kind == VMS_FRAME_KERNEL;
  predicate is_held{L}(integer f) = shareable(kind_of(f)) && refs_of(f) > 0;
  predicate is_whole{L}(integer f) = shareable(kind_of(f)) || kind_of(f) == VMS_FRAME_UNIQUE;
  predicate is_tail{L}(integer f) = kind_of(f) == VMS_FRAME_TAIL;
  // The frame whose record counts for this one.
  logic integer head_of{L}(integer f) =
    vms_machine.meta[f].kind == VMS_FRAME_TAIL ? f - f % pages_in(size_of(f)) : f;
  // References to it are counted.
  predicate counted{L}(integer f) = is_frame(f) && kind_of(head_of(f)) == VMS_FRAME_UNTYPED;

  predicate tails_of{L}(integer from, integer to, integer size) =
    \forall integer f; from <= f < to ==> is_tail(f) && size_of(f) == size;
  // A whole frame lies in the machine, aligned to its size, and the rest of it is its tails; no tail without a whole.
  predicate whole_ok{L}(integer f) = 1 <= size_of(f) <= ARCH_LEAF_LEVELS && f % pages_in(size_of(f)) == 0 &&
    f + pages_in(size_of(f)) <= vms_machine.nr_frames &&
    tails_of(f + 1, f + pages_in(size_of(f)), size_of(f));
  predicate tail_ok{L}(integer f) = 2 <= size_of(f) <= ARCH_LEAF_LEVELS && is_whole(head_of(f)) &&
    size_of(head_of(f)) == size_of(f);
  // Nobody's frames have no references.
  predicate refs_ok{L}(integer f) =
    (kind_of(f) == VMS_FRAME_UNUSED || kind_of(f) == VMS_FRAME_RESERVED || is_tail(f) ==> refs_of(f) == 0) &&
    (is_whole(f) ==> refs_of(f) > 0) &&
    (kind_of(f) == VMS_FRAME_UNIQUE ==> refs_of(f) == 0xffff8000 && shareable(vms_machine.meta[f].shared_kind));
  predicate counts_ok{L} = \forall integer f; is_frame(f) ==> refs_ok(f);
  predicate forms_ok{L} =
    \forall integer f; is_frame(f) ==> (is_whole(f) ==> whole_ok(f)) && (is_tail(f) ==> tail_ok(f));
  predicate books_ok{L} = counts_ok && forms_ok;
  predicate all_of_kind{L}(integer from, integer to, integer kind) =
    \forall integer f; from <= f < to ==> kind_of(f) == kind;

  // What a frame is (its count may differ); the whole record.
  predicate same_kind{L1,L2}(integer f) =
    \at(vms_machine.meta[f].kind,L1) == \at(vms_machine.meta[f].kind,L2) &&
    \at(vms_machine.meta[f].level,L1) == \at(vms_machine.meta[f].level,L2) &&
    \at(vms_machine.meta[f].shared_kind,L1) == \at(vms_machine.meta[f].shared_kind,L2);
  predicate same_kinds{L1,L2} = \forall integer f; is_frame{L1}(f) ==> same_kind{L1,L2}(f);
  predicate same_kinds_but{L1,L2}(integer from, integer to) =
    \forall integer f; is_frame{L1}(f) && !(from <= f < to) ==> same_kind{L1,L2}(f);
  // Which frames are whole, and how large, is as before.
  predicate same_form{L1,L2}(integer f) = (is_whole{L1}(f) <==> is_whole{L2}(f)) &&
    (is_tail{L1}(f) <==> is_tail{L2}(f)) && size_of{L1}(f) == size_of{L2}(f);
  predicate same_forms{L1,L2} = \forall integer f; is_frame{L1}(f) ==> same_form{L1,L2}(f);
  predicate same_refs_but{L1,L2}(integer h) = \forall integer f; is_frame{L1}(f) && f != h ==>
    refs_of{L1}(f) == refs_of{L2}(f);
  predicate same_record{L1,L2}(integer f) = same_kind{L1,L2}(f) &&
    \at(vms_machine.meta[f].refs,L1) == \at(vms_machine.meta[f].refs,L2) &&
    \at(vms_machine.meta[f].next,L1) == \at(vms_machine.meta[f].next,L2) &&
    \at(vms_machine.meta[f].root,L1) == \at(vms_machine.meta[f].root,L2) &&
    \at(vms_machine.meta[f].prefix,L1) == \at(vms_machine.meta[f].prefix,L2) &&
    \at(vms_machine.meta[f].nr_present,L1) == \at(vms_machine.meta[f].nr_present,L2) &&
    \at(vms_machine.meta[f].stray,L1) == \at(vms_machine.meta[f].stray,L2) &&
    \at(vms_machine.meta[f].lock,L1) == \at(vms_machine.meta[f].lock,L2) &&
    \at(vms_machine.meta[f].used,L1) == \at(vms_machine.meta[f].used,L2);
  // L1 -> L2: tables stay tables, and nothing else becomes one.
  predicate tables_stay{L1,L2} = \forall integer f; is_frame{L1}(f) ==>
    (kind_of{L2}(f) == VMS_FRAME_TABLE <==> kind_of{L1}(f) == VMS_FRAME_TABLE);
*/

#endif
