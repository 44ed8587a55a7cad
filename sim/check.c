/*
 * The audit: what must hold whenever no cursor is open. It reads raw memory and asks the library nothing.
 *
 *   - each table reached from a root is of the level, root and prefix that its place says, is reached once,
 *     counts its entries, is neither stray nor locked;
 *   - each leaf fits the frame that it maps, and refs == the test's handles + leaves that map the frame;
 *   - what is allocated is reached or held: nothing is lost;
 *   - the kernel's half is the same in every root;
 *   - no TLB knows what the tables do not say.
 */
#include <stdlib.h>
#include <string.h>

#include <sim/inside.h>

/* Accessed bits in the root's entries are each space's own. */
#define NOT_ACCESSED (~ARCH_PTE_A)

static uint32_t *leaves; /* by frame: leaves that map it, huge ones at their first frame */
static uint8_t *reached; /* by frame: it is a table of some tree */

static vms_pfn frame_head(vms_pfn frame)
{
	const struct vms_frame *meta = &vms_machine.meta[frame];

	return meta->kind == VMS_FRAME_TAIL ? (vms_pfn)(frame - frame % sim_level_pages(meta->level)) : frame;
}

static void leaf_check(uint64_t pte, uint32_t level, vms_va va, bool user)
{
	struct vms_prop prop = arch_pte_prop(pte, level);
	vms_pfn frame = arch_pte_frame(pte, level);
	uint32_t kind;

	if (frame % sim_level_pages(level))
		sim_fail("leaf of level %u at 0x%lx is not aligned: frame %u", level, va, frame);
	if (arch_pte_has(pte, ARCH_PTE_U) != user)
		sim_fail("leaf 0x%lx at 0x%lx has the wrong user bit", pte, va);
	if (!user)
		return;
	if (vms_has(prop.flags, VMS_GLOBAL))
		sim_fail("leaf 0x%lx at user address 0x%lx is global", pte, va);
	if (va + sim_level_size(level) > VMS_USER_END)
		sim_fail("leaf at 0x%lx reaches past user space", va);
	if (frame >= sim.nr_frames || vms_machine.meta[frame].kind == VMS_FRAME_RESERVED)
		return;
	frame = frame_head(frame);
	kind = vms_machine.meta[frame].kind;
	if (kind != VMS_FRAME_UNTYPED)
		sim_fail("leaf at 0x%lx maps frame %u of kind %u", va, frame, kind);
	if (vms_machine.meta[frame].level < level)
		sim_fail("leaf of level %u at 0x%lx maps frame %u of level %u", level, va, frame,
			 vms_machine.meta[frame].level);
	leaves[frame]++;
}

/* Entries for which a table's record has one bit. */
#define SIM_BLOCK (VMS_ENTRIES / 32)

static void table_check(vms_pfn table, vms_pfn root, uint32_t level, uint64_t prefix, bool user)
{
	const struct vms_frame *meta;
	uint32_t end = user && level == ARCH_LEVELS ? ARCH_ROOT_KERNEL : (uint32_t)VMS_ENTRIES;
	uint32_t nr_present = 0;

	if (table >= sim.nr_frames || reached[table])
		sim_fail("table %u of level %u, prefix 0x%lx is reached twice or is no frame", table, level, prefix);
	reached[table] = 1;
	meta = &vms_machine.meta[table];
	if (meta->kind != VMS_FRAME_TABLE || meta->refs != 1 || !sim.used[table])
		sim_fail("table %u is of kind %u with %u references", table, meta->kind, meta->refs);
	if (meta->level != level || meta->root != root || meta->prefix != (uint32_t)prefix)
		sim_fail("table %u says level %u root %u prefix 0x%x, its place says %u %u 0x%lx", table, meta->level,
			 meta->root, meta->prefix, level, root, prefix);
	if (meta->stray || meta->lock)
		sim_fail("table %u of level %u, prefix 0x%lx: stray %u, lock %u", table, level, prefix, meta->stray,
			 meta->lock);
	for (uint32_t i = 0; i < end; i++) {
		uint64_t pte = vms_machine.ram[table].entry[i];
		uint64_t below = prefix * VMS_ENTRIES + i;

		nr_present += pte != 0;
		if (pte != 0 && (meta->used >> (i / SIM_BLOCK)) % 2 == 0)
			sim_fail("table %u of level %u, prefix 0x%lx: entry %u is in no used block", table, level,
				 prefix, i);
		switch (arch_pte_kind(pte, level)) {
		case ARCH_PTE_TABLE:
			if (!arch_pte_has(pte, ARCH_PTE_W) || arch_pte_has(pte, ARCH_PTE_NX) ||
			    arch_pte_has(pte, ARCH_PTE_U) != user)
				sim_fail("table entry 0x%lx of level %u takes rights away", pte, level);
			table_check(arch_pte_child(pte), root, level - 1, below, user);
			break;
		case ARCH_PTE_LEAF:
			leaf_check(pte, level, below * sim_level_size(level), user);
			break;
		default:
			break;
		}
	}
	if (meta->nr_present != nr_present)
		sim_fail("table %u of level %u, prefix 0x%lx counts %u entries, has %u", table, level, prefix,
			 meta->nr_present, nr_present);
	if (nr_present == 0 && meta->used != 0)
		sim_fail("table %u of level %u, prefix 0x%lx is empty and uses blocks 0x%x", table, level, prefix,
			 meta->used);
}

static void borrowed_check(vms_pfn root)
{
	for (uint32_t i = ARCH_ROOT_KERNEL; i < VMS_ENTRIES; i++) {
		uint64_t own = vms_machine.ram[root].entry[i] & NOT_ACCESSED;
		uint64_t kernel = vms_machine.ram[vms_machine.kernel.root].entry[i] & NOT_ACCESSED;

		if (own != kernel)
			sim_fail("root %u, entry %u is 0x%lx, the kernel's is 0x%lx", root, i, own, kernel);
	}
}

static void frames_check(void)
{
	for (vms_pfn frame = 0; frame < sim.nr_frames; frame++) {
		const struct vms_frame *meta = &vms_machine.meta[frame];

		if (meta->kind == VMS_FRAME_TABLE && !reached[frame])
			sim_fail("table %u of level %u, prefix 0x%x is in no tree", frame, meta->level, meta->prefix);
		if (meta->kind == VMS_FRAME_UNTYPED && meta->refs != leaves[frame] + sim_handles(frame))
			sim_fail("frame %u counts %u references; %u leaves and %u handles", frame, meta->refs,
				 leaves[frame], sim_handles(frame));
		if (meta->kind == VMS_FRAME_UNUSED && sim.used[frame])
			sim_fail("frame %u is lost", frame);
		if (meta->kind != VMS_FRAME_UNUSED && meta->kind != VMS_FRAME_TAIL &&
		    meta->kind != VMS_FRAME_RESERVED && !sim.used[frame])
			sim_fail("frame %u of kind %u was freed", frame, meta->kind);
	}
}

/* Let every CPU free what waits for others. */
static void settle(void)
{
	uint32_t me = sim_cpu();

	for (uint32_t round = 0; round < 2; round++) {
		for (uint32_t cpu = 0; cpu < sim.options.nr_cpus; cpu++) {
			sim_run_on(cpu);
			sim_poll();
			vms_port_preempt_off();
			if (!vms_reclaim() && round)
				sim_fail("CPU %u waits to free tables though all is quiet", cpu);
			vms_port_preempt_on();
		}
	}
	sim_run_on(me);
}

void sim_check(struct vms_space *const *spaces, uint32_t nr)
{
	settle();
	leaves = calloc(sim.nr_frames, sizeof(*leaves));
	reached = calloc(sim.nr_frames, sizeof(*reached));
	if (!leaves || !reached)
		sim_fail("no memory to check");
	table_check(vms_machine.kernel.root, vms_machine.kernel.root, ARCH_LEVELS, 0, false);
	for (uint32_t i = 0; i < nr; i++) {
		table_check(spaces[i]->root, spaces[i]->root, ARCH_LEVELS, 0, true);
		borrowed_check(spaces[i]->root);
	}
	frames_check();
	free(leaves);
	free(reached);
	sim_check_tlbs();
}

/* One size for one address: SDM 4.10.2.3 lets a CPU use either translation if it knows two. */
static void tlb_entry_check(uint32_t cpu, const struct sim_tlb_entry *entry)
{
	struct sim_tlb_entry now;

	if (!sim_look(sim.cpu[cpu].root, entry->va, &now))
		sim_fail("CPU %u still translates 0x%lx, which is not mapped", cpu, entry->va);
	if (now.level != entry->level || now.frame != entry->frame)
		sim_fail("CPU %u still translates 0x%lx to frame %u, level %u; the tables to %u, %u", cpu, entry->va,
			 entry->frame, entry->level, now.frame, now.level);
	if (entry->rights & ~now.rights || (entry->user && !now.user))
		sim_fail("CPU %u still allows %x at 0x%lx, the tables only %x", cpu, entry->rights, entry->va,
			 now.rights);
}

static void upper_entry_check(uint32_t cpu, const struct sim_upper_entry *upper)
{
	vms_pfn table = sim.cpu[cpu].root;

	for (uint32_t level = ARCH_LEVELS; level > upper->level; level--) {
		uint64_t pte = vms_machine.ram[table].entry[sim_index(upper->va, level)];

		if (arch_pte_kind(pte, level) != ARCH_PTE_TABLE)
			sim_fail("CPU %u remembers table %u at 0x%lx, which is not there", cpu, upper->table,
				 upper->va);
		table = arch_pte_child(pte);
	}
	if (table != upper->table)
		sim_fail("CPU %u remembers table %u at 0x%lx, where %u is", cpu, upper->table, upper->va, table);
}

/* What is kept under other tags may be out of date: it is not used until it is found to be true, or forgotten. */
static bool is_current(uint32_t cpu, uint32_t tag)
{
	return sim.cpu[cpu].tag == tag;
}

void sim_check_tlbs(void)
{
	for (uint32_t cpu = 0; cpu < sim.options.nr_cpus; cpu++) {
		for (uint32_t i = 0; i < SIM_TLB_ENTRIES; i++) {
			if (sim.cpu[cpu].tlb[i].level && is_current(cpu, sim.cpu[cpu].tlb[i].tag))
				tlb_entry_check(cpu, &sim.cpu[cpu].tlb[i]);
		}
		for (uint32_t i = 0; i < SIM_UPPER_ENTRIES; i++) {
			if (sim.cpu[cpu].upper[i].level && is_current(cpu, sim.cpu[cpu].upper[i].tag))
				upper_entry_check(cpu, &sim.cpu[cpu].upper[i]);
		}
	}
}
