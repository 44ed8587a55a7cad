/*
 * Copying a range into another space: what stands in its way there, tables that unmapping left empty, and marks that
 * look like frames. copy.c has the rest.
 */
#include "unit.h"

static struct vms_space *a, *b;

static void begin(uint32_t nr_large)
{
	machine_start_large(2, nr_large, 0);
	a = space_new();
	b = space_new();
}

static void finish(void)
{
	CHECK(a, b);
	space_end(a);
	space_end(b);
	sim_stop();
}

/* Copy `len` bytes at `start`, with cursors over all of [0, 4 GiB). */
static enum vms_status copy(vms_va start, uint64_t len, uint32_t cow)
{
	struct vms_cursor from, to;
	struct vms_guard guard;
	struct vms_item item;
	enum vms_status status;

	cursor_open(&from, a, 0, 4 * G1, VMS_EDITING);
	vms_guard_enter(&guard);
	OK(vms_cursor_open(&to, b, &guard, 0, 4 * G1, VMS_EDITING));
	OK(vms_cursor_jump(&from, start));
	OK(vms_cursor_jump(&to, start));
	/* Wherever the cursors look at the moment. */
	OK(vms_cursor_query(&from, &item));
	OK(vms_cursor_query(&to, &item));
	status = vms_cursor_copy(&from, &to, len, cow);
	assert_int_equal(vms_cursor_at(&from), status == VMS_OK ? start + len : start);
	vms_cursor_close(&to);
	vms_guard_leave(&guard);
	cursor_close(&from);
	return status;
}

static uint32_t nr_tables(const struct vms_space *space)
{
	uint32_t nr = 0;

	CHECK(a, b); /* frees what waits for a grace period */
	for (vms_pfn frame = 0; frame < vms_machine.nr_frames; frame++)
		nr += vms_machine.meta[frame].kind == VMS_FRAME_TABLE && vms_machine.meta[frame].root == space->root;
	return nr;
}

/* A table of pages at va that holds nothing. */
static void leave_empty(struct vms_space *space, vms_va va)
{
	map_at(space, va, 1, RW_);
	unmap_at(space, va, P);
}

static void empty_tables_stay_behind(void **state)
{
	(void)state;
	begin(0);
	map_at(a, P, 1, RW_);
	leave_empty(a, 3 * M2 + P);
	/* Above it one that holds only this one. */
	leave_empty(a, G1 + P);
	leave_empty(a, 2 * G1 + M2);
	map_at(a, 2 * G1 + 7 * M2, 1, RW_);
	/* Two under one, and that is all. */
	leave_empty(a, 3 * G1);
	leave_empty(a, 3 * G1 + 5 * M2);
	assert_int_equal(nr_tables(a), 1 + 1 + 4 + 8 - 1);
	OK(copy(0, 4 * G1, VMS_SOFT0));
	/* Tables that held only empty ones are copied: what they hold may be another cursor's. */
	assert_int_equal(nr_tables(b), 1 + 1 + 4 + 2);
	assert_int_equal(nr_tables(a), 1 + 1 + 4 + 2);
	assert_int_equal(query_at(b, 2 * G1 + 7 * M2).frame, query_at(a, 2 * G1 + 7 * M2).frame);
	finish();
}

/* One that reaches over an end of the range is left alone. */
static void only_tables_in_the_range_are_taken_out(void **state)
{
	uint32_t nr;

	(void)state;
	begin(0);
	map_at(a, P, 1, RW_);
	leave_empty(a, 3 * M2 + P);
	nr = nr_tables(a);
	OK(copy(3 * M2 + P, M2 - P, 0));
	OK(copy(3 * M2, M2 - P, 0));
	OK(copy(2 * M2 + P, 2 * M2 - 2 * P, 0));
	assert_int_equal(nr_tables(a), nr);
	OK(copy(3 * M2, M2, 0));
	assert_int_equal(nr_tables(a), nr - 1);
	leave_empty(a, 3 * M2 + P);
	OK(copy(3 * M2, 2 * M2, 0));
	assert_int_equal(nr_tables(a), nr - 1);
	leave_empty(a, 3 * M2 + P);
	OK(copy(2 * M2 + P, 2 * M2 - P, 0));
	assert_int_equal(nr_tables(a), nr - 1);
	finish();
}

/* A CPU that remembers the way to an empty table does not go it again. */
static void no_cpu_goes_on_to_a_table_that_was_taken_out(void **state)
{
	vms_va va = 3 * M2 + P;
	vms_pfn table;
	uint8_t byte;

	(void)state;
	begin(0);
	for (uint32_t cpu = 0; cpu < 2; cpu++) {
		sim_run_on(cpu);
		sim_activate(a);
	}
	map_at(a, va, 1, RW_);
	map_at(a, va + P, 1, RW_);
	for (uint32_t cpu = 0; cpu < 2; cpu++) {
		sim_run_on(cpu);
		assert_true(sim_read(va, &byte));
	}
	/* With what the walk to it left in both CPUs. */
	table = (vms_pfn)arch_pte_child(
		vms_machine
			.ram[arch_pte_child(
				vms_machine.ram[arch_pte_child(vms_machine.ram[a->root].entry[0])].entry[0])]
			.entry[3]);
	unmap_at(a, va, P);
	unmap_at(a, va + P, P);
	for (uint32_t cpu = 0; cpu < 2; cpu++) {
		sim_run_on(cpu);
		assert_false(sim_read(va, &byte));
	}
	sim_run_on(0);
	assert_int_equal(vms_machine.meta[table].kind, VMS_FRAME_TABLE);
	OK(copy(0, G1, 0));
	CHECK(a, b);
	assert_int_not_equal(vms_machine.meta[table].kind, VMS_FRAME_TABLE);
	/* Somebody uses it for something else: nobody may take that for entries. */
	vms_machine.ram[table].entry[1] = arch_pte_leaf(1, 1, RW_, true);
	for (uint32_t cpu = 0; cpu < 2; cpu++) {
		sim_run_on(cpu);
		assert_false(sim_read(va, &byte));
		sim_activate(&vms_machine.kernel);
	}
	sim_run_on(0);
	finish();
}

/* Not even if a fault does not make it forget the way, as it need not on every machine. */
static void the_way_to_a_table_that_was_taken_out_is_forgotten(void **state)
{
	uint8_t byte;

	(void)state;
	sim_start(&(struct sim_options){.nr_cpus = 2, .sticky = true});
	a = space_new();
	b = space_new();
	for (vms_va va = 0; va <= 3 * M2; va += 3 * M2) {
		activate_everywhere(a);
		leave_empty(a, va + P);
		sim_run_on(1);
		assert_false(sim_read(va + P, &byte));
		sim_run_on(0);
		OK(copy(0, G1, 0));
		sim_check_tlbs();
		leave_everywhere();
	}
	finish();
}

/* What `to` has at 4 MiB, what `from` has, whether it may be copied. */
enum thing { NOTHING, PAGE, LARGE, MARK, EMPTY, NR_THINGS };

static void put_thing(struct vms_space *space, enum thing thing)
{
	if (thing == PAGE)
		map_at(space, 2 * M2 + 5 * P, 1, RW_);
	if (thing == LARGE)
		map_at(space, 2 * M2, 2, RW_);
	if (thing == MARK)
		mark_at(space, 2 * M2, M2, 7);
	if (thing == EMPTY)
		leave_empty(space, 2 * M2 + 5 * P);
}

static void a_copy_takes_the_place_of_no_page(void **state)
{
	(void)state;
	for (enum thing from = NOTHING; from < NR_THINGS; from++) {
		for (enum thing to = NOTHING; to < NR_THINGS; to++) {
			struct sim_snapshot before, after;
			bool copied = from == PAGE || from == LARGE || from == MARK;
			bool refused = (copied && to == LARGE) || (from == PAGE && to == PAGE) ||
				       ((from == LARGE || from == MARK) && (to == PAGE || to == EMPTY));

			begin(2);
			/* So that there are tables in both. */
			map_at(a, P, 1, RW_);
			map_at(b, M2, 1, RW_);
			put_thing(a, from);
			put_thing(b, to);
			sim_snapshot_take(&before, b);
			IS(copy(2 * M2, M2, VMS_SOFT1), refused ? VMS_EXISTS : VMS_OK);
			if (copied && !refused) {
				assert_int_equal(query_at(b, 2 * M2 + 5 * P).what,
						 from == MARK ? VMS_MARKED : VMS_MAPPED);
				assert_int_equal(query_at(b, 2 * M2 + 5 * P).frame, query_at(a, 2 * M2 + 5 * P).frame);
			} else {
				sim_snapshot_take(&after, b);
				assert_true(sim_snapshot_same(&before, &after));
				sim_snapshot_free(&after);
			}
			sim_snapshot_free(&before);
			finish();
		}
	}
}

/* A copy over all that the smaller of two cursors owns, a table of pages if asked; then the larger goes on behind it. */
static void go_on_behind(uint64_t len_from, uint64_t len_to, bool in_pages)
{
	struct vms_cursor from, to;
	struct vms_guard guard;
	struct vms_item item;
	vms_pfn frame;

	begin(0);
	map_at(a, P, 1, RW_);
	if (in_pages)
		map_at(len_from > len_to ? b : a, 9 * P, 1, RW_);
	frame = map_at(len_from > len_to ? a : b, M2, 1, RW_);
	cursor_open(&from, a, 0, len_from, VMS_EDITING);
	vms_guard_enter(&guard);
	OK(vms_cursor_open(&to, b, &guard, 0, len_to, VMS_EDITING));
	OK(vms_cursor_copy(&from, &to, M2, 0));
	OK(vms_cursor_query(len_from > len_to ? &from : &to, &item));
	assert_int_equal(item.va, M2);
	assert_int_equal(item.frame, frame);
	IS(vms_cursor_query(len_from > len_to ? &to : &from, &item), VMS_OUT_OF_RANGE);
	vms_cursor_close(&to);
	vms_guard_leave(&guard);
	cursor_close(&from);
	finish();
}

/* The range must lie in what either owns. */
static void the_smaller_cursor_is_the_limit(void **state)
{
	struct vms_cursor large, small;
	struct vms_guard guard;

	(void)state;
	begin(0);
	map_pages(a, P, 3, RW_);
	cursor_open(&large, a, 0, M2, VMS_EDITING);
	vms_guard_enter(&guard);
	OK(vms_cursor_open(&small, b, &guard, 0, 5 * P, VMS_EDITING));
	IS(vms_cursor_copy(&large, &small, 6 * P, 0), VMS_OUT_OF_RANGE);
	IS(vms_cursor_copy(&small, &large, 6 * P, 0), VMS_OUT_OF_RANGE);
	OK(vms_cursor_copy(&large, &small, 5 * P, 0));
	vms_cursor_close(&small);
	vms_guard_leave(&guard);
	cursor_close(&large);
	assert_int_equal(query_at(b, 3 * P).frame, query_at(a, 3 * P).frame);
	finish();
}

static void both_cursors_stand_behind_what_was_copied(void **state)
{
	(void)state;
	for (uint32_t in_pages = 0; in_pages < 2; in_pages++) {
		go_on_behind(G1, M2, in_pages);
		go_on_behind(M2, G1, in_pages);
		go_on_behind(T5, M2, in_pages);
		go_on_behind(M2, T5, in_pages);
	}
}

/* A mark whose token is the number of a frame counts no reference of that. */
static void marks_count_no_frames(void **state)
{
	vms_pfn frame;

	(void)state;
	begin(1);
	frame = map_at(a, 4 * M2, 2, RW_);
	mark_at(a, 2 * M2, M2, frame);
	mark_at(a, P, P, frame);
	OK(copy(0, 8 * M2, VMS_SOFT0));
	assert_int_equal(vms_frame_refs(frame), 2);
	assert_int_equal(query_at(b, P).token, frame);
	assert_int_equal(query_at(b, 2 * M2).token, frame);
	finish();
}

/* Exactly the page that lost its right is forgotten, here and elsewhere; what may not be written is left alone. */
static void the_page_that_is_shared_is_flushed(void **state)
{
	static const vms_va page[] = {0, 7 * P, M2 - P, M2 + 9 * P, G1 + 3 * M2 + 5 * P};
	uint64_t interrupts;

	(void)state;
	for (uint32_t i = 0; i < sizeof(page) / sizeof(page[0]); i++) {
		begin(1);
		map_at(a, page[i], 1, RW_);
		map_at(a, page[i] + 3 * G1, 1, RW_);
		for (uint32_t cpu = 2; cpu-- > 0;) {
			sim_run_on(cpu);
			sim_activate(a);
			assert_true(sim_write(page[i], 1));
			assert_true(sim_write(page[i] + 3 * G1, 1));
		}
		OK(copy(page[i], P, VMS_SOFT0));
		for (uint32_t cpu = 2; cpu-- > 0;) {
			sim_run_on(cpu);
			assert_false(sim_tlb_has(cpu, page[i]));
			assert_true(sim_tlb_has(cpu, page[i] + 3 * G1));
			assert_false(sim_write(page[i], 1));
		}
		/* Now it may not be written: nobody needs to be told. Nor of a large page. */
		unmap_at(b, page[i], P);
		map_at(a, 2 * G1, 2, R_);
		interrupts = sim_counts().interrupts;
		OK(copy(page[i], P, VMS_SOFT0));
		OK(copy(2 * G1, M2, VMS_SOFT0));
		assert_int_equal(sim_counts().interrupts, interrupts);
		leave_everywhere();
		finish();
	}
}

int group_share(void)
{
	const struct CMUnitTest test[] = {
		cmocka_unit_test(empty_tables_stay_behind),
		cmocka_unit_test(only_tables_in_the_range_are_taken_out),
		cmocka_unit_test(no_cpu_goes_on_to_a_table_that_was_taken_out),
		cmocka_unit_test(the_way_to_a_table_that_was_taken_out_is_forgotten),
		cmocka_unit_test(a_copy_takes_the_place_of_no_page),
		cmocka_unit_test(the_smaller_cursor_is_the_limit),
		cmocka_unit_test(both_cursors_stand_behind_what_was_copied),
		cmocka_unit_test(marks_count_no_frames),
		cmocka_unit_test(the_page_that_is_shared_is_flushed),
	};

	return cmocka_run_group_tests_name("share", test, NULL, NULL);
}
