/*
 * Which table a cursor locks to own its range, and which tables it makes for that: the lowest that covers the range,
 * except that a range of exactly one slot that is empty is owned, and edited, in that slot.
 */
#include "unit.h"

static struct vms_space *space;

/* Open for editing: the level of the covering table and the number of new tables must be these. */
static void open_is(vms_va start, uint64_t len, uint32_t level, uint32_t nr_new)
{
	uint32_t used = sim_frames_used();
	struct vms_cursor cursor;

	cursor_open(&cursor, space, start, len, VMS_EDITING);
	assert_int_equal(cursor.top_level, level);
	assert_int_equal(vms_machine.meta[cursor.top].level, level);
	assert_int_equal(vms_machine.meta[cursor.top].lock, 1);
	assert_int_equal(sim_frames_used(), used + nr_new);
	cursor_close(&cursor);
	assert_int_equal(vms_machine.meta[cursor.top].lock, 0);
	CHECK(space);
}

static void begin(void)
{
	machine_start(1);
	space = space_new();
}

static void finish(void)
{
	space_end(space);
	sim_stop();
}

static void editing_makes_the_tables_down_to_the_covering_one(void **state)
{
	static const struct {
		vms_va start;
		uint64_t len;
		uint32_t level;
	} range[] = {
		{P, P, 1},
		{0, P, 1},
		{M2 - P, P, 1},
		{0, M2 - P, 1},
		{P, M2 - P, 1},
		{P, M2, 2},
		{M2 - P, 2 * P, 2},
		{0, 2 * M2, 2},
		{M2, G1 - M2, 2},
		{0, G1 - P, 2},
		{P, G1, 3},
		{G1 - P, 2 * P, 3},
		{0, 3 * G1, 3},
		{G1, T5 - G1, 3},
		{T5 - P, 2 * P, 4},
		{0, 2 * T5, 4},
		{0, VMS_USER_END, 4},
		{VMS_USER_END - P, P, 1},
		/* One whole slot. */
		{M2, M2, 2},
		{G1, G1, 3},
		{T5, T5, 4},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(range) / sizeof(range[0]); i++) {
		begin();
		open_is(range[i].start, range[i].len, range[i].level, 4 - range[i].level);
		/* The next time nothing is missing. */
		open_is(range[i].start, range[i].len, range[i].level, 0);
		finish();
	}
}

static void a_whole_slot_that_has_a_table_is_owned_there(void **state)
{
	(void)state;
	begin();
	map_at(space, M2 + P, 1, R_);
	open_is(M2, M2, 1, 0);
	open_is(0, G1, 2, 0);
	open_is(0, T5, 3, 0);
	open_is(2 * M2, M2, 2, 0);
	open_is(2 * M2 + P, P, 1, 1);
	finish();
}

/* A mark or leaf over more than the range: it stays whole, and is owned where it is. */
static void what_is_there_is_not_cut_by_open(void **state)
{
	(void)state;
	begin();
	mark_at(space, G1, G1, 5);
	open_is(G1 + M2 + P, P, 3, 0);
	assert_int_equal(query_at(space, G1 + M2 + P).len, G1);
	finish();
}

static void reading_makes_nothing(void **state)
{
	struct vms_cursor cursor;
	struct vms_item item;
	uint32_t used;

	(void)state;
	begin();
	used = sim_frames_used();
	cursor_open(&cursor, space, 5 * G1 + P, P, VMS_READING);
	assert_int_equal(cursor.top_level, 4);
	OK(vms_cursor_query(&cursor, &item));
	assert_int_equal(item.what, VMS_ABSENT);
	assert_int_equal(item.va, 5 * G1 + P);
	assert_int_equal(item.len, P);
	cursor_close(&cursor);
	assert_int_equal(sim_frames_used(), used);
	finish();
}

/* While a cursor is open exactly the tables that meet its range are locked. */
static void the_tables_of_the_range_are_locked_and_no_others(void **state)
{
	static const vms_va page[] = {0, M2 - P, M2, 2 * M2 + 7 * P, G1 - P, G1, G1 + M2, 3 * G1, T5, T5 + G1};
	static const struct {
		vms_va start, end;
	} range[] = {{P, M2},      {M2 - P, M2 + P}, {P, 2 * M2 + P}, {M2, G1 + P},
		     {G1 - P, G1}, {P, 3 * G1 + P},  {G1, T5 + P},    {0, 2 * T5}};

	(void)state;
	begin();
	for (size_t i = 0; i < sizeof(page) / sizeof(page[0]); i++)
		map_at(space, page[i], 1, R_);
	for (size_t i = 0; i < sizeof(range) / sizeof(range[0]); i++) {
		struct vms_cursor cursor;

		cursor_open(&cursor, space, range[i].start, range[i].end - range[i].start, VMS_EDITING);
		for (vms_pfn frame = 0; frame < vms_machine.nr_frames; frame++) {
			const struct vms_frame *meta = &vms_machine.meta[frame];
			uint64_t len = P, base;
			bool meets;

			if (meta->kind != VMS_FRAME_TABLE || meta->root != space->root)
				continue;
			for (uint32_t level = 0; level < meta->level; level++)
				len *= 512;
			base = meta->prefix * len;
			meets = base < range[i].end && range[i].start < base + len;
			assert_int_equal(meta->lock, meets && meta->level <= cursor.top_level);
		}
		cursor_close(&cursor);
		CHECK(space);
	}
	finish();
}

/* Two cursors side by side, one over tables of the other's table: each locks and unlocks its own only. */
static void a_cursor_that_closes_leaves_the_others_locks(void **state)
{
	static const struct {
		vms_va start, end; /* of the one whose covering table is higher */
		vms_va page;       /* of the other */
	} pair[] = {{P, 3 * M2, 3 * M2},           {3 * M2, 6 * M2, 2 * M2 + P},   {3 * M2, 6 * M2, 7 * M2},
		    {G1, 3 * G1, 3 * G1 + 5 * M2}, {G1 + M2, 3 * G1, G1},          {G1 + M2, 3 * G1, 5 * P},
		    {M2, G1 + M2, G1 + M2},        {M2 + P, G1 + M2, G1 + 5 * M2}, {T5 - G1, T5 + G1, T5 + G1 + M2},
		    {T5 - M2, T5 + M2, T5 + M2},   {T5 - M2, T5 + M2, T5 - 2 * M2}};

	(void)state;
	for (size_t i = 0; i < sizeof(pair) / sizeof(pair[0]); i++) {
		struct vms_cursor wide, narrow;
		struct vms_guard guard;

		begin();
		map_at(space, pair[i].start, 1, R_);
		map_at(space, pair[i].end - P, 1, R_);
		map_at(space, pair[i].page, 1, R_);
		vms_guard_enter(&guard);
		for (uint32_t k = 0; k < 4; k++) {
			for (uint32_t n = 0; n < 2; n++) {
				bool is_wide = n == k % 2;
				vms_va start = is_wide ? pair[i].start : pair[i].page;
				vms_va end = is_wide ? pair[i].end : pair[i].page + P;

				OK(vms_cursor_open(is_wide ? &wide : &narrow, space, &guard, start, end, VMS_EDITING));
			}
			assert_true(wide.top_level > narrow.top_level);
			if (k < 2) {
				vms_cursor_close(&wide);
				assert_int_equal(vms_machine.meta[narrow.top].lock, 1);
				vms_cursor_close(&narrow);
			} else {
				vms_cursor_close(&narrow);
				assert_int_equal(vms_machine.meta[wide.top].lock, 1);
				vms_cursor_close(&wide);
			}
			CHECK(space);
		}
		vms_guard_leave(&guard);
		finish();
	}
}

/* A walk without locks is a section of its own: odd while it lasts, and never the same number again. */
static void each_walk_is_a_new_section(void **state)
{
	(void)state;
	begin();
	for (uint32_t i = 1; i < 4; i++) {
		uint32_t section = vms_machine.cpu[0].section;

		assert_int_equal(section % 2, 0);
		if (i == 2)
			vms_machine.cpu[0].section = section = 0xfffffffe;
		open_is(P, P, 1, i == 1 ? 3 : 0);
		assert_int_equal(vms_machine.cpu[0].section, section + 2);
	}
	finish();
}

/* A table is detached on `self` while `walker` is in a section: VMS_MAX_CPUS stands for nobody. */
static void detach_while(uint32_t self, uint32_t walker)
{
	uint32_t used;

	sim_run_on(self);
	map_at(space, 3 * G1, 1, R_);
	used = sim_frames_used();
	map_at(space, P, 1, R_);
	if (walker < VMS_MAX_CPUS)
		vms_machine.cpu[walker].section++;
	unmap_at(space, 0, G1 + P);
	if (walker < VMS_MAX_CPUS && walker != self) {
		assert_false(reclaim());
		assert_true(sim_frames_used() > used);
	}
	if (walker < VMS_MAX_CPUS)
		vms_machine.cpu[walker].section++;
	assert_true(reclaim());
	assert_int_equal(sim_frames_used(), used);
	unmap_at(space, 3 * G1, P);
}

/* Who walks is waited for, whichever CPU it is; not this CPU itself, and none that the machine has not. */
static void every_walker_is_waited_for(void **state)
{
	(void)state;
	for (uint32_t nr = 2; nr <= VMS_MAX_CPUS; nr *= 32) {
		machine_start(nr);
		space = space_new();
		for (uint32_t i = nr; i < VMS_MAX_CPUS; i++) {
			vms_machine.cpu[i].section = 1;
			for (uint32_t cpu = 0; cpu < nr; cpu++)
				vms_machine.cpu[cpu].snapshot[i] = 1;
		}
		for (uint32_t self = 0; self < nr; self += nr - 1) {
			detach_while(self, VMS_MAX_CPUS);
			for (uint32_t walker = 0; walker < nr; walker += walker < nr - 1 ? nr - 1 : 1)
				detach_while(self, walker);
		}
		sim_run_on(0);
		for (uint32_t i = nr; i < VMS_MAX_CPUS; i++)
			vms_machine.cpu[i].section = 0;
		CHECK(space);
		finish();
	}
}

int group_covering(void)
{
	const struct CMUnitTest test[] = {
		cmocka_unit_test(editing_makes_the_tables_down_to_the_covering_one),
		cmocka_unit_test(a_whole_slot_that_has_a_table_is_owned_there),
		cmocka_unit_test(what_is_there_is_not_cut_by_open),
		cmocka_unit_test(reading_makes_nothing),
		cmocka_unit_test(the_tables_of_the_range_are_locked_and_no_others),
		cmocka_unit_test(a_cursor_that_closes_leaves_the_others_locks),
		cmocka_unit_test(each_walk_is_a_new_section),
		cmocka_unit_test(every_walker_is_waited_for),
	};

	return cmocka_run_group_tests_name("covering", test, NULL, NULL);
}
