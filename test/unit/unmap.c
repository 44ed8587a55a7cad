/*
 * Unmapping: counts, positions, huge leaves that reach over an end, whole tables, marks.
 */
#include "unit.h"

static uint64_t unmap_count(struct vms_space *space, vms_va start, uint64_t len, vms_va at, uint64_t part)
{
	struct vms_cursor cursor;
	uint64_t nr = 12345;

	cursor_open(&cursor, space, start, len, VMS_EDITING);
	OK(vms_cursor_jump(&cursor, at));
	OK(vms_cursor_unmap(&cursor, part, &nr));
	assert_int_equal(vms_cursor_at(&cursor), at + part);
	cursor_close(&cursor);
	return nr;
}

static void unmapping_nothing_is_fine(void **state)
{
	struct vms_space *space;
	uint32_t used;

	(void)state;
	machine_start(1);
	space = space_new();
	assert_int_equal(unmap_count(space, 0, VMS_USER_END, 0, VMS_USER_END), 0);
	used = sim_frames_used();
	assert_int_equal(unmap_count(space, 0, VMS_USER_END, 5 * P, T5 + 7 * G1 + P), 0);
	assert_int_equal(sim_frames_used(), used);
	assert_int_equal(sim_counts().flushes_page + sim_counts().flushes_all, 0);
	CHECK(space);
	space_end(space);
	sim_stop();
}

static void exactly_the_range_goes(void **state)
{
	struct vms_space *space;
	vms_pfn gone;
	uint8_t byte;

	(void)state;
	machine_start(1);
	space = space_new_active();
	map_pages(space, M2 - 4 * P, 8, RW_);
	gone = query_at(space, M2 - 2 * P).frame;
	for (uint64_t i = 0; i < 8; i++)
		assert_true(sim_write(M2 - 4 * P + i * P, (uint8_t)i));
	assert_int_equal(unmap_count(space, M2 - 4 * P, 8 * P, M2 - 2 * P, 4 * P), 4);
	assert_true(sim_frame_free(gone));
	for (uint64_t i = 0; i < 8; i++) {
		bool stays = i < 2 || i >= 6;

		assert_int_equal(sim_read(M2 - 4 * P + i * P, &byte), stays);
		if (stays)
			assert_int_equal(byte, i);
	}
	CHECK(space);
	space_end(space);
	sim_stop();
}

static void no_access_pages_count_and_go(void **state)
{
	struct vms_space *space;

	(void)state;
	machine_start(1);
	space = space_new();
	map_pages(space, 0, 5, NONE);
	CHECK(space);
	assert_int_equal(unmap_count(space, 0, 8 * P, 0, 8 * P), 5);
	CHECK(space);
	space_end(space);
	sim_stop();
}

static void whole_tables_go_as_one(void **state)
{
	struct vms_space *space;
	uint32_t used;
	uint8_t byte;

	(void)state;
	machine_start(2);
	space = space_new_active();
	map_at(space, T5 + G1 * 5, 1, R_);
	used = sim_frames_used();
	map_at(space, G1 + 3 * P, 1, R_);
	map_at(space, G1 + M2 + 3 * P, 1, R_);
	map_at(space, 7 * G1, 1, R_);
	mark_at(space, 9 * G1, P, 4);
	assert_true(sim_read(G1 + 3 * P, &byte));
	assert_int_equal(unmap_count(space, 0, 2 * T5, 0, T5), 3);
	assert_false(sim_read(G1 + 3 * P, &byte));
	CHECK(space);
	assert_int_equal(sim_frames_used(), used);
	space_end(space);
	sim_stop();
}

/* What a CPU remembers of upper levels must go with a table, even if nothing was mapped under it. */
static void an_empty_table_that_goes_is_forgotten(void **state)
{
	struct vms_space *space;
	uint8_t byte;

	(void)state;
	sim_start(&(struct sim_options){.nr_cpus = 2, .sticky = true});
	space = space_new_active();
	sim_run_on(1);
	sim_activate(space);
	map_at(space, 3 * P, 1, R_);
	unmap_at(space, 3 * P, P);
	mark_at(space, 5 * P, P, 1);
	/* This fills the upper levels of both CPUs, though the access faults. */
	assert_false(sim_read(3 * P, &byte));
	sim_run_on(0);
	assert_false(sim_read(3 * P, &byte));
	assert_int_equal(unmap_count(space, 0, G1, 0, G1), 0);
	CHECK(space);
	map_at(space, 4 * P, 1, R_);
	assert_true(sim_read(4 * P, &byte));
	sim_run_on(1);
	assert_true(sim_read(4 * P, &byte));
	sim_activate(&vms_machine.kernel);
	sim_run_on(0);
	space_end(space);
	sim_stop();
}

struct cut {
	uint32_t level;
	uint64_t from, len; /* pages from the start of the leaf */
};

static void a_huge_leaf_is_cut_exactly(void **state)
{
	static const struct cut cut[] = {
		{2, 0, 1},     {2, 511, 1},         {2, 17, 300},          {2, 0, 511},       {2, 1, 511},
		{2, 0, 512},   {3, 0, 1},           {3, 262143, 1},        {3, 512, 512},     {3, 700, 1},
		{3, 700, 100}, {3, 5, 262144 - 10}, {3, 512 * 3, 512 * 5}, {3, 100, 512 * 2}, {3, 512, 1},
		{3, 511, 2},   {3, 0, 262144},      {3, 1023, 512},
	};
	const struct vms_prop prop = {VMS_R | VMS_W | VMS_SOFT0 | VMS_ACCESSED, VMS_WRITE_COMBINING};

	(void)state;
	machine_start_large(1, 1, 1);
	for (size_t i = 0; i < sizeof(cut) / sizeof(cut[0]); i++) {
		uint64_t pages = cut[i].level == 2 ? 512 : 512 * 512;
		struct vms_space *space = space_new_active();
		vms_va va = cut[i].level == 2 ? 5 * M2 : 2 * G1;
		vms_pfn frame = map_at(space, va, cut[i].level, prop);
		struct sim_snapshot now;

		assert_int_equal(unmap_count(space, 0, 4 * G1, va + cut[i].from * P, cut[i].len * P), cut[i].len);
		CHECK(space);
		sim_snapshot_take(&now, space);
		for (uint64_t k = 0; k<pages; k += k % 512> 3 && k % 512 < 500 ? 13 : 1) {
			struct sim_run run = sim_snapshot_at(&now, va + k * P);

			if (k >= cut[i].from && k < cut[i].from + cut[i].len) {
				assert_int_equal(run.what, VMS_ABSENT);
				continue;
			}
			assert_int_equal(run.what, VMS_MAPPED);
			assert_int_equal(run.frame, frame + k);
			assert_int_equal(run.prop.flags, prop.flags);
			assert_int_equal(run.prop.cache, prop.cache);
		}
		sim_snapshot_free(&now);
		assert_int_equal(sim_frame_free(frame), cut[i].len == pages);
		/* The rest holds the frame until the last page is gone. */
		assert_int_equal(unmap_count(space, 0, 4 * G1, 0, 4 * G1), pages - cut[i].len);
		assert_true(sim_frame_free(frame));
		space_end(space);
	}
	sim_stop();
}

/* A cut needs 511 more references; if they cannot be counted, nothing is cut. */
static void a_full_count_cannot_be_cut(void **state)
{
	struct sim_snapshot before, after;
	struct vms_space *space;
	struct vms_cursor cursor;
	vms_pfn frame;

	(void)state;
	machine_start_large(1, 2, 0);
	space = space_new();
	frame = map_at(space, M2, 2, RW_);
	map_at(space, 2 * M2, 2, RW_);
	sim_snapshot_take(&before, space);
	for (uint32_t way = 0; way < 2; way++) {
		vms_pfn full = frame + way * (query_at(space, 2 * M2).frame - frame);
		uint32_t used;

		vms_machine.meta[full].refs = 0xffff0000u - 510;
		cursor_open(&cursor, space, 0, 4 * M2, VMS_EDITING);
		OK(vms_cursor_jump(&cursor, M2 + 5 * P));
		used = sim_frames_used();
		IS(vms_cursor_unmap(&cursor, M2, NULL), VMS_SATURATED);
		IS(vms_cursor_mark(&cursor, M2, 1), VMS_SATURATED);
		assert_int_equal(vms_cursor_at(&cursor), M2 + 5 * P);
		assert_int_equal(sim_frames_used(), used);
		/* At the end where nothing is there is no count to take back. */
		OK(vms_cursor_jump(&cursor, 0));
		IS(vms_cursor_unmap(&cursor, (1 + way) * M2 + 5 * P, NULL), VMS_SATURATED);
		IS(vms_cursor_mark(&cursor, (1 + way) * M2 + 5 * P, 1), VMS_SATURATED);
		cursor_close(&cursor);
		assert_int_equal(vms_machine.meta[full].refs, 0xffff0000u - 510);
		vms_machine.meta[full].refs = 1;
		CHECK(space);
	}
	sim_snapshot_take(&after, space);
	assert_true(sim_snapshot_same(&before, &after));
	sim_snapshot_free(&before);
	sim_snapshot_free(&after);
	space_end(space);
	sim_stop();
}

static void a_huge_leaf_is_cut_from_inside(void **state)
{
	struct vms_space *space;
	vms_pfn frame;
	uint8_t byte;

	(void)state;
	machine_start_large(2, 1, 0);
	space = space_new_active();
	frame = map_at(space, M2, 2, RW_);
	sim_run_on(1);
	sim_activate(space);
	assert_true(sim_write(M2 + 5 * P, 5));
	assert_true(sim_write(M2 + 6 * P, 6));
	sim_run_on(0);
	/* The cursor's own range lies inside the leaf. */
	assert_int_equal(unmap_count(space, M2 + 5 * P, P, M2 + 5 * P, P), 1);
	sim_run_on(1);
	assert_false(sim_read(M2 + 5 * P, &byte));
	assert_true(sim_read(M2 + 6 * P, &byte));
	assert_int_equal(byte, 6);
	assert_int_equal(vms_frame_refs(frame), 511);
	CHECK(space);
	sim_activate(&vms_machine.kernel);
	sim_run_on(0);
	space_end(space);
	sim_stop();
}

static void marks_are_cut_and_not_counted(void **state)
{
	struct vms_space *space;

	(void)state;
	machine_start(1);
	space = space_new();
	mark_at(space, 0, VMS_USER_END, 7);
	CHECK(space);
	assert_int_equal(unmap_count(space, 0, VMS_USER_END, T5 + 3 * P, G1), 0);
	CHECK(space);
	assert_int_equal(query_at(space, T5 + 2 * P).token, 7);
	assert_int_equal(query_at(space, T5 + 2 * P).what, VMS_MARKED);
	assert_int_equal(query_at(space, T5 + 3 * P).what, VMS_ABSENT);
	assert_int_equal(query_at(space, T5 + G1 + 2 * P).what, VMS_ABSENT);
	assert_int_equal(query_at(space, T5 + G1 + 3 * P).what, VMS_MARKED);
	assert_int_equal(query_at(space, VMS_USER_END - P).what, VMS_MARKED);
	assert_int_equal(unmap_count(space, 0, VMS_USER_END, 0, VMS_USER_END), 0);
	CHECK(space);
	/* The kernel's, the root, and three over the slot that user space ends in. */
	assert_int_equal(sim_frames_used(), 257 + 1 + 3);
	space_end(space);
	sim_stop();
}

static void many_frames_are_parked_in_turns(void **state)
{
	struct vms_space *space;
	uint32_t used;

	(void)state;
	machine_start(2);
	space = space_new_active();
	sim_run_on(1);
	sim_activate(space);
	used = sim_frames_used();
	map_pages(space, 100 * P, 700, RW_);
	assert_int_equal(unmap_count(space, 0, 2 * M2, P, 2 * M2 - P), 700);
	CHECK(space);
	assert_in_range(sim_frames_used(), used, used + 4);
	sim_activate(&vms_machine.kernel);
	sim_run_on(0);
	space_end(space);
	sim_stop();
}

/* Holes are not flushed: as many pages as were mapped, in as many ranges as they lay in. */
static void only_what_was_mapped_is_flushed(void **state)
{
	static const struct {
		uint64_t page[6];
		uint32_t nr;
	} run[] = {{{1}, 1},     {{1, 2, 3}, 3}, {{1, 3, 5, 7, 9, 11}, 6}, {{2, 3, 9, 10, 30}, 5},
		   {{0, 31}, 2}, {{8, 20}, 2}};

	(void)state;
	machine_start(1);
	for (uint32_t i = 0; i < sizeof(run) / sizeof(run[0]); i++) {
		struct vms_space *space = space_new_active();
		uint64_t flushes;

		for (uint32_t k = 0; k < run[i].nr; k++)
			map_at(space, run[i].page[k] * P, 1, RW_);
		flushes = sim_counts().flushes_page;
		unmap_at(space, 0, 32 * P);
		assert_int_equal(sim_counts().flushes_page - flushes, run[i].nr);
		CHECK(space);
		space_end(space);
	}
	sim_stop();
}

/* All of a table's range, by a cursor over more: the table goes too. Not by one over less, nor for less. */
static void a_table_goes_with_all_of_its_range(void **state)
{
	static const struct {
		vms_va start;
		uint64_t len;
		bool goes;
	} part[] = {{M2, M2, true},
		    {M2 + P, M2 - P, false},
		    {M2, M2 - P, false},
		    {M2 - P, M2 + P, true},
		    {M2, 2 * M2, true}};

	(void)state;
	for (uint32_t i = 0; i < sizeof(part) / sizeof(part[0]); i++) {
		struct vms_space *space;
		struct vms_cursor cursor;
		uint32_t used;

		machine_start(1);
		space = space_new();
		map_at(space, 0, 1, RW_);
		map_at(space, M2 + 5 * P, 1, RW_);
		used = sim_frames_used();
		cursor_open(&cursor, space, 0, G1, VMS_EDITING);
		OK(vms_cursor_jump(&cursor, part[i].start));
		OK(vms_cursor_unmap(&cursor, part[i].len, NULL));
		cursor_close(&cursor);
		CHECK(space);
		assert_int_equal(sim_frames_used(), used - 1 - part[i].goes);
		space_end(space);
		sim_stop();
	}
}

/* Large leaves are flushed too: at the very beginning of the addresses, of frames and of devices. */
static void large_leaves_are_forgotten(void **state)
{
	static const vms_va start[] = {0, 2 * M2, G1};

	(void)state;
	for (uint32_t i = 0; i < 6; i++) {
		struct vms_space *space;
		struct vms_cursor cursor;
		vms_va va = start[i % 3];

		machine_start_large(2, 1, 0);
		space = space_new();
		activate_everywhere(space);
		if (i < 3) {
			map_at(space, va, 2, RW_);
		} else {
			cursor_open(&cursor, space, va, 2 * M2, VMS_EDITING);
			OK(vms_cursor_map_device(&cursor, (sim_device() + 511) / 512 * 512, M2, RW_));
			cursor_close(&cursor);
		}
		for (uint32_t cpu = 2; cpu-- > 0;) {
			vms_pa pa;

			sim_run_on(cpu);
			assert_true(sim_probe(va + 3 * P, VMS_R, true, &pa));
		}
		cursor_open(&cursor, space, va, 2 * M2, VMS_EDITING);
		OK(vms_cursor_unmap(&cursor, 2 * M2, NULL));
		cursor_close(&cursor);
		assert_false(sim_tlb_has(0, va + 3 * P));
		assert_false(sim_tlb_has(1, va + 3 * P));
		leave_everywhere();
		CHECK(space);
		space_end(space);
		sim_stop();
	}
}

/* The kernel's mappings count no references, whatever they map, and are forgotten by all CPUs. */
static void a_large_leaf_of_the_kernels_counts_nothing(void **state)
{
	const vms_va va = VMS_KERNEL_START + 9 * G1;
	struct vms_cursor cursor;
	vms_pfn frame;
	vms_pa pa;

	(void)state;
	machine_start_large(2, 1, 0);
	frame = sim_frame_new(2);
	cursor_open(&cursor, &vms_machine.kernel, va, 2 * M2, VMS_EDITING);
	OK(vms_cursor_map_device(&cursor, frame, M2, (struct vms_prop){.flags = VMS_R | VMS_W | VMS_GLOBAL}));
	cursor_close(&cursor);
	for (uint32_t cpu = 2; cpu-- > 0;) {
		sim_run_on(cpu);
		assert_true(sim_probe(va + 3 * P, VMS_R, false, &pa));
		assert_int_equal(pa, (frame + 3) * P);
	}
	cursor_open(&cursor, &vms_machine.kernel, va, 2 * M2, VMS_EDITING);
	OK(vms_cursor_unmap(&cursor, 2 * M2, NULL));
	cursor_close(&cursor);
	assert_false(sim_tlb_has(0, va + 3 * P));
	assert_false(sim_tlb_has(1, va + 3 * P));
	assert_int_equal(vms_frame_refs(frame), 1);
	sim_frame_put(frame);
	sim_stop();
}

int group_unmap(void)
{
	const struct CMUnitTest test[] = {
		cmocka_unit_test(unmapping_nothing_is_fine),
		cmocka_unit_test(exactly_the_range_goes),
		cmocka_unit_test(no_access_pages_count_and_go),
		cmocka_unit_test(whole_tables_go_as_one),
		cmocka_unit_test(an_empty_table_that_goes_is_forgotten),
		cmocka_unit_test(a_huge_leaf_is_cut_exactly),
		cmocka_unit_test(a_full_count_cannot_be_cut),
		cmocka_unit_test(a_huge_leaf_is_cut_from_inside),
		cmocka_unit_test(marks_are_cut_and_not_counted),
		cmocka_unit_test(many_frames_are_parked_in_turns),
		cmocka_unit_test(only_what_was_mapped_is_flushed),
		cmocka_unit_test(a_table_goes_with_all_of_its_range),
		cmocka_unit_test(large_leaves_are_forgotten),
		cmocka_unit_test(a_large_leaf_of_the_kernels_counts_nothing),
	};

	return cmocka_run_group_tests_name("unmap", test, NULL, NULL);
}
