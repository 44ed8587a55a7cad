/*
 * Mapping: every status, every size, properties as the MMU obeys them, devices, the kernel's space.
 */
#include <string.h>

#include "unit.h"

static void a_mapped_page_can_be_used(void **state)
{
	struct vms_space *space;
	vms_pfn frame;
	uint8_t byte;

	(void)state;
	machine_start(1);
	space = space_new_active();
	frame = map_at(space, 3 * P, 1, RW_);
	assert_int_equal(vms_frame_refs(frame), 1);
	assert_true(sim_write(3 * P + 5, 42));
	assert_true(sim_read(3 * P + 5, &byte));
	assert_int_equal(byte, 42);
	assert_false(sim_execute(3 * P));
	assert_false(sim_read(2 * P, &byte));
	assert_false(sim_read(4 * P, &byte));
	CHECK(space);
	space_end(space);
	assert_true(sim_frame_free(frame));
	sim_stop();
}

static void rights_are_what_was_asked(void **state)
{
	struct vms_space *space;
	vms_pa pa;

	(void)state;
	machine_start_large(1, 8, 0);
	space = space_new_active();
	for (uint32_t level = 1; level <= 2; level++) {
		for (uint32_t flags = 0; flags < 8; flags++) {
			vms_va va = level * G1 + flags * M2;
			struct vms_prop prop = {flags, VMS_WRITE_BACK};

			if (!vms_prop_valid(prop))
				continue;
			map_at(space, va, level, prop);
			assert_int_equal(sim_probe(va, VMS_R, true, &pa), vms_has(flags, VMS_R));
			assert_int_equal(sim_probe(va, VMS_W, true, &pa), vms_has(flags, VMS_W));
			assert_int_equal(sim_probe(va, VMS_X, true, &pa), vms_has(flags, VMS_X));
			assert_int_equal(sim_probe(va, VMS_W, false, &pa), vms_has(flags, VMS_W));
		}
	}
	CHECK(space);
	space_end(space);
	sim_stop();
}

static void every_property_comes_back(void **state)
{
	struct vms_space *space;
	uint64_t nr = 0;

	(void)state;
	machine_start(1);
	space = space_new();
	for (uint32_t flags = 0; flags < VMS_FLAGS_END; flags++) {
		struct vms_prop prop = {flags, flags % VMS_NR_CACHE};
		struct vms_item item;

		if (!vms_prop_valid(prop) || vms_has(flags, VMS_GLOBAL))
			continue;
		map_at(space, nr * P, 1, prop);
		item = query_at(space, nr * P);
		assert_int_equal(item.prop.flags, flags);
		assert_int_equal(item.prop.cache, prop.cache);
		nr++;
	}
	CHECK(space);
	space_end(space);
	sim_stop();
}

static void map_refuses_and_keeps_everything(void **state)
{
	struct vms_space *space;
	struct vms_cursor cursor;
	struct sim_snapshot before, after;
	vms_pfn frame, large;
	uint32_t used;

	(void)state;
	machine_start_large(1, 1, 0);
	space = space_new();
	map_at(space, 5 * P, 1, RW_);
	frame = sim_frame_new(1);
	large = sim_frame_new(2);
	cursor_open(&cursor, space, P, 2 * M2, VMS_EDITING);
	sim_snapshot_take(&before, space);
	used = sim_frames_used();
	/* Frames that are none, or no user's. */
	IS(vms_cursor_map(&cursor, 0, RW_), VMS_BAD_FRAME);
	IS(vms_cursor_map(&cursor, VMS_NO_FRAME, RW_), VMS_BAD_FRAME);
	IS(vms_cursor_map(&cursor, vms_machine.nr_frames, RW_), VMS_BAD_FRAME);
	IS(vms_cursor_map(&cursor, sim_device(), RW_), VMS_BAD_FRAME);
	IS(vms_cursor_map(&cursor, space->root, RW_), VMS_BAD_FRAME);
	IS(vms_cursor_map(&cursor, large + 1, RW_), VMS_BAD_FRAME);
	/* Properties. */
	IS(vms_cursor_map(&cursor, frame, (struct vms_prop){VMS_W, 0}), VMS_BAD_PROP);
	IS(vms_cursor_map(&cursor, frame, (struct vms_prop){VMS_X, 0}), VMS_BAD_PROP);
	IS(vms_cursor_map(&cursor, frame, (struct vms_prop){VMS_R | VMS_GLOBAL, 0}), VMS_BAD_PROP);
	IS(vms_cursor_map(&cursor, frame, (struct vms_prop){VMS_R | VMS_FLAGS_END, 0}), VMS_BAD_PROP);
	IS(vms_cursor_map(&cursor, frame, (struct vms_prop){VMS_R, VMS_NR_CACHE}), VMS_BAD_PROP);
	/* Places. */
	IS(vms_cursor_map(&cursor, large, RW_), VMS_OUT_OF_RANGE);
	OK(vms_cursor_jump(&cursor, 2 * M2));
	IS(vms_cursor_map(&cursor, large, RW_), VMS_OUT_OF_RANGE);
	OK(vms_cursor_jump(&cursor, 5 * P));
	IS(vms_cursor_map(&cursor, frame, RW_), VMS_EXISTS);
	assert_int_equal(vms_cursor_at(&cursor), 5 * P);
	OK(vms_cursor_jump(&cursor, 2 * M2 + P));
	IS(vms_cursor_map(&cursor, frame, RW_), VMS_OUT_OF_RANGE);
	assert_int_equal(vms_cursor_at(&cursor), 2 * M2 + P);
	sim_snapshot_take(&after, space);
	assert_true(sim_snapshot_same(&before, &after));
	assert_int_equal(sim_frames_used(), used);
	cursor_close(&cursor);
	sim_snapshot_free(&before);
	sim_snapshot_free(&after);
	CHECK(space);
	sim_frame_put(frame);
	sim_frame_put(large);
	space_end(space);
	sim_stop();
}

static void huge_frames_map_at_every_size(void **state)
{
	struct vms_space *space;
	struct vms_cursor cursor;
	vms_pfn large, giant;
	vms_pa pa;

	(void)state;
	machine_start_large(1, 1, 1);
	space = space_new_active();
	cursor_open(&cursor, space, 0, 3 * G1, VMS_EDITING);
	OK(vms_cursor_jump(&cursor, M2));
	large = map_new(&cursor, 2, RW_);
	assert_int_equal(vms_cursor_at(&cursor), 2 * M2);
	OK(vms_cursor_jump(&cursor, G1));
	giant = map_new(&cursor, 3, RX_);
	assert_int_equal(vms_cursor_at(&cursor), 2 * G1);
	map_new(&cursor, 1, R_);
	cursor_close(&cursor);
	assert_true(sim_probe(2 * M2 - 1, VMS_W, true, &pa));
	assert_int_equal(pa, large * P + M2 - 1);
	assert_true(sim_probe(G1 + 300 * M2 + 7, VMS_X, true, &pa));
	assert_int_equal(pa, giant * P + 300 * M2 + 7);
	assert_false(sim_probe(M2 - 1, VMS_R, true, &pa));
	CHECK(space);
	space_end(space);
	sim_stop();
}

static void a_huge_frame_replaces_a_table_without_pages(void **state)
{
	struct vms_space *space;
	struct vms_cursor cursor;
	vms_pfn large;

	(void)state;
	machine_start_large(2, 1, 0);
	space = space_new_active();
	large = sim_frame_new(2);
	/* A page under the slot is mapped: not silently replaced. */
	map_at(space, M2 + 9 * P, 1, RW_);
	cursor_open(&cursor, space, M2 - P, M2 + P, VMS_EDITING);
	OK(vms_cursor_jump(&cursor, M2));
	IS(vms_cursor_map(&cursor, large, RW_), VMS_EXISTS);
	cursor_close(&cursor);
	/* An empty table, or one of marks, is no obstacle; and no CPU may remember it. */
	unmap_at(space, M2 + 9 * P, P);
	mark_at(space, M2 + 11 * P, 3 * P, 5);
	assert_false(sim_execute(M2));
	/* But a cursor on exactly that slot owns the table under it, not the slot. */
	cursor_open(&cursor, space, M2, M2, VMS_EDITING);
	IS(vms_cursor_map(&cursor, large, RW_), VMS_OUT_OF_RANGE);
	cursor_close(&cursor);
	cursor_open(&cursor, space, M2 - P, M2 + P, VMS_EDITING);
	OK(vms_cursor_jump(&cursor, M2));
	OK(vms_cursor_map(&cursor, large, RW_));
	sim_handle_gone(large);
	cursor_close(&cursor);
	assert_true(sim_write(M2 + 12 * P, 1));
	CHECK(space);
	space_end(space);
	sim_stop();
}

static void a_frame_may_be_mapped_many_times(void **state)
{
	struct vms_space *a, *b;
	struct vms_cursor cursor;
	vms_pfn frame;
	uint8_t byte;

	(void)state;
	machine_start(1);
	a = space_new_active();
	b = space_new();
	frame = sim_frame_new(1);
	for (uint32_t i = 0; i < 10; i++) {
		OK(vms_frame_get(frame));
		cursor_open(&cursor, i % 2 ? a : b, i * P, P, VMS_EDITING);
		OK(vms_cursor_map(&cursor, frame, i % 2 ? RW_ : R_));
		cursor_close(&cursor);
	}
	assert_int_equal(vms_frame_refs(frame), 11);
	assert_true(sim_write(P, 7));
	assert_true(sim_read(9 * P, &byte));
	assert_int_equal(byte, 7);
	CHECK(a, b);
	space_end(a);
	assert_int_equal(vms_frame_refs(frame), 6);
	CHECK(b);
	space_end(b);
	sim_frame_put(frame);
	sim_stop();
}

static void map_replaces_a_mark(void **state)
{
	struct vms_space *space;
	struct vms_cursor cursor;
	struct vms_item item;

	(void)state;
	machine_start_large(1, 1, 0);
	space = space_new();
	mark_at(space, 0, 4 * P, 1);
	map_at(space, 2 * P, 1, RW_);
	assert_int_equal(query_at(space, P).token, 1);
	assert_int_equal(query_at(space, 2 * P).what, VMS_MAPPED);
	assert_int_equal(query_at(space, 3 * P).token, 1);
	/* A mark of a higher level is cut: all around keep it. */
	mark_at(space, T5, T5, 9);
	map_at(space, T5 + G1 + M2 + P, 1, RW_);
	assert_int_equal(query_at(space, T5).token, 9);
	assert_int_equal(query_at(space, T5 + G1).token, 9);
	assert_int_equal(query_at(space, T5 + G1 + M2).token, 9);
	assert_int_equal(query_at(space, T5 + G1 + M2 + 2 * P).token, 9);
	assert_int_equal(query_at(space, T5 + G1 + M2 + P).what, VMS_MAPPED);
	cursor_open(&cursor, space, T5, T5, VMS_READING);
	OK(vms_cursor_find_next(&cursor, T5, VMS_FIND_MAPPED, &item));
	assert_int_equal(item.va, T5 + G1 + M2 + P);
	cursor_close(&cursor);
	CHECK(space);
	space_end(space);
	sim_stop();
}

static void devices_map_all_or_nothing(void **state)
{
	const struct vms_prop prop = {VMS_R | VMS_W, VMS_UNCACHED};
	struct vms_space *space;
	struct vms_cursor cursor;
	struct vms_item item;
	vms_pfn ram, beyond;

	(void)state;
	machine_start(1);
	space = space_new();
	ram = map_at(space, 20 * P, 1, R_);
	beyond = vms_machine.nr_frames;
	cursor_open(&cursor, space, 0, G1, VMS_EDITING);
	/* Managed RAM is no device, in whatever part of the range. */
	IS(vms_cursor_map_device(&cursor, ram, P, prop), VMS_BAD_FRAME);
	IS(vms_cursor_map_device(&cursor, sim_device() - 1, 2 * P, prop), VMS_BAD_FRAME);
	IS(vms_cursor_map_device(&cursor, 0, 3 * P, prop), VMS_BAD_FRAME);
	IS(vms_cursor_map_device(&cursor, 0xfffffff0u, 64 * P, prop), VMS_BAD_FRAME);
	IS(vms_cursor_map_device(&cursor, sim_device(), P, (struct vms_prop){VMS_W, 0}), VMS_BAD_PROP);
	IS(vms_cursor_map_device(&cursor, sim_device(), P, (struct vms_prop){VMS_R | VMS_GLOBAL, 0}), VMS_BAD_PROP);
	IS(vms_cursor_map_device(&cursor, sim_device(), 21 * P, prop), VMS_EXISTS);
	assert_int_equal(vms_cursor_at(&cursor), 0);
	OK(vms_cursor_query(&cursor, &item));
	assert_int_equal(item.what, VMS_ABSENT);
	OK(vms_cursor_map_device(&cursor, sim_device(), 20 * P, prop));
	assert_int_equal(vms_cursor_at(&cursor), 20 * P);
	OK(vms_cursor_jump(&cursor, 7 * P));
	OK(vms_cursor_query(&cursor, &item));
	assert_int_equal(item.what, VMS_DEVICE);
	assert_int_equal(item.frame, sim_device() + 7);
	assert_int_equal(item.prop.flags, prop.flags);
	assert_int_equal(item.prop.cache, VMS_UNCACHED);
	/* Beyond RAM; leaves as large as alignment allows, small at the ends. */
	beyond = (vms_pfn)((beyond + 2 * 512) / 512 * 512);
	OK(vms_cursor_jump(&cursor, 2 * M2 - P));
	OK(vms_cursor_map_device(&cursor, beyond - 1, 2 * P + M2, prop));
	assert_int_equal(vms_cursor_at(&cursor), 3 * M2 + P);
	OK(vms_cursor_jump(&cursor, 2 * M2 + 5 * P));
	OK(vms_cursor_query(&cursor, &item));
	assert_int_equal(item.what, VMS_DEVICE);
	assert_int_equal(item.len, M2);
	assert_int_equal(item.frame, beyond);
	OK(vms_cursor_jump(&cursor, 3 * M2));
	OK(vms_cursor_query(&cursor, &item));
	assert_int_equal(item.len, P);
	assert_int_equal(item.frame, beyond + 512);
	cursor_close(&cursor);
	CHECK(space);
	space_end(space);
	sim_stop();
}

static void the_kernel_maps_anything_uncounted(void **state)
{
	const vms_va va = VMS_KERNEL_START + 5 * G1;
	struct vms_cursor cursor;
	struct vms_item item;
	vms_pfn frame;
	uint64_t nr;
	vms_pa pa;

	(void)state;
	machine_start(1);
	frame = sim_frame_new(1);
	cursor_open(&cursor, &vms_machine.kernel, va, G1, VMS_EDITING);
	IS(vms_cursor_map(&cursor, frame, RW_), VMS_BAD_FRAME);
	OK(vms_cursor_map_device(&cursor, frame, P, (struct vms_prop){VMS_R | VMS_W | VMS_GLOBAL, 0}));
	OK(vms_cursor_jump(&cursor, va));
	OK(vms_cursor_query(&cursor, &item));
	assert_int_equal(item.what, VMS_DEVICE);
	assert_int_equal(item.frame, frame);
	assert_int_equal(vms_frame_refs(frame), 1);
	assert_true(sim_probe(va, VMS_W, false, &pa));
	assert_int_equal(pa, frame * P);
	/* A whole table goes; the frame stays the holder's. */
	OK(vms_cursor_unmap(&cursor, M2, &nr));
	assert_int_equal(nr, 1);
	cursor_close(&cursor);
	sim_check(NULL, 0);
	assert_int_equal(vms_frame_refs(frame), 1);
	sim_frame_put(frame);
	sim_stop();
}

/* Pages may be anywhere under a table that a giant frame would replace. */
static void a_giant_frame_looks_below_tables_below(void **state)
{
	struct vms_space *space;
	struct vms_cursor cursor;
	vms_pfn frame;

	(void)state;
	machine_start_large(1, 1, 1);
	space = space_new();
	frame = sim_frame_new(3);
	map_at(space, G1 + 5 * M2 + 7 * P, 1, R_);
	cursor_open(&cursor, space, 0, T5, VMS_EDITING);
	OK(vms_cursor_jump(&cursor, G1));
	IS(vms_cursor_map(&cursor, frame, RW_), VMS_EXISTS);
	cursor_close(&cursor);
	assert_int_equal(query_at(space, G1 + 5 * M2 + 7 * P).what, VMS_MAPPED);
	unmap_at(space, G1 + 5 * M2 + 7 * P, P);
	map_at(space, G1 + 6 * M2, 2, R_);
	cursor_open(&cursor, space, 0, T5, VMS_EDITING);
	OK(vms_cursor_jump(&cursor, G1));
	IS(vms_cursor_map(&cursor, frame, RW_), VMS_EXISTS);
	/* Empty tables under it do not matter; they go. */
	OK(vms_cursor_jump(&cursor, G1 + 6 * M2));
	OK(vms_cursor_unmap(&cursor, P, NULL));
	OK(vms_cursor_unmap(&cursor, M2 - P, NULL));
	OK(vms_cursor_jump(&cursor, G1));
	OK(vms_cursor_map(&cursor, frame, RW_));
	sim_handle_gone(frame);
	cursor_close(&cursor);
	assert_int_equal(query_at(space, G1 + 5 * M2).len, G1);
	CHECK(space);
	space_end(space);
	sim_stop();
}

/* Two CPUs remember the way to an empty table; then a large frame takes its place. */
static void the_way_to_a_table_that_was_replaced_is_forgotten(void **state)
{
	static const vms_va start[] = {0, M2, G1 + 2 * M2};

	(void)state;
	for (uint32_t i = 0; i < sizeof(start) / sizeof(start[0]); i++) {
		struct vms_space *space;
		struct vms_cursor cursor;
		vms_pfn frame;
		vms_pa pa;

		machine_start_large(2, 1, 0);
		space = space_new();
		map_at(space, start[i] + P, 1, RW_);
		map_at(space, start[i] + 3 * P, 1, RW_);
		activate_everywhere(space);
		unmap_at(space, start[i] + P, P);
		for (uint32_t cpu = 2; cpu-- > 0;) {
			sim_run_on(cpu);
			assert_true(sim_probe(start[i] + 3 * P, VMS_W, true, &pa));
		}
		cursor_open(&cursor, space, start[i] + 3 * P, P, VMS_EDITING);
		OK(vms_cursor_unmap(&cursor, P, NULL));
		cursor_close(&cursor);
		for (uint32_t cpu = 2; cpu-- > 0;) {
			sim_run_on(cpu);
			assert_false(sim_probe(start[i] + 3 * P, VMS_W, true, &pa));
		}
		frame = sim_frame_new(2);
		cursor_open(&cursor, space, start[i] / G1 * G1, G1, VMS_EDITING);
		OK(vms_cursor_jump(&cursor, start[i]));
		OK(vms_cursor_map(&cursor, frame, RW_));
		sim_handle_gone(frame);
		cursor_close(&cursor);
		for (uint32_t cpu = 2; cpu-- > 0;) {
			sim_run_on(cpu);
			assert_true(sim_probe(start[i] + 3 * P, VMS_W, true, &pa));
			assert_int_equal(pa, (frame + 3) * P);
			sim_activate(&vms_machine.kernel);
		}
		CHECK(space);
		space_end(space);
		sim_stop();
	}
}

/* Which frames are a device's: reserved, or beyond all that the machine has records of. */
static void devices_end_where_memory_begins(void **state)
{
	const vms_pfn last = VMS_NO_FRAME - 1;
	struct vms_space *space;
	struct vms_cursor cursor;
	uint32_t kind;

	(void)state;
	machine_start(1);
	space = space_new();
	cursor_open(&cursor, space, 0, M2, VMS_EDITING);
	/* Frame 0 is nobody's, frame 1 is memory. */
	OK(vms_cursor_map_device(&cursor, 0, P, R_));
	IS(vms_cursor_map_device(&cursor, 0, 2 * P, R_), VMS_BAD_FRAME);
	IS(vms_cursor_map_device(&cursor, 1, P, R_), VMS_BAD_FRAME);
	/* The last number that a frame can have. */
	OK(vms_cursor_map_device(&cursor, last, P, R_));
	IS(vms_cursor_map_device(&cursor, last, 2 * P, R_), VMS_BAD_FRAME);
	OK(vms_cursor_map_device(&cursor, last - 1, 2 * P, R_));
	IS(vms_cursor_map_device(&cursor, VMS_NO_FRAME, P, R_), VMS_BAD_FRAME);
	assert_int_equal(vms_cursor_at(&cursor), 4 * P);
	/* What lies behind the last record is none. */
	vms_machine.nr_frames--;
	kind = vms_machine.meta[vms_machine.nr_frames].kind;
	vms_machine.meta[vms_machine.nr_frames].kind = VMS_FRAME_UNTYPED;
	OK(vms_cursor_map_device(&cursor, vms_machine.nr_frames, P, R_));
	vms_machine.meta[vms_machine.nr_frames].kind = kind;
	vms_machine.nr_frames++;
	cursor_close(&cursor);
	unmap_at(space, 0, M2);
	space_end(space);
	sim_stop();
}

int group_map(void)
{
	const struct CMUnitTest test[] = {
		cmocka_unit_test(a_mapped_page_can_be_used),
		cmocka_unit_test(rights_are_what_was_asked),
		cmocka_unit_test(every_property_comes_back),
		cmocka_unit_test(map_refuses_and_keeps_everything),
		cmocka_unit_test(huge_frames_map_at_every_size),
		cmocka_unit_test(a_huge_frame_replaces_a_table_without_pages),
		cmocka_unit_test(a_frame_may_be_mapped_many_times),
		cmocka_unit_test(map_replaces_a_mark),
		cmocka_unit_test(devices_map_all_or_nothing),
		cmocka_unit_test(the_kernel_maps_anything_uncounted),
		cmocka_unit_test(a_giant_frame_looks_below_tables_below),
		cmocka_unit_test(the_way_to_a_table_that_was_replaced_is_forgotten),
		cmocka_unit_test(devices_end_where_memory_begins),
	};

	return cmocka_run_group_tests_name("map", test, NULL, NULL);
}
