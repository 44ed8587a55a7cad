/*
 * What each CPU reaches through its GS base: its struct cpu. Included by sched.h, which defines that.
 */
#ifndef KERNEL_X86_64_PERCPU_H
#define KERNEL_X86_64_PERCPU_H

/* Volatile: a thread that was switched out may come back on another CPU. */
static inline struct cpu *this_cpu(void)
{
	struct cpu *cpu;

	__asm__ volatile("mov %%gs:8, %0" : "=r"(cpu));
	return cpu;
}

/* Is the same for a thread wherever it runs. */
static inline struct thread *current(void)
{
	struct thread *thread;

	__asm__("mov %%gs:0, %0" : "=r"(thread));
	return thread;
}

#endif
