/*
 * The audit: what must hold whenever no cursor is open. It reads raw memory and asks the library nothing.
 *
 *   - each tree is as spec/tree.h says, and no table is locked;
 *   - of each frame: refs == the test's handles + leaves that map it;
 *   - what is allocated is reached or held: nothing is lost;
 *   - the kernel's half is the same in every root;
 *   - no TLB knows what the tables do not say.
 */
#include <stdlib.h>
#include <string.h>

#include <sim/inside.h>
#include <spec/tree.h>

/* Accessed bits in the root's entries are each space's own. */
#define NOT_ACCESSED (~ARCH_PTE_A)

static uint32_t *leaves; /* by frame: leaves that map it, huge ones at their first frame */
static uint8_t *reached; /* by frame: it is a table of some tree */

static void on_table(vms_pfn table)
{
	if (reached[table] || !sim.used[table])
		sim_fail("table %u is reached twice, or its frame was freed", table);
	reached[table] = 1;
}

static void on_leaf(vms_pfn frame)
{
	leaves[frame]++;
}

static void tree_check(vms_pfn root, bool user)
{
	struct spec_tree tree = {.root = root, .user = user, .on_table = on_table, .on_leaf = on_leaf};
	struct spec_tree_fault fault;

	if (!spec_tree_wf(&tree, &fault))
		sim_fail("%s: not so at 0x%lx, table %u of level %u, entry 0x%lx (root %u)", fault.clause, fault.va,
			 fault.table, fault.level, fault.pte, root);
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
	tree_check(vms_machine.kernel.root, false);
	for (uint32_t i = 0; i < nr; i++) {
		tree_check(spaces[i]->root, true);
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
