/*
 * Where exec puts things in a new address space.
 */
#ifndef KERNEL_EXEC_H
#define KERNEL_EXEC_H

#include <kernel/base.h>

/*
 * The stack: a little under its top, in a table of its own with few entries. It grows downwards when it is touched
 * below that; there is nothing else for a while.
 */
#define USER_STACK_FIRST 0x10000ul
#define USER_STACK_TOP ((VMS_USER_END - USER_STACK_FIRST) / 0x200000ul * 0x200000ul + USER_STACK_FIRST)
#define USER_STACK_BYTES USER_STACK_FIRST /* to begin with */
/* Where the addresses end that an executable may ask for: what is above is the stack's. */
#define USER_PROGRAM_END 0x7ffc00000000ul
/* Position-independent programs, and their interpreters. */
#define USER_PIE_BASE 0x555555554000ul
#define USER_INTERP_BASE 0x7ff800000000ul

#endif
