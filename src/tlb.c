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

void vms_tlb_issue(struct vms_tlb_flusher *flusher, vms_va start, uint64_t len)
{
	uint64_t nr_pages = len / VMS_PAGE;
	struct vms_flush_range *last;

	if (flusher->all || nr_pages == 0)
		return;
	if (nr_pages > VMS_FLUSH_PAGES - flusher->nr_pages) {
		flusher->all = true;
		return;
	}
	flusher->nr_pages += nr_pages;
	if (flusher->nr_ranges > 0) {
		last = &flusher->range[flusher->nr_ranges - 1];
		if (last->start + last->nr_pages * VMS_PAGE == start) {
			last->nr_pages += nr_pages;
			return;
		}
	}
	if (flusher->nr_ranges == VMS_FLUSH_RANGES) {
		flusher->all = true;
		return;
	}
	flusher->range[flusher->nr_ranges].start = start;
	flusher->range[flusher->nr_ranges].nr_pages = nr_pages;
	flusher->nr_ranges++;
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
static uint32_t all_of(const struct vms_tlb_flusher *flusher)
{
	if (!flusher->all)
		return VMS_FLUSH_NOT_ALL;
	return flusher->space == &vms_machine.kernel ? VMS_FLUSH_ALL : VMS_FLUSH_ALL_USER;
}

static void flush_here(uint32_t all, const struct vms_flush_range *range, uint32_t nr_ranges)
{
	if (all == VMS_FLUSH_ALL) {
		arch_mmu_flush_global();
		return;
	}
	/* The kernel's pages are global: a queue may hold some beside "all of the user's". */
	if (all == VMS_FLUSH_ALL_USER)
		arch_mmu_flush_all();
	for (uint32_t i = 0; i < nr_ranges; i++) {
		for (uint64_t page = 0; page < range[i].nr_pages; page++)
			arch_mmu_flush_page(range[i].start + page * VMS_PAGE);
	}
}

static void queue_lock(struct vms_flush_queue *queue)
{
	while (vms__exchange32(&queue->lock, 1) != 0)
		arch_cpu_relax();
}

/* Ask one CPU. Its queue's lock is never held while waiting, so this does not wait for flushes. */
static void queue_ask(uint32_t cpu, const struct vms_tlb_flusher *flusher)
{
	struct vms_flush_queue *queue = &vms_machine.cpu[cpu].queue;
	uint32_t all = all_of(flusher);
	uint64_t state = vms_port_irq_save();

	queue_lock(queue);
	if (all > queue->all)
		queue->all = all;
	for (uint32_t i = 0; all == VMS_FLUSH_NOT_ALL && i < flusher->nr_ranges; i++) {
		if (queue->nr_ranges == VMS_FLUSH_RANGES) {
			queue->all = VMS_FLUSH_ALL;
			break;
		}
		queue->range[queue->nr_ranges] = flusher->range[i];
		queue->nr_ranges++;
	}
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
VMS_SELDOM static void ask_others(struct vms_tlb_flusher *flusher, uint64_t others)
{
	for (uint32_t cpu = 0; cpu < vms_machine.nr_cpus && others >> cpu != 0; cpu++) {
		if ((others >> cpu) % 2 != 0)
			queue_ask(cpu, flusher);
	}
	vms_port_interrupt(others);
	flusher->waiting |= others;
}

/* With tags: count a flush of a space, before the CPU set is read. The count afterwards. */
static uint64_t generation_next(struct vms_space *space)
{
	return vms_machine.nr_tags > 1 ? vms__add64(&space->generation, 1) + 1 : 0;
}

/* This CPU has flushed for that generation. If it missed none before, it is up to date. */
static void generation_done(struct vms_cpu *cpu, const struct vms_space *space, uint64_t generation)
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
	if ((active >> cpu) % 2 != 0) {
		if (active != self)
			ask_others(flusher, active - self);
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
static void wait_for(const struct vms_cpu *cpu)
{
	uint32_t asked = vms__load32(&cpu->queue.asked);

	while ((int32_t)(vms__load32(&cpu->flushed) - asked) < 0) {
		vms_tlb_service();
		arch_cpu_relax();
	}
}

VMS_SELDOM static void wait_for_others(struct vms_tlb_flusher *flusher)
{
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
	for (uint32_t i = 0; i < flusher->nr_frames; i++)
		vms_frame_put(flusher->frames[i]);
	flusher->nr_frames = 0;
	if (flusher->tables != VMS_NO_FRAME)
		vms__tables_retire(&flusher->tables);
}
