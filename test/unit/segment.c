/*
 * Unique frames and segments: one holder only, runs split, sliced and taken apart.
 */
#include "unit.h"

static void put(vms_pfn frame)
{
	vms_port_preempt_off();
	vms_frame_put(frame);
	vms_port_preempt_on();
}

/* A run of frames from the port's allocator, unused still: on a fresh machine it hands them out in order. */
static vms_pfn run_take(uint32_t nr)
{
	vms_pfn first;

	vms_port_preempt_off();
	first = vms_port_frame_alloc();
	for (uint32_t i = 1; i < nr; i++)
		assert_int_equal(vms_port_frame_alloc(), first + i);
	vms_port_preempt_on();
	return first;
}

static void segment_put(struct vms_segment *segment)
{
	vms_port_preempt_off();
	vms_segment_put(segment);
	vms_port_preempt_on();
	assert_int_equal(segment->nr_frames, 0);
}

static void a_unique_frame_is_nobody_elses(void **state)
{
	struct vms_space *space;
	struct vms_cursor cursor;
	vms_pfn frame;

	(void)state;
	machine_start(1);
	space = space_new();
	frame = sim_frame_new(1);
	OK(vms_frame_get(frame));
	IS(vms_frame_unique(frame), VMS_IN_USE);
	IS(vms_frame_share(frame), VMS_INVALID);
	put(frame);
	OK(vms_frame_unique(frame));
	IS(vms_frame_unique(frame), VMS_UNUSED);
	for (uint32_t i = 0; i < 10; i++)
		assert_string_not_equal(vms_status_name(vms_frame_get(frame)), "VMS_OK");
	IS(vms_frame_from_unused(frame, VMS_FRAME_UNTYPED, 1), VMS_IN_USE);
	cursor_open(&cursor, space, 0, P, VMS_EDITING);
	IS(vms_cursor_map(&cursor, frame, RW_), VMS_BAD_FRAME);
	cursor_close(&cursor);
	OK(vms_frame_share(frame));
	assert_int_equal(vms_frame_refs(frame), 1);
	/* As before: counted, and mapped. */
	OK(vms_frame_get(frame));
	put(frame);
	cursor_open(&cursor, space, 0, P, VMS_EDITING);
	OK(vms_cursor_map(&cursor, frame, RW_));
	sim_handle_gone(frame);
	cursor_close(&cursor);
	/* Mapped and held: not unique. */
	OK(vms_frame_get(frame));
	IS(vms_frame_unique(frame), VMS_IN_USE);
	put(frame);
	CHECK(space);
	space_end(space);
	sim_stop();
}

static void unique_refuses_what_nobody_holds(void **state)
{
	(void)state;
	machine_start(1);
	IS(vms_frame_unique(vms_machine.nr_frames), VMS_OUT_OF_BOUNDS);
	IS(vms_frame_unique(VMS_NO_FRAME), VMS_OUT_OF_BOUNDS);
	IS(vms_frame_share(VMS_NO_FRAME), VMS_OUT_OF_BOUNDS);
	IS(vms_frame_unique(0), VMS_UNUSED);
	IS(vms_frame_unique(sim_device()), VMS_UNUSED);
	IS(vms_frame_unique(vms_machine.kernel.root), VMS_UNUSED);
	sim_stop();
}

static void a_kernel_frame_stays_one(void **state)
{
	struct vms_segment segment;
	vms_pfn frame;

	(void)state;
	machine_start(1);
	frame = run_take(1);
	OK(vms_segment_from_unused(frame, 1, VMS_FRAME_KERNEL, &segment));
	OK(vms_frame_unique(frame));
	OK(vms_frame_share(frame));
	assert_int_equal(vms_machine.meta[frame].kind, VMS_FRAME_KERNEL);
	segment_put(&segment);
	assert_true(sim_frame_free(frame));
	sim_stop();
}

static void from_unused_takes_all_or_none(void **state)
{
	struct vms_segment segment, other;
	vms_pfn first;

	(void)state;
	machine_start(1);
	first = run_take(10);
	IS(vms_segment_from_unused(first, 0, VMS_FRAME_UNTYPED, &segment), VMS_INVALID);
	IS(vms_segment_from_unused(first, 1, VMS_FRAME_TABLE, &segment), VMS_INVALID);
	IS(vms_segment_from_unused(first, 1, VMS_FRAME_UNUSED, &segment), VMS_INVALID);
	IS(vms_segment_from_unused(vms_machine.nr_frames, 1, VMS_FRAME_UNTYPED, &segment), VMS_OUT_OF_BOUNDS);
	IS(vms_segment_from_unused(first, vms_machine.nr_frames, VMS_FRAME_UNTYPED, &segment), VMS_OUT_OF_BOUNDS);
	IS(vms_segment_from_unused(first, 0xffffffffu, VMS_FRAME_UNTYPED, &segment), VMS_OUT_OF_BOUNDS);
	IS(vms_segment_from_unused(0xffffffffu, 2, VMS_FRAME_UNTYPED, &segment), VMS_OUT_OF_BOUNDS);
	IS(vms_segment_from_unused(sim_device() - 2, 4, VMS_FRAME_UNTYPED, &segment), VMS_IN_USE);
	OK(vms_segment_from_unused(first + 9, 1, VMS_FRAME_UNTYPED, &other));
	IS(vms_segment_from_unused(first, 10, VMS_FRAME_UNTYPED, &segment), VMS_IN_USE);
	IS(vms_segment_from_unused(first + 9, 1, VMS_FRAME_UNTYPED, &segment), VMS_IN_USE);
	IS(vms_segment_from_unused(vms_machine.kernel.root, 1, VMS_FRAME_UNTYPED, &segment), VMS_IN_USE);
	for (uint32_t i = 0; i < 9; i++)
		assert_int_equal(vms_machine.meta[first + i].kind, VMS_FRAME_UNUSED);
	OK(vms_segment_from_unused(first, 9, VMS_FRAME_UNTYPED, &segment));
	for (uint32_t i = 0; i < 9; i++)
		assert_int_equal(vms_frame_refs(first + i), 1);
	segment_put(&segment);
	segment_put(&other);
	segment_put(&other);
	for (uint32_t i = 0; i < 10; i++)
		assert_true(sim_frame_free(first + i));
	sim_stop();
}

static void a_segment_is_split(void **state)
{
	struct vms_segment segment, rest;
	vms_pfn first;

	(void)state;
	machine_start(1);
	first = run_take(10);
	OK(vms_segment_from_unused(first, 10, VMS_FRAME_UNTYPED, &segment));
	IS(vms_segment_split(&segment, 0, &rest), VMS_INVALID);
	IS(vms_segment_split(&segment, 10, &rest), VMS_INVALID);
	IS(vms_segment_split(&segment, 0xffffffffu, &rest), VMS_INVALID);
	assert_int_equal(segment.nr_frames, 10);
	OK(vms_segment_split(&segment, 3, &rest));
	assert_int_equal(segment.first, first);
	assert_int_equal(segment.nr_frames, 3);
	assert_int_equal(rest.first, first + 3);
	assert_int_equal(rest.nr_frames, 7);
	segment_put(&segment);
	assert_true(sim_frame_free(first + 2));
	assert_false(sim_frame_free(first + 3));
	assert_int_equal(vms_frame_refs(first + 9), 1);
	segment_put(&rest);
	sim_stop();
}

static void a_slice_has_references_of_its_own(void **state)
{
	struct vms_segment segment, slice;
	vms_pfn first;

	(void)state;
	machine_start(1);
	first = run_take(8);
	OK(vms_segment_from_unused(first, 8, VMS_FRAME_UNTYPED, &segment));
	IS(vms_segment_slice(&segment, 3, 3, &slice), VMS_INVALID);
	IS(vms_segment_slice(&segment, 4, 3, &slice), VMS_INVALID);
	IS(vms_segment_slice(&segment, 0, 9, &slice), VMS_INVALID);
	IS(vms_segment_slice(&segment, 8, 9, &slice), VMS_INVALID);
	IS(vms_segment_slice(&segment, 0xfffffffeu, 0xffffffffu, &slice), VMS_INVALID);
	OK(vms_segment_slice(&segment, 2, 6, &slice));
	assert_int_equal(slice.first, first + 2);
	assert_int_equal(slice.nr_frames, 4);
	for (uint32_t i = 0; i < 8; i++)
		assert_int_equal(vms_frame_refs(first + i), i >= 2 && i < 6 ? 2 : 1);
	segment_put(&segment);
	assert_true(sim_frame_free(first + 1));
	assert_false(sim_frame_free(first + 2));
	segment_put(&slice);
	assert_true(sim_frame_free(first + 2));
	sim_stop();
}

static void a_slice_that_cannot_be_counted_takes_nothing(void **state)
{
	struct vms_segment segment, slice;
	vms_pfn first;

	(void)state;
	machine_start(1);
	first = run_take(5);
	OK(vms_segment_from_unused(first, 5, VMS_FRAME_UNTYPED, &segment));
	vms_machine.meta[first + 3].refs = 0xffff0000u;
	IS(vms_segment_slice(&segment, 0, 5, &slice), VMS_SATURATED);
	assert_int_equal(vms_machine.meta[first + 3].refs, 0xffff0000u);
	vms_machine.meta[first + 3].refs = 1;
	for (uint32_t i = 0; i < 5; i++)
		assert_int_equal(vms_frame_refs(first + i), 1);
	segment_put(&segment);
	sim_stop();
}

static void frames_are_taken_off_one_by_one(void **state)
{
	struct vms_segment segment;
	vms_pfn first, frame = 0;

	(void)state;
	machine_start(1);
	first = run_take(3);
	OK(vms_segment_from_unused(first, 3, VMS_FRAME_UNTYPED, &segment));
	for (uint32_t i = 0; i < 2; i++) {
		OK(vms_segment_next(&segment, &frame));
		assert_int_equal(frame, first + i);
		put(frame);
		assert_true(sim_frame_free(frame));
	}
	assert_int_equal(segment.nr_frames, 1);
	segment_put(&segment);
	IS(vms_segment_next(&segment, &frame), VMS_NOT_FOUND);
	assert_true(sim_frame_free(first + 2));
	sim_stop();
}

int group_segment(void)
{
	const struct CMUnitTest test[] = {
		cmocka_unit_test(a_unique_frame_is_nobody_elses),
		cmocka_unit_test(unique_refuses_what_nobody_holds),
		cmocka_unit_test(a_kernel_frame_stays_one),
		cmocka_unit_test(from_unused_takes_all_or_none),
		cmocka_unit_test(a_segment_is_split),
		cmocka_unit_test(a_slice_has_references_of_its_own),
		cmocka_unit_test(a_slice_that_cannot_be_counted_takes_nothing),
		cmocka_unit_test(frames_are_taken_off_one_by_one),
	};

	return cmocka_run_group_tests_name("segment", test, NULL, NULL);
}
