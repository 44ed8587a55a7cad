/*
 * Threads of the host's, each a CPU of the simulated machine, do everything to a few spaces at once, under the thread
 * sanitizer: what it reports, what the machine finds wrong, and what a page should not hold, ends the run.
 *
 *   stress [seconds [seed]]
 *
 * Each mapped frame holds the address that it is mapped at. Each page of each space has an owner word, which must be
 * free when a cursor has the page. The machine is started anew every second or so, with tags or without, with TLBs
 * that keep what they may or drop it at any time.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../test/unit/threads.h"

#define NR_CPUS 4u
#define NR_SPACES 2u
#define NR_PAGES 1536u
#define P VMS_PAGE
#define BASE ((512ul * 512 - 512) * P) /* two tables of one table, and one of another */
#define NR_LARGE 6u

static struct vms_space spaces[NR_SPACES];
static uint32_t owner[NR_SPACES][NR_PAGES];
static uint64_t until;    /* nanoseconds */
static vms_pfn own_frame; /* one that CPUs make unique and take references of */
static struct counts {
	uint64_t edits, copies, accesses, remote, switches, kernel, frames;
} counts;

#define COUNT(what) ((void)__atomic_fetch_add(&counts.what, 1, __ATOMIC_RELAXED))

/* One CPU's view. */
struct cpu {
	uint32_t self;
	uint64_t seed;
	uint32_t space;
	uint64_t first, nr; /* pages of the cursor */
};

static uint64_t random_below(struct cpu *cpu, uint64_t limit)
{
	return sim_random(&cpu->seed) % limit;
}

static void range_choose(struct cpu *cpu)
{
	cpu->space = (uint32_t)random_below(cpu, NR_SPACES);
	cpu->first = random_below(cpu, NR_PAGES);
	cpu->nr = random_below(cpu, 8) ? 1 + random_below(cpu, 40) : NR_PAGES;
	if (cpu->nr > NR_PAGES - cpu->first)
		cpu->nr = NR_PAGES - cpu->first;
}

static void own(const struct cpu *cpu, uint32_t space, bool take)
{
	for (uint64_t k = cpu->first; k < cpu->first + cpu->nr; k++)
		MUST(__atomic_exchange_n(&owner[space][k], take ? cpu->self + 1 : 0, __ATOMIC_RELAXED) ==
		     (take ? 0 : cpu->self + 1));
}

static bool cursor_open(const struct cpu *cpu, uint32_t space, struct vms_guard *guard, struct vms_cursor *cursor,
			enum vms_mode mode)
{
	enum vms_status status;

	vms_guard_enter(guard);
	status = vms_cursor_open(cursor, &spaces[space], guard, BASE + cpu->first * P,
				 BASE + (cpu->first + cpu->nr) * P, mode);
	if (status != VMS_OK) {
		MUST(status == VMS_NO_MEMORY);
		vms_guard_leave(guard);
		return false;
	}
	own(cpu, space, true);
	return true;
}

static void cursor_close(const struct cpu *cpu, uint32_t space, struct vms_guard *guard, struct vms_cursor *cursor)
{
	own(cpu, space, false);
	vms_cursor_close(cursor);
	vms_guard_leave(guard);
}

/* --- What a cursor does --- */

/* A frame of 4 KiB or 2 MiB at the position. */
static void map_one(struct cpu *cpu, struct vms_cursor *cursor)
{
	vms_va at = vms_cursor_at(cursor);
	uint32_t level = at % (512 * P) == 0 && cursor->end - at >= 512 * P && random_below(cpu, 2) ? 2 : 1;
	struct vms_prop prop = {VMS_R + VMS_W, VMS_WRITE_BACK};
	vms_pfn frame = sim_frame_try(level);
	enum vms_status status;

	if (frame == VMS_NO_FRAME)
		return;
	for (uint64_t k = 0; k < (level == 2 ? 512u : 1u); k++)
		__atomic_store_n(word_of((vms_pfn)(frame + k)), mark_of(at + k * P), __ATOMIC_RELAXED);
	status = vms_cursor_map(cursor, frame, prop);
	if (status == VMS_OK) {
		sim_handle_gone(frame);
		return;
	}
	MUST(status == VMS_EXISTS || status == VMS_NO_MEMORY || status == VMS_OUT_OF_RANGE);
	sim_frame_put(frame);
	MUST(vms_cursor_jump(cursor, at + P) == VMS_OK);
}

static void edit_once(struct cpu *cpu, struct vms_cursor *cursor)
{
	uint64_t rest = cursor->end - vms_cursor_at(cursor), part = P * (1 + random_below(cpu, rest / P));
	struct vms_change shrink = {.clear = VMS_W}, grow = {.set = VMS_W + VMS_R};
	enum vms_status status = VMS_OK;
	struct vms_item item;

	switch (random_below(cpu, 6)) {
	case 0:
		status = vms_cursor_unmap(cursor, random_below(cpu, 2) ? rest : part, NULL);
		break;
	case 1:
		status = vms_cursor_mark(cursor, part, cpu->self);
		break;
	case 2:
		status = vms_cursor_protect(cursor, part, random_below(cpu, 2) ? shrink : grow, NULL);
		break;
	case 3:
		status = vms_cursor_protect_next(cursor, part, shrink, &item);
		break;
	case 4:
		status = vms_cursor_find_next(cursor, part, VMS_FIND_MAPPED, &item);
		if (status == VMS_OK)
			MUST(__atomic_load_n(word_of(item.frame), __ATOMIC_RELAXED) == mark_of(item.va));
		break;
	default:
		for (uint64_t k = 1 + random_below(cpu, 16); k > 0 && vms_cursor_at(cursor) < cursor->end; k--)
			map_one(cpu, cursor);
	}
	MUST(status == VMS_OK || status == VMS_NO_MEMORY || status == VMS_NOT_FOUND);
}

static void edit(struct cpu *cpu)
{
	struct vms_guard guard;
	struct vms_cursor cursor;

	range_choose(cpu);
	if (!cursor_open(cpu, cpu->space, &guard, &cursor, VMS_EDITING))
		return;
	for (uint32_t i = 0; i < 4 && vms_cursor_at(&cursor) < cursor.end; i++)
		edit_once(cpu, &cursor);
	cursor_close(cpu, cpu->space, &guard, &cursor);
	COUNT(edits);
}

/* As fork does; every CPU opens the cursor of space 0 first. */
static void copy(struct cpu *cpu)
{
	struct vms_guard guard, other;
	struct vms_cursor from, to;
	enum vms_status status;

	range_choose(cpu);
	if (!cursor_open(cpu, 0, &guard, &from, VMS_EDITING))
		return;
	if (cursor_open(cpu, 1, &other, &to, VMS_EDITING)) {
		if (random_below(cpu, 2)) {
			MUST(vms_cursor_unmap(&to, cpu->nr * P, NULL) != VMS_READ_ONLY);
			MUST(vms_cursor_jump(&to, to.start) == VMS_OK);
		}
		status = vms_cursor_copy(&from, &to, cpu->nr * P, random_below(cpu, 2) ? VMS_SOFT0 : 0);
		MUST(status == VMS_OK || status == VMS_EXISTS || status == VMS_NO_MEMORY);
		cursor_close(cpu, 1, &other, &to);
	}
	cursor_close(cpu, 0, &guard, &from);
	COUNT(copies);
}

/* --- What programs and kernels do besides --- */

static void accesses(struct cpu *cpu)
{
	vms_va va;
	uint64_t word;

	range_choose(cpu);
	va = BASE + cpu->first * P;
	for (uint64_t k = 0; k < 8 && k < cpu->nr; k++, va += P) {
		if (sim_read64(va, &word))
			MUST(word == mark_of(va));
		/* Beside the word. */
		if (random_below(cpu, 4) == 0)
			(void)sim_write(va + 64 + cpu->self, 1);
		COUNT(accesses);
	}
}

static void remote(struct cpu *cpu)
{
	uint64_t word, done;
	vms_va va;

	range_choose(cpu);
	va = BASE + cpu->first * P;
	if (vms_space_read(&spaces[cpu->space], va, &word, sizeof(word), &done) == VMS_OK)
		MUST(word == mark_of(va));
	if (random_below(cpu, 2))
		(void)!vms_space_write(&spaces[cpu->space], va + 128 + 8 * cpu->self, &word, sizeof(word), &done);
	COUNT(remote);
}

static void switch_space(struct cpu *cpu)
{
	uint64_t which = random_below(cpu, NR_SPACES + 1);

	sim_activate(which == NR_SPACES ? &vms_machine.kernel : &spaces[which]);
	COUNT(switches);
}

/* Each CPU has its page, and all a table. */
static void kernel_edit(struct cpu *cpu)
{
	struct vms_prop prop = {VMS_R + VMS_W + VMS_GLOBAL, VMS_UNCACHED};
	vms_va va = VMS_KERNEL_START + cpu->self * P, end = random_below(cpu, 8) ? va + P : VMS_KERNEL_START + 1024 * P;
	struct vms_guard guard;
	struct vms_cursor cursor;
	enum vms_status status;

	if (end > va + P)
		va = VMS_KERNEL_START;
	vms_guard_enter(&guard);
	status = vms_cursor_open(&cursor, &vms_machine.kernel, &guard, va, end, VMS_EDITING);
	if (status == VMS_OK) {
		status = end == va + P ? vms_cursor_map_device(&cursor, sim_device() + cpu->self, P, prop) : VMS_EXISTS;
		if (status == VMS_EXISTS)
			status = vms_cursor_unmap(&cursor, end - va, NULL);
		vms_cursor_close(&cursor);
	}
	MUST(status == VMS_OK || status == VMS_NO_MEMORY);
	vms_guard_leave(&guard);
	COUNT(kernel);
}

/* CPU 0 has a frame to itself now and then; the others try to hold it. */
static void frame_edit(struct cpu *cpu)
{
	if (cpu->self == 0) {
		if (vms_frame_unique(own_frame) != VMS_OK)
			return;
		vms_machine.ram[own_frame].entry[1]++;
		MUST(vms_frame_share(own_frame) == VMS_OK);
	} else if (vms_frame_get(own_frame) == VMS_OK) {
		MUST(vms_machine.ram[own_frame].entry[1] < ~0ul);
		vms_port_preempt_off();
		vms_frame_put(own_frame);
		vms_port_preempt_on();
	}
	COUNT(frames);
}

static void *cpu_run(void *argument)
{
	struct cpu *cpu = argument;

	sim_run_on(cpu->self);
	switch_space(cpu);
	while (now() < until) {
		uint64_t choice = random_below(cpu, 64);
		/* Two that wait for each other with interrupts off must serve each other. */
		bool off = choice % 8 == 3;
		uint64_t state = off ? vms_port_irq_save() : 0;

		if (choice < 28)
			edit(cpu);
		else if (choice < 32)
			copy(cpu);
		else if (choice < 36)
			remote(cpu);
		else if (choice < 38)
			kernel_edit(cpu);
		else if (choice < 42)
			frame_edit(cpu);
		else if (choice < 45)
			switch_space(cpu);
		else
			accesses(cpu);
		if (off)
			vms_port_irq_restore(state);
		sim_poll();
		vms_port_preempt_off();
		(void)vms_reclaim();
		vms_port_preempt_on();
	}
	sim_activate(&vms_machine.kernel);
	sim_run_off();
	return NULL;
}

static void machine_run(uint64_t seed)
{
	struct sim_options options = {.nr_cpus = NR_CPUS,
				      .nr_frames = 1600,
				      .nr_large = NR_LARGE,
				      .nr_tags = seed % 2 ? 4 : 0,
				      .hostile = seed % 4 < 2 ? 0 : seed};
	struct vms_space *const all[] = {&spaces[0], &spaces[1]};
	pthread_t thread[NR_CPUS];
	struct cpu cpu[NR_CPUS];

	sim_start(&options);
	for (uint32_t i = 0; i < NR_SPACES; i++)
		MUST(vms_space_create(&spaces[i]) == VMS_OK);
	own_frame = sim_frame_new(1);
	sim_run_off();
	for (uint32_t i = 0; i < NR_CPUS; i++) {
		cpu[i] = (struct cpu){.self = i, .seed = 1000 * seed + i + 1};
		MUST(pthread_create(&thread[i], NULL, cpu_run, &cpu[i]) == 0);
	}
	for (uint32_t i = 0; i < NR_CPUS; i++)
		pthread_join(thread[i], NULL);
	sim_run_on(0);
	sim_check(all, NR_SPACES);
	MUST(vms_frame_refs(own_frame) == 1);
	sim_frame_put(own_frame);
	for (uint32_t i = 0; i < NR_SPACES; i++) {
		vms_port_preempt_off();
		vms_space_put(&spaces[i]);
		vms_port_preempt_on();
	}
	sim_stop();
}

int main(int argc, char **argv)
{
	uint64_t seconds = argc > 1 ? strtoul(argv[1], NULL, 10) : 10, seed = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
	uint64_t end = now() + seconds * 1000000000ul, nr = 0;

	for (; now() < end; nr++, seed++) {
		until = now() + 1500000000ul < end ? now() + 1500000000ul : end;
		machine_run(seed);
	}
	printf("stress: %lu seconds, %lu machines of %u CPUs: %lu edits, %lu copies, %lu accesses, %lu remote, "
	       "%lu switches, %lu of the kernel's, %lu of one frame's references; no report\n",
	       seconds, nr, NR_CPUS, counts.edits, counts.copies, counts.accesses, counts.remote, counts.switches,
	       counts.kernel, counts.frames);
	return counts.edits < 10 || counts.accesses < 10;
}
