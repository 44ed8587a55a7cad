/*
 * Reading and writing a space that is not active here: its own rights, exact counts, what hardware would leave.
 */
#include <string.h>

#include "unit.h"

static uint32_t nr_asked;

static bool handler_counts(struct vms_space *space, const struct vms_fault *fault)
{
	(void)space;
	(void)fault;
	nr_asked++;
	return false;
}

static void bytes_go_both_ways(void **state)
{
	static uint8_t bytes[2 * M2], back[2 * M2];
	struct vms_space *space;
	uint64_t done;
	uint8_t byte;

	(void)state;
	machine_start_large(2, 1, 0);
	space = space_new();
	map_pages(space, M2 - 3 * P, 3, RW_);
	map_at(space, M2, 2, RW_);
	map_pages(space, 2 * M2, 2, RW_);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7 + i / 256 + i / 65536);
	/* While it is active on another CPU. */
	sim_run_on(1);
	sim_activate(space);
	sim_run_on(0);
	OK(vms_space_write(space, M2 - 2 * P - 5, bytes, M2 + 3 * P, &done));
	assert_int_equal(done, M2 + 3 * P);
	OK(vms_space_read(space, M2 - 2 * P - 5, back, M2 + 3 * P, &done));
	assert_int_equal(done, M2 + 3 * P);
	assert_memory_equal(back, bytes, M2 + 3 * P);
	sim_run_on(1);
	assert_true(sim_read(M2 + 100, &byte));
	assert_int_equal(byte, bytes[2 * P + 5 + 100]);
	assert_true(sim_read(M2 + 77 * P + 100, &byte));
	assert_int_equal(byte, bytes[79 * P + 5 + 100]);
	assert_true(sim_write(M2 + 100, 0x5c));
	sim_activate(&vms_machine.kernel);
	sim_run_on(0);
	OK(vms_space_read(space, M2 + 100, back, 1, &done));
	assert_int_equal(back[0], 0x5c);
	CHECK(space);
	space_end(space);
	sim_stop();
}

static void only_what_the_program_may(void **state)
{
	static uint8_t bytes[8 * P];
	struct vms_space *space;
	struct vms_cursor cursor;
	uint64_t done;

	(void)state;
	machine_start(1);
	space = space_new();
	vms_space_set_fault_handler(space, handler_counts);
	nr_asked = 0;
	map_pages(space, P, 2, RW_);
	map_pages(space, 3 * P, 1, R_);
	map_pages(space, 4 * P, 1, NONE);
	mark_at(space, 5 * P, P, 1);
	cursor_open(&cursor, space, 6 * P, P, VMS_EDITING);
	OK(vms_cursor_map_device(&cursor, sim_device(), P, RW_));
	cursor_close(&cursor);
	IS(vms_space_read(space, P, bytes, 5 * P, &done), VMS_PAGE_FAULT);
	assert_int_equal(done, 3 * P);
	IS(vms_space_write(space, P + 9, bytes, 5 * P, &done), VMS_PAGE_FAULT);
	assert_int_equal(done, 2 * P - 9);
	for (vms_va va = 0; va < 8 * P; va += P) {
		bool reads = va >= P && va < 4 * P, writes = va >= P && va < 3 * P;

		IS(vms_space_read(space, va + P - 1, bytes, 1, &done), reads ? VMS_OK : VMS_PAGE_FAULT);
		assert_int_equal(done, reads);
		IS(vms_space_write(space, va, bytes, 1, &done), writes ? VMS_OK : VMS_PAGE_FAULT);
		assert_int_equal(done, writes);
	}
	assert_int_equal(nr_asked, 0);
	CHECK(space);
	space_end(space);
	sim_stop();
}

static void ranges_outside_are_denied(void **state)
{
	static const struct {
		vms_va va;
		uint64_t len;
	} bad[] = {{VMS_USER_END, 1}, {VMS_USER_END - 1, 2}, {~0ul, 1},
		   {1, ~0ul},         {0, VMS_USER_END + 1}, {VMS_KERNEL_START, 8}};
	struct vms_space *space;
	uint64_t done = 5;
	uint8_t byte = 0;

	(void)state;
	machine_start(1);
	space = space_new();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		IS(vms_space_read(space, bad[i].va, &byte, bad[i].len, &done), VMS_ACCESS_DENIED);
		IS(vms_space_write(space, bad[i].va, &byte, bad[i].len, &done), VMS_ACCESS_DENIED);
		assert_int_equal(done, 0);
	}
	IS(vms_space_read(&vms_machine.kernel, P, &byte, 1, &done), VMS_ACCESS_DENIED);
	IS(vms_space_write(&vms_machine.kernel, VMS_KERNEL_START, &byte, 1, &done), VMS_ACCESS_DENIED);
	/* All of user memory may be asked for; nothing is there. */
	IS(vms_space_read(space, 0, &byte, VMS_USER_END, &done), VMS_PAGE_FAULT);
	IS(vms_space_write(space, 0, &byte, VMS_USER_END, &done), VMS_PAGE_FAULT);
	IS(vms_space_read(space, VMS_USER_END - 1, &byte, 1, &done), VMS_PAGE_FAULT);
	OK(vms_space_read(space, 0, &byte, 0, &done));
	OK(vms_space_write(space, VMS_USER_END, &byte, 0, &done));
	assert_int_equal(done, 0);
	space_end(space);
	sim_stop();
}

/* After an access to a page with these flags it has those. */
static void leaves(struct vms_space *space, uint32_t before, bool write, uint32_t after)
{
	uint64_t done;
	uint8_t byte = 1;

	map_at(space, G1, 1, (struct vms_prop){.flags = VMS_R | VMS_W | before});
	OK(write ? vms_space_write(space, G1, &byte, 1, &done) : vms_space_read(space, G1, &byte, 1, &done));
	assert_int_equal(query_at(space, G1).prop.flags, VMS_R | VMS_W | after);
	unmap_at(space, G1, P);
}

static void traces_are_added_to_what_is_there(void **state)
{
	const uint32_t a = VMS_ACCESSED, d = VMS_DIRTY;
	struct vms_space *space;

	(void)state;
	machine_start(1);
	space = space_new();
	leaves(space, 0, false, a);
	leaves(space, a, false, a);
	leaves(space, d, false, a | d);
	leaves(space, a | d, false, a | d);
	leaves(space, VMS_SOFT0, false, a | VMS_SOFT0);
	leaves(space, 0, true, a | d);
	leaves(space, a, true, a | d);
	leaves(space, d, true, a | d);
	leaves(space, a | d | VMS_SOFT1, true, a | d | VMS_SOFT1);
	space_end(space);
	sim_stop();
}

static void it_allocates_nothing_and_leaves_its_traces(void **state)
{
	struct vms_space *space;
	uint32_t nr_used;
	uint64_t done;
	uint8_t byte = 1;

	(void)state;
	machine_start_large(1, 1, 0);
	space = space_new();
	map_pages(space, P, 2, RW_);
	map_at(space, M2, 2, RW_);
	sim_alloc_refuse(true);
	OK(vms_space_read(space, P, &byte, 1, &done));
	OK(vms_space_write(space, 2 * P, &byte, 1, &done));
	OK(vms_space_write(space, M2 + 5 * P, &byte, 1, &done));
	IS(vms_space_read(space, T5, &byte, 1, &done), VMS_PAGE_FAULT);
	sim_alloc_refuse(false);
	nr_used = sim_frames_used();
	IS(vms_space_read(space, T5, &byte, 1, &done), VMS_PAGE_FAULT);
	IS(vms_space_write(space, T5, &byte, 1, &done), VMS_PAGE_FAULT);
	assert_int_equal(sim_frames_used(), nr_used);
	assert_int_equal(query_at(space, P).prop.flags, VMS_R | VMS_W | VMS_ACCESSED);
	assert_int_equal(query_at(space, 2 * P).prop.flags, VMS_R | VMS_W | VMS_ACCESSED | VMS_DIRTY);
	assert_int_equal(query_at(space, M2).prop.flags, VMS_R | VMS_W | VMS_ACCESSED | VMS_DIRTY);
	CHECK(space);
	space_end(space);
	sim_stop();
}

int group_remote(void)
{
	const struct CMUnitTest test[] = {
		cmocka_unit_test(bytes_go_both_ways),
		cmocka_unit_test(only_what_the_program_may),
		cmocka_unit_test(ranges_outside_are_denied),
		cmocka_unit_test(traces_are_added_to_what_is_there),
		cmocka_unit_test(it_allocates_nothing_and_leaves_its_traces),
	};

	return cmocka_run_group_tests_name("remote", test, NULL, NULL);
}
