/*
 * Operations disturbed at every single instruction: by hardware that sets accessed and dirty in an entry, and by an
 * interrupt. A first run steps through the operation and notes each instruction; then there is one run for each of
 * them, with a breakpoint in its place.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "stepping.h"
#include "unit.h"

#define BREAKPOINT 0xcc
#define MAX_STEPS 8192u

extern char __executable_start[], etext[];

static uint8_t *step[MAX_STEPS]; /* where the instructions are, of this program's own */
static uint32_t nr_steps;
static uint8_t *break_at, broken; /* NULL: steps are being noted */
static void (*disturb)(void);

static void step_note(uint8_t *at)
{
	if (at < (uint8_t *)__executable_start || at >= (uint8_t *)etext)
		return;
	for (uint32_t i = 0; i < nr_steps; i++) {
		if (step[i] == at)
			return;
	}
	assert_true(nr_steps < MAX_STEPS);
	step[nr_steps++] = at;
}

static void on_trap(int number, siginfo_t *info, void *context)
{
	greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;

	(void)number, (void)info;
	if (break_at == NULL) {
		step_note((uint8_t *)registers[REG_RIP]);
		return;
	}
	*break_at = broken;
	registers[REG_RIP] = (greg_t)break_at;
	disturb();
}

/* Run an operation again and again, from the same state, disturbed at another instruction each time. */
static void at_every_step(void (*begin)(void), void (*operation)(void), void (*disturbance)(void), void (*finish)(void))
{
	struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO | SA_NODEFER}, before;
	uintptr_t text = (uintptr_t)__executable_start / P * P;

	assert_int_equal(sigaction(SIGTRAP, &action, &before), 0);
	assert_int_equal(mprotect((void *)text, (uintptr_t)etext - text, PROT_READ | PROT_WRITE | PROT_EXEC), 0);
	nr_steps = 0;
	break_at = NULL;
	begin();
	stepping(true);
	operation();
	stepping(false);
	finish();
	assert_true(nr_steps > 20);
	disturb = disturbance;
	for (uint32_t i = 0; i < nr_steps; i++) {
		begin();
		break_at = step[i];
		broken = *break_at;
		*(volatile uint8_t *)break_at = BREAKPOINT;
		operation();
		*(volatile uint8_t *)break_at = broken;
		finish();
	}
	assert_int_equal(mprotect((void *)text, (uintptr_t)etext - text, PROT_READ | PROT_EXEC), 0);
	assert_int_equal(sigaction(SIGTRAP, &before, NULL), 0);
}

static struct vms_space *space, *other;
static struct vms_cursor cursor, second;
static vms_pfn leaf_node; /* where the entry is that hardware sets bits in */
static uint32_t leaf_index, leaf_level;
static bool set_accessed, set_dirty;

static uint64_t *leaf(void)
{
	return &vms_machine.ram[leaf_node].entry[leaf_index];
}

/* An access of another CPU: allowed by the entry as it is now. */
static void hardware_writes(void)
{
	uint64_t pte = *leaf();

	if (!arch_pte_is_leaf(pte, leaf_level) || !arch_pte_has(pte, ARCH_PTE_P))
		return;
	*leaf() |= ARCH_PTE_A;
	set_accessed = true;
	if (!arch_pte_has(pte, ARCH_PTE_W))
		return;
	*leaf() |= ARCH_PTE_D;
	set_dirty = true;
}

/* The same, but it only reads. */
static void hardware_reads(void)
{
	uint64_t pte = *leaf();

	if (arch_pte_is_leaf(pte, leaf_level) && arch_pte_has(pte, ARCH_PTE_P))
		*leaf() |= ARCH_PTE_A;
}

/* One page or huge page at G1, an editing cursor over all of its table. */
static void begin_leaf(uint32_t level)
{
	space = space_new();
	other = space_new();
	map_at(space, G1, level, RW_);
	cursor_open(&cursor, space, G1, level == 1 ? M2 : G1, VMS_EDITING);
	leaf_node = cursor.top;
	leaf_index = 0;
	leaf_level = level;
	set_accessed = set_dirty = false;
}

static void begin_page(void)
{
	begin_leaf(1);
}

static void begin_large(void)
{
	begin_leaf(2);
}

static void end_leaf(void)
{
	cursor_close(&cursor);
	space_end(space);
	space_end(other);
}

/* What hardware had set is still there. */
static void page_kept(void)
{
	struct vms_item item;

	OK(vms_cursor_jump(&cursor, G1));
	OK(vms_cursor_query(&cursor, &item));
	assert_true(vms_has(item.prop.flags, VMS_SOFT0));
	assert_true(!set_accessed || vms_has(item.prop.flags, VMS_ACCESSED));
	assert_true(!set_dirty || vms_has(item.prop.flags, VMS_DIRTY));
	end_leaf();
}

static void set_soft(void)
{
	struct vms_item item;

	if (vms_cursor_protect_next(&cursor, P, (struct vms_change){.set = VMS_SOFT0}, &item) != VMS_OK)
		sim_fail("protect");
}

static void take_write(void)
{
	struct vms_item item;

	if (vms_cursor_protect_next(&cursor, P, (struct vms_change){.clear = VMS_W, .set = VMS_SOFT0}, &item) != VMS_OK)
		sim_fail("protect");
}

/* The same by the call for a range. */
static void take_write_of_range(void)
{
	if (vms_cursor_protect(&cursor, 3 * P, (struct vms_change){.clear = VMS_W, .set = VMS_SOFT0}, NULL) != VMS_OK)
		sim_fail("protect");
}

static void protect_loses_no_bit_of_hardwares(void **state)
{
	(void)state;
	machine_start_large(1, 1, 0);
	at_every_step(begin_page, set_soft, hardware_writes, page_kept);
	at_every_step(begin_page, take_write, hardware_writes, page_kept);
	at_every_step(begin_page, take_write_of_range, hardware_writes, page_kept);
	sim_stop();
}

static void large_kept(void)
{
	struct vms_item item;

	OK(vms_cursor_jump(&cursor, G1 + 9 * P));
	OK(vms_cursor_query(&cursor, &item));
	assert_int_equal(item.len, P);
	assert_true(!set_accessed || vms_has(item.prop.flags, VMS_ACCESSED));
	assert_true(!set_dirty || vms_has(item.prop.flags, VMS_DIRTY));
	end_leaf();
}

static void unmap_a_page(void)
{
	if (vms_cursor_unmap(&cursor, P, NULL) != VMS_OK)
		sim_fail("unmap");
}

static void cutting_loses_no_bit_of_hardwares(void **state)
{
	(void)state;
	machine_start_large(1, 1, 0);
	at_every_step(begin_large, unmap_a_page, hardware_writes, large_kept);
	sim_stop();
}

static void begin_copy(void)
{
	begin_page();
	cursor_open(&second, other, G1, M2, VMS_EDITING);
}

static void copy_page(void)
{
	if (vms_cursor_copy(&cursor, &second, P, VMS_SOFT0) != VMS_OK)
		sim_fail("copy");
}

static void copy_kept(void)
{
	cursor_close(&second);
	page_kept();
}

static void copying_loses_no_bit_of_hardwares(void **state)
{
	(void)state;
	machine_start_large(1, 1, 0);
	at_every_step(begin_copy, copy_page, hardware_writes, copy_kept);
	sim_stop();
}

/* Access from elsewhere, which sets accessed itself, and dirty if it writes. */
static void begin_remote(void)
{
	begin_page();
	cursor_close(&cursor);
}

static void read_page(void)
{
	uint64_t word, done;

	if (vms_space_read(space, G1, &word, sizeof(word), &done) != VMS_OK)
		sim_fail("read");
}

static void write_page(void)
{
	uint64_t word = 1, done;

	if (vms_space_write(space, G1, &word, sizeof(word), &done) != VMS_OK)
		sim_fail("write");
}

static void read_kept(void)
{
	assert_true(vms_has(query_at(space, G1).prop.flags, VMS_ACCESSED));
	assert_int_equal(vms_has(query_at(space, G1).prop.flags, VMS_DIRTY), set_dirty);
	space_end(space);
	space_end(other);
}

static void write_kept(void)
{
	set_dirty = true;
	read_kept();
}

static void reading_elsewhere_loses_no_bit_of_hardwares(void **state)
{
	(void)state;
	machine_start_large(1, 1, 0);
	at_every_step(begin_remote, read_page, hardware_writes, read_kept);
	at_every_step(begin_remote, write_page, hardware_writes, write_kept);
	at_every_step(begin_remote, write_page, hardware_reads, write_kept);
	sim_stop();
}

/* --- Interrupts. CPU 0 is asked to flush by CPU 1 and runs the operation; the interrupt comes at any time. --- */

static struct vms_tlb_flusher flusher[2];

static void begin_asked(void)
{
	space = space_new();
	for (uint32_t cpu = 0; cpu < 2; cpu++) {
		sim_run_on(cpu);
		sim_activate(space);
	}
	vms_port_preempt_off();
	vms_tlb_flusher_init(&flusher[1], space);
	vms_tlb_issue(&flusher[1], P, P);
	vms_tlb_dispatch(&flusher[1]);
	vms_port_preempt_on();
	sim_run_on(0);
	vms_port_preempt_off();
	vms_tlb_flusher_init(&flusher[0], space);
	vms_tlb_issue(&flusher[0], 3 * P, P);
}

static void end_asked(void)
{
	vms_tlb_dispatch(&flusher[0]);
	vms_tlb_sync(&flusher[0]);
	vms_port_preempt_on();
	assert_int_equal(vms_machine.cpu[0].queue.lock, 0);
	assert_int_equal(vms_machine.cpu[1].queue.lock, 0);
	sim_run_on(1);
	vms_port_preempt_off();
	vms_tlb_sync(&flusher[1]);
	vms_port_preempt_on();
	assert_int_equal(vms_machine.cpu[0].flushed, vms_machine.cpu[0].queue.asked);
	sim_activate(&vms_machine.kernel);
	sim_run_on(0);
	space_end(space);
}

static void serve(void)
{
	vms_tlb_service();
}

static void dispatch(void)
{
	vms_tlb_dispatch(&flusher[0]);
}

static void dispatch_and_wait(void)
{
	vms_tlb_dispatch(&flusher[0]);
	vms_tlb_sync(&flusher[0]);
}

static void an_interrupt_at_any_time_finds_no_lock_of_its_own(void **state)
{
	(void)state;
	machine_start(2);
	at_every_step(begin_asked, serve, sim_poll, end_asked);
	at_every_step(begin_asked, dispatch, sim_poll, end_asked);
	at_every_step(begin_asked, dispatch_and_wait, sim_poll, end_asked);
	sim_stop();
}

/* --- Another cursor, on CPU 1, takes tables away while CPU 0 walks to its range without locks. --- */

static struct vms_guard walker;
static uint32_t nr_taken;

static void begin_walk(void)
{
	space = space_new();
	map_at(space, P, 1, RW_);
	map_at(space, 3 * G1, 1, RW_);
	nr_taken = 0;
	vms_guard_enter(&walker);
}

/* A cursor of CPU 1 would wait for this one. */
static bool is_locked(void)
{
	for (vms_pfn frame = 0; frame < vms_machine.nr_frames; frame++) {
		if (vms_machine.meta[frame].kind == VMS_FRAME_TABLE && vms_machine.meta[frame].root == space->root &&
		    vms_machine.meta[frame].lock != 0)
			return true;
	}
	return false;
}

static void take_tables(void)
{
	if (is_locked())
		return;
	sim_run_on(1);
	unmap_at(space, 0, 2 * G1);
	nr_taken++;
	sim_run_on(0);
}

/* Nothing is there yet, not even tables; CPU 1 makes them for another page. */
static void begin_bare(void)
{
	begin_walk();
	unmap_at(space, 0, 2 * G1);
}

static void make_tables(void)
{
	if (is_locked())
		return;
	sim_run_on(1);
	map_at(space, 5 * P, 1, RW_);
	nr_taken++;
	sim_run_on(0);
}

static void open_to_edit(void)
{
	if (vms_cursor_open(&cursor, space, &walker, P, 2 * P, VMS_EDITING) != VMS_OK)
		sim_fail("open");
}

static void open_to_read(void)
{
	if (vms_cursor_open(&cursor, space, &walker, P, 2 * P, VMS_READING) != VMS_OK)
		sim_fail("open");
}

/* What it owns is in the tree, and it can be worked with. */
static void walk_over(void)
{
	struct vms_item item;

	assert_int_equal(vms_machine.meta[cursor.top].kind, VMS_FRAME_TABLE);
	assert_int_equal(vms_machine.meta[cursor.top].stray, 0);
	assert_int_equal(vms_machine.meta[cursor.top].lock, 1);
	OK(vms_cursor_query(&cursor, &item));
	assert_true(item.what == VMS_ABSENT || item.what == VMS_MAPPED);
	if (nr_taken > 0)
		assert_int_equal(item.what, VMS_ABSENT);
	if (item.what == VMS_ABSENT && cursor.mode == VMS_EDITING)
		map_new(&cursor, 1, RW_);
	vms_cursor_close(&cursor);
	vms_guard_leave(&walker);
	assert_int_equal(query_at(space, 3 * G1).what, VMS_MAPPED);
	CHECK(space);
	space_end(space);
	/* Nor is a table that went: others may have met it too, and wait for its lock. */
	for (vms_pfn frame = 0; frame < vms_machine.nr_frames; frame++)
		assert_true(vms_machine.meta[frame].lock == 0);
}

static void walk_over_made(void)
{
	assert_int_equal(cursor.top_level, 1);
	assert_int_equal(vms_machine.meta[cursor.top].lock, 1);
	vms_cursor_close(&cursor);
	assert_int_equal(query_at(space, 5 * P).what, nr_taken > 0 ? VMS_MAPPED : VMS_ABSENT);
	CHECK(space);
	OK(vms_cursor_open(&cursor, space, &walker, P, 2 * P, VMS_EDITING));
	assert_int_equal(cursor.top_level, 1);
	walk_over();
}

static void tables_may_go_while_a_cursor_walks_to_them(void **state)
{
	(void)state;
	machine_start(2);
	at_every_step(begin_walk, open_to_edit, take_tables, walk_over);
	at_every_step(begin_walk, open_to_read, take_tables, walk_over);
	at_every_step(begin_bare, open_to_edit, make_tables, walk_over_made);
	sim_stop();
}

int group_steps(void)
{
	const struct CMUnitTest test[] = {
		cmocka_unit_test(protect_loses_no_bit_of_hardwares),
		cmocka_unit_test(cutting_loses_no_bit_of_hardwares),
		cmocka_unit_test(copying_loses_no_bit_of_hardwares),
		cmocka_unit_test(reading_elsewhere_loses_no_bit_of_hardwares),
		cmocka_unit_test(tables_may_go_while_a_cursor_walks_to_them),
		cmocka_unit_test(an_interrupt_at_any_time_finds_no_lock_of_its_own),
	};

	return cmocka_run_group_tests_name("steps", test, NULL, NULL);
}
