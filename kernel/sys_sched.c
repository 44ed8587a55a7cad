/*
 * System calls on scheduling: where threads run. There is one policy, and all threads are equal in it.
 */
#include <kernel/process.h>
#include <kernel/machine.h>
#include <kernel/syscall.h>
#include <kernel/time.h>
#include <kernel/user.h>
#include <mm/mm.h>

#define SCHED_OTHER 0
#define SCHED_FIFO 1
#define SCHED_RR 2
#define SCHED_BATCH 3
#define SCHED_IDLE 5
#define NICE_OFFSET 20 /* getpriority gives 20 - nice, so that no result is negative */

long sys_sched_yield(const uint64_t a[6])
{
	(void)a;
	yield();
	return 0;
}

/* Is there such a thread? 0 is the caller. */
static long check_thread(uint64_t tid)
{
	uint64_t state;
	bool found;

	if ((int)tid < 0)
		return -EINVAL;
	if ((int)tid == 0)
		return 0;
	state = lock_take_irq(&proc_lock);
	found = thread_find((int)tid) != NULL;
	lock_drop_irq(&proc_lock, state);
	return found ? 0 : -ESRCH;
}

long sys_sched_setaffinity(const uint64_t a[6])
{
	uint64_t cpu_set = 0, state;
	struct thread *thread;
	long result;

	if (user_read(&cpu_set, a[2], min_u64((uint32_t)a[1], sizeof(cpu_set))) != 0)
		return -EFAULT;
	if ((int)a[0] == 0 || (int)a[0] == current()->tid)
		return thread_set_affinity(current(), cpu_set);
	state = lock_take_irq(&proc_lock);
	thread = thread_find((int)a[0]);
	result = thread == NULL ? -ESRCH : thread_set_affinity(thread, cpu_set);
	lock_drop_irq(&proc_lock, state);
	return result;
}

long sys_sched_getaffinity(const uint64_t a[6])
{
	uint32_t len = (uint32_t)a[1];
	uint64_t cpu_set = current()->affinity, state;

	if (len < sizeof(cpu_set) || len % sizeof(cpu_set) != 0)
		return -EINVAL;
	if ((int)a[0] != 0) {
		struct thread *thread;

		state = lock_take_irq(&proc_lock);
		thread = thread_find((int)a[0]);
		if (thread != NULL)
			cpu_set = thread->affinity;
		lock_drop_irq(&proc_lock, state);
		if (thread == NULL)
			return -ESRCH;
	}
	cpu_set &= nr_cpus == 64 ? ~0ull : (1ull << nr_cpus) - 1;
	/* The number of bytes written; the C library clears the rest. */
	return user_write(a[2], &cpu_set, sizeof(cpu_set)) != 0 ? -EFAULT : (long)sizeof(cpu_set);
}

long sys_sched_getscheduler(const uint64_t a[6])
{
	long result = check_thread(a[0]);

	return result != 0 ? result : SCHED_OTHER;
}

/* Only the policy that there is, at its only priority. */
static long set_policy(uint64_t tid, int policy, vms_va param)
{
	int32_t priority;
	long result;

	if (param == 0)
		return -EINVAL;
	if (user_read(&priority, param, sizeof(priority)) != 0)
		return -EFAULT;
	result = check_thread(tid);
	if (result != 0)
		return result;
	if (policy == SCHED_FIFO || policy == SCHED_RR)
		return -EPERM;
	return (policy == SCHED_OTHER || policy == SCHED_BATCH || policy == SCHED_IDLE) && priority == 0 ? 0 : -EINVAL;
}

long sys_sched_setscheduler(const uint64_t a[6])
{
	return set_policy(a[0], (int)a[1] & ~0x40000000 /* RESET_ON_FORK */, a[2]);
}

long sys_sched_setparam(const uint64_t a[6])
{
	return set_policy(a[0], SCHED_OTHER, a[1]);
}

long sys_sched_getparam(const uint64_t a[6])
{
	int32_t priority = 0;
	long result = check_thread(a[0]);

	if (result == 0 && a[1] == 0)
		result = -EINVAL;
	return result != 0 ? result : user_write(a[1], &priority, sizeof(priority));
}

static long priority_limit(int policy, long realtime)
{
	if (policy == SCHED_FIFO || policy == SCHED_RR)
		return realtime;
	return policy == SCHED_OTHER || policy == SCHED_BATCH || policy == SCHED_IDLE ? 0 : -EINVAL;
}

long sys_sched_get_priority_max(const uint64_t a[6])
{
	return priority_limit((int)a[0], 99);
}

long sys_sched_get_priority_min(const uint64_t a[6])
{
	return priority_limit((int)a[0], 1);
}

long sys_sched_rr_get_interval(const uint64_t a[6])
{
	long result = check_thread(a[0]);

	return result != 0 ? result : time_write(a[1], 0);
}

long sys_getpriority(const uint64_t a[6])
{
	return a[0] > 2 ? -EINVAL : NICE_OFFSET;
}

/* Everybody stays at 0: a higher value would be a promise that nobody keeps. */
long sys_setpriority(const uint64_t a[6])
{
	if (a[0] > 2)
		return -EINVAL;
	return (int)a[2] == 0 ? 0 : -EACCES;
}

long sys_getcpu(const uint64_t a[6])
{
	uint32_t cpu = this_cpu()->id, node = 0;

	if (a[0] != 0 && user_write(a[0], &cpu, sizeof(cpu)) != 0)
		return -EFAULT;
	return a[1] == 0 ? 0 : user_write(a[1], &node, sizeof(node));
}
