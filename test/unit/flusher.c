/*
 * What a flusher and a CPU's queue remember, to the page: joined ranges, limits, overflow, and what is forgotten
 * once it is done. Flushing too much would be right too, but is what these structures are there to avoid.
 */
#include "unit.h"

/* Flush operations of all CPUs since the last call. */
struct flushes {
	uint64_t page;
	uint64_t all;
};

static struct flushes flushes_new(void)
{
	static struct sim_counts before;
	struct sim_counts now = sim_counts();
	struct flushes new;

	if (now.walks < before.walks || now.flushes_page < before.flushes_page || now.flushes_all < before.flushes_all)
		before = (struct sim_counts){0};
	new.page = now.flushes_page - before.flushes_page;
	new.all = now.flushes_all - before.flushes_all;
	before = now;
	return new;
}

#define FLUSHED(nr_page, nr_all)                               \
	do {                                                   \
		struct flushes new = flushes_new();            \
		assert_int_equal(new.page, (uint64_t)nr_page); \
		assert_int_equal(new.all, (uint64_t)nr_all);   \
	} while (0)

static struct vms_space *space;
static struct vms_tlb_flusher flusher;

/* A space that is active on so many CPUs; the test is CPU 0 with preemption off. */
static void begin(uint32_t nr_cpus)
{
	machine_start(nr_cpus);
	space = space_new();
	activate_everywhere(space);
	vms_port_preempt_off();
	vms_tlb_flusher_init(&flusher, space);
	(void)flushes_new();
}

static void finish(void)
{
	vms_port_preempt_on();
	leave_everywhere();
	space_end(space);
	sim_stop();
}

static void flush(void)
{
	vms_tlb_dispatch(&flusher);
	vms_tlb_sync(&flusher);
}

static void as_many_pages_as_the_limit_go_one_by_one(void **state)
{
	(void)state;
	begin(1);
	vms_tlb_issue(&flusher, 0, VMS_FLUSH_PAGES * P);
	flush();
	FLUSHED(VMS_FLUSH_PAGES, 0);
	vms_tlb_issue(&flusher, 0, (VMS_FLUSH_PAGES + 1) * P);
	flush();
	FLUSHED(0, 1);
	/* The same in several ranges, which add up. */
	vms_tlb_issue(&flusher, 0, (VMS_FLUSH_PAGES - 4) * P);
	vms_tlb_issue(&flusher, M2, 4 * P);
	flush();
	FLUSHED(VMS_FLUSH_PAGES, 0);
	vms_tlb_issue(&flusher, 0, (VMS_FLUSH_PAGES - 4) * P);
	vms_tlb_issue(&flusher, M2, 5 * P);
	flush();
	assert_int_equal(flushes_new().all, 1);
	/* Pages that join a range are counted like others. */
	vms_tlb_issue(&flusher, 0, (VMS_FLUSH_PAGES - 4) * P);
	vms_tlb_issue(&flusher, (VMS_FLUSH_PAGES - 4) * P, 4 * P);
	assert_int_equal(flusher.nr_ranges, 1);
	vms_tlb_issue(&flusher, M2, P);
	flush();
	assert_int_equal(flushes_new().all, 1);
	/* A whole huge page is past it, and nothing wraps. */
	vms_tlb_issue(&flusher, 0, P);
	vms_tlb_issue(&flusher, T5, T5);
	flush();
	assert_int_equal(flushes_new().all, 1);
	finish();
}

static void after_everything_nothing_more_is_kept(void **state)
{
	(void)state;
	begin(2);
	vms_tlb_issue(&flusher, 0, (VMS_FLUSH_PAGES + 1) * P);
	vms_tlb_issue(&flusher, G1, P);
	assert_int_equal(flusher.nr_ranges, 0);
	flush();
	FLUSHED(0, 2);
	/* It is all done: the next is small again. */
	vms_tlb_issue(&flusher, G1, P);
	flush();
	FLUSHED(2, 0);
	flush();
	FLUSHED(0, 0);
	finish();
}

static void nothing_issued_nothing_done(void **state)
{
	(void)state;
	begin(2);
	vms_tlb_issue(&flusher, P, 0);
	assert_int_equal(flusher.nr_ranges, 0);
	flush();
	assert_int_equal(sim_counts().interrupts, 0);
	assert_false(sim_interrupt_pending(1));
	FLUSHED(0, 0);
	finish();
}

static void neighbours_join(void **state)
{
	(void)state;
	begin(1);
	for (uint64_t i = 0; i < 20; i++)
		vms_tlb_issue(&flusher, (10 + i) * P, P);
	assert_int_equal(flusher.nr_ranges, 1);
	assert_int_equal(flusher.range[0].start, 10 * P);
	assert_int_equal(flusher.range[0].nr_pages, 20);
	/* Before it, at its start again, behind a gap: three more. */
	vms_tlb_issue(&flusher, 0, P);
	assert_int_equal(flusher.nr_ranges, 2);
	vms_tlb_issue(&flusher, 0, P);
	assert_int_equal(flusher.nr_ranges, 3);
	vms_tlb_issue(&flusher, 2 * P, P);
	assert_int_equal(flusher.nr_ranges, 4);
	vms_tlb_issue(&flusher, 3 * P, 2 * P);
	assert_int_equal(flusher.nr_ranges, 4);
	assert_int_equal(flusher.range[3].nr_pages, 3);
	flush();
	FLUSHED(25, 0);
	finish();
}

static void as_many_ranges_as_fit(void **state)
{
	(void)state;
	begin(2);
	for (uint64_t i = 0; i < VMS_FLUSH_RANGES; i++)
		vms_tlb_issue(&flusher, 2 * i * P, P);
	/* One that joins the last still fits. */
	vms_tlb_issue(&flusher, (2 * VMS_FLUSH_RANGES - 1) * P, P);
	assert_false(flusher.all);
	flush();
	FLUSHED(2 * (VMS_FLUSH_RANGES + 1), 0);
	for (uint64_t i = 0; i <= VMS_FLUSH_RANGES; i++)
		vms_tlb_issue(&flusher, 2 * i * P, P);
	assert_true(flusher.all);
	vms_tlb_dispatch(&flusher);
	/* The other CPU is told of everything, and of no range beside it. */
	assert_int_equal(vms_machine.cpu[1].queue.all, VMS_FLUSH_ALL_USER);
	assert_int_equal(vms_machine.cpu[1].queue.nr_ranges, 0);
	vms_tlb_sync(&flusher);
	assert_int_equal(flushes_new().all, 2);
	finish();
}

static void a_queue_that_is_full_keeps_to_its_room(void **state)
{
	struct vms_tlb_flusher second;

	(void)state;
	begin(2);
	vms_tlb_flusher_init(&second, space);
	for (uint64_t i = 0; i < VMS_FLUSH_RANGES; i++) {
		vms_tlb_issue(&flusher, 2 * i * P, P);
		vms_tlb_issue(&second, M2 + 2 * i * P, P);
	}
	vms_tlb_dispatch(&flusher);
	assert_int_equal(vms_machine.cpu[1].queue.nr_ranges, VMS_FLUSH_RANGES);
	assert_int_equal(vms_machine.cpu[1].queue.all, VMS_FLUSH_NOT_ALL);
	FLUSHED(VMS_FLUSH_RANGES, 0);
	vms_tlb_dispatch(&second);
	assert_int_equal(vms_machine.cpu[1].queue.nr_ranges, VMS_FLUSH_RANGES);
	assert_int_equal(vms_machine.cpu[1].queue.all, VMS_FLUSH_ALL);
	FLUSHED(VMS_FLUSH_RANGES, 0);
	/* A small request after it does not make it less. */
	vms_tlb_issue(&flusher, (VMS_FLUSH_PAGES + 1) * P, (VMS_FLUSH_PAGES + 1) * P);
	vms_tlb_dispatch(&flusher);
	assert_int_equal(vms_machine.cpu[1].queue.all, VMS_FLUSH_ALL);
	FLUSHED(0, 1);
	vms_tlb_sync(&flusher);
	vms_tlb_sync(&second);
	FLUSHED(0, 1);
	/* The queue is empty then. */
	vms_tlb_issue(&flusher, P, P);
	flush();
	FLUSHED(2, 0);
	finish();
}

static void counts_of_requests_wrap(void **state)
{
	(void)state;
	begin(2);
	vms_machine.cpu[1].queue.asked = vms_machine.cpu[1].flushed = 0xffffffff;
	for (uint32_t i = 0; i < 3; i++) {
		vms_tlb_issue(&flusher, P, P);
		flush();
		FLUSHED(2, 0);
		assert_int_equal(vms_machine.cpu[1].flushed, vms_machine.cpu[1].queue.asked);
		assert_int_equal(vms_machine.cpu[1].flushed, i);
	}
	finish();
}

static void as_many_cpus_as_there_can_be(void **state)
{
	(void)state;
	begin(VMS_MAX_CPUS);
	assert_int_equal(space->active, ~0ul);
	vms_tlb_issue(&flusher, P, P);
	flush();
	FLUSHED(VMS_MAX_CPUS, 0);
	assert_int_equal(sim_counts().interrupts, VMS_MAX_CPUS - 1);
	/* From the last one, and from one that does not use the space. */
	vms_port_preempt_on();
	sim_run_on(VMS_MAX_CPUS - 1);
	vms_port_preempt_off();
	vms_tlb_issue(&flusher, P, P);
	flush();
	FLUSHED(VMS_MAX_CPUS, 0);
	vms_port_preempt_on();
	sim_activate(&vms_machine.kernel);
	vms_port_preempt_off();
	vms_tlb_issue(&flusher, P, P);
	flush();
	FLUSHED(VMS_MAX_CPUS - 1, 0);
	vms_port_preempt_on();
	sim_run_on(0);
	vms_port_preempt_off();
	finish();
}

/* Whichever is the last to serve: it is waited for, also if it was told by an earlier dispatch. */
static void each_of_those_told_is_waited_for(void **state)
{
	(void)state;
	for (uint32_t last = 1; last < 4; last++) {
		begin(4);
		vms_tlb_issue(&flusher, P, P);
		vms_tlb_dispatch(&flusher);
		assert_int_equal(flusher.waiting, 0xe);
		for (uint32_t cpu = 1; cpu < 4; cpu++) {
			vms_port_preempt_on();
			sim_run_on(cpu);
			if (cpu != last)
				sim_poll();
			sim_activate(&vms_machine.kernel);
			sim_run_on(0);
			vms_port_preempt_off();
		}
		/* Nobody else uses the space now. */
		vms_tlb_issue(&flusher, P, P);
		vms_tlb_dispatch(&flusher);
		assert_int_equal(flusher.waiting, 0xe);
		assert_true(sim_interrupt_pending(last));
		vms_tlb_sync(&flusher);
		assert_false(sim_interrupt_pending(last));
		assert_int_equal(flusher.waiting, 0);
		finish();
	}
}

/* Who is not idle: any of the five that sync or dispatch would have to do. */
static void a_frame_alone_is_parked_and_let_go(void **state)
{
	vms_pfn frame;

	(void)state;
	begin(1);
	frame = sim_frame_new(1);
	sim_handle_gone(frame);
	vms_tlb_issue_with(&flusher, P, 0, frame);
	assert_false(sim_frame_free(frame));
	flush();
	assert_true(sim_frame_free(frame));
	FLUSHED(0, 0);
	finish();
}

/* Serve with nothing to do: it does not even look at the lock. */
static void serving_nothing_takes_no_lock(void **state)
{
	(void)state;
	begin(1);
	vms_machine.cpu[0].queue.lock = 1;
	vms_tlb_service();
	vms_machine.cpu[0].queue.lock = 0;
	finish();
}

static void dispatch_waits(void *argument)
{
	(void)argument;
	vms_tlb_issue(&flusher, P, P);
	vms_tlb_dispatch(&flusher);
}

static void service_waits(void *argument)
{
	(void)argument;
	vms_tlb_service();
}

static void a_queue_that_is_locked_is_waited_for(void **state)
{
	(void)state;
	begin(2);
	vms_machine.cpu[1].queue.lock = 1;
	assert_true(sim_panics(dispatch_waits, NULL));
	begin(2);
	vms_machine.cpu[0].queue.asked++;
	vms_machine.cpu[0].queue.lock = 1;
	assert_true(sim_panics(service_waits, NULL));
	assert_int_equal(vms_machine.cpu[0].flushed, 0);
	/* And both leave it unlocked. */
	begin(2);
	vms_tlb_issue(&flusher, P, P);
	vms_tlb_dispatch(&flusher);
	assert_int_equal(vms_machine.cpu[1].queue.lock, 0);
	vms_tlb_sync(&flusher);
	assert_int_equal(vms_machine.cpu[1].queue.lock, 0);
	finish();
}

static void open_waits(void *argument)
{
	struct vms_cursor cursor;

	(void)argument;
	cursor_open(&cursor, space, 0, 2 * G1, VMS_READING);
}

/* Tables that meet the range: each of them is waited for. The others are not. */
static void a_table_that_is_locked_is_waited_for(void **state)
{
	struct vms_cursor cursor;

	(void)state;
	for (uint32_t level = 1; level <= 3; level++) {
		vms_pfn node;

		begin(1);
		vms_port_preempt_on();
		map_at(space, G1 + M2 + 5 * P, 1, R_);
		map_at(space, T5 + P, 1, R_);
		cursor_open(&cursor, space, G1 + M2, level == 1 ? M2 : level == 2 ? G1 - M2 : G1 + M2, VMS_READING);
		node = cursor.top;
		assert_int_equal(cursor.top_level, level);
		cursor_close(&cursor);
		assert_int_equal(vms_machine.meta[node].lock, 0);
		vms_machine.meta[node].lock = 1;
		/* Another part of the space is nobody's business. */
		cursor_open(&cursor, space, T5, P, VMS_READING);
		cursor_close(&cursor);
		assert_true(sim_panics(open_waits, NULL));
	}
	begin(1);
	finish();
}

/* The page is flushed, whatever byte of it the fault was at. */
static void a_spurious_fault_at_any_byte(void **state)
{
	struct vms_cursor cursor;
	struct vms_item item;
	uint8_t byte;

	(void)state;
	sim_start(&(struct sim_options){.sticky = true});
	space = space_new_active();
	map_at(space, P, 1, R_);
	assert_true(sim_read(P + 17, &byte));
	cursor_open(&cursor, space, P, P, VMS_EDITING);
	OK(vms_cursor_protect_next(&cursor, P, (struct vms_change){.set = VMS_W}, &item));
	cursor_close(&cursor);
	assert_true(sim_write(2 * P - 1, 1));
	space_end(space);
	sim_stop();
}

int group_flusher(void)
{
	const struct CMUnitTest test[] = {
		cmocka_unit_test(as_many_pages_as_the_limit_go_one_by_one),
		cmocka_unit_test(after_everything_nothing_more_is_kept),
		cmocka_unit_test(nothing_issued_nothing_done),
		cmocka_unit_test(neighbours_join),
		cmocka_unit_test(as_many_ranges_as_fit),
		cmocka_unit_test(a_queue_that_is_full_keeps_to_its_room),
		cmocka_unit_test(counts_of_requests_wrap),
		cmocka_unit_test(as_many_cpus_as_there_can_be),
		cmocka_unit_test(each_of_those_told_is_waited_for),
		cmocka_unit_test(a_frame_alone_is_parked_and_let_go),
		cmocka_unit_test(a_spurious_fault_at_any_byte),
		cmocka_unit_test(serving_nothing_takes_no_lock),
		cmocka_unit_test(a_queue_that_is_locked_is_waited_for),
		cmocka_unit_test(a_table_that_is_locked_is_waited_for),
	};

	return cmocka_run_group_tests_name("flusher", test, NULL, NULL);
}
