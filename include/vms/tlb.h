/*
 * Keeping TLBs coherent: a queue of what must be forgotten, and of the frames that wait for it.
 *
 * A *flusher* belongs to one space and collects ranges (issue) and frames that may be freed only when no
 * CPU can use them any more (issue_with). dispatch hands the ranges to every CPU on which the space is
 * active and interrupts them; sync waits until each has flushed, then lets the frames go. Cursors carry a
 * flusher and do all this by themselves on close; use it directly only to flush for other reasons.
 *
 * A CPU that waits always serves what others ask of it, so two CPUs may wait for each other.
 */
#ifndef VMS_TLB_H
#define VMS_TLB_H

#include <vms/state.h>
#include <vms/types.h>

/**
 * Start an empty flusher for a space. Cost: a few stores.
 */
/*@ requires \valid(flusher) && space_ok(space) && \separated(flusher, space) && \separated(flusher, &vms_machine);
  @ assigns flusher->space, flusher->nr_ranges, flusher->nr_frames, flusher->all, flusher->nr_pages, flusher->waiting,
  @   flusher->tables;
  @ ensures flusher_ok(flusher) && flusher->space == space && nothing_queued(flusher);
  @ ensures flusher->nr_frames == 0 && flusher->waiting == 0 && flusher->tables == VMS_NO_FRAME; */
void vms_tlb_flusher_init(struct vms_tlb_flusher *flusher, struct vms_space *space);

/**
 * Queue: forget the translations of [start, start + len), both multiples of VMS_PAGE.
 * Adjacent ranges join; past VMS_FLUSH_RANGES or VMS_FLUSH_PAGES the queue becomes "everything but
 * global entries". Nothing is flushed yet. Context: preemption off.
 */
/*@ requires flusher_ok(flusher);
  @ requires len % VMS_PAGE == 0 && start + len < 0x10000000000000000;
  @ assigns flusher->all, flusher->nr_pages, flusher->nr_ranges, flusher->range[0 .. VMS_FLUSH_RANGES - 1];
  @ ensures flusher_ok(flusher);
  @ ensures added{Pre,Post}(flusher, start, start + len) && added_only{Pre,Post}(flusher, start, start + len); */
void vms_tlb_issue(struct vms_tlb_flusher *flusher, vms_va start, uint64_t len);

/**
 * The same, and keep one reference to a frame until the flush is done. When VMS_FLUSH_FRAMES are parked
 * already, what is queued is dispatched and waited for first.
 * Context  as vms_tlb_sync().
 */
void vms_tlb_issue_with(struct vms_tlb_flusher *flusher, vms_va start, uint64_t len, vms_pfn frame);

/**
 * Hand what is queued to every CPU that has the space active, interrupt them, and flush on this CPU.
 * The queue is empty afterwards. Does not wait. Context: preemption off, any interrupt state.
 */
/*@ requires flusher_ok(flusher) && queues_ok;
  @ assigns flusher->all, flusher->nr_pages, flusher->nr_ranges, flusher->waiting,
  @   flusher->space->generation, flush_state;
  @ ensures flusher_ok(flusher) && nothing_queued(flusher) && queues_ok && same_cpus{Pre,Post};
  @ ensures all_still_asked{Pre,Post} && handed{Pre,Post}(flusher, \old(flusher->space->active));
  @ ensures !\old(nothing_queued(flusher)) ==> flusher->waiting ==
  @   (\old(flusher->waiting) | (\old(flusher->space->active) & ~(1 << this_cpu))); */
void vms_tlb_dispatch(struct vms_tlb_flusher *flusher);

/**
 * Wait until every CPU that was told has flushed, then free the parked frames. Afterwards no CPU can use
 * a translation that was removed before the dispatch.
 * Context  preemption off, any interrupt state (the wait serves incoming flushes); no lock of the
 *          kernel's may be held that another CPU takes with interrupts off without serving flushes.
 */
void vms_tlb_sync(struct vms_tlb_flusher *flusher);

/**
 * Do what other CPUs asked of this one. Call it from the interrupt that vms_port_interrupt() sends and in
 * loops that wait with interrupts off. Cheap when there is nothing to do: one load.
 * Context  preemption off, any interrupt state.
 */
/*@ requires queues_ok;
  @ assigns flush_state;
  @ ensures queues_ok && same_cpus{Pre,Post} && other_queues{Pre,Post}(this_cpu);
  @ ensures vms_machine.cpu[this_cpu].flushed == vms_machine.cpu[this_cpu].queue.asked; */
void vms_tlb_service(void);

/**
 * Free detached tables of this CPU that no other CPU can be looking at any more. Never waits.
 * Returns  true if none is left waiting.
 * Context  preemption off, thread context: not from an interrupt handler, not inside a cursor.
 */
bool vms_reclaim(void);

#endif
