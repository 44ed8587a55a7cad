/*
 * Copying a range of one space into another: what both hold afterwards, copy on write, errors, lack of memory.
 */
#include "unit.h"

static struct vms_guard guard_from, guard_to;

static void open_both(struct vms_cursor *from, struct vms_cursor *to, struct vms_space *a, struct vms_space *b,
		      vms_va start, uint64_t len)
{
	vms_guard_enter(&guard_from);
	vms_guard_enter(&guard_to);
	OK(vms_cursor_open(from, a, &guard_from, start, start + len, VMS_EDITING));
	OK(vms_cursor_open(to, b, &guard_to, start, start + len, VMS_EDITING));
}

static void close_both(struct vms_cursor *from, struct vms_cursor *to)
{
	vms_cursor_close(to);
	vms_cursor_close(from);
	vms_guard_leave(&guard_to);
	vms_guard_leave(&guard_from);
}

static enum vms_status copy(struct vms_space *a, struct vms_space *b, vms_va start, uint64_t len, uint32_t cow)
{
	struct vms_cursor from, to;
	enum vms_status status;

	open_both(&from, &to, a, b, start, len);
	status = vms_cursor_copy(&from, &to, len, cow);
	assert_int_equal(vms_cursor_at(&from), status == VMS_OK ? start + len : start);
	assert_int_equal(vms_cursor_at(&to), vms_cursor_at(&from));
	close_both(&from, &to);
	return status;
}

/* Something of everything. */
static void fill(struct vms_space *space)
{
	map_at(space, 0, 1, RX_);
	map_pages(space, M2 - 5 * P, 10, RW_);
	map_at(space, 5 * P, 1, NONE);
	mark_at(space, 2 * M2 + P, P, 0);
	map_at(space, 4 * M2, 2, RW_);
	mark_at(space, G1, 3 * G1, 0xffffffffu);
	map_at(space, 2 * G1 + 7 * P, 1, R_);
	map_at(space, T5, 1, RW_);
	map_at(space, VMS_USER_END - P, 1, RW_);
}

static uint32_t expected(uint32_t flags, uint32_t cow)
{
	return cow && vms_has(flags, VMS_W) ? (flags - VMS_W) | cow : flags;
}

/* After a copy of [start, start + len): `to` has what `from` had there and nothing else, `from` all it had. */
static void compare(const struct sim_snapshot *before, struct vms_space *from, struct vms_space *to, vms_va start,
		    uint64_t len, uint32_t cow)
{
	struct sim_snapshot parent, child;

	sim_snapshot_take(&parent, from);
	sim_snapshot_take(&child, to);
	for (uint32_t i = 0; i < before->nr; i++) {
		const struct sim_run *run = &before->run[i];
		uint64_t step = run->nr_pages > 5000 ? run->nr_pages / 50 : run->nr_pages > 100 ? 37 : 1;

		for (uint64_t k = 0; k < run->nr_pages; k += step) {
			vms_va va = run->va + k * P;
			bool inside = va >= start && va - start < len;
			struct sim_run there = sim_snapshot_at(&parent, va), here = sim_snapshot_at(&child, va);
			uint32_t flags =
				inside && run->what == VMS_MAPPED ? expected(run->prop.flags, cow) : run->prop.flags;

			assert_int_equal(there.what, run->what);
			assert_int_equal(there.token, run->token);
			assert_int_equal(here.what, inside ? run->what : VMS_ABSENT);
			assert_int_equal(here.token, inside ? run->token : 0);
			if (run->what == VMS_MARKED)
				continue;
			assert_int_equal(there.frame, run->frame + k);
			assert_int_equal(there.prop.flags, flags);
			if (!inside)
				continue;
			assert_int_equal(here.frame, run->frame + k);
			assert_int_equal(here.prop.flags, flags);
			assert_int_equal(here.prop.cache, run->prop.cache);
		}
	}
	sim_snapshot_free(&parent);
	sim_snapshot_free(&child);
}

static void every_range_is_copied_exactly(void **state)
{
	static const struct {
		vms_va start;
		uint64_t len;
	} range[] = {
		{0, VMS_USER_END},    {0, P},           {0, M2},  {M2 - 3 * P, 5 * P},     {4 * M2 + 3 * P, P},
		{4 * M2 + 3 * P, M2}, {G1 + P, 2 * G1}, {G1, G1}, {2 * G1 + 6 * P, 3 * P}, {VMS_USER_END - P, P},
		{5 * G1, G1},         {T5, T5},         {P, T5},  {3 * M2, 2 * M2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(range) / sizeof(range[0]); i++) {
		for (uint32_t cow = 0; cow <= VMS_SOFT1; cow = cow ? cow * 2 : VMS_SOFT0) {
			struct vms_space *a, *b;
			struct sim_snapshot before;

			machine_start_large(2, 1, 0);
			a = space_new_active();
			b = space_new();
			fill(a);
			sim_snapshot_take(&before, a);
			OK(copy(a, b, range[i].start, range[i].len, cow));
			CHECK(a, b);
			compare(&before, a, b, range[i].start, range[i].len, cow);
			sim_snapshot_free(&before);
			space_end(a);
			CHECK(b);
			space_end(b);
			sim_stop();
		}
	}
}

static void no_cpu_writes_what_became_shared(void **state)
{
	struct vms_space *a, *b;
	uint8_t byte;

	(void)state;
	machine_start_large(2, 1, 0);
	a = space_new_active();
	b = space_new();
	fill(a);
	sim_run_on(1);
	sim_activate(a);
	assert_true(sim_write(M2, 1));
	assert_true(sim_write(4 * M2 + 9 * P, 2));
	sim_run_on(0);
	assert_true(sim_write(M2, 3));
	OK(copy(a, b, 0, VMS_USER_END, VMS_SOFT0));
	for (uint32_t cpu = 0; cpu < 2; cpu++) {
		sim_run_on(cpu);
		assert_false(sim_write(M2, 4));
		assert_false(sim_write(4 * M2 + 9 * P, 4));
		assert_true(sim_read(M2, &byte));
		assert_int_equal(byte, 3);
		sim_activate(b);
		assert_false(sim_write(M2, 4));
		assert_true(sim_read(4 * M2 + 9 * P, &byte));
		assert_int_equal(byte, 2);
	}
	CHECK(a, b);
	sim_activate(&vms_machine.kernel);
	sim_run_on(0);
	space_end(b);
	space_end(a);
	sim_stop();
}

static void errors_change_nothing(void **state)
{
	struct vms_cursor from, to;
	struct vms_guard guard;
	struct vms_space *a, *b;
	struct sim_snapshot before_a, before_b, after;

	(void)state;
	machine_start_large(1, 1, 0);
	a = space_new();
	b = space_new();
	fill(a);
	map_at(b, M2, 1, R_);
	sim_snapshot_take(&before_a, a);
	sim_snapshot_take(&before_b, b);
	IS(copy(a, b, 0, 8 * M2, VMS_SOFT0), VMS_EXISTS);
	/* Under a huge leaf of the one a page of the other. */
	unmap_at(b, M2, P);
	map_at(b, 4 * M2 + P, 1, R_);
	IS(copy(a, b, 3 * M2, 2 * M2, VMS_SOFT0), VMS_EXISTS);
	unmap_at(b, 4 * M2 + P, P);
	map_at(b, M2, 1, R_);
	open_both(&from, &to, a, b, 0, 8 * M2);
	IS(vms_cursor_copy(&from, &to, 8 * M2, VMS_W), VMS_INVALID);
	IS(vms_cursor_copy(&from, &to, 8 * M2, VMS_SOFT0 | VMS_SOFT1), VMS_INVALID);
	IS(vms_cursor_copy(&from, &from, 8 * M2, 0), VMS_INVALID);
	IS(vms_cursor_copy(&from, &to, 0, 0), VMS_OUT_OF_RANGE);
	IS(vms_cursor_copy(&from, &to, P + 1, 0), VMS_OUT_OF_RANGE);
	IS(vms_cursor_copy(&from, &to, 8 * M2 + P, 0), VMS_OUT_OF_RANGE);
	IS(vms_cursor_copy(&from, &to, ~0ul - P + 1, 0), VMS_OUT_OF_RANGE);
	OK(vms_cursor_jump(&to, P));
	IS(vms_cursor_copy(&from, &to, P, 0), VMS_INVALID);
	OK(vms_cursor_jump(&to, 0));
	close_both(&from, &to);
	vms_guard_enter(&guard);
	cursor_open(&from, a, 0, P, VMS_READING);
	OK(vms_cursor_open(&to, b, &guard, 0, P, VMS_EDITING));
	IS(vms_cursor_copy(&from, &to, P, 0), VMS_READ_ONLY);
	IS(vms_cursor_copy(&to, &from, P, 0), VMS_READ_ONLY);
	vms_cursor_close(&to);
	cursor_close(&from);
	vms_guard_leave(&guard);
	sim_snapshot_take(&after, a);
	assert_true(sim_snapshot_same(&before_a, &after));
	sim_snapshot_free(&after);
	sim_snapshot_free(&before_a);
	sim_snapshot_free(&before_b);
	CHECK(a, b);
	space_end(a);
	space_end(b);
	sim_stop();
}

static void a_full_count_changes_nothing(void **state)
{
	struct sim_snapshot before, after;
	struct vms_space *a, *b;
	vms_pfn frame;

	(void)state;
	machine_start_large(1, 1, 0);
	a = space_new();
	b = space_new();
	fill(a);
	frame = query_at(a, T5).frame;
	sim_snapshot_take(&before, a);
	vms_machine.meta[frame].refs = 0xffff0000u;
	IS(copy(a, b, 0, VMS_USER_END, VMS_SOFT0), VMS_SATURATED);
	assert_int_equal(vms_machine.meta[frame].refs, 0xffff0000u);
	vms_machine.meta[frame].refs = 1;
	sim_snapshot_take(&after, a);
	assert_true(sim_snapshot_same(&before, &after));
	sim_snapshot_free(&after);
	sim_snapshot_take(&after, b);
	assert_int_equal(after.nr, 0);
	sim_snapshot_free(&after);
	sim_snapshot_free(&before);
	CHECK(a, b);
	space_end(a);
	space_end(b);
	sim_stop();
}

static void every_allocation_of_a_copy_may_fail(void **state)
{
	static const struct {
		vms_va start;
		uint64_t len;
	} range[] = {{0, VMS_USER_END}, {4 * M2 + 3 * P, 4 * G1}, {2 * G1 + 6 * P, G1}};

	(void)state;
	for (size_t i = 0; i < sizeof(range) / sizeof(range[0]); i++) {
		struct sim_snapshot before, after;
		struct vms_space *a, *b;
		uint32_t nth = 1;

		machine_start_large(1, 1, 0);
		a = space_new();
		b = space_new();
		fill(a);
		sim_snapshot_take(&before, a);
		for (;; nth++) {
			struct vms_cursor from, to;
			enum vms_status status;
			uint32_t used;

			open_both(&from, &to, a, b, range[i].start, range[i].len);
			used = sim_frames_used();
			sim_alloc_fail(nth);
			status = vms_cursor_copy(&from, &to, range[i].len, VMS_SOFT0);
			sim_alloc_fail(0);
			close_both(&from, &to);
			CHECK(a, b);
			if (status == VMS_OK)
				break;
			IS(status, VMS_NO_MEMORY);
			assert_in_range(nth, 1, 30);
			sim_snapshot_take(&after, a);
			assert_true(sim_snapshot_same(&before, &after));
			sim_snapshot_free(&after);
			sim_snapshot_take(&after, b);
			assert_int_equal(after.nr, 0);
			sim_snapshot_free(&after);
			/* A slot may have been cut at an end before memory ran out; no more than that. */
			assert_in_range(sim_frames_used() - used, 0, 6);
			/* Nobody holds what was given back. */
			for (vms_pfn frame = 0; frame < vms_machine.nr_frames; frame++)
				assert_true(vms_machine.meta[frame].kind != VMS_FRAME_UNUSED ||
					    vms_machine.meta[frame].refs == 0);
		}
		assert_true(nth > 2);
		compare(&before, a, b, range[i].start, range[i].len, VMS_SOFT0);
		sim_snapshot_free(&before);
		space_end(a);
		space_end(b);
		sim_stop();
	}
}

static void random_spaces_are_copied(void **state)
{
	uint64_t seed = 4711;

	(void)state;
	for (uint32_t round = 0; round < 60; round++) {
		struct vms_space *a, *b;
		struct sim_snapshot before;
		uint64_t span = round % 2 ? 5 * M2 : 2 * G1, len;
		vms_va start;

		machine_start_large(1, 6, 0);
		a = space_new();
		b = space_new();
		for (uint32_t i = 0; i < 40; i++) {
			vms_va va = T5 - M2 + sim_random(&seed) % (span / P) * P;
			uint64_t choice = sim_random(&seed);

			len = choice % 3 ? P * (1 + choice / 8 % 40) : P * (1 + choice / 8 % 1000);
			if (choice % 8 < 2) {
				mark_at(a, va, len, (vms_token)choice);
			} else if (choice % 8 < 4) {
				unmap_at(a, va, len);
			} else if (choice % 8 == 4 && i < 6) {
				unmap_at(a, va / M2 * M2, M2);
				if (query_at(a, va / M2 * M2).len >= M2)
					map_at(a, va / M2 * M2, 2, RW_);
			} else {
				len = P * (1 + choice / 8 % 8);
				unmap_at(a, va, len);
				map_pages(a, va, len / P, choice % 2 ? RW_ : RX_);
			}
		}
		start = T5 - M2 + sim_random(&seed) % (span / P) * P;
		len = P * (1 + sim_random(&seed) % (span / P));
		sim_snapshot_take(&before, a);
		OK(copy(a, b, start, len, round % 3 ? VMS_SOFT1 : 0));
		CHECK(a, b);
		compare(&before, a, b, start, len, round % 3 ? VMS_SOFT1 : 0);
		sim_snapshot_free(&before);
		space_end(round % 2 ? a : b);
		space_end(round % 2 ? b : a);
		sim_stop();
	}
}

/* One cursor owns a table of pages, the other's range has a larger slot there. */
static void slots_of_different_sizes(void **state)
{
	struct vms_space *large, *small;
	struct vms_cursor from, to;

	(void)state;
	machine_start_large(1, 2, 0);
	large = space_new();
	small = space_new();
	map_at(large, M2, 2, RW_);
	map_at(small, M2, 1, RW_);
	unmap_at(small, M2, P);
	vms_guard_enter(&guard_from);
	vms_guard_enter(&guard_to);
	/* `to` is a table of pages: a huge leaf has no place, what is absent needs none. */
	OK(vms_cursor_open(&from, large, &guard_from, 0, 4 * M2, VMS_EDITING));
	OK(vms_cursor_open(&to, small, &guard_to, M2, 2 * M2, VMS_EDITING));
	OK(vms_cursor_jump(&from, M2));
	IS(vms_cursor_copy(&from, &to, M2, 0), VMS_EXISTS);
	assert_int_equal(vms_cursor_at(&from), M2);
	assert_int_equal(vms_cursor_at(&to), M2);
	OK(vms_cursor_unmap(&from, M2, NULL));
	OK(vms_cursor_jump(&from, M2));
	OK(vms_cursor_copy(&from, &to, M2, 0));
	assert_int_equal(vms_cursor_at(&to), 2 * M2);
	vms_cursor_close(&to);
	vms_cursor_close(&from);
	/* `from` is a table of pages, `to` maps a huge frame there. */
	map_at(large, M2, 2, RW_);
	map_at(small, M2 + P, 1, RW_);
	OK(vms_cursor_open(&from, small, &guard_from, M2, 2 * M2, VMS_EDITING));
	OK(vms_cursor_open(&to, large, &guard_to, 0, 4 * M2, VMS_EDITING));
	OK(vms_cursor_jump(&to, M2));
	IS(vms_cursor_copy(&from, &to, M2, 0), VMS_EXISTS);
	vms_cursor_close(&to);
	vms_cursor_close(&from);
	vms_guard_leave(&guard_to);
	vms_guard_leave(&guard_from);
	assert_int_equal(query_at(large, M2).len, M2);
	CHECK(large, small);
	space_end(large);
	space_end(small);
	sim_stop();
}

int group_copy(void)
{
	const struct CMUnitTest test[] = {
		cmocka_unit_test(every_range_is_copied_exactly),
		cmocka_unit_test(slots_of_different_sizes),
		cmocka_unit_test(no_cpu_writes_what_became_shared),
		cmocka_unit_test(errors_change_nothing),
		cmocka_unit_test(a_full_count_changes_nothing),
		cmocka_unit_test(every_allocation_of_a_copy_may_fail),
		cmocka_unit_test(random_spaces_are_copied),
	};

	return cmocka_run_group_tests_name("copy", test, NULL, NULL);
}
