/*
 * Protect, more of it: the right to write for those who share a frame, and runs, which end where nothing is mapped.
 */
#include "unit.h"

#define CLEAR(flags) ((struct vms_change){.clear = (flags)})
#define SET(flags) ((struct vms_change){.set = (flags)})
#define COW(flag) ((struct vms_change){.cow = (flag)})

static uint64_t protect_all(struct vms_space *space, vms_va va, uint64_t len, struct vms_change change)
{
	struct vms_cursor cursor;
	uint64_t nr;

	cursor_open(&cursor, space, va, len, VMS_EDITING);
	OK(vms_cursor_protect(&cursor, len, change, &nr));
	cursor_close(&cursor);
	return nr;
}

/* The right to write, and a soft flag instead where the frame has another holder or is not counted. */
static void who_shares_a_frame_gets_no_right_to_write(void **state)
{
	const struct vms_change change = {.clear = VMS_R | VMS_W | VMS_X, .set = VMS_R | VMS_W, .cow = VMS_SOFT1};
	static const uint32_t wanted[] = {VMS_R | VMS_W, VMS_R | VMS_SOFT1, VMS_R | VMS_W, VMS_R | VMS_SOFT1,
					  VMS_R | VMS_SOFT1};
	struct vms_space *space, *other;
	struct vms_cursor cursor;
	vms_pfn frame[3];

	(void)state;
	machine_start(1);
	space = space_new_active();
	other = space_new();
	for (uint32_t i = 0; i < 3; i++)
		frame[i] = map_at(space, i * P, 1, i == 2 ? RW_ : R_);
	/* Mapped elsewhere; held by hand; not counted. */
	OK(vms_frame_get(frame[1]));
	cursor_open(&cursor, other, 0, P, VMS_EDITING);
	OK(vms_cursor_map(&cursor, frame[1], R_));
	cursor_close(&cursor);
	map_at(space, 3 * P, 1, RW_);
	OK(vms_frame_get(query_at(space, 3 * P).frame));
	cursor_open(&cursor, space, 4 * P, P, VMS_EDITING);
	OK(vms_cursor_map_device(&cursor, sim_device(), P, R_));
	cursor_close(&cursor);
	assert_int_equal(protect_all(space, 0, 8 * P, change), 5);
	for (uint32_t i = 0; i < 5; i++) {
		assert_int_equal(query_at(space, i * P).prop.flags & ~(VMS_ACCESSED | VMS_DIRTY), wanted[i]);
		assert_int_equal(sim_write(i * P, 1), i == 0 || i == 2);
	}
	/* A right that was there goes too, and CPUs are told; when the others are gone it comes. */
	assert_true(sim_write(2 * P, 1));
	OK(vms_frame_get(frame[2]));
	protect_all(space, 2 * P, P, COW(VMS_SOFT0));
	assert_false(sim_write(2 * P, 1));
	assert_true(vms_has(query_at(space, 2 * P).prop.flags, VMS_SOFT0));
	vms_frame_put(frame[2]);
	vms_frame_put(query_at(space, 3 * P).frame);
	unmap_at(other, 0, P);
	protect_all(space, 0, 4 * P,
		    (struct vms_change){.clear = VMS_SOFT0 | VMS_SOFT1, .set = VMS_W | VMS_R, .cow = VMS_SOFT0});
	for (uint32_t i = 0; i < 4; i++)
		assert_true(sim_write(i * P, 1));
	CHECK(space, other);
	space_end(other);
	space_end(space);
	sim_stop();
}

/* One page at a time, and in the kernel's space, where nothing is counted. */
static void each_call_asks_who_holds_a_frame(void **state)
{
	const vms_va va = VMS_KERNEL_START + 3 * G1;
	const struct vms_change change = {.set = VMS_R | VMS_W, .cow = VMS_SOFT0};
	struct vms_space *space;
	struct vms_cursor cursor;
	struct vms_item item;
	vms_pfn frame;

	(void)state;
	machine_start(1);
	space = space_new();
	map_at(space, 0, 1, R_);
	frame = map_at(space, P, 1, R_);
	OK(vms_frame_get(frame));
	cursor_open(&cursor, space, 0, 2 * P, VMS_EDITING);
	OK(vms_cursor_protect_next(&cursor, 2 * P, change, &item));
	assert_int_equal(item.prop.flags, VMS_R | VMS_W);
	OK(vms_cursor_protect_next(&cursor, P, change, &item));
	assert_int_equal(item.prop.flags, VMS_R | VMS_SOFT0);
	cursor_close(&cursor);
	vms_frame_put(frame);
	cursor_open(&cursor, &vms_machine.kernel, va, P, VMS_EDITING);
	OK(vms_cursor_map_device(&cursor, frame, P, R_));
	OK(vms_cursor_jump(&cursor, va));
	OK(vms_cursor_protect(&cursor, P, change, NULL));
	OK(vms_cursor_jump(&cursor, va));
	OK(vms_cursor_query(&cursor, &item));
	assert_int_equal(item.prop.flags, VMS_R | VMS_SOFT0);
	cursor_close(&cursor);
	unmap_at(&vms_machine.kernel, va, P);
	CHECK(space);
	space_end(space);
	sim_stop();
}

/* A large frame is one thing with one count: its leaf is alone, its parts are not. */
static void the_parts_of_a_large_frame_share_it(void **state)
{
	const struct vms_change change = {.set = VMS_R | VMS_W, .cow = VMS_SOFT0};
	struct vms_space *space;

	(void)state;
	machine_start_large(1, 1, 0);
	space = space_new_active();
	map_at(space, M2, 2, R_);
	protect_all(space, M2, M2, change);
	assert_true(sim_write(M2 + 5 * P, 1));
	protect_all(space, M2 + 4 * P, 2 * P, change);
	assert_false(sim_write(M2 + 5 * P, 1));
	assert_true(vms_has(query_at(space, M2 + 5 * P).prop.flags, VMS_SOFT0));
	assert_true(sim_write(M2 + 6 * P, 1));
	CHECK(space);
	space_end(space);
	sim_stop();
}

/* A run ends before the first page that is not mapped: a hole, a mark, a missing table. */
static void a_run_ends_where_nothing_is_mapped(void **state)
{
	struct vms_space *space;
	struct vms_cursor cursor;

	(void)state;
	machine_start_large(1, 1, 0);
	space = space_new_active();
	map_at(space, M2, 2, RW_);
	for (uint32_t i = 0; i < 6; i++) {
		if (i != 3)
			map_at(space, 2 * M2 + i * P, 1, RW_);
	}
	mark_at(space, 2 * M2 + 6 * P, P, 7);
	map_at(space, 3 * M2 - P, 1, RW_);
	cursor_open(&cursor, space, M2, 4 * M2, VMS_EDITING);
	IS(vms_cursor_protect_run(&cursor, 0, CLEAR(VMS_W)), VMS_OUT_OF_RANGE);
	IS(vms_cursor_protect_run(&cursor, P, SET(VMS_W)), VMS_BAD_PROP);
	OK(vms_cursor_protect_run(&cursor, 4 * M2, CLEAR(VMS_W)));
	assert_int_equal(vms_cursor_at(&cursor), 2 * M2 + 3 * P);
	OK(vms_cursor_protect_run(&cursor, P, CLEAR(VMS_W)));
	assert_int_equal(vms_cursor_at(&cursor), 2 * M2 + 3 * P);
	OK(vms_cursor_jump(&cursor, 2 * M2 + 4 * P));
	OK(vms_cursor_protect_run(&cursor, P, CLEAR(VMS_W)));
	assert_int_equal(vms_cursor_at(&cursor), 2 * M2 + 5 * P);
	OK(vms_cursor_protect_run(&cursor, M2, CLEAR(VMS_W)));
	assert_int_equal(vms_cursor_at(&cursor), 2 * M2 + 6 * P);
	OK(vms_cursor_jump(&cursor, 3 * M2 - P));
	OK(vms_cursor_protect_run(&cursor, M2, CLEAR(VMS_W)));
	assert_int_equal(vms_cursor_at(&cursor), 3 * M2);
	OK(vms_cursor_protect_run(&cursor, M2, CLEAR(VMS_W)));
	assert_int_equal(vms_cursor_at(&cursor), 3 * M2);
	cursor_close(&cursor);
	for (uint32_t i = 0; i < 6; i++)
		assert_false(sim_write(2 * M2 + i * P, 1));
	assert_false(sim_write(M2 + 9 * P, 1));
	assert_false(sim_write(3 * M2 - P, 1));
	assert_int_equal(query_at(space, 2 * M2 + 6 * P).token, 7);
	CHECK(space);
	space_end(space);
	sim_stop();
}

int group_holders(void)
{
	const struct CMUnitTest test[] = {
		cmocka_unit_test(who_shares_a_frame_gets_no_right_to_write),
		cmocka_unit_test(each_call_asks_who_holds_a_frame),
		cmocka_unit_test(the_parts_of_a_large_frame_share_it),
		cmocka_unit_test(a_run_ends_where_nothing_is_mapped),
	};

	return cmocka_run_group_tests_name("holders", test, NULL, NULL);
}
