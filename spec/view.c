/*
 * Views as sorted arrays.
 */
#include <spec/view.h>

#include <stdlib.h>
#include <string.h>

#define HARDWARE (VMS_ACCESSED | VMS_DIRTY)

static uint64_t slot_size(uint32_t level)
{
	return level == 1 ? VMS_PAGE : slot_size(level - 1) * VMS_ENTRIES;
}

void spec_view_free(struct spec_view *view)
{
	free(view->mapping);
	memset(view, 0, sizeof(*view));
}

static void view_reserve(struct spec_view *view, uint32_t nr)
{
	if (nr <= view->room)
		return;
	view->room = nr * 2 + 16;
	view->mapping = realloc(view->mapping, view->room * sizeof(*view->mapping));
	if (view->mapping == NULL)
		abort();
}

void spec_view_add(struct spec_view *view, const struct spec_mapping *mapping)
{
	uint32_t i;

	view_reserve(view, view->nr + 1);
	for (i = view->nr; i > 0 && view->mapping[i - 1].va > mapping->va; i--)
		view->mapping[i] = view->mapping[i - 1];
	view->mapping[i] = *mapping;
	view->nr++;
}

void spec_view_copy(struct spec_view *to, const struct spec_view *from)
{
	view_reserve(to, from->nr);
	if (from->nr > 0)
		memcpy(to->mapping, from->mapping, from->nr * sizeof(*from->mapping));
	to->nr = from->nr;
}

static bool is_managed(vms_pfn frame)
{
	return frame < vms_machine.nr_frames && vms_machine.meta[frame].kind != VMS_FRAME_RESERVED;
}

static void table_read(struct spec_view *view, vms_pfn table, uint32_t level, vms_va va)
{
	uint32_t end = level == ARCH_LEVELS ? ARCH_ROOT_KERNEL : (uint32_t)VMS_ENTRIES;

	for (uint32_t i = 0; i < end; i++, va += slot_size(level)) {
		uint64_t pte = __atomic_load_n(&vms_machine.ram[table].entry[i], __ATOMIC_ACQUIRE);
		struct spec_mapping mapping = {.va = va, .size = slot_size(level)};

		switch (arch_pte_kind(pte, level)) {
		case ARCH_PTE_ABSENT:
			continue;
		case ARCH_PTE_TABLE:
			table_read(view, arch_pte_child(pte), level - 1, va);
			continue;
		case ARCH_PTE_MARK:
			mapping.what = VMS_MARKED;
			mapping.token = arch_pte_token(pte);
			break;
		case ARCH_PTE_LEAF:
			mapping.frame = arch_pte_frame(pte, level);
			mapping.prop = arch_pte_prop(pte, level);
			mapping.what = is_managed(mapping.frame) ? VMS_MAPPED : VMS_DEVICE;
			break;
		}
		spec_view_add(view, &mapping);
	}
}

void spec_view_of_tree(struct spec_view *view, vms_pfn root)
{
	view->nr = 0;
	table_read(view, root, ARCH_LEVELS, 0);
}

const struct spec_mapping *spec_view_at(const struct spec_view *view, vms_va va)
{
	uint32_t low = 0, high = view->nr;

	/* The last that begins at or before va is in [low, high). */
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (view->mapping[middle].va <= va)
			low = middle;
		else
			high = middle;
	}
	if (view->nr == 0 || view->mapping[low].va > va || va - view->mapping[low].va >= view->mapping[low].size)
		return NULL;
	return &view->mapping[low];
}

const struct spec_mapping *spec_view_next(const struct spec_view *view, vms_va va, uint32_t *hint)
{
	while (*hint < view->nr && view->mapping[*hint].va + view->mapping[*hint].size <= va)
		++*hint;
	return *hint < view->nr && view->mapping[*hint].va <= va ? &view->mapping[*hint] : NULL;
}

bool spec_mapping_inv(const struct spec_mapping *mapping)
{
	uint64_t nr_frames = mapping->size / VMS_PAGE;

	if (!spec_is_mapping(mapping))
		return true;
	if (mapping->size != slot_size(1) && mapping->size != slot_size(2) && mapping->size != slot_size(3))
		return false;
	if (mapping->va % mapping->size != 0 || mapping->frame % nr_frames != 0)
		return false;
	if (mapping->va >= VMS_USER_END || mapping->size > VMS_USER_END - mapping->va)
		return false;
	return mapping->what == VMS_DEVICE || nr_frames <= vms_machine.nr_frames - mapping->frame;
}

bool spec_mappings_are_disjoint(const struct spec_view *view)
{
	for (uint32_t i = 1; i < view->nr; i++) {
		if (view->mapping[i - 1].va + view->mapping[i - 1].size > view->mapping[i].va)
			return false;
	}
	return true;
}

bool spec_mappings_finite(const struct spec_view *view)
{
	return view->nr <= (uint64_t)vms_machine.nr_frames * VMS_ENTRIES;
}

/* The part of a mapping that begins at va, seen as a mapping of its own. */
static struct spec_mapping part_at(const struct spec_mapping *whole, vms_va va)
{
	struct spec_mapping part = *whole;

	part.va = va;
	part.size = whole->size - (va - whole->va);
	if (spec_is_mapping(whole))
		part.frame = whole->frame + (vms_pfn)((va - whole->va) / VMS_PAGE);
	return part;
}

/* Do the two, which begin at one address, say the same of it? `old` came first. */
static bool agrees(const struct spec_mapping *old, const struct spec_mapping *now)
{
	if (old->what != now->what)
		return false;
	if (old->what == VMS_MARKED)
		return old->token == now->token;
	return old->frame == now->frame && old->prop.cache == now->prop.cache &&
	       (old->prop.flags | HARDWARE) == (now->prop.flags | HARDWARE) &&
	       (old->prop.flags & ~now->prop.flags) == 0;
}

bool spec_mappings_subset_of(const struct spec_view *a, const struct spec_view *b)
{
	uint32_t hint = 0;

	for (uint32_t i = 0; i < a->nr; i++) {
		const struct spec_mapping *mapping = &a->mapping[i];

		for (uint64_t done = 0; spec_is_mapping(mapping) && done < mapping->size;) {
			const struct spec_mapping *other = spec_view_next(b, mapping->va + done, &hint);
			struct spec_mapping mine = part_at(mapping, mapping->va + done), theirs;

			if (other == NULL)
				return false;
			theirs = part_at(other, mapping->va + done);
			if (!agrees(&mine, &theirs))
				return false;
			done += theirs.size;
		}
	}
	return true;
}

/* In which round a frame was last seen to be reached: a set that is emptied by beginning a new round. */
static uint32_t *seen;
static uint32_t nr_seen, round_now;

static bool reach(const struct spec_view *view, uint32_t mark, uint32_t need)
{
	for (uint32_t i = 0; i < view->nr; i++) {
		const struct spec_mapping *mapping = &view->mapping[i];

		for (uint64_t k = 0; mapping->what == VMS_MAPPED && k < mapping->size / VMS_PAGE; k++) {
			if (need != 0 && seen[mapping->frame + k] != need)
				return false;
			seen[mapping->frame + k] = mark;
		}
	}
	return true;
}

bool spec_memory_dom_subset_of(const struct spec_view *a, const struct spec_view *b)
{
	if (nr_seen < vms_machine.nr_frames) {
		nr_seen = vms_machine.nr_frames;
		seen = realloc(seen, nr_seen * sizeof(*seen));
		if (seen == NULL)
			abort();
		memset(seen, 0, nr_seen * sizeof(*seen));
		round_now = 0;
	}
	round_now++;
	return reach(b, round_now, 0) && reach(a, round_now, round_now);
}

bool spec_addr_transl(const struct spec_view *view, vms_va va, vms_pa *pa)
{
	const struct spec_mapping *mapping = spec_view_at(view, va);

	if (mapping == NULL || !spec_is_mapping(mapping))
		return false;
	*pa = mapping->frame * VMS_PAGE + (va - mapping->va);
	return true;
}

void spec_view_remove(struct spec_view *view, vms_va va, uint64_t len)
{
	struct spec_view rest = {0};

	for (uint32_t i = 0; i < view->nr; i++) {
		const struct spec_mapping *mapping = &view->mapping[i];
		vms_va end = mapping->va + mapping->size;

		if (mapping->va < va) {
			struct spec_mapping before = *mapping;

			before.size = va < end ? va - mapping->va : mapping->size;
			spec_view_add(&rest, &before);
		}
		if (end > va + len) {
			struct spec_mapping after = part_at(mapping, mapping->va > va + len ? mapping->va : va + len);

			spec_view_add(&rest, &after);
		}
	}
	spec_view_copy(view, &rest);
	spec_view_free(&rest);
}

bool spec_view_same(const struct spec_view *a, const struct spec_view *b, vms_va *where)
{
	uint32_t i = 0, k = 0;
	uint64_t done_a = 0, done_b = 0; /* bytes of the current mappings that were compared */

	while (i < a->nr && k < b->nr) {
		struct spec_mapping one = part_at(&a->mapping[i], a->mapping[i].va + done_a);
		struct spec_mapping other = part_at(&b->mapping[k], b->mapping[k].va + done_b);
		uint64_t both = one.size < other.size ? one.size : other.size;

		*where = one.va < other.va ? one.va : other.va;
		if (one.va != other.va || !agrees(&one, &other))
			return false;
		done_a += both;
		done_b += both;
		if (done_a == a->mapping[i].size)
			i++, done_a = 0;
		if (done_b == b->mapping[k].size)
			k++, done_b = 0;
	}
	if (i < a->nr)
		*where = a->mapping[i].va + done_a;
	else if (k < b->nr)
		*where = b->mapping[k].va + done_b;
	return i == a->nr && k == b->nr;
}
