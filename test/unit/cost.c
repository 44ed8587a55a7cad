/*
 * What operations cost, in instructions: the searches that end early and the ways that are shorter for a part of one
 * table. Nothing but the cost tells whether they are taken. Costs are compared with each other, as what they are
 * depends on the compiler.
 */
#define _GNU_SOURCE
#include <signal.h>

#include "stepping.h"
#include "unit.h"

static volatile uint64_t nr_steps;
static struct vms_space *space;
static struct vms_cursor cursor;
static struct vms_guard guard;

static void on_trap(int number)
{
	(void)number;
	nr_steps++;
}

/* Instructions of an operation. */
static uint64_t cost_of(void (*operation)(void))
{
	struct sigaction action = {.sa_handler = on_trap}, before;

	assert_int_equal(sigaction(SIGTRAP, &action, &before), 0);
	nr_steps = 0;
	stepping(true);
	operation();
	stepping(false);
	assert_int_equal(sigaction(SIGTRAP, &before, NULL), 0);
	return nr_steps;
}

static void begin(void)
{
	machine_start(1);
	space = space_new();
	vms_guard_enter(&guard);
}

static void finish(void)
{
	vms_guard_leave(&guard);
	sim_stop();
}

/* --- A table with one entry: what comes behind it is not searched. --- */

static vms_va range_start;
static uint64_t range_len;

static void open_cursor(void)
{
	OK(vms_cursor_open(&cursor, space, &guard, range_start, range_start + range_len, VMS_EDITING));
}

static void close_cursor(void)
{
	vms_cursor_close(&cursor);
}

static void unmap_table(void)
{
	OK(vms_cursor_unmap(&cursor, range_len / 4, NULL));
}

static void put_space(void)
{
	vms_space_put(space);
}

enum search { OPEN, CLOSE, UNMAP, UNMAP_TABLES, PUT, NR_SEARCHES };

/* The operation, where a table holds nothing but entry i. */
static uint64_t search_cost(enum search search, uint32_t i)
{
	uint64_t cost;

	begin();
	range_start = 0;
	range_len = search == UNMAP ? 4 * M2 : search == UNMAP_TABLES ? 4 * G1 : G1;
	map_at(space, i * (search == UNMAP ? P : M2), 1, RW_);
	if (search == PUT) {
		cost = cost_of(put_space);
	} else {
		cost = cost_of(open_cursor);
		if (search == UNMAP || search == UNMAP_TABLES)
			cost = cost_of(unmap_table);
		if (search == CLOSE)
			cost = cost_of(close_cursor);
		else
			close_cursor();
		space_end(space);
	}
	finish();
	return cost;
}

/* A block of entries is looked at one by one, so the last of the first block is late. */
static void a_search_ends_with_the_last_entry(void **state)
{
	(void)state;
	for (enum search search = OPEN; search < NR_SEARCHES; search++)
		assert_true(search_cost(search, 15) > search_cost(search, 0) + 45);
}

/* Blocks of a table where nothing is are passed over. */
static void what_is_empty_is_not_searched(void **state)
{
	uint64_t cost;

	(void)state;
	begin();
	map_at(space, 0, 1, RW_);
	map_at(space, 511 * M2, 1, RW_);
	range_start = 0;
	range_len = G1;
	cost = cost_of(open_cursor);
	close_cursor();
	space_end(space);
	finish();
	assert_true(cost < 3 * search_cost(OPEN, 15));
}

static struct vms_item item;
static enum vms_status status;

static void query(void)
{
	status = vms_cursor_query(&cursor, &item);
}

static void find(void)
{
	status = vms_cursor_find_next(&cursor, 500 * P, VMS_FIND_MAPPED, &item);
}

/* The pages of a table are looked at without a walk to each. */
static void pages_are_found_without_walks(void **state)
{
	uint64_t looked, found;

	(void)state;
	begin();
	map_at(space, G1 + 450 * P, 1, RW_);
	range_start = 0;
	range_len = 4 * G1;
	open_cursor();
	OK(vms_cursor_jump(&cursor, G1 + 10 * P));
	looked = cost_of(query);
	OK(status);
	found = cost_of(find);
	OK(status);
	assert_true(found < 100 * looked);
	close_cursor();
	space_end(space);
	finish();
}

/* --- Tables of pages hold no tables: they are not searched for any. --- */

static uint64_t lock_cost(uint64_t len, uint64_t nr, bool close)
{
	uint64_t cost;

	begin();
	range_start = 0;
	range_len = len;
	map_pages(space, 0, nr, RW_);
	cost = cost_of(open_cursor);
	if (close)
		cost = cost_of(close_cursor);
	else
		close_cursor();
	space_end(space);
	finish();
	return cost;
}

static void locking_does_not_look_at_pages(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		uint64_t len = i % 2 ? M2 : G1;

		assert_true(lock_cost(len, 400, i / 2) < lock_cost(len, 1, i / 2) + 45);
	}
}

/* --- A part of one table of pages is edited without cuts and walks. --- */

static void edit_unmap(void)
{
	OK(vms_cursor_unmap(&cursor, range_len, NULL));
}

static void edit_mark(void)
{
	OK(vms_cursor_mark(&cursor, range_len, 8));
}

static void edit_protect(void)
{
	OK(vms_cursor_protect(&cursor, range_len, (struct vms_change){.set = VMS_SOFT0}, NULL));
}

static void edit_map(void)
{
	map_new(&cursor, 1, R_);
}

/* At va, where `nr` pages are, with a cursor over all. */
static uint64_t edit_cost(void (*edit)(void), vms_va va, uint64_t nr)
{
	uint64_t cost;

	begin();
	map_pages(space, 2 * G1, 1, RW_);
	/* What is done with frames costs much more than what is looked at here: so marks, where they will do. */
	if (edit == edit_protect)
		map_pages(space, va, nr, RW_);
	else
		mark_at(space, va, nr * P, 7);
	range_start = 0;
	range_len = 4 * G1;
	open_cursor();
	OK(vms_cursor_jump(&cursor, va));
	range_len = nr * P;
	cost = cost_of(edit);
	close_cursor();
	CHECK(space);
	space_end(space);
	finish();
	return cost;
}

static void (*const edits[])(void) = {edit_unmap, edit_mark, edit_protect};
#define NR_EDITS (sizeof(edits) / sizeof(edits[0]))

static void a_part_of_one_table_is_edited_at_once(void **state)
{
	static const vms_va within[] = {0,
					5 * P,
					M2 - 3 * P,
					M2,
					M2 + 7 * P,
					G1 - 3 * P,
					G1 + 5 * M2,
					G1 + 5 * M2 + 7 * P,
					G1 + 6 * M2 - 3 * P};

	/* In hundredths of what it costs across two tables. */
	static const uint64_t limit[NR_EDITS] = {60, 60, 68};

	(void)state;
	for (uint32_t i = 0; i < NR_EDITS; i++) {
		uint64_t across = edit_cost(edits[i], G1 + M2 - 2 * P, 3);

		for (uint32_t k = 0; k < sizeof(within) / sizeof(within[0]); k++)
			assert_true(100 * edit_cost(edits[i], within[k], 3) < limit[i] * across);
	}
}

/* Of a range over two tables, what is in each is done at once too. */
static void the_pages_of_a_table_are_edited_at_once(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < NR_EDITS; i++) {
		uint64_t in_one = edit_cost(edits[i], G1 + M2, 400);

		assert_true(edit_cost(edits[i], G1 + M2 - 200 * P, 400) < in_one + in_one / 4);
	}
}

/* Whoever goes on in the same table does not walk to it again. */
static void the_next_page_needs_no_walk(void **state)
{
	static void (*const edit[])(void) = {edit_unmap, edit_mark, edit_protect, edit_map};

	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		uint64_t first, next;

		begin();
		map_pages(space, 2 * G1, 1, RW_);
		map_pages(space, G1, edit[i] == edit_map ? 1 : 4, RW_);
		range_start = 0;
		range_len = 4 * G1;
		open_cursor();
		OK(vms_cursor_jump(&cursor, G1 + P));
		range_len = P;
		first = cost_of(edit[i]);
		next = cost_of(edit[i]);
		assert_true(first > next + 30);
		close_cursor();
		CHECK(space);
		space_end(space);
		finish();
	}
}

int group_cost(void)
{
	const struct CMUnitTest test[] = {
		cmocka_unit_test(a_search_ends_with_the_last_entry),
		cmocka_unit_test(what_is_empty_is_not_searched),
		cmocka_unit_test(pages_are_found_without_walks),
		cmocka_unit_test(locking_does_not_look_at_pages),
		cmocka_unit_test(a_part_of_one_table_is_edited_at_once),
		cmocka_unit_test(the_pages_of_a_table_are_edited_at_once),
		cmocka_unit_test(the_next_page_needs_no_walk),
	};

	return cmocka_run_group_tests_name("cost", test, NULL, NULL);
}
