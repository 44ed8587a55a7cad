/*
 * The search: which process takes the next step, and what is to be tried instead.
 *
 * A run is a sequence of steps. Two steps are *dependent* if one process takes both or both touch a
 * location and one writes it; swapping independent neighbours gives an equivalent run. Plain search tries
 * everything. Sleep sets leave out a process that was tried here before, until a step dependent with its
 * own comes. Source-DPOR (Abdulla et al., POPL 2014) tries another process only where the run had a race:
 * two dependent steps not ordered by others. Then one of the *initials* of what can go before the first
 * must be tried at its place.
 *
 * Every modification counts as a write, also one that changes nothing: whether it does is not known before
 * it is taken, and a sleep set must agree with the race that wakes it.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "inside.h"

/* What is known about the state before a step. */
struct node {
	process_set enabled, sleep, backtrack, done;
	uint8_t chosen, choice, nr_choices;
};

struct explore_options options;
const struct explore_program *program;
struct explore_result result;
struct event events[MAX_STEPS];
uint32_t nr_events;
bool exploring;

static struct node nodes[MAX_STEPS];
static uint32_t nr_nodes;
static uint16_t process_clock[MAX_PROCESSES][MAX_PROCESSES];
static uint16_t process_steps[MAX_PROCESSES];
static process_set next_sleep;
static uint32_t nr_scheduled; /* steps of the schedule that is replayed */
static char saved[MAX_SHARED];
static jmp_buf give_up;

static bool set_has(process_set set, uint32_t process)
{
	return (set >> process & 1) != 0;
}

static process_set set_of(uint32_t process)
{
	return (process_set)(1u << process);
}

static uint32_t set_first(process_set set)
{
	return (uint32_t)__builtin_ctz(set);
}

/* Does this step happen before whatever has this clock? */
static bool is_before(const struct event *event, const uint16_t *clock)
{
	return clock[event->process] >= event->index;
}

static void clock_add(uint16_t *to, const uint16_t *from)
{
	for (uint32_t i = 0; i < MAX_PROCESSES; i++) {
		if (to[i] < from[i])
			to[i] = from[i];
	}
}

/* --- What must be tried instead --- */

/* One of `initials` has to be tried before step k; `wish` if possible. */
static void backtrack_add(uint32_t k, process_set initials, uint32_t wish)
{
	struct node *node = &nodes[k];
	process_set possible = initials & node->enabled;

	if ((node->backtrack & initials) != 0)
		return;
	if (possible == 0)
		node->backtrack |= node->enabled;
	else
		node->backtrack |= set_has(possible, wish) ? set_of(wish) : set_of(set_first(possible));
}

/* Steps `first` and `second` race: what can run without the first, up to the second, goes before it. */
static void race_reverse(uint32_t first, uint32_t second)
{
	static uint32_t other[MAX_STEPS];
	process_set met = 0, initials = 0;
	uint32_t nr_others = 0;

	for (uint32_t i = first + 1; i <= second; i++) {
		uint32_t process = events[i].process;

		if (i < second && is_before(&events[first], events[i].clock))
			continue;
		if (!set_has(met, process)) {
			bool initial = true;

			for (uint32_t k = 0; k < nr_others && initial; k++)
				initial = !is_before(&events[other[k]], events[i].clock);
			if (initial)
				initials |= set_of(process);
			met |= set_of(process);
		}
		other[nr_others++] = i;
	}
	backtrack_add(first, initials, events[second].process);
}

static bool touches(const struct event *event, uint16_t location)
{
	for (uint32_t i = 0; i < event->nr_locations; i++) {
		if (event->location[i] == location)
			return true;
	}
	return false;
}

/*
 * A wait ended with step i. It could have ended before any write to its words that is not ordered before it:
 * at once if the process was there and enabled; or after other steps, which may have to come first.
 */
static void wait_reverse(uint32_t i, uint16_t location, const uint16_t *clock_before)
{
	const struct event *event = &events[i];
	bool there = true;

	for (uint32_t k = i; k > 0; k--) {
		const struct event *other = &events[k - 1];

		there = there && other->process != event->process;
		if (!other->write || !touches(other, location) || is_before(other, clock_before))
			continue;
		if (there && set_has(nodes[k - 1].enabled, event->process))
			backtrack_add(k - 1, set_of(event->process), event->process);
		if (!there || event->nr_locations > 1)
			race_reverse(k - 1, i);
	}
}

/* Earlier steps that are dependent with step i at this location, latest first. */
static uint32_t conflicts(const struct event *event, const struct location *location, uint32_t *found)
{
	uint32_t nr = 0;

	if (location->last_write >= 0)
		found[nr++] = (uint32_t)location->last_write;
	for (uint32_t p = 0; event->write && p < MAX_PROCESSES; p++) {
		if (location->last_read[p] >= 0)
			found[nr++] = (uint32_t)location->last_read[p];
	}
	for (uint32_t a = 1; a < nr; a++) {
		for (uint32_t b = a; b > 0 && found[b] > found[b - 1]; b--) {
			uint32_t swap = found[b];

			found[b] = found[b - 1];
			found[b - 1] = swap;
		}
	}
	return nr;
}

/* Order step i after its conflicts at one location; the unordered ones are races. */
static void location_order(uint32_t i, uint16_t number, bool fresh, const uint16_t *clock_before)
{
	struct event *event = &events[i];
	uint32_t found[MAX_PROCESSES + 1], races[MAX_PROCESSES + 1], nr_races = 0;
	uint32_t nr = conflicts(event, &locations[number], found);
	uint16_t *clock = process_clock[event->process];

	for (uint32_t a = 0; a < nr; a++) {
		if (is_before(&events[found[a]], clock))
			continue;
		races[nr_races++] = found[a];
		clock_add(clock, events[found[a]].clock);
	}
	clock[event->process] = event->index;
	memcpy(event->clock, clock, sizeof(event->clock));
	if (!fresh || options.search != EXPLORE_DPOR)
		return;
	if (event->kind == OP_RELAX || event->kind == OP_WAIT_SWAP)
		wait_reverse(i, number, clock_before);
	for (uint32_t a = 0; a < nr_races && event->kind != OP_RELAX; a++) {
		/* The write that let a wait end cannot come after it. */
		if (event->kind != OP_WAIT_SWAP || !events[races[a]].write)
			race_reverse(races[a], i);
	}
}

/* Step i was taken: its clock, its races, and what it is for later steps. */
static void event_note(uint32_t i, bool fresh)
{
	struct event *event = &events[i];
	uint32_t p = event->process;
	uint16_t *clock = process_clock[p], clock_before[MAX_PROCESSES];

	memcpy(clock_before, clock, sizeof(clock_before));
	event->index = ++process_steps[p];
	if (p < MAX_FIBERS && op_drains(&event->op))
		clock_add(clock, process_clock[p + MAX_FIBERS]);
	for (uint32_t k = 0; k < event->nr_locations; k++)
		location_order(i, event->location[k], fresh, clock_before);
	clock[p] = event->index;
	memcpy(event->clock, clock, sizeof(event->clock));
	for (uint32_t k = 0; k < event->nr_locations; k++) {
		struct location *location = &locations[event->location[k]];

		if (event->write) {
			location->last_write = (int)i;
			memset(location->last_read, -1, sizeof(location->last_read));
		} else {
			location->last_read[p] = (int)i;
		}
	}
}

/* Would the next step of this process be independent of the one just taken? */
static bool is_independent(uint32_t process, const struct event *event)
{
	struct footprint footprint;

	if (process == event->process)
		return false;
	if (memory_footprint(process, &footprint) == 0)
		return true;
	for (uint32_t i = 0; i < footprint.nr; i++) {
		if ((footprint.write || event->write) && touches(event, footprint.location[i]))
			return false;
	}
	return true;
}

/* --- One run --- */

static process_set enabled_now(void)
{
	process_set set = 0;

	for (uint32_t p = 0; p < nr_fibers; p++) {
		if (memory_enabled(p))
			set |= set_of(p);
		if (memory_enabled(p + MAX_FIBERS))
			set |= set_of(p + MAX_FIBERS);
	}
	return set;
}

static void run_reset(void)
{
	memcpy(shared_start(), saved, shared_size());
	race_reset();
	memory_reset();
	memset(process_clock, 0, sizeof(process_clock));
	memset(process_steps, 0, sizeof(process_steps));
	nr_fibers = 0;
	nr_events = 0;
	next_sleep = 0;
}

/* The state after the last step is new: which process goes first? Goes on with the last one if it can. */
static bool node_new(process_set enabled, uint32_t last)
{
	struct node *node = &nodes[nr_events];
	process_set awake = enabled & (process_set)~next_sleep;

	if (awake == 0)
		return false;
	memset(node, 0, sizeof(*node));
	node->enabled = enabled;
	node->sleep = next_sleep;
	node->chosen = (uint8_t)(set_has(awake, last) ? last : set_first(awake));
	node->backtrack = options.search == EXPLORE_DPOR ? set_of(node->chosen) : enabled;
	node->nr_choices = (uint8_t)memory_choices(node->chosen);
	nr_nodes = nr_events + 1;
	return true;
}

static void sleep_pass(const struct node *node, const struct event *event)
{
	process_set set = (node->sleep | node->done) & (process_set)~set_of(node->chosen);

	next_sleep = 0;
	if (options.search == EXPLORE_PLAIN)
		return;
	for (uint32_t p = 0; p < MAX_PROCESSES; p++) {
		if (set_has(set, p) && is_independent(p, event))
			next_sleep |= set_of(p);
	}
}

static void step(struct node *node)
{
	struct event *event = &events[nr_events];
	bool fresh = nr_events + 1 >= nr_nodes;
	struct event before = *event;

	event->process = node->chosen;
	event->choice = node->choice;
	if (node->nr_choices == 0)
		node->nr_choices = (uint8_t)memory_choices(node->chosen);
	if (event->process >= MAX_FIBERS)
		clock_add(process_clock[event->process], fibers[event->process - MAX_FIBERS].buffer[0].caused);
	memory_apply(node->chosen, event);
	if (!fresh && options.replay == NULL && (event->kind != before.kind || event->op.address != before.op.address))
		explore_fail("the program does not behave the same twice: step %u is another", nr_events);
	if (options.search != EXPLORE_PLAIN)
		event_note(nr_events, fresh && options.replay == NULL);
	if (event->process < MAX_FIBERS && memory_buffered(&event->op)) {
		struct fiber *fiber = &fibers[event->process];

		memcpy(fiber->buffer[fiber->nr_buffered - 1].caused, process_clock[event->process],
		       sizeof(fiber->buffer[0].caused));
	}
	sleep_pass(node, event);
	result.steps++;
	nr_events++;
	if (event->process < MAX_FIBERS)
		fiber_resume(&fibers[event->process]);
	if (result.failed)
		search_give_up();
}

static void run_ended(void)
{
	for (uint32_t p = 0; p < nr_fibers; p++) {
		if (!fibers[p].done && !fibers[p].daemon)
			report_stuck("deadlock");
	}
	program->finish();
}

/* A step of a schedule that is replayed: can it be taken? */
static void replay_check(process_set enabled)
{
	const struct node *node = &nodes[nr_events];

	if (nr_events >= nr_scheduled)
		return;
	if (!set_has(enabled, node->chosen))
		explore_fail("the schedule does not fit: step %u, process %u cannot go", nr_events, node->chosen);
	if (node->choice >= memory_choices(node->chosen))
		explore_fail("the schedule does not fit: step %u, no value %u back", nr_events, node->choice);
}

static void run_once(void)
{
	uint32_t last = 0;

	run_reset();
	program->start();
	for (;;) {
		process_set enabled = enabled_now();

		if (enabled == 0) {
			if (options.replay != NULL && nr_events < nr_scheduled)
				explore_fail("the schedule does not fit: step %u, but the run is over", nr_events);
			run_ended();
			return;
		}
		if (nr_events == MAX_STEPS - 1)
			report_stuck("limit: the run has too many steps");
		if (nr_events >= nr_nodes && !node_new(enabled, last)) {
			result.blocked++;
			return;
		}
		if (options.replay != NULL)
			replay_check(enabled);
		if (!set_has(enabled, nodes[nr_events].chosen))
			explore_fail("the program does not behave the same twice: step %u", nr_events);
		step(&nodes[nr_events]);
		if (events[nr_events - 1].process < MAX_FIBERS)
			last = events[nr_events - 1].process;
	}
}

/* Change the last decision for which something is left to try. */
static bool schedule_next(void)
{
	for (; nr_nodes > 0; nr_nodes--) {
		struct node *node = &nodes[nr_nodes - 1];
		process_set left;

		if (node->choice + 1 < node->nr_choices) {
			node->choice++;
			return true;
		}
		node->done |= set_of(node->chosen);
		left = node->backtrack & node->enabled & (process_set) ~(node->done | node->sleep);
		if (left != 0) {
			node->chosen = (uint8_t)set_first(left);
			node->choice = node->nr_choices = 0;
			return true;
		}
	}
	return false;
}

/* --- Failures --- */

void search_give_up(void)
{
	longjmp(give_up, 1);
}

/* The schedule: who takes each step; "p*n" n steps of p, "p.c" with a choice. */
static void schedule_print(void)
{
	size_t at = 0, room = sizeof(result.schedule);

	for (uint32_t i = 0; i < nr_events && at + 24 < room;) {
		uint32_t nr = 1;

		while (i + nr < nr_events && events[i].choice == 0 && events[i + nr].choice == 0 &&
		       events[i + nr].process == events[i].process)
			nr++;
		at += (size_t)snprintf(result.schedule + at, room - at, "%s%u", i > 0 ? "," : "", events[i].process);
		if (events[i].choice > 0)
			at += (size_t)snprintf(result.schedule + at, room - at, ".%u", events[i].choice);
		if (nr > 1)
			at += (size_t)snprintf(result.schedule + at, room - at, "*%u", nr);
		i += nr;
	}
}

void explore_fail(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(result.message, sizeof(result.message), format, list);
	va_end(list);
	if (!exploring) {
		fprintf(stderr, "explore: %s\n", result.message);
		exit(2);
	}
	result.failed = true;
	schedule_print();
	while (running != NULL)
		fiber_yield();
	search_give_up();
}

static void on_signal(int number)
{
	explore_fail("the program was stopped by signal %d", number);
}

static void signals_catch(void)
{
	static char stack[65536];
	stack_t where = {.ss_sp = stack, .ss_size = sizeof(stack)};
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK | SA_NODEFER};

	sigaltstack(&where, NULL);
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	sigaction(SIGFPE, &action, NULL);
}

/* --- All runs --- */

/* Seconds of the processor: what a busy machine does not change. */
static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* Turn a schedule into decisions. False: it is none. */
static bool schedule_read(const char *text)
{
	nr_nodes = 0;
	while (*text != '\0') {
		unsigned long process, choice = 0, nr = 1;
		char *end;

		process = strtoul(text, &end, 10);
		if (end == text || process >= MAX_PROCESSES)
			return false;
		if (*end == '.')
			choice = strtoul(end + 1, &end, 10);
		if (*end == '*')
			nr = strtoul(end + 1, &end, 10);
		if ((*end != ',' && *end != '\0') || nr > MAX_STEPS - 1 - nr_nodes)
			return false;
		for (; nr > 0; nr--)
			nodes[nr_nodes++] = (struct node){.chosen = (uint8_t)process, .choice = (uint8_t)choice};
		text = *end == ',' ? end + 1 : end;
	}
	nr_scheduled = nr_nodes;
	return true;
}

static void search_all(void)
{
	double start = now();

	for (;;) {
		result.runs++;
		run_once();
		if (nr_events > result.longest)
			result.longest = nr_events;
		if (options.replay != NULL)
			return;
		if (options.max_runs != 0 && result.runs == options.max_runs)
			return;
		if (options.max_seconds > 0 && result.runs % 256 == 0 && now() - start > options.max_seconds)
			return;
		if (!schedule_next()) {
			result.complete = true;
			return;
		}
	}
}

struct explore_result explore(const struct explore_options *wanted, const struct explore_program *what)
{
	options = *wanted;
	program = what;
	memset(&result, 0, sizeof(result));
	nr_nodes = 0;
	nr_events = 0;
	running = NULL;
	signals_catch();
	if (shared_size() > MAX_SHARED)
		explore_fail("limit: more than %u bytes are shared", MAX_SHARED);
	exploring = true;
	if (setjmp(give_up) == 0) {
		memset(shared_start(), 0, shared_size());
		explore_alloc(shared_start(), shared_size());
		nr_fibers = 0;
		memory_reset();
		program->setup();
		memcpy(saved, shared_start(), shared_size());
		race_save();
		if (options.replay != NULL && !schedule_read(options.replay))
			explore_fail("the schedule to be replayed is malformed");
		search_all();
	}
	running = NULL;
	exploring = false;
	if (options.trace)
		report_trace();
	return result;
}
