/*
 * Lemmas: what is queued and asked stays so.
 */
#ifndef VMS_SPEC_LEMMA_TLB_H
#define VMS_SPEC_LEMMA_TLB_H

/*@
  lemma one_queued{L}: \forall struct vms_tlb_flusher *f, integer i, va;
    0 <= i < f->nr_ranges && in_range_of(f, i, va) ==> queued(f, va);
  lemma ranges_stay{L1,L2}: \forall struct vms_tlb_flusher *f;
    ranges_ok{L1}(f) && same_flusher{L1,L2}(f) ==> ranges_ok{L2}(f);
  lemma asked_first_still{L1,L2}: \forall struct vms_tlb_flusher *f, integer c, i; 0 <= i <= VMS_FLUSH_RANGES &&
    same_flusher{L1,L2}(f) && asked_first{L1}(c, f, i) && still_asked{L1,L2}(c) ==> asked_first{L2}(c, f, i);
  lemma asked_all_still{L1,L2}: \forall struct vms_tlb_flusher *f, integer c; ranges_ok{L1}(f) &&
    same_flusher{L1,L2}(f) && asked_all{L1}(c, f) && still_asked{L1,L2}(c) ==> asked_all{L2}(c, f);
  lemma same_queue_ok{L1,L2}: \forall integer c; same_queue{L1,L2}(c) && queue_ok{L1}(c) ==> queue_ok{L2}(c);
  lemma same_queue_asked{L1,L2}: \forall integer c; same_queue{L1,L2}(c) && queue_ok{L1}(c) ==> still_asked{L1,L2}(c);
  lemma one_asked{L}: \forall integer c, i, k, va; 0 <= i < vms_machine.cpu[c].queue.nr_ranges && in_queue(c, i, va) ==>
    asked(c, k, va);
  // One CPU's queue changes, and nothing that it was asked for is lost.
  lemma other_queue{L1,L2}: \forall integer cpu, c; other_queues{L1,L2}(cpu) && 0 <= c < VMS_MAX_CPUS && c != cpu ==>
    same_queue{L1,L2}(c);
  lemma others_ok{L1,L2}: \forall integer cpu; \at(vms_machine.nr_cpus,L1) == \at(vms_machine.nr_cpus,L2) ==>
    queues_ok{L1} && other_queues{L1,L2}(cpu) && queue_ok{L2}(cpu) ==> queues_ok{L2};
  lemma others_asked{L1,L2}: \forall integer cpu; queues_ok{L1} && other_queues{L1,L2}(cpu) &&
    still_asked{L1,L2}(cpu) ==> all_still_asked{L1,L2};
*/

#endif
