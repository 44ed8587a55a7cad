/*
 * System calls on signals.
 */
#include <kernel/process.h>
#include <kernel/machine.h>
#include <kernel/syscall.h>
#include <kernel/time.h>
#include <kernel/user.h>

#define SIGSET_BYTES 8

#define SS_ONSTACK 1
#define SS_DISABLE 2
#define MINSIGSTKSZ 2048

enum { SIG_BLOCK, SIG_UNBLOCK, SIG_SETMASK };

static bool is_signal(uint64_t sig)
{
	return sig >= 1 && sig <= NR_SIGNALS;
}

long sys_rt_sigaction(const uint64_t a[6])
{
	int sig = (int)a[0];
	struct process *process = this_process();
	struct signal_action action, old;
	uint64_t state;

	if (a[3] != SIGSET_BYTES || sig < 1 || sig > NR_SIGNALS)
		return -EINVAL;
	if (a[1] != 0 && (SIGNAL_BIT(sig) & SIGNALS_UNBLOCKABLE))
		return -EINVAL;
	if (a[1] != 0 && user_read(&action, a[1], sizeof(action)) != 0)
		return -EFAULT;
	state = lock_take_irq(&proc_lock);
	old = signal_action_of(process, sig);
	if (a[1] != 0) {
		action.mask &= ~SIGNALS_UNBLOCKABLE;
		signal_action_set(process, sig, &action);
		if (signal_is_ignored(process, sig))
			signal_discard_locked(process, SIGNAL_BIT(sig));
	}
	lock_drop_irq(&proc_lock, state);
	if (a[2] != 0 && user_write(a[2], &old, sizeof(old)) != 0)
		return -EFAULT;
	return 0;
}

long sys_rt_sigprocmask(const uint64_t a[6])
{
	struct thread *thread = current();
	uint64_t old = thread->sig_blocked, set, blocked = old;

	if (a[3] != SIGSET_BYTES)
		return -EINVAL;
	if (a[1] != 0) {
		if (user_read(&set, a[1], sizeof(set)) != 0)
			return -EFAULT;
		set &= ~SIGNALS_UNBLOCKABLE;
		switch ((int)a[0]) {
		case SIG_BLOCK:
			blocked |= set;
			break;
		case SIG_UNBLOCK:
			blocked &= ~set;
			break;
		case SIG_SETMASK:
			blocked = set;
			break;
		default:
			return -EINVAL;
		}
		/* What is unblocked now is noticed on the way back to user mode. */
		__atomic_store_n(&thread->sig_blocked, blocked, __ATOMIC_RELAXED);
	}
	if (a[2] != 0 && user_write(a[2], &old, sizeof(old)) != 0)
		return -EFAULT;
	return 0;
}

long sys_rt_sigpending(const uint64_t a[6])
{
	struct thread *thread = current();
	uint64_t set = (thread->sig_pending | thread->process->sig_pending) & thread->sig_blocked;

	if (a[1] > SIGSET_BYTES)
		return -EINVAL;
	return user_write(a[0], &set, a[1]);
}

/* Sleep until a signal that is not blocked is there, -EINTR, or the deadline. proc_lock is held with `state`. */
static int sleep_locked(uint64_t state, uint64_t deadline)
{
	struct waitq nobody;
	int result;

	waitq_init(&nobody);
	do
		result = wait_on(&nobody, &proc_lock, state, true, deadline);
	while (result == 0);
	return result;
}

static long wait_for_signal(void)
{
	uint64_t state = lock_take_irq(&proc_lock);

	(void)sleep_locked(state, 0);
	lock_drop_irq(&proc_lock, state);
	return -ERESTARTNOHAND;
}

long sys_rt_sigsuspend(const uint64_t a[6])
{
	uint64_t mask;

	if (a[1] != SIGSET_BYTES)
		return -EINVAL;
	if (user_read(&mask, a[0], sizeof(mask)) != 0)
		return -EFAULT;
	signal_mask_for_call(mask);
	return wait_for_signal();
}

long sys_pause(const uint64_t a[6])
{
	(void)a;
	return wait_for_signal();
}

long sys_rt_sigtimedwait(const uint64_t a[6])
{
	struct thread *thread = current();
	uint64_t set, blocked, state, deadline = 0;
	struct signal_info info;
	char image[SIGINFO_BYTES];
	int slept = 0, sig;

	if (a[3] != SIGSET_BYTES)
		return -EINVAL;
	if (user_read(&set, a[0], sizeof(set)) != 0)
		return -EFAULT;
	set &= ~SIGNALS_UNBLOCKABLE;
	if (a[2] != 0) {
		uint64_t timeout;
		long result = time_read(a[2], &timeout);

		if (result != 0)
			return result;
		deadline = time_after(timeout);
	}
	/*
	 * While it waits, the set is not blocked, so that senders wake it; sig_wait tells them that a signal
	 * that would be ignored is wanted all the same.
	 */
	state = lock_take_irq(&proc_lock);
	blocked = thread->sig_blocked;
	sig = signal_take_locked(set, &info);
	if (sig == 0) {
		thread->sig_wait = set;
		thread->sig_blocked = blocked & ~set;
		slept = sleep_locked(state, deadline);
		thread->sig_wait = 0;
		thread->sig_blocked = blocked;
		sig = signal_take_locked(set, &info);
	}
	lock_drop_irq(&proc_lock, state);
	if (sig == 0)
		return slept == -EINTR ? -EINTR : -EAGAIN;
	machine_signal_info(image, &info);
	if (a[1] != 0 && user_write(a[1], image, sizeof(image)) != 0)
		return -EFAULT;
	return sig;
}

long sys_rt_sigreturn(const uint64_t a[6])
{
	struct thread *thread = current();
	uint64_t mask;

	(void)a;
	if (user_signal_return(&mask) != 0) {
		thread->sig_blocked |= SIGNAL_BIT(SIGSEGV);
		signal_fault(SIGSEGV, SI_KERNEL, user_regs_sp(&thread->regs), "bad frame at the return from a signal");
		return -EFAULT;
	}
	thread->sig_blocked = mask & ~SIGNALS_UNBLOCKABLE;
	return user_regs_result(&thread->regs);
}

struct user_stack {
	uint64_t sp;
	int32_t flags;
	uint32_t unused;
	uint64_t size;
};

long sys_sigaltstack(const uint64_t a[6])
{
	struct thread *thread = current();
	vms_va sp = user_regs_sp(&thread->regs);
	bool on_it =
		thread->alt_stack_len != 0 && sp > thread->alt_stack && sp - thread->alt_stack <= thread->alt_stack_len;
	struct user_stack stack, old = {
					 .sp = thread->alt_stack,
					 .size = thread->alt_stack_len,
					 .flags = thread->alt_stack_len == 0 ? SS_DISABLE
						  : on_it                    ? SS_ONSTACK
									     : 0,
				 };

	if (a[0] != 0) {
		if (user_read(&stack, a[0], sizeof(stack)) != 0)
			return -EFAULT;
		if (on_it)
			return -EPERM;
		if (stack.flags & ~(SS_ONSTACK | SS_DISABLE))
			return -EINVAL;
		if (stack.flags & SS_DISABLE) {
			stack.sp = stack.size = 0;
		} else if (stack.size < MINSIGSTKSZ) {
			return -ENOMEM;
		} else if (stack.sp > VMS_USER_END || stack.size > VMS_USER_END - stack.sp) {
			return -EFAULT;
		}
		thread->alt_stack = stack.sp;
		thread->alt_stack_len = stack.size;
	}
	if (a[1] != 0 && user_write(a[1], &old, sizeof(old)) != 0)
		return -EFAULT;
	return 0;
}

/* kill: whom `pid` names. sig 0 only looks. */
static long send_to(int pid, const struct signal_info *info)
{
	struct process *self = this_process();
	long result = -ESRCH;
	uint64_t state = lock_take_irq(&proc_lock);

	list_for(item, &processes) {
		struct process *process = list_entry(item, struct process, all);
		bool meant;

		if (pid > 0)
			meant = process->pid == pid;
		else if (pid == -1)
			meant = process != self && !process_is_init(process);
		else
			meant = process->pgid == (pid == 0 ? self->pgid : -pid);
		if (!meant)
			continue;
		result = 0;
		if (info->signo != 0)
			(void)signal_send_locked(process, NULL, info);
	}
	lock_drop_irq(&proc_lock, state);
	return result;
}

long sys_kill(const uint64_t a[6])
{
	int pid = (int)a[0], sig = (int)a[1];
	struct signal_info info = {.signo = sig, .code = SI_USER, .pid = this_process()->pid};

	if (sig != 0 && !is_signal((uint64_t)sig))
		return -EINVAL;
	if (pid == INT32_MIN)
		return -ESRCH;
	return send_to(pid, &info);
}

/* tgid -1: any. */
static long send_to_thread(int tgid, int tid, const struct signal_info *info)
{
	uint64_t state = lock_take_irq(&proc_lock);
	struct thread *thread = thread_find(tid);
	long result = -ESRCH;

	if (thread != NULL && (tgid == -1 || thread->process->pid == tgid)) {
		result = 0;
		if (info->signo != 0)
			result = signal_send_locked(thread->process, thread, info);
	}
	lock_drop_irq(&proc_lock, state);
	return result;
}

long sys_tgkill(const uint64_t a[6])
{
	int tgid = (int)a[0], tid = (int)a[1], sig = (int)a[2];
	struct signal_info info = {.signo = sig, .code = SI_TKILL, .pid = this_process()->pid};

	if (tgid <= 0 || tid <= 0 || (sig != 0 && !is_signal((uint64_t)sig)))
		return -EINVAL;
	return send_to_thread(tgid, tid, &info);
}

long sys_tkill(const uint64_t a[6])
{
	int tid = (int)a[0], sig = (int)a[1];
	struct signal_info info = {.signo = sig, .code = SI_TKILL, .pid = this_process()->pid};

	if (tid <= 0 || (sig != 0 && !is_signal((uint64_t)sig)))
		return -EINVAL;
	return send_to_thread(-1, tid, &info);
}

/* What a program may say of its own signal: not that the kernel or kill sent it, unless to itself. */
static long read_info(vms_va from, int sig, bool to_self, struct signal_info *info)
{
	struct {
		int32_t signo, error, code, unused, pid, uid;
		uint64_t value;
	} image;

	if (user_read(&image, from, sizeof(image)) != 0)
		return -EFAULT;
	if ((image.code >= 0 || image.code == SI_TKILL) && !to_self)
		return -EPERM;
	*info = (struct signal_info){.signo = sig, .code = image.code, .pid = image.pid, .value = image.value};
	return 0;
}

long sys_rt_sigqueueinfo(const uint64_t a[6])
{
	int pid = (int)a[0], sig = (int)a[1];
	struct process *process;
	struct signal_info info;
	uint64_t state;
	long result;

	if (sig != 0 && !is_signal((uint64_t)sig))
		return -EINVAL;
	result = read_info(a[2], sig, pid == this_process()->pid, &info);
	if (result != 0)
		return result;
	state = lock_take_irq(&proc_lock);
	process = process_find(pid);
	if (process == NULL)
		result = -ESRCH;
	else if (sig != 0)
		result = signal_send_locked(process, NULL, &info);
	lock_drop_irq(&proc_lock, state);
	return result;
}

long sys_rt_tgsigqueueinfo(const uint64_t a[6])
{
	int tgid = (int)a[0], tid = (int)a[1], sig = (int)a[2];
	struct signal_info info;
	long result;

	if (tgid <= 0 || tid <= 0 || (sig != 0 && !is_signal((uint64_t)sig)))
		return -EINVAL;
	result = read_info(a[3], sig, tgid == this_process()->pid, &info);
	return result != 0 ? result : send_to_thread(tgid, tid, &info);
}
