/*
 * The machine in a process as a machine of the kernel: what its files and the fuzzer owe each other.
 */
#ifndef FUZZ_MACHINE_MACHINE_H
#define FUZZ_MACHINE_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

/* threads.c */
void machine_power_on(void); /* once, before anything runs */
void machine_run(void);      /* the kernel's threads, until one of its idle rounds calls machine_leave() */
void machine_leave(void);    /* from the idle thread */

/* memory.c: the nth allocation from now fails, of a frame or on the heap; 0: none. */
void memory_fail(uint32_t nth);

/* devices.c */
void clock_advance(uint64_t ns);

/* ../syscalls.c: nothing can run, and no time that passes changes that. True: something may run now. */
bool nothing_runs(void);

#endif
