/*
 * The MMU as provers see it: the names of arch/x86_64/mmu.h, each with the contract that hardware and assembly are
 * trusted to keep (proof/TRUST.md lists them). No code: nothing here is proved.
 */
#ifndef VMS_PROOF_MMU_H
#define VMS_PROOF_MMU_H

#include <pte.h>
#include <vms/types.h>

/*@ assigns \nothing; */
void arch_mmu_activate(vms_pfn root);

/*@ assigns \nothing; */
void arch_mmu_activate_tagged(vms_pfn root, uint32_t tag, bool keep);

/*@ assigns \nothing; */
void arch_mmu_flush_page(vms_va va);

/*@ assigns \nothing; */
void arch_mmu_flush_all(void);

/*@ assigns \nothing; */
void arch_mmu_flush_global(void);

/*@ assigns \nothing; */
void arch_cpu_relax(void);

/*@ requires from <= VMS_USER_END && len <= VMS_USER_END - from;
  @ requires \valid((unsigned char *)to + (0 .. len - 1));
  @ assigns ((unsigned char *)to)[0 .. len - 1];
  @ ensures \result <= len; */
uint64_t arch_user_copy_in(void *to, vms_va from, uint64_t len);

/*@ requires to <= VMS_USER_END && len <= VMS_USER_END - to;
  @ requires \valid_read((const unsigned char *)from + (0 .. len - 1));
  @ assigns \nothing;
  @ ensures \result <= len; */
uint64_t arch_user_copy_out(vms_va to, const void *from, uint64_t len);

/*@ requires to <= VMS_USER_END && len <= VMS_USER_END - to;
  @ assigns \nothing;
  @ ensures \result <= len; */
uint64_t arch_user_zero(vms_va to, uint64_t len);

/*@ requires from % 4 == 0 && from < VMS_USER_END && \valid(seen);
  @ assigns *seen;
  @ ensures !\result ==> *seen == \old(*seen); */
bool arch_user_load32(vms_va from, uint32_t *seen);

/*@ requires from % 8 == 0 && from < VMS_USER_END && \valid(seen);
  @ assigns *seen;
  @ ensures !\result ==> *seen == \old(*seen); */
bool arch_user_load64(vms_va from, uint64_t *seen);

/*@ requires at % 4 == 0 && at < VMS_USER_END && \valid(seen);
  @ assigns *seen;
  @ ensures !\result ==> *seen == \old(*seen); */
bool arch_user_cmpxchg32(vms_va at, uint32_t expected, uint32_t desired, uint32_t *seen);

/*@ requires at % 8 == 0 && at < VMS_USER_END && \valid(seen);
  @ assigns *seen;
  @ ensures !\result ==> *seen == \old(*seen); */
bool arch_user_cmpxchg64(vms_va at, uint64_t expected, uint64_t desired, uint64_t *seen);

#endif
