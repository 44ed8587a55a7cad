/*
 * Marks: any token, at the highest levels that fit, over and under everything else.
 */
#include "unit.h"

static void every_token_comes_back(void **state)
{
	static const vms_token token[] = {0, 1, 2, 0x7fffffffu, 0x80000000u, 0xfffffffeu, 0xffffffffu, 0x12345678u};
	struct vms_space *space;

	(void)state;
	machine_start(1);
	space = space_new();
	for (size_t i = 0; i < sizeof(token) / sizeof(token[0]); i++) {
		mark_at(space, i * P, P, token[i]);
		mark_at(space, M2 * (i + 1), M2, token[i]);
		mark_at(space, T5 * (i + 1), T5, token[i]);
	}
	for (size_t i = 0; i < sizeof(token) / sizeof(token[0]); i++) {
		struct vms_item item = query_at(space, i * P);

		assert_int_equal(item.what, VMS_MARKED);
		assert_int_equal(item.len, P);
		assert_int_equal(item.token, token[i]);
		item = query_at(space, M2 * (i + 1) + 7 * P);
		assert_int_equal(item.what, VMS_MARKED);
		assert_int_equal(item.token, token[i]);
		item = query_at(space, T5 * (i + 1) + G1 + 7 * P);
		assert_int_equal(item.what, VMS_MARKED);
		assert_int_equal(item.token, token[i]);
	}
	CHECK(space);
	space_end(space);
	sim_stop();
}

static void marks_take_the_highest_levels(void **state)
{
	struct vms_space *space;
	struct vms_cursor cursor;
	struct vms_item item;
	uint32_t used;

	(void)state;
	machine_start(1);
	space = space_new();
	used = sim_frames_used();
	/* One page before a 1 GiB boundary to one page after another: two chains of tables, no more. */
	mark_at(space, G1 - P, 2 * G1 + 2 * P, 3);
	assert_in_range(sim_frames_used() - used, 1, 5);
	assert_int_equal(query_at(space, G1 - P).len, P);
	cursor_open(&cursor, space, 0, 4 * G1, VMS_READING);
	OK(vms_cursor_jump(&cursor, G1 + 5 * P));
	OK(vms_cursor_query(&cursor, &item));
	assert_int_equal(item.what, VMS_MARKED);
	assert_int_equal(item.va, G1);
	assert_int_equal(item.len, G1);
	OK(vms_cursor_jump(&cursor, 3 * G1));
	OK(vms_cursor_query(&cursor, &item));
	assert_int_equal(item.what, VMS_MARKED);
	assert_int_equal(item.len, P);
	OK(vms_cursor_jump(&cursor, 3 * G1 + P));
	OK(vms_cursor_query(&cursor, &item));
	assert_int_equal(item.what, VMS_ABSENT);
	cursor_close(&cursor);
	CHECK(space);
	space_end(space);
	sim_stop();
}

static void a_mark_translates_nothing(void **state)
{
	struct vms_space *space;
	uint8_t byte;

	(void)state;
	machine_start(1);
	space = space_new_active();
	mark_at(space, 0, VMS_USER_END, 0xabcdef);
	assert_false(sim_read(0, &byte));
	assert_false(sim_read(5 * T5 + 3, &byte));
	assert_false(sim_write(VMS_USER_END - 1, 1));
	CHECK(space);
	space_end(space);
	sim_stop();
}

static void what_was_mapped_is_removed(void **state)
{
	struct vms_space *space;
	vms_pfn small, large;
	uint8_t byte;

	(void)state;
	machine_start_large(2, 1, 0);
	space = space_new_active();
	small = map_at(space, 5 * P, 1, RW_);
	large = map_at(space, M2, 2, RW_);
	sim_run_on(1);
	sim_activate(space);
	assert_true(sim_read(5 * P, &byte));
	assert_true(sim_read(M2 + 100 * P, &byte));
	assert_true(sim_write(M2 + 300 * P, 33));
	sim_run_on(0);
	mark_at(space, 3 * P, M2 - 3 * P + 200 * P, 8);
	sim_run_on(1);
	assert_false(sim_read(5 * P, &byte));
	assert_false(sim_read(M2 + 100 * P, &byte));
	assert_true(sim_read(M2 + 300 * P, &byte));
	assert_int_equal(byte, 33);
	assert_true(sim_frame_free(small));
	assert_int_equal(vms_frame_refs(large), 312);
	assert_int_equal(query_at(space, 2 * P).what, VMS_ABSENT);
	assert_int_equal(query_at(space, 3 * P).token, 8);
	assert_int_equal(query_at(space, M2 + 199 * P).token, 8);
	assert_int_equal(query_at(space, M2 + 200 * P).what, VMS_MAPPED);
	CHECK(space);
	sim_activate(&vms_machine.kernel);
	sim_run_on(0);
	space_end(space);
	sim_stop();
}

static void marks_replace_marks(void **state)
{
	struct vms_space *space;

	(void)state;
	machine_start(1);
	space = space_new();
	mark_at(space, 0, G1, 1);
	mark_at(space, 5 * M2 + 7 * P, M2, 2);
	mark_at(space, 5 * M2 + 9 * P, P, 3);
	assert_int_equal(query_at(space, 5 * M2 + 6 * P).token, 1);
	assert_int_equal(query_at(space, 5 * M2 + 7 * P).token, 2);
	assert_int_equal(query_at(space, 5 * M2 + 9 * P).token, 3);
	assert_int_equal(query_at(space, 5 * M2 + 10 * P).token, 2);
	assert_int_equal(query_at(space, 6 * M2 + 6 * P).token, 2);
	assert_int_equal(query_at(space, 6 * M2 + 7 * P).token, 1);
	CHECK(space);
	mark_at(space, 0, G1, 9);
	assert_int_equal(query_at(space, 5 * M2 + 9 * P).token, 9);
	CHECK(space);
	space_end(space);
	sim_stop();
}

static void the_kernel_may_mark_too(void **state)
{
	const vms_va va = VMS_KERNEL_START + 3 * T5;

	(void)state;
	machine_start(1);
	mark_at(&vms_machine.kernel, va + P, T5, 5);
	assert_int_equal(query_at(&vms_machine.kernel, va).what, VMS_ABSENT);
	assert_int_equal(query_at(&vms_machine.kernel, va + T5).token, 5);
	mark_at(&vms_machine.kernel, VMS_KERNEL_START, VMS_KERNEL_END - VMS_KERNEL_START, 6);
	assert_int_equal(query_at(&vms_machine.kernel, VMS_KERNEL_END - P).token, 6);
	sim_check(NULL, 0);
	unmap_at(&vms_machine.kernel, VMS_KERNEL_START, VMS_KERNEL_END - VMS_KERNEL_START);
	assert_int_equal(query_at(&vms_machine.kernel, VMS_KERNEL_END - P).what, VMS_ABSENT);
	sim_stop();
}

int group_mark(void)
{
	const struct CMUnitTest test[] = {
		cmocka_unit_test(every_token_comes_back),    cmocka_unit_test(marks_take_the_highest_levels),
		cmocka_unit_test(a_mark_translates_nothing), cmocka_unit_test(what_was_mapped_is_removed),
		cmocka_unit_test(marks_replace_marks),       cmocka_unit_test(the_kernel_may_mark_too),
	};

	return cmocka_run_group_tests_name("mark", test, NULL, NULL);
}
