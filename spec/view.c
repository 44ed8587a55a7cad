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

uint32_t spec_view_find(const struct spec_view *view, vms_va va)
{
	uint32_t low = 0, high = view->nr;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (view->mapping[middle].va + view->mapping[middle].size <= va)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Make room for `nr` mappings in place of the `old` ones from index i on. */
static struct spec_mapping *splice(struct spec_view *view, uint32_t i, uint32_t old, uint32_t nr)
{
	view_reserve(view, view->nr + nr);
	if (old != nr && i + old < view->nr)
		memmove(&view->mapping[i + nr], &view->mapping[i + old], (view->nr - i - old) * sizeof(*view->mapping));
	view->nr = view->nr - old + nr;
	return &view->mapping[i];
}

void spec_view_add(struct spec_view *view, const struct spec_mapping *mapping)
{
	uint32_t i = view->nr;

	if (i > 0 && view->mapping[i - 1].va + view->mapping[i - 1].size > mapping->va)
		i = spec_view_find(view, mapping->va);
	*splice(view, i, 0, 1) = *mapping;
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

/* Marks of one token side by side are one: the view is the same, and shorter. */
static void mark_add(struct spec_view *view, const struct spec_mapping *mark)
{
	struct spec_mapping *last = view->nr > 0 ? &view->mapping[view->nr - 1] : NULL;

	if (last != NULL && last->what == VMS_MARKED && last->token == mark->token && last->va + last->size == mark->va)
		last->size += mark->size;
	else
		spec_view_add(view, mark);
}

/* Most entries are absent: look at several at once. The count in the table's record is the library's, so not asked. */
#define AT_ONCE 8u

static bool all_absent(const uint64_t *entry)
{
	uint64_t any = 0;

	for (uint32_t i = 0; i < AT_ONCE; i++)
		any |= __atomic_load_n(&entry[i], __ATOMIC_RELAXED);
	return any == 0;
}

static void table_read(struct spec_view *view, vms_pfn table, uint32_t level, vms_va start)
{
	const uint64_t *entry = vms_machine.ram[table].entry;
	uint32_t end = level == ARCH_LEVELS ? ARCH_ROOT_KERNEL : (uint32_t)VMS_ENTRIES;
	uint64_t size = slot_size(level);

	for (uint32_t i = 0; i < end; i++) {
		struct spec_mapping mapping = {.va = start + i * size, .size = size};
		uint64_t pte;

		if (i % AT_ONCE == 0 && all_absent(&entry[i])) {
			i += AT_ONCE - 1;
			continue;
		}
		pte = __atomic_load_n(&entry[i], __ATOMIC_ACQUIRE);
		switch (arch_pte_kind(pte, level)) {
		case ARCH_PTE_ABSENT:
			break;
		case ARCH_PTE_TABLE:
			table_read(view, arch_pte_child(pte), level - 1, mapping.va);
			break;
		case ARCH_PTE_MARK:
			mapping.what = VMS_MARKED;
			mapping.token = arch_pte_token(pte);
			mark_add(view, &mapping);
			break;
		case ARCH_PTE_LEAF:
			mapping.frame = arch_pte_frame(pte, level);
			mapping.prop = arch_pte_prop(pte, level);
			mapping.what = is_managed(mapping.frame) ? VMS_MAPPED : VMS_DEVICE;
			spec_view_add(view, &mapping);
			break;
		}
	}
}

void spec_view_of_tree(struct spec_view *view, vms_pfn root)
{
	view->nr = 0;
	table_read(view, root, ARCH_LEVELS, 0);
}

const struct spec_mapping *spec_view_at(const struct spec_view *view, vms_va va)
{
	uint32_t i = spec_view_find(view, va);

	return i < view->nr && view->mapping[i].va <= va ? &view->mapping[i] : NULL;
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

/* Do the two, which both contain va, say the same of it? `old` came first. */
static bool agrees(const struct spec_mapping *old, const struct spec_mapping *now, vms_va va)
{
	if (old->what != now->what)
		return false;
	if (old->what == VMS_MARKED)
		return old->token == now->token;
	return old->frame + (va - old->va) / VMS_PAGE == now->frame + (va - now->va) / VMS_PAGE &&
	       old->prop.cache == now->prop.cache && (old->prop.flags | HARDWARE) == (now->prop.flags | HARDWARE) &&
	       (old->prop.flags & ~now->prop.flags) == 0;
}

bool spec_mappings_subset_of(const struct spec_view *a, const struct spec_view *b)
{
	uint32_t hint = 0;

	for (uint32_t i = 0; i < a->nr; i++) {
		const struct spec_mapping *mine = &a->mapping[i], *other;

		for (vms_va va = mine->va; spec_is_mapping(mine) && va < mine->va + mine->size;
		     va = other->va + other->size) {
			other = spec_view_next(b, va, &hint);
			if (other == NULL || !agrees(mine, other, va))
				return false;
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
	struct spec_mapping rest[2], *place;
	uint32_t first = spec_view_find(view, va), last = first, nr = 0;

	for (; last < view->nr && view->mapping[last].va < va + len; last++) {
		const struct spec_mapping *mapping = &view->mapping[last];

		if (mapping->va < va) {
			rest[nr] = *mapping;
			rest[nr++].size = va - mapping->va;
		}
		if (mapping->va + mapping->size > va + len)
			rest[nr++] = part_at(mapping, va + len);
	}
	place = splice(view, first, last - first, nr);
	for (uint32_t i = 0; i < nr; i++)
		place[i] = rest[i];
}

bool spec_view_same(const struct spec_view *a, const struct spec_view *b, vms_va *where)
{
	uint32_t i = 0, k = 0;
	uint64_t done_a = 0, done_b = 0; /* bytes of the current mappings that were compared */

	while (i < a->nr && k < b->nr) {
		const struct spec_mapping *one = &a->mapping[i], *other = &b->mapping[k];
		vms_va va = one->va + done_a;
		uint64_t rest_a = one->size - done_a, rest_b = other->size - done_b;

		*where = va < other->va + done_b ? va : other->va + done_b;
		if (va != other->va + done_b || !agrees(one, other, va))
			return false;
		done_a += rest_a < rest_b ? rest_a : rest_b;
		done_b += rest_a < rest_b ? rest_a : rest_b;
		if (rest_a <= rest_b)
			i++, done_a = 0;
		if (rest_b <= rest_a)
			k++, done_b = 0;
	}
	if (i < a->nr)
		*where = a->mapping[i].va + done_a;
	else if (k < b->nr)
		*where = b->mapping[k].va + done_b;
	return i == a->nr && k == b->nr;
}
