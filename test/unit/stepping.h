/*
 * One instruction at a time: while it is on, every instruction of this thread ends in SIGTRAP.
 */
#ifndef VMS_TEST_STEPPING_H
#define VMS_TEST_STEPPING_H

#include <stdbool.h>
#include <stdint.h>

/* Below the 128 bytes that the compiler may be using under the stack pointer. */
static inline void stepping(bool on)
{
	const uint64_t trap_flag = 0x100;
	uint64_t flags;

	__asm__ volatile("lea -128(%%rsp), %%rsp; pushfq; pop %0; lea 128(%%rsp), %%rsp" : "=r"(flags)::"memory");
	flags = on ? flags | trap_flag : flags & ~trap_flag;
	__asm__ volatile("lea -128(%%rsp), %%rsp; push %0; popfq; lea 128(%%rsp), %%rsp" ::"r"(flags) : "memory", "cc");
}

#endif
