/*
 * Programs that the explorer must refuse: one that does not do the same in each run, one that never ends.
 */
#include <stdio.h>
#include <string.h>

#include "../engine/explore.h"

static struct {
	uint32_t x, y;
} m EXPLORE_SHARED;

static uint32_t nr_runs; /* not shared: what a run leaves behind */

static void differs(void *argument)
{
	(void)argument;
	/* In every second run the other order. */
	bool other = nr_runs++ % 2 != 0;

	__atomic_store_n(other ? &m.x : &m.y, 1, __ATOMIC_RELEASE);
	__atomic_store_n(other ? &m.y : &m.x, 1, __ATOMIC_RELEASE);
}

static void reads(void *argument)
{
	(void)argument;
	(void)__atomic_load_n(&m.x, __ATOMIC_ACQUIRE);
	(void)__atomic_load_n(&m.y, __ATOMIC_ACQUIRE);
}

static void endless(void *argument)
{
	(void)argument;
	while (__atomic_load_n(&m.x, __ATOMIC_ACQUIRE) == 0) {
	}
}

static void nothing(void)
{
}

static void start_differs(void)
{
	explore_spawn("one", differs, NULL, 0, false);
	explore_spawn("two", reads, NULL, 1, false);
}

static void start_endless(void)
{
	explore_spawn("spinner", endless, NULL, 0, false);
}

int main(int argc, char **argv)
{
	bool spin = argc > 1 && strcmp(argv[1], "endless") == 0;
	struct explore_options options = {.model = EXPLORE_SC, .search = EXPLORE_DPOR};
	struct explore_program program = {nothing, spin ? start_endless : start_differs, nothing, NULL};
	struct explore_result result = explore(&options, &program);

	printf("%s\n", result.message);
	return result.failed;
}
