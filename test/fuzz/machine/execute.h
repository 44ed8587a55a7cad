/*
 * User mode: what a program does next comes from the fuzzer's input. Included by kernel/machine.h, in place of the
 * header of that name in kernel/x86_64.
 */
#ifndef FUZZ_MACHINE_EXECUTE_H
#define FUZZ_MACHINE_EXECUTE_H

/* ../program.c */
enum user_event program_step(struct user_trap *trap);

static inline enum user_event user_execute(struct user_trap *trap)
{
	return program_step(trap);
}

#endif
