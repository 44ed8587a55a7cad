/*
 * What programs with a thread a CPU share: the time, and what a mapped frame holds, by which a stale translation shows.
 */
#ifndef VMS_TEST_UNIT_THREADS_H
#define VMS_TEST_UNIT_THREADS_H

#include <time.h>

#include <sim/sim.h>

#define MUST(condition)                                                            \
	do {                                                                       \
		if (!(condition))                                                  \
			sim_fail("%s:%d: not %s", __FILE__, __LINE__, #condition); \
	} while (0)

/* In nanoseconds. */
static inline uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* A frame's first word, and what it is to hold while the frame is mapped at va. */
static inline uint64_t *word_of(vms_pfn frame)
{
	return &vms_machine.ram[frame].entry[0];
}

static inline uint64_t mark_of(vms_va va)
{
	return va * 0x9e3779b97f4a7c15ul + 1;
}

#endif
