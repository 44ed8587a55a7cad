/*
 * User registers on x86-64, in the order in which the entry code stores them.
 */
#ifndef KERNEL_X86_64_REGS_H
#define KERNEL_X86_64_REGS_H

#include <stdint.h>

struct user_regs {
	/* What brought the thread into the kernel: 0 a system call, and rcx and r11 are as it left them; else
	   all registers count. */
	uint64_t event;
	uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
	uint64_t orig_rax; /* number of the system call, for a restart; ~0 outside one */
	/* As the processor pushes them. */
	uint64_t rip, cs, rflags, rsp, ss;
	uint64_t fs_base, gs_base; /* while the thread is switched out */
} __attribute__((aligned(16))); /* the processor aligns where it pushes to 16: fs_base is */

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
