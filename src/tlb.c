/*
 * Flushing TLBs, here and on other CPUs.
 *
 * A flusher's ranges go into the queue of every CPU that has the space active; each queue counts what was
 * asked (`asked`), and its CPU what it has done (`flushed`). The one who asks waits until they meet, and
 * serves its own queue meanwhile. Order, with activation (space.c):
 *
 *     flusher:  clear entries; fence; read the CPU set        CPU: set own bit; fence; load the root; walk
 *
 * Either the flusher sees the bit, or the CPU's walk sees the cleared entries.
 */
#include <vms/tlb.h>

#include <vms/frame.h>
#include <vms/machine.h>
#include <vms/port.h>
#include <mmu.h>

#include "atomic.h"
#include "flush.h"
#include "lock.h"

void vms_tlb_flusher_init(struct vms_tlb_flusher *flusher, struct vms_space *space)
{
	vms__flusher_init(flusher, space);
}

/* Make the last range longer, if these pages follow it. */
/*@ requires flusher_ok(flusher) && !flusher->all && pages_ok(start, nr_pages);
  @ requires flusher->nr_pages + nr_pages <= VMS_FLUSH_PAGES;
  @ assigns flusher->nr_pages, flusher->range[0 .. VMS_FLUSH_RANGES - 1];
  @ ensures flusher_ok(flusher);
  @ ensures \result ==> added{Pre,Post}(flusher, start, start + nr_pages * VMS_PAGE);
  @ ensures \result ==> added_only{Pre,Post}(flusher, start, start + nr_pages * VMS_PAGE);
  @ ensures !\result ==> flusher->nr_pages == \old(flusher->nr_pages) && added{Pre,Post}(flusher, 0, 0) &&
  @   added_only{Pre,Post}(flusher, 0, 0); */
static bool range_join(struct vms_tlb_flusher *flusher, vms_va start, uint64_t nr_pages)
{
	struct vms_flush_range *last;

	if (flusher->nr_ranges == 0)
		return false;
	last = &flusher->range[flusher->nr_ranges - 1];
	if (last->start + last->nr_pages * VMS_PAGE != start)
		return false;
	last->nr_pages += nr_pages;
	flusher->nr_pages += nr_pages;
	//@ assert kept_ranges{Pre,Here}(flusher);
	/*@ assert \forall integer va; start <= va < start + nr_pages * VMS_PAGE ==>
	  @   in_range_of(flusher, flusher->nr_ranges - 1, va); */
	/*@ assert \forall integer i, va; 0 <= i < flusher->nr_ranges - 1 && in_range_of(flusher, i, va) ==>
	  @   in_range_of{Pre}(flusher, i, va); */
	return true;
}

/* One range more, if there is room. */
/*@ requires flusher_ok(flusher) && !flusher->all && pages_ok(start, nr_pages);
  @ requires flusher->nr_pages + nr_pages <= VMS_FLUSH_PAGES;
  @ assigns flusher->nr_pages, flusher->nr_ranges, flusher->range[0 .. VMS_FLUSH_RANGES - 1];
  @ ensures flusher_ok(flusher);
  @ ensures \result ==> added{Pre,Post}(flusher, start, start + nr_pages * VMS_PAGE);
  @ ensures \result ==> added_only{Pre,Post}(flusher, start, start + nr_pages * VMS_PAGE);
  @ ensures !\result ==> flusher->nr_pages == \old(flusher->nr_pages) && added{Pre,Post}(flusher, 0, 0) &&
  @   added_only{Pre,Post}(flusher, 0, 0); */
static bool range_append(struct vms_tlb_flusher *flusher, vms_va start, uint64_t nr_pages)
{
	if (flusher->nr_ranges == VMS_FLUSH_RANGES)
		return false;
	flusher->range[flusher->nr_ranges].start = start;
	flusher->range[flusher->nr_ranges].nr_pages = nr_pages;
	flusher->nr_ranges++;
	flusher->nr_pages += nr_pages;
	//@ assert kept_ranges{Pre,Here}(flusher);
	/*@ assert \forall integer va; start <= va < start + nr_pages * VMS_PAGE ==>
	  @   in_range_of(flusher, flusher->nr_ranges - 1, va); */
	//@ assert \forall integer va; queued{Pre}(flusher, va) ==> queued(flusher, va);
	//@ assert \forall integer va; start <= va < start + nr_pages * VMS_PAGE ==> queued(flusher, va);
	return true;
}

void vms_tlb_issue(struct vms_tlb_flusher *flusher, vms_va start, uint64_t len)
{
	uint64_t nr_pages = len / VMS_PAGE;

	if (flusher->all || nr_pages == 0)
		return;
	if (nr_pages > VMS_FLUSH_PAGES - flusher->nr_pages ||
	    (!range_join(flusher, start, nr_pages) && !range_append(flusher, start, nr_pages)))
		flusher->all = true;
}

void vms_tlb_issue_with(struct vms_tlb_flusher *flusher, vms_va start, uint64_t len, vms_pfn frame)
{
	vms_tlb_issue(flusher, start, len);
	vms__flusher_park(flusher, frame);
}

_Static_assert(VMS_FLUSH_PAGES < VMS_ENTRIES, "a table that goes is flushed with everything");

/*
 * How much a flusher that gave up counting asks for: the kernel's entries are global. (So is what CPUs keep of a
 * kernel table, under each tag; a table that goes is always too much to count.)
 */
/*@ requires \valid_read(flusher);
  @ assigns \nothing;
  @ ensures \result == (!flusher->all ? VMS_FLUSH_NOT_ALL :
  @   flusher->space == &vms_machine.kernel ? VMS_FLUSH_ALL : VMS_FLUSH_ALL_USER); */
static uint32_t all_of(const struct vms_tlb_flusher *flusher)
{
	if (!flusher->all)
		return VMS_FLUSH_NOT_ALL;
	return flusher->space == &vms_machine.kernel ? VMS_FLUSH_ALL : VMS_FLUSH_ALL_USER;
}

/*@ requires \valid_read(range + (0 .. nr_ranges - 1)); assigns \nothing; */
static void flush_here(uint32_t all, const struct vms_flush_range *range, uint32_t nr_ranges)
{
	if (all == VMS_FLUSH_ALL) {
		arch_mmu_flush_global();
		return;
	}
	/* The kernel's pages are global: a queue may hold some beside "all of the user's". */
	if (all == VMS_FLUSH_ALL_USER)
		arch_mmu_flush_all();
	/*@ loop assigns i; loop variant nr_ranges - i; */
	for (uint32_t i = 0; i < nr_ranges; i++) {
		/*@ loop assigns page; loop variant range[i].nr_pages - page; */
		for (uint64_t page = 0; page < range[i].nr_pages; page++)
			arch_mmu_flush_page(range[i].start + page * VMS_PAGE);
	}
}

/*@ requires \valid(queue); assigns queue->lock; ensures queue->lock == 1; */
static void queue_lock(struct vms_flush_queue *queue)
{
	/*@ loop assigns queue->lock; */
	while (vms__exchange32(&queue->lock, 1) != 0)
		arch_cpu_relax();
}

/* Ask a CPU for the range i of these, or for everything if there is no room. */
/*@ requires cpu_exists(cpu) && queue_ok(cpu) && ranges_ok(flusher);
  @ requires \valid_read(flusher) && \separated(flusher, &vms_machine) && i < flusher->nr_ranges;
  @ requires asked_first(cpu, flusher, i);
  @ assigns vms_machine.cpu[cpu].queue;
  @ ensures queue_ok(cpu) && still_asked{Pre,Post}(cpu);
  @ ensures vms_machine.cpu[cpu].queue.all >= \old(vms_machine.cpu[cpu].queue.all);
  @ ensures same_flusher{Pre,Post}(flusher);
  @ ensures other_queues{Pre,Post}(cpu);
  @ ensures same_cpus{Pre,Post};
  @ ensures asked_first(cpu, flusher, i + 1); */
static void queue_add(uint32_t cpu, const struct vms_tlb_flusher *flusher, uint32_t i)
{
	struct vms_flush_queue *queue = &vms_machine.cpu[cpu].queue;

	if (queue->nr_ranges == VMS_FLUSH_RANGES) {
		queue->all = VMS_FLUSH_ALL;
		//@ assert \forall integer k, va; asked(cpu, k, va);
		return;
	}
	queue->range[queue->nr_ranges] = flusher->range[i];
	queue->nr_ranges++;
	/*@ assert \forall integer k, va; 0 <= k < queue->nr_ranges - 1 && in_queue{Pre}(cpu, k, va) ==>
	  @   in_queue(cpu, k, va); */
	//@ assert \forall integer va; in_range_of(flusher, i, va) ==> in_queue(cpu, queue->nr_ranges - 1, va);
	//@ assert same_flusher{Pre,Here}(flusher) && still_asked{Pre,Here}(cpu);
	//@ assert \forall integer k, va; in_range_of(flusher, i, va) ==> asked(cpu, k, va);
	/*@ assert \forall integer j, k, va; 0 <= j < i && in_range_of(flusher, j, va) ==>
	  @   in_range_of{Pre}(flusher, j, va) && asked(cpu, k, va); */
	/*@ assert \forall integer j, k, va; 0 <= j <= i && in_range_of(flusher, j, va) ==> asked(cpu, k, va); */
}

/* Ask one CPU. Its queue's lock is never held while waiting, so this does not wait for flushes. */
/*@ requires cpu_exists(cpu) && queue_ok(cpu) && ranges_ok(flusher);
  @ requires \valid_read(flusher) && \separated(flusher, &vms_machine);
  @ assigns vms_machine.cpu[cpu].queue;
  @ ensures same_flusher{Pre,Post}(flusher);
  @ ensures other_queues{Pre,Post}(cpu);
  @ ensures same_cpus{Pre,Post};
  @ ensures queue_ok(cpu) && still_asked{Pre,Post}(cpu);
  @ ensures asked_all(cpu, flusher); */
static void queue_ask(uint32_t cpu, const struct vms_tlb_flusher *flusher)
{
	struct vms_flush_queue *queue = &vms_machine.cpu[cpu].queue;
	uint32_t all = all_of(flusher);
	uint64_t state = vms_port_irq_save();

	queue_lock(queue);
	if (all > queue->all)
		queue->all = all;
	//@ assert queue_ok(cpu) && still_asked{Pre,Here}(cpu);
	/*@ loop invariant 0 <= i <= flusher->nr_ranges && queue_ok(cpu) && still_asked{Pre,Here}(cpu);
	  @ loop invariant same_flusher{Pre,Here}(flusher);
	  @ loop invariant other_queues{Pre,Here}(cpu);
	  @ loop invariant same_cpus{Pre,Here};
	  @ loop invariant asked_first(cpu, flusher, i) && all <= queue->all;
	  @ loop assigns i, vms_machine.cpu[cpu].queue;
	  @ loop variant flusher->nr_ranges - i; */
	for (uint32_t i = 0; all == VMS_FLUSH_NOT_ALL && i < flusher->nr_ranges; i++)
		queue_add(cpu, flusher, i);
	//@ assert asked_all(cpu, flusher);
	//@ assert other_queues{Pre,Here}(cpu);
	vms__store32(&queue->asked, queue->asked + 1);
	vms__store32(&queue->lock, 0);
	vms_port_irq_restore(state);
}

void vms_tlb_service(void)
{
	struct vms_cpu *cpu = &vms_machine.cpu[vms_port_cpu()];
	struct vms_flush_queue *queue = &cpu->queue;
	uint64_t state;

	if (vms__load32(&queue->asked) == cpu->flushed)
		return;
	state = vms_port_irq_save();
	queue_lock(queue);
	flush_here(queue->all, queue->range, queue->nr_ranges);
	queue->all = VMS_FLUSH_NOT_ALL;
	queue->nr_ranges = 0;
	vms__store32(&cpu->flushed, queue->asked);
	vms__store32(&queue->lock, 0);
	vms_port_irq_restore(state);
}

/* Ask these CPUs and interrupt them. */
/*@ requires queues_ok && ranges_ok(flusher) && \valid(flusher) && \separated(flusher, &vms_machine);
  @ assigns flusher->waiting, flush_state;
  @ ensures same_cpus{Pre,Post} && queues_ok && all_still_asked{Pre,Post} && told(flusher, others);
  @ ensures same_flusher{Pre,Post}(flusher);
  @ ensures flusher->waiting == (\old(flusher->waiting) | others); */
VMS_SELDOM static void ask_others(struct vms_tlb_flusher *flusher, uint64_t others)
{
	/*@ loop invariant 0 <= cpu <= vms_machine.nr_cpus && queues_ok && all_still_asked{Pre,Here};
	  @ loop invariant same_flusher{Pre,Here}(flusher);
	  @ loop invariant \forall integer c; 0 <= c < cpu && in_set(others, c) ==> asked_all(c, flusher);
	  @ loop invariant same_cpus{Pre,Here};
	  @ loop assigns cpu, flush_state;
	  @ loop variant vms_machine.nr_cpus - cpu; */
	for (uint32_t cpu = 0; cpu < vms_machine.nr_cpus; cpu++) {
		if ((others & (1ul << cpu)) != 0)
			queue_ask(cpu, flusher);
		//@ assert queues_ok && all_still_asked{LoopCurrent,Here};
		//@ assert same_flusher{LoopCurrent,Here}(flusher) && same_cpus{LoopCurrent,Here};
		//@ assert in_set(others, cpu) ==> asked_all(cpu, flusher);
	}
	vms_port_interrupt(others);
	flusher->waiting |= others;
}

/* With tags: count a flush of a space, before the CPU set is read. The count afterwards. */
/*@ requires space_ok(space);
  @ assigns space->generation;
  @ ensures vms_machine.nr_tags > 1 ==> \result == (uint64_t)(\old(space->generation) + 1) &&
  @   space->generation == (\old(space->generation) + 1) % 0x10000000000000000;
  @ ensures vms_machine.nr_tags <= 1 ==> \result == 0 && space->generation == \old(space->generation); */
static uint64_t generation_next(struct vms_space *space)
{
	return vms_machine.nr_tags > 1 ? vms__add64(&space->generation, 1) + 1 : 0;
}

/* This CPU has flushed for that generation. If it missed none before, it is up to date. */
/*@ requires \valid(cpu);
  @ assigns cpu->generation;
  @ ensures cpu->generation == generation || cpu->generation == \old(cpu->generation);
  @ ensures cpu->active == space && (uint64_t)(\old(cpu->generation) + 1) == generation ==>
  @   cpu->generation == generation; */
static void generation_done(struct vms_cpu *cpu, struct vms_space *space, uint64_t generation)
{
	if (cpu->active == space && cpu->generation + 1 == generation)
		cpu->generation = generation;
}

void vms_tlb_dispatch(struct vms_tlb_flusher *flusher)
{
	uint64_t active, self, generation;
	uint32_t cpu;

	if (!flusher->all && flusher->nr_ranges == 0)
		return;
	cpu = vms_port_cpu();
	self = 1ul << cpu;
	generation = generation_next(flusher->space);
	vms__fence();
	active = vms__load64(&flusher->space->active);
	if ((active & self) != 0) {
		if (active != self)
			ask_others(flusher, active & ~self);
		flush_here(all_of(flusher), flusher->range, flusher->nr_ranges);
		generation_done(&vms_machine.cpu[cpu], flusher->space, generation);
	} else if (active != 0) {
		ask_others(flusher, active);
	}
	flusher->nr_ranges = 0;
	flusher->nr_pages = 0;
	flusher->all = false;
}

/* Wait until a CPU has done all that it was asked so far. Differences are taken modulo 2^32. */
/*@ requires \valid_read(cpu) && queues_ok;
  @ assigns flush_state;
  @ ensures queues_ok && same_cpus{Pre,Post}; */
static void wait_for(const struct vms_cpu *cpu)
{
	uint32_t asked = vms__load32(&cpu->queue.asked);

	/*@ loop invariant queues_ok && same_cpus{Pre,Here};
	  @ loop assigns flush_state; */
	while ((int32_t)(vms__load32(&cpu->flushed) - asked) < 0) {
		vms_tlb_service();
		arch_cpu_relax();
	}
}

/*@ requires queues_ok && \valid(flusher) && \separated(flusher, &vms_machine);
  @ assigns flusher->waiting, flush_state;
  @ ensures flusher->waiting == 0 && queues_ok && same_cpus{Pre,Post}; */
VMS_SELDOM static void wait_for_others(struct vms_tlb_flusher *flusher)
{
	/*@ loop invariant 0 <= cpu <= vms_machine.nr_cpus && queues_ok && same_cpus{Pre,Here};
	  @ loop assigns cpu, flush_state;
	  @ loop variant vms_machine.nr_cpus - cpu; */
	for (uint32_t cpu = 0; cpu < vms_machine.nr_cpus && flusher->waiting >> cpu != 0; cpu++) {
		if ((flusher->waiting >> cpu) % 2 != 0)
			wait_for(&vms_machine.cpu[cpu]);
	}
	flusher->waiting = 0;
}

void vms_tlb_sync(struct vms_tlb_flusher *flusher)
{
	if (flusher->waiting != 0)
		wait_for_others(flusher);
	/*@ loop invariant 0 <= i <= flusher->nr_frames && books_ok;
	  @ loop assigns i, vms_machine.meta[0 .. vms_machine.nr_frames - 1].kind,
	  @   vms_machine.meta[0 .. vms_machine.nr_frames - 1].refs;
	  @ loop variant flusher->nr_frames - i; */
	for (uint32_t i = 0; i < flusher->nr_frames; i++)
		vms_frame_put(flusher->frames[i]);
	flusher->nr_frames = 0;
	if (flusher->tables != VMS_NO_FRAME)
		vms__tables_retire(&flusher->tables);
}
