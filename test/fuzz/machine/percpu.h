/*
 * The machine in a process as a machine of the kernel: it has one CPU. Included by kernel/sched.h, in place of the
 * header of that name in kernel/x86_64.
 */
#ifndef FUZZ_MACHINE_PERCPU_H
#define FUZZ_MACHINE_PERCPU_H

static inline struct cpu *this_cpu(void)
{
	return &cpus[0];
}

static inline struct thread *current(void)
{
	return cpus[0].current;
}

#endif
