/*
 * Cursors that look and move: open and its errors, query, find_next, jump.
 */
#include <string.h>

#include "unit.h"

static void open_refuses_bad_ranges(void **state)
{
	static const struct {
		vms_va start, end;
	} bad[] = {
		{0, 0},
		{P, P},
		{2 * P, P},
		{1, P},
		{0, P + 1},
		{P - 1, P + 1},
		{0, VMS_USER_END + P},
		{VMS_USER_END, VMS_USER_END + P},
		{VMS_USER_END - P, VMS_USER_END + P},
		{VMS_KERNEL_START, VMS_KERNEL_START + P},
		{~0ul - P + 1, 0},
		{P, ~0ul - P + 1},
		{0, ~0ul},
	};
	struct vms_guard guard = {0};
	struct vms_cursor cursor;
	struct vms_space *space;
	uint32_t used;

	(void)state;
	machine_start(1);
	space = space_new();
	used = sim_frames_used();
	IS(vms_cursor_open(&cursor, space, &guard, 0, P, VMS_READING), VMS_BAD_RANGE);
	vms_guard_enter(&guard);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		IS(vms_cursor_open(&cursor, space, &guard, bad[i].start, bad[i].end, VMS_READING), VMS_BAD_RANGE);
		IS(vms_cursor_open(&cursor, space, &guard, bad[i].start, bad[i].end, VMS_EDITING), VMS_BAD_RANGE);
	}
	IS(vms_cursor_open(&cursor, &vms_machine.kernel, &guard, 0, P, VMS_READING), VMS_BAD_RANGE);
	IS(vms_cursor_open(&cursor, &vms_machine.kernel, &guard, VMS_KERNEL_END, VMS_KERNEL_END + P, VMS_READING),
	   VMS_BAD_RANGE);
	IS(vms_cursor_open(&cursor, &vms_machine.kernel, &guard, VMS_KERNEL_START - P, VMS_KERNEL_START, VMS_READING),
	   VMS_BAD_RANGE);
	vms_guard_leave(&guard);
	IS(vms_cursor_open(&cursor, space, &guard, 0, P, VMS_READING), VMS_BAD_RANGE);
	assert_int_equal(sim_frames_used(), used);
	CHECK(space);
	space_end(space);
	sim_stop();
}

static void open_accepts_every_corner(void **state)
{
	static const struct {
		vms_va start, end;
	} good[] = {
		{0, P},           {0, VMS_USER_END},     {VMS_USER_END - P, VMS_USER_END},
		{M2 - P, M2 + P}, {G1 - P, G1 + P},      {T5 - P, T5 + P},
		{0, M2},          {M2, 2 * M2},          {0, G1},
		{0, T5},          {3 * P, T5 * 200 + P},
	};
	struct vms_space *space;
	struct vms_cursor cursor;

	(void)state;
	machine_start(1);
	space = space_new();
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		for (enum vms_mode mode = VMS_READING; mode <= VMS_EDITING; mode++) {
			cursor_open(&cursor, space, good[i].start, good[i].end - good[i].start, mode);
			cursor_close(&cursor);
			CHECK(space);
		}
	}
	cursor_open(&cursor, &vms_machine.kernel, VMS_KERNEL_START, VMS_KERNEL_END - VMS_KERNEL_START, VMS_EDITING);
	cursor_close(&cursor);
	cursor_open(&cursor, &vms_machine.kernel, VMS_KERNEL_END - P, P, VMS_READING);
	cursor_close(&cursor);
	space_end(space);
	sim_stop();
}

static void reading_allocates_nothing_and_edits_nothing(void **state)
{
	struct vms_space *space;
	struct vms_cursor cursor;
	struct vms_item item;
	vms_pfn frame;
	uint32_t used;

	(void)state;
	machine_start(1);
	space = space_new();
	frame = sim_frame_new(1);
	used = sim_frames_used();
	sim_alloc_refuse(true);
	cursor_open(&cursor, space, 0, 4 * P, VMS_READING);
	IS(vms_cursor_map(&cursor, frame, RW_), VMS_READ_ONLY);
	IS(vms_cursor_map_device(&cursor, sim_device(), P, RW_), VMS_READ_ONLY);
	IS(vms_cursor_unmap(&cursor, P, NULL), VMS_READ_ONLY);
	IS(vms_cursor_mark(&cursor, P, 1), VMS_READ_ONLY);
	IS(vms_cursor_protect_next(&cursor, P, (struct vms_change){0}, &item), VMS_READ_ONLY);
	assert_int_equal(vms_cursor_at(&cursor), 0);
	cursor_close(&cursor);
	assert_int_equal(sim_frames_used(), used);
	sim_alloc_refuse(false);
	sim_frame_put(frame);
	space_end(space);
	sim_stop();
}

static void query_gives_the_whole_slot(void **state)
{
	const struct vms_prop prop = {VMS_R | VMS_W | VMS_SOFT1, VMS_WRITE_THROUGH};
	struct vms_space *space;
	struct vms_item item;
	vms_pfn small, large, giant;

	(void)state;
	machine_start_large(1, 1, 1);
	space = space_new();
	small = map_at(space, 9 * P, 1, prop);
	large = map_at(space, M2, 2, R_);
	giant = map_at(space, G1, 3, RX_);
	mark_at(space, T5, G1, 0xfffffffeu);
	item = query_at(space, 9 * P);
	assert_int_equal(item.what, VMS_MAPPED);
	assert_int_equal(item.va, 9 * P);
	assert_int_equal(item.len, P);
	assert_int_equal(item.frame, small);
	assert_int_equal(item.prop.flags, prop.flags);
	assert_int_equal(item.prop.cache, prop.cache);
	item = query_at(space, M2 + 17 * P);
	assert_int_equal(item.what, VMS_MAPPED);
	assert_int_equal(item.va, M2);
	assert_int_equal(item.len, M2);
	assert_int_equal(item.frame, large);
	item = query_at(space, G1 + 77 * M2 + 3 * P);
	assert_int_equal(item.what, VMS_MAPPED);
	assert_int_equal(item.va, G1);
	assert_int_equal(item.len, G1);
	assert_int_equal(item.frame, giant);
	assert_int_equal(item.prop.flags, VMS_R | VMS_X);
	item = query_at(space, T5 + 5 * P);
	assert_int_equal(item.what, VMS_MARKED);
	assert_int_equal(item.va, T5);
	assert_int_equal(item.len, G1);
	assert_int_equal(item.token, 0xfffffffeu);
	CHECK(space);
	space_end(space);
	sim_stop();
}

static void absence_is_cut_to_the_range(void **state)
{
	struct vms_space *space;
	struct vms_cursor cursor;
	struct vms_item item;

	(void)state;
	machine_start(1);
	space = space_new();
	cursor_open(&cursor, space, 3 * P, 5 * M2, VMS_READING);
	OK(vms_cursor_query(&cursor, &item));
	assert_int_equal(item.what, VMS_ABSENT);
	assert_int_equal(item.va, 3 * P);
	assert_int_equal(item.len, 5 * M2);
	cursor_close(&cursor);
	map_at(space, 2 * M2, 1, R_);
	cursor_open(&cursor, space, 3 * P, 5 * M2, VMS_READING);
	OK(vms_cursor_query(&cursor, &item));
	assert_int_equal(item.what, VMS_ABSENT);
	assert_int_equal(item.va, 3 * P);
	assert_int_equal(item.len, M2 - 3 * P);
	OK(vms_cursor_jump(&cursor, M2));
	OK(vms_cursor_query(&cursor, &item));
	assert_int_equal(item.va, M2);
	assert_int_equal(item.len, M2);
	OK(vms_cursor_jump(&cursor, 2 * M2 + P));
	OK(vms_cursor_query(&cursor, &item));
	assert_int_equal(item.what, VMS_ABSENT);
	assert_int_equal(item.va, 2 * M2 + P);
	assert_int_equal(item.len, P);
	OK(vms_cursor_jump(&cursor, 5 * M2));
	OK(vms_cursor_query(&cursor, &item));
	assert_int_equal(item.va, 5 * M2);
	assert_int_equal(item.len, 3 * P);
	cursor_close(&cursor);
	space_end(space);
	sim_stop();
}

static void the_end_is_no_position_to_query(void **state)
{
	struct vms_space *space;
	struct vms_cursor cursor;
	struct vms_item item;

	(void)state;
	machine_start(1);
	space = space_new();
	map_pages(space, M2 - P, 2, RW_);
	cursor_open(&cursor, space, M2 - P, P, VMS_EDITING);
	OK(vms_cursor_jump(&cursor, M2));
	IS(vms_cursor_query(&cursor, &item), VMS_OUT_OF_RANGE);
	IS(vms_cursor_find_next(&cursor, P, VMS_FIND_ANY, &item), VMS_OUT_OF_RANGE);
	IS(vms_cursor_unmap(&cursor, P, NULL), VMS_OUT_OF_RANGE);
	IS(vms_cursor_mark(&cursor, P, 1), VMS_OUT_OF_RANGE);
	IS(vms_cursor_protect_next(&cursor, P, (struct vms_change){.clear = VMS_W}, &item), VMS_OUT_OF_RANGE);
	IS(vms_cursor_map_device(&cursor, sim_device(), P, RW_), VMS_OUT_OF_RANGE);
	/* And back from there. */
	OK(vms_cursor_jump(&cursor, M2 - P));
	OK(vms_cursor_query(&cursor, &item));
	assert_int_equal(item.what, VMS_MAPPED);
	cursor_close(&cursor);
	cursor_open(&cursor, space, VMS_USER_END - P, P, VMS_READING);
	OK(vms_cursor_jump(&cursor, VMS_USER_END));
	IS(vms_cursor_query(&cursor, &item), VMS_OUT_OF_RANGE);
	OK(vms_cursor_jump(&cursor, VMS_USER_END - P));
	cursor_close(&cursor);
	space_end(space);
	sim_stop();
}

static void lengths_are_checked_without_overflow(void **state)
{
	const uint64_t bad[] = {0, 1, P - 1, P + 1, 5 * P, ~0ul, ~0ul - P + 1, 0 - 2 * P, 1ul << 63};
	struct vms_space *space;
	struct vms_cursor cursor;
	struct vms_item item;

	(void)state;
	machine_start(1);
	space = space_new();
	map_pages(space, 2 * P, 4, RW_);
	cursor_open(&cursor, space, 2 * P, 4 * P, VMS_EDITING);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint64_t nr = 99;

		IS(vms_cursor_find_next(&cursor, bad[i], VMS_FIND_MAPPED, &item), VMS_OUT_OF_RANGE);
		IS(vms_cursor_unmap(&cursor, bad[i], &nr), VMS_OUT_OF_RANGE);
		IS(vms_cursor_mark(&cursor, bad[i], 3), VMS_OUT_OF_RANGE);
		IS(vms_cursor_protect_next(&cursor, bad[i], (struct vms_change){0}, &item), VMS_OUT_OF_RANGE);
		IS(vms_cursor_map_device(&cursor, sim_device(), bad[i], RW_), VMS_OUT_OF_RANGE);
		IS(vms_cursor_protect(&cursor, bad[i], (struct vms_change){0}, &nr), VMS_OUT_OF_RANGE);
		IS(vms_cursor_protect_run(&cursor, bad[i], (struct vms_change){0}), VMS_OUT_OF_RANGE);
		assert_int_equal(nr, 99);
		assert_int_equal(vms_cursor_at(&cursor), 2 * P);
	}
	cursor_close(&cursor);
	assert_int_equal(query_at(space, 5 * P).what, VMS_MAPPED);
	space_end(space);
	sim_stop();
}

/* Nothing of what the caller's item held before is left in it. */
static void what_a_query_has_not_found_is_nothing(void **state)
{
	struct vms_space *space;
	struct vms_cursor cursor;

	(void)state;
	machine_start(1);
	space = space_new();
	map_at(space, P, 1, RW_);
	mark_at(space, 2 * P, P, 5);
	cursor_open(&cursor, space, 0, 3 * P, VMS_READING);
	for (vms_va va = 0; va < 3 * P; va += P) {
		struct vms_item item;

		memset(&item, 0xee, sizeof(item));
		OK(vms_cursor_jump(&cursor, va));
		OK(vms_cursor_query(&cursor, &item));
		assert_int_equal(item.what, va == 0 ? VMS_ABSENT : va == P ? VMS_MAPPED : VMS_MARKED);
		assert_int_equal(item.token, va == 2 * P ? 5 : 0);
		assert_int_equal(item.prop.flags, va == P ? VMS_R | VMS_W : 0);
		assert_int_equal(item.prop.cache, VMS_WRITE_BACK);
		assert_int_equal(item.frame == VMS_NO_FRAME, va != P);
	}
	cursor_close(&cursor);
	space_end(space);
	sim_stop();
}

static void jump_stays_in_the_range(void **state)
{
	struct vms_space *space;
	struct vms_cursor cursor;

	(void)state;
	machine_start(1);
	space = space_new();
	cursor_open(&cursor, space, M2, M2, VMS_READING);
	OK(vms_cursor_jump(&cursor, M2 + 5 * P));
	IS(vms_cursor_jump(&cursor, M2 - P), VMS_OUT_OF_RANGE);
	IS(vms_cursor_jump(&cursor, 2 * M2 + P), VMS_OUT_OF_RANGE);
	IS(vms_cursor_jump(&cursor, M2 + 1), VMS_OUT_OF_RANGE);
	IS(vms_cursor_jump(&cursor, 0), VMS_OUT_OF_RANGE);
	IS(vms_cursor_jump(&cursor, ~0ul), VMS_OUT_OF_RANGE);
	assert_int_equal(vms_cursor_at(&cursor), M2 + 5 * P);
	OK(vms_cursor_jump(&cursor, 2 * M2));
	OK(vms_cursor_jump(&cursor, M2));
	cursor_close(&cursor);
	space_end(space);
	sim_stop();
}

static void find_next_finds_in_order(void **state)
{
	struct vms_space *space;
	struct vms_cursor cursor;
	struct vms_item item;

	(void)state;
	machine_start_large(1, 1, 0);
	space = space_new();
	map_at(space, 7 * P, 1, R_);
	map_at(space, 2 * M2, 2, R_);
	map_at(space, G1 + 3 * P, 1, NONE);
	mark_at(space, M2, P, 5);
	cursor_open(&cursor, space, P, 3 * G1, VMS_READING);
	OK(vms_cursor_find_next(&cursor, 2 * G1, VMS_FIND_MAPPED, &item));
	assert_int_equal(item.va, 7 * P);
	assert_int_equal(vms_cursor_at(&cursor), 7 * P);
	/* Where it stands counts. */
	OK(vms_cursor_find_next(&cursor, P, VMS_FIND_MAPPED, &item));
	assert_int_equal(item.va, 7 * P);
	OK(vms_cursor_jump(&cursor, 8 * P));
	OK(vms_cursor_find_next(&cursor, G1, VMS_FIND_ANY, &item));
	assert_int_equal(item.what, VMS_MARKED);
	assert_int_equal(item.va, M2);
	assert_int_equal(item.token, 5);
	OK(vms_cursor_find_next(&cursor, G1, VMS_FIND_MAPPED, &item));
	assert_int_equal(item.va, 2 * M2);
	assert_int_equal(item.len, M2);
	/* In the middle of a huge leaf: the position stays, the item is the whole. */
	OK(vms_cursor_jump(&cursor, 2 * M2 + 9 * P));
	OK(vms_cursor_find_next(&cursor, P, VMS_FIND_MAPPED, &item));
	assert_int_equal(item.va, 2 * M2);
	assert_int_equal(vms_cursor_at(&cursor), 2 * M2 + 9 * P);
	OK(vms_cursor_jump(&cursor, 3 * M2));
	OK(vms_cursor_find_next(&cursor, 2 * G1, VMS_FIND_MAPPED, &item));
	assert_int_equal(item.va, G1 + 3 * P);
	assert_int_equal(item.prop.flags, 0);
	cursor_close(&cursor);
	space_end(space);
	sim_stop();
}

static void find_next_stops_exactly_at_the_length(void **state)
{
	struct vms_space *space;
	struct vms_cursor cursor;
	struct vms_item item;

	(void)state;
	machine_start(1);
	space = space_new();
	map_at(space, 100 * P, 1, R_);
	map_at(space, 5 * M2, 1, R_);
	cursor_open(&cursor, space, 0, 4 * G1, VMS_READING);
	IS(vms_cursor_find_next(&cursor, 100 * P, VMS_FIND_ANY, &item), VMS_NOT_FOUND);
	assert_int_equal(vms_cursor_at(&cursor), 100 * P);
	OK(vms_cursor_jump(&cursor, 101 * P));
	IS(vms_cursor_find_next(&cursor, M2, VMS_FIND_ANY, &item), VMS_NOT_FOUND);
	assert_int_equal(vms_cursor_at(&cursor), M2 + 101 * P);
	IS(vms_cursor_find_next(&cursor, P, VMS_FIND_ANY, &item), VMS_NOT_FOUND);
	assert_int_equal(vms_cursor_at(&cursor), M2 + 102 * P);
	OK(vms_cursor_jump(&cursor, 5 * M2 + P));
	IS(vms_cursor_find_next(&cursor, 4 * G1 - 5 * M2 - P, VMS_FIND_ANY, &item), VMS_NOT_FOUND);
	assert_int_equal(vms_cursor_at(&cursor), 4 * G1);
	cursor_close(&cursor);
	/* To the top of user space. */
	cursor_open(&cursor, space, 6 * M2, VMS_USER_END - 6 * M2, VMS_READING);
	IS(vms_cursor_find_next(&cursor, VMS_USER_END - 6 * M2, VMS_FIND_ANY, &item), VMS_NOT_FOUND);
	assert_int_equal(vms_cursor_at(&cursor), VMS_USER_END);
	cursor_close(&cursor);
	/* And of the kernel's, where addresses end. */
	cursor_open(&cursor, &vms_machine.kernel, VMS_KERNEL_END - 3 * G1, 3 * G1, VMS_READING);
	IS(vms_cursor_find_next(&cursor, 3 * G1, VMS_FIND_ANY, &item), VMS_NOT_FOUND);
	assert_int_equal(vms_cursor_at(&cursor), VMS_KERNEL_END);
	cursor_close(&cursor);
	space_end(space);
	sim_stop();
}

static void open_and_wait(void *space)
{
	struct vms_cursor first, second;

	cursor_open(&first, space, 0, 4 * P, VMS_EDITING);
	cursor_open(&second, space, 3 * P, 4 * P, VMS_READING);
}

static void two_overlapping_cursors_of_one_thread_deadlock(void **state)
{
	struct vms_space *space;
	struct vms_cursor a, b;

	(void)state;
	machine_start(1);
	space = space_new();
	map_at(space, 0, 1, R_);
	map_at(space, M2, 1, R_);
	/* Neighbours do not meet, once each has a table of its own. */
	cursor_open(&a, space, 0, M2 - P, VMS_EDITING);
	cursor_open(&b, space, M2 + P, P, VMS_READING);
	cursor_close(&b);
	cursor_close(&a);
	assert_true(sim_panics(open_and_wait, space));
}

int group_cursors(void)
{
	const struct CMUnitTest test[] = {
		cmocka_unit_test(open_refuses_bad_ranges),
		cmocka_unit_test(open_accepts_every_corner),
		cmocka_unit_test(reading_allocates_nothing_and_edits_nothing),
		cmocka_unit_test(query_gives_the_whole_slot),
		cmocka_unit_test(absence_is_cut_to_the_range),
		cmocka_unit_test(the_end_is_no_position_to_query),
		cmocka_unit_test(lengths_are_checked_without_overflow),
		cmocka_unit_test(what_a_query_has_not_found_is_nothing),
		cmocka_unit_test(jump_stays_in_the_range),
		cmocka_unit_test(find_next_finds_in_order),
		cmocka_unit_test(find_next_stops_exactly_at_the_length),
		cmocka_unit_test(two_overlapping_cursors_of_one_thread_deadlock),
	};

	return cmocka_run_group_tests_name("cursors", test, NULL, NULL);
}
