/*
 * Rows about one page, or one leaf, at a time.
 */
#include "bare.h"
#include "bench.h"
#include "steps.h"

/* For the rows that work through a cursor that is open all the time. */
static struct vms_cursor open_cursor;

static void cursor_open(uint64_t nr)
{
	cursor_open_at(&open_cursor, BASE, nr);
}

static void cursor_close(uint64_t nr)
{
	vms_cursor_close(&open_cursor);
	space_end(nr);
}

static void before_map_open(uint64_t nr)
{
	before_map(nr);
	cursor_open(nr);
}

static void before_mapped_open(uint64_t nr)
{
	before_mapped(nr);
	cursor_open(nr);
}

BENCH_RUN static void fresh_map(uint64_t nr)
{
	struct vms_cursor cursor;

	for (uint64_t i = 0; i < nr; i++) {
		vms_va va = BASE + i * VMS_PAGE;

		bench_check(vms_cursor_open(&cursor, &bench_space, &guard, va, va + VMS_PAGE, VMS_EDITING));
		bench_check(vms_cursor_map(&cursor, (vms_pfn)(bench_frames() + i), prop_rw));
		vms_cursor_close(&cursor);
	}
}

BENCH_RUN static void fresh_unmap(uint64_t nr)
{
	struct vms_cursor cursor;

	for (uint64_t i = 0; i < nr; i++) {
		vms_va va = BASE + i * VMS_PAGE;

		bench_check(vms_cursor_open(&cursor, &bench_space, &guard, va, va + VMS_PAGE, VMS_EDITING));
		bench_check(vms_cursor_unmap(&cursor, VMS_PAGE, NULL));
		vms_cursor_close(&cursor);
	}
}

BENCH_RUN static void fresh_query(uint64_t nr)
{
	struct vms_cursor cursor;
	struct vms_item item;

	for (uint64_t i = 0; i < nr; i++) {
		vms_va va = BASE + i * VMS_PAGE;

		bench_check(vms_cursor_open(&cursor, &bench_space, &guard, va, va + VMS_PAGE, VMS_READING));
		bench_check(vms_cursor_query(&cursor, &item));
		vms_cursor_close(&cursor);
	}
}

BENCH_RUN static void open_map(uint64_t nr)
{
	for (uint64_t i = 0; i < nr; i++)
		bench_check(vms_cursor_map(&open_cursor, (vms_pfn)(bench_frames() + i), prop_rw));
}

BENCH_RUN static void open_unmap(uint64_t nr)
{
	for (uint64_t i = 0; i < nr; i++)
		bench_check(vms_cursor_unmap(&open_cursor, VMS_PAGE, NULL));
}

BENCH_RUN static void open_query(uint64_t nr)
{
	struct vms_item item;

	for (uint64_t i = 0; i < nr; i++) {
		bench_check(vms_cursor_query(&open_cursor, &item));
		bench_check(vms_cursor_jump(&open_cursor, BASE + (i + 1) * VMS_PAGE));
	}
}

/*
 * 2 MiB leaves: a few frames, mapped over and over. The records of large frames lie 32 KiB apart, which a cache takes
 * for one place: with many frames its misses would be timed. The bench keeps a handle of each, so that what is
 * timed is the mapping, not the end of 512 records.
 */
#define NR_LARGE_FRAMES 16u

static vms_pfn large_frame(uint64_t i)
{
	return (vms_pfn)(bench_frames() + i % NR_LARGE_FRAMES * VMS_ENTRIES);
}

static void before_large(uint64_t nr)
{
	bench_frames_take(NR_LARGE_FRAMES, 2);
	for (uint64_t i = 0; i < nr; i++)
		bench_check(vms_frame_get(large_frame(i)));
	space_fresh(nr);
	cursor_open(nr * VMS_ENTRIES);
}

BENCH_RUN static void large_map(uint64_t nr)
{
	for (uint64_t i = 0; i < nr; i++)
		bench_check(vms_cursor_map(&open_cursor, large_frame(i), prop_rw));
}

BENCH_RUN static void large_unmap(uint64_t nr)
{
	for (uint64_t i = 0; i < nr; i++)
		bench_check(vms_cursor_unmap(&open_cursor, VMS_ENTRIES * VMS_PAGE, NULL));
}

static void before_large_mapped(uint64_t nr)
{
	before_large(nr);
	large_map(nr);
	bench_check(vms_cursor_jump(&open_cursor, BASE));
}

static void after_large(uint64_t nr)
{
	cursor_close(nr);
	for (uint64_t i = 0; i < NR_LARGE_FRAMES; i++)
		vms_frame_put(large_frame(i));
}

static void before_bare(uint64_t nr)
{
	bare_build(nr);
}

static void nothing(uint64_t nr)
{
	(void)nr;
}

static const struct row store_fast = {
	.name = "bare walk and store, overlapping",
	RUN(bare_store),
	.before = before_bare,
	.after = nothing,
	.pages = 1,
};
static const struct row load_fast = {
	.name = "bare walk, overlapping",
	RUN(bare_load),
	.before = before_bare,
	.after = nothing,
	.pages = 1,
};
static const struct row store = {
	.name = "bare walk and store",
	RUN(bare_store_each),
	.before = before_bare,
	.after = nothing,
	.pages = 1,
};
static const struct row load = {
	.name = "bare walk",
	RUN(bare_load_each),
	.before = before_bare,
	.after = nothing,
	.pages = 1,
};
static const struct row store_locked = {
	.name = "bare walk and store under a lock",
	RUN(bare_store_locked),
	.before = before_bare,
	.after = nothing,
	.pages = 1,
};
static const struct row map_fresh = {
	.name = "map a page, fresh cursor",
	RUN(fresh_map),
	.before = before_map,
	.after = space_end,
	.pages = 1,
	.beside = &store,
	.most_ratio = 3,
};
static const struct row unmap_fresh = {
	.name = "unmap a page, fresh cursor",
	RUN(fresh_unmap),
	.before = before_mapped,
	.after = space_end,
	.pages = 1,
	.beside = &store,
	.most_ratio = 3,
};
static const struct row query_fresh = {
	.name = "query, fresh cursor",
	RUN(fresh_query),
	.before = before_mapped,
	.after = space_end,
	.pages = 1,
	.beside = &load,
};
static const struct row map_open = {
	.name = "map a page, open cursor",
	RUN(open_map),
	.before = before_map_open,
	.after = cursor_close,
	.pages = 1,
	.beside = &store,
	.most_ratio = 1.5,
};
static const struct row unmap_open = {
	.name = "unmap a page, open cursor",
	RUN(open_unmap),
	.before = before_mapped_open,
	.after = cursor_close,
	.pages = 1,
	.beside = &store,
	.most_ratio = 1.5,
};
static const struct row query_open = {
	.name = "query, open cursor",
	RUN(open_query),
	.before = before_mapped_open,
	.after = cursor_close,
	.pages = 1,
	.beside = &load,
	.most_ratio = 1.2,
};
static const struct row map_large = {
	.name = "map 2 MiB, open cursor",
	RUN(large_map),
	.before = before_large,
	.after = after_large,
	.pages = 1,
	.is_large = true,
	.beside = &map_open,
	.most_ratio = 1,
};
static const struct row unmap_large = {
	.name = "unmap 2 MiB, open cursor",
	RUN(large_unmap),
	.before = before_large_mapped,
	.after = after_large,
	.pages = 1,
	.is_large = true,
	.beside = &unmap_open,
	.most_ratio = 1,
};

const struct row *const bench_rows[] = {&store_fast,
					&load_fast,
					&store,
					&load,
					&store_locked,
					&map_fresh,
					&unmap_fresh,
					&query_fresh,
					&map_open,
					&unmap_open,
					&query_open,
					&map_large,
					&unmap_large,
					&bench_range_map,
					&bench_range_unmap,
					&bench_range_protect,
					&bench_each_protect,
					&bench_range_find,
					&bench_range_mark,
					&bench_range_unmark,
					NULL};
