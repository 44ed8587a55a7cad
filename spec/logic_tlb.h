/*
 * Words of the contracts: CPU sets, flushers, and what a CPU is asked to flush.
 *
 * A translation that was removed is on its way: first the flusher has it (queued), then the queue of every CPU that
 * has the space active (told). No frame that waits for it is freed before.
 */
#ifndef VMS_SPEC_LOGIC_TLB_H
#define VMS_SPEC_LOGIC_TLB_H

#include <spec/logic_mem.h>
#include <vms/state.h>

/* What flushing writes, whoever asks for it. A macro: contracts list places. */
/* clang-format off */
#define flush_state vms_machine.cpu[0 .. VMS_MAX_CPUS - 1]
/* clang-format on */

/*@
  // The CPU that runs this code.
  axiomatic ThisCpu { logic integer this_cpu; }
  predicate cpu_exists{L}(integer c) = 0 <= c < vms_machine.nr_cpus && c < VMS_MAX_CPUS;

  // A CPU set is a word.
  predicate in_set(integer s, integer c) = (s & (1 << c)) != 0;

  // A space is the kernel's, or lies elsewhere than the machine.
  predicate space_ok{L}(struct vms_space *s) =
    \valid(s) && (s == &vms_machine.kernel || \separated(s, &vms_machine));
  logic integer of_kernel{L}(struct vms_space *s) = s == &vms_machine.kernel ? 1 : 0;

  // A range of pages; which addresses it covers.
  predicate pages_ok(integer start, integer nr_pages) =
    1 <= nr_pages <= VMS_FLUSH_PAGES && start + nr_pages * VMS_PAGE < 0x10000000000000000;
  predicate covers(integer start, integer nr_pages, integer va) = start <= va < start + nr_pages * VMS_PAGE;

  predicate ranges_ok{L}(struct vms_tlb_flusher *f) = f->nr_ranges <= VMS_FLUSH_RANGES &&
    \forall integer i; 0 <= i < f->nr_ranges ==> pages_ok(f->range[i].start, f->range[i].nr_pages);
  // A flusher, and which addresses it has queued.
  predicate flusher_ok{L}(struct vms_tlb_flusher *f) =
    \valid(f) && \separated(f, &vms_machine) && space_ok(f->space) && \separated(f, f->space) &&
    ranges_ok(f) && f->nr_frames <= VMS_FLUSH_FRAMES && f->nr_pages <= VMS_FLUSH_PAGES &&
    \forall integer i; 0 <= i < f->nr_ranges ==> f->range[i].nr_pages <= f->nr_pages;
  predicate in_range_of{L}(struct vms_tlb_flusher *f, integer i, integer va) =
    covers(f->range[i].start, f->range[i].nr_pages, va);
  predicate queued{L}(struct vms_tlb_flusher *f, integer va) =
    f->all || \exists integer i; 0 <= i < f->nr_ranges && in_range_of(f, i, va);
  predicate kept_ranges{L1,L2}(struct vms_tlb_flusher *f) =
    \forall integer i, va; 0 <= i < \at(f->nr_ranges, L1) && in_range_of{L1}(f, i, va) ==> in_range_of{L2}(f, i, va);
  // [start, end) was added to it: nothing is lost, and nothing else came, if not everything did.
  predicate added{L1,L2}(struct vms_tlb_flusher *f, integer start, integer end) =
    \forall integer va; queued{L1}(f, va) || start <= va < end ==> queued{L2}(f, va);
  predicate added_only{L1,L2}(struct vms_tlb_flusher *f, integer start, integer end) =
    \forall integer va; queued{L2}(f, va) ==> \at(f->all, L2) || queued{L1}(f, va) || start <= va < end;
  predicate same_flusher{L1,L2}(struct vms_tlb_flusher *f) =
    \at(f->space, L1) == \at(f->space, L2) && \at(f->nr_ranges, L1) == \at(f->nr_ranges, L2) &&
    \at(f->all, L1) == \at(f->all, L2) && \forall integer i; 0 <= i < VMS_FLUSH_RANGES ==>
      \at(f->range[i].start, L1) == \at(f->range[i].start, L2) &&
      \at(f->range[i].nr_pages, L1) == \at(f->range[i].nr_pages, L2);
  predicate nothing_queued{L}(struct vms_tlb_flusher *f) = !f->all && f->nr_ranges == 0;

  // What CPU c is asked to flush of the kernel's half, or of the user's.
  predicate queue_ok{L}(integer c) =
    vms_machine.cpu[c].queue.nr_ranges <= VMS_FLUSH_RANGES && vms_machine.cpu[c].queue.all <= VMS_FLUSH_ALL &&
    \forall integer i; 0 <= i < vms_machine.cpu[c].queue.nr_ranges ==>
      pages_ok(vms_machine.cpu[c].queue.range[i].start, vms_machine.cpu[c].queue.range[i].nr_pages);
  predicate queues_ok{L} = vms_machine.nr_cpus <= VMS_MAX_CPUS &&
    \forall integer c; 0 <= c < VMS_MAX_CPUS ==> queue_ok(c);
  predicate in_queue{L}(integer c, integer i, integer va) =
    covers(vms_machine.cpu[c].queue.range[i].start, vms_machine.cpu[c].queue.range[i].nr_pages, va);
  predicate asked{L}(integer c, integer kernel, integer va) =
    vms_machine.cpu[c].queue.all == VMS_FLUSH_ALL || (kernel == 0 && vms_machine.cpu[c].queue.all == VMS_FLUSH_ALL_USER) ||
    \exists integer i; 0 <= i < vms_machine.cpu[c].queue.nr_ranges && in_queue(c, i, va);
  // Each CPU is asked for all that it was asked for before.
  predicate still_asked{L1,L2}(integer c) =
    \forall integer kernel, integer va; asked{L1}(c, kernel, va) ==> asked{L2}(c, kernel, va);
  // It is asked for all that a flusher has queued; for the first i of its ranges.
  predicate asked_all{L}(integer c, struct vms_tlb_flusher *f) =
    \forall integer va; queued(f, va) ==> asked(c, of_kernel(f->space), va);
  predicate asked_first{L}(integer c, struct vms_tlb_flusher *f, integer i) =
    \forall integer j, k, va; 0 <= j < i && in_range_of(f, j, va) ==> asked(c, k, va);
  // Its queue did not change.
  predicate same_queue{L1,L2}(integer c) =
    \at(vms_machine.cpu[c].queue.nr_ranges, L1) == \at(vms_machine.cpu[c].queue.nr_ranges, L2) &&
    \at(vms_machine.cpu[c].queue.all, L1) == \at(vms_machine.cpu[c].queue.all, L2) &&
    \forall integer i; 0 <= i < VMS_FLUSH_RANGES ==>
      \at(vms_machine.cpu[c].queue.range[i].start, L1) == \at(vms_machine.cpu[c].queue.range[i].start, L2) &&
      \at(vms_machine.cpu[c].queue.range[i].nr_pages, L1) == \at(vms_machine.cpu[c].queue.range[i].nr_pages, L2);
  // What CPUs have beside it did not change: which space is active, what this CPU's TLB holds, tables that wait.
  predicate same_cpus{L1,L2} = \forall integer c; 0 <= c < VMS_MAX_CPUS ==>
    \at(vms_machine.cpu[c].active, L1) == \at(vms_machine.cpu[c].active, L2) &&
    \at(vms_machine.cpu[c].tag, L1) == \at(vms_machine.cpu[c].tag, L2) &&
    \at(vms_machine.cpu[c].next_tag, L1) == \at(vms_machine.cpu[c].next_tag, L2) &&
    \at(vms_machine.cpu[c].waiting, L1) == \at(vms_machine.cpu[c].waiting, L2) &&
    \at(vms_machine.cpu[c].young, L1) == \at(vms_machine.cpu[c].young, L2) &&
    \at(vms_machine.cpu[c].section, L1) == \at(vms_machine.cpu[c].section, L2);
  predicate other_queues{L1,L2}(integer cpu) =
    (\forall integer c; 0 <= c < VMS_MAX_CPUS && c != cpu ==>
      \at(vms_machine.cpu[c].queue.nr_ranges, L1) == \at(vms_machine.cpu[c].queue.nr_ranges, L2) &&
      \at(vms_machine.cpu[c].queue.all, L1) == \at(vms_machine.cpu[c].queue.all, L2)) &&
    (\forall integer c, i; 0 <= c < VMS_MAX_CPUS && c != cpu && 0 <= i < VMS_FLUSH_RANGES ==>
      \at(vms_machine.cpu[c].queue.range[i].start, L1) == \at(vms_machine.cpu[c].queue.range[i].start, L2) &&
      \at(vms_machine.cpu[c].queue.range[i].nr_pages, L1) == \at(vms_machine.cpu[c].queue.range[i].nr_pages, L2));
  predicate all_still_asked{L1,L2} = \forall integer c; 0 <= c < VMS_MAX_CPUS ==> still_asked{L1,L2}(c);
  // A space as it is made.
  predicate space_is{L}(struct vms_space *s, integer root, integer start, integer end) = s->root == root &&
    s->start == start && s->end == end && s->refs == 1 && s->active == 0 && s->generation == 0 && s->on_fault == \null;
  // What this CPU knows of tags is in bounds.
  predicate tags_ok{L} = vms_machine.nr_tags <= VMS_MAX_TAGS && (vms_machine.nr_tags > 1 ==>
    vms_machine.cpu[this_cpu].next_tag < vms_machine.nr_tags - 1 &&
    vms_machine.cpu[this_cpu].tag < vms_machine.nr_tags - 1);
  predicate told{L}(struct vms_tlb_flusher *f, integer s) =
    \forall integer c; cpu_exists(c) && in_set(s, c) && c != this_cpu ==> asked_all(c, f);
  // What the flusher had queued in L1, each of these other CPUs is asked for in L2.
  predicate handed{L1,L2}(struct vms_tlb_flusher *f, integer s) =
    \forall integer c, va; cpu_exists{L1}(c) && in_set(s, c) &&
    c != this_cpu && queued{L1}(f, va) ==> asked{L2}(c, of_kernel{L1}(\at(f->space, L1)), va);
*/

#endif
