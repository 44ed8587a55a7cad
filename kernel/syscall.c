/*
 * System calls: from the number in the user's registers to the function, and its result back.
 */
#include <kernel/process.h>
#include <kernel/machine.h>
#include <kernel/syscall.h>

typedef long call(const uint64_t args[6]);

#define CALL(number, name) [number] = sys_##name,
static call *const calls[] = {
#include <syscalls.h>
};
#undef CALL

/* Numbers that were complained about already; those from the end on share the last bit. */
#define NR_COMPLAINTS 512
static uint64_t complained[NR_COMPLAINTS / 64];

static long unknown_call(uint64_t number)
{
	uint64_t index = min_u64(number, NR_COMPLAINTS - 1);
	uint64_t bit = 1ull << index % 64;

	if ((__atomic_fetch_or(&complained[index / 64], bit, __ATOMIC_RELAXED) & bit) == 0)
		say("vmspace: %s (pid %d): system call %lu is not implemented\n", this_process()->name,
		    this_process()->pid, number);
	return -ENOSYS;
}

static bool is_interrupted(long result)
{
	return result == -EINTR || result == -ERESTART || result == -ERESTARTNOHAND;
}

void syscall_dispatch(void)
{
	struct thread *thread = current();
	uint64_t number = user_regs_call(&thread->regs);
	long result;

	if (number < ARRAY_LEN(calls) && calls[number] != NULL)
		result = calls[number](user_regs_args(&thread->regs));
	else
		result = unknown_call(number);
	/* A mask for the length of the call goes, unless the signal that ended it is yet to be handled under it. */
	if (thread->sig_restore && !is_interrupted(result)) {
		thread->sig_blocked = thread->sig_saved;
		thread->sig_restore = false;
	}
	if (result == -ERESTART || result == -ERESTARTNOHAND)
		signal_deliver_call(result);
	else
		user_regs_set_result(&thread->regs, result);
}
