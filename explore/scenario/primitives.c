/*
 * Primitives by themselves. What a body notes lies in world.own. This file is instrumented, as src/ is: inline
 * functions of src/ are in it.
 */
#include "primitives.h"

#include "../../src/lock.h"
#include "../../src/node.h"

enum { COUNTER, NOTED, SEEN, WALKED };

#define ROOT (world.space[0].root)

EXPLORE_UNSEEN static void note(void)
{
	world.own[NOTED]++;
}

/* --- The lock --- */

static void lock_count(void)
{
	vms__node_lock(ROOT);
	world.own[COUNTER]++;
	vms__node_unlock(ROOT);
}

void lock_once(void)
{
	vms_port_preempt_off();
	lock_count();
	vms_port_preempt_on();
}

void lock_twice(void)
{
	vms_port_preempt_off();
	lock_count();
	lock_count();
	vms_port_preempt_on();
}

void lock_finish(void)
{
	uint32_t expected = 0;

	for (uint32_t cpu = 0; cpu < scenario->nr_cpus; cpu++)
		expected += scenario->own_body[cpu] == lock_twice ? 2 : 1;
	if (world.own[COUNTER] != expected || world.meta[ROOT].lock != 0)
		explore_fail("the lock was taken %u times, counted %u", expected, world.own[COUNTER]);
}

/* --- Sections --- */

static void link_table(uint32_t slot)
{
	vms_pfn table;

	if (!vms__tables_reserve(&table, 1))
		explore_fail("no table");
	(void)vms__node_link(ROOT, slot, 0, table, true);
	vms__node_unlock(table);
}

void section_setup(void)
{
	link_table(0);
	link_table(1);
}

static void walk(void)
{
	uint32_t *section;
	uint64_t pte;

	vms_port_preempt_off();
	section = vms__section_enter();
	for (uint32_t slot = 0; slot < 2; slot++) {
		pte = vms__entry(ROOT, slot);
		if (pte != 0 && vms__entry(arch_pte_child(pte), 0) != 0)
			explore_fail("an entry appeared in an empty table");
	}
	vms__section_leave(section);
	vms_port_preempt_on();
}

void section_walk(void)
{
	walk();
}

void section_walk_twice(void)
{
	walk();
	walk();
}

static void retire(uint32_t slot)
{
	vms_pfn list = VMS_NO_FRAME, table = arch_pte_child(vms__entry(ROOT, slot));

	vms__entry_set(ROOT, slot, 0);
	world.meta[ROOT].nr_present--;
	vms__tables_push(&list, table);
	vms__tables_retire(&list);
}

void section_retire(void)
{
	vms_port_preempt_off();
	retire(0);
	vms_port_preempt_on();
}

void section_retire_twice(void)
{
	vms_port_preempt_off();
	retire(0);
	retire(1);
	(void)vms_reclaim();
	vms_port_preempt_on();
}

void section_finish(void)
{
	for (uint32_t cpu = 0; cpu < scenario->nr_cpus; cpu++) {
		world_run_as(cpu);
		if (!vms_reclaim())
			explore_fail("a table is kept for ever");
	}
}

/* --- Flush requests --- */

void flush_ask(void)
{
	struct vms_tlb_flusher flusher;

	vms_port_preempt_off();
	vms_tlb_flusher_init(&flusher, &world.space[0]);
	vms_tlb_issue(&flusher, world_cpu() * VMS_PAGE, VMS_PAGE);
	vms_tlb_dispatch(&flusher);
	vms_tlb_sync(&flusher);
	note();
	vms_port_preempt_on();
}

/* More than half of the ranges that a queue holds. */
static void half_issue(struct vms_tlb_flusher *flusher)
{
	vms_tlb_flusher_init(flusher, &world.space[0]);
	for (uint32_t i = 0; i <= VMS_FLUSH_RANGES / 2; i++)
		vms_tlb_issue(flusher, 2 * i * VMS_PAGE, VMS_PAGE);
	vms_tlb_dispatch(flusher);
}

/* They are asked for, and nobody waits. */
void flush_begin(void)
{
	struct vms_tlb_flusher flusher;

	half_issue(&flusher);
}

void flush_many(void)
{
	struct vms_tlb_flusher flusher;

	vms_port_preempt_off();
	half_issue(&flusher);
	vms_tlb_sync(&flusher);
	note();
	vms_port_preempt_on();
}

/* After the wait each of the others has flushed. */
void flush_ask_all(void)
{
	flush_ask();
	for (uint32_t i = 1; i < scenario->nr_cpus; i++) {
		if (vms__load32(&vms_machine.cpu[i].flushed) != 1)
			explore_fail("CPU %u was not waited for", i);
	}
}

void flush_serve(void)
{
	vms_port_preempt_off();
	vms_tlb_service();
	vms_port_preempt_on();
}

void flush_finish(void)
{
	if (world.own[NOTED] + 1 != scenario->nr_cpus)
		explore_fail("an asker is missing");
	if (vms_machine.cpu[1].flushed != vms_machine.cpu[1].queue.asked)
		explore_fail("requests are left");
}

void flush_all_finish(void)
{
	if (world.own[NOTED] != 1)
		explore_fail("the asker is missing");
}

/* --- The set of CPUs --- */

void set_setup(void)
{
	link_table(0);
}

void set_enter(void)
{
	vms_port_preempt_off();
	vms_space_activate(&world.space[0]);
	world.own[SEEN] = vms__entry(ROOT, 0) != 0;
	vms_port_preempt_on();
}

void set_leave(void)
{
	vms_port_preempt_off();
	vms_space_activate(&world.space[0]);
	vms_space_activate(&vms_machine.kernel);
	vms_port_preempt_on();
}

void set_clear(void)
{
	vms_port_preempt_off();
	vms__entry_set(ROOT, 0, 0);
	vms__fence();
	world.own[WALKED] = vms__load64(&world.space[0].active) != 0;
	vms_port_preempt_on();
}

void set_finish(void)
{
	if (scenario->own_body[1] == set_enter && world.own[SEEN] != 0 && world.own[WALKED] == 0)
		explore_fail("a CPU sees the old entry, and whoever cleared it does not see the CPU");
	if (scenario->own_body[1] == set_leave && world.space[0].active != 0)
		explore_fail("a CPU stays in the set");
}

/* --- Counts --- */

void count_setup(void)
{
	frame_make(0, 1);
	for (uint32_t i = 1; i < scenario->nr_cpus; i++) {
		if (vms_frame_get(frame_data(0)) != VMS_OK)
			explore_fail("no reference");
	}
}

/* What the holder did with the frame happens before it is freed. */
void count_put(void)
{
	explore_plain(&world.ram[frame_data(0)], sizeof(uint64_t), false);
	vms_port_preempt_off();
	vms_frame_put(frame_data(0));
	vms_port_preempt_on();
}

void count_get_put(void)
{
	if (vms_frame_get(frame_data(0)) != VMS_OK)
		explore_fail("a frame that is held cannot be held once more");
	vms_port_preempt_off();
	vms_frame_put(frame_data(0));
	vms_port_preempt_on();
	count_put();
}

void count_finish(void)
{
	if (!world.data_free[0])
		explore_fail("the frame is not freed");
}

/* --- CPUs that come --- */

void online_come(void)
{
	vms_port_preempt_off();
	vms_cpu_online();
	vms_tlb_service();
	vms_port_preempt_on();
}

void online_flush(void)
{
	struct vms_tlb_flusher flusher;

	vms_port_preempt_off();
	vms_tlb_flusher_init(&flusher, &vms_machine.kernel);
	vms_tlb_issue(&flusher, VMS_KERNEL_START, VMS_PAGE);
	vms_tlb_dispatch(&flusher);
	vms_tlb_sync(&flusher);
	vms_port_preempt_on();
}

void online_finish(void)
{
	if (vms_machine.kernel.active != 3)
		explore_fail("a CPU is missing");
}
