/*
 * Which functions of src/ are called in which scenario: linked with a src/ that tells of each call. Prints a line for
 * each pair: the function's address and the scenario's name.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../world/world.h"

#define MAX_FUNCTIONS 1024u
#define MAX_SCENARIOS 512u

static void *functions[MAX_FUNCTIONS];
static bool called[MAX_SCENARIOS][MAX_FUNCTIONS];

void __cyg_profile_func_enter(void *function, void *caller);
void __cyg_profile_func_exit(void *function, void *caller);

static void print_all(void)
{
	for (uint32_t s = 0; s < nr_scenarios && s < MAX_SCENARIOS; s++) {
		for (uint32_t f = 0; f < MAX_FUNCTIONS; f++) {
			if (called[s][f])
				fprintf(stderr, "%p\t%s\n", functions[f], scenarios[s].name);
		}
	}
}

/* Only what is explored counts, not what a scenario does before. */
void __cyg_profile_func_enter(void *function, void *caller)
{
	static bool first = true;
	uint32_t f = (uint32_t)((uintptr_t)function / 16 % MAX_FUNCTIONS), s = (uint32_t)(scenario - scenarios);

	(void)caller;
	if (explore_self() < 0 || s >= MAX_SCENARIOS)
		return;
	if (first)
		atexit(print_all);
	first = false;
	while (functions[f] != NULL && functions[f] != function)
		f = (f + 1) % MAX_FUNCTIONS;
	functions[f] = function;
	called[s][f] = true;
}

void __cyg_profile_func_exit(void *function, void *caller)
{
	(void)function;
	(void)caller;
}
