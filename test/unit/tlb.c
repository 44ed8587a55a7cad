/*
 * Flushing: who is told, what is forgotten, what is kept until then, and how CPUs wait for each other.
 */
#include <string.h>

#include "unit.h"

static void only_cpus_that_use_the_space_are_interrupted(void **state)
{
	struct vms_space *space, *other;
	uint8_t byte;

	(void)state;
	machine_start(4);
	space = space_new_active();
	other = space_new();
	sim_run_on(1);
	sim_activate(space);
	sim_run_on(2);
	sim_activate(other);
	sim_run_on(0);
	map_at(space, P, 1, RW_);
	sim_run_on(1);
	assert_true(sim_read(P, &byte));
	sim_run_on(0);
	unmap_at(space, P, P);
	assert_int_equal(sim_counts().interrupts, 1);
	assert_false(sim_tlb_has(1, P));
	CHECK(space, other);
	leave_everywhere();
	space_end(space);
	space_end(other);
	sim_stop();
}

static void nothing_removed_nobody_told(void **state)
{
	struct vms_space *space;
	struct vms_cursor cursor;

	(void)state;
	machine_start(2);
	space = space_new();
	activate_everywhere(space);
	map_pages(space, 0, 20, RW_);
	mark_at(space, G1, G1, 1);
	unmap_at(space, M2, M2);
	cursor_open(&cursor, space, 0, VMS_USER_END, VMS_READING);
	cursor_close(&cursor);
	assert_int_equal(sim_counts().interrupts, 0);
	leave_everywhere();
	space_end(space);
	sim_stop();
}

static void frames_wait_for_the_flush(void **state)
{
	struct vms_space *space;
	struct vms_cursor cursor;
	vms_pfn frame;
	uint8_t byte;

	(void)state;
	machine_start(2);
	space = space_new();
	activate_everywhere(space);
	frame = map_at(space, P, 1, RW_);
	sim_run_on(1);
	assert_true(sim_write(P, 11));
	sim_run_on(0);
	cursor_open(&cursor, space, 0, M2, VMS_EDITING);
	OK(vms_cursor_unmap(&cursor, M2, NULL));
	/* Not told yet: the other CPU still reaches the frame, so it must still be there. */
	assert_false(sim_frame_free(frame));
	assert_int_equal(vms_frame_refs(frame), 1);
	assert_true(sim_tlb_has(1, P));
	cursor_close(&cursor);
	assert_true(sim_frame_free(frame));
	assert_false(sim_tlb_has(1, P));
	sim_run_on(1);
	assert_false(sim_read(P, &byte));
	leave_everywhere();
	space_end(space);
	sim_stop();
}

static void a_flusher_by_hand(void **state)
{
	struct vms_tlb_flusher flusher;
	struct vms_space *space;
	vms_pfn frame;
	uint8_t byte;

	(void)state;
	machine_start(2);
	space = space_new();
	activate_everywhere(space);
	map_pages(space, 0, 8, RW_);
	frame = sim_frame_new(1);
	vms_port_preempt_off();
	for (uint32_t cpu = 0; cpu < 2; cpu++) {
		sim_run_on(cpu);
		for (uint64_t i = 0; i < 8; i++)
			assert_true(sim_read(i * P, &byte));
	}
	sim_run_on(0);
	vms_tlb_flusher_init(&flusher, space);
	vms_tlb_issue(&flusher, P, 2 * P);
	vms_tlb_issue(&flusher, 3 * P, P);
	vms_tlb_issue_with(&flusher, 6 * P, P, frame);
	sim_handle_gone(frame);
	assert_true(sim_tlb_has(0, P));
	vms_tlb_dispatch(&flusher);
	assert_false(sim_tlb_has(0, P));
	assert_true(sim_interrupt_pending(1));
	assert_false(sim_frame_free(frame));
	vms_tlb_sync(&flusher);
	assert_true(sim_frame_free(frame));
	for (uint64_t i = 0; i < 8; i++) {
		bool flushed = (i >= 1 && i <= 3) || i == 6;

		assert_int_equal(sim_tlb_has(0, i * P), !flushed);
		assert_int_equal(sim_tlb_has(1, i * P), !flushed);
	}
	/* Joined: four pages on two CPUs. */
	assert_int_equal(sim_counts().flushes_page, 8);
	vms_port_preempt_on();
	leave_everywhere();
	space_end(space);
	sim_stop();
}

static void many_ranges_become_everything(void **state)
{
	const vms_va global = VMS_KERNEL_START + G1;
	struct vms_tlb_flusher flusher;
	struct vms_cursor cursor;
	struct vms_space *space;
	uint8_t byte;
	vms_pa pa;

	(void)state;
	machine_start(2);
	space = space_new();
	activate_everywhere(space);
	map_pages(space, 0, 200, RW_);
	cursor_open(&cursor, &vms_machine.kernel, global, P, VMS_EDITING);
	OK(vms_cursor_map_device(&cursor, sim_device(), P, (struct vms_prop){VMS_R | VMS_GLOBAL, 0}));
	cursor_close(&cursor);
	for (uint32_t way = 0; way < 2; way++) {
		sim_run_on(1);
		for (uint64_t i = 0; i < 200; i++)
			assert_true(sim_read(i * P, &byte));
		assert_true(sim_probe(global, VMS_R, false, &pa));
		sim_run_on(0);
		vms_port_preempt_off();
		vms_tlb_flusher_init(&flusher, space);
		if (way == 0)
			vms_tlb_issue(&flusher, 0, (VMS_FLUSH_PAGES + 1) * P);
		for (uint64_t i = 0; way == 1 && i <= VMS_FLUSH_RANGES; i++)
			vms_tlb_issue(&flusher, 2 * i * P, P);
		vms_tlb_dispatch(&flusher);
		vms_tlb_sync(&flusher);
		vms_port_preempt_on();
		for (uint64_t i = 0; i < 200; i++)
			assert_false(sim_tlb_has(1, i * P));
		/* But for global entries. */
		assert_true(sim_tlb_has(1, global));
	}
	unmap_at(&vms_machine.kernel, global, G1);
	assert_false(sim_tlb_has(1, global));
	leave_everywhere();
	space_end(space);
	sim_stop();
}

static void a_large_kernel_range_goes_from_every_tlb(void **state)
{
	const struct vms_prop prop = {VMS_R | VMS_W | VMS_GLOBAL, VMS_WRITE_BACK};
	const vms_va va = VMS_KERNEL_START + 4 * T5 + P;
	struct vms_cursor cursor;
	vms_pa pa;

	(void)state;
	machine_start(3);
	cursor_open(&cursor, &vms_machine.kernel, va, 200 * P, VMS_EDITING);
	OK(vms_cursor_map_device(&cursor, 1, 200 * P, prop));
	cursor_close(&cursor);
	for (uint32_t cpu = 3; cpu-- > 0;) {
		sim_run_on(cpu);
		for (uint64_t i = 0; i < 200; i++)
			assert_true(sim_probe(va + i * P, VMS_W, false, &pa));
	}
	unmap_at(&vms_machine.kernel, va, 200 * P);
	for (uint32_t cpu = 0; cpu < 3; cpu++) {
		for (uint64_t i = 0; i < 200; i++)
			assert_false(sim_tlb_has(cpu, va + i * P));
	}
	sim_stop();
}

/* Each asks for less than a queue holds, together they ask for more. */
static void two_askers_overflow_one_queue(void **state)
{
	struct vms_tlb_flusher flusher[2];
	struct vms_space *space;
	uint8_t byte;

	(void)state;
	machine_start(3);
	space = space_new();
	activate_everywhere(space);
	map_pages(space, 0, 40, RW_);
	sim_run_on(2);
	for (uint64_t i = 0; i < 40; i++)
		assert_true(sim_read(i * P, &byte));
	for (uint32_t cpu = 0; cpu < 2; cpu++) {
		sim_run_on(cpu);
		vms_port_preempt_off();
		vms_tlb_flusher_init(&flusher[cpu], space);
		for (uint64_t i = 0; i < VMS_FLUSH_RANGES; i++)
			vms_tlb_issue(&flusher[cpu], (cpu * 20 + i * 2) * P, P);
		vms_tlb_dispatch(&flusher[cpu]);
	}
	for (uint32_t cpu = 0; cpu < 2; cpu++) {
		sim_run_on(cpu);
		vms_tlb_sync(&flusher[cpu]);
		vms_port_preempt_on();
	}
	for (uint64_t i = 0; i < VMS_FLUSH_RANGES; i++) {
		assert_false(sim_tlb_has(2, i * 2 * P));
		assert_false(sim_tlb_has(2, (20 + i * 2) * P));
	}
	leave_everywhere();
	space_end(space);
	sim_stop();
}

static void more_frames_than_fit_are_flushed_in_turns(void **state)
{
	struct vms_tlb_flusher flusher;
	struct vms_space *space;
	vms_pfn frame[3 * VMS_FLUSH_FRAMES];

	(void)state;
	machine_start(2);
	space = space_new();
	activate_everywhere(space);
	vms_port_preempt_off();
	vms_tlb_flusher_init(&flusher, space);
	for (uint32_t i = 0; i < 3 * VMS_FLUSH_FRAMES; i++) {
		frame[i] = sim_frame_new(1);
		sim_handle_gone(frame[i]);
		vms_tlb_issue_with(&flusher, i * P, P, frame[i]);
	}
	vms_tlb_dispatch(&flusher);
	vms_tlb_sync(&flusher);
	vms_port_preempt_on();
	for (uint32_t i = 0; i < 3 * VMS_FLUSH_FRAMES; i++)
		assert_true(sim_frame_free(frame[i]));
	leave_everywhere();
	space_end(space);
	sim_stop();
}

/* Some are free before the cursor is closed: then every CPU has forgotten their pages already. */
static void what_was_let_go_early_is_forgotten_everywhere(void **state)
{
	static vms_pfn frame[3 * VMS_FLUSH_FRAMES];
	const uint64_t nr = 3 * VMS_FLUSH_FRAMES;
	struct vms_space *space;
	struct vms_cursor cursor;
	uint32_t nr_free = 0;
	uint8_t byte;

	(void)state;
	machine_start(2);
	space = space_new();
	activate_everywhere(space);
	for (uint64_t i = 0; i < nr; i++)
		frame[i] = map_at(space, i * P, 1, RW_);
	for (uint64_t i = 0; i < 2 * nr; i++) {
		sim_run_on(i % 2);
		assert_true(sim_read(i / 2 * P, &byte));
	}
	sim_run_on(0);
	cursor_open(&cursor, space, 0, nr * P, VMS_EDITING);
	OK(vms_cursor_unmap(&cursor, nr * P, NULL));
	for (uint64_t i = 0; i < nr; i++) {
		nr_free += sim_frame_free(frame[i]);
		if (sim_frame_free(frame[i]))
			assert_true(!sim_tlb_has(0, i * P) && !sim_tlb_has(1, i * P));
	}
	assert_true(nr_free > 0 && nr_free < nr);
	cursor_close(&cursor);
	for (uint64_t i = 0; i < nr; i++)
		assert_true(sim_frame_free(frame[i]) && !sim_tlb_has(0, i * P) && !sim_tlb_has(1, i * P));
	leave_everywhere();
	space_end(space);
	sim_stop();
}

/* One more than fit, of pages that are too many to be queued one by one: the last is parked, and nothing else. */
static void one_frame_too_many_is_not_forgotten(void **state)
{
	const uint64_t nr = VMS_FLUSH_FRAMES + 1;
	struct vms_space *space;
	struct vms_cursor cursor;
	uint64_t nr_pages;
	vms_pfn frame;

	(void)state;
	machine_start_large(1, 1, 0);
	space = space_new_active();
	frame = sim_frame_new(2);
	cursor_open(&cursor, space, 0, nr * M2, VMS_EDITING);
	for (uint64_t i = 0; i < nr; i++) {
		OK(vms_frame_get(frame));
		OK(vms_cursor_map(&cursor, frame, RW_));
	}
	OK(vms_cursor_jump(&cursor, 0));
	/* Not all of any table's slot, so that the leaves go one by one. */
	OK(vms_cursor_unmap(&cursor, nr * M2, &nr_pages));
	assert_int_equal(nr_pages, nr * 512);
	assert_int_equal(vms_frame_refs(frame), 2);
	cursor_close(&cursor);
	assert_int_equal(vms_frame_refs(frame), 1);
	sim_frame_put(frame);
	CHECK(space);
	space_end(space);
	sim_stop();
}

/* A CPU in the middle of a walk without locks may still look at a table that was detached since it began. */
static void tables_wait_for_walkers(void **state)
{
	struct vms_space *space;
	uint32_t used;

	(void)state;
	machine_start(3);
	space = space_new_active();
	map_at(space, 2 * G1, 1, R_);
	used = sim_frames_used();
	map_at(space, P, 1, R_);
	/* As vms__section_enter() would leave it on CPU 1. */
	vms_machine.cpu[1].section++;
	unmap_at(space, 0, G1 + P);
	assert_true(sim_frames_used() > used);
	assert_false(reclaim());
	/* A walk that begins later cannot meet the table, and is not waited for. */
	vms_machine.cpu[2].section++;
	assert_false(reclaim());
	vms_machine.cpu[1].section++;
	assert_true(reclaim());
	assert_int_equal(sim_frames_used(), used);
	/* The same CPU in the next walk is another walk. */
	vms_machine.cpu[1].section++;
	map_at(space, P, 1, R_);
	unmap_at(space, 0, G1 + P);
	assert_false(reclaim());
	vms_machine.cpu[1].section += 2;
	vms_machine.cpu[2].section++;
	assert_true(reclaim());
	assert_int_equal(sim_frames_used(), used);
	vms_machine.cpu[1].section++;
	CHECK(space);
	space_end(space);
	sim_stop();
}

/* It was left empty, but CPUs may have met it on the way to its absent pages. */
static void a_table_that_makes_room_for_a_large_page_is_forgotten(void **state)
{
	struct vms_space *space;
	struct vms_cursor cursor;
	uint8_t byte;

	(void)state;
	sim_start(&(struct sim_options){.nr_cpus = 2, .nr_large = 2, .sticky = true});
	space = space_new();
	activate_everywhere(space);
	for (vms_va va = 0; va <= M2; va += M2) {
		map_at(space, va + P, 1, RW_);
		unmap_at(space, va + P, P);
		sim_run_on(1);
		assert_false(sim_read(va + 2 * P, &byte));
		sim_run_on(0);
		cursor_open(&cursor, space, 0, 2 * M2, VMS_EDITING);
		OK(vms_cursor_jump(&cursor, va));
		map_new(&cursor, 2, RW_);
		cursor_close(&cursor);
		sim_check_tlbs();
		sim_run_on(1);
		assert_true(sim_read(va + 2 * P, &byte));
		sim_run_on(0);
	}
	leave_everywhere();
	CHECK(space);
	space_end(space);
	sim_stop();
}

static void a_cpu_that_left_is_not_waited_for(void **state)
{
	struct vms_tlb_flusher flusher;
	struct vms_space *space;

	(void)state;
	machine_start(2);
	space = space_new();
	activate_everywhere(space);
	map_at(space, P, 1, RW_);
	vms_port_preempt_off();
	vms_tlb_flusher_init(&flusher, space);
	vms_tlb_issue(&flusher, P, P);
	vms_tlb_dispatch(&flusher);
	vms_port_preempt_on();
	/* It leaves after it was told, before it served. */
	sim_run_on(1);
	sim_activate(&vms_machine.kernel);
	sim_run_on(0);
	vms_port_preempt_off();
	vms_tlb_sync(&flusher);
	vms_port_preempt_on();
	assert_false(sim_tlb_has(1, P));
	leave_everywhere();
	space_end(space);
	sim_stop();
}

/* Dispatched twice, to one CPU and to another: both are waited for. */
static void who_was_asked_before_is_not_forgotten(void **state)
{
	struct vms_tlb_flusher flusher;
	struct vms_space *space;

	(void)state;
	machine_start(3);
	space = space_new();
	vms_port_preempt_off();
	/* Whatever its storage holds. */
	memset(&flusher, 0xee, sizeof(flusher));
	vms_tlb_flusher_init(&flusher, space);
	assert_ptr_equal(flusher.space, space);
	assert_int_equal(flusher.nr_ranges + flusher.nr_frames + flusher.all, 0);
	assert_int_equal(flusher.nr_pages, 0);
	assert_int_equal(flusher.waiting, 0);
	assert_int_equal(flusher.tables, VMS_NO_FRAME);
	for (uint32_t cpu = 1; cpu < 3; cpu++) {
		sim_run_on(cpu);
		sim_activate(space);
		sim_run_on(0);
		vms_tlb_issue(&flusher, P, P);
		vms_tlb_dispatch(&flusher);
		sim_run_on(cpu);
		sim_activate(&vms_machine.kernel);
		sim_run_on(0);
	}
	assert_int_equal(flusher.waiting, 6);
	vms_tlb_sync(&flusher);
	assert_int_equal(flusher.waiting, 0);
	for (uint32_t cpu = 1; cpu < 3; cpu++)
		assert_int_equal(vms_machine.cpu[cpu].flushed, vms_machine.cpu[cpu].queue.asked);
	vms_port_preempt_on();
	space_end(space);
	sim_stop();
}

/* A CPU that was asked by somebody else and cannot answer: who did not ask it does not wait for it. */
static void only_those_asked_are_waited_for(void **state)
{
	struct vms_tlb_flusher flusher, other;
	struct vms_space *space, *elsewhere;
	uint64_t irq;

	(void)state;
	machine_start(3);
	space = space_new();
	elsewhere = space_new();
	sim_run_on(1);
	sim_activate(elsewhere);
	irq = vms_port_irq_save();
	sim_run_on(2);
	sim_activate(space);
	sim_run_on(0);
	vms_port_preempt_off();
	vms_tlb_flusher_init(&other, elsewhere);
	vms_tlb_issue(&other, P, P);
	vms_tlb_dispatch(&other);
	vms_tlb_flusher_init(&flusher, space);
	vms_tlb_issue(&flusher, P, P);
	vms_tlb_dispatch(&flusher);
	vms_tlb_sync(&flusher);
	assert_int_not_equal(vms_machine.cpu[1].flushed, vms_machine.cpu[1].queue.asked);
	sim_run_on(1);
	vms_port_irq_restore(irq);
	sim_run_on(0);
	vms_tlb_sync(&other);
	vms_port_preempt_on();
	leave_everywhere();
	space_end(space);
	space_end(elsewhere);
	sim_stop();
}

static void two_cpus_wait_for_each_other(void **state)
{
	struct vms_tlb_flusher flusher[2];
	struct vms_space *space;
	uint64_t irq;

	(void)state;
	machine_start(2);
	space = space_new();
	activate_everywhere(space);
	for (uint32_t cpu = 0; cpu < 2; cpu++) {
		sim_run_on(cpu);
		vms_port_preempt_off();
		vms_tlb_flusher_init(&flusher[cpu], space);
		vms_tlb_issue(&flusher[cpu], cpu * P, P);
		vms_tlb_dispatch(&flusher[cpu]);
	}
	sim_run_on(0);
	irq = vms_port_irq_save();
	vms_tlb_sync(&flusher[0]);
	vms_port_irq_restore(irq);
	vms_port_preempt_on();
	sim_run_on(1);
	irq = vms_port_irq_save();
	vms_tlb_sync(&flusher[1]);
	vms_port_irq_restore(irq);
	vms_port_preempt_on();
	leave_everywhere();
	space_end(space);
	sim_stop();
}

static void early_and_doubled_interrupts_do_no_harm(void **state)
{
	struct vms_space *space;
	uint8_t byte;

	(void)state;
	machine_start(2);
	space = space_new();
	activate_everywhere(space);
	map_at(space, P, 1, RW_);
	assert_true(sim_read(P, &byte));
	vms_port_preempt_off();
	for (uint32_t i = 0; i < 3; i++)
		vms_tlb_service();
	vms_port_interrupt(2);
	vms_port_preempt_on();
	assert_true(sim_tlb_has(0, P));
	sim_run_on(1);
	sim_poll();
	sim_poll();
	sim_run_on(0);
	unmap_at(space, P, P);
	vms_port_preempt_off();
	vms_port_interrupt(2);
	vms_port_preempt_on();
	CHECK(space);
	leave_everywhere();
	space_end(space);
	sim_stop();
}

int group_tlb(void)
{
	const struct CMUnitTest test[] = {
		cmocka_unit_test(only_cpus_that_use_the_space_are_interrupted),
		cmocka_unit_test(nothing_removed_nobody_told),
		cmocka_unit_test(frames_wait_for_the_flush),
		cmocka_unit_test(a_flusher_by_hand),
		cmocka_unit_test(many_ranges_become_everything),
		cmocka_unit_test(a_large_kernel_range_goes_from_every_tlb),
		cmocka_unit_test(two_askers_overflow_one_queue),
		cmocka_unit_test(more_frames_than_fit_are_flushed_in_turns),
		cmocka_unit_test(what_was_let_go_early_is_forgotten_everywhere),
		cmocka_unit_test(one_frame_too_many_is_not_forgotten),
		cmocka_unit_test(tables_wait_for_walkers),
		cmocka_unit_test(a_table_that_makes_room_for_a_large_page_is_forgotten),
		cmocka_unit_test(a_cpu_that_left_is_not_waited_for),
		cmocka_unit_test(who_was_asked_before_is_not_forgotten),
		cmocka_unit_test(only_those_asked_are_waited_for),
		cmocka_unit_test(two_cpus_wait_for_each_other),
		cmocka_unit_test(early_and_doubled_interrupts_do_no_harm),
	};

	return cmocka_run_group_tests_name("tlb", test, NULL, NULL);
}
