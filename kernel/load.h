/*
 * Putting an executable into an address space that nobody runs in yet.
 */
#ifndef KERNEL_LOAD_H
#define KERNEL_LOAD_H

#include <kernel/base.h>

struct file;
struct mm;

struct loaded {
	vms_va entry;     /* where to begin: the interpreter's entry if there is one */
	vms_va base;      /* of the interpreter; 0: none */
	vms_va own_entry; /* the program's */
	vms_va headers;   /* program headers in memory; 0: not there */
	uint32_t nr_headers;
	vms_va brk; /* where the heap begins */
	bool stack_exec;
};

/* Map the program, and its interpreter if it names one. -ENOEXEC, -ENOMEM, or what opening it gives. */
long load_program(struct mm *mm, struct file *file, struct loaded *loaded);

#endif
