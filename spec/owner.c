/*
 * The owner state, executable.
 */
#include <spec/owner.h>

#include <string.h>

void spec_owner_init(struct spec_owner *owner, struct vms_space *space)
{
	memset(owner, 0, sizeof(*owner));
	owner->space = space;
	spec_owner_refresh(owner);
}

void spec_owner_fini(struct spec_owner *owner)
{
	for (uint32_t i = 0; i < owner->nr_io; i++)
		spec_view_free(&owner->io[i].view);
	spec_view_free(&owner->total);
	spec_view_free(&owner->remaining);
}

void spec_owner_refresh(struct spec_owner *owner)
{
	spec_view_of_tree(&owner->total, owner->space->root);
	spec_view_copy(&owner->remaining, &owner->total);
}

static bool ranges_meet(const struct spec_io *a, const struct spec_io *b)
{
	return a->at < b->end && b->at < a->end;
}

static bool excludes(const struct spec_io *a, const struct spec_io *b)
{
	return (a->kind == SPEC_WRITER || b->kind == SPEC_WRITER) && ranges_meet(a, b);
}

bool spec_io_create(struct spec_owner *owner, enum spec_io_kind kind, vms_va at, uint64_t len, uint32_t *id)
{
	struct spec_io io = {.kind = kind, .at = at, .end = at + len};

	if (owner->nr_io == SPEC_IO_MAX || len > VMS_USER_END || at > VMS_USER_END - len)
		return false;
	for (uint32_t i = 0; i < owner->nr_io; i++) {
		if (excludes(&owner->io[i], &io))
			return false;
	}
	*id = owner->nr_io;
	owner->io[owner->nr_io++] = io;
	return true;
}

/* The part of a view in [at, end). */
static void part(struct spec_view *to, const struct spec_view *from, vms_va at, vms_va end)
{
	spec_view_copy(to, from);
	if (at > 0)
		spec_view_remove(to, 0, at);
	if (end < VMS_USER_END)
		spec_view_remove(to, end, VMS_USER_END - end);
}

bool spec_io_activate(struct spec_owner *owner, uint32_t id)
{
	struct spec_io *io = &owner->io[id];
	vms_va at, end;

	if (id >= owner->nr_io || io->has_view)
		return false;
	/* Whole pages: a view is of mappings, and these are not smaller. */
	at = io->at / VMS_PAGE * VMS_PAGE;
	end = (io->end + VMS_PAGE - 1) / VMS_PAGE * VMS_PAGE;
	part(&io->view, &owner->total, at, end);
	if (io->kind == SPEC_WRITER && end > at)
		spec_view_remove(&owner->remaining, at, end - at);
	io->has_view = true;
	return true;
}

bool spec_io_advance(struct spec_owner *owner, uint32_t id, uint64_t len)
{
	if (id >= owner->nr_io || len > owner->io[id].end - owner->io[id].at)
		return false;
	owner->io[id].at += len;
	return true;
}

bool spec_io_dispose(struct spec_owner *owner, uint32_t id)
{
	struct spec_io *io = &owner->io[id];

	if (id >= owner->nr_io || !io->has_view)
		return false;
	for (uint32_t i = 0; io->kind == SPEC_WRITER && i < io->view.nr; i++)
		spec_view_add(&owner->remaining, &io->view.mapping[i]);
	io->view.nr = 0;
	io->has_view = false;
	return true;
}

bool spec_io_remove(struct spec_owner *owner, uint32_t id)
{
	if (id >= owner->nr_io || owner->io[id].has_view)
		return false;
	spec_view_free(&owner->io[id].view);
	owner->nr_io--;
	owner->io[id] = owner->io[owner->nr_io];
	return true;
}

bool spec_io_inv(const struct spec_io *io)
{
	if (io->at > io->end || io->end > VMS_USER_END)
		return false;
	for (uint32_t i = 0; io->has_view && i < io->view.nr; i++) {
		if (io->view.mapping[i].va + io->view.mapping[i].size > (io->end + VMS_PAGE - 1) / VMS_PAGE * VMS_PAGE)
			return false;
	}
	return true;
}

static bool view_is_well_formed(const struct spec_view *view)
{
	return spec_mappings_are_disjoint(view) && spec_mappings_finite(view);
}

bool spec_views_are_well_formed(const struct spec_owner *owner)
{
	/* Parts of views are cut anywhere; the sizes of leaves are total's affair. */
	for (uint32_t i = 0; i < owner->total.nr; i++) {
		if (!spec_mapping_inv(&owner->total.mapping[i]))
			return false;
	}
	for (uint32_t i = 0; i < owner->nr_io; i++) {
		if (!view_is_well_formed(&owner->io[i].view))
			return false;
	}
	return view_is_well_formed(&owner->total) && view_is_well_formed(&owner->remaining);
}

bool spec_remaining_consistency(const struct spec_owner *owner)
{
	return spec_mappings_subset_of(&owner->remaining, &owner->total) &&
	       spec_memory_dom_subset_of(&owner->remaining, &owner->total);
}

/* Where the view translates, total translates equally: tried at both ends of each mapping. */
static bool translates_as(const struct spec_view *view, const struct spec_view *total)
{
	uint32_t hint = 0;

	for (uint32_t i = 0; i < view->nr; i++) {
		const struct spec_mapping *mine = &view->mapping[i];
		vms_va end[2] = {mine->va, mine->va + mine->size - VMS_PAGE};

		for (uint32_t k = 0; spec_is_mapping(mine) && k < 2; k++) {
			const struct spec_mapping *other = spec_view_next(total, end[k], &hint);

			if (other == NULL || !spec_is_mapping(other) ||
			    other->frame + (end[k] - other->va) / VMS_PAGE !=
				    mine->frame + (end[k] - mine->va) / VMS_PAGE)
				return false;
		}
	}
	return true;
}

bool spec_total_view_consistency(const struct spec_owner *owner)
{
	for (uint32_t i = 0; i < owner->nr_io; i++) {
		if (owner->io[i].kind == SPEC_WRITER && !translates_as(&owner->io[i].view, &owner->total))
			return false;
	}
	return translates_as(&owner->remaining, &owner->total);
}

static bool views_meet(const struct spec_view *a, const struct spec_view *b)
{
	uint32_t k = 0;

	for (uint32_t i = 0; i < a->nr; i++) {
		while (k < b->nr && b->mapping[k].va + b->mapping[k].size <= a->mapping[i].va)
			k++;
		if (k < b->nr && b->mapping[k].va < a->mapping[i].va + a->mapping[i].size)
			return true;
	}
	return false;
}

bool spec_writer_correctness(const struct spec_owner *owner)
{
	for (uint32_t i = 0; i < owner->nr_io; i++) {
		const struct spec_io *io = &owner->io[i];

		if (io->kind != SPEC_WRITER)
			continue;
		if (!spec_io_inv(io) || !spec_mappings_subset_of(&io->view, &owner->total) ||
		    views_meet(&io->view, &owner->remaining))
			return false;
	}
	return true;
}

bool spec_reader_correctness(const struct spec_owner *owner)
{
	for (uint32_t i = 0; i < owner->nr_io; i++) {
		const struct spec_io *io = &owner->io[i];

		if (io->kind == SPEC_READER && (!spec_io_inv(io) || !spec_mappings_subset_of(&io->view, &owner->total)))
			return false;
	}
	return true;
}

bool spec_total_is_union(const struct spec_owner *owner)
{
	static struct spec_view all; /* keeps its memory */
	vms_va where;

	spec_view_copy(&all, &owner->remaining);
	for (uint32_t i = 0; i < owner->nr_io; i++) {
		for (uint32_t k = 0; owner->io[i].kind == SPEC_WRITER && k < owner->io[i].view.nr; k++)
			spec_view_add(&all, &owner->io[i].view.mapping[k]);
	}
	return spec_view_same(&all, &owner->total, &where);
}

bool spec_ranges_are_disjoint(const struct spec_owner *owner)
{
	for (uint32_t i = 0; i < owner->nr_io; i++) {
		for (uint32_t k = 0; k < i; k++) {
			if (excludes(&owner->io[i], &owner->io[k]))
				return false;
		}
	}
	return true;
}

bool spec_page_table_is_view(const struct spec_owner *owner)
{
	static struct spec_view tree; /* keeps its memory */
	vms_va where;

	spec_view_of_tree(&tree, owner->space->root);
	return spec_view_same(&owner->total, &tree, &where);
}

bool spec_active_is_known(const struct spec_owner *owner)
{
	uint64_t active = 0;

	for (uint32_t cpu = 0; cpu < vms_machine.nr_cpus; cpu++) {
		if (vms_machine.cpu[cpu].active == owner->space)
			active |= 1ul << cpu;
	}
	return owner->space->active == active;
}

bool spec_mem_view_wf(const struct spec_owner *owner)
{
	return spec_views_are_well_formed(owner) && spec_remaining_consistency(owner) &&
	       spec_total_view_consistency(owner) && spec_writer_correctness(owner) && spec_reader_correctness(owner) &&
	       spec_total_is_union(owner) && spec_ranges_are_disjoint(owner);
}

const char *spec_owner_broken(const struct spec_owner *owner)
{
	static const struct {
		const char *name;
		bool (*holds)(const struct spec_owner *owner);
	} clause[] = {
		{"views_are_well_formed", spec_views_are_well_formed},
		{"remaining_consistency", spec_remaining_consistency},
		{"total_view_consistency", spec_total_view_consistency},
		{"writer_correctness", spec_writer_correctness},
		{"reader_correctness", spec_reader_correctness},
		{"total_is_union", spec_total_is_union},
		{"ranges_are_disjoint", spec_ranges_are_disjoint},
		{"active_is_known", spec_active_is_known},
	};

	for (size_t i = 0; i < sizeof(clause) / sizeof(clause[0]); i++) {
		if (!clause[i].holds(owner))
			return clause[i].name;
	}
	return NULL;
}
