/*
 * The x86-64 MMU's set-up, and where a faulted access to user memory continues.
 *
 * Protections that not every processor has are turned on where CPUID names them. SMAP makes user pages
 * unreachable for the kernel but between stac and clac; those two are no instructions on an older processor,
 * so copy.S is assembled with no-operations in their places and told at start which to become.
 */
#include <mmu.h>

#define CR0_WP 0x10000ul
#define CR4_PGE 0x80ul
#define CR4_UMIP 0x800ul
#define CR4_SMEP 0x100000ul
#define CR4_PCIDE (1ul << 17)
#define CR4_SMAP 0x200000ul

#define MSR_PAT 0x277u
#define MSR_EFER 0xc0000080u
#define EFER_NXE 0x800ul

/* By entry, from the lowest byte: WB, WT, UC, UC, WC, WT, UC, UC. SDM 11.12.2. */
#define PAT_VALUE 0x0000040100000406ul

struct cpuid {
	uint32_t a, b, c, d;
};

/* An instruction of copy.S that may fault, and where to go on then. */
struct fixup {
	uint64_t ip;
	uint64_t target;
};

/* Three bytes in copy.S that become stac or clac. */
struct smap_site {
	uint8_t *at;
	uint64_t opcode;
};

/* The linker's names for the ends of the two sections. */
extern const struct fixup __start_vms_fixups[], __stop_vms_fixups[];
extern const struct smap_site __start_vms_smap_sites[], __stop_vms_smap_sites[];

static struct cpuid cpuid(uint32_t leaf)
{
	struct cpuid result = {.a = leaf, .c = 0};

	__asm__ volatile("cpuid" : "+a"(result.a), "=b"(result.b), "+c"(result.c), "=d"(result.d));
	return result;
}

static uint64_t msr_read(uint32_t msr)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (uint64_t)high << 32 | low;
}

static void msr_write(uint32_t msr, uint64_t value)
{
	__asm__ volatile("wrmsr" ::"a"((uint32_t)value), "d"((uint32_t)(value >> 32)), "c"(msr) : "memory");
}

static uint64_t cr4_read(void)
{
	uint64_t cr4;

	__asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
	return cr4;
}

static void cr4_write(uint64_t cr4)
{
	__asm__ volatile("mov %0, %%cr4" ::"r"(cr4) : "memory");
}

/* Done by the first CPU, while the text may still be written. Doing it twice changes nothing. */
static void smap_patch(void)
{
	for (const struct smap_site *site = __start_vms_smap_sites; site < __stop_vms_smap_sites; site++) {
		for (int i = 0; i < 3; i++)
			site->at[i] = (uint8_t)(site->opcode >> 8 * i);
	}
}

uint32_t arch_mmu_nr_tags(void)
{
	return cpuid(1).c & 1u << 17 ? 4096 : 1;
}

void arch_mmu_init(void)
{
	struct cpuid features = {0};
	uint64_t cr0, cr4 = cr4_read() | CR4_PGE;
	static bool patched;

	if (arch_mmu_nr_tags() > 1)
		cr4 |= CR4_PCIDE; /* CR3 holds no tag yet, as it must (SDM 4.10.1) */
	if (cpuid(0).a >= 7)
		features = cpuid(7);
	if (features.b & 1u << 7)
		cr4 |= CR4_SMEP;
	if (features.b & 1u << 20)
		cr4 |= CR4_SMAP;
	if (features.c & 1u << 2)
		cr4 |= CR4_UMIP;

	if ((cr4 & CR4_SMAP) && !patched)
		smap_patch();
	patched = true;

	msr_write(MSR_EFER, msr_read(MSR_EFER) | EFER_NXE);
	msr_write(MSR_PAT, PAT_VALUE);
	__asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
	__asm__ volatile("mov %0, %%cr0" ::"r"(cr0 | CR0_WP) : "memory");
	cr4_write(cr4);
	arch_mmu_flush_global();
}

void arch_mmu_flush_global(void)
{
	uint64_t cr4 = cr4_read();

	cr4_write(cr4 ^ CR4_PGE);
	cr4_write(cr4);
}

uint64_t arch_user_fixup(uint64_t ip)
{
	for (const struct fixup *fixup = __start_vms_fixups; fixup < __stop_vms_fixups; fixup++) {
		if (fixup->ip == ip)
			return fixup->target;
	}
	return 0;
}
