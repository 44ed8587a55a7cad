/*
 * A test of a port, to be run by the kernel itself when it has started.
 *
 * conform/conform.c uses the public interface, port.h and <mmu.h>, nothing else, and says what is wrong with
 * what stands behind port.h and <mmu.h>: one line a check, by name, with what was seen and what to look for.
 * The name is printed before the check begins. If the machine dies or hangs, the last name says in what.
 */
#ifndef VMS_CONFORM_H
#define VMS_CONFORM_H

#include <vms/vms.h>

/* What the test needs from the kernel. No hook may sleep; preemption may be off. */
struct vms_conform_hooks {
	/* Print a piece of text; lines end in it. */
	void (*say)(const char *text);

	/* A clock in nanoseconds, and how long to wait for another CPU before it counts as lost: some seconds. */
	uint64_t (*now_ns)(void);
	uint64_t patience_ns;

	/* Call f(argument) on another CPU, in a thread of its own with interrupts on. False: it cannot be. */
	bool (*start)(uint32_t cpu, void (*f)(void *argument), void *argument);

	/* An empty space, made by vms_space_create() where vms_port_space_free() expects it. NULL: no memory. */
	struct vms_space *(*space_new)(void);

	/* A spin lock as the kernel takes it with interrupts off. NULL: it has none. */
	void (*lock)(void);
	void (*unlock)(void);

	/*
	 * 2 MiB of kernel addresses, aligned, where nothing is mapped; 0: none. And a load of an aligned word from
	 * there.
	 */
	vms_va kernel_va;
	uint64_t (*kernel_load)(vms_va va);

	/*
	 * Try one access, VMS_R, VMS_W or VMS_X, to va in user mode: true if it did not fault. `code` is a user page
	 * that may be executed, backed by `frame`, for whatever instructions that takes. The bytes at va are
	 * zero. NULL: the kernel cannot run user code yet.
	 */
	bool (*user_access)(vms_va va, uint32_t access, vms_va code, vms_pfn frame);
};

/**
 * Try everything that a port owes.
 *
 * Returns  the number of checks that found something wrong: 0 if the port can be used.
 * Context  a thread, interrupts and preemption on, all CPUs online and idle, nothing else running: frames are
 *          taken to the last one and given back. Not from a space of the caller's: the kernel's is active
 *          afterwards.
 */
VMS_MUST_USE uint32_t vms_conform(const struct vms_conform_hooks *hooks);

#endif
