/*
 * The x86-64 MMU: what src/ and the kernel call on this machine. sim/mmu.h gives the same names for the
 * machine in a process.
 */
#ifndef VMS_ARCH_MMU_H
#define VMS_ARCH_MMU_H

#include <pte.h>
#include <vms/types.h>

/*
 * On each CPU once: program the PAT as pte.h expects, turn on NX, write protection in kernel mode, global
 * pages, and SMEP, SMAP, UMIP and PCID where the CPU has them. The first call writes stac and clac into copy.S if the
 * CPU has SMAP: the text must be writable until then. All CPUs have the same features.
 */
void arch_mmu_init(void);

/* Switch the root; non-global translations are forgotten. Root 0..2^40. SDM 4.10.4.1. */
static inline void arch_mmu_activate(vms_pfn root)
{
	__asm__ volatile("mov %0, %%cr3" ::"r"(root * VMS_PAGE) : "memory");
}

/*
 * The same with process-context identifiers: translations are kept under their tag, and those of this tag are
 * forgotten unless `keep`. tag < arch_mmu_nr_tags(). SDM 4.10.1; bit 63 of the new CR3 is "keep".
 */
static inline void arch_mmu_activate_tagged(vms_pfn root, uint32_t tag, bool keep)
{
	__asm__ volatile("mov %0, %%cr3" ::"r"(root * VMS_PAGE + tag + (keep ? 1ul << 63 : 0)) : "memory");
}

/* Tags that this CPU has: 1 if none. */
uint32_t arch_mmu_nr_tags(void);

static inline vms_pfn arch_mmu_root(void)
{
	uint64_t cr3;

	__asm__ volatile("mov %%cr3, %0" : "=r"(cr3)::"memory");
	return (vms_pfn)(cr3 / VMS_PAGE);
}

/* Forget one page on this CPU, global or not, and everything cached of upper levels. SDM 4.10.4.1. */
static inline void arch_mmu_flush_page(vms_va va)
{
	__asm__ volatile("invlpg (%0)" ::"r"(va) : "memory");
}

/* Forget everything but global pages on this CPU; with tags, of the current one, which CR3 keeps. */
static inline void arch_mmu_flush_all(void)
{
	uint64_t cr3;

	__asm__ volatile("mov %%cr3, %0" : "=r"(cr3)::"memory");
	__asm__ volatile("mov %0, %%cr3" ::"r"(cr3) : "memory");
}

/* Forget everything, global pages too. SDM 4.10.4.1: by a change of CR4.PGE. */
void arch_mmu_flush_global(void);

/*
 * Accesses to user memory that survive a fault. `va` and `len` lie in [0, VMS_USER_END); the code clamps
 * the address once more without a branch, so that speculation past the caller's check stays in user space.
 * copy and zero return the number of bytes done; the others false on a fault, `*seen` untouched.
 */
uint64_t arch_user_copy_in(void *to, vms_va from, uint64_t len);
uint64_t arch_user_copy_out(vms_va to, const void *from, uint64_t len);
uint64_t arch_user_zero(vms_va to, uint64_t len);
bool arch_user_load32(vms_va from, uint32_t *seen);
bool arch_user_load64(vms_va from, uint64_t *seen);
bool arch_user_cmpxchg32(vms_va at, uint32_t expected, uint32_t desired, uint32_t *seen);
bool arch_user_cmpxchg64(vms_va at, uint64_t expected, uint64_t desired, uint64_t *seen);

/*
 * Where to continue after a fault in kernel mode at `ip`: the address of the fixup, or 0 if the
 * instruction is none of the above, which makes the fault a kernel bug. (The ring-3 exit path has no entry.)
 */
uint64_t arch_user_fixup(uint64_t ip);

/* While waiting for another CPU. */
static inline void arch_cpu_relax(void)
{
	__asm__ volatile("pause" ::: "memory");
}

#endif
