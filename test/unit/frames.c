/*
 * Frames: kinds, counts, huge ones, and the limit of a count.
 */
#include "unit.h"

static void put(vms_pfn frame)
{
	vms_port_preempt_off();
	vms_frame_put(frame);
	vms_port_preempt_on();
}

static void init_refuses_nonsense(void **state)
{
	static struct vms_table ram[4];
	static struct vms_frame meta[4];
	struct vms_region region = {.first = 1, .nr_frames = 3};
	const struct vms_config good = {
		.ram = ram, .meta = meta, .nr_frames = 4, .nr_cpus = 1, .regions = &region, .nr_regions = 1};
	struct vms_config bad = good;

	(void)state;
	bad.ram = NULL;
	IS(vms_init(&bad), VMS_INVALID);
	bad = good;
	bad.meta = NULL;
	IS(vms_init(&bad), VMS_INVALID);
	bad = good;
	bad.nr_cpus = 0;
	IS(vms_init(&bad), VMS_INVALID);
	bad.nr_cpus = VMS_MAX_CPUS + 1;
	IS(vms_init(&bad), VMS_INVALID);
	region.nr_frames = 4;
	IS(vms_init(&good), VMS_OUT_OF_BOUNDS);
	region = (struct vms_region){.first = 0xffffffffu, .nr_frames = 2};
	IS(vms_init(&good), VMS_OUT_OF_BOUNDS);
	region = (struct vms_region){.first = 2, .nr_frames = 0xffffffffu};
	IS(vms_init(&good), VMS_OUT_OF_BOUNDS);
	region = (struct vms_region){.first = 2, .nr_frames = 2};
	OK(vms_init(&good));
	assert_int_equal(meta[0].kind, VMS_FRAME_RESERVED);
	assert_int_equal(meta[1].kind, VMS_FRAME_RESERVED);
	assert_int_equal(meta[2].kind, VMS_FRAME_UNUSED);
	assert_int_equal(meta[3].kind, VMS_FRAME_UNUSED);
}

static void from_unused_says_what_is_wrong(void **state)
{
	vms_pfn frame;

	(void)state;
	machine_start_large(1, 2, 0);
	frame = sim_frame_new(1);
	IS(vms_frame_from_unused(frame, VMS_FRAME_UNTYPED, 1), VMS_IN_USE);
	IS(vms_frame_from_unused(frame, VMS_FRAME_KERNEL, 1), VMS_IN_USE);
	IS(vms_frame_from_unused(vms_machine.kernel.root, VMS_FRAME_UNTYPED, 1), VMS_IN_USE);
	IS(vms_frame_from_unused(0, VMS_FRAME_UNTYPED, 1), VMS_IN_USE);
	IS(vms_frame_from_unused(sim_device(), VMS_FRAME_UNTYPED, 1), VMS_IN_USE);
	IS(vms_frame_from_unused(vms_machine.nr_frames, VMS_FRAME_UNTYPED, 1), VMS_OUT_OF_BOUNDS);
	IS(vms_frame_from_unused(0xffffffffu, VMS_FRAME_UNTYPED, 1), VMS_OUT_OF_BOUNDS);
	IS(vms_frame_from_unused(0xfffffe00u, VMS_FRAME_UNTYPED, 2), VMS_OUT_OF_BOUNDS);
	for (uint32_t kind = 0; kind <= VMS_FRAME_TAIL + 1; kind++) {
		if (kind != VMS_FRAME_UNTYPED && kind != VMS_FRAME_KERNEL)
			IS(vms_frame_from_unused(frame, kind, 1), VMS_INVALID);
	}
	IS(vms_frame_from_unused(frame, VMS_FRAME_UNTYPED, 0), VMS_INVALID);
	IS(vms_frame_from_unused(frame, VMS_FRAME_UNTYPED, 4), VMS_INVALID);
	IS(vms_frame_from_unused(1, VMS_FRAME_UNTYPED, 2), VMS_INVALID);
	/* A huge frame of which one part is taken. */
	IS(vms_frame_from_unused(0, VMS_FRAME_UNTYPED, 2), VMS_IN_USE);
	sim_frame_put(frame);
	sim_stop();
}

static void counts_go_up_and_down(void **state)
{
	vms_pfn frame;

	(void)state;
	machine_start(1);
	frame = sim_frame_new(1);
	assert_int_equal(vms_frame_refs(frame), 1);
	OK(vms_frame_get(frame));
	OK(vms_frame_get(frame));
	assert_int_equal(vms_frame_refs(frame), 3);
	put(frame);
	put(frame);
	assert_int_equal(vms_frame_refs(frame), 1);
	assert_false(sim_frame_free(frame));
	sim_frame_put(frame);
	assert_true(sim_frame_free(frame));
	assert_int_equal(vms_frame_refs(frame), 0);
	assert_int_equal(vms_machine.meta[frame].refs, 0);
	IS(vms_frame_get(frame), VMS_UNUSED);
	sim_stop();
}

static void get_refuses_what_nobody_holds(void **state)
{
	(void)state;
	machine_start(1);
	IS(vms_frame_get(0), VMS_UNUSED);
	IS(vms_frame_get(sim_device()), VMS_UNUSED);
	IS(vms_frame_get(vms_machine.kernel.root), VMS_UNUSED);
	IS(vms_frame_get(vms_machine.nr_frames), VMS_OUT_OF_BOUNDS);
	IS(vms_frame_get(VMS_NO_FRAME), VMS_OUT_OF_BOUNDS);
	assert_int_equal(vms_frame_refs(VMS_NO_FRAME), 0);
	/* Giving back what nobody holds is ignored. */
	put(VMS_NO_FRAME);
	put(vms_machine.nr_frames - 1);
	put(vms_machine.kernel.root);
	assert_int_equal(vms_frame_refs(0), 0);
	sim_stop();
}

static void a_count_saturates_and_never_wraps(void **state)
{
	vms_pfn frame;

	(void)state;
	machine_start(1);
	frame = sim_frame_new(1);
	/* Nobody can take 2^32 references in a test: begin near the limit. */
	vms_machine.meta[frame].refs = 0xffff0000u - 2;
	OK(vms_frame_get(frame));
	OK(vms_frame_get(frame));
	for (uint32_t i = 0; i < 100; i++)
		IS(vms_frame_get(frame), VMS_SATURATED);
	assert_int_equal(vms_frame_refs(frame), 0xffff0000u);
	put(frame);
	OK(vms_frame_get(frame));
	IS(vms_frame_get(frame), VMS_SATURATED);
	vms_machine.meta[frame].refs = 1;
	sim_frame_put(frame);
	sim_stop();
}

static void a_huge_frame_is_one_frame(void **state)
{
	vms_pfn frame;

	(void)state;
	machine_start_large(1, 2, 1);
	for (uint32_t level = 2; level <= 3; level++) {
		uint32_t nr = level == 2 ? 512 : 512 * 512;

		frame = sim_frame_new(level);
		assert_int_equal(vms_machine.meta[frame].level, level);
		assert_int_equal(vms_machine.meta[frame + 1].kind, VMS_FRAME_TAIL);
		assert_int_equal(vms_machine.meta[frame + nr - 1].kind, VMS_FRAME_TAIL);
		IS(vms_frame_from_unused(frame + 1, VMS_FRAME_UNTYPED, 1), VMS_IN_USE);
		/* Any part speaks for the whole. */
		OK(vms_frame_get(frame + nr - 1));
		assert_int_equal(vms_frame_refs(frame), 2);
		assert_int_equal(vms_frame_refs(frame + nr / 2), 2);
		put(frame + 1);
		sim_frame_put(frame);
		assert_true(sim_frame_free(frame));
		assert_int_equal(vms_machine.meta[frame + 1].kind, VMS_FRAME_UNUSED);
		assert_int_equal(vms_machine.meta[frame + nr - 1].kind, VMS_FRAME_UNUSED);
	}
	sim_stop();
}

static void a_kernel_frame_is_counted_and_never_mapped(void **state)
{
	struct vms_space *space;
	struct vms_cursor cursor;
	vms_pfn frame;

	(void)state;
	machine_start(1);
	space = space_new();
	vms_port_preempt_off();
	frame = vms_port_frame_alloc();
	vms_port_preempt_on();
	OK(vms_frame_from_unused(frame, VMS_FRAME_KERNEL, 1));
	OK(vms_frame_get(frame));
	put(frame);
	cursor_open(&cursor, space, 0, P, VMS_EDITING);
	IS(vms_cursor_map(&cursor, frame, RW_), VMS_BAD_FRAME);
	cursor_close(&cursor);
	put(frame);
	assert_true(sim_frame_free(frame));
	space_end(space);
	sim_stop();
}

static void a_record_is_one_cache_line(void **state)
{
	(void)state;
	assert_int_equal(sizeof(struct vms_frame), 64);
	assert_int_equal(sizeof(struct vms_table), 4096);
	assert_true(sizeof(struct vms_cursor) <= 800);
}

int group_frames(void)
{
	const struct CMUnitTest test[] = {
		cmocka_unit_test(init_refuses_nonsense),
		cmocka_unit_test(from_unused_says_what_is_wrong),
		cmocka_unit_test(counts_go_up_and_down),
		cmocka_unit_test(get_refuses_what_nobody_holds),
		cmocka_unit_test(a_count_saturates_and_never_wraps),
		cmocka_unit_test(a_huge_frame_is_one_frame),
		cmocka_unit_test(a_kernel_frame_is_counted_and_never_mapped),
		cmocka_unit_test(a_record_is_one_cache_line),
	};

	return cmocka_run_group_tests_name("frames", test, NULL, NULL);
}
