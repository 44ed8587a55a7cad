/*
 * Tags: a CPU keeps what it knows of a space that is not active, and uses it again only if it is still true.
 */
#include "unit.h"

#define NR_TAGS 3u /* the kernel's, and two */

static struct vms_space *one, *other;

static void start(uint32_t nr_cpus)
{
	sim_start(&(struct sim_options){.nr_cpus = nr_cpus, .nr_tags = NR_TAGS});
	one = space_new();
	other = space_new();
	map_pages(one, 3 * P, 4, RW_);
	map_pages(other, 3 * P, 4, RW_);
	sim_activate(one);
	assert_true(sim_write(3 * P, 1));
	assert_true(sim_write(4 * P, 1));
}

static void stop(void)
{
	for (uint32_t cpu = vms_machine.nr_cpus; cpu-- > 0;) {
		sim_run_on(cpu);
		sim_activate(&vms_machine.kernel);
	}
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
	sim_check_tlbs();
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
		cmocka_unit_test(what_went_while_it_was_away_is_forgotten),
		cmocka_unit_test(a_flush_from_elsewhere_ends_a_tag),
		cmocka_unit_test(an_own_flush_does_not),
		cmocka_unit_test(a_missed_flush_is_not_overlooked),
		cmocka_unit_test(the_oldest_tag_is_given_away),
		cmocka_unit_test(a_new_space_does_not_inherit),
		cmocka_unit_test(a_kernel_table_goes_for_every_tag),
		cmocka_unit_test(more_tags_than_there_is_room_for),
	};

	return cmocka_run_group_tests_name("tags", tests, NULL, NULL);
}
