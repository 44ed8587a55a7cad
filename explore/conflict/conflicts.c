/*
 * Which cache lines do two operations share? For each pair of operations, one on CPU 0 in the first 2 MiB of a
 * space, the other on CPU 1 in the next 2 MiB, with tables of real size that are there: the lines of 64 bytes
 * that one of them writes and the other touches, by the names of the fields. notes.c notes them while an operation
 * runs; nothing runs at the same time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../engine/explore.h"
#include "../fields.h"
#include "conflicts.h"

#define HALF 0x200000ul

static struct vms_table ram[NR_FRAMES] EXPLORE_SHARED __attribute__((aligned(4096)));
static struct vms_frame meta[NR_FRAMES] EXPLORE_SHARED;
static struct vms_space space EXPLORE_SHARED, other[2] EXPLORE_SHARED;

/* --- Operations: each in the 2 MiB of its CPU. Page 0 is mapped, page 1 is marked, page 2 is absent. --- */

static const struct vms_prop prop = {VMS_R + VMS_W, VMS_WRITE_BACK};

static vms_va base(void)
{
	return cpu * HALF;
}

static vms_pfn frame_new(uint32_t number)
{
	vms_pfn frame = FIRST_DATA + cpu * 8 + number;

	if (vms_frame_from_unused(frame, VMS_FRAME_UNTYPED, 1) != VMS_OK)
		vms_port_panic("no frame");
	return frame;
}

static void must(enum vms_status status)
{
	if (status != VMS_OK)
		vms_port_panic(vms_status_name(status));
}

static void with_cursor(uint32_t first, uint32_t nr, enum vms_mode mode, void (*f)(struct vms_cursor *))
{
	struct vms_cursor cursor;
	struct vms_guard guard;

	vms_guard_enter(&guard);
	must(vms_cursor_open(&cursor, &space, &guard, base() + first * VMS_PAGE, base() + (first + nr) * VMS_PAGE,
			     mode));
	f(&cursor);
	vms_cursor_close(&cursor);
	vms_guard_leave(&guard);
}

static void do_nothing(struct vms_cursor *cursor)
{
	(void)cursor;
}

static void do_query(struct vms_cursor *cursor)
{
	struct vms_item item;

	must(vms_cursor_query(cursor, &item));
}

static vms_pfn next_frame;

static void do_map(struct vms_cursor *cursor)
{
	must(vms_cursor_map(cursor, next_frame, prop));
}

static void do_unmap(struct vms_cursor *cursor)
{
	must(vms_cursor_unmap(cursor, VMS_PAGE, NULL));
}

static void do_mark(struct vms_cursor *cursor)
{
	must(vms_cursor_mark(cursor, VMS_PAGE, 7));
}

static void do_protect(struct vms_cursor *cursor)
{
	must(vms_cursor_protect(cursor, VMS_PAGE, (struct vms_change){.clear = VMS_W}, NULL));
}

static void do_grow(struct vms_cursor *cursor)
{
	must(vms_cursor_protect(cursor, VMS_PAGE, (struct vms_change){.set = VMS_R + VMS_W}, NULL));
}

static void op_read(void)
{
	with_cursor(0, 1, VMS_READING, do_nothing);
}

static void op_edit(void)
{
	with_cursor(0, 1, VMS_EDITING, do_nothing);
}

static void op_whole(void)
{
	with_cursor(0, VMS_ENTRIES, VMS_EDITING, do_nothing);
}

static void op_query(void)
{
	with_cursor(0, 1, VMS_READING, do_query);
}

static void op_map(void)
{
	with_cursor(2, 1, VMS_EDITING, do_map);
}

static void op_map_over_mark(void)
{
	with_cursor(1, 1, VMS_EDITING, do_map);
}

static void op_unmap(void)
{
	with_cursor(0, 1, VMS_EDITING, do_unmap);
}

static void op_mark(void)
{
	with_cursor(2, 1, VMS_EDITING, do_mark);
}

static void op_protect(void)
{
	with_cursor(0, 1, VMS_EDITING, do_protect);
}

static void op_grow(void)
{
	with_cursor(0, 1, VMS_EDITING, do_grow);
}

static void op_fault(void)
{
	bool resolved = vms_space_fault(&(struct vms_fault){base(), VMS_R, true});

	(void)resolved; /* nothing is, where the space is not active */
}

static void op_reader(void)
{
	struct vms_reader reader;
	uint64_t done, word;

	if (vms_space_reader(&space, base(), 8, &reader) == VMS_OK)
		must(vms_reader_copy(&reader, &word, 8, &done));
}

static void op_frame(void)
{
	must(vms_frame_get(next_frame));
	vms_frame_put(next_frame);
}

static void op_reclaim(void)
{
	(void)vms_reclaim();
}

static void op_activate(void)
{
	vms_space_activate(&other[cpu]);
}

static void op_create(void)
{
	struct vms_space made;

	must(vms_space_create(&made));
	vms_space_put(&made);
}

static const struct operation {
	const char *name;
	void (*run)(void);
} operations[] = {
	{"open, close to read", op_read},
	{"open, close to edit", op_edit},
	{"open, close 2 MiB", op_whole},
	{"query", op_query},
	{"map", op_map},
	{"map over a mark", op_map_over_mark},
	{"unmap", op_unmap},
	{"mark", op_mark},
	{"protect", op_protect},
	{"protect back", op_grow},
	{"fault", op_fault},
	{"reader", op_reader},
	{"frame get, put", op_frame},
	{"reclaim", op_reclaim},
	{"activate another", op_activate},
	{"create a space", op_create},
};
#define NR_OPERATIONS (sizeof(operations) / sizeof(operations[0]))

/* --- Names --- */

static void name_of(const char *at, char *name, size_t room)
{
	if (name_in(at, IN_ARRAY(vms_machine.cpu), cpu_fields, "cpu", name, room) ||
	    name_in(at, IN_ARRAY(meta), frame_fields, "frame", name, room) ||
	    name_in(at, IN_ONE(space), space_fields, "space", name, room) ||
	    name_in(at, IN_ARRAY(other), space_fields, "other space", name, room) ||
	    name_in(at, IN_ONE(vms_machine.kernel), space_fields, "kernel", name, room))
		return;
	if (at >= (const char *)ram && at < (const char *)(ram + NR_FRAMES))
		snprintf(name, room, "table entries");
	else
		snprintf(name, room, "vms_machine +%zu", (size_t)(at - (const char *)&vms_machine));
}

/* --- Pairs --- */

static void machine_start(bool active)
{
	static const struct vms_region regions[] = {{1, NR_FRAMES - 1}};
	struct vms_config config = {
		.ram = ram, .meta = meta, .nr_frames = NR_FRAMES, .nr_cpus = 2, .regions = regions, .nr_regions = 1};

	noting = NULL;
	logs[0].nr = logs[1].nr = 0;
	memset(in_use, 0, sizeof(in_use));
	cpu = 0;
	must(vms_init(&config));
	vms_machine.kernel.root = NR_FRAMES - 1; /* not walked by any operation here */
	memset(ram, 0, sizeof(ram));
	for (cpu = 0; cpu < 2; cpu++)
		vms_cpu_online();
	cpu = 0;
	must(vms_space_create(&space));
	for (cpu = 0; cpu < 2; cpu++) {
		must(vms_space_create(&other[cpu]));
		next_frame = frame_new(0);
		with_cursor(0, 1, VMS_EDITING, do_map);
		with_cursor(1, 1, VMS_EDITING, do_mark);
		if (active)
			vms_space_activate(&space);
	}
}

static void run_noted(uint32_t which, const struct operation *operation)
{
	cpu = which;
	next_frame = frame_new(1);
	noting = &logs[which];
	operation->run();
	noting = NULL;
}

/* A line that conflicts, by the words that matter: written by one, touched by the other; or near them. */
static void line_print(const struct line *a, const struct line *b)
{
	uint64_t shared = (a->words_written & b->words) | (b->words_written & a->words);
	uint64_t words = shared != 0 ? shared : a->words_written | b->words_written;
	char name[96];

	name_of(a->start + 4 * __builtin_ctzl(words), name, sizeof(name));
	printf("%s%s;", name, shared != 0 ? "" : " (only the line)");
}

static uint32_t pair_compare(bool print)
{
	uint32_t nr = 0;

	for (uint32_t i = 0; i < logs[0].nr; i++) {
		for (uint32_t k = 0; k < logs[1].nr; k++) {
			const struct line *a = &logs[0].line[i], *b = &logs[1].line[k];

			if (a->start != b->start || (!a->written && !b->written))
				continue;
			nr++;
			if (print) {
				printf(" ");
				line_print(a, b);
			}
		}
	}
	return nr;
}

static uint32_t matrix(bool active)
{
	uint32_t nr[NR_OPERATIONS][NR_OPERATIONS], sum = 0;

	printf("The space is active on %s.\n\n%-20s", active ? "both CPUs" : "neither CPU", "");
	for (uint32_t k = 0; k < NR_OPERATIONS; k++)
		printf("%3c", 'a' + (char)k);
	printf("\n");
	for (uint32_t i = 0; i < NR_OPERATIONS; i++) {
		printf("%c %-18s", 'a' + (char)i, operations[i].name);
		for (uint32_t k = 0; k < NR_OPERATIONS; k++) {
			machine_start(active);
			run_noted(0, &operations[i]);
			run_noted(1, &operations[k]);
			nr[i][k] = pair_compare(false);
			sum += nr[i][k];
			printf("%3u", nr[i][k]);
		}
		printf("\n");
	}
	printf("\n");
	for (uint32_t i = 0; i < NR_OPERATIONS; i++) {
		for (uint32_t k = 0; k < NR_OPERATIONS; k++) {
			if (nr[i][k] == 0)
				continue;
			machine_start(active);
			run_noted(0, &operations[i]);
			run_noted(1, &operations[k]);
			printf("conflict, active on %s: %s / %s:", active ? "both" : "neither", operations[i].name,
			       operations[k].name);
			(void)pair_compare(true);
			printf("\n");
		}
	}
	printf("\n");
	return sum;
}

int main(void)
{
	printf("# Made by `make conflicts`: cache lines that an operation on CPU 0 and one on CPU 1 share, on disjoint "
	       "2 MiB\n"
	       "# ranges with tables present, of which one of them writes. Tables have 512 entries.\n\n");
	notes_begin();
	(void)matrix(false);
	(void)matrix(true);
	return 0;
}
