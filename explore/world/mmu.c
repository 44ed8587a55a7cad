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

enum how_much { ONE_PAGE, ALL_OF_TAG, ALL };

static bool is_of_tag(const struct world_cpu *cpu, const struct tlb_entry *entry)
{
	return entry->tag == cpu->tag;
}

/* SDM 4.10.4.1: one page is forgotten with all upper levels of the tag; "all" spares global pages and other tags. */
static void entries_drop(struct world_cpu *cpu, enum how_much how, uint32_t page)
{
	for (uint32_t i = 0; i < NR_TLB; i++) {
		struct tlb_entry *entry = &cpu->tlb[i];

		if (how == ALL || (how == ALL_OF_TAG && is_of_tag(cpu, entry) && !entry->global) ||
		    (how == ONE_PAGE && entry->page == page && (is_of_tag(cpu, entry) || entry->global)))
			entry->valid = false;
		for (uint32_t level = 0; level < 2; level++) {
			if (how == ALL || is_of_tag(cpu, &cpu->upper[level][i]))
				cpu->upper[level][i].valid = false;
		}
	}
}

static void forget(enum how_much how, uint32_t page)
{
	struct world_cpu *cpu = &world.cpu[world_cpu()];
	uint64_t state;

	if (explore_self() < 0 || !cpu_uses_tlb(world_cpu()))
		return;
	state = tlb_take(cpu);
	entries_drop(cpu, how, page);
	tlb_give(cpu, state);
}

void arch_mmu_flush_page(vms_va va)
{
	forget(ONE_PAGE, (uint32_t)(va / VMS_PAGE));
}

void arch_mmu_flush_all(void)
{
	forget(ALL_OF_TAG, 0);
}

void arch_mmu_flush_global(void)
{
	forget(ALL, 0);
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
	cpu->kept = keep;
	if (!keep)
		entries_drop(cpu, ALL_OF_TAG, 0);
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

static struct tlb_entry *upper_at(struct world_cpu *cpu, uint32_t level, uint32_t page)
{
	return &cpu->upper[level - 1][((page >> (2 * level)) + 2 * cpu->tag) % NR_TLB];
}

/* The lowest table on the way to the page that is remembered; the root if none is. */
static vms_pfn walk_start(struct world_cpu *cpu, uint32_t page, uint32_t *level)
{
	for (*level = 1; *level < ARCH_LEVELS; ++*level) {
		const struct tlb_entry *entry = upper_at(cpu, *level, page);

		if (entry->valid && entry->page == page >> (2 * *level) && is_of_tag(cpu, entry))
			return entry->frame;
	}
	return cpu->root;
}

/* Walk to the leaf of va and remember it. False: not present, or not allowed. */
static bool walk(struct world_cpu *cpu, vms_va va, bool write, struct tlb_entry *found)
{
	uint32_t page = (uint32_t)(va / VMS_PAGE), index;
	uint32_t level;
	vms_pfn table = walk_start(cpu, page, &level);
	uint64_t pte = 0;

	for (; level > 0; level--) {
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
		*upper_at(cpu, level - 1, page) = (struct tlb_entry){
			.valid = true, .page = page >> (2 * (level - 1)), .frame = table, .tag = cpu->tag};
	}
	*found = (struct tlb_entry){
		.valid = true,
		.page = page,
		.frame = arch_pte_frame(pte, level) + (level == 2 ? page % 4 : 0),
		.rights = VMS_R + (arch_pte_has(pte, ARCH_PTE_W) ? VMS_W : 0),
		.tag = cpu->tag,
		.root = cpu->root,
		.global = arch_pte_has(pte, ARCH_PTE_G),
	};
	return true;
}

/* What is remembered under another tag is not used; if it is later, its frame is dead then. */
static bool is_in_force(const struct world_cpu *cpu, const struct tlb_entry *entry)
{
	return entry->valid && (is_of_tag(cpu, entry) || entry->global);
}

/* `fault`: an access of the program's; else hardware looks ahead. */
static bool access(vms_va va, bool write, bool fault)
{
	struct world_cpu *cpu = &world.cpu[world_cpu()];
	uint32_t page = (uint32_t)(va / VMS_PAGE);
	struct tlb_entry *entry = &cpu->tlb[(page + (page < KERNEL_PAGE ? 2 * cpu->tag : 0)) % NR_TLB], found = {0};
	uint64_t state = tlb_take(cpu);
	bool hit;

	hit = is_in_force(cpu, entry) && entry->page == page && (!write || vms_has(entry->rights, VMS_W));
	if (hit)
		found = *entry;
	else
		hit = walk(cpu, va, write, &found);
	if (hit) {
		*entry = found;
		/* A read, for the check: programs may race with each other, not with a free. */
		if (found.frame < NR_FRAMES)
			explore_plain(&world.ram[found.frame], sizeof(uint64_t), false);
	} else if (fault) {
		/* SDM 4.10.4.1: a fault forgets what it came from. */
		entries_drop(cpu, ONE_PAGE, page);
	}
	tlb_give(cpu, state);
	return hit;
}

bool mmu_access(vms_va va, bool write)
{
	return access(va, write, true);
}

bool mmu_look_ahead(vms_va va, bool write)
{
	return access(va, write, false);
}

/* What lies at place k of all TLBs, one CPU's after the other: NULL if that is not in force, or no program uses it. */
static const struct tlb_entry *tlb_look(uint32_t k)
{
	struct world_cpu *cpu = &world.cpu[k / NR_TLB];
	const struct tlb_entry *entry = &cpu->tlb[k % NR_TLB];

	if (!cpu_uses_tlb(k / NR_TLB))
		return NULL;
	if (k % NR_TLB == 0)
		explore_touch(&cpu->tlb_lock, false);
	return is_in_force(cpu, entry) ? entry : NULL;
}

void mmu_no_translation_of(vms_pfn frame)
{
	for (uint32_t k = 0; k < scenario->nr_cpus * NR_TLB; k++) {
		const struct tlb_entry *entry = tlb_look(k);

		if (entry != NULL && entry->frame == frame)
			explore_fail("frame %u is freed while CPU %u translates page %u to it", frame, k / NR_TLB,
				     entry->page);
	}
}

void mmu_none_stale(uint32_t space, uint32_t first, uint32_t end)
{
	for (uint32_t k = 0; k < scenario->nr_cpus * NR_TLB; k++) {
		const struct tlb_entry *entry = tlb_look(k);
		uint32_t pages[NR_TREES][NR_PAGES];

		if (entry == NULL || entry->page < first || entry->page >= end ||
		    (space != KERNEL && entry->root != world.space[space].root))
			continue;
		oracle_read(pages);
		if ((pages[space][entry->page] & 0xfff) != PAGE_FRAME + entry->frame ||
		    (vms_has(entry->rights, VMS_W) && pages[space][entry->page] >= PAGE_READ_ONLY))
			explore_fail("after the flush CPU %u still has page %u at frame %u, rights %u", k / NR_TLB,
				     entry->page, entry->frame, entry->rights);
	}
}

void mmu_only(uint32_t space, uint32_t page, vms_pfn frame)
{
	for (uint32_t k = 0; k < scenario->nr_cpus * NR_TLB; k++) {
		const struct tlb_entry *entry = tlb_look(k);

		if (entry != NULL && entry->page == page && entry->root == world.space[space].root &&
		    entry->frame != frame)
			explore_fail("page %u was mapped to frame %u while CPU %u has it at frame %u", page, frame,
				     k / NR_TLB, entry->frame);
	}
}

void mmu_alone(uint32_t space, vms_pfn frame)
{
	for (uint32_t k = 0; k < scenario->nr_cpus * NR_TLB; k++) {
		const struct tlb_entry *entry = tlb_look(k);

		if (entry != NULL && entry->frame == frame && entry->root != world.space[space].root)
			explore_fail("frame %u may be written while CPU %u has it in another space", frame, k / NR_TLB);
	}
	/* What others did with it came before. */
	explore_plain(&world.ram[frame], sizeof(uint64_t), true);
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
