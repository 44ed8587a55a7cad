/*
 * Runs of random operations, see random.h: worlds of small and of large windows, with patient and with hostile
 * TLBs, one machine after the other until there were enough operations.
 *
 * From the environment, for longer runs and to repeat one that failed:
 *   VMS_OPS=n       operations in all
 *   VMS_SEED=n      of the first machine
 *   VMS_RUN=name    one kind of world only
 *   VMS_STEPS=list  only these steps, such as 0-17,20; of one machine
 *   VMS_TRACE=1     say what is done
 *   VMS_PROGRESS=n  a line every ten seconds, to this file descriptor
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "random.h"

#define OPERATIONS 200000u /* by default */
#define PER_MACHINE 100000u
#define SECONDS_MAX 120u /* without a comparison: then it hangs */

struct kind {
	const char *name;
	bool hostile;
	uint32_t percent; /* of the operations */
	uint32_t nr_frames;
	struct random_window window[RANDOM_WINDOWS];
};

/* Over the edge of a 1 GiB slot; the last pages of user space; around a slot of 2 MiB. Or the first pages. */
static const struct kind kinds[] = {
	{"small", false, 40, 4000, {{G1 - 11 * P, 24}, {VMS_USER_END - 24 * P, 24}, {3 * M2 - 2 * P, 516}}},
	{"small_hostile", true, 40, 4000, {{G1 - 11 * P, 24}, {VMS_USER_END - 24 * P, 24}, {3 * M2 - 2 * P, 516}}},
	{"large", false, 10, 20000, {{0, 1535}, {VMS_USER_END - 1535 * P, 1535}, {G1 - M2 - 5 * P, 1535}}},
	{"large_hostile", true, 10, 20000, {{0, 1535}, {VMS_USER_END - 1535 * P, 1535}, {G1 - M2 - 5 * P, 1535}}},
};

struct random_world world;

/* What is being run: for whoever wants to repeat it. */
static struct {
	const char *kind;
	uint32_t number; /* of the kind */
	uint64_t seed, step;
	bool over;
	uint64_t nr_operations, nr_failures; /* of the machines before */
	time_t last_line;
} now;

static uint64_t number_of(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : otherwise;
}

/* Is the step in VMS_STEPS? *last: no later one is. */
static bool step_wanted(const char *list, uint64_t step, bool *last)
{
	bool wanted = false;

	*last = true;
	while (*list) {
		char *end;
		uint64_t from = strtoull(list, &end, 10), to = from;

		if (*end == '-')
			to = strtoull(end + 1, &end, 10);
		if (end == list)
			fail_msg("VMS_STEPS: %s", list);
		wanted = wanted || (from <= step && step <= to);
		*last = *last && to <= step;
		list = *end ? end + 1 : end;
	}
	return wanted;
}

static void activate(uint32_t cpu, uint32_t space)
{
	sim_run_on(cpu);
	sim_activate(space < RANDOM_SPACES ? world.space[space] : &vms_machine.kernel);
	world.active[cpu] = space;
}

static void space_start(uint32_t i)
{
	static struct vms_space storage[RANDOM_SPACES];

	memset(&storage[i], 0xee, sizeof(storage[i]));
	world.space[i] = &storage[i];
	if (random_below(2))
		sim_alloc_fail(1);
	while (vms_space_create(world.space[i]) != VMS_OK)
		assert_true(sim_alloc_failed());
	sim_alloc_fail(0);
	memset(world.page[i], 0, sizeof(world.page[i]));
}

static void space_stop(uint32_t i)
{
	uint64_t freed = sim_counts().spaces_freed;

	for (uint32_t cpu = 0; cpu < RANDOM_CPUS; cpu++) {
		if (world.active[cpu] == i)
			activate(cpu, RANDOM_SPACES);
	}
	vms_space_put(world.space[i]);
	assert_int_equal(sim_counts().spaces_freed, freed + 1);
}

static void step_run(uint64_t step)
{
	uint64_t what;

	/* Neighbouring numbers shall give different strings: the finalizer of splitmix64. */
	world.random = (now.seed << 32) + step * 4 + now.number;
	world.random = (world.random ^ (world.random >> 30)) * 0xbf58476d1ce4e5b9ul;
	world.random = (world.random ^ (world.random >> 27)) * 0x94d049bb133111ebul;
	world.random ^= world.random >> 31;
	world.random += world.random == 0;
	sim_run_on((uint32_t)random_below(RANDOM_CPUS));
	what = random_below(256);
	if (what < 90) {
		random_session_run();
	} else if (what < 175) {
		random_program_run();
	} else if (what < 230) {
		random_user_run();
	} else if (what < 242) {
		random_copy_run();
	} else if (what < 246) {
		random_sweep_run();
	} else if (what < 255) {
		activate((uint32_t)random_below(RANDOM_CPUS), (uint32_t)random_below(RANDOM_SPACES + 1));
	} else {
		uint32_t i = (uint32_t)random_below(RANDOM_SPACES);

		TRACE("space %u begins anew\n", i);
		space_stop(i);
		space_start(i);
	}
}

static uint32_t window_of(vms_va va)
{
	for (uint32_t i = 0; i < RANDOM_WINDOWS; i++) {
		if (va >= world.window[i].va && va - world.window[i].va < world.window[i].nr_pages * P)
			return i;
	}
	fail_msg("something is at 0x%lx, outside every window", va);
	return 0;
}

static void space_compare(uint32_t i)
{
	struct sim_snapshot snapshot;
	uint64_t nr = 0;

	sim_snapshot_take(&snapshot, world.space[i]);
	for (uint32_t r = 0; r < snapshot.nr; r++) {
		const struct sim_run *run = &snapshot.run[r];

		nr += run->nr_pages;
		for (uint64_t k = 0; k < run->nr_pages; k++) {
			uint32_t window = window_of(run->va + k * P);
			const struct random_page *this =
				&world.page[i][window][(run->va + k * P - world.window[window].va) / P];

			assert_int_equal(run->what == VMS_MARKED, this->what == VMS_MARKED);
			assert_true(this->what != VMS_ABSENT);
			assert_int_equal(run->token, this->what == VMS_MARKED ? this->token : 0);
			if (random_is_mapped(this))
				assert_int_equal(run->frame + k, this->frame);
		}
	}
	for (uint32_t window = 0; window < RANDOM_WINDOWS; window++) {
		for (uint64_t k = 0; k < world.window[window].nr_pages; k++)
			nr -= world.page[i][window][k].what != VMS_ABSENT;
	}
	assert_int_equal(nr, 0);
	sim_snapshot_free(&snapshot);
}

static void compare(void)
{
	uint64_t to = number_of("VMS_PROGRESS", 0);

	alarm(SECONDS_MAX);
	sim_check(world.space, RANDOM_SPACES);
	for (uint32_t i = 0; i < RANDOM_SPACES; i++)
		space_compare(i);
	if (to != 0 && time(NULL) >= now.last_line + 10) {
		now.last_line = time(NULL);
		dprintf((int)to, "  seed %lu: %s, %lu operations\n", now.seed, now.kind,
			now.nr_operations + world.nr_operations);
	}
}

/* One machine, until there were so many operations. */
static void machine_run(const struct kind *kind, uint64_t seed, uint64_t nr_operations)
{
	const char *list = getenv("VMS_STEPS");
	bool last = false;

	now.kind = kind->name;
	now.number = (uint32_t)(kind - kinds);
	now.seed = seed;
	memset(&world, 0, sizeof(world));
	world.random = seed + 1;
	world.window = kind->window;
	world.trace = number_of("VMS_TRACE", 0) != 0;
	sim_start(&(struct sim_options){.nr_cpus = RANDOM_CPUS,
					.nr_frames = kind->nr_frames,
					.nr_large = 10,
					.hostile = kind->hostile ? seed : 0});
	for (uint32_t i = 0; i < RANDOM_SPACES; i++)
		space_start(i);
	for (uint32_t cpu = 0; cpu < RANDOM_CPUS; cpu++)
		activate(cpu, cpu);
	for (now.step = 0; !last && (list || world.nr_operations < nr_operations); now.step++) {
		if (!list || step_wanted(list, now.step, &last))
			step_run(now.step);
		if (now.step % 1024 == 1023)
			compare();
	}
	compare();
	for (uint32_t i = 0; i < RANDOM_SPACES; i++)
		space_stop(i);
	sim_stop();
	now.nr_operations += world.nr_operations;
	now.nr_failures += world.nr_failures;
}

static void kind_run(void **state)
{
	const struct kind *kind = *state;
	const char *only = getenv("VMS_RUN");
	uint64_t seed = number_of("VMS_SEED", 20240601);
	uint64_t wanted = number_of("VMS_OPS", OPERATIONS) * kind->percent / 100;

	now.over = only && strcmp(only, kind->name) != 0;
	now.nr_operations = now.nr_failures = 0;
	if (now.over)
		skip();
	do {
		uint64_t rest = wanted - now.nr_operations;

		machine_run(kind, seed++, rest < PER_MACHINE ? rest : PER_MACHINE);
	} while (now.nr_operations < wanted && !getenv("VMS_STEPS"));
	now.over = true;
	printf("[          ] %lu operations, %lu of them short of memory\n", now.nr_operations, now.nr_failures);
}

/* Whoever repeats it needs these: test/unit/shrink.py reads the line. */
static int kind_over(void **state)
{
	(void)state;
	if (!now.over)
		printf("[          ] to repeat: VMS_SEED=%lu VMS_RUN=%s VMS_STEPS=0-%lu\n", now.seed, now.kind,
		       now.step);
	return 0;
}

int group_random(void)
{
	struct CMUnitTest test[sizeof(kinds) / sizeof(kinds[0])];

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		test[i] = (struct CMUnitTest){kinds[i].name, kind_run, NULL, kind_over, (void *)&kinds[i]};
	return cmocka_run_group_tests_name("random", test, NULL, NULL);
}
