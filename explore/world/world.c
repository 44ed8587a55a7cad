/*
 * The machine is turned on; a scenario becomes a program to be explored.
 */
#include "world.h"

struct world world EXPLORE_SHARED;
const struct scenario *scenario;

/* src/lock.c's own, where a scenario explores the real lock. */
void explore_real_node_lock(vms_pfn node);
void vms__node_lock(vms_pfn node);

/* In place of src/lock.c's: taking a table's lock is one step, which waits. The interrupt serves meanwhile. */
void vms__node_lock(vms_pfn node)
{
	if (scenario->real_locks || explore_self() < 0)
		explore_real_node_lock(node);
	else
		explore_wait_swap(&vms_machine.meta[node].lock, 0, 1);
}

struct vms_space *world_space(uint32_t number)
{
	return number == KERNEL ? &vms_machine.kernel : &world.space[number];
}

static void machine_start(void)
{
	static const struct vms_region regions[] = {{1, NR_TABLES}, {FIRST_DATA, NR_DATA}};
	struct vms_config config = {.ram = world.ram,
				    .meta = world.meta,
				    .nr_frames = NR_FRAMES,
				    .nr_cpus = scenario->nr_cpus,
				    .nr_tags = scenario->nr_tags,
				    .regions = regions,
				    .nr_regions = 2};

	world_run_as(0);
	if (vms_init(&config) != VMS_OK)
		explore_fail("vms_init() fails");
	frames_setup();
	if (vms_kernel_create() != VMS_OK)
		explore_fail("vms_kernel_create() fails");
	for (uint32_t cpu = 0; cpu < scenario->nr_cpus; cpu++) {
		world_run_as(cpu);
		if ((scenario->offline >> cpu & 1) == 0)
			vms_cpu_online();
	}
	world_run_as(0);
	for (uint32_t i = 0; i < NR_SPACES; i++) {
		if (vms_space_create(&world.space[i]) != VMS_OK)
			explore_fail("vms_space_create() fails");
	}
}

/* One section more, one flush more, and the counter begins anew. */
static void counters_wrap(void)
{
	for (uint32_t cpu = 0; cpu < scenario->nr_cpus; cpu++) {
		vms_machine.cpu[cpu].section = ~1u;
		vms_machine.cpu[cpu].queue.asked = vms_machine.cpu[cpu].flushed = ~0u;
	}
}

static void setup(void)
{
	machine_start();
	actions_before();
	for (uint32_t cpu = 0; cpu < scenario->nr_cpus; cpu++) {
		world_run_as(cpu);
		if (scenario->active[cpu] != 0)
			vms_space_activate(&world.space[scenario->active[cpu] - 1]);
	}
	for (uint32_t cpu = 0; cpu < NR_CPUS && scenario->nr_pool != 0; cpu++)
		world.cpu[cpu].nr_pool = scenario->nr_pool;
	if (scenario->wrap)
		counters_wrap();
	world_run_as(0);
	if (scenario->own_setup != NULL)
		scenario->own_setup();
	oracle_read(world.initial);
}

static void finish(void)
{
	if (scenario->own_finish != NULL)
		scenario->own_finish();
	else
		oracle_check();
}

const struct explore_program world_program = {setup, world_spawn, finish, world_name};
