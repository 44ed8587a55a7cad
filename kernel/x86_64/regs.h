/*
 * User registers on x86-64, in the order in which the entry code stores them.
 */
#ifndef KERNEL_X86_64_REGS_H
#define KERNEL_X86_64_REGS_H

#include <stdint.h>

struct user_regs {
	uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
	uint64_t orig_rax; /* number of the system call, for a restart; ~0 outside one */
	/* As the processor pushes them. */
	uint64_t rip, cs, rflags, rsp, ss;
	uint64_t fs_base, gs_base;
};

/* The six arguments of a system call, all at once. */
static inline void user_regs_args(const struct user_regs *regs, uint64_t args[6])
{
	args[0] = regs->rdi;
	args[1] = regs->rsi;
	args[2] = regs->rdx;
	args[3] = regs->r10;
	args[4] = regs->r8;
	args[5] = regs->r9;
}

#endif
