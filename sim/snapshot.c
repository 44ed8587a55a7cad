/*
 * What a space translates and marks, as a list that does not depend on how the tables say it: a huge leaf
 * and the 512 small ones it was cut into are the same.
 */
#include <stdlib.h>

#include <sim/inside.h>

static bool prop_same(struct vms_prop a, struct vms_prop b)
{
	return a.flags == b.flags && a.cache == b.cache;
}

/* Does b, which begins where a ends, go on with the same? */
static bool run_continues(const struct sim_run *a, const struct sim_run *b)
{
	if (a->what != b->what || a->va + a->nr_pages * VMS_PAGE != b->va)
		return false;
	if (a->what == VMS_MARKED)
		return a->token == b->token;
	return a->frame + a->nr_pages == b->frame && prop_same(a->prop, b->prop);
}

static void run_add(struct sim_snapshot *snapshot, const struct sim_run *run)
{
	if (snapshot->nr && run_continues(&snapshot->run[snapshot->nr - 1], run)) {
		snapshot->run[snapshot->nr - 1].nr_pages += run->nr_pages;
		return;
	}
	if (snapshot->nr == snapshot->room) {
		snapshot->room = snapshot->room * 2 + 16;
		snapshot->run = realloc(snapshot->run, snapshot->room * sizeof(*snapshot->run));
		if (!snapshot->run)
			sim_fail("no memory for a snapshot");
	}
	snapshot->run[snapshot->nr++] = *run;
}

static void table_take(struct sim_snapshot *snapshot, vms_pfn table, uint32_t level, vms_va va)
{
	uint32_t end = level == ARCH_LEVELS ? ARCH_ROOT_KERNEL : (uint32_t)VMS_ENTRIES;

	for (uint32_t i = 0; i < end; i++, va += sim_level_size(level)) {
		uint64_t pte = __atomic_load_n(&vms_machine.ram[table].entry[i], __ATOMIC_ACQUIRE);
		struct sim_run run = {.va = va, .nr_pages = sim_level_pages(level)};

		switch (arch_pte_kind(pte, level)) {
		case ARCH_PTE_ABSENT:
			break;
		case ARCH_PTE_TABLE:
			table_take(snapshot, arch_pte_child(pte), level - 1, va);
			break;
		case ARCH_PTE_MARK:
			run.what = VMS_MARKED;
			run.token = arch_pte_token(pte);
			run_add(snapshot, &run);
			break;
		case ARCH_PTE_LEAF:
			run.frame = arch_pte_frame(pte, level);
			run.what = run.frame >= sim.nr_frames || vms_machine.meta[run.frame].kind == VMS_FRAME_RESERVED
					   ? VMS_DEVICE
					   : VMS_MAPPED;
			run.prop = arch_pte_prop(pte, level);
			run_add(snapshot, &run);
			break;
		}
	}
}

void sim_snapshot_take(struct sim_snapshot *snapshot, const struct vms_space *space)
{
	*snapshot = (struct sim_snapshot){0};
	table_take(snapshot, space->root, ARCH_LEVELS, 0);
}

void sim_snapshot_free(struct sim_snapshot *snapshot)
{
	free(snapshot->run);
	*snapshot = (struct sim_snapshot){0};
}

bool sim_snapshot_same(const struct sim_snapshot *a, const struct sim_snapshot *b)
{
	if (a->nr != b->nr)
		return false;
	for (uint32_t i = 0; i < a->nr; i++) {
		const struct sim_run *x = &a->run[i];
		const struct sim_run *y = &b->run[i];

		if (x->va != y->va || x->nr_pages != y->nr_pages || x->what != y->what)
			return false;
		if (x->what == VMS_MARKED ? x->token != y->token : x->frame != y->frame || !prop_same(x->prop, y->prop))
			return false;
	}
	return true;
}

struct sim_run sim_snapshot_at(const struct sim_snapshot *snapshot, vms_va va)
{
	struct sim_run found = {.va = va, .nr_pages = 1, .what = VMS_ABSENT};

	for (uint32_t i = 0; i < snapshot->nr; i++) {
		const struct sim_run *run = &snapshot->run[i];

		if (va < run->va || va - run->va >= run->nr_pages * VMS_PAGE)
			continue;
		found = *run;
		found.frame += (va - run->va) / VMS_PAGE;
		found.va = va;
		found.nr_pages = 1;
	}
	return found;
}
