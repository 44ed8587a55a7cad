/*
 * The MMU of each CPU: it walks the real entries in RAM, and remembers what it found for as long as it is
 * allowed to: until it is told to forget. Rules: SDM 4.5 (entries), 4.6 (rights), 4.8 (accessed, dirty),
 * 4.10 (caching).
 *
 * A CPU takes no interrupt in the middle of an access. So while it walks, no table on its way can be freed,
 * and what it translates to is not freed either: both are checked at every access.
 */
#include <sim/inside.h>

static uint64_t *entry_at(vms_pfn table, vms_va va, uint32_t level)
{
	return &vms_machine.ram[table].entry[sim_index(va, level)];
}

/* Can a CPU use this entry for va now: is it of its tag, or global? */
static bool tlb_covers(const struct sim_cpu *cpu, const struct sim_tlb_entry *entry, vms_va va)
{
	return entry->level && (entry->global || entry->tag == cpu->tag) &&
	       va / sim_level_size(entry->level) == entry->va / sim_level_size(entry->level);
}

/* The upper levels of the current tag. */
static void upper_forget(struct sim_cpu *cpu)
{
	for (uint32_t i = 0; i < SIM_UPPER_ENTRIES; i++) {
		if (cpu->upper[i].tag == cpu->tag)
			cpu->upper[i].level = 0;
	}
}

void arch_mmu_flush_page(vms_va va)
{
	struct sim_cpu *cpu = sim_cpu_current();

	if (va % VMS_PAGE != 0)
		sim_fail("a flush of %lx, which is no page's address", va);
	sim_disturb();
	for (uint32_t i = 0; i < SIM_TLB_ENTRIES; i++) {
		if (tlb_covers(cpu, &cpu->tlb[i], va))
			cpu->tlb[i].level = 0;
	}
	upper_forget(cpu);
	__atomic_fetch_add(&sim.counts.flushes_page, 1, __ATOMIC_RELAXED);
}

static void forget_all(struct sim_cpu *cpu)
{
	for (uint32_t i = 0; i < SIM_TLB_ENTRIES; i++) {
		if (!cpu->tlb[i].global && cpu->tlb[i].tag == cpu->tag)
			cpu->tlb[i].level = 0;
	}
	upper_forget(cpu);
}

void arch_mmu_flush_all(void)
{
	sim_disturb();
	forget_all(sim_cpu_current());
	__atomic_fetch_add(&sim.counts.flushes_all, 1, __ATOMIC_RELAXED);
}

void arch_mmu_flush_global(void)
{
	struct sim_cpu *cpu = sim_cpu_current();

	sim_disturb();
	for (uint32_t i = 0; i < SIM_TLB_ENTRIES; i++)
		cpu->tlb[i].level = 0;
	for (uint32_t i = 0; i < SIM_UPPER_ENTRIES; i++)
		cpu->upper[i].level = 0;
	__atomic_fetch_add(&sim.counts.flushes_all, 1, __ATOMIC_RELAXED);
}

void arch_mmu_activate(vms_pfn root)
{
	arch_mmu_activate_tagged(root, 0, false);
}

void arch_mmu_activate_tagged(vms_pfn root, uint32_t tag, bool keep)
{
	struct sim_cpu *cpu = sim_cpu_current();

	if (root >= sim.nr_frames || vms_machine.meta[root].kind != VMS_FRAME_TABLE)
		sim_fail("the root register is given frame %u, which is no table", root);
	if (tag != 0 && tag >= sim.options.nr_tags)
		sim_fail("tag %u of %u", tag, sim.options.nr_tags);
	sim_disturb();
	cpu->root = root;
	cpu->tag = tag;
	if (!keep)
		forget_all(cpu);
}

vms_pfn arch_mmu_root(void)
{
	return sim_cpu_current()->root;
}

/* Reserved bits (SDM 4.5.2) and tables that are none: the library wrote nonsense, or freed too early. */
static void entry_check(uint64_t pte, uint32_t level, vms_va va)
{
	uint64_t field = pte / VMS_PAGE % ARCH_PTE_FRAMES;

	if (arch_pte_has(pte, ARCH_PTE_PS) && level > 1) {
		if (level > ARCH_LEAF_LEVELS || field / 2 * 2 % sim_level_pages(level) || field >> 32)
			sim_fail("reserved bits in entry 0x%lx of level %u for address 0x%lx", pte, level, va);
	} else if (level > 1) {
		if (field >= sim.nr_frames || vms_machine.meta[field].kind != VMS_FRAME_TABLE)
			sim_fail("the MMU walks frame %lu, no table, at level %u for address 0x%lx", field, level - 1,
				 va);
	} else if (field >> 32) {
		sim_fail("reserved bits in entry 0x%lx of level 1 for address 0x%lx", pte, va);
	}
}

static struct sim_upper_entry upper_start(const struct sim_cpu *cpu, vms_va va)
{
	struct sim_upper_entry best = {.level = ARCH_LEVELS,
				       .table = cpu->root,
				       .write = true,
				       .user = true,
				       .execute = true,
				       .tag = cpu->tag};

	for (uint32_t i = 0; i < SIM_UPPER_ENTRIES; i++) {
		const struct sim_upper_entry *upper = &cpu->upper[i];

		if (upper->level && upper->tag == cpu->tag && upper->level < best.level &&
		    va / sim_level_size(upper->level + 1) == upper->va / sim_level_size(upper->level + 1))
			best = *upper;
	}
	return best;
}

/* The walk of an access: finds the leaf, checks rights, sets accessed and dirty. False is a fault. */
static bool walk(struct sim_cpu *cpu, vms_va va, uint32_t access, bool user, struct sim_tlb_entry *found)
{
	struct sim_upper_entry at = upper_start(cpu, va);

	__atomic_fetch_add(&sim.counts.walks, 1, __ATOMIC_RELAXED);
	for (;;) {
		uint64_t *slot = entry_at(at.table, va, at.level);
		uint64_t pte = __atomic_load_n(slot, __ATOMIC_ACQUIRE);
		bool leaf = at.level == 1 || arch_pte_has(pte, ARCH_PTE_PS);
		uint64_t set = ARCH_PTE_A;

		if (!arch_pte_has(pte, ARCH_PTE_P))
			return false;
		entry_check(pte, at.level, va);
		at.write = at.write && arch_pte_has(pte, ARCH_PTE_W);
		at.user = at.user && arch_pte_has(pte, ARCH_PTE_U);
		at.execute = at.execute && !arch_pte_has(pte, ARCH_PTE_NX);
		if (leaf && ((vms_has(access, VMS_W) && !at.write) || (vms_has(access, VMS_X) && !at.execute) ||
			     (user && !at.user)))
			return false;
		if (leaf && vms_has(access, VMS_W))
			set |= ARCH_PTE_D;
		if ((pte & set) != set &&
		    !__atomic_compare_exchange_n(slot, &pte, pte | set, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
			at = upper_start(cpu, va);
			continue;
		}
		pte |= set;
		if (leaf) {
			*found = (struct sim_tlb_entry){
				.va = va / sim_level_size(at.level) * sim_level_size(at.level),
				.level = at.level,
				.rights = VMS_R + (at.write ? VMS_W : 0) + (at.execute ? VMS_X : 0),
				.user = at.user,
				.global = arch_pte_has(pte, ARCH_PTE_G),
				.dirty = arch_pte_has(pte, ARCH_PTE_D),
				.tag = cpu->tag,
				.frame = arch_pte_frame(pte, at.level),
			};
			return true;
		}
		at.va = va / sim_level_size(at.level) * sim_level_size(at.level);
		at.level--;
		at.table = arch_pte_child(pte);
		cpu->upper[sim_index(va, at.level + 1) % SIM_UPPER_ENTRIES] = at;
	}
}

static void fill(struct sim_cpu *cpu, const struct sim_tlb_entry *entry)
{
	for (uint32_t i = 0; i < SIM_TLB_ENTRIES; i++) {
		if (!cpu->tlb[i].level) {
			cpu->tlb[i] = *entry;
			return;
		}
	}
	cpu->tlb[cpu->next] = *entry;
	cpu->next = (cpu->next + 1) % SIM_TLB_ENTRIES;
}

/* A frame that a user reaches must be somebody's, untyped or a device's. */
static void frame_check(const struct sim_tlb_entry *entry, vms_va va)
{
	vms_pfn frame = (vms_pfn)(entry->frame + va % sim_level_size(entry->level) / VMS_PAGE);
	uint32_t kind;

	if (va >= VMS_USER_END || frame >= sim.nr_frames)
		return;
	kind = __atomic_load_n(&vms_machine.meta[frame].kind, __ATOMIC_RELAXED);
	if (kind != VMS_FRAME_UNTYPED && kind != VMS_FRAME_TAIL && kind != VMS_FRAME_RESERVED)
		sim_fail("CPU %u reaches frame %u of kind %u at address 0x%lx", sim_cpu(), frame, kind, va);
}

static bool allows(const struct sim_tlb_entry *entry, uint32_t access, bool user)
{
	return (!vms_has(access, VMS_W) || vms_has(entry->rights, VMS_W)) &&
	       (!vms_has(access, VMS_X) || vms_has(entry->rights, VMS_X)) && (!user || entry->user);
}

/* What the TLB says. level 0: nothing, walk. */
static struct sim_tlb_entry remembered(struct sim_cpu *cpu, vms_va va, uint32_t access)
{
	static const struct sim_tlb_entry none;

	for (uint32_t i = 0; i < SIM_TLB_ENTRIES; i++) {
		struct sim_tlb_entry entry = cpu->tlb[i];

		if (!tlb_covers(cpu, &entry, va))
			continue;
		if (!vms_has(access, VMS_W) || !vms_has(entry.rights, VMS_W) || entry.dirty)
			return entry;
		/* To set the dirty bit hardware must look at the entry in memory again. */
		cpu->tlb[i].level = 0;
		break;
	}
	return none;
}

static bool fault(struct sim_cpu *cpu, vms_va va)
{
	for (uint32_t i = 0; i < SIM_TLB_ENTRIES && !sim.options.sticky; i++) {
		if (tlb_covers(cpu, &cpu->tlb[i], va))
			cpu->tlb[i].level = 0;
	}
	if (!sim.options.sticky)
		upper_forget(cpu);
	return false;
}

bool sim_translate(vms_va va, uint32_t access, bool user, vms_pa *pa)
{
	struct sim_cpu *cpu = sim_cpu_current();
	struct sim_tlb_entry entry = remembered(cpu, va, access);

	if (entry.level && !allows(&entry, access, user))
		return fault(cpu, va);
	if (!entry.level) {
		if (!walk(cpu, va, access, user, &entry))
			return fault(cpu, va);
		fill(cpu, &entry);
	}
	frame_check(&entry, va);
	*pa = entry.frame * VMS_PAGE + va % sim_level_size(entry.level);
	return true;
}

bool sim_tlb_has(uint32_t cpu, vms_va va)
{
	for (uint32_t i = 0; i < SIM_TLB_ENTRIES; i++) {
		if (tlb_covers(&sim.cpu[cpu], &sim.cpu[cpu].tlb[i], va))
			return true;
	}
	return false;
}

bool sim_look(vms_pfn root, vms_va va, struct sim_tlb_entry *entry)
{
	vms_pfn table = root;

	*entry = (struct sim_tlb_entry){.rights = VMS_R + VMS_W + VMS_X, .user = true};
	for (uint32_t level = ARCH_LEVELS;; level--) {
		uint64_t pte = __atomic_load_n(entry_at(table, va, level), __ATOMIC_ACQUIRE);

		if (!arch_pte_has(pte, ARCH_PTE_P))
			return false;
		entry_check(pte, level, va);
		if (!arch_pte_has(pte, ARCH_PTE_W))
			entry->rights &= ~VMS_W;
		if (arch_pte_has(pte, ARCH_PTE_NX))
			entry->rights &= ~VMS_X;
		entry->user = entry->user && arch_pte_has(pte, ARCH_PTE_U);
		if (level == 1 || arch_pte_has(pte, ARCH_PTE_PS)) {
			entry->va = va / sim_level_size(level) * sim_level_size(level);
			entry->level = level;
			entry->global = arch_pte_has(pte, ARCH_PTE_G);
			entry->dirty = arch_pte_has(pte, ARCH_PTE_D);
			entry->frame = arch_pte_frame(pte, level);
			return true;
		}
		table = arch_pte_child(pte);
	}
}

/* Fill from any present path: hardware may, whatever the program does (SDM 4.10.2.3). */
static void speculate(struct sim_cpu *cpu)
{
	vms_pfn table = cpu->root;
	vms_va va = 0;

	for (uint32_t level = ARCH_LEVELS; level >= 1; level--) {
		uint64_t first = sim_random(&cpu->random) % VMS_ENTRIES;
		uint64_t pte = 0;
		uint64_t i;

		if (level == ARCH_LEVELS)
			first = sim_random(&cpu->random) % 4 ? 0 : ARCH_ROOT_KERNEL;
		for (i = 0; i < VMS_ENTRIES && !arch_pte_has(pte, ARCH_PTE_P); i++)
			pte = __atomic_load_n(&vms_machine.ram[table].entry[(first + i) % VMS_ENTRIES],
					      __ATOMIC_ACQUIRE);
		if (!arch_pte_has(pte, ARCH_PTE_P))
			return;
		va += (first + i - 1) % VMS_ENTRIES * sim_level_size(level);
		if (level == ARCH_LEVELS && va >= VMS_USER_END)
			va += VMS_KERNEL_START - (VMS_KERNEL_START << 16 >> 16);
		if (level == 1 || arch_pte_has(pte, ARCH_PTE_PS)) {
			struct sim_tlb_entry entry;

			if (walk(cpu, va, VMS_R, false, &entry))
				fill(cpu, &entry);
			return;
		}
		entry_check(pte, level, va);
		table = arch_pte_child(pte);
	}
}

void sim_disturb(void)
{
	uint32_t me = sim_cpu();
	uint32_t which;
	uint64_t choice;

	if (!sim.options.hostile || !sim.on)
		return;
	choice = sim_random(&sim.cpu[me].random) >> 20;
	if (choice % 4)
		return;
	which = (uint32_t)(choice / 4 % sim.options.nr_cpus);
	if (which != me && !sim_cpu_take(which))
		return;
	if (sim.cpu[which].root) {
		sim.cpu[which].tlb[choice / 256 % SIM_TLB_ENTRIES].level = 0;
		speculate(&sim.cpu[which]);
	}
	if (which != me)
		sim_cpu_give(which);
}
