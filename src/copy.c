/*
 * Copying a range of one space into another: the entries themselves are copied, table by table.
 *
 * The first pass takes a reference for every leaf and counts the tables that the other space lacks; it can
 * fail and then takes everything back. The second pass stores entries and cannot fail. Both walk the two trees
 * side by side, down to the tables of pages; a tree's form bounds the recursion. Tables that unmapping left empty
 * are not copied; the second pass takes them out of their tree.
 */
#include <vms/frame.h>

#include "cursor.h"
#include "frame.h"
#include "lock.h"

/* A copy on its way. */
struct copy {
	struct vms_cursor *from;
	vms_va start; /* the range */
	vms_va stop;
	uint32_t cow;
	uint32_t nr_tables; /* that `to` lacks */
	uint64_t nr_shared; /* references taken so far */
	vms_pfn reserve;
};

/* A table of `from`, and the table of `to` over the same addresses: VMS_NO_FRAME if there is none yet. */
struct pair {
	vms_pfn from;
	vms_pfn to;
	uint32_t level;
	vms_va va; /* where they begin */
};
/*@ predicate pair_ok{L}(struct pair *p) = \valid_read(p) && is_table(p->from) && level_of(p->from) == p->level &&
  @   (p->to == VMS_NO_FRAME || (is_table(p->to) && level_of(p->to) == p->level)); */

/* Entries of a pair that meet the range: [first, end). */
/*@ requires \valid_read(copy) && \valid_read(pair) && 1 <= pair->level <= 4;
  @ assigns \nothing;
  @ ensures \result == (pair->va < copy->start ? index(copy->start, pair->level) : 0) && \result < VMS_ENTRIES; */
static uint32_t first_of(const struct copy *copy, const struct pair *pair)
{
	return pair->va < copy->start ? vms__index(copy->start, pair->level) : 0;
}

/*@ requires \valid_read(copy) && \valid_read(pair) && 1 <= pair->level <= 4 && copy->stop > 0;
  @ assigns \nothing;
  @ ensures \result == (slot_start(copy->stop - 1, pair->level + 1) != pair->va ? VMS_ENTRIES :
  @   index(copy->stop - 1, pair->level) + 1) && \result <= VMS_ENTRIES; */
static uint32_t end_of(const struct copy *copy, const struct pair *pair)
{
	if (vms__slot_start(copy->stop - 1, pair->level + 1) != pair->va)
		return VMS_ENTRIES;
	return vms__index(copy->stop - 1, pair->level) + 1;
}

/*@ requires mem_ok && pair_ok(pair) && i < VMS_ENTRIES;
  @ assigns \nothing;
  @ ensures \result == (pair->to == VMS_NO_FRAME ? 0 : ent(pair->to, i)); */
static uint64_t entry_to(const struct pair *pair, uint32_t i)
{
	return pair->to == VMS_NO_FRAME ? 0 : vms__entry(pair->to, i);
}

/* The pair below entry i, which is a table in `from`. */
/*@ requires mem_ok && tree_ok && pair_ok(pair) && pair->level >= 2 && i < VMS_ENTRIES && pte == ent(pair->from, i);
  @ requires pte_table(pte, pair->level);
  @ assigns \nothing;
  @ ensures \result.from == pte_child(pte) && \result.level == pair->level - 1;
  @ ensures is_table(\result.from) && level_of(\result.from) == \result.level;
  @ ensures \result.to == VMS_NO_FRAME || (is_table(\result.to) && level_of(\result.to) == \result.level); */
static struct pair pair_below(const struct pair *pair, uint32_t i, uint64_t pte)
{
	uint64_t other = entry_to(pair, i);
	struct pair below = {.from = arch_pte_child(pte), .to = VMS_NO_FRAME, .level = pair->level - 1};

	if (arch_pte_kind(other, pair->level) == ARCH_PTE_TABLE)
		below.to = arch_pte_child(other);
	below.va = pair->va + i * vms__slot_len(pair->level);
	return below;
}

/* Is this entry of `from` a table that was left empty? (What is below it may reach out of the range: not ours to read.) */
/*@ requires mem_ok && level >= 1 && (pte_table(pte, level) ==> is_table(pte_child(pte)));
  @ assigns \nothing;
  @ ensures \result <==> pte_table(pte, level) && vms_machine.meta[pte_child(pte)].nr_present == 0; */
static bool is_empty(uint64_t pte, uint32_t level)
{
	return arch_pte_is_table(pte, level) && vms_machine.meta[arch_pte_child(pte)].nr_present == 0;
}

/* Is there a reference to count for this entry? */
/*@ requires mem_ok && books_ok && level >= 1;
  @ assigns \nothing;
  @ ensures \result <==> pte != 0 && pte_leaf(pte, level) && counted(pte_frame(pte, level)); */
static inline bool leaf_counts(uint64_t pte, uint32_t level)
{
	return arch_pte_kind(pte, level) == ARCH_PTE_LEAF && vms__frame_is_counted(arch_pte_frame(pte, level));
}

/* May `pte` of `from` take the place of what `to` has? Not of a leaf; of a table only if it is a table itself. */
/*@ requires level >= 1;
  @ assigns \nothing;
  @ ensures \result <==> !(other != 0 && pte_leaf(other, level)) &&
  @   (pte_table(other, level) ==> pte_table(pte, level)); */
static bool fits(uint64_t pte, uint64_t other, uint32_t level)
{
	enum arch_pte_kind kind = arch_pte_kind(other, level);

	return kind != ARCH_PTE_LEAF && (kind != ARCH_PTE_TABLE || arch_pte_kind(pte, level) == ARCH_PTE_TABLE);
}

/* Take a reference for a leaf, if it counts. */
static inline enum vms_status leaf_share(struct copy *copy, uint64_t pte, uint32_t level)
{
	if (!leaf_counts(pte, level))
		return VMS_OK;
	if (vms__frame_add(vms__frame_head(arch_pte_frame(pte, level)), 1) != VMS_OK)
		return VMS_SATURATED;
	copy->nr_shared++;
	return VMS_OK;
}

/* The first pass, for two tables of pages. */
static enum vms_status pages_share(struct copy *copy, const struct pair *pair)
{
	const struct vms_table *from = &vms_machine.ram[pair->from];
	const struct vms_table *to = pair->to == VMS_NO_FRAME ? NULL : &vms_machine.ram[pair->to];
	uint32_t end = end_of(copy, pair), used = vms_machine.meta[pair->from].used;
	uint64_t pte;

	for (uint32_t i = first_of(copy, pair); (pte = vms__next_in(from, used, &i, end)) != 0; i++) {
		enum vms_status status = VMS_EXISTS;

		if (to == NULL || !arch_pte_is_leaf(vms__load64(&to->entry[i]), 1))
			status = leaf_share(copy, pte, 1);
		if (status != VMS_OK)
			return status;
	}
	return VMS_OK;
}

/* The first pass, for one pair and all below. */
static enum vms_status pair_share(struct copy *copy, const struct pair *pair)
{
	uint32_t left = vms_machine.meta[pair->from].nr_present, end = end_of(copy, pair);
	enum vms_status status = VMS_OK;
	uint64_t pte;

	if (pair->level == 1)
		return pages_share(copy, pair);
	for (uint32_t i = first_of(copy, pair);
	     status == VMS_OK && left > 0 && (pte = vms__next(pair->from, &i, end)) != 0; i++) {
		left--;
		if (is_empty(pte, pair->level))
			continue;
		if (!fits(pte, entry_to(pair, i), pair->level))
			return VMS_EXISTS;
		if (arch_pte_is_table(pte, pair->level)) {
			struct pair below = pair_below(pair, i, pte);

			copy->nr_tables += below.to == VMS_NO_FRAME;
			status = pair_share(copy, &below);
		} else {
			status = leaf_share(copy, pte, pair->level);
		}
	}
	return status;
}

/* Take back what pair_share() took, in the same order, until nothing of it is left. */
static void pair_unshare(struct copy *copy, const struct pair *pair)
{
	uint32_t end = end_of(copy, pair);

	uint64_t pte;

	for (uint32_t i = first_of(copy, pair); copy->nr_shared > 0 && (pte = vms__next(pair->from, &i, end)) != 0;
	     i++) {
		if (arch_pte_kind(pte, pair->level) == ARCH_PTE_TABLE) {
			struct pair below = pair_below(pair, i, pte);

			pair_unshare(copy, &below);
		} else if (leaf_counts(pte, pair->level)) {
			vms__frame_drop(arch_pte_frame(pte, pair->level));
			copy->nr_shared--;
		}
	}
}

/* What both sides have from now on of a leaf that may be written: if it counts, without that right. */
static uint64_t leaf_unwrite(const struct copy *copy, const struct pair *pair, uint32_t i, uint64_t pte)
{
	uint64_t shared = arch_pte_unwrite(pte, copy->cow);

	if (!leaf_counts(pte, pair->level))
		return pte;
	while (!vms__entry_swap(pair->from, i, pte, shared)) {
		pte = vms__entry(pair->from, i);
		shared = arch_pte_unwrite(pte, copy->cow);
	}
	if (!copy->from->flusher.all)
		vms_tlb_issue(&copy->from->flusher, pair->va + i * vms__slot_len(pair->level),
			      vms__slot_len(pair->level));
	return shared;
}

/* The second pass, for two tables of pages. */
static void pages_copy(struct copy *copy, const struct pair *pair)
{
	const struct vms_table *from = &vms_machine.ram[pair->from];
	struct vms_table *to = &vms_machine.ram[pair->to];
	uint32_t end = end_of(copy, pair), used = vms_machine.meta[pair->from].used, nr_new = 0;
	bool cow = copy->cow != 0;
	uint64_t pte;

	/* Blocks that are used in one may be in the other, from now on. */
	vms_machine.meta[pair->to].used |= used;
	for (uint32_t i = first_of(copy, pair); (pte = vms__next_in(from, used, &i, end)) != 0; i++) {
		if (cow && arch_pte_may_write(pte))
			pte = leaf_unwrite(copy, pair, i, pte);
		nr_new += vms__load64(&to->entry[i]) == 0;
		vms__store64(&to->entry[i], pte);
	}
	vms__count(pair->to, nr_new);
}

/* The next copy need not pass by the empty table at entry i again, nor by what is under it. */
static void empty_drop(struct copy *copy, const struct pair *pair, uint32_t i)
{
	vms_va va = pair->va + i * vms__slot_len(pair->level);

	if (va < copy->start || vms__slot_len(pair->level) > copy->stop - va)
		return;
	(void)vms__detach(copy->from, pair->from, i);
	vms_tlb_issue(&copy->from->flusher, va, vms__slot_len(pair->level));
}

/* The second pass, for one pair and all below. */
static void pair_copy(struct copy *copy, const struct pair *pair)
{
	uint32_t left = vms_machine.meta[pair->from].nr_present, end = end_of(copy, pair);
	uint64_t pte;

	if (pair->level == 1) {
		pages_copy(copy, pair);
		return;
	}
	for (uint32_t i = first_of(copy, pair); left > 0 && (pte = vms__next(pair->from, &i, end)) != 0; i++) {
		left--;
		if (is_empty(pte, pair->level)) {
			empty_drop(copy, pair, i);
		} else if (arch_pte_is_table(pte, pair->level)) {
			struct pair below = pair_below(pair, i, pte);

			if (below.to == VMS_NO_FRAME) {
				below.to = vms__tables_pop(&copy->reserve);
				(void)vms__node_link(pair->to, i, vms__entry(pair->to, i), below.to, true);
			}
			pair_copy(copy, &below);
		} else {
			if (copy->cow != 0 && arch_pte_may_write(pte))
				pte = leaf_unwrite(copy, pair, i, pte);
			vms__entry_put(pair->to, i, vms__entry(pair->to, i), pte);
		}
	}
}

/* Where the two trees are walked side by side from: the lower of the covering tables. False: `from` has a slot there. */
static bool pair_at(struct vms_cursor *from, struct vms_cursor *to, struct pair *pair)
{
	uint32_t level = from->top_level < to->top_level ? from->top_level : to->top_level;
	uint64_t pte;

	vms__rewind(from);
	while (from->level > level) {
		pte = vms__here(from);
		if (arch_pte_kind(pte, from->level) != ARCH_PTE_TABLE)
			return false;
		from->node = arch_pte_child(pte);
		from->level--;
	}
	vms__rewind(to);
	for (pte = vms__here(to); to->level > level && arch_pte_kind(pte, to->level) == ARCH_PTE_TABLE;
	     pte = vms__here(to)) {
		to->node = arch_pte_child(pte);
		to->level--;
	}
	pair->from = from->node;
	pair->to = to->level == level ? to->node : (vms_pfn)VMS_NO_FRAME;
	pair->level = level;
	pair->va = vms__slot_start(from->at, level + 1);
	return true;
}

/*@ requires \valid_read(from) && \valid_read(to) && from->at <= from->end && to->at <= to->end;
  @ assigns \nothing;
  @ ensures \result == VMS_OK || \result == VMS_READ_ONLY || \result == VMS_INVALID || \result == VMS_OUT_OF_RANGE;
  @ ensures \result == VMS_READ_ONLY <==> from->mode != VMS_EDITING || to->mode != VMS_EDITING;
  @ ensures \result == VMS_OK ==> from->space != to->space && from->at == to->at && len > 0 && len % VMS_PAGE == 0 &&
  @   from->at + len <= from->end && to->at + len <= to->end; */
static enum vms_status check(const struct vms_cursor *from, const struct vms_cursor *to, uint64_t len, uint32_t cow)
{
	if (from->mode != VMS_EDITING || to->mode != VMS_EDITING)
		return VMS_READ_ONLY;
	if (from->space == to->space || !vms__is_user(from) || !vms__is_user(to) || from->at != to->at ||
	    (cow != 0 && cow != VMS_SOFT0 && cow != VMS_SOFT1))
		return VMS_INVALID;
	return vms__len_fits(from, len) && vms__len_fits(to, len) ? VMS_OK : VMS_OUT_OF_RANGE;
}

/* Both passes. */
static enum vms_status range_copy(struct copy *copy, struct vms_cursor *to, struct pair *pair)
{
	enum vms_status status = VMS_OK;

	if (pair->to == VMS_NO_FRAME) {
		if (arch_pte_kind(vms__here(to), to->level) == ARCH_PTE_LEAF)
			return VMS_EXISTS;
		copy->nr_tables = to->level - pair->level;
	}
	status = pair_share(copy, pair);
	if (status == VMS_OK && !vms__tables_reserve(&copy->reserve, copy->nr_tables))
		status = VMS_NO_MEMORY;
	if (status != VMS_OK) {
		pair_unshare(copy, pair);
		return status;
	}
	vms__descend_to(to, pair->level, &copy->reserve);
	pair->to = to->node;
	pair_copy(copy, pair);
	return VMS_OK;
}

enum vms_status vms_cursor_copy(struct vms_cursor *from, struct vms_cursor *to, uint64_t len, uint32_t cow)
{
	struct copy copy = {.from = from, .start = from->at, .stop = from->at + len, .cow = cow};
	enum vms_status status = check(from, to, len, cow);
	struct pair pair;

	if (status == VMS_OK)
		status = vms__cut_ends(from, len, false);
	if (status != VMS_OK)
		return status;
	if (pair_at(from, to, &pair))
		status = range_copy(&copy, to, &pair);
	else
		status = vms__here(from) == 0 ? VMS_OK : VMS_EXISTS;
	vms__rewind(from);
	vms__rewind(to);
	if (status == VMS_OK)
		from->at = to->at = copy.stop;
	return status;
}
