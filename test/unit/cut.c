/*
 * Cutting huge leaves and marks: which of them count a frame, and which do not.
 */
#include "unit.h"

/* A mark's token may look like a frame's number. */
static void a_mark_that_is_cut_counts_no_frame(void **state)
{
	struct vms_space *space;
	vms_pfn frame, odd = VMS_NO_FRAME;

	(void)state;
	machine_start(1);
	space = space_new();
	frame = sim_frame_new(1);
	/* Large leaves begin at even frames. */
	if (frame % 2 != 0) {
		odd = frame;
		frame = sim_frame_new(1);
	}
	assert_int_equal(frame % 2, 0);
	mark_at(space, G1, G1, frame);
	unmap_at(space, G1 + M2 + P, P);
	assert_int_equal(query_at(space, G1 + M2).token, frame);
	assert_int_equal(vms_frame_refs(frame), 1);
	CHECK(space);
	space_end(space);
	sim_frame_put(frame);
	if (odd != VMS_NO_FRAME)
		sim_frame_put(odd);
	sim_stop();
}

/* The kernel's space counts none of what it maps. */
static void a_leaf_of_the_kernel_that_is_cut_counts_no_frame(void **state)
{
	const vms_va va = VMS_KERNEL_START + G1;
	struct vms_cursor cursor;
	vms_pfn frame;

	(void)state;
	machine_start_large(1, 1, 0);
	frame = sim_frame_new(2);
	cursor_open(&cursor, &vms_machine.kernel, va, G1, VMS_EDITING);
	OK(vms_cursor_map_device(&cursor, frame, M2, RW_));
	cursor_close(&cursor);
	unmap_at(&vms_machine.kernel, va + 5 * P, 2 * P);
	assert_int_equal(vms_frame_refs(frame), 1);
	unmap_at(&vms_machine.kernel, va, M2);
	assert_int_equal(vms_frame_refs(frame), 1);
	sim_frame_put(frame);
	sim_stop();
}

static void a_device_that_is_cut_counts_no_frame(void **state)
{
	struct vms_space *space;
	struct vms_cursor cursor;
	vms_pfn device;

	(void)state;
	sim_start(&(struct sim_options){.nr_frames = 2047});
	space = space_new();
	device = sim_device();
	assert_int_equal(device % 512, 0);
	cursor_open(&cursor, space, G1, G1, VMS_EDITING);
	OK(vms_cursor_map_device(&cursor, device, M2, RW_));
	cursor_close(&cursor);
	assert_int_equal(query_at(space, G1).len, M2);
	unmap_at(space, G1 + 5 * P, 2 * P);
	assert_int_equal(query_at(space, G1 + 7 * P).frame, device + 7);
	assert_int_equal(query_at(space, G1 + 7 * P).what, VMS_DEVICE);
	assert_int_equal(vms_machine.meta[device].refs, 0);
	CHECK(space);
	space_end(space);
	assert_int_equal(vms_machine.meta[device].refs, 0);
	sim_stop();
}

/* Both ends in one huge leaf, at all distances: the tables that both need are made once. */
static void no_table_is_made_that_is_not_needed(void **state)
{
	static const struct {
		vms_va start;
		uint64_t len;
		uint32_t nr;
	} cut[] = {
		{0, P, 2},      {P, P, 2},           {M2 - P, 2 * P, 3},  {M2, M2, 1},        {0, M2, 1},
		{M2, P, 2},     {M2 - P, P, 2},      {M2 - P, M2 + P, 2}, {P, G1 - 2 * P, 3}, {P, G1 - P, 2},
		{0, G1 - P, 2}, {G1 - M2 - P, P, 2}, {0, G1, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cut) / sizeof(cut[0]); i++) {
		struct vms_space *space;
		struct vms_cursor cursor;
		uint32_t used;

		machine_start(1);
		space = space_new();
		mark_at(space, 0, 2 * G1, 7);
		used = sim_frames_used();
		cursor_open(&cursor, space, 0, 2 * G1, VMS_EDITING);
		OK(vms_cursor_jump(&cursor, cut[i].start));
		OK(vms_cursor_mark(&cursor, cut[i].len, 8));
		assert_int_equal(sim_frames_used(), used + cut[i].nr);
		cursor_close(&cursor);
		CHECK(space);
		space_end(space);
		sim_stop();
	}
}

/* A large leaf, at the very beginning too: who knows all of it forgets it, as one page of it is about to go. */
static void who_knows_a_leaf_that_is_cut_is_told(void **state)
{
	static const vms_va start[] = {0, M2, G1 + 3 * M2};

	(void)state;
	for (uint32_t i = 0; i < sizeof(start) / sizeof(start[0]); i++) {
		struct vms_space *space;
		struct vms_cursor cursor;
		struct vms_item item;

		machine_start_large(2, 1, 0);
		space = space_new();
		map_at(space, start[i], 2, RW_);
		for (uint32_t cpu = 2; cpu-- > 0;) {
			sim_run_on(cpu);
			sim_activate(space);
			assert_true(sim_write(start[i] + 9 * P, 1));
		}
		cursor_open(&cursor, space, start[i] + 5 * P, P, VMS_EDITING);
		OK(vms_cursor_protect_next(&cursor, P, (struct vms_change){.set = VMS_SOFT0}, &item));
		cursor_close(&cursor);
		assert_false(sim_tlb_has(0, start[i] + 9 * P));
		assert_false(sim_tlb_has(1, start[i] + 9 * P));
		leave_everywhere();
		CHECK(space);
		space_end(space);
		sim_stop();
	}
}

/* Only the large leaf is cut: where nothing is, at the other end of the range, no table is made. */
static void protecting_makes_no_table_for_nothing(void **state)
{
	const struct vms_change change = {.set = VMS_SOFT0};

	(void)state;
	for (uint32_t i = 0; i < 2; i++) {
		struct vms_space *space;
		struct vms_cursor cursor;
		struct vms_item item;
		uint32_t used;

		machine_start_large(1, 1, 0);
		space = space_new();
		map_at(space, M2, 2, RW_);
		map_at(space, 3 * G1, 1, RW_);
		used = sim_frames_used();
		cursor_open(&cursor, space, 0, 4 * G1, VMS_EDITING);
		OK(vms_cursor_jump(&cursor, M2 + P));
		if (i == 0)
			OK(vms_cursor_protect_next(&cursor, G1, change, &item));
		else
			OK(vms_cursor_protect(&cursor, G1, change, NULL));
		cursor_close(&cursor);
		assert_int_equal(sim_frames_used(), used + 1);
		assert_int_equal(query_at(space, M2).prop.flags, VMS_R | VMS_W);
		assert_int_equal(query_at(space, M2 + P).prop.flags, VMS_R | VMS_W | VMS_SOFT0);
		CHECK(space);
		space_end(space);
		sim_stop();
	}
}

/* Nobody knows a mark, nor absence. */
static void nobody_is_told_of_a_mark_that_is_cut(void **state)
{
	struct vms_space *space;

	(void)state;
	machine_start(2);
	space = space_new();
	activate_everywhere(space);
	mark_at(space, G1, G1, 5);
	unmap_at(space, G1 + 7 * P, P);
	mark_at(space, G1 + M2 + 7 * P, P, 6);
	mark_at(space, 3 * G1 + 7 * P, M2, 6);
	assert_int_equal(sim_counts().interrupts, 0);
	leave_everywhere();
	CHECK(space);
	space_end(space);
	sim_stop();
}

int group_cut(void)
{
	const struct CMUnitTest test[] = {
		cmocka_unit_test(a_mark_that_is_cut_counts_no_frame),
		cmocka_unit_test(a_leaf_of_the_kernel_that_is_cut_counts_no_frame),
		cmocka_unit_test(a_device_that_is_cut_counts_no_frame),
		cmocka_unit_test(no_table_is_made_that_is_not_needed),
		cmocka_unit_test(who_knows_a_leaf_that_is_cut_is_told),
		cmocka_unit_test(protecting_makes_no_table_for_nothing),
		cmocka_unit_test(nobody_is_told_of_a_mark_that_is_cut),
	};

	return cmocka_run_group_tests_name("cut", test, NULL, NULL);
}
