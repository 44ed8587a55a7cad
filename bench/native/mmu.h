/*
 * For the native benchmark: the real entry codec, and an MMU that costs nothing, so that what is measured is
 * the library alone. Its user-access routines are never called.
 */
#ifndef BENCH_NATIVE_MMU_H
#define BENCH_NATIVE_MMU_H

#include <pte.h>
#include <vms/types.h>

static inline void arch_mmu_activate(vms_pfn root)
{
	(void)root;
}
static inline void arch_mmu_activate_tagged(vms_pfn root, uint32_t tag, bool keep)
{
	(void)root, (void)tag, (void)keep;
}
static inline void arch_mmu_flush_page(vms_va va)
{
	__asm__ volatile("" ::"r"(va) : "memory");
}
static inline void arch_mmu_flush_all(void)
{
	__asm__ volatile("" ::: "memory");
}
static inline void arch_mmu_flush_global(void)
{
	__asm__ volatile("" ::: "memory");
}
static inline void arch_cpu_relax(void)
{
	__builtin_ia32_pause();
}

uint64_t arch_user_copy_in(void *to, vms_va from, uint64_t len);
uint64_t arch_user_copy_out(vms_va to, const void *from, uint64_t len);
uint64_t arch_user_zero(vms_va to, uint64_t len);
bool arch_user_load32(vms_va from, uint32_t *seen);
bool arch_user_load64(vms_va from, uint64_t *seen);
bool arch_user_cmpxchg32(vms_va at, uint32_t expected, uint32_t desired, uint32_t *seen);
bool arch_user_cmpxchg64(vms_va at, uint64_t expected, uint64_t desired, uint64_t *seen);

#endif
