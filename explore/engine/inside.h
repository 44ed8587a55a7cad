/*
 * What the explorer's files share.
 *
 * A *process* is who can take a step: fiber p is process p, and its store buffer, which may let its oldest
 * store out at any time, is process MAX_FIBERS + p. A set of processes is one word.
 */
#ifndef EXPLORE_INSIDE_H
#define EXPLORE_INSIDE_H

#include "explore.h"

#define MAX_FIBERS 8u
#define MAX_PROCESSES (2u * MAX_FIBERS)
#define MAX_AGENTS 8u
#define MAX_STEPS 3000u    /* of one run; more is "never ends" */
#define MAX_LOCATIONS 192u /* words accessed atomically in one run */
#define MAX_BUFFERED 8u    /* stores that wait in one buffer */
#define MAX_MESSAGES 40u   /* values of one word in one run of the weak model */
#define MAX_WATCHED 12u    /* words that one wait looks at */
#define MAX_SITES 6u       /* places in the program where one fiber waits */
#define MAX_SHARED 65536u  /* bytes */
#define GRANULE 4u
#define NR_GRANULES (MAX_SHARED / GRANULE)
#define SC_LOCATION 0u /* stands for the order of sequentially consistent accesses; no word has this number */

#define GATE_CLOSED 2u

typedef uint16_t process_set;

enum op_kind {
	OP_START,
	OP_LOAD,
	OP_STORE,
	OP_MODIFY,
	OP_COMPARE,
	OP_FENCE,
	OP_WAIT_SWAP,
	OP_RELAX,
	OP_TOUCH,
	OP_FLUSH
};
enum op_how { HOW_EXCHANGE, HOW_ADD, HOW_SUB, HOW_AND, HOW_OR, HOW_XOR };

/* What a fiber will do next. */
struct op {
	uint8_t kind;
	uint8_t order; /* __ATOMIC_RELAXED, ... */
	uint8_t size;
	uint8_t how;
	bool write; /* OP_TOUCH */
	void *address;
	uint64_t value;
	uint64_t expected;
	void *caller;
};

struct watch {
	uint16_t location;
	uint16_t message;
	uint8_t size;
	uint32_t when; /* number of the fiber's read */
	uint64_t value;
};

/* A place where a fiber waited, and its reads until then. Waits nest: one place's wait does not end another's. */
struct site {
	void *caller;
	uint32_t when;
};

/* Happens-before: one counter an agent. */
struct clock {
	uint16_t at[MAX_AGENTS];
};

/* Weak model: the oldest message of each location that may still be read. */
struct view {
	uint8_t oldest[MAX_LOCATIONS];
};

struct buffered {
	void *address;
	uint8_t size;
	uint64_t value;
	uint64_t hidden;                /* what memory holds while the fiber that stored sees its own value there */
	uint16_t caused[MAX_PROCESSES]; /* clock of the store's step */
	struct clock sync;
};

struct agent {
	struct clock now;
	struct clock acquired; /* what an acquire fence would learn */
	struct clock released; /* what relaxed stores after the last release fence tell */
	struct view view, view_acquired, view_released;
};

struct fiber {
	void *stack_pointer;
	bool used, done, daemon;
	uint8_t nr_watched, nr_buffered;
	uint32_t agent;
	const char *name;
	void (*function)(void *);
	void *argument;
	struct op op;
	uint64_t result;
	uint32_t *gate; /* no step while this is GATE_CLOSED */
	uint32_t nr_reads;
	struct site site[MAX_SITES];
	struct watch watch[MAX_WATCHED];
	struct buffered buffer[MAX_BUFFERED];
};

struct message {
	uint64_t value;
	struct clock sync;
	struct view view;
};

struct location {
	void *address;
	int last_write; /* steps; -1: none */
	int last_read[MAX_PROCESSES];
	uint32_t nr_messages;
	struct message *message;
};

/* A step that was taken. */
struct event {
	uint8_t process;
	uint8_t kind;
	bool write;
	uint8_t choice; /* weak model: how many values back */
	uint8_t nr_locations;
	uint16_t index; /* of the process: its steps so far */
	uint16_t location[MAX_WATCHED + 2];
	uint16_t clock[MAX_PROCESSES];
	struct op op;
	uint64_t seen, written;
};

struct footprint {
	uint8_t nr;
	bool write;
	uint16_t location[MAX_WATCHED + 2];
};

extern struct explore_options options;
extern const struct explore_program *program;
extern struct explore_result result;
extern struct fiber fibers[MAX_FIBERS];
extern struct agent agents[MAX_AGENTS];
extern uint32_t nr_fibers;
extern struct fiber *running;
extern struct location locations[MAX_LOCATIONS];
extern uint32_t nr_locations;
extern struct event events[MAX_STEPS];
extern uint32_t nr_events;
extern bool exploring;

/* fiber.c */
void fiber_resume(struct fiber *fiber);
void fiber_yield(void);
uint64_t fiber_step(const struct op *op);

/* memory.c */
void memory_reset(void);
bool memory_enabled(uint32_t process);
bool memory_buffered(const struct op *op);
uint32_t memory_footprint(uint32_t process, struct footprint *footprint);
uint32_t memory_choices(uint32_t process);
void memory_apply(uint32_t process, struct event *event);
void memory_plain_store(void *address, size_t size);
void memory_plain_commit(void);
uint64_t memory_direct(const struct op *op);
uint64_t memory_get(const void *address, size_t size);
void memory_put(void *address, size_t size, uint64_t value);
uint64_t memory_changed(const struct op *op, uint64_t old);
void buffer_show(struct fiber *fiber);
void buffer_hide(struct fiber *fiber);
void clock_join(struct clock *to, const struct clock *from);

/* race.c */
void race_save(void); /* what is alive now is alive when a run starts */
void race_reset(void);
void race_check(struct fiber *fiber, void *address, size_t size, bool write, bool atomic, void *caller);
bool is_shared(const void *address);
size_t shared_offset(const void *address);
size_t shared_size(void);
char *shared_start(void);

/* search.c */
void search_give_up(void) __attribute__((noreturn));

/* report.c */
void name_address(const void *address, char *name, size_t room);
void report_trace(void);
void report_stuck(const char *what) __attribute__((noreturn));

/* Does this step wait until the store buffer of its fiber is empty? */
static inline bool op_drains(const struct op *op)
{
	return op->kind == OP_MODIFY || op->kind == OP_COMPARE || op->kind == OP_WAIT_SWAP ||
	       (op->order == __ATOMIC_SEQ_CST && (op->kind == OP_FENCE || op->kind == OP_STORE));
}

static inline bool order_acquires(int order)
{
	return order == __ATOMIC_CONSUME || order == __ATOMIC_ACQUIRE || order >= __ATOMIC_ACQ_REL;
}

static inline bool order_releases(int order)
{
	return order >= __ATOMIC_RELEASE;
}

#endif
