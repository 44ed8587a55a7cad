/*
 * Rows about whole ranges, and about the short strings of calls that a kernel makes for one system call or
 * one fault. A run is everything from open to close.
 */
#include "bench.h"
#include "steps.h"

#define TOKEN 7u

BENCH_RUN static void range_map(uint64_t nr)
{
	struct vms_cursor cursor;

	cursor_open_at(&cursor, BASE, nr);
	for (uint64_t i = 0; i < nr; i++)
		bench_check(vms_cursor_map(&cursor, (vms_pfn)(bench_frames() + i), prop_rw));
	vms_cursor_close(&cursor);
}

BENCH_RUN static void range_unmap(uint64_t nr)
{
	struct vms_cursor cursor;

	cursor_open_at(&cursor, BASE, nr);
	bench_check(vms_cursor_unmap(&cursor, nr * VMS_PAGE, NULL));
	vms_cursor_close(&cursor);
}

BENCH_RUN static void range_protect(uint64_t nr)
{
	struct vms_change change = {.clear = VMS_W};
	struct vms_cursor cursor;

	cursor_open_at(&cursor, BASE, nr);
	bench_check(vms_cursor_protect(&cursor, nr * VMS_PAGE, change, NULL));
	vms_cursor_close(&cursor);
}

BENCH_RUN static void each_protect(uint64_t nr)
{
	struct vms_change change = {.clear = VMS_W};
	vms_va end = BASE + nr * VMS_PAGE;
	struct vms_cursor cursor;
	struct vms_item item;

	cursor_open_at(&cursor, BASE, nr);
	while (vms_cursor_at(&cursor) < end)
		bench_check(vms_cursor_protect_next(&cursor, end - vms_cursor_at(&cursor), change, &item));
	vms_cursor_close(&cursor);
}

BENCH_RUN static void range_find(uint64_t nr)
{
	vms_va end = BASE + nr * VMS_PAGE;
	struct vms_cursor cursor;
	struct vms_item item;

	cursor_open_at(&cursor, BASE, nr);
	while (vms_cursor_at(&cursor) < end) {
		bench_check(vms_cursor_find_next(&cursor, end - vms_cursor_at(&cursor), VMS_FIND_ANY, &item));
		bench_check(vms_cursor_jump(&cursor, item.va + item.len));
	}
	vms_cursor_close(&cursor);
}

/* In pieces of half a table, so that marks stand on pages. */
BENCH_RUN static void range_mark(uint64_t nr)
{
	struct vms_cursor cursor;

	cursor_open_at(&cursor, BASE, nr);
	for (uint64_t i = 0; i < nr; i += VMS_ENTRIES / 2)
		bench_check(vms_cursor_mark(&cursor, VMS_ENTRIES / 2 * VMS_PAGE, TOKEN + (uint32_t)i));
	vms_cursor_close(&cursor);
}

static void before_marked(uint64_t nr)
{
	space_fresh(nr);
	range_mark(nr);
}

/* Of marks: no page is mapped. (A function of its own, as every row has: its instructions are the row's.) */
BENCH_RUN static void range_unmark(uint64_t nr)
{
	struct vms_cursor cursor;
	uint64_t nr_pages;

	cursor_open_at(&cursor, BASE, nr);
	bench_check(vms_cursor_unmap(&cursor, nr * VMS_PAGE, &nr_pages));
	if (nr_pages != 0)
		bench_fail("a mark is no page");
	vms_cursor_close(&cursor);
}

const struct row bench_range_map = {
	.name = "range map",
	RUN(range_map),
	.before = before_map,
	.after = space_end,
	.pages = 1,
	.most_ns = 5,
};
const struct row bench_range_unmap = {
	.name = "range unmap",
	RUN(range_unmap),
	.before = before_mapped,
	.after = space_end,
	.pages = 1,
	.most_ns = 5,
};
const struct row bench_range_protect = {
	.name = "range protect",
	RUN(range_protect),
	.before = before_mapped,
	.after = space_end,
	.pages = 1,
	.most_ns = 5,
};
const struct row bench_each_protect = {
	.name = "protect, page after page",
	RUN(each_protect),
	.before = before_mapped,
	.after = space_end,
	.pages = 1,
};
const struct row bench_range_find = {
	.name = "range find",
	RUN(range_find),
	.before = before_mapped,
	.after = space_end,
	.pages = 1,
};
const struct row bench_range_mark = {
	.name = "range mark by half tables",
	RUN(range_mark),
	.before = space_fresh,
	.after = space_end,
	.pages = 1,
};
const struct row bench_range_unmark = {
	.name = "range unmap of marks",
	RUN(range_unmark),
	.before = before_marked,
	.after = space_end,
	.pages = 1,
};

BENCH_RUN static void open_close(uint64_t nr)
{
	struct vms_cursor cursor;

	bench_check(vms_cursor_open(&cursor, &bench_space, &guard, BASE, BASE + nr * VMS_PAGE, VMS_READING));
	vms_cursor_close(&cursor);
}

const struct row bench_open = {
	.name = "open and close",
	RUN(open_close),
	.before = before_mapped,
	.after = space_end,
	.pages = VMS_ENTRIES,
};

/* What a kernel does for 16 KiB: mmap, four faults, mprotect there and back, munmap. */
#define SMALL 4u

/* mmap: is there anything? Mark it. */
BENCH_RUN static void path_mmap(uint64_t nr)
{
	struct vms_cursor cursor;
	struct vms_item item;

	for (uint64_t i = 0; i + SMALL <= nr; i += SMALL) {
		cursor_open_at(&cursor, BASE + i * VMS_PAGE, SMALL);
		if (vms_cursor_find_next(&cursor, SMALL * VMS_PAGE, VMS_FIND_ANY, &item) != VMS_NOT_FOUND)
			bench_fail("the range is in use");
		bench_check(vms_cursor_jump(&cursor, BASE + i * VMS_PAGE));
		bench_check(vms_cursor_mark(&cursor, SMALL * VMS_PAGE, TOKEN));
		vms_cursor_close(&cursor);
	}
}

/* A fault on a marked page. */
BENCH_RUN static void path_fault(uint64_t nr)
{
	struct vms_cursor cursor;
	struct vms_item item;

	for (uint64_t i = 0; i < nr; i++) {
		vms_va va = BASE + i * VMS_PAGE;

		cursor_open_at(&cursor, va, 1);
		bench_check(vms_cursor_query(&cursor, &item));
		if (item.what != VMS_MARKED || item.token != TOKEN)
			bench_fail("the page is not marked");
		bench_check(vms_cursor_map(&cursor, (vms_pfn)(bench_frames() + i), prop_rw));
		bench_check(vms_cursor_jump(&cursor, va));
		vms_cursor_close(&cursor);
	}
}

BENCH_RUN static void path_protect(uint64_t nr)
{
	struct vms_change change = {.clear = VMS_W};
	struct vms_cursor cursor;

	for (uint64_t i = 0; i + SMALL <= nr; i += SMALL) {
		cursor_open_at(&cursor, BASE + i * VMS_PAGE, SMALL);
		bench_check(vms_cursor_protect(&cursor, SMALL * VMS_PAGE, change, NULL));
		vms_cursor_close(&cursor);
	}
}

BENCH_RUN static void path_unmap(uint64_t nr)
{
	struct vms_cursor cursor;

	for (uint64_t i = 0; i + SMALL <= nr; i += SMALL) {
		cursor_open_at(&cursor, BASE + i * VMS_PAGE, SMALL);
		bench_check(vms_cursor_unmap(&cursor, SMALL * VMS_PAGE, NULL));
		vms_cursor_close(&cursor);
	}
}

static void before_fault(uint64_t nr)
{
	bench_frames_take(nr, 1);
	space_fresh(nr);
	path_mmap(nr);
}

static const struct row mmap_4 = {
	.name = "mmap 4 pages",
	RUN(path_mmap),
	.before = space_fresh,
	.after = space_end,
	.pages = SMALL,
};
static const struct row fault_1 = {
	.name = "fault on a marked page",
	RUN(path_fault),
	.before = before_fault,
	.after = space_end,
	.pages = 1,
};
static const struct row protect_4 = {
	.name = "mprotect 4 pages",
	RUN(path_protect),
	.before = before_mapped,
	.after = space_end,
	.pages = SMALL,
};
static const struct row unmap_4 = {
	.name = "munmap 4 pages",
	RUN(path_unmap),
	.before = before_mapped,
	.after = space_end,
	.pages = SMALL,
};

const struct row *const bench_paths[] = {&mmap_4, &fault_1, &protect_4, &unmap_4, NULL};
