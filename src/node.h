/*
 * Tables: their geometry, their entries, their making and their end.
 *
 * Each table's record names the level, the root and the prefix (page number / 512^level) of the range it
 * covers. So the tree's form is a fact about one entry and the two tables it joins: for the child c at
 * entry i of n
 *
 *     level(c) == level(n) - 1,  root(c) == root(n),  prefix(c) == prefix(n) * 512 + i
 *
 * and nr_present(n) is the number of entries of n that are not absent. (In the root of a user space: among
 * the entries that are the user's.) Whoever looks for these need not look at each entry: `used` has a bit for
 * each *block* of entries, a 32nd of the table, and where the bit is clear all entries of the block are absent.
 * A set bit says nothing; all are clear in a new table, and again when the last entry goes.
 */
#ifndef VMS_SRC_NODE_H
#define VMS_SRC_NODE_H

#include <vms/machine.h>
#include <pte.h>

#include "atomic.h"

/* Bytes covered by one entry of a table of this level are 2^this. */
/*@ requires 1 <= level <= 5; assigns \nothing; ensures \result == 12 + 9 * (level - 1); */
static inline uint32_t vms__shift(uint32_t level)
{
	return 12 + VMS_INDEX_BITS * (level - 1);
}

/* Bytes covered by one entry. A power of two, which compilers see: dividing by it is a shift. */
/*@ requires 1 <= level <= 5;
  @ assigns \nothing;
  @ ensures level == 1 ==> \result == slot_len(1);
  @ ensures level == 2 ==> \result == slot_len(2);
  @ ensures level == 3 ==> \result == slot_len(3);
  @ ensures level == 4 ==> \result == slot_len(4);
  @ ensures level == 5 ==> \result == slot_len(5); */
static inline uint64_t vms__slot_len(uint32_t level)
{
	return 1ul << vms__shift(level);
}

/* Which entry of a table of this level covers va. */
/*@ requires 1 <= level <= 4;
  @ assigns \nothing;
  @ ensures \result == index(va, level) && \result < VMS_ENTRIES; */
static inline uint32_t vms__index(vms_va va, uint32_t level)
{
	return (uint32_t)(va / vms__slot_len(level) % VMS_ENTRIES);
}

/* Where the slot that covers va begins. */
/*@ requires 1 <= level <= 5;
  @ assigns \nothing;
  @ ensures \result == slot_start(va, level) && \result <= va < \result + slot_len(level); */
static inline vms_va vms__slot_start(vms_va va, uint32_t level)
{
	return va / vms__slot_len(level) * vms__slot_len(level);
}

/* Does a slot of this level begin at va? */
/*@ requires 1 <= level <= 5;
  @ assigns \nothing;
  @ ensures \result <==> slot_start(va, level) == va; */
static inline bool vms__slot_aligned(vms_va va, uint32_t level)
{
	return vms__slot_start(va, level) == va;
}

/* Bytes from va to the end of its slot, or to `left` if that is nearer. Never overflows. */
/*@ requires 1 <= level <= 5;
  @ assigns \nothing;
  @ ensures \result == \min(left, slot_start(va, level) + slot_len(level) - va); */
static inline uint64_t vms__slot_rest(vms_va va, uint32_t level, uint64_t left)
{
	uint64_t rest = vms__slot_len(level) - (va - vms__slot_start(va, level));

	return rest < left ? rest : left;
}

/*@ requires mem_ok && node < vms_machine.nr_frames && i < 512;
  @ assigns \nothing;
  @ ensures \result == ent(node, i); */
static inline uint64_t vms__entry(vms_pfn node, uint32_t i)
{
	return vms__load64(&vms_machine.ram[node].entry[i]);
}

/* Entries of a block. (A small table of the explorer's has a bit for each entry.) */
#define VMS__BLOCK (VMS_ENTRIES < 32 ? 1u : (uint32_t)VMS_ENTRIES / 32)

/* Entry i of a table that uses these blocks is absent: the next one that may not be, or the end of the table. */
/*@ requires i < VMS_ENTRIES;
  @ assigns \nothing;
  @ ensures i < \result < 1024;
  @ ensures \result == i + 1 || !block_used(used, i / 16);
  @ ensures \forall integer b; i / 16 < b < 32 && b * 16 < \result ==> !block_used(used, b); */
static inline uint32_t vms__skip(uint32_t used, uint32_t i)
{
	uint32_t block = i / VMS__BLOCK, rest = used >> block;

	//@ assert \forall integer b; block <= b < 32 ==> (block_used(rest, b - block) <==> block_used(used, b));
	if (rest % 2 != 0)
		return i + 1;
	//@ assert !block_used(rest, 0);
	return rest == 0 ? (uint32_t)VMS_ENTRIES : (block + vms__lowest_bit(rest)) * VMS__BLOCK;
}

/*
 * Go from entry *i of a table that uses these blocks to the first that is not absent, and give it; or to `end` or
 * beyond, and give 0.
 */
/*@ requires \valid_read(table) && \valid(i) && \separated(table, i) && end <= VMS_ENTRIES;
  @ assigns *i;
  @ ensures \old(*i) <= *i;
  @ ensures \result != 0 ==> *i < end && \result == table->entry[*i];
  @ ensures \result == 0 ==> *i >= end;
  @ ensures \forall integer j; \old(*i) <= j < *i && j < end ==> table->entry[j] == 0 || !block_used(used, j / 16); */
static inline uint64_t vms__next_in(const struct vms_table *table, uint32_t used, uint32_t *i, uint32_t end)
{
	/*@ loop invariant \at(*i, Pre) <= *i;
	  @ loop invariant \forall integer j; \at(*i, Pre) <= j < *i && j < end ==>
	  @   table->entry[j] == 0 || !block_used(used, j / 16);
	  @ loop assigns *i;
	  @ loop variant end - *i; */
	while (*i < end) {
		uint64_t pte = vms__load64(&table->entry[*i]);

		if (pte != 0)
			return pte;
		*i = vms__skip(used, *i);
	}
	return 0;
}

/* The same in table n. */
/*@ requires mem_ok && n < vms_machine.nr_frames && \valid(i) && apart(i) && end <= VMS_ENTRIES;
  @ assigns *i;
  @ ensures \old(*i) <= *i;
  @ ensures \result != 0 ==> *i < end && \result == ent(n, *i);
  @ ensures \result == 0 ==> *i >= end;
  @ ensures blocks_ok(n) ==> \forall integer j; \old(*i) <= j < *i && j < end ==> ent(n, j) == 0; */
static inline uint64_t vms__next(vms_pfn n, uint32_t *i, uint32_t end)
{
	return vms__next_in(&vms_machine.ram[n], vms_machine.meta[n].used, i, end);
}

/* Store an entry that takes the place of one of the same kind: what is counted stays. */
/*@ requires mem_ok && node < vms_machine.nr_frames && i < 512;
  @ assigns vms_machine.ram[node].entry[i];
  @ ensures ent(node, i) == pte;
  @ ensures stored{Pre,Post}(node, i); */
static inline void vms__entry_set(vms_pfn node, uint32_t i, uint64_t pte)
{
	vms__store64(&vms_machine.ram[node].entry[i], pte);
}

/* So many more entries of n than before are not absent, modulo 2^32. */
/*@ requires mem_ok && n < vms_machine.nr_frames;
  @ assigns vms_machine.meta[n].nr_present, vms_machine.meta[n].used;
  @ ensures vms_machine.meta[n].nr_present == (uint32_t)(\old(vms_machine.meta[n].nr_present) + more);
  @ ensures vms_machine.meta[n].used ==
  @   (vms_machine.meta[n].nr_present == 0 ? 0 : \old(vms_machine.meta[n].used)); */
static inline void vms__count(vms_pfn n, uint32_t more)
{
	vms_machine.meta[n].nr_present += more;
	if (vms_machine.meta[n].nr_present == 0)
		vms_machine.meta[n].used = 0;
}

/* Something is, or is about to be, in entry i of n. */
/*@ requires mem_ok && n < vms_machine.nr_frames && i < VMS_ENTRIES;
  @ assigns vms_machine.meta[n].used;
  @ ensures \forall integer b; 0 <= b < 32 ==>
  @   (block_used(vms_machine.meta[n].used, b) <==> b == i / 16 || block_used(\old(vms_machine.meta[n].used), b)); */
static inline void vms__block_use(vms_pfn n, uint32_t i)
{
	vms_machine.meta[n].used |= 1u << i / VMS__BLOCK;
}

/* The same for entries `first` to `last`. */
/*@ requires mem_ok && n < vms_machine.nr_frames && first <= last < VMS_ENTRIES;
  @ assigns vms_machine.meta[n].used;
  @ ensures \forall integer b; 0 <= b < 32 ==> (block_used(vms_machine.meta[n].used, b) <==>
  @   first / 16 <= b <= last / 16 || block_used(\old(vms_machine.meta[n].used), b)); */
static inline void vms__blocks_use(vms_pfn n, uint32_t first, uint32_t last)
{
	/*@ loop invariant first / 16 <= i <= last / 16 + 1;
	  @ loop invariant \forall integer b; 0 <= b < 32 ==> (block_used(vms_machine.meta[n].used, b) <==>
	  @   first / 16 <= b < i || block_used(\at(vms_machine.meta[n].used, Pre), b));
	  @ loop assigns i, vms_machine.meta[n].used;
	  @ loop variant last / 16 + 1 - i; */
	for (uint32_t i = first / VMS__BLOCK; i <= last / VMS__BLOCK; i++)
		vms__block_use(n, i * VMS__BLOCK);
}

/* Put `pte` in the place of `old` in entry i of n, which is locked: stored and counted. Either may be 0, absent. */
/*@ requires mem_ok && n < vms_machine.nr_frames && i < VMS_ENTRIES;
  @ assigns vms_machine.ram[n].entry[i], vms_machine.meta[n].nr_present, vms_machine.meta[n].used;
  @ ensures ent(n, i) == pte;
  @ ensures stored{Pre,Post}(n, i);
  @ ensures vms_machine.meta[n].nr_present == (uint32_t)(\old(vms_machine.meta[n].nr_present) +
  @   (old == 0 && pte != 0 ? 1 : old != 0 && pte == 0 ? 0xffffffff : 0));
  @ ensures \old(blocks_ok(n) && ent(n, i) == old) && (pte != 0 || vms_machine.meta[n].nr_present != 0) ==>
  @   blocks_ok(n); */
static inline void vms__entry_put(vms_pfn n, uint32_t i, uint64_t old, uint64_t pte)
{
	if (old == 0 && pte != 0) {
		vms_machine.meta[n].nr_present++;
		vms__block_use(n, i);
	} else if (old != 0 && pte == 0) {
		vms__count(n, ~0u);
	}
	vms__entry_set(n, i, pte);
	//@ assert same_tables{Pre, Here};
	//@ assert no_new_tables{Pre, Here};
}

/* Change an entry that hardware may be changing: accessed, dirty. False if it is not `old` any more. */
/*@ requires mem_ok && node < vms_machine.nr_frames && i < 512;
  @ requires ent(node, i) == old;
  @ assigns vms_machine.ram[node].entry[i];
  @ ensures \result && ent(node, i) == pte;
  @ ensures stored{Pre,Post}(node, i); */
static inline bool vms__entry_swap(vms_pfn node, uint32_t i, uint64_t old, uint64_t pte)
{
	if (!arch_pte_settled(old))
		return vms__compare_exchange64(&vms_machine.ram[node].entry[i], old, pte);
	vms__entry_set(node, i, pte);
	return true;
}

/* A list of tables that are in no tree is the number of the first; VMS_NO_FRAME ends it. */
/*@ requires mem_ok && table < vms_machine.nr_frames && \valid(first) && apart(first);
  @ assigns *first, vms_machine.meta[table].next;
  @ ensures *first == table && vms_machine.meta[table].next == \old(*first); */
static inline void vms__tables_push(vms_pfn *first, vms_pfn table)
{
	vms_machine.meta[table].next = *first;
	*first = table;
}

/*@ requires mem_ok && *first < vms_machine.nr_frames && \valid(first) && apart(first);
  @ assigns *first;
  @ ensures \result == \old(*first) && *first == \old(vms_machine.meta[*first].next); */
static inline vms_pfn vms__tables_pop(vms_pfn *first)
{
	vms_pfn table = *first;

	*first = vms_machine.meta[table].next;
	return table;
}

/*
 * Take nr frames for tables, zeroed, onto the list `first`: all or none (false).
 * What was taken and not used goes back with vms__tables_unreserve().
 */
/*@ requires mem_ok && tree_ok && no_leaf_on_top && \valid(first) && apart(first);
  @ assigns *first, vms_machine.meta[0 .. vms_machine.nr_frames - 1], vms_machine.ram[0 .. vms_machine.nr_frames - 1];
  @ ensures mem_ok && tree_ok && no_leaf_on_top;
  @ ensures !\result ==> *first == VMS_NO_FRAME;
  @ ensures \result && nr > 0 ==> loose(*first);
  @ ensures \result && nr == 0 ==> *first == VMS_NO_FRAME; */
bool vms__tables_reserve(vms_pfn *first, uint32_t nr);
void vms__tables_unreserve(vms_pfn *first);

/* Give a reserved frame its place in a tree, locked by the caller; the entries are still to be filled. */
/*@ requires mem_ok && table < vms_machine.nr_frames;
  @ assigns vms_machine.meta[table].level, vms_machine.meta[table].root, vms_machine.meta[table].prefix,
  @   vms_machine.meta[table].nr_present, vms_machine.meta[table].used, vms_machine.meta[table].stray,
  @   vms_machine.meta[table].lock;
  @ ensures vms_machine.meta[table].level == level && vms_machine.meta[table].root == root;
  @ ensures vms_machine.meta[table].prefix == prefix && vms_machine.meta[table].lock == 1;
  @ ensures vms_machine.meta[table].nr_present == 0 && vms_machine.meta[table].used == 0;
  @ ensures vms_machine.meta[table].stray == 0;
  @ ensures made{Pre,Post}(table); */
void vms__table_init(vms_pfn table, uint32_t level, vms_pfn root, uint32_t prefix);

/*
 * Free a table, and drop the frames that its leaves map (the kernel's are not counted); its child tables are
 * the caller's affair.
 */
void vms__table_free(vms_pfn table);

/* Free a table and all below it. No CPU and no cursor can reach it. */
void vms__tree_free(vms_pfn table);

/*
 * Hang a new table under entry i of n, which is locked and holds no table: absent, or a leaf or mark
 * `old` that is then cut into 512 equal parts. No translation changes. The new table comes locked.
 * Returns  false if `old` is no longer what the entry holds; then nothing was changed.
 */
/*@ requires mem_ok && tree_ok && is_table(n) && level_of(n) >= 2 && i < VMS_ENTRIES && ent(n, i) == old;
  @ requires !pte_table(old, level_of(n)) && loose(table) && table != n;
  @ requires level_of(n) == ARCH_LEVELS && i >= ARCH_ROOT_KERNEL ==>
  @   vms_machine.meta[n].root == vms_machine.kernel.root;
  @ requires pte_leaf(old, level_of(n)) ==> level_of(n) <= ARCH_LEAF_LEVELS &&
  @   pte_frame(old, level_of(n)) + pages_in(level_of(n)) <= 0x100000000;
  @ assigns vms_machine.meta[table], vms_machine.ram[table], vms_machine.ram[n].entry[i],
  @   vms_machine.meta[n].nr_present, vms_machine.meta[n].used;
  @ ensures \result;
  @ ensures tree_ok;
  @ ensures pte_table(ent(n, i), level_of(n)) && pte_child(ent(n, i)) == table && child_ok(n, i, table);
  @ ensures vms_machine.meta[table].lock == 1;
  @ ensures \forall integer m, j; is_table(m) && m != table && 0 <= j < 512 && !(m == n && j == i) ==>
  @   ent{Pre}(m, j) == ent(m, j);
  @ ensures \forall integer m; is_table{Pre}(m) && m != table ==> is_table(m) && same_place_of{Pre,Post}(m);
  @ ensures \forall integer r, v; is_root{Pre}(r) && r != table && is_page(v) ==> view(r, v) == view{Pre}(r, v); */
bool vms__node_link(vms_pfn n, uint32_t i, uint64_t old, vms_pfn table, bool user);

#endif
