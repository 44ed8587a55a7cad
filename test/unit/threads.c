/*
 * Several threads, each a CPU, on overlapping ranges of one space.
 *
 * A cursor owns its range: each page has an owner word that must be free when a cursor has it. Every mapped
 * frame carries the address it is mapped at: a program that reads must find that or fault, never anything
 * else, which would be a stale translation or a frame freed too early.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include <src/atomic.h>

#include "threads.h"
#include "unit.h"

#define NR_CPUS 4u
#define NR_PAGES 1536u
#define BASE (G1 - M2)

static struct vms_space *space;
static uint32_t owner[NR_PAGES];
static uint64_t until; /* nanoseconds */
static uint64_t nr_edits, nr_reads, nr_found;

static void own(uint64_t first, uint64_t nr, uint32_t before, uint32_t after)
{
	for (uint64_t k = first; k < first + nr; k++)
		MUST(__atomic_exchange_n(&owner[k], after, __ATOMIC_RELAXED) == before);
}

/* New frames for the next pages, as far as there are any. */
static void map_some(struct vms_cursor *cursor, uint64_t nr)
{
	for (; nr > 0 && vms_cursor_at(cursor) < cursor->end; nr--) {
		vms_pfn frame = sim_frame_try(1);
		enum vms_status status;

		if (frame == VMS_NO_FRAME)
			return;
		__atomic_store_n(word_of(frame), mark_of(vms_cursor_at(cursor)), __ATOMIC_RELAXED);
		status = vms_cursor_map(cursor, frame, RW_);
		if (status == VMS_OK) {
			sim_handle_gone(frame);
		} else {
			MUST(status == VMS_EXISTS || status == VMS_NO_MEMORY);
			sim_frame_put(frame);
			MUST(vms_cursor_jump(cursor, vms_cursor_at(cursor) + P) == VMS_OK);
		}
	}
}

static void edit(uint64_t *seed, uint32_t self, uint64_t first, uint64_t nr)
{
	struct vms_guard guard;
	struct vms_cursor cursor;
	enum vms_status status;

	vms_guard_enter(&guard);
	status = vms_cursor_open(&cursor, space, &guard, BASE + first * P, BASE + (first + nr) * P, VMS_EDITING);
	if (status != VMS_OK) {
		MUST(status == VMS_NO_MEMORY);
		vms_guard_leave(&guard);
		return;
	}
	own(first, nr, 0, self + 1);
	for (uint64_t left = 4; left > 0 && vms_cursor_at(&cursor) < cursor.end; left--) {
		uint64_t rest = cursor.end - vms_cursor_at(&cursor);
		struct vms_item item;

		switch (sim_random(seed) % 4) {
		case 0:
			status = vms_cursor_unmap(&cursor, rest, NULL);
			MUST(status == VMS_OK || status == VMS_NO_MEMORY);
			break;
		case 1:
			status = vms_cursor_mark(&cursor, P * (1 + sim_random(seed) % (rest / P)), self);
			MUST(status == VMS_OK || status == VMS_NO_MEMORY);
			break;
		case 2:
			status = vms_cursor_protect_next(&cursor, rest, (struct vms_change){.clear = VMS_W}, &item);
			MUST(status == VMS_OK || status == VMS_NOT_FOUND);
			break;
		default:
			map_some(&cursor, 1 + sim_random(seed) % 16);
		}
	}
	own(first, nr, self + 1, 0);
	vms_cursor_close(&cursor);
	vms_guard_leave(&guard);
	__atomic_fetch_add(&nr_edits, 1, __ATOMIC_RELAXED);
}

static void look(uint32_t self, uint64_t first, uint64_t nr)
{
	struct vms_guard guard;
	struct vms_cursor cursor;
	struct vms_item item;

	vms_guard_enter(&guard);
	MUST(vms_cursor_open(&cursor, space, &guard, BASE + first * P, BASE + (first + nr) * P, VMS_READING) == VMS_OK);
	own(first, nr, 0, self + 1);
	while (vms_cursor_at(&cursor) < cursor.end &&
	       vms_cursor_find_next(&cursor, cursor.end - vms_cursor_at(&cursor), VMS_FIND_MAPPED, &item) == VMS_OK) {
		MUST(__atomic_load_n(word_of(item.frame), __ATOMIC_RELAXED) == mark_of(item.va));
		MUST(vms_cursor_jump(&cursor, item.va + item.len) == VMS_OK);
		__atomic_fetch_add(&nr_found, 1, __ATOMIC_RELAXED);
	}
	own(first, nr, self + 1, 0);
	vms_cursor_close(&cursor);
	vms_guard_leave(&guard);
}

/* Until the time is up and enough was seen, however busy the machine is. */
static bool goes_on(void)
{
	uint64_t time = now();
	bool enough = __atomic_load_n(&nr_edits, __ATOMIC_RELAXED) > 1000 &&
		      __atomic_load_n(&nr_reads, __ATOMIC_RELAXED) > 1000 &&
		      __atomic_load_n(&nr_found, __ATOMIC_RELAXED) > 1000;

	return time < until || (!enough && time < until + 20000000000ul);
}

static void *cpu_run(void *argument)
{
	uint32_t self = (uint32_t)(uintptr_t)argument;
	uint64_t seed = 77 + self;

	sim_run_on(self);
	sim_activate(space);
	for (uint32_t i = 0; i % 64 || goes_on(); i++) {
		uint64_t choice = sim_random(&seed);
		uint64_t first = choice / 64 % NR_PAGES;
		uint64_t nr = choice / 65536 % 8 ? 1 + choice / 1048576 % 40 : NR_PAGES;
		uint64_t word;

		if (first + nr > NR_PAGES)
			nr = NR_PAGES - first;
		if (choice % 8 < 4) {
			/* Two that wait for each other with interrupts off must serve each other. */
			uint64_t irq = choice % 8 == 3 ? vms_port_irq_save() : 1;

			edit(&seed, self, first, nr);
			if (choice % 8 == 3)
				vms_port_irq_restore(irq);
		} else if (choice % 8 == 4) {
			look(self, first, nr);
		} else if (choice % 64 == 5) {
			sim_activate(&vms_machine.kernel);
			sim_activate(space);
		} else {
			vms_va va = BASE + first * P;

			for (uint32_t k = 0; k < 8 && first + k < NR_PAGES; k++, va += P) {
				if (sim_read64(va, &word)) {
					MUST(word == mark_of(va));
					__atomic_fetch_add(&nr_reads, 1, __ATOMIC_RELAXED);
				}
			}
		}
		sim_poll();
		vms_port_preempt_off();
		(void)vms_reclaim();
		vms_port_preempt_on();
	}
	sim_activate(&vms_machine.kernel);
	sim_run_off();
	return NULL;
}

static void run(uint32_t nr_cpus, uint64_t hostile)
{
	pthread_t thread[NR_CPUS];

	sim_start(&(struct sim_options){.nr_cpus = nr_cpus, .nr_frames = 1200, .hostile = hostile});
	space = space_new();
	nr_edits = nr_reads = nr_found = 0;
	until = now() + 500000000ul;
	sim_run_off();
	for (uint32_t cpu = 0; cpu < nr_cpus; cpu++)
		assert_int_equal(pthread_create(&thread[cpu], NULL, cpu_run, (void *)(uintptr_t)cpu), 0);
	for (uint32_t cpu = 0; cpu < nr_cpus; cpu++)
		pthread_join(thread[cpu], NULL);
	sim_run_on(0);
	printf("[          ] %u CPUs: %lu edits, %lu reads, %lu pages found, %lu interrupts\n", nr_cpus, nr_edits,
	       nr_reads, nr_found, sim_counts().interrupts);
	assert_true(nr_edits > 1000 && nr_reads > 1000 && nr_found > 1000);
	CHECK(space);
	space_end(space);
	sim_stop();
}

static void two_cpus(void **state)
{
	(void)state;
	run(2, 0);
}

static void four_cpus(void **state)
{
	(void)state;
	run(4, 0);
}

static void four_cpus_with_hostile_tlbs(void **state)
{
	(void)state;
	run(4, 5);
}

#define NR_ROUNDS 65536u

/* Two threads, each a store and then a load of what the other stores, with the fence between. */
static struct {
	uint32_t round;
	uint32_t word;
	bool missed[NR_ROUNDS];
} __attribute__((aligned(64))) side[2];

static void *store_and_look(void *argument)
{
	uint32_t self = (uint32_t)(uintptr_t)argument, spins = 0;
	cpu_set_t cpus;

	/* On two CPUs at once if the machine has them, and lets us; otherwise there is nothing to see. */
	CPU_ZERO(&cpus);
	CPU_SET(self, &cpus);
	(void)pthread_setaffinity_np(pthread_self(), sizeof(cpus), &cpus);
	for (uint32_t round = 1; round < NR_ROUNDS; round++) {
		__atomic_store_n(&side[self].round, round, __ATOMIC_RELEASE);
		while (__atomic_load_n(&side[1 - self].round, __ATOMIC_ACQUIRE) < round) {
			if (++spins % 1024 == 0)
				sched_yield();
		}
		/* Whichever is late by whatever it takes for both to be at it together. */
		for (volatile uint32_t wait = self == 0 ? round % 64 : round / 64 % 64; wait > 0; wait--)
			;
		vms__store32(&side[self].word, round);
		vms__fence();
		side[self].missed[round] = vms__load32(&side[1 - self].word) < round;
	}
	return NULL;
}

/* If neither saw the other's store, both loads went before both stores. */
static void a_fence_keeps_a_load_behind_a_store(void **state)
{
	pthread_t thread[2];
	uint32_t nr_met = 0;

	(void)state;
	memset(side, 0, sizeof(side));
	for (uintptr_t i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, store_and_look, (void *)i), 0);
	for (uint32_t i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	for (uint32_t round = 1; round < NR_ROUNDS; round++) {
		assert_false(side[0].missed[round] && side[1].missed[round]);
		nr_met += !side[0].missed[round] && !side[1].missed[round];
	}
	printf("[          ] %u times of %u each saw the other's store\n", nr_met, NR_ROUNDS - 1);
}

int group_threads(void)
{
	const struct CMUnitTest test[] = {
		cmocka_unit_test(a_fence_keeps_a_load_behind_a_store),
		cmocka_unit_test(two_cpus),
		cmocka_unit_test(four_cpus),
		cmocka_unit_test(four_cpus_with_hostile_tlbs),
	};

	return cmocka_run_group_tests_name("threads", test, NULL, NULL);
}
