/*
 * Random operations against a flat reference: an array that says for each page of some windows of some spaces
 * what must be there. Every answer of the library is compared with it; allocations fail now and then, and then
 * nothing may change; programs on several CPUs use the memory in between, directly and through readers and
 * writers.
 *
 * A run is a string of *steps*. What a step does follows from its number, from the run's seed and from what
 * the steps before it left; so any part of the string is a run too, and a failing one can be shrunk.
 */
#ifndef VMS_TEST_RANDOM_H
#define VMS_TEST_RANDOM_H

#include "unit.h"

#define RANDOM_CPUS 3u
#define RANDOM_SPACES 3u
#define RANDOM_WINDOWS 3u
#define RANDOM_PAGES 1535u /* at most, in a window */

struct random_page {
	enum vms_what what;
	vms_pfn frame;
	struct vms_prop prop; /* without accessed and dirty */
	vms_token token;
	bool accessed; /* by a program, since it was mapped: the entry must say so */
	bool dirty;
};

struct random_window {
	vms_va va;
	uint32_t nr_pages;
};

struct random_world {
	const struct random_window *window;
	bool trace; /* print what is done */
	uint64_t random;
	struct vms_space *space[RANDOM_SPACES];
	uint32_t active[RANDOM_CPUS]; /* space; RANDOM_SPACES: the kernel's */
	uint64_t nr_operations, nr_failures;
	struct random_page page[RANDOM_SPACES][RANDOM_WINDOWS][RANDOM_PAGES];
	uint8_t first_byte[1u << 16]; /* by frame: what a program wrote last */
};

extern struct random_world world;

/* A cursor's session: the space, the window and the pages of it that the cursor owns. */
struct random_session {
	struct vms_cursor cursor;
	uint32_t space, window;
	uint64_t start, end; /* pages of the window */
};

static inline uint64_t random_below(uint64_t limit)
{
	return sim_random(&world.random) % limit;
}

static inline bool random_is_mapped(const struct random_page *page)
{
	return page->what == VMS_MAPPED || page->what == VMS_DEVICE;
}

static inline struct random_page *random_page(const struct random_session *session, uint64_t k)
{
	return &world.page[session->space][session->window][k];
}

#define TRACE(...)                           \
	do {                                 \
		if (world.trace)             \
			printf(__VA_ARGS__); \
	} while (0)

/* random_edit.c: one cursor with some operations; a space emptied; a range given from one space to another. */
void random_session_run(void);
void random_sweep_run(void);
void random_copy_run(void);

/* random_use.c: a program's access; one through a reader or writer. */
void random_program_run(void);
void random_user_run(void);

#endif
