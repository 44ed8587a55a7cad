/*
 * The MMU of each CPU: walks the tables in RAM with atomic loads, remembers what it found until it is told to
 * forget, and uses what it remembers.
 *
 * It remembers as much as it may: an entry goes only by an invalidation.
 */
#include <string.h>

#include "world.h"

/* An instruction, and what the walker does, is not interrupted half way. */
static uint64_t tlb_take(struct world_cpu *cpu)
{
	uint64_t state = scenario->strict ? vms_port_irq_save() : 0;

	explore_wait_swap(&cpu->tlb_lock, 0, 1);
	return state;
}

static void tlb_give(struct world_cpu *cpu, uint64_t state)
{
	(void)explore_swap(&cpu->tlb_lock, sizeof(uint32_t), 0);
	if (scenario->strict)
		vms_port_irq_restore(state);
}

/* Forget page `page`, or all, of the current tag. */
static void forget(bool all, uint32_t page)
{
	struct world_cpu *cpu = &world.cpu[world_cpu()];
	uint64_t state;

	if (explore_self() < 0 || !cpu_uses_tlb(world_cpu()))
		return;
	state = tlb_take(cpu);
	for (uint32_t i = 0; i < NR_TLB; i++) {
		if (cpu->tlb[i].tag == cpu->tag && (all || cpu->tlb[i].page == page))
			cpu->tlb[i].valid = false;
	}
	tlb_give(cpu, state);
}

void arch_mmu_flush_page(vms_va va)
{
	forget(false, (uint32_t)(va / VMS_PAGE));
}

void arch_mmu_flush_all(void)
{
	forget(true, 0);
}

void arch_mmu_flush_global(void)
{
	forget(true, 0);
}

void arch_mmu_activate(vms_pfn root)
{
	arch_mmu_activate_tagged(root, 0, false);
}

void arch_mmu_activate_tagged(vms_pfn root, uint32_t tag, bool keep)
{
	struct world_cpu *cpu = &world.cpu[world_cpu()];
	bool seen = explore_self() >= 0 && cpu_uses_tlb(world_cpu());
	uint64_t state = 0;

	if (seen)
		state = tlb_take(cpu);
	cpu->root = root;
	cpu->tag = tag;
	for (uint32_t i = 0; i < NR_TLB && !keep; i++) {
		if (cpu->tlb[i].tag == tag)
			cpu->tlb[i].valid = false;
	}
	if (seen)
		tlb_give(cpu, state);
}

/*
 * Set accessed, and dirty if it is a write, as one locked operation; false: the entry is another by now. What was
 * set must not be lost while the frame stays mapped.
 */
static bool entry_settle(uint64_t *entry, uint64_t pte, bool write, vms_pfn frame)
{
	uint64_t set = ARCH_PTE_A | (write ? ARCH_PTE_D : 0);

	if ((pte & set) != set && !explore_compare_swap(entry, sizeof(*entry), pte, pte | set))
		return false;
	if (frame >= FIRST_DATA && frame < NR_FRAMES)
		world.settled[frame - FIRST_DATA] |= set;
	return true;
}

/* Walk to the leaf of va and remember it. False: not present, or not allowed. */
static bool walk(struct world_cpu *cpu, vms_va va, bool write, struct tlb_entry *found)
{
	uint32_t page = (uint32_t)(va / VMS_PAGE), index;
	vms_pfn table = cpu->root;
	uint64_t pte = 0;
	uint32_t level;

	for (level = ARCH_LEVELS; level > 0; level--) {
		index = page >> (2 * (level - 1)) & 3;
		do {
			pte = explore_load(&world.ram[table].entry[index], sizeof(pte));
			if (!arch_pte_has(pte, ARCH_PTE_P))
				return false;
			if (arch_pte_kind(pte, level) != ARCH_PTE_LEAF)
				break;
			if (write && !arch_pte_has(pte, ARCH_PTE_W))
				return false;
		} while (!entry_settle(&world.ram[table].entry[index], pte, write,
				       arch_pte_frame(pte, level) + (level == 2 ? page % 4 : 0)));
		if (arch_pte_kind(pte, level) == ARCH_PTE_LEAF)
			break;
		table = arch_pte_child(pte);
		if (table >= NR_FRAMES)
			explore_fail("the MMU walks to frame %u, which is none", table);
	}
	*found = (struct tlb_entry){
		.valid = true,
		.page = page,
		.frame = arch_pte_frame(pte, level) + (level == 2 ? page % 4 : 0),
		.rights = VMS_R + (arch_pte_has(pte, ARCH_PTE_W) ? VMS_W : 0),
		.tag = cpu->tag,
		.root = cpu->root,
	};
	return true;
}

bool mmu_access(vms_va va, bool write)
{
	struct world_cpu *cpu = &world.cpu[world_cpu()];
	struct tlb_entry *entry = &cpu->tlb[(va / VMS_PAGE + 2 * cpu->tag) % NR_TLB], found = {0};
	uint64_t state = tlb_take(cpu);
	bool hit;

	hit = entry->valid && entry->page == va / VMS_PAGE && entry->tag == cpu->tag &&
	      (!write || vms_has(entry->rights, VMS_W));
	if (hit)
		found = *entry;
	else
		hit = walk(cpu, va, write, &found);
	if (hit) {
		*entry = found;
		/* A read, for the check: programs may race with each other, not with a free. */
		explore_plain(&world.ram[found.frame], sizeof(uint64_t), false);
	}
	tlb_give(cpu, state);
	return hit;
}

static void touch_tlb(uint32_t cpu)
{
	explore_touch(&world.cpu[cpu].tlb_lock, false);
}

/* What is remembered under another tag is not used; if it is later, its frame is dead then. */
static bool is_in_force(const struct world_cpu *cpu, uint32_t k)
{
	return cpu->tlb[k].valid && cpu->tlb[k].tag == cpu->tag;
}

void mmu_no_translation_of(vms_pfn frame)
{
	for (uint32_t i = 0; i < scenario->nr_cpus; i++) {
		if (!cpu_uses_tlb(i))
			continue;
		touch_tlb(i);
		for (uint32_t k = 0; k < NR_TLB; k++) {
			if (is_in_force(&world.cpu[i], k) && world.cpu[i].tlb[k].frame == frame)
				explore_fail("frame %u is freed while CPU %u translates page %u to it", frame, i,
					     world.cpu[i].tlb[k].page);
		}
	}
}

void mmu_none_stale(uint32_t space, uint32_t first, uint32_t end)
{
	for (uint32_t i = 0; i < scenario->nr_cpus; i++) {
		if (!cpu_uses_tlb(i))
			continue;
		touch_tlb(i);
		for (uint32_t k = 0; k < NR_TLB; k++) {
			const struct tlb_entry *entry = &world.cpu[i].tlb[k];
			uint32_t pages[NR_SPACES][NR_PAGES];

			if (!is_in_force(&world.cpu[i], k) || entry->page < first || entry->page >= end ||
			    entry->root != world.space[space].root)
				continue;
			oracle_read(pages);
			if ((pages[space][entry->page] & 0xfff) != PAGE_FRAME + entry->frame ||
			    (vms_has(entry->rights, VMS_W) && pages[space][entry->page] >= PAGE_READ_ONLY))
				explore_fail("after the flush CPU %u still has page %u at frame %u, rights %u", i,
					     entry->page, entry->frame, entry->rights);
		}
	}
}

/* --- Copies: of one word, through the MMU --- */

uint64_t arch_user_copy_in(void *to, vms_va from, uint64_t len)
{
	memset(to, 0, len);
	return mmu_access(from, false) ? len : 0;
}

uint64_t arch_user_copy_out(vms_va to, const void *from, uint64_t len)
{
	(void)from;
	return mmu_access(to, true) ? len : 0;
}

uint64_t arch_user_zero(vms_va to, uint64_t len)
{
	return mmu_access(to, true) ? len : 0;
}

bool arch_user_load32(vms_va from, uint32_t *seen)
{
	*seen = 0;
	return mmu_access(from, false);
}

bool arch_user_load64(vms_va from, uint64_t *seen)
{
	*seen = 0;
	return mmu_access(from, false);
}

bool arch_user_cmpxchg32(vms_va at, uint32_t expected, uint32_t desired, uint32_t *seen)
{
	(void)desired;
	*seen = expected;
	return mmu_access(at, true);
}

bool arch_user_cmpxchg64(vms_va at, uint64_t expected, uint64_t desired, uint64_t *seen)
{
	(void)desired;
	*seen = expected;
	return mmu_access(at, true);
}

void mmu_only(uint32_t space, uint32_t page, vms_pfn frame)
{
	for (uint32_t i = 0; i < scenario->nr_cpus; i++) {
		if (!cpu_uses_tlb(i))
			continue;
		touch_tlb(i);
		for (uint32_t k = 0; k < NR_TLB; k++) {
			const struct tlb_entry *entry = &world.cpu[i].tlb[k];

			if (is_in_force(&world.cpu[i], k) && entry->page == page &&
			    entry->root == world.space[space].root && entry->frame != frame)
				explore_fail("page %u was mapped to frame %u while CPU %u has it at frame %u", page,
					     frame, i, entry->frame);
		}
	}
}
