/*
 * user_execute() of machine.h: inline, because every system call and fault passes through. Included by machine.h.
 */
#ifndef KERNEL_X86_64_EXECUTE_H
#define KERNEL_X86_64_EXECUTE_H

#include <layout.h>

/* trap.c: serve the interrupt, or describe the exception, that ended user mode; interrupts are on afterwards. */
enum user_event user_trap_take(struct user_trap *trap, uint64_t vector);

static inline enum user_event user_execute(struct user_trap *trap)
{
	struct user_regs *regs = &current()->regs;
	uint64_t event;

	/* The last look: what is asked for from here on comes with an interrupt, which user mode takes. */
	__asm__ volatile("cli" ::: "memory");
	if (this_cpu()->need_resched) {
		__asm__ volatile("sti" ::: "memory");
		return USER_INTERRUPT;
	}
	/* entry.S: to user mode and back. Of our registers only the frame pointer outlives it. */
	__asm__ volatile("call user_enter"
			 : "=a"(event), "+D"(regs)
			 :
			 : "rbx", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "cc",
			   "memory");
	if (event != EVENT_SYSCALL)
		return user_trap_take(trap, event);
	__asm__ volatile("sti" ::: "memory");
	return USER_SYSCALL;
}

#endif
