/*
 * Tags: a CPU keeps what it knows of a space that is not active, and uses it again only if it is still true.
 */
#include "unit.h"

#define NR_TAGS 3u /* the kernel's, and two */

static struct vms_space *one, *other;

static void start_tags(uint32_t nr_cpus, uint32_t nr_tags)
{
	sim_start(&(struct sim_options){.nr_cpus = nr_cpus, .nr_tags = nr_tags});
	one = space_new();
	other = space_new();
	map_pages(one, 3 * P, 4, RW_);
	map_pages(other, 3 * P, 4, RW_);
	sim_activate(one);
	assert_true(sim_write(3 * P, 1));
	assert_true(sim_write(4 * P, 1));
}

static void start(uint32_t nr_cpus)
{
	start_tags(nr_cpus, NR_TAGS);
}

static void stop(void)
{
	leave_everywhere();
	CHECK(one, other);
	space_end(one);
	space_end(other);
	sim_stop();
}

/* Does this access have to walk? */
static bool walks(vms_va va)
{
	uint64_t before = sim_counts().walks;

	assert_true(sim_write(va, 2));
	return sim_counts().walks != before;
}

static void a_space_that_comes_back_is_known(void **state)
{
	(void)state;
	start(1);
	sim_activate(other);
	assert_true(walks(3 * P));
	sim_activate(one);
	assert_false(walks(3 * P));
	sim_activate(&vms_machine.kernel);
	sim_activate(other);
	assert_false(walks(3 * P));
	sim_check_tlbs();
	stop();
}

/* The kernel's space takes no tag from the others, and none of theirs is the kernel's. */
static void the_kernel_has_a_tag_of_its_own(void **state)
{
	(void)state;
	start(1);
	sim_activate(other);
	assert_true(walks(3 * P));
	for (uint32_t i = 0; i < 3; i++) {
		sim_activate(&vms_machine.kernel);
		sim_activate(one);
		assert_false(walks(3 * P));
		sim_activate(&vms_machine.kernel);
		sim_activate(other);
		assert_false(walks(3 * P));
	}
	stop();
}

/* A tag that is found stays the space's, whichever would be given away next. */
static void a_space_keeps_its_tag(void **state)
{
	uint8_t byte;

	(void)state;
	start(1);
	assert_true(sim_write(3 * P, 11));
	sim_activate(other);
	assert_true(sim_write(3 * P, 22));
	for (uint32_t i = 0; i < 4; i++) {
		sim_activate(&vms_machine.kernel);
		sim_activate(i % 3 != 0 ? one : other);
		assert_true(sim_read(3 * P, &byte));
		assert_int_equal(byte, i % 3 != 0 ? 11 : 22);
		assert_false(walks(3 * P));
		assert_true(sim_write(3 * P, byte));
		sim_check_tlbs();
	}
	stop();
}

/* One tag beside the kernel's is worth having. */
static void two_tags_are_enough(void **state)
{
	(void)state;
	start_tags(2, 2);
	sim_activate(&vms_machine.kernel);
	sim_activate(one);
	assert_false(walks(3 * P));
	/* What is flushed while the space is here is no reason to forget the rest when it comes back. */
	unmap_at(one, 6 * P, P);
	sim_activate(&vms_machine.kernel);
	sim_activate(one);
	assert_false(walks(4 * P));
	sim_activate(&vms_machine.kernel);
	sim_run_on(1);
	unmap_at(one, 3 * P, P);
	sim_run_on(0);
	sim_activate(one);
	assert_false(sim_write(3 * P, 1));
	assert_true(walks(4 * P));
	sim_activate(other);
	assert_true(walks(3 * P));
	sim_activate(one);
	assert_false(sim_write(3 * P, 1));
	sim_check_tlbs();
	stop();
}

/* Nobody writes what nobody reads. */
static void without_tags_nothing_is_counted(void **state)
{
	(void)state;
	start_tags(1, 0);
	unmap_at(one, 3 * P, P);
	assert_int_equal(one->generation, 0);
	assert_int_equal(vms_machine.cpu[0].generation, 0);
	sim_activate(other);
	sim_activate(one);
	assert_true(walks(4 * P));
	stop();
}

static void what_went_while_it_was_away_is_forgotten(void **state)
{
	uint64_t interrupts;

	(void)state;
	start(2);
	sim_activate(other);
	interrupts = sim_counts().interrupts;
	sim_run_on(1);
	unmap_at(one, 3 * P, P);
	assert_int_equal(sim_counts().interrupts, interrupts);
	sim_run_on(0);
	sim_activate(one);
	assert_false(sim_write(3 * P, 1));
	assert_true(sim_write(4 * P, 1));
	sim_check_tlbs();
	stop();
}

static void a_flush_from_elsewhere_ends_a_tag(void **state)
{
	(void)state;
	start(2);
	sim_run_on(1);
	sim_activate(one);
	unmap_at(one, 3 * P, P);
	sim_run_on(0);
	assert_false(sim_write(3 * P, 1));
	sim_activate(other);
	sim_activate(one);
	assert_true(walks(4 * P));
	stop();
}

static void an_own_flush_does_not(void **state)
{
	(void)state;
	start(1);
	unmap_at(one, 3 * P, P);
	sim_activate(other);
	sim_activate(one);
	assert_false(walks(4 * P));
	assert_false(sim_write(3 * P, 1));
	/* Under the other tag too. */
	sim_activate(other);
	assert_true(sim_write(4 * P, 1));
	unmap_at(other, 3 * P, P);
	unmap_at(other, 5 * P, P);
	sim_activate(one);
	sim_activate(other);
	assert_false(walks(4 * P));
	sim_check_tlbs();
	stop();
}

/* A flush of the kernel's space is none of the space's that is active: it says nothing about what that missed. */
static void a_flush_of_the_kernels_is_no_flush_of_the_space(void **state)
{
	vms_va va = VMS_KERNEL_START + 5 * G1;
	struct vms_cursor cursor;

	(void)state;
	start(1);
	assert_int_equal(vms_machine.cpu[0].generation, one->generation);
	cursor_open(&cursor, &vms_machine.kernel, va, P, VMS_EDITING);
	OK(vms_cursor_map_device(&cursor, sim_device(), P, RW_));
	OK(vms_cursor_jump(&cursor, va));
	OK(vms_cursor_unmap(&cursor, P, NULL));
	cursor_close(&cursor);
	assert_int_equal(vms_machine.kernel.generation, 1);
	assert_int_equal(vms_machine.cpu[0].generation, 0);
	stop();
}

/* Asked by another CPU, not yet served, and then a flush of its own: it has missed one. */
static void a_missed_flush_is_not_overlooked(void **state)
{
	struct vms_tlb_flusher flusher;
	uint64_t irq;

	(void)state;
	start(2);
	sim_run_on(1);
	vms_port_preempt_off();
	vms_tlb_flusher_init(&flusher, one);
	vms_tlb_issue(&flusher, 4 * P, P);
	sim_run_on(0);
	irq = vms_port_irq_save();
	sim_run_on(1);
	vms_tlb_dispatch(&flusher);
	vms_port_preempt_on();
	sim_run_on(0);
	unmap_at(one, 3 * P, P);
	sim_activate(other);
	vms_port_irq_restore(irq);
	sim_activate(one);
	assert_true(walks(4 * P));
	sim_run_on(1);
	vms_port_preempt_off();
	vms_tlb_sync(&flusher);
	vms_port_preempt_on();
	stop();
}

static void the_oldest_tag_is_given_away(void **state)
{
	struct vms_space *third;

	(void)state;
	start(1);
	third = space_new();
	map_pages(third, 3 * P, 1, RW_);
	sim_activate(other);
	assert_true(sim_write(3 * P, 1));
	sim_activate(third);
	assert_true(walks(3 * P));
	sim_activate(other);
	assert_false(walks(3 * P));
	sim_activate(one);
	assert_true(walks(3 * P));
	sim_check_tlbs();
	sim_activate(&vms_machine.kernel);
	CHECK(one, other, third);
	space_end(third);
	stop();
}

/* As many tags as there can be, given away in turns. */
static void tags_are_given_away_in_turns(void **state)
{
	struct vms_space *more[VMS_MAX_TAGS];

	(void)state;
	start_tags(1, VMS_MAX_TAGS);
	sim_activate(&vms_machine.kernel);
	/* `one` has the first; then these take the other six, and the first three once more. */
	for (uint32_t i = 0; i < VMS_MAX_TAGS + 1; i++) {
		struct vms_space *space = i < VMS_MAX_TAGS ? more[i] = space_new() : other;

		if (i < VMS_MAX_TAGS)
			map_pages(space, 3 * P, 1, RW_);
		sim_activate(space);
		assert_true(walks(3 * P));
	}
	for (uint32_t i = 2; i < VMS_MAX_TAGS; i++) {
		sim_activate(more[i]);
		assert_false(walks(3 * P));
	}
	sim_activate(other);
	assert_false(walks(3 * P));
	sim_activate(more[1]);
	assert_true(walks(3 * P));
	sim_activate(&vms_machine.kernel);
	for (uint32_t i = 0; i < VMS_MAX_TAGS; i++)
		space_end(more[i]);
	stop();
}

static void a_new_space_does_not_inherit(void **state)
{
	struct vms_space *again;

	(void)state;
	start(1);
	sim_activate(&vms_machine.kernel);
	space_end(one);
	again = space_new();
	sim_activate(again);
	assert_false(sim_write(3 * P, 1));
	one = again;
	stop();
}

static void a_kernel_table_goes_for_every_tag(void **state)
{
	vms_va va = VMS_KERNEL_START + 5 * G1;
	struct vms_cursor cursor;
	vms_pa pa;

	(void)state;
	start(1);
	cursor_open(&cursor, &vms_machine.kernel, va, 2 * M2, VMS_EDITING);
	OK(vms_cursor_map_device(&cursor, sim_device(), P, RW_));
	cursor_close(&cursor);
	assert_true(sim_probe(va, VMS_R, false, &pa));
	sim_activate(other);
	assert_true(sim_probe(va, VMS_R, false, &pa));
	cursor_open(&cursor, &vms_machine.kernel, va, 2 * M2, VMS_EDITING);
	OK(vms_cursor_unmap(&cursor, 2 * M2, NULL));
	cursor_close(&cursor);
	assert_false(sim_probe(va, VMS_R, false, &pa));
	sim_activate(one);
	assert_false(sim_probe(va, VMS_R, false, &pa));
	sim_check_tlbs();
	stop();
}

static void more_tags_than_there_is_room_for(void **state)
{
	struct vms_region region = {1, 10};
	struct vms_config config = {.ram = vms_machine.ram,
				    .meta = vms_machine.meta,
				    .nr_frames = 64,
				    .nr_cpus = 1,
				    .nr_tags = VMS_MAX_TAGS + 1,
				    .regions = &region,
				    .nr_regions = 1};

	(void)state;
	start(1);
	config.ram = vms_machine.ram;
	config.meta = vms_machine.meta;
	IS(vms_init(&config), VMS_INVALID);
	stop();
}

int group_tags(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_space_that_comes_back_is_known),
		cmocka_unit_test(the_kernel_has_a_tag_of_its_own),
		cmocka_unit_test(a_space_keeps_its_tag),
		cmocka_unit_test(two_tags_are_enough),
		cmocka_unit_test(without_tags_nothing_is_counted),
		cmocka_unit_test(what_went_while_it_was_away_is_forgotten),
		cmocka_unit_test(a_flush_from_elsewhere_ends_a_tag),
		cmocka_unit_test(an_own_flush_does_not),
		cmocka_unit_test(a_flush_of_the_kernels_is_no_flush_of_the_space),
		cmocka_unit_test(a_missed_flush_is_not_overlooked),
		cmocka_unit_test(the_oldest_tag_is_given_away),
		cmocka_unit_test(tags_are_given_away_in_turns),
		cmocka_unit_test(a_new_space_does_not_inherit),
		cmocka_unit_test(a_kernel_table_goes_for_every_tag),
		cmocka_unit_test(more_tags_than_there_is_room_for),
	};

	return cmocka_run_group_tests_name("tags", tests, NULL, NULL);
}
