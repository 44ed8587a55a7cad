/*
 * The kernel looks at itself: `check` on the command line. On the way back to its program a thread takes, every so
 * often, all of its space with one cursor, as any caller of the library could. Then nobody else edits it, whatever
 * other threads are at, and every clause of spec/tree.h must hold. What does not hold is this kernel's or the
 * library's mistake, so the machine stops there.
 */
#include <kernel/check.h>
#include <kernel/process.h>
#include <mm/mm.h>
#include <spec/tree.h>

/* So many returns to programs for each table that was verified: a space of many tables must not stand still. */
#define RETURNS_A_TABLE 16u

bool check_enabled;
static uint64_t nr_returns; /* of all CPUs */
static uint64_t nr_checks;
static uint64_t nr_tables; /* that were verified */

void check_enable(void)
{
	check_enabled = true;
}

static void count_table(vms_pfn table)
{
	(void)table;
	__atomic_fetch_add(&nr_tables, 1, __ATOMIC_RELAXED);
}

/* The cursor holds every table of the space, so each says that it is locked. */
static void tree_check(const struct vms_space *space)
{
	struct spec_tree tree = {.root = space->root, .user = true, .lock = 1, .on_table = count_table};
	struct spec_tree_fault fault;

	if (!spec_tree_wf(&tree, &fault))
		panic("check: %s: not so at 0x%lx, table %u of level %u, entry 0x%lx", fault.clause, fault.va,
		      fault.table, fault.level, fault.pte);
}

static void space_check(struct vms_space *space)
{
	struct vms_cursor cursor;
	struct vms_guard guard;

	vms_guard_enter(&guard);
	if (vms_space_current() != space)
		panic("check: the space of the thread that runs is not active");
	if (vms_cursor_open(&cursor, space, &guard, space->start, space->end, VMS_EDITING) == VMS_OK) {
		tree_check(space);
		vms_cursor_close(&cursor);
		__atomic_fetch_add(&nr_checks, 1, __ATOMIC_RELAXED);
	}
	vms_guard_leave(&guard);
}

void check_now_and_then(void)
{
	uint64_t due = __atomic_fetch_add(&nr_returns, 1, __ATOMIC_RELAXED) / RETURNS_A_TABLE;

	if (due >= __atomic_load_n(&nr_tables, __ATOMIC_RELAXED))
		space_check(mm_space(this_process()->mm));
}

void check_say(void)
{
	if (check_enabled)
		say("vmspace: the tables of spaces were checked %lu times\n", nr_checks);
}
