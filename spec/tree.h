/*
 * The tables of a space: what must hold of each while one party owns them all, or nobody is at work on them.
 *
 * It reads raw memory, asks the library nothing and needs no memory of its own, so that the simulated machine's
 * audit and a kernel that looks at itself (`check` on its command line) use the same clauses.
 */
#ifndef VMS_SPEC_TREE_H
#define VMS_SPEC_TREE_H

#include <vms/vms.h>

struct spec_tree {
	vms_pfn root;
	bool user;     /* a space's own half; else all of the kernel's space */
	uint32_t lock; /* what each table's lock must say: 1 under a cursor over all of the space, 0 under none */
	/* Called for each table, and for each leaf with the record that counts it; NULL: for none. */
	void (*on_table)(vms_pfn table);
	void (*on_leaf)(vms_pfn frame);
};

/* The first clause that does not hold, and where. */
struct spec_tree_fault {
	const char *clause;
	vms_va va;
	vms_pfn table;
	uint32_t level; /* of the table */
	uint64_t pte;   /* 0: it is the table itself */
};

/*
 * table_is_table            a frame of RAM, of that kind, with one reference
 * table_in_its_place        level, root and prefix are those of its place: so it is in no second place
 * table_is_locked_so        its lock is `lock`; it is not stray
 * entries_are_counted       its record says how many are not absent
 * entries_in_used_blocks    and in which 32nds; none, if there is none
 * tables_take_no_rights     an entry for a table leaves all rights to the leaves, but user mode's in the kernel's half
 * leaf_is_aligned           to its size, in user space if it is a user's
 * leaf_is_the_users         its user bit is right, and a user's is not global
 * leaf_maps_untyped         a user's leaf maps untyped frames, no larger than they are, or a device
 * leaf_is_counted           which have a reference at least
 */
bool spec_tree_wf(const struct spec_tree *tree, struct spec_tree_fault *fault);

#endif
