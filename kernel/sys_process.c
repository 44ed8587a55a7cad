/*
 * System calls on what a process is: its names, groups, owners, limits and use.
 *
 * Everybody is root: there are no other users to keep apart.
 */
#include <kernel/process.h>
#include <kernel/machine.h>
#include <kernel/rusage.h>
#include <kernel/syscall.h>
#include <kernel/user.h>
#include <mm/mm.h>

#define NO_CHANGE ((uint32_t)-1)

long sys_getpid(const uint64_t a[6])
{
	(void)a;
	return this_process()->pid;
}

long sys_gettid(const uint64_t a[6])
{
	(void)a;
	return current()->tid;
}

long sys_getppid(const uint64_t a[6])
{
	uint64_t state = lock_take_irq(&proc_lock);
	struct process *parent = this_process()->parent;
	long result = parent != NULL ? parent->pid : 0;

	(void)a;
	lock_drop_irq(&proc_lock, state);
	return result;
}

long sys_getpgrp(const uint64_t a[6])
{
	(void)a;
	return this_process()->pgid;
}

/* A process by pid (0: the caller), or NULL; proc_lock held. */
static struct process *find_or_self(int pid)
{
	return pid == 0 ? this_process() : process_find(pid);
}

long sys_getpgid(const uint64_t a[6])
{
	uint64_t state = lock_take_irq(&proc_lock);
	struct process *process = find_or_self((int)a[0]);
	long result = process != NULL ? process->pgid : -ESRCH;

	lock_drop_irq(&proc_lock, state);
	return result;
}

long sys_getsid(const uint64_t a[6])
{
	uint64_t state = lock_take_irq(&proc_lock);
	struct process *process = find_or_self((int)a[0]);
	long result = process != NULL ? process->sid : -ESRCH;

	lock_drop_irq(&proc_lock, state);
	return result;
}

static bool group_exists(int pgid, int sid)
{
	list_for(item, &processes) {
		struct process *process = list_entry(item, struct process, all);

		if (process->pgid == pgid && process->sid == sid)
			return true;
	}
	return false;
}

static long set_group(int pid, int pgid)
{
	struct process *self = this_process(), *process = find_or_self(pid);

	if (process == NULL || (process != self && process->parent != self))
		return -ESRCH;
	if (process != self && process->sid != self->sid)
		return -EPERM;
	if (process != self && process->has_run_exec)
		return -EACCES;
	if (process->sid == process->pid)
		return -EPERM; /* a session's leader stays */
	if (pgid == 0)
		pgid = process->pid;
	if (pgid != process->pid && !group_exists(pgid, self->sid))
		return -EPERM;
	process->pgid = pgid;
	return 0;
}

long sys_setpgid(const uint64_t a[6])
{
	uint64_t state;
	long result;

	if ((int)a[1] < 0)
		return -EINVAL;
	state = lock_take_irq(&proc_lock);
	result = set_group((int)a[0], (int)a[1]);
	lock_drop_irq(&proc_lock, state);
	return result;
}

long sys_setsid(const uint64_t a[6])
{
	struct process *self = this_process();
	uint64_t state = lock_take_irq(&proc_lock);
	long result = -EPERM;
	bool leads = false;

	(void)a;
	list_for(item, &processes)
		leads |= list_entry(item, struct process, all)->pgid == self->pid;
	if (!leads) {
		self->sid = self->pgid = self->pid;
		result = self->pid;
	}
	lock_drop_irq(&proc_lock, state);
	return result;
}

long sys_getuid(const uint64_t a[6])
{
	(void)a;
	return 0;
}

long sys_getgid(const uint64_t a[6])
{
	return sys_getuid(a);
}

long sys_geteuid(const uint64_t a[6])
{
	return sys_getuid(a);
}

long sys_getegid(const uint64_t a[6])
{
	return sys_getuid(a);
}

/* There is nobody else to become. */
static long become(uint64_t id)
{
	return (uint32_t)id == 0 || (uint32_t)id == NO_CHANGE ? 0 : -EPERM;
}

long sys_setuid(const uint64_t a[6])
{
	return (uint32_t)a[0] == NO_CHANGE ? -EINVAL : become(a[0]);
}

long sys_setgid(const uint64_t a[6])
{
	return sys_setuid(a);
}

long sys_setreuid(const uint64_t a[6])
{
	return become(a[0]) != 0 ? -EPERM : become(a[1]);
}

long sys_setregid(const uint64_t a[6])
{
	return sys_setreuid(a);
}

long sys_setresuid(const uint64_t a[6])
{
	return become(a[0]) != 0 || become(a[1]) != 0 ? -EPERM : become(a[2]);
}

long sys_setresgid(const uint64_t a[6])
{
	return sys_setresuid(a);
}

long sys_getresuid(const uint64_t a[6])
{
	uint32_t zero = 0;

	for (int i = 0; i < 3; i++) {
		if (user_write(a[i], &zero, sizeof(zero)) != 0)
			return -EFAULT;
	}
	return 0;
}

long sys_getresgid(const uint64_t a[6])
{
	return sys_getresuid(a);
}

/* These two give the old id, whatever happens. */
long sys_setfsuid(const uint64_t a[6])
{
	return sys_getuid(a);
}

long sys_setfsgid(const uint64_t a[6])
{
	return sys_getuid(a);
}

long sys_getgroups(const uint64_t a[6])
{
	return (int)a[0] < 0 ? -EINVAL : 0;
}

/* No group beside root's, which everybody is in. */
long sys_setgroups(const uint64_t a[6])
{
	if (a[0] > 65536)
		return -EINVAL;
	for (uint64_t i = 0; i < a[0]; i++) {
		uint32_t group;

		if (user_read(&group, a[1] + 4 * i, sizeof(group)) != 0)
			return -EFAULT;
		if (group != 0)
			return -EPERM;
	}
	return 0;
}

long rusage_write(vms_va to, uint64_t cpu_ns)
{
	uint64_t rusage[18] = {cpu_ns / 1000000000, cpu_ns % 1000000000 / 1000};

	return user_write(to, rusage, sizeof(rusage));
}

long sys_getrusage(const uint64_t a[6])
{
	struct process *process = this_process();
	uint64_t ns, state;

	state = lock_take_irq(&proc_lock);
	switch ((int)a[0]) {
	case 0: /* itself */
		ns = process->cpu_ns;
		list_for(item, &process->threads)
			ns += list_entry(item, struct thread, in_process)->cpu_ns;
		break;
	case -1: /* children that were waited for */
		ns = process->child_ns;
		break;
	case 1: /* this thread */
		ns = current()->cpu_ns;
		break;
	default:
		lock_drop_irq(&proc_lock, state);
		return -EINVAL;
	}
	lock_drop_irq(&proc_lock, state);
	return rusage_write(a[1], ns);
}

long sys_set_tid_address(const uint64_t a[6])
{
	current()->clear_tid = a[0];
	return current()->tid;
}

enum {
	PR_SET_PDEATHSIG = 1,
	PR_GET_PDEATHSIG = 2,
	PR_GET_DUMPABLE = 3,
	PR_SET_DUMPABLE = 4,
	PR_SET_NAME = 15,
	PR_GET_NAME = 16,
	PR_GET_SECCOMP = 21,
	PR_CAPBSET_READ = 23,
	PR_SET_NO_NEW_PRIVS = 38,
	PR_GET_NO_NEW_PRIVS = 39,
	PR_SET_THP_DISABLE = 41,
	PR_GET_THP_DISABLE = 42,
};

long sys_prctl(const uint64_t a[6])
{
	struct process *process = this_process();
	char name[sizeof(process->name)];
	long len;

	switch ((int)a[0]) {
	case PR_SET_PDEATHSIG:
		if (a[1] > NR_SIGNALS)
			return -EINVAL;
		process->death_signal = (int)a[1];
		return 0;
	case PR_GET_PDEATHSIG:
		return user_write(a[1], &process->death_signal, sizeof(process->death_signal));
	case PR_GET_DUMPABLE:
		return 0; /* cores are never written */
	case PR_SET_DUMPABLE:
		return a[1] == 0 ? 0 : -EINVAL;
	case PR_SET_NAME:
		len = user_string(name, sizeof(name), a[1]);
		if (len == -EFAULT)
			return len;
		/* One that is too long is cut. */
		name[sizeof(name) - 1] = 0;
		strcopy(process->name, name, sizeof(process->name));
		return 0;
	case PR_GET_NAME:
		memset(name, 0, sizeof(name));
		strcopy(name, process->name, sizeof(name));
		return user_write(a[1], name, sizeof(name));
	case PR_GET_SECCOMP:
	case PR_GET_NO_NEW_PRIVS:
		return 0;
	case PR_CAPBSET_READ:
		return a[1] <= 40 ? 1 : -EINVAL;
	case PR_SET_NO_NEW_PRIVS:
		return a[1] == 1 ? 0 : -EINVAL; /* no exec ever gives any */
	case PR_SET_THP_DISABLE:
		if (a[2] || a[3] || a[4])
			return -EINVAL;
		mm_huge_refuse(process->mm, a[1] != 0);
		return 0;
	case PR_GET_THP_DISABLE:
		return a[1] || a[2] || a[3] || a[4] ? -EINVAL : mm_huge_is_refused(process->mm);
	default:
		return -EINVAL;
	}
}
