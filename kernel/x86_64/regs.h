/*
 * User registers on x86-64, in the order in which the entry code stores them.
 */
#ifndef KERNEL_X86_64_REGS_H
#define KERNEL_X86_64_REGS_H

#include <stdint.h>

struct user_regs {
	/* What brought the thread into the kernel: 0 a system call, and rcx and r11 are as it left them; else
	   all registers count. Whoever changes rip or rflags calls user_regs_sanitize(), which sets it. */
	uint64_t event;
	uint64_t r15, r14, r13, r12, rbp, rbx, r11, rcx, rax;
	union {
		struct {
			uint64_t rdi, rsi, rdx, r10, r8, r9;
		};
		uint64_t args[6]; /* of a system call, in this order */
	};
	uint64_t orig_rax; /* number of the system call, for a restart; ~0 outside one */
	/* As the processor pushes them. */
	uint64_t rip, cs, rflags, rsp, ss;
	uint64_t fs_base, gs_base; /* while the thread is switched out */
} __attribute__((aligned(16)));    /* the processor aligns where it pushes to 16: fs_base is */

/* What a system call asks for, and its answer: machine.h. */
static inline uint64_t user_regs_call(const struct user_regs *regs)
{
	return regs->orig_rax;
}

static inline const uint64_t *user_regs_args(const struct user_regs *regs)
{
	return regs->args;
}

static inline void user_regs_set_result(struct user_regs *regs, long result)
{
	regs->rax = (uint64_t)result;
}

#endif
