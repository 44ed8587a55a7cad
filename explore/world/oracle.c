/*
 * After each run: the trees, counts and pools are as the library promises, and what the actions returned, and
 * what the pages hold now, is what some order of the actions, one after the other, gives.
 */
#include <string.h>

#include "world.h"

static uint32_t nr_leaves[NR_FRAMES];
static uint32_t nr_tables;

static uint32_t page_of_leaf(uint64_t pte, uint32_t level, uint32_t part)
{
	return PAGE_FRAME + arch_pte_frame(pte, level) + part +
	       (vms_has(arch_pte_prop(pte, level).flags, VMS_W) ? 0 : PAGE_READ_ONLY);
}

/* A leaf that maps counted frames. */
static void leaf_read(uint64_t pte, uint32_t level, uint32_t span, bool check)
{
	vms_pfn frame = arch_pte_frame(pte, level);

	nr_leaves[frame]++;
	for (uint32_t k = 0; k < span && check; k++) {
		uint64_t set = world.settled[frame + k - FIRST_DATA];

		if ((pte & set) != set)
			explore_fail("frame %u: what hardware set is lost, 0x%lx of 0x%lx", frame + k, pte & set, set);
	}
}

/* Read a subtree's pages, from raw entries; also count what it holds, and check it, if `check`. */
static void tree_read(vms_pfn table, uint32_t level, uint32_t first, uint32_t *pages, vms_pfn root, bool check)
{
	const struct vms_frame *meta = &world.meta[table];
	uint32_t span = 1u << (2 * (level - 1)), nr = 0;
	bool user = root != vms_machine.kernel.root;
	uint32_t end = level == ARCH_LEVELS && user ? ARCH_ROOT_KERNEL : VMS_ENTRIES;

	if (check && (meta->kind != VMS_FRAME_TABLE || meta->refs != 1 || meta->level != level || meta->root != root ||
		      meta->prefix != first / (span * VMS_ENTRIES)))
		explore_fail("node %u: kind %u refs %u level %u root %u prefix %u", table, meta->kind, meta->refs,
			     meta->level, meta->root, meta->prefix);
	if (check && meta->lock != 0)
		explore_fail("node %u is left locked", table);
	if (check && meta->stray != 0)
		explore_fail("node %u is stray and in the tree", table);
	nr_tables++;
	for (uint32_t i = 0; i < end; i++, first += span) {
		uint64_t pte = world.ram[table].entry[i];

		nr += pte != 0;
		if (check && pte != 0 && (meta->used >> i) % 2 == 0)
			explore_fail("node %u: entry %u is in no used block", table, i);
		if (arch_pte_kind(pte, level) == ARCH_PTE_TABLE) {
			tree_read(arch_pte_child(pte), level - 1, first, pages, root, check);
			continue;
		}
		for (uint32_t k = 0; k < span; k++) {
			if (arch_pte_kind(pte, level) == ARCH_PTE_LEAF)
				pages[first + k] = page_of_leaf(pte, level, k);
			else if (arch_pte_kind(pte, level) == ARCH_PTE_MARK)
				pages[first + k] = PAGE_TOKEN + arch_pte_token(pte);
		}
		if (user && arch_pte_kind(pte, level) == ARCH_PTE_LEAF && arch_pte_frame(pte, level) < NR_FRAMES)
			leaf_read(pte, level, span, check);
	}
	if (check && nr == 0 && meta->used != 0)
		explore_fail("node %u is empty and uses blocks 0x%x", table, meta->used);
	if (check && nr != meta->nr_present)
		explore_fail("node %u says %u entries and has %u", table, meta->nr_present, nr);
}

static void spaces_read(uint32_t pages[NR_TREES][NR_PAGES], bool check)
{
	memset(pages, 0, sizeof(uint32_t) * NR_TREES * NR_PAGES);
	memset(nr_leaves, 0, sizeof(nr_leaves));
	nr_tables = 0;
	for (uint32_t i = 0; i < NR_TREES; i++) {
		if (i == KERNEL || !world.space_freed[i])
			tree_read(world_space(i)->root, ARCH_LEVELS, 0, pages[i], world_space(i)->root, check);
	}
}

void oracle_read(uint32_t pages[NR_TREES][NR_PAGES])
{
	spaces_read(pages, false);
}

static uint32_t frame_head(vms_pfn frame)
{
	return world.meta[frame].kind == VMS_FRAME_TAIL ? frame / 4 * 4 : frame;
}

static void frames_check(void)
{
	uint32_t mapped[NR_FRAMES] = {0}, tables = 0, pooled = 0;

	for (vms_pfn frame = 0; frame < NR_FRAMES; frame++)
		mapped[frame_head(frame)] += nr_leaves[frame];
	for (vms_pfn frame = 1; frame < NR_FRAMES; frame++) {
		const struct vms_frame *meta = &world.meta[frame];

		tables += meta->kind == VMS_FRAME_TABLE;
		if (meta->kind == VMS_FRAME_UNTYPED && meta->refs != mapped[frame])
			explore_fail("frame %u is counted %u times and mapped %u times", frame, meta->refs,
				     mapped[frame]);
		if (frame >= FIRST_DATA && (meta->kind == VMS_FRAME_UNUSED) != world.data_free[frame - FIRST_DATA])
			explore_fail("frame %u: kind %u, and freed: %d", frame, meta->kind,
				     world.data_free[frame - FIRST_DATA]);
	}
	for (uint32_t cpu = 0; cpu < NR_CPUS; cpu++)
		pooled += world.cpu[cpu].nr_pool;
	if (tables != nr_tables)
		explore_fail("%u frames are tables, %u of them in trees: a leak", tables, nr_tables);
	if (scenario->nr_pool == 0 && pooled + tables != NR_TABLES)
		explore_fail("%u frames in pools, %u tables, %u in all", pooled, tables, NR_TABLES);
}

static uint32_t handle_change(const struct action *action, uint32_t space)
{
	if (action->space != space)
		return 0;
	return (action->kind == GET) - (uint32_t)(action->kind == PUT);
}

/* References that the scenario holds at its end. */
static uint32_t handles(uint32_t space)
{
	uint32_t nr = 1;

	for (uint32_t i = 0; i < NR_BEFORE; i++)
		nr += handle_change(&scenario->before[i], space);
	for (uint32_t cpu = 0; cpu < NR_CPUS; cpu++) {
		for (uint32_t i = 0; i < NR_ACTIONS; i++)
			nr += handle_change(&scenario->script[cpu][i], space);
	}
	return nr;
}

/* Every space has the kernel's tables in the upper half of its root. */
static void roots_check(void)
{
	for (uint32_t s = 0; s < NR_SPACES; s++) {
		for (uint32_t i = ARCH_ROOT_KERNEL; i < VMS_ENTRIES && !world.space_freed[s]; i++) {
			uint64_t pte = world.ram[world.space[s].root].entry[i];

			if (arch_pte_child(pte) != arch_pte_child(world.ram[vms_machine.kernel.root].entry[i]))
				explore_fail("space %u has lost a table of the kernel's", s);
		}
	}
}

static void machine_check(void)
{
	for (uint32_t i = 0; i < scenario->nr_cpus; i++) {
		const struct vms_cpu *cpu = &vms_machine.cpu[i];

		world_run_as(i);
		vms_tlb_service();
		if (cpu->section % 2 != 0)
			explore_fail("CPU %u is left inside a section", i);
		if (cpu->queue.lock != 0 || cpu->queue.nr_ranges != 0 || cpu->queue.all != VMS_FLUSH_NOT_ALL)
			explore_fail("CPU %u is left with requests", i);
		if (!vms_reclaim())
			explore_fail("CPU %u keeps tables for ever", i);
	}
	for (uint32_t s = 0; s < NR_SPACES; s++) {
		uint32_t holders = 0;

		for (uint32_t i = 0; i < scenario->nr_cpus && !world.space_freed[s]; i++) {
			bool is_active = vms_machine.cpu[i].active == &world.space[s];

			if ((world.space[s].active >> i & 1) != is_active)
				explore_fail("space %u is active on CPU %u: %d", s, i, is_active);
			holders += is_active;
		}
		if (!world.space_freed[s] && world.space[s].refs != holders + handles(s))
			explore_fail("space %u is counted %u times, and active on %u CPUs", s, world.space[s].refs,
				     holders);
	}
}

/* --- Serial order --- */

typedef uint32_t state_pages[NR_TREES][NR_PAGES];

static bool is_mapped(uint32_t page)
{
	return (page & PAGE_FRAME) != 0;
}

/* A map fails where something is mapped; a huge one everywhere under it. */
static uint64_t apply_map(uint32_t *pages, const struct action *action)
{
	uint32_t nr = action->kind == HUGE ? VMS_ENTRIES : 1;

	for (uint32_t k = 0; k < nr; k++) {
		if (is_mapped(pages[action->a + k]))
			return VMS_EXISTS;
	}
	for (uint32_t k = 0; k < nr; k++)
		pages[action->a + k] = PAGE_FRAME + frame_data(action->value) + k;
	return VMS_OK;
}

static uint64_t apply_device(uint32_t *pages, const struct action *action)
{
	for (uint32_t page = action->a; page < action->b; page++) {
		if (is_mapped(pages[page]))
			return VMS_EXISTS;
	}
	for (uint32_t page = action->a; page < action->b; page++)
		pages[page] = PAGE_FRAME + frame_device(action->value) + page - action->a;
	return VMS_OK;
}

/* Both sides lose the right to write. */
static uint64_t apply_copy(uint32_t *from, uint32_t *to, const struct action *action)
{
	for (uint32_t page = action->a; page < action->b; page++) {
		if (is_mapped(to[page]))
			return VMS_EXISTS;
	}
	for (uint32_t page = action->a; page < action->b; page++) {
		if (is_mapped(from[page]))
			from[page] |= PAGE_READ_ONLY;
		if (from[page] != PAGE_ABSENT)
			to[page] = from[page];
	}
	return VMS_OK;
}

static uint64_t apply_range(uint32_t *pages, const struct action *action)
{
	uint64_t nr = 0;

	for (uint32_t page = action->a; page < action->b; page++) {
		bool was = is_mapped(pages[page]);

		nr += was;
		if (action->kind == UNMAP)
			pages[page] = PAGE_ABSENT;
		else if (action->kind == MARK)
			pages[page] = PAGE_TOKEN + action->value;
		else if (was)
			pages[page] = (pages[page] & 0xfffu) | (action->kind == GROW ? 0 : PAGE_READ_ONLY);
	}
	return action->kind == MARK ? (uint64_t)VMS_OK : nr;
}

/* Pages of all spaces that map the frame of this one. */
static uint32_t nr_holders(state_pages state, uint32_t page)
{
	uint32_t nr = 0;

	for (uint32_t space = 0; space < NR_SPACES; space++) {
		for (uint32_t i = 0; i < NR_PAGES; i++)
			nr += is_mapped(state[space][i]) && (state[space][i] & 0xfffu) == (page & 0xfffu);
	}
	return nr;
}

static uint64_t apply_take(state_pages state, const struct action *action)
{
	uint32_t *pages = state[action->space];
	uint32_t page = action->a;

	for (; page < action->b && is_mapped(pages[page]); page++)
		pages[page] = (pages[page] & 0xfffu) | (nr_holders(state, pages[page]) == 1 ? 0 : PAGE_READ_ONLY);
	return page - action->a;
}

/* What the action would return, and what it makes of the pages. False: it has no say in that. */
static bool action_apply(state_pages state, const struct action *action, uint64_t *value)
{
	uint32_t *pages = state[action->space];

	switch (action->kind) {
	case MAP:
	case SHARE:
	case HUGE:
		*value = apply_map(pages, action);
		return true;
	case UNMAP:
	case MARK:
	case PROTECT:
	case GROW:
	case PROTECT_ALL:
		*value = apply_range(pages, action);
		return true;
	case TAKE:
		*value = apply_take(state, action);
		return true;
	case COPY:
		*value = apply_copy(pages, state[action->value], action);
		return true;
	case REPLACE:
		*value = is_mapped(pages[action->a]);
		pages[action->a] = PAGE_FRAME + frame_data(action->value);
		return true;
	case DEVICE:
		*value = apply_device(pages, action);
		return true;
	case QUERY:
	case BORROW:
		*value = pages[action->a];
		return true;
	case PEEK:
	case POKE:
		*value = is_mapped(pages[action->a]) &&
			 (action->kind == PEEK || (pages[action->a] & PAGE_READ_ONLY) == 0);
		return true;
	default:
		return false;
	}
}

/* Did the action say that memory ran out? Then it changed nothing. */
static bool ran_out(const struct action *action, uint64_t value)
{
	return scenario->nr_pool != 0 && (action->kind == UNMAP ? value == 1000 : value == VMS_NO_MEMORY);
}

static bool serial(const state_pages state, const state_pages final, uint32_t *done)
{
	bool left = false;

	for (uint32_t cpu = 0; cpu < scenario->nr_cpus; cpu++) {
		const struct action *action = &scenario->script[cpu][done[cpu]];
		state_pages next;
		uint64_t value;

		if (done[cpu] == NR_ACTIONS || action->kind == NOTHING)
			continue;
		left = true;
		memcpy(next, state, sizeof(next));
		if (!ran_out(action, world.result[cpu][done[cpu]]) && action_apply(next, action, &value) &&
		    value != world.result[cpu][done[cpu]])
			continue;
		done[cpu]++;
		if (serial(next, final, done))
			return true;
		done[cpu]--;
	}
	return !left && memcmp(state, final, sizeof(state_pages)) == 0;
}

static void serial_check(state_pages final)
{
	uint32_t done[NR_CPUS] = {0};

	for (uint32_t s = 0; s < NR_SPACES; s++) {
		if (world.space_freed[s])
			return;
	}
	if (!serial(world.initial, final, done))
		explore_fail("no order of the actions gives these results: %lu %lu; %lu %lu; %lu %lu",
			     world.result[0][0], world.result[0][1], world.result[1][0], world.result[1][1],
			     world.result[2][0], world.result[2][1]);
}

void oracle_check(void)
{
	state_pages final;

	machine_check();
	spaces_read(final, true);
	roots_check();
	frames_check();
	serial_check(final);
}
