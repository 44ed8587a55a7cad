/*
 * Spaces: create, hold, activate, end; the kernel's half; the fault handler.
 */
#include "port_faults.h"
#include "unit.h"

static void a_new_space_is_empty_and_costs_one_frame(void **state)
{
	uint32_t used;
	struct vms_space *space;
	struct sim_snapshot snapshot;

	(void)state;
	machine_start(1);
	used = sim_frames_used();
	space = space_new();
	assert_int_equal(sim_frames_used(), used + 1);
	sim_snapshot_take(&snapshot, space);
	assert_int_equal(snapshot.nr, 0);
	sim_snapshot_free(&snapshot);
	CHECK(space);
	space_end(space);
	assert_int_equal(sim_frames_used(), used);
	sim_stop();
}

/* Whatever was in its storage before. */
static void a_new_space_is_new(void **state)
{
	struct vms_space *space;

	(void)state;
	machine_start(2);
	assert_int_equal(vms_machine.kernel.id, 0);
	assert_int_equal(vms_machine.kernel.refs, 1);
	/* The upper half without its last 2 MiB, and the lower without its last page. */
	assert_int_equal(vms_machine.kernel.start, 0xffff800000000000);
	assert_int_equal(vms_machine.kernel.end, 0xffffffffffe00000);
	space = space_new();
	assert_int_equal(space->refs, 1);
	assert_int_equal(space->start, 0);
	assert_int_equal(space->end, 0x7ffffffff000);
	assert_null(space->on_fault);
	assert_int_not_equal(space->id, 0);
	assert_int_equal(space->active, 0);
	assert_int_equal(space->generation, 0);
	space_end(space);
	sim_stop();
}

/* The kernel's space is for ever, and is not counted. */
static void the_kernels_space_is_not_counted(void **state)
{
	struct vms_space *space;

	(void)state;
	machine_start(2);
	space = space_new();
	for (uint32_t i = 0; i < 5; i++) {
		sim_activate(space);
		sim_activate(&vms_machine.kernel);
		assert_int_equal(vms_machine.kernel.refs, 1);
		assert_int_equal(vms_machine.kernel.active, 3);
	}
	/* A CPU that comes online uses it from then on. */
	vms_machine.cpu[0].active = NULL;
	vms_port_preempt_off();
	vms_cpu_online();
	assert_ptr_equal(vms_space_current(), &vms_machine.kernel);
	vms_port_preempt_on();
	space_end(space);
	sim_stop();
}

static void create_without_memory_changes_nothing(void **state)
{
	static struct vms_space space;
	uint32_t used;

	(void)state;
	machine_start(1);
	used = sim_frames_used();
	sim_alloc_fail(1);
	IS(vms_space_create(&space), VMS_NO_MEMORY);
	assert_int_equal(sim_frames_used(), used);
	sim_stop();
}

static void kernel_create_without_memory_keeps_nothing(void **state)
{
	(void)state;
	sim_start(&(struct sim_options){.nr_frames = 600});
	for (uint32_t nth = 1; nth <= 257; nth += nth < 3 || nth > 254 ? 1 : 50) {
		uint32_t used = sim_frames_used();
		struct vms_space kernel = vms_machine.kernel;

		sim_alloc_fail(nth);
		vms_port_preempt_off();
		IS(vms_kernel_create(), VMS_NO_MEMORY);
		vms_port_preempt_on();
		assert_int_equal(sim_frames_used(), used);
		vms_machine.kernel = kernel;
	}
	sim_stop();
}

static void references_keep_a_space(void **state)
{
	struct vms_space *space;

	(void)state;
	machine_start(1);
	space = space_new();
	vms_space_get(space);
	vms_space_put(space);
	assert_int_equal(sim_counts().spaces_freed, 0);
	vms_space_put(space);
	assert_int_equal(sim_counts().spaces_freed, 1);
	sim_stop();
}

static void the_last_put_frees_tables_and_drops_frames(void **state)
{
	struct vms_space *space;
	vms_pfn shared, own;

	(void)state;
	machine_start_large(1, 2, 0);
	space = space_new();
	own = map_at(space, 5 * P, 1, RW_);
	shared = map_at(space, 7 * G1, 1, R_);
	OK(vms_frame_get(shared));
	sim_handle_more(shared);
	map_at(space, 3 * M2, 2, RW_);
	map_at(space, VMS_USER_END - P, 1, NONE);
	mark_at(space, T5, T5, 77);
	CHECK(space);
	space_end(space);
	assert_true(sim_frame_free(own));
	assert_int_equal(vms_frame_refs(shared), 1);
	sim_frame_put(shared);
	sim_stop();
}

static vms_pfn reused[16];
static uint32_t nr_reused;

/* Whoever is given the frame that was just freed uses it at once. */
static void reuse(vms_pfn frame)
{
	void (*again)(vms_pfn frame) = port_on_free;

	if (nr_reused == sizeof(reused) / sizeof(reused[0]))
		return;
	port_on_free = NULL;
	assert_int_equal(vms_port_frame_alloc(), frame);
	OK(vms_frame_from_unused(frame, VMS_FRAME_UNTYPED, 1));
	sim_handle_more(frame);
	reused[nr_reused++] = frame;
	port_on_free = again;
}

/* The tables under a table are freed before it: their frames may be somebody else's by then. */
static void what_was_freed_is_not_touched_again(void **state)
{
	struct vms_space *space;

	(void)state;
	machine_start(1);
	space = space_new();
	map_at(space, P, 1, R_);
	map_at(space, 5 * M2, 1, R_);
	map_at(space, 3 * G1 + M2, 1, R_);
	map_at(space, T5, 1, NONE);
	nr_reused = 0;
	port_on_free = reuse;
	vms_space_put(space);
	port_on_free = NULL;
	assert_true(nr_reused > 8);
	for (uint32_t i = 0; i < nr_reused; i++) {
		assert_int_equal(vms_frame_refs(reused[i]), 1);
		sim_frame_put(reused[i]);
	}
	sim_stop();
}

static void an_active_space_survives_its_last_put(void **state)
{
	struct vms_space *space, *next;
	uint8_t byte;

	(void)state;
	machine_start(2);
	space = space_new_active();
	map_at(space, P, 1, RW_);
	sim_run_on(1);
	sim_activate(space);
	sim_run_on(0);
	vms_space_put(space);
	assert_int_equal(sim_counts().spaces_freed, 0);
	assert_true(sim_read(P, &byte));
	next = space_new_active();
	assert_int_equal(sim_counts().spaces_freed, 0);
	sim_run_on(1);
	assert_true(sim_read(P, &byte));
	sim_activate(next);
	assert_int_equal(sim_counts().spaces_freed, 1);
	assert_false(sim_read(P, &byte));
	sim_activate(&vms_machine.kernel);
	sim_run_on(0);
	space_end(next);
	sim_stop();
}

static void activate_keeps_the_cpu_set_and_the_count(void **state)
{
	struct vms_space *a, *b;

	(void)state;
	machine_start(3);
	a = space_new();
	b = space_new();
	for (uint32_t cpu = 0; cpu < 3; cpu++) {
		sim_run_on(cpu);
		sim_activate(a);
		sim_activate(a);
		assert_int_equal(a->active, (1u << (cpu + 1)) - 1);
		assert_int_equal(a->refs, cpu + 2);
		vms_port_preempt_off();
		assert_ptr_equal(vms_space_current(), a);
		vms_port_preempt_on();
	}
	sim_run_on(1);
	sim_activate(b);
	assert_int_equal(a->active, 5);
	assert_int_equal(b->active, 2);
	assert_int_equal(a->refs, 3);
	assert_int_equal(b->refs, 2);
	for (uint32_t cpu = 0; cpu < 3; cpu++) {
		sim_run_on(cpu);
		sim_activate(&vms_machine.kernel);
	}
	sim_run_on(0);
	assert_int_equal(a->active, 0);
	CHECK(a, b);
	space_end(a);
	space_end(b);
	sim_stop();
}

static void spaces_do_not_see_each_other(void **state)
{
	struct vms_space *a, *b;
	uint8_t byte;

	(void)state;
	machine_start(1);
	a = space_new_active();
	map_at(a, P, 1, RW_);
	assert_true(sim_write(P, 42));
	b = space_new_active();
	assert_false(sim_read(P, &byte));
	map_at(b, P, 1, RW_);
	assert_true(sim_read(P, &byte));
	assert_int_equal(byte, 0);
	sim_activate(a);
	assert_true(sim_read(P, &byte));
	assert_int_equal(byte, 42);
	CHECK(a, b);
	sim_activate(&vms_machine.kernel);
	assert_false(sim_read(P, &byte));
	space_end(a);
	space_end(b);
	sim_stop();
}

static void every_space_sees_later_kernel_mappings(void **state)
{
	const vms_va va = VMS_KERNEL_START + 77 * G1 + 5 * P;
	const struct vms_prop prop = {VMS_R | VMS_W | VMS_GLOBAL, VMS_UNCACHED};
	struct vms_space *space;
	struct vms_cursor cursor;
	vms_pa pa;

	(void)state;
	machine_start(2);
	space = space_new_active();
	cursor_open(&cursor, &vms_machine.kernel, va, 3 * P, VMS_EDITING);
	OK(vms_cursor_map_device(&cursor, sim_device(), 2 * P, prop));
	cursor_close(&cursor);
	for (uint32_t cpu = 0; cpu < 2; cpu++) {
		sim_run_on(cpu);
		assert_true(sim_probe(va + P + 3, VMS_W, false, &pa));
		assert_int_equal(pa, (sim_device() + 1) * P + 3);
		assert_false(sim_probe(va, VMS_R, true, &pa));
		assert_false(sim_probe(va, VMS_X, false, &pa));
		assert_false(sim_probe(va + 2 * P, VMS_R, false, &pa));
	}
	/* Global: another root does not make the CPU forget, but unmap does, on every CPU. */
	sim_activate(&vms_machine.kernel);
	assert_true(sim_tlb_has(1, va + P));
	sim_run_on(0);
	unmap_at(&vms_machine.kernel, va, 2 * P);
	assert_false(sim_tlb_has(0, va + P));
	assert_false(sim_tlb_has(1, va + P));
	CHECK(space);
	space_end(space);
	sim_stop();
}

/* Spaces have copies of the kernel's root entries: what these lead to stays, whatever is unmapped. */
static void the_kernels_tables_under_the_root_stay(void **state)
{
	const vms_va va = VMS_KERNEL_START + T5 + 5 * P;
	const struct vms_prop prop = {VMS_R | VMS_GLOBAL, VMS_UNCACHED};
	struct vms_space *space;
	struct vms_cursor cursor;
	uint64_t entry, nr;
	vms_pa pa;

	(void)state;
	machine_start(1);
	space = space_new_active();
	entry = vms_machine.ram[space->root].entry[257];
	for (uint32_t i = 0; i < 3; i++) {
		cursor_open(&cursor, &vms_machine.kernel, va - 5 * P, i == 0 ? T5 : 2 * T5, VMS_EDITING);
		OK(vms_cursor_jump(&cursor, va));
		OK(vms_cursor_map_device(&cursor, sim_device(), P, prop));
		cursor_close(&cursor);
		assert_true(sim_probe(va, VMS_R, false, &pa));
		cursor_open(&cursor, &vms_machine.kernel, va - 5 * P, i == 1 ? T5 : 2 * T5, VMS_EDITING);
		OK(vms_cursor_unmap(&cursor, i == 1 ? T5 : 2 * T5, &nr));
		assert_int_equal(nr, 1);
		cursor_close(&cursor);
		assert_false(sim_probe(va, VMS_R, false, &pa));
		assert_int_equal(vms_machine.ram[vms_machine.kernel.root].entry[257], entry);
		CHECK(space);
	}
	space_end(space);
	sim_stop();
}

static struct vms_fault last_fault;
static uint32_t nr_faults;

static bool handler_refuses(struct vms_space *space, const struct vms_fault *fault)
{
	(void)space;
	last_fault = *fault;
	nr_faults++;
	return false;
}

static bool handler_maps(struct vms_space *space, const struct vms_fault *fault)
{
	handler_refuses(space, fault);
	map_at(space, fault->va / P * P, 1, RW_);
	return true;
}

static void the_handler_is_asked_with_what_happened(void **state)
{
	struct vms_space *space;
	uint8_t byte;

	(void)state;
	machine_start(1);
	space = space_new_active();
	vms_space_set_fault_handler(space, handler_refuses);
	nr_faults = 0;
	assert_false(sim_read(5 * P + 17, &byte));
	assert_int_equal(nr_faults, 1);
	assert_int_equal(last_fault.va, 5 * P + 17);
	assert_int_equal(last_fault.access, VMS_R);
	assert_true(last_fault.user);
	assert_false(sim_write(0, 1));
	assert_int_equal(last_fault.va, 0);
	assert_int_equal(last_fault.access, VMS_W);
	assert_false(sim_execute(VMS_USER_END - 1));
	assert_int_equal(last_fault.access, VMS_X);
	assert_int_equal(nr_faults, 3);
	vms_space_set_fault_handler(space, handler_maps);
	assert_true(sim_write(5 * P + 17, 9));
	assert_true(sim_read(5 * P + 17, &byte));
	assert_int_equal(byte, 9);
	assert_int_equal(nr_faults, 4);
	CHECK(space);
	space_end(space);
	sim_stop();
}

static void faults_outside_user_space_are_nobodys(void **state)
{
	const vms_va bad[] = {VMS_USER_END, 0x800000000000ul, VMS_KERNEL_START, VMS_KERNEL_END, ~0ul};
	struct vms_space *space;

	(void)state;
	machine_start(1);
	space = space_new_active();
	vms_space_set_fault_handler(space, handler_refuses);
	nr_faults = 0;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const struct vms_fault fault = {.va = bad[i], .access = VMS_R, .user = true};

		assert_false(vms_space_fault(&fault));
	}
	assert_int_equal(nr_faults, 0);
	/* Nor those that want nothing, or everything. */
	map_at(space, P, 1, (struct vms_prop){.flags = VMS_R | VMS_W | VMS_X});
	for (uint32_t access = 0; access < 32; access++) {
		const struct vms_fault fault = {.va = P, .access = access, .user = true};
		bool is_one = access == VMS_R || access == VMS_W || access == VMS_X;

		nr_faults = 0;
		assert_int_equal(vms_space_fault(&fault), is_one);
		assert_int_equal(nr_faults, is_one);
	}
	nr_faults = 0;
	vms_space_set_fault_handler(&vms_machine.kernel, handler_refuses);
	sim_activate(&vms_machine.kernel);
	assert_false(vms_space_fault(&(struct vms_fault){.va = P, .access = VMS_R}));
	assert_int_equal(nr_faults, 0);
	vms_space_set_fault_handler(&vms_machine.kernel, NULL);
	space_end(space);
	sim_stop();
}

static bool handler_trusts(struct vms_space *space, const struct vms_fault *fault)
{
	handler_refuses(space, fault);
	return true;
}

static struct vms_space *next;

static bool handler_switches(struct vms_space *space, const struct vms_fault *fault)
{
	handler_refuses(space, fault);
	sim_activate(next);
	return false;
}

/* Its word counts, whatever the tables say; and if it says no, what counts is the space that is active then. */
static void the_handler_decides(void **state)
{
	const struct vms_fault fault = {.va = 5 * P, .access = VMS_W, .user = true};
	struct vms_space *space, *full;

	(void)state;
	machine_start(1);
	space = space_new_active();
	full = space_new();
	map_at(full, 5 * P, 1, RW_);
	vms_space_set_fault_handler(space, handler_trusts);
	assert_true(vms_space_fault(&fault));
	vms_space_set_fault_handler(space, handler_switches);
	next = full;
	assert_true(vms_space_fault(&fault));
	sim_activate(space);
	next = &vms_machine.kernel;
	assert_false(vms_space_fault(&fault));
	sim_activate(full);
	vms_space_set_fault_handler(full, handler_switches);
	next = space;
	assert_false(vms_space_fault(&fault));
	space_end(space);
	space_end(full);
	sim_stop();
}

/* Rights grew, which flushes nobody; a CPU that remembers less faults, and the library makes it forget. */
static void a_spurious_fault_is_resolved_by_a_local_flush(void **state)
{
	struct vms_space *space;
	struct vms_cursor cursor;
	struct vms_item item;
	uint8_t byte;

	(void)state;
	sim_start(&(struct sim_options){.nr_cpus = 2, .sticky = true});
	space = space_new_active();
	map_at(space, P, 1, R_);
	sim_run_on(1);
	sim_activate(space);
	assert_true(sim_read(P, &byte));
	assert_false(sim_write(P, 1));
	sim_run_on(0);
	cursor_open(&cursor, space, P, P, VMS_EDITING);
	OK(vms_cursor_protect_next(&cursor, P, (struct vms_change){.set = VMS_W}, &item));
	cursor_close(&cursor);
	assert_int_equal(sim_counts().interrupts, 0);
	sim_run_on(1);
	assert_true(sim_tlb_has(1, P));
	assert_true(sim_write(P, 1));
	sim_activate(&vms_machine.kernel);
	sim_run_on(0);
	space_end(space);
	sim_stop();
}

/* Each CPU counts for itself, and no two ever give the same. */
static void a_number_tells_where_the_space_was_made(void **state)
{
	struct vms_space *first, *second;

	(void)state;
	machine_start(3);
	for (uint32_t cpu = 0; cpu < 3; cpu++) {
		sim_run_on(cpu);
		first = space_new();
		second = space_new();
		assert_int_equal(first->id % VMS_MAX_CPUS, cpu);
		assert_int_equal(second->id, first->id + VMS_MAX_CPUS);
		space_end(first);
		space_end(second);
	}
	sim_run_on(0);
	sim_stop();
}

int group_spaces(void)
{
	const struct CMUnitTest test[] = {
		cmocka_unit_test(a_number_tells_where_the_space_was_made),
		cmocka_unit_test(a_new_space_is_empty_and_costs_one_frame),
		cmocka_unit_test(a_new_space_is_new),
		cmocka_unit_test(the_kernels_space_is_not_counted),
		cmocka_unit_test(create_without_memory_changes_nothing),
		cmocka_unit_test(kernel_create_without_memory_keeps_nothing),
		cmocka_unit_test(references_keep_a_space),
		cmocka_unit_test(the_last_put_frees_tables_and_drops_frames),
		cmocka_unit_test(what_was_freed_is_not_touched_again),
		cmocka_unit_test(an_active_space_survives_its_last_put),
		cmocka_unit_test(activate_keeps_the_cpu_set_and_the_count),
		cmocka_unit_test(spaces_do_not_see_each_other),
		cmocka_unit_test(every_space_sees_later_kernel_mappings),
		cmocka_unit_test(the_kernels_tables_under_the_root_stay),
		cmocka_unit_test(the_handler_is_asked_with_what_happened),
		cmocka_unit_test(faults_outside_user_space_are_nobodys),
		cmocka_unit_test(the_handler_decides),
		cmocka_unit_test(a_spurious_fault_is_resolved_by_a_local_flush),
	};

	return cmocka_run_group_tests_name("spaces", test, NULL, NULL);
}
