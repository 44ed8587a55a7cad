/*
 * protect_next and protect: which mapping, which flags, huge leaves, flushes, and the bits that hardware sets
 * meanwhile. Every test runs twice: mapping after mapping, and with one call for a range where that can be asked for.
 */
#include "unit.h"

#define CLEAR(flags) ((struct vms_change){.clear = (flags)})
#define SET(flags) ((struct vms_change){.set = (flags)})
#define COW(flag) ((struct vms_change){.cow = (flag)})

static bool in_one_call;

/* Are the flags valid whatever they were before? */
static bool fits_all(struct vms_change change)
{
	return (change.set & VMS_R) || !(change.set & (VMS_W | VMS_X));
}

/* All mappings of a range; the pages that were changed. */
static uint64_t protect_all(struct vms_space *space, vms_va va, uint64_t len, struct vms_change change)
{
	struct vms_cursor cursor;
	struct vms_item item;
	uint64_t nr = 0;

	cursor_open(&cursor, space, va, len, VMS_EDITING);
	if (in_one_call && fits_all(change))
		OK(vms_cursor_protect(&cursor, len, change, &nr));
	while (vms_cursor_at(&cursor) < va + len) {
		enum vms_status status =
			vms_cursor_protect_next(&cursor, va + len - vms_cursor_at(&cursor), change, &item);

		if (status == VMS_NOT_FOUND)
			break;
		OK(status);
		assert_int_equal(vms_cursor_at(&cursor), item.va + item.len);
		nr += item.len / P;
	}
	assert_int_equal(vms_cursor_at(&cursor), va + len);
	cursor_close(&cursor);
	return nr;
}

static void the_next_mapping_is_changed_and_no_other(void **state)
{
	struct vms_space *space;
	struct vms_cursor cursor;
	struct vms_item item;
	vms_pfn frame;

	(void)state;
	machine_start(1);
	space = space_new_active();
	frame = map_at(space, 5 * P, 1, RW_);
	map_at(space, 6 * P, 1, RW_);
	cursor_open(&cursor, space, P, 8 * P, VMS_EDITING);
	OK(vms_cursor_protect_next(&cursor, 8 * P, CLEAR(VMS_W), &item));
	assert_int_equal(item.what, VMS_MAPPED);
	assert_int_equal(item.va, 5 * P);
	assert_int_equal(item.len, P);
	assert_int_equal(item.frame, frame);
	assert_int_equal(item.prop.flags, VMS_R);
	assert_int_equal(vms_cursor_at(&cursor), 6 * P);
	OK(vms_cursor_jump(&cursor, 7 * P));
	IS(vms_cursor_protect_next(&cursor, 2 * P, CLEAR(VMS_W), &item), VMS_NOT_FOUND);
	assert_int_equal(vms_cursor_at(&cursor), 9 * P);
	cursor_close(&cursor);
	assert_false(sim_write(5 * P, 1));
	assert_true(sim_write(6 * P, 1));
	CHECK(space);
	space_end(space);
	sim_stop();
}

static void marks_are_not_mappings(void **state)
{
	struct vms_space *space;

	(void)state;
	machine_start(1);
	space = space_new();
	mark_at(space, 0, G1, 5);
	assert_int_equal(protect_all(space, 0, G1, CLEAR(VMS_W)), 0);
	assert_int_equal(query_at(space, 7 * M2).token, 5);
	space_end(space);
	sim_stop();
}

static void illegal_changes_change_nothing(void **state)
{
	static const struct vms_change bad[] = {
		SET(VMS_ACCESSED),
		SET(VMS_DIRTY),
		SET(VMS_GLOBAL),
		CLEAR(VMS_ACCESSED),
		CLEAR(VMS_DIRTY),
		CLEAR(VMS_GLOBAL),
		CLEAR(VMS_R),
		SET(VMS_FLAGS_END),
		CLEAR(VMS_FLAGS_END),
		SET(0x80000000u),
		{VMS_DIRTY, VMS_DIRTY, 0},
		COW(VMS_W),
		COW(VMS_X),
		COW(VMS_SOFT0 | VMS_SOFT1),
		COW(VMS_DIRTY),
		COW(VMS_FLAGS_END),
		COW(0x80000000u),
	};
	struct vms_space *space;
	struct vms_cursor cursor;
	struct sim_snapshot before, after;
	struct vms_item item;

	(void)state;
	machine_start(1);
	space = space_new();
	map_at(space, 3 * P, 1, RW_);
	map_at(space, 5 * P, 1, NONE);
	sim_snapshot_take(&before, space);
	cursor_open(&cursor, space, 0, 8 * P, VMS_EDITING);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		IS(vms_cursor_protect_next(&cursor, 8 * P, bad[i], &item), VMS_BAD_PROP);
		IS(vms_cursor_protect(&cursor, 8 * P, bad[i], NULL), VMS_BAD_PROP);
		assert_int_equal(vms_cursor_at(&cursor), 0);
	}
	/* For a range it counts what could result. */
	IS(vms_cursor_protect(&cursor, 8 * P, SET(VMS_W), NULL), VMS_BAD_PROP);
	IS(vms_cursor_protect(&cursor, 8 * P, SET(VMS_X), NULL), VMS_BAD_PROP);
	IS(vms_cursor_protect(&cursor, 8 * P, CLEAR(VMS_R | VMS_W), NULL), VMS_BAD_PROP);
	IS(vms_cursor_protect(&cursor, 8 * P, CLEAR(VMS_R | VMS_X), NULL), VMS_BAD_PROP);
	IS(vms_cursor_protect(&cursor, 0, CLEAR(VMS_W), NULL), VMS_OUT_OF_RANGE);
	IS(vms_cursor_protect(&cursor, P + 1, CLEAR(VMS_W), NULL), VMS_OUT_OF_RANGE);
	IS(vms_cursor_protect(&cursor, 9 * P, CLEAR(VMS_W), NULL), VMS_OUT_OF_RANGE);
	assert_int_equal(vms_cursor_at(&cursor), 0);
	/* What results here would be W without R. */
	OK(vms_cursor_jump(&cursor, 4 * P));
	IS(vms_cursor_protect_next(&cursor, 4 * P, SET(VMS_W), &item), VMS_BAD_PROP);
	assert_int_equal(vms_cursor_at(&cursor), 4 * P);
	cursor_close(&cursor);
	sim_snapshot_take(&after, space);
	assert_true(sim_snapshot_same(&before, &after));
	sim_snapshot_free(&before);
	sim_snapshot_free(&after);
	space_end(space);
	sim_stop();
}

static void access_goes_and_comes_back(void **state)
{
	struct vms_space *space;
	vms_pfn frame;
	uint8_t byte;

	(void)state;
	machine_start_large(1, 1, 0);
	space = space_new_active();
	frame = map_at(space, P, 1, (struct vms_prop){VMS_R | VMS_W | VMS_SOFT0, VMS_UNCACHED});
	map_at(space, M2, 2, RW_);
	assert_true(sim_write(P, 77));
	assert_true(sim_write(M2 + 5, 78));
	assert_int_equal(protect_all(space, 0, 2 * M2, CLEAR(VMS_R | VMS_W | VMS_X)), 513);
	assert_false(sim_read(P, &byte));
	assert_false(sim_read(M2 + 5, &byte));
	CHECK(space);
	assert_int_equal(query_at(space, P).frame, frame);
	assert_int_equal(query_at(space, P).prop.flags, VMS_SOFT0 | VMS_ACCESSED | VMS_DIRTY);
	assert_int_equal(query_at(space, P).prop.cache, VMS_UNCACHED);
	assert_int_equal(vms_frame_refs(frame), 1);
	assert_int_equal(protect_all(space, 0, 2 * M2, SET(VMS_R | VMS_X | VMS_SOFT1)), 513);
	assert_true(sim_read(P, &byte));
	assert_int_equal(byte, 77);
	assert_true(sim_execute(M2 + 5));
	assert_false(sim_write(M2 + 5, 1));
	assert_int_equal(query_at(space, P).prop.flags,
			 VMS_R | VMS_X | VMS_SOFT0 | VMS_SOFT1 | VMS_ACCESSED | VMS_DIRTY);
	CHECK(space);
	space_end(space);
	sim_stop();
}

static void clear_comes_before_set(void **state)
{
	struct vms_space *space;

	(void)state;
	machine_start(1);
	space = space_new();
	map_at(space, 0, 1, (struct vms_prop){VMS_R | VMS_W | VMS_SOFT0, VMS_WRITE_THROUGH});
	protect_all(space, 0, P, (struct vms_change){.clear = VMS_W | VMS_SOFT0, .set = VMS_X | VMS_SOFT0});
	assert_int_equal(query_at(space, 0).prop.flags, VMS_R | VMS_X | VMS_SOFT0);
	assert_int_equal(query_at(space, 0).prop.cache, VMS_WRITE_THROUGH);
	space_end(space);
	sim_stop();
}

static void a_huge_leaf_is_cut_to_the_range(void **state)
{
	static const struct {
		uint32_t level;
		uint64_t from, len; /* pages */
	} part[] = {{2, 0, 1}, {2, 511, 1}, {2, 100, 300}, {2, 0, 512}, {3, 1000, 1}, {3, 1000, 2000}, {3, 512, 1024}};

	(void)state;
	machine_start_large(1, 1, 1);
	for (size_t i = 0; i < sizeof(part) / sizeof(part[0]); i++) {
		struct vms_space *space = space_new_active();
		vms_va va = part[i].level == 2 ? 3 * M2 : G1;
		uint64_t pages = part[i].level == 2 ? 512 : 512 * 512;
		vms_pfn frame = map_at(space, va, part[i].level, RW_);
		struct sim_snapshot now;
		uint8_t byte;

		assert_true(sim_read(va + part[i].from * P, &byte));
		assert_int_equal(protect_all(space, va + part[i].from * P, part[i].len * P, CLEAR(VMS_W)), part[i].len);
		CHECK(space);
		sim_snapshot_take(&now, space);
		for (uint64_t k = 0; k < pages && k < 4000; k += 1 + k % 7) {
			struct sim_run run = sim_snapshot_at(&now, va + k * P);
			bool changed = k >= part[i].from && k < part[i].from + part[i].len;

			assert_int_equal(run.what, VMS_MAPPED);
			assert_int_equal(run.frame, frame + k);
			assert_int_equal(run.prop.flags & VMS_W, changed ? 0 : VMS_W);
		}
		sim_snapshot_free(&now);
		space_end(space);
		assert_true(sim_frame_free(frame));
	}
	sim_stop();
}

/* No right shrinks, but no CPU may go on with a translation of another size. */
static void a_cut_is_told_to_all(void **state)
{
	struct vms_space *space;
	uint8_t byte;

	(void)state;
	machine_start_large(2, 1, 0);
	space = space_new_active();
	map_at(space, M2, 2, RW_);
	sim_run_on(1);
	sim_activate(space);
	assert_true(sim_read(M2 + 7 * P, &byte));
	sim_run_on(0);
	protect_all(space, M2 + 9 * P, P, SET(VMS_X | VMS_SOFT1));
	assert_false(sim_tlb_has(1, M2 + 7 * P));
	CHECK(space);
	sim_run_on(1);
	assert_true(sim_execute(M2 + 9 * P));
	assert_false(sim_execute(M2 + 7 * P));
	sim_activate(&vms_machine.kernel);
	sim_run_on(0);
	space_end(space);
	sim_stop();
}

static void less_rights_are_told_to_all_more_to_none(void **state)
{
	struct vms_space *space;
	uint8_t byte;

	(void)state;
	machine_start(2);
	space = space_new_active();
	map_at(space, P, 1, RW_);
	sim_run_on(1);
	sim_activate(space);
	assert_true(sim_write(P, 1));
	sim_run_on(0);
	assert_true(sim_write(P, 1));
	protect_all(space, P, P, CLEAR(VMS_W));
	assert_int_equal(sim_counts().interrupts, 1);
	assert_false(sim_write(P, 2));
	sim_run_on(1);
	assert_false(sim_write(P, 2));
	assert_true(sim_read(P, &byte));
	sim_run_on(0);
	protect_all(space, P, P, SET(VMS_W | VMS_X | VMS_SOFT0));
	protect_all(space, P, P, CLEAR(VMS_SOFT0));
	assert_int_equal(sim_counts().interrupts, 1);
	/* The other CPU may fault once; that is resolved. */
	sim_run_on(1);
	assert_true(sim_write(P, 3));
	CHECK(space);
	sim_activate(&vms_machine.kernel);
	sim_run_on(0);
	space_end(space);
	sim_stop();
}

/* From every combination of rights to every other: who is told, by the call for one mapping and that for a range. */
static void told_if_and_only_if_a_right_goes(void **state)
{
	static const uint32_t rights[] = {0, VMS_R, VMS_R | VMS_W, VMS_R | VMS_X, VMS_R | VMS_W | VMS_X};
	struct vms_space *space;

	(void)state;
	machine_start(2);
	space = space_new();
	activate_everywhere(space);
	for (uint32_t i = 0; i < 50; i++) {
		uint32_t from = rights[i / 2 % 5], to = rights[i / 10];
		struct vms_change change = {.clear = (VMS_R | VMS_W | VMS_X) & ~to, .set = to | VMS_SOFT0};
		struct vms_cursor cursor;
		struct vms_item item;
		uint64_t before;

		map_at(space, 3 * P, 1, (struct vms_prop){.flags = from});
		cursor_open(&cursor, space, 3 * P, P, VMS_EDITING);
		before = sim_counts().interrupts;
		if (i % 2 == 0)
			OK(vms_cursor_protect_next(&cursor, P, change, &item));
		else
			OK(vms_cursor_protect(&cursor, P, change, NULL));
		cursor_close(&cursor);
		assert_int_equal(sim_counts().interrupts - before, (from & ~to) != 0);
		assert_int_equal(query_at(space, 3 * P).prop.flags, to | VMS_SOFT0);
		unmap_at(space, 3 * P, P);
	}
	leave_everywhere();
	space_end(space);
	sim_stop();
}

/* Every flag that the change does not name is as before, the kernel's global one too. */
static void the_kernels_flags_stay(void **state)
{
	const vms_va va = VMS_KERNEL_START + 3 * G1;
	static const uint32_t kept[] = {0,         VMS_GLOBAL, VMS_ACCESSED,
					VMS_DIRTY, VMS_SOFT1,  VMS_GLOBAL | VMS_ACCESSED | VMS_DIRTY | VMS_SOFT1};
	struct vms_cursor cursor;
	struct vms_item item;

	(void)state;
	machine_start(1);
	cursor_open(&cursor, &vms_machine.kernel, va, M2, VMS_EDITING);
	for (uint32_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		const struct vms_prop prop = {.flags = VMS_R | VMS_W | kept[i]};

		OK(vms_cursor_jump(&cursor, va));
		OK(vms_cursor_map_device(&cursor, sim_device(), P, prop));
		OK(vms_cursor_jump(&cursor, va));
		OK(vms_cursor_protect_next(&cursor, P, (struct vms_change){.clear = VMS_W, .set = VMS_SOFT0}, &item));
		assert_int_equal(item.prop.flags, VMS_R | VMS_SOFT0 | kept[i]);
		OK(vms_cursor_jump(&cursor, va));
		OK(vms_cursor_unmap(&cursor, P, NULL));
	}
	cursor_close(&cursor);
	sim_stop();
}

/* In one call: what is found for one page must not be taken for one that only looks alike. */
static void pages_of_one_call_are_told_apart(void **state)
{
	const vms_va va = VMS_KERNEL_START + 3 * G1;
	struct vms_cursor cursor;
	struct vms_item item;

	(void)state;
	machine_start(1);
	cursor_open(&cursor, &vms_machine.kernel, va, M2, VMS_EDITING);
	OK(vms_cursor_map_device(&cursor, sim_device(), P, NONE));
	OK(vms_cursor_map_device(&cursor, sim_device(), 2 * P, RX_));
	OK(vms_cursor_jump(&cursor, va));
	OK(vms_cursor_protect(&cursor, 3 * P, SET(VMS_R), NULL));
	for (uint32_t i = 0; i < 3; i++) {
		OK(vms_cursor_jump(&cursor, va + i * P));
		OK(vms_cursor_query(&cursor, &item));
		assert_int_equal(item.prop.flags, i == 0 ? VMS_R : VMS_R | VMS_X);
		assert_int_equal(item.frame, sim_device() + (i == 2));
	}
	OK(vms_cursor_jump(&cursor, va + P));
	OK(vms_cursor_protect(&cursor, 2 * P, CLEAR(VMS_X), NULL));
	OK(vms_cursor_jump(&cursor, va + P));
	OK(vms_cursor_query(&cursor, &item));
	assert_int_equal(item.prop.flags, VMS_R);
	cursor_close(&cursor);
	unmap_at(&vms_machine.kernel, va, 3 * P);
	sim_stop();
}

/* Many pages: those that lose a right are flushed, as many as there are; a large leaf at the very beginning too. */
static void flushes_of_one_call_are_exact(void **state)
{
	struct vms_space *space;
	struct vms_cursor cursor;
	uint64_t pages, all;
	uint8_t byte;

	(void)state;
	machine_start_large(1, 1, 0);
	space = space_new_active();
	for (uint64_t i = 0; i < 16; i++)
		map_at(space, M2 + i * P, 1, i % 4 == 1 || i == 2 ? RW_ : R_);
	pages = sim_counts().flushes_page;
	all = sim_counts().flushes_all;
	protect_all(space, M2, 16 * P, SET(VMS_SOFT0));
	assert_int_equal(sim_counts().flushes_page, pages);
	protect_all(space, M2, 16 * P, CLEAR(VMS_W));
	assert_int_equal(sim_counts().flushes_page, pages + 5);
	protect_all(space, M2, 16 * P, SET(VMS_W));
	assert_int_equal(sim_counts().flushes_page, pages + 5);
	assert_int_equal(sim_counts().flushes_all, all);
	map_at(space, 0, 2, RW_);
	assert_true(sim_write(9 * P, 1));
	protect_all(space, 0, M2, CLEAR(VMS_W));
	assert_false(sim_write(9 * P, 1));
	assert_true(sim_read(9 * P, &byte));
	cursor_open(&cursor, space, 0, M2, VMS_EDITING);
	OK(vms_cursor_unmap(&cursor, M2, NULL));
	cursor_close(&cursor);
	CHECK(space);
	space_end(space);
	sim_stop();
}

static void the_dirty_bit_survives_a_change(void **state)
{
	struct vms_space *space;

	(void)state;
	machine_start(1);
	space = space_new_active();
	map_at(space, P, 1, RW_);
	assert_int_equal(query_at(space, P).prop.flags, VMS_R | VMS_W);
	assert_true(sim_write(P, 1));
	protect_all(space, P, P, CLEAR(VMS_W));
	assert_int_equal(query_at(space, P).prop.flags, VMS_R | VMS_ACCESSED | VMS_DIRTY);
	space_end(space);
	sim_stop();
}

/* Neighbours that differ in all that a change may or may not touch, and a hole: each keeps its own. */
static void each_leaf_keeps_what_is_its_own(void **state)
{
	enum { NR = 64 };
	struct vms_space *space;
	vms_pfn frame[NR];
	uint32_t flags[NR];

	(void)state;
	machine_start(1);
	space = space_new();
	for (uint32_t i = 0; i < NR; i++) {
		struct vms_prop prop = {i % 11 == 3 ? 0 : VMS_R, i / 7 % VMS_NR_CACHE};

		prop.flags += (prop.flags ? i % 4 * VMS_W : 0) + i / 4 % 4 * VMS_ACCESSED + i / 5 % 4 * VMS_SOFT0;
		flags[i] = prop.flags;
		frame[i] = i % 9 == 8 ? (vms_pfn)VMS_NO_FRAME : map_at(space, (500 + i) * P, 1, prop);
	}
	assert_int_equal(protect_all(space, 498 * P, (NR + 4) * P,
				     (struct vms_change){.clear = VMS_W | VMS_SOFT0, .set = VMS_SOFT1}),
			 NR - NR / 9);
	for (uint32_t i = 0; i < NR; i++) {
		struct vms_item item = query_at(space, (500 + i) * P);

		assert_int_equal(item.frame, frame[i]);
		if (item.what != VMS_MAPPED)
			continue;
		assert_int_equal(item.prop.flags, (flags[i] & ~(VMS_W | VMS_SOFT0)) | VMS_SOFT1);
		assert_int_equal(item.prop.cache, i / 7 % VMS_NR_CACHE);
	}
	CHECK(space);
	space_end(space);
	sim_stop();
}

static void devices_can_be_protected(void **state)
{
	struct vms_space *space;
	struct vms_cursor cursor;

	(void)state;
	machine_start(1);
	space = space_new_active();
	cursor_open(&cursor, space, 0, 8 * P, VMS_EDITING);
	OK(vms_cursor_map_device(&cursor, sim_device(), 8 * P, RW_));
	cursor_close(&cursor);
	assert_int_equal(protect_all(space, 0, 8 * P, CLEAR(VMS_W)), 8);
	assert_false(sim_write(P, 1));
	CHECK(space);
	space_end(space);
	sim_stop();
}

/* Of the kernel's, which says nothing in its entry but that it is there; and of a device far behind all RAM. */
static void pages_that_nobody_counts_are_changed(void **state)
{
	struct vms_space *space;

	(void)state;
	machine_start(1);
	space = space_new();
	for (uint32_t i = 0; i < 8; i++) {
		const struct vms_change change = {.set = i / 2 % 2 ? VMS_R | VMS_W : VMS_SOFT1,
						  .cow = i % 2 ? VMS_SOFT0 : 0};
		bool granted = change.set == VMS_SOFT1 || change.cow == 0;
		vms_va va = i / 4 ? VMS_KERNEL_START + 5 * G1 : G1;
		struct vms_cursor cursor;
		struct vms_item item;

		cursor_open(&cursor, i / 4 ? &vms_machine.kernel : space, va, 4 * P, VMS_EDITING);
		OK(vms_cursor_map_device(&cursor, 0xfff00000, 4 * P, RX_));
		OK(vms_cursor_jump(&cursor, va));
		OK(vms_cursor_protect_next(&cursor, P, change, &item));
		OK(vms_cursor_protect(&cursor, 3 * P, change, NULL));
		for (uint32_t k = 0; k < 4; k++) {
			OK(vms_cursor_jump(&cursor, va + k * P));
			OK(vms_cursor_query(&cursor, &item));
			assert_int_equal(item.prop.flags, VMS_R | VMS_X | (granted ? change.set : VMS_SOFT0));
		}
		OK(vms_cursor_jump(&cursor, va));
		OK(vms_cursor_unmap(&cursor, 4 * P, NULL));
		cursor_close(&cursor);
	}
	CHECK(space);
	space_end(space);
	sim_stop();
}

int group_protect(void)
{
	const struct CMUnitTest test[] = {
		cmocka_unit_test(pages_that_nobody_counts_are_changed),
		cmocka_unit_test(the_next_mapping_is_changed_and_no_other),
		cmocka_unit_test(marks_are_not_mappings),
		cmocka_unit_test(illegal_changes_change_nothing),
		cmocka_unit_test(access_goes_and_comes_back),
		cmocka_unit_test(clear_comes_before_set),
		cmocka_unit_test(a_huge_leaf_is_cut_to_the_range),
		cmocka_unit_test(a_cut_is_told_to_all),
		cmocka_unit_test(less_rights_are_told_to_all_more_to_none),
		cmocka_unit_test(told_if_and_only_if_a_right_goes),
		cmocka_unit_test(the_kernels_flags_stay),
		cmocka_unit_test(pages_of_one_call_are_told_apart),
		cmocka_unit_test(flushes_of_one_call_are_exact),
		cmocka_unit_test(the_dirty_bit_survives_a_change),
		cmocka_unit_test(each_leaf_keeps_what_is_its_own),
		cmocka_unit_test(devices_can_be_protected),
	};
	int failed;

	in_one_call = false;
	failed = cmocka_run_group_tests_name("protect", test, NULL, NULL);
	in_one_call = true;
	return failed + cmocka_run_group_tests_name("protect in one call", test, NULL, NULL) + group_holders();
}
