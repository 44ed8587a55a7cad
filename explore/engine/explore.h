/*
 * The explorer: run a small concurrent program in every interleaving that can matter.
 *
 * The program is compiled with -fsanitize=thread, and this is linked in place of the sanitizer's library.
 * So the compiler calls us at every access. An atomic access is a *step*: any thread may run before it.
 * A plain access is checked: it must be ordered against all others of that word, and its memory be alive.
 *
 * Threads are fibers. What they share lies in one section of memory, EXPLORE_SHARED; a run begins with a
 * copy of what setup() left there. Code that is not instrumented (tests, oracles) acts between two steps.
 *
 * Limits are named errors, never silence: see inside.h.
 */
#ifndef EXPLORE_H
#define EXPLORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where everything lives that threads share. */
#define EXPLORE_SHARED __attribute__((section("shared")))
/* Code between two steps: the explorer does not see its accesses. */
#define EXPLORE_UNSEEN __attribute__((no_sanitize("thread")))

enum explore_model {
	EXPLORE_SC,  /* sequentially consistent */
	EXPLORE_TSO, /* stores wait in a buffer of their fiber; x86 */
	EXPLORE_WEAK /* loads may see old values, as acquire and release allow; no load sees the future */
};

enum explore_search {
	EXPLORE_PLAIN, /* every interleaving */
	EXPLORE_SLEEP, /* one of each class of equivalent ones, and some that stop half way */
	EXPLORE_DPOR   /* the same, and only where a race says so */
};

struct explore_options {
	enum explore_model model;
	enum explore_search search;
	uint64_t max_runs;  /* 0: no limit */
	double max_seconds; /* of the processor; 0: no limit */
	const char *replay; /* a schedule; only this one is run */
	bool trace;         /* print the steps of a failing run */
	bool no_races;      /* plain accesses are not checked against each other */
};

struct explore_program {
	void (*setup)(void);  /* once */
	void (*start)(void);  /* each run: calls explore_spawn() */
	void (*finish)(void); /* after each run */
	/* Name an address of the shared memory, or return false. */
	bool (*name)(const void *address, char *name, size_t room);
};

struct explore_result {
	uint64_t runs;
	uint64_t blocked; /* of these, the ones given up because all that is left was seen */
	uint64_t steps;
	uint32_t longest; /* steps of one run */
	bool complete;
	bool failed;
	char message[1200];
	char schedule[8192];
};

struct explore_result explore(const struct explore_options *options, const struct explore_program *program);

/*
 * In start(): a fiber. Fibers with one `agent` (below 8) are never ordered against each other by the race
 * check: a CPU's thread and its interrupt handler. A daemon may wait for ever.
 */
void explore_spawn(const char *name, void (*function)(void *), void *argument, uint32_t agent, bool daemon);

/* In start(): the fiber spawned last takes no step while this word is 2: who stores 2 there has stopped it. */
void explore_gate(uint32_t *word);

/* The number of the running fiber; -1 in setup() and finish(). */
int explore_self(void);

/* Something is wrong; ends the run. */
void explore_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* Wait until a word is `expected`, and make it `desired`, as one acquiring step. */
void explore_wait_swap(uint32_t *word, uint32_t expected, uint32_t desired);

/* Wait until a word that was read since the last wait has changed. */
void explore_relax(void);
/* The same, for whoever waits at `caller`. Waits at different places nest: each has its own last one. */
void explore_relax_at(void *caller);

/* The running fiber has done what it had to: from now on it may wait for ever. */
void explore_daemon(void);

/* Atomic accesses of code that is not instrumented: acquire, release, both, sequentially consistent. */
uint64_t explore_load(const void *word, size_t size);
void explore_store(void *word, size_t size, uint64_t value);
uint64_t explore_swap(void *word, size_t size, uint64_t value);
bool explore_compare_swap(void *word, size_t size, uint64_t expected, uint64_t value);
void explore_fence(void);

/* A step that reads or writes something without a value of its own. */
void explore_touch(void *word, bool write);

/* Plain accesses of code that is not instrumented. */
void explore_plain(void *address, size_t size, bool write);

/* Memory that nobody may touch any more; and that may be used (again). */
void explore_free(void *address, size_t size);
void explore_alloc(void *address, size_t size);

/* Called for each access of instrumented code, for those who count and do not explore: nothing is checked then. */
extern void (*explore_on_access)(void *address, size_t size, bool write);

#endif
