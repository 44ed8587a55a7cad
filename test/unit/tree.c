/*
 * The clauses of spec/tree.h: a healthy tree has no fault, and whatever is spoiled in one is named.
 */
#include "unit.h"

#include <pte.h>
#include <spec/tree.h>
#include <string.h>

#define VA (3 * G1 + 5 * M2)

/* One word of a tree, what to put there, and the clause that says no. */
struct harm {
	const char *clause;
	uint32_t *half; /* one of the two */
	uint64_t *entry;
	uint64_t value;
	uint32_t level; /* of the table that is blamed */
};

static const char *fault_of(const struct vms_space *space, uint32_t lock, struct spec_tree_fault *fault)
{
	struct spec_tree tree = {.root = space->root, .user = true, .lock = lock};
	bool wf;

	*fault = (struct spec_tree_fault){.clause = "none"};
	wf = spec_tree_wf(&tree, fault);

	assert_int_equal(wf, strcmp(fault->clause, "none") == 0);
	return fault->clause;
}

static void harm_is_named(const struct vms_space *space, const struct harm *harm)
{
	uint64_t old = harm->half ? *harm->half : *harm->entry;
	struct spec_tree_fault fault;

	if (harm->half)
		*harm->half = (uint32_t)harm->value;
	else
		*harm->entry = harm->value;
	assert_string_equal(fault_of(space, 0, &fault), harm->clause);
	assert_int_equal(fault.level, harm->level);
	if (harm->half)
		*harm->half = (uint32_t)old;
	else
		*harm->entry = old;
	assert_string_equal(fault_of(space, 0, &fault), "none");
}

static vms_pfn child(vms_pfn table, uint32_t index)
{
	return arch_pte_child(vms_machine.ram[table].entry[index]);
}

static void each_clause_says_no(void **state)
{
	struct vms_space *space;
	vms_pfn root, two, one, frame, large;
	uint64_t *page, *huge;

	(void)state;
	machine_start_large(1, 1, 0);
	space = space_new();
	frame = map_at(space, VA, 1, RW_);
	large = map_at(space, VA + M2, 2, RW_);
	mark_at(space, 0, G1, 7);
	root = space->root;
	two = child(child(root, 0), 3);
	one = child(two, 5);
	page = &vms_machine.ram[one].entry[0];
	huge = &vms_machine.ram[two].entry[6];
	{
		struct vms_frame *meta = vms_machine.meta;
		const struct harm harm[] = {
			{"table_is_table", &meta[one].kind, NULL, VMS_FRAME_UNTYPED, 1},
			{"table_is_table", &meta[two].refs, NULL, 2, 2},
			{"table_in_its_place", &meta[one].level, NULL, 2, 1},
			{"table_in_its_place", &meta[two].root, NULL, one, 2},
			{"table_in_its_place", &meta[one].prefix, NULL, 0, 1},
			{"table_is_locked_so", &meta[root].lock, NULL, 1, ARCH_LEVELS},
			{"table_is_locked_so", &meta[one].stray, NULL, 1, 1},
			{"entries_are_counted", &meta[one].nr_present, NULL, 2, 1},
			{"entries_are_counted", &meta[two].nr_present, NULL, 1, 2},
			{"entries_are_counted", NULL, page, 0, 1},
			{"entries_in_used_blocks", &meta[one].used, NULL, 0, 1},
			{"tables_take_no_rights", NULL, &vms_machine.ram[two].entry[5],
			 arch_pte_table(one, true) - ARCH_PTE_W, 2},
			{"tables_take_no_rights", NULL, &vms_machine.ram[two].entry[5], arch_pte_table(one, false), 2},
			{"leaf_is_the_users", NULL, page, arch_pte_leaf(frame, 1, RW_, false), 1},
			{"leaf_is_the_users", NULL, page,
			 arch_pte_leaf(frame, 1, (struct vms_prop){.flags = VMS_R | VMS_GLOBAL}, true), 1},
			{"leaf_maps_untyped", NULL, page, arch_pte_leaf(root, 1, RW_, true), 1},
			{"leaf_maps_untyped", &meta[large].level, NULL, 1, 2},
			{"leaf_is_aligned", NULL, huge, *huge + VMS_PAGE * 2, 2},
			{"leaf_is_counted", &meta[frame].refs, NULL, 0, 1},
		};

		for (size_t i = 0; i < sizeof(harm) / sizeof(harm[0]); i++)
			harm_is_named(space, &harm[i]);
	}
	CHECK(space);
	space_end(space);
	sim_stop();
}

static void an_empty_table_uses_no_block(void **state)
{
	struct spec_tree_fault fault;
	struct vms_space *space;
	vms_pfn one;

	(void)state;
	machine_start(1);
	space = space_new();
	(void)map_at(space, VA, 1, RW_);
	one = child(child(child(space->root, 0), 3), 5);
	unmap_at(space, VA, P);
	assert_string_equal(fault_of(space, 0, &fault), "none");
	vms_machine.meta[one].used = 1;
	assert_string_equal(fault_of(space, 0, &fault), "entries_in_used_blocks");
	assert_int_equal(fault.va, VA);
	vms_machine.meta[one].used = 0;
	space_end(space);
	sim_stop();
}

static void a_cursor_over_all_has_all_locks(void **state)
{
	struct spec_tree_fault fault;
	struct vms_cursor cursor;
	struct vms_space *space;

	(void)state;
	machine_start(1);
	space = space_new();
	map_pages(space, VA - P, 3, RW_);
	cursor_open(&cursor, space, 0, VMS_USER_END, VMS_EDITING);
	assert_string_equal(fault_of(space, 1, &fault), "none");
	assert_string_equal(fault_of(space, 0, &fault), "table_is_locked_so");
	cursor_close(&cursor);
	assert_string_equal(fault_of(space, 0, &fault), "none");
	assert_string_equal(fault_of(space, 1, &fault), "table_is_locked_so");
	space_end(space);
	sim_stop();
}

int group_tree(void)
{
	const struct CMUnitTest test[] = {
		cmocka_unit_test(each_clause_says_no),
		cmocka_unit_test(an_empty_table_uses_no_block),
		cmocka_unit_test(a_cursor_over_all_has_all_locks),
	};

	return cmocka_run_group_tests_name("tree", test, NULL, NULL);
}
