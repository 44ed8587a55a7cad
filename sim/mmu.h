/*
 * The simulated MMU: the names of arch/x86_64/mmu.h, for the machine in a process. Entries are the real
 * ones, see pte.h of that machine; the functions are in sim/.
 */
#ifndef VMS_SIM_MMU_H
#define VMS_SIM_MMU_H

#include <pte.h>
#include <vms/types.h>

/* All act on the current simulated CPU. */
void arch_mmu_activate(vms_pfn root);
void arch_mmu_activate_tagged(vms_pfn root, uint32_t tag, bool keep);
vms_pfn arch_mmu_root(void);
void arch_mmu_flush_page(vms_va va);
void arch_mmu_flush_all(void);
void arch_mmu_flush_global(void);

uint64_t arch_user_copy_in(void *to, vms_va from, uint64_t len);
uint64_t arch_user_copy_out(vms_va to, const void *from, uint64_t len);
uint64_t arch_user_zero(vms_va to, uint64_t len);
bool arch_user_load32(vms_va from, uint32_t *seen);
bool arch_user_load64(vms_va from, uint64_t *seen);
bool arch_user_cmpxchg32(vms_va at, uint32_t expected, uint32_t desired, uint32_t *seen);
bool arch_user_cmpxchg64(vms_va at, uint64_t expected, uint64_t desired, uint64_t *seen);

/* Lets interrupts in, on this CPU and on those that no thread drives. */
void arch_cpu_relax(void);

#endif
