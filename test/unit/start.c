/*
 * What vms_init() leaves, whatever was there before; and that no record beyond the last frame's is ever touched.
 * These use no machine in a process: a few frames of their own are enough.
 */
#include <string.h>

#include <src/frame.h>

#include "unit.h"

#define NR 1536u /* frames: three of 2 MiB */

static struct vms_table ram[NR];
static struct vms_frame meta[NR + 2]; /* the last two are nobody's */

/* RAM in which these frames are usable; what is in memory before is junk. */
static void init(uint32_t nr_frames, struct vms_region region, uint32_t nr_tags)
{
	const struct vms_config config = {.ram = ram,
					  .meta = meta,
					  .nr_frames = nr_frames,
					  .nr_cpus = 3,
					  .nr_tags = nr_tags,
					  .regions = &region,
					  .nr_regions = 1};

	memset(&vms_machine, 0xee, sizeof(vms_machine));
	memset(meta, 0xee, sizeof(meta));
	OK(vms_init(&config));
}

static void cpu_is_new(const struct vms_cpu *cpu)
{
	assert_ptr_equal(cpu->active, &vms_machine.kernel);
	assert_int_equal(cpu->tag, 0);
	assert_int_equal(cpu->next_tag, 0);
	assert_int_equal(cpu->generation, 0);
	for (uint32_t i = 0; i < VMS_MAX_TAGS - 1; i++) {
		assert_int_equal(cpu->tags[i].space, 0);
		assert_int_equal(cpu->tags[i].generation, 0);
	}
	assert_int_equal(cpu->nr_spaces, 0);
	assert_int_equal(cpu->waiting, VMS_NO_FRAME);
	assert_int_equal(cpu->young, VMS_NO_FRAME);
	assert_int_equal(cpu->section, 0);
	assert_int_equal(cpu->flushed, 0);
	assert_int_equal(cpu->queue.lock, 0);
	assert_int_equal(cpu->queue.nr_ranges, 0);
	assert_int_equal(cpu->queue.all, VMS_FLUSH_NOT_ALL);
	assert_int_equal(cpu->queue.asked, 0);
}

static void init_resets_everything(void **state)
{
	(void)state;
	for (uint32_t nr_tags = 0; nr_tags <= VMS_MAX_TAGS; nr_tags++) {
		init(8, (struct vms_region){.first = 2, .nr_frames = 5}, nr_tags);
		assert_ptr_equal(vms_machine.ram, ram);
		assert_ptr_equal(vms_machine.meta, meta);
		assert_int_equal(vms_machine.nr_frames, 8);
		assert_int_equal(vms_machine.nr_cpus, 3);
		assert_int_equal(vms_machine.nr_tags, nr_tags == 0 ? 1 : nr_tags);
		assert_int_equal(vms_machine.kernel.active, 0);
		/* All that could ever be, so that a CPU that comes later is as new as the others. */
		for (uint32_t i = 0; i < VMS_MAX_CPUS; i++)
			cpu_is_new(&vms_machine.cpu[i]);
		for (uint32_t i = 0; i < 8; i++) {
			assert_int_equal(meta[i].kind, i >= 2 && i < 7 ? VMS_FRAME_UNUSED : VMS_FRAME_RESERVED);
			assert_int_equal(meta[i].refs, 0);
			assert_int_equal(meta[i].lock, 0);
		}
		assert_int_equal(meta[8].kind, 0xeeeeeeee);
		assert_int_equal(meta[8].refs, 0xeeeeeeee);
		assert_int_equal(meta[8].lock, 0xeeeeeeee);
	}
}

static void init_takes_regions_to_the_last_frame_and_no_further(void **state)
{
	struct vms_region region[3] = {{0, 2}, {4, 4}, {8, 0}};
	struct vms_config config = {
		.ram = ram, .meta = meta, .nr_frames = 8, .nr_cpus = 1, .regions = region, .nr_regions = 3};

	(void)state;
	memset(meta, 0xee, sizeof(meta));
	OK(vms_init(&config));
	for (uint32_t i = 0; i < 8; i++)
		assert_int_equal(meta[i].kind, i == 2 || i == 3 ? VMS_FRAME_RESERVED : VMS_FRAME_UNUSED);
	assert_int_equal(meta[8].kind, 0xeeeeeeee);
	/* The last of them is wrong: nothing was changed. */
	vms_machine.nr_frames = 77;
	region[2] = (struct vms_region){8, 1};
	IS(vms_init(&config), VMS_OUT_OF_BOUNDS);
	region[2] = (struct vms_region){9, 0};
	IS(vms_init(&config), VMS_OUT_OF_BOUNDS);
	region[2] = (struct vms_region){7, 2};
	IS(vms_init(&config), VMS_OUT_OF_BOUNDS);
	region[0] = (struct vms_region){0, 9};
	region[2] = (struct vms_region){8, 0};
	IS(vms_init(&config), VMS_OUT_OF_BOUNDS);
	assert_int_equal(vms_machine.nr_frames, 77);
	assert_int_equal(meta[0].kind, VMS_FRAME_UNUSED);
	/* No region, no frame: that is sane. */
	config.nr_regions = 0;
	config.nr_frames = 0;
	OK(vms_init(&config));
	assert_int_equal(meta[0].kind, VMS_FRAME_UNUSED);
}

static void init_knows_its_limits(void **state)
{
	struct vms_region region = {0, 8};
	const struct vms_config good = {
		.ram = ram, .meta = meta, .nr_frames = 8, .nr_cpus = 1, .regions = &region, .nr_regions = 1};
	struct vms_config config = good;

	(void)state;
	OK(vms_init(&config));
	config.nr_cpus = VMS_MAX_CPUS;
	config.nr_tags = VMS_MAX_TAGS;
	OK(vms_init(&config));
	config.nr_tags = VMS_MAX_TAGS + 1;
	IS(vms_init(&config), VMS_INVALID);
	config.nr_tags = 0xffffffffu;
	IS(vms_init(&config), VMS_INVALID);
	config = good;
	config.nr_cpus = VMS_MAX_CPUS + 1;
	IS(vms_init(&config), VMS_INVALID);
	config = good;
	config.regions = NULL;
	IS(vms_init(&config), VMS_INVALID);
	config = good;
	config.nr_frames = VMS_NO_FRAME;
	IS(vms_init(&config), VMS_INVALID);
}

/* A record with this kind, one reference, as large as a page. */
static struct vms_frame record(uint32_t kind)
{
	return (struct vms_frame){.kind = kind, .refs = 1, .level = 1, .shared_kind = VMS_FRAME_UNTYPED};
}

static void is_untouched(uint32_t i, uint32_t kind)
{
	struct vms_frame as_before = record(kind);

	assert_memory_equal(&meta[i], &as_before, sizeof(as_before));
}

/* The memory after the last record looks like a record that would do: it is none. */
static void the_record_after_the_last_is_no_record(void **state)
{
	struct vms_segment segment;

	(void)state;
	for (vms_pfn frame = 512; frame <= 513; frame++) {
		init(512, (struct vms_region){0, 512}, 0);
		meta[frame] = record(VMS_FRAME_UNTYPED);
		IS(vms_frame_get(frame), VMS_OUT_OF_BOUNDS);
		IS(vms_frame_unique(frame), VMS_OUT_OF_BOUNDS);
		assert_int_equal(vms_frame_refs(frame), 0);
		assert_false(vms__frame_is_counted(frame));
		assert_int_equal(vms__frame_mappable(frame), 0);
		vms_frame_put(frame);
		is_untouched(frame, VMS_FRAME_UNTYPED);
		meta[frame] = record(VMS_FRAME_UNIQUE);
		IS(vms_frame_share(frame), VMS_OUT_OF_BOUNDS);
		is_untouched(frame, VMS_FRAME_UNIQUE);
		meta[512] = meta[513] = record(VMS_FRAME_UNUSED);
		IS(vms_frame_from_unused(frame, VMS_FRAME_UNTYPED, 1), VMS_OUT_OF_BOUNDS);
		IS(vms_segment_from_unused(frame, 1, VMS_FRAME_UNTYPED, &segment), VMS_OUT_OF_BOUNDS);
		is_untouched(frame, VMS_FRAME_UNUSED);
	}
	IS(vms_segment_from_unused(511, 2, VMS_FRAME_UNTYPED, &segment), VMS_OUT_OF_BOUNDS);
	OK(vms_segment_from_unused(511, 1, VMS_FRAME_UNTYPED, &segment));
	assert_true(vms__frame_is_counted(511));
	assert_int_equal(vms__frame_mappable(511), 1);
	is_untouched(512, VMS_FRAME_UNUSED);
}

/* The same of the first record that a huge frame would need. */
static void a_huge_frame_ends_with_the_memory(void **state)
{
	(void)state;
	init(1023, (struct vms_region){0, 1023}, 0);
	meta[1023] = record(VMS_FRAME_UNUSED);
	IS(vms_frame_from_unused(512, VMS_FRAME_UNTYPED, 2), VMS_OUT_OF_BOUNDS);
	IS(vms_frame_from_unused(0, VMS_FRAME_UNTYPED, 3), VMS_OUT_OF_BOUNDS);
	is_untouched(1023, VMS_FRAME_UNUSED);
	OK(vms_frame_from_unused(0, VMS_FRAME_UNTYPED, 2));
	init(1024, (struct vms_region){0, 1024}, 0);
	OK(vms_frame_from_unused(512, VMS_FRAME_UNTYPED, 2));
	assert_int_equal(meta[512].kind, VMS_FRAME_UNTYPED);
	assert_int_equal(meta[512].refs, 1);
	for (uint32_t i = 513; i < 1024; i++) {
		assert_int_equal(meta[i].kind, VMS_FRAME_TAIL);
		assert_int_equal(meta[i].level, 2);
	}
	assert_int_equal(meta[511].kind, VMS_FRAME_UNUSED);
	assert_int_equal(meta[1024].kind, 0xeeeeeeee);
	/* A taken part, the first or the last. */
	init(1024, (struct vms_region){0, 1024}, 0);
	meta[1023].kind = VMS_FRAME_KERNEL;
	IS(vms_frame_from_unused(512, VMS_FRAME_UNTYPED, 2), VMS_IN_USE);
	meta[0].kind = VMS_FRAME_KERNEL;
	IS(vms_frame_from_unused(0, VMS_FRAME_UNTYPED, 2), VMS_IN_USE);
	assert_int_equal(meta[1].kind, VMS_FRAME_UNUSED);
}

/* Its kind still says that it is held, its count does not: another CPU is giving it back right now. */
static void a_frame_that_is_on_its_way_back_is_not_held(void **state)
{
	static const uint32_t kind[] = {VMS_FRAME_UNTYPED, VMS_FRAME_KERNEL};

	(void)state;
	init(8, (struct vms_region){0, 8}, 0);
	for (uint32_t i = 0; i < 2; i++) {
		meta[3] = record(kind[i]);
		meta[3].refs = 0;
		IS(vms_frame_get(3), VMS_UNUSED);
		IS(vms_frame_unique(3), VMS_UNUSED);
		assert_int_equal(vms_frame_refs(3), 0);
		vms_frame_put(3);
		assert_int_equal(meta[3].refs, 0);
		assert_int_equal(meta[3].kind, kind[i]);
	}
}

int group_start(void)
{
	const struct CMUnitTest test[] = {
		cmocka_unit_test(init_resets_everything),
		cmocka_unit_test(init_takes_regions_to_the_last_frame_and_no_further),
		cmocka_unit_test(init_knows_its_limits),
		cmocka_unit_test(the_record_after_the_last_is_no_record),
		cmocka_unit_test(a_huge_frame_ends_with_the_memory),
		cmocka_unit_test(a_frame_that_is_on_its_way_back_is_not_held),
	};

	return cmocka_run_group_tests_name("start", test, NULL, NULL);
}
