/*
 * For kernel/x86_64/arch_prctl.c: no register holds the bases of FS and GS, they are always in struct user_regs.
 */
#ifndef FUZZ_MACHINE_X86_H
#define FUZZ_MACHINE_X86_H

#include <kernel/machine.h>

static inline void user_bases_save(struct user_regs *regs)
{
	(void)regs;
}

static inline void user_bases_load(const struct user_regs *regs)
{
	(void)regs;
}

#endif
