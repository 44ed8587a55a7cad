/*
 * Tables: reserve, hang into a tree, free. See node.h for what holds of a tree at all times.
 */
#include "node.h"

#include <vms/port.h>

#include "frame.h"

bool vms__tables_reserve(vms_pfn *first, uint32_t nr)
{
	*first = VMS_NO_FRAME;
	while (nr > 0) {
		vms_pfn table = vms_port_frame_alloc();

		if (table == VMS_NO_FRAME) {
			vms__tables_unreserve(first);
			return false;
		}
		vms__store32(&vms_machine.meta[table].kind, VMS_FRAME_TABLE);
		vms__store32(&vms_machine.meta[table].refs, 1);
		vms_machine.ram[table] = (struct vms_table){{0}};
		vms__tables_push(first, table);
		nr--;
	}
	return true;
}

/*@ requires mem_ok && table < vms_machine.nr_frames;
  @ assigns vms_machine.meta[table].refs, vms_machine.meta[table].kind;
  @ ensures gone{Pre,Post}(table); */
static void table_give_back(vms_pfn table)
{
	vms__store32(&vms_machine.meta[table].refs, 0);
	vms__store32(&vms_machine.meta[table].kind, VMS_FRAME_UNUSED);
	vms_port_frame_free(table, 1);
}

void vms__tables_unreserve(vms_pfn *first)
{
	while (*first != VMS_NO_FRAME)
		table_give_back(vms__tables_pop(first));
}

void vms__table_init(vms_pfn table, uint32_t level, vms_pfn root, uint32_t prefix)
{
	struct vms_frame *meta = &vms_machine.meta[table];

	vms__store32(&meta->level, level);
	meta->root = root;
	meta->prefix = prefix;
	meta->nr_present = 0;
	meta->used = 0;
	vms__store32(&meta->stray, 0);
	vms__store32(&meta->lock, 1);
}

/* Entry k of the 512 that take the place of a leaf or mark of this level. */
/*@ requires 2 <= level <= ARCH_LEVELS && k < VMS_ENTRIES && pte != 0 && !pte_table(pte, level);
  @ requires pte_leaf(pte, level) ==>
  @   level <= ARCH_LEAF_LEVELS && pte_frame(pte, level) + pages_in(level) <= 0x100000000;
  @ assigns \nothing;
  @ ensures \result != 0 && !pte_table(\result, level - 1) && is_part(\result, pte, level, k); */
static uint64_t entry_part(uint64_t pte, uint32_t level, uint32_t k, bool user)
{
	if (!arch_pte_is_leaf(pte, level))
		return pte;
	return arch_pte_leaf(arch_pte_frame(pte, level) + k * vms__frames_in(level - 1), level - 1,
			     arch_pte_prop(pte, level), user);
}

/* Fill a table that is to take the place of `pte`, of this level, with its parts. */
/*@ requires mem_ok && table < vms_machine.nr_frames && 2 <= level <= ARCH_LEVELS && pte != 0 && !pte_table(pte, level);
  @ requires pte_leaf(pte, level) ==>
  @   level <= ARCH_LEAF_LEVELS && pte_frame(pte, level) + pages_in(level) <= 0x100000000;
  @ assigns vms_machine.ram[table], vms_machine.meta[table].nr_present, vms_machine.meta[table].used;
  @ ensures \forall integer j; 0 <= j < 512 ==> ent(table, j) != 0 && !pte_table(ent(table, j), level - 1);
  @ ensures parts(table, pte, level);
  @ ensures vms_machine.meta[table].nr_present == 512;
  @ ensures made{Pre,Post}(table); */
static inline void parts_fill(vms_pfn table, uint64_t pte, uint32_t level, bool user)
{
	/*@ loop invariant 0 <= k <= 512;
	  @ loop invariant \forall integer j; 0 <= j < k ==> ent(table, j) != 0 &&
	  @   !pte_table(ent(table, j), level - 1) && is_part(ent(table, j), pte, level, j);
	  @ loop assigns k, vms_machine.ram[table];
	  @ loop variant 512 - k; */
	for (uint32_t k = 0; k < VMS_ENTRIES; k++)
		vms_machine.ram[table].entry[k] = entry_part(pte, level, k, user);
	vms_machine.meta[table].nr_present = VMS_ENTRIES;
	vms_machine.meta[table].used = ~0u;
}

/* Let a filled table take the place of `old` in entry i of n. False if that is no longer what the entry holds. */
/*@ requires mem_ok && tree_ok && is_table(n) && level_of(n) >= 2 && i < VMS_ENTRIES && ent(n, i) == old;
  @ requires !pte_table(old, level_of(n)) && table != n && child_ok(n, i, table) && unlinked(table);
  @ requires is_lowest(table) && parts(table, old, level_of(n));
  @ assigns vms_machine.ram[n].entry[i], vms_machine.meta[n].nr_present, vms_machine.meta[n].used;
  @ ensures \result;
  @ ensures stored{Pre,Post}(n, i);
  @ ensures hung{Pre,Post}(n, i, table);
  @ ensures tree_ok;
  @ ensures child_ok(n, i, table);
  @ ensures pte_table(ent(n, i), level_of(n)) && pte_child(ent(n, i)) == table;
  @ ensures \forall integer r, v; is_root{Pre}(r) && is_page(v) ==> view(r, v) == view{Pre}(r, v); */
static inline bool table_hang(vms_pfn n, uint32_t i, uint64_t old, vms_pfn table, bool user)
{
	if (old != 0)
		return vms__entry_swap(n, i, old, arch_pte_table(table, user));
	vms__entry_put(n, i, 0, arch_pte_table(table, user));
	return true;
}

bool vms__node_link(vms_pfn n, uint32_t i, uint64_t old, vms_pfn table, bool user)
{
	uint32_t level = vms_machine.meta[n].level;

	vms__table_init(table, level - 1, vms_machine.meta[n].root, vms_machine.meta[n].prefix * VMS_ENTRIES + i);
	if (old != 0)
		parts_fill(table, old, level, user);
	//@ assert made{Pre, Here}(table);
	//@ assert is_lowest(table);
	//@ assert tree_ok;
	//@ assert unlinked(table);
	//@ assert is_table(table);
	//@ assert child_ok(n, i, table);
	//@ assert parts(table, old, level);
	return table_hang(n, i, old, table, user);
}

/* Drop the frames that a table's leaves map. The level is a constant, usually. */
static VMS_INLINE void leaves_drop(vms_pfn table, uint32_t level)
{
	const struct vms_table *entries = &vms_machine.ram[table];
	uint32_t used = vms_machine.meta[table].used;
	uint64_t pte;

	for (uint32_t i = 0; (pte = vms__next_in(entries, used, &i, VMS_ENTRIES)) != 0; i++) {
		if (arch_pte_is_leaf(pte, level))
			vms__frame_drop(arch_pte_frame(pte, level));
	}
}

void vms__table_free(vms_pfn table)
{
	uint32_t level = vms_machine.meta[table].level;

	if (vms_machine.meta[table].root != vms_machine.kernel.root) {
		if (level == 1)
			leaves_drop(table, 1);
		else if (level < ARCH_LEVELS)
			leaves_drop(table, level);
	}
	table_give_back(table);
}

void vms__tree_free(vms_pfn table)
{
	uint32_t level = vms_machine.meta[table].level;
	uint32_t end = level == ARCH_LEVELS ? ARCH_ROOT_KERNEL : VMS_ENTRIES;
	uint32_t left = level > 1 ? vms_machine.meta[table].nr_present : 0;
	uint64_t pte;

	for (uint32_t i = 0; left > 0 && (pte = vms__next(table, &i, end)) != 0; i++) {
		left--;
		if (arch_pte_is_table(pte, level))
			vms__tree_free(arch_pte_child(pte));
	}
	vms__table_free(table);
}
