/*
 * Limits of a process (setrlimit). Those on memory are kept, inherited and enforced; RLIMIT_MEMLOCK is none for
 * root, as on Linux. Cores are never written and no set is ever resident on request, so any limit of theirs is kept.
 * The others are fixed: a limit that nobody enforces would be a lie.
 */
#include <kernel/process.h>
#include <kernel/syscall.h>
#include <kernel/user.h>
#include <mm/mm.h>

enum {
	RLIMIT_DATA = 2,
	RLIMIT_STACK = 3,
	RLIMIT_CORE = 4,
	RLIMIT_RSS = 5,
	RLIMIT_NOFILE = 7,
	RLIMIT_MEMLOCK = 8,
	RLIMIT_AS = 9,
};

void limits_init(struct limit limits[NR_LIMITS])
{
	for (int i = 0; i < NR_LIMITS; i++)
		limits[i] = (struct limit){MM_NO_LIMIT, MM_NO_LIMIT};
	limits[RLIMIT_STACK].now = 8ul << 20;
	limits[RLIMIT_CORE].now = 0;
	limits[RLIMIT_NOFILE] = (struct limit){1024, 1024};
	limits[RLIMIT_MEMLOCK] = (struct limit){8ul << 20, 8ul << 20};
}

static bool is_kept(uint64_t which)
{
	switch (which) {
	case RLIMIT_DATA:
	case RLIMIT_STACK:
	case RLIMIT_CORE:
	case RLIMIT_RSS:
	case RLIMIT_MEMLOCK:
	case RLIMIT_AS:
		return true;
	default:
		return false;
	}
}

uint64_t mm_port_limit(enum mm_limit limit)
{
	static const int which[] = {
		[MM_LIMIT_DATA] = RLIMIT_DATA, [MM_LIMIT_STACK] = RLIMIT_STACK, [MM_LIMIT_AS] = RLIMIT_AS};
	const struct process *process = this_process();

	return process != NULL ? __atomic_load_n(&process->limits[which[limit]].now, __ATOMIC_RELAXED) : MM_NO_LIMIT;
}

/* proc_lock held. */
static long set_limit(struct process *process, uint64_t which, const struct limit *wanted)
{
	if (wanted->now > wanted->most)
		return -EINVAL;
	if (!is_kept(which) && wanted->now != process->limits[which].now)
		return -EPERM;
	if (is_kept(which)) {
		process->limits[which].most = wanted->most;
		__atomic_store_n(&process->limits[which].now, wanted->now, __ATOMIC_RELAXED);
	}
	return 0;
}

static long change(int pid, uint64_t which, const struct limit *wanted, struct limit *old)
{
	uint64_t state = lock_take_irq(&proc_lock);
	struct process *process = pid == 0 ? this_process() : process_find(pid);
	long result = process == NULL ? -ESRCH : 0;

	if (process != NULL)
		*old = process->limits[which];
	if (process != NULL && wanted != NULL)
		result = set_limit(process, which, wanted);
	lock_drop_irq(&proc_lock, state);
	return result;
}

static long limit_call(int pid, uint64_t which, vms_va from, vms_va to)
{
	struct limit wanted, old;
	long result;

	if (which >= NR_LIMITS)
		return -EINVAL;
	if (from != 0 && user_read(&wanted, from, sizeof(wanted)) != 0)
		return -EFAULT;
	result = change(pid, which, from != 0 ? &wanted : NULL, &old);
	return result != 0 || to == 0 ? result : user_write(to, &old, sizeof(old));
}

long sys_prlimit64(const uint64_t a[6])
{
	return limit_call((int)a[0], a[1], a[2], a[3]);
}

/* Address 0 is a pointer here, and a bad one. */
long sys_getrlimit(const uint64_t a[6])
{
	return a[0] >= NR_LIMITS ? -EINVAL : a[1] == 0 ? -EFAULT : limit_call(0, a[0], 0, a[1]);
}

long sys_setrlimit(const uint64_t a[6])
{
	return a[0] >= NR_LIMITS ? -EINVAL : a[1] == 0 ? -EFAULT : limit_call(0, a[0], a[1], 0);
}
