/*
 * The clauses on tables, executable.
 */
#include <spec/tree.h>

#include <pte.h>

/* Entries for which a table's record has one bit. */
#define BLOCK (VMS_ENTRIES / 32)

/* Where the walk is. */
struct place {
	const struct spec_tree *tree;
	struct spec_tree_fault *fault;
	uint32_t level;  /* of the table */
	uint64_t prefix; /* the table covers the pages [prefix, prefix + 1) * 512^level */
	vms_pfn table;
};

static uint64_t pages_in(uint32_t level)
{
	return level <= 1 ? 1 : pages_in(level - 1) * VMS_ENTRIES;
}

static bool broken(const struct place *place, const char *clause, uint32_t index, uint64_t pte)
{
	*place->fault = (struct spec_tree_fault){
		.clause = clause,
		.va = (place->prefix * VMS_ENTRIES + index) * pages_in(place->level) * VMS_PAGE,
		.table = place->table,
		.level = place->level,
		.pte = pte,
	};
	return false;
}

/* The record that counts a frame: of a huge one, its first. */
static vms_pfn head_of(vms_pfn frame)
{
	const struct vms_frame *meta = &vms_machine.meta[frame];

	return meta->kind == VMS_FRAME_TAIL ? (vms_pfn)(frame - frame % pages_in(meta->level)) : frame;
}

static bool leaf_wf(const struct place *place, uint32_t index, uint64_t pte)
{
	struct vms_prop prop = arch_pte_prop(pte, place->level);
	vms_pfn frame = arch_pte_frame(pte, place->level);
	uint64_t page = (place->prefix * VMS_ENTRIES + index) * pages_in(place->level);
	const struct vms_frame *meta;

	if (frame % pages_in(place->level) != 0)
		return broken(place, "leaf_is_aligned", index, pte);
	if (arch_pte_has(pte, ARCH_PTE_U) != place->tree->user)
		return broken(place, "leaf_is_the_users", index, pte);
	if (!place->tree->user)
		return true;
	if (vms_has(prop.flags, VMS_GLOBAL))
		return broken(place, "leaf_is_the_users", index, pte);
	if ((page + pages_in(place->level)) * VMS_PAGE > VMS_USER_END)
		return broken(place, "leaf_is_aligned", index, pte);
	if (frame >= vms_machine.nr_frames || vms_machine.meta[frame].kind == VMS_FRAME_RESERVED)
		return true;
	frame = head_of(frame);
	meta = &vms_machine.meta[frame];
	if (meta->kind != VMS_FRAME_UNTYPED || meta->level < place->level)
		return broken(place, "leaf_maps_untyped", index, pte);
	if (__atomic_load_n(&meta->refs, __ATOMIC_RELAXED) == 0)
		return broken(place, "leaf_is_counted", index, pte);
	if (place->tree->on_leaf != NULL)
		place->tree->on_leaf(frame);
	return true;
}

static bool table_wf(const struct place *place);

static bool entry_wf(const struct place *place, uint32_t index, uint64_t pte)
{
	struct place below = *place;

	if ((vms_machine.meta[place->table].used >> (index / BLOCK)) % 2 == 0)
		return broken(place, "entries_in_used_blocks", index, pte);
	switch (arch_pte_kind(pte, place->level)) {
	case ARCH_PTE_TABLE:
		if (!arch_pte_has(pte, ARCH_PTE_W) || arch_pte_has(pte, ARCH_PTE_NX) ||
		    arch_pte_has(pte, ARCH_PTE_U) != place->tree->user)
			return broken(place, "tables_take_no_rights", index, pte);
		below.table = arch_pte_child(pte);
		below.prefix = place->prefix * VMS_ENTRIES + index;
		below.level = place->level - 1;
		return table_wf(&below);
	case ARCH_PTE_LEAF:
		return leaf_wf(place, index, pte);
	default:
		return true;
	}
}

static bool record_wf(const struct place *place)
{
	const struct vms_frame *meta = &vms_machine.meta[place->table];

	if (place->table >= vms_machine.nr_frames || meta->kind != VMS_FRAME_TABLE || meta->refs != 1)
		return broken(place, "table_is_table", 0, 0);
	if (meta->level != place->level || meta->root != place->tree->root || meta->prefix != (uint32_t)place->prefix)
		return broken(place, "table_in_its_place", 0, 0);
	if (meta->stray != 0 || __atomic_load_n(&meta->lock, __ATOMIC_RELAXED) != place->tree->lock)
		return broken(place, "table_is_locked_so", 0, 0);
	return true;
}

static bool table_wf(const struct place *place)
{
	const struct vms_frame *meta = &vms_machine.meta[place->table];
	uint32_t nr_present = 0;
	uint32_t end = place->tree->user && place->level == ARCH_LEVELS ? ARCH_ROOT_KERNEL : (uint32_t)VMS_ENTRIES;

	if (!record_wf(place))
		return false;
	if (place->tree->on_table != NULL)
		place->tree->on_table(place->table);
	for (uint32_t i = 0; i < end; i++) {
		uint64_t pte = __atomic_load_n(&vms_machine.ram[place->table].entry[i], __ATOMIC_RELAXED);

		nr_present += pte != 0;
		if (pte != 0 && !entry_wf(place, i, pte))
			return false;
	}
	if (meta->nr_present != nr_present)
		return broken(place, "entries_are_counted", 0, 0);
	if (nr_present == 0 && meta->used != 0)
		return broken(place, "entries_in_used_blocks", 0, 0);
	return true;
}

bool spec_tree_wf(const struct spec_tree *tree, struct spec_tree_fault *fault)
{
	struct place root = {.tree = tree, .fault = fault, .level = ARCH_LEVELS, .table = tree->root};

	return table_wf(&root);
}
