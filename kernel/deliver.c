/*
 * Receiving signals: on the way to user mode a thread stops, dies, or has a handler's frame put on its stack.
 *
 * A system call that a signal interrupted is decided here too: run again, or EINTR.
 */
#include <kernel/process.h>
#include <kernel/machine.h>
#include <mm/mm.h>

static void say_killed(int sig, const char *what)
{
	struct process *process = this_process();
	struct user_regs *regs = &current()->regs;

	say("vmspace: %s (pid %d) killed by %s: %s, ip 0x%lx, sp 0x%lx\n", process->name, process->pid,
	    signal_name(sig), what, user_regs_ip(regs), user_regs_sp(regs));
}

void signal_fault(int sig, int code, vms_va address, const char *what)
{
	struct thread *thread = current();
	struct process *process = thread->process;
	uint64_t bit = SIGNAL_BIT(sig), state = lock_take_irq(&proc_lock);
	uint64_t handler = signal_action_of(process, sig).handler;
	bool ends = (thread->sig_blocked & bit) != 0 || handler == SIGNAL_HANDLER_DEFAULT ||
		    handler == SIGNAL_HANDLER_IGNORE;
	bool is_first = ends && !process->exiting;

	if (!ends) {
		thread->fault_signal = sig;
		thread->fault_code = code;
		thread->fault_address = address;
		__atomic_fetch_or(&thread->sig_pending, bit, __ATOMIC_RELAXED);
	}
	lock_drop_irq(&proc_lock, state);
	if (is_first)
		say_killed(sig, what);
	if (ends)
		process_exit(sig);
}

/* Is the stack pointer in the alternate stack? Then the next frame goes under it. */
static bool is_on_alt_stack(const struct thread *thread)
{
	vms_va sp = user_regs_sp(&thread->regs);

	return thread->alt_stack_len != 0 && sp > thread->alt_stack && sp - thread->alt_stack <= thread->alt_stack_len;
}

/* Start a handler. False: its frame finds no room, which is an exception of its own. */
static bool start_handler(int sig, const struct signal_action *action, const struct signal_info *info)
{
	struct thread *thread = current();
	uint64_t mask = thread->sig_restore ? thread->sig_saved : thread->sig_blocked;
	vms_va stack = 0;

	if ((action->flags & SA_ONSTACK) && thread->alt_stack_len != 0 && !is_on_alt_stack(thread))
		stack = thread->alt_stack + thread->alt_stack_len;
	if (user_signal_frame(sig, action, info, mask, stack) != 0)
		return false;
	thread->sig_restore = false;
	thread->sig_blocked |= action->mask & ~SIGNALS_UNBLOCKABLE;
	if (!(action->flags & SA_NODEFER))
		thread->sig_blocked |= SIGNAL_BIT(sig);
	return true;
}

/* The call that was interrupted, now that a handler is about to run. */
static void end_call(long interrupted, const struct signal_action *action)
{
	struct user_regs *regs = &current()->regs;

	current()->restart_deadline = 0;
	if (interrupted == -ERESTART && (action->flags & SA_RESTART))
		user_regs_restart(regs);
	else if (interrupted != 0)
		user_regs_set_result(regs, -EINTR);
}

/* Carry out a default action. proc_lock is held with `state`, and dropped. */
static void act_by_default(int sig, uint64_t state)
{
	struct process *process = this_process();
	enum signal_default what = signal_default_of(sig);

	if (what == SIGNAL_STOPS && (sig == SIGSTOP || !group_is_orphaned(process->pgid)) && !process->exiting)
		signal_stop_locked(process, sig);
	lock_drop_irq(&proc_lock, state);
	if (what == SIGNAL_ENDS)
		process_exit(sig);
}

/* Take signals until none is left. `interrupted`: the result of a call that waits for a decision, or 0. */
static void deliver(long interrupted)
{
	struct thread *thread = current();
	struct process *process = thread->process;

	for (;;) {
		uint64_t state = lock_take_irq(&proc_lock);
		struct signal_action action;
		struct signal_info info;
		int sig;

		while (process->stopped && !thread->dying)
			wait_on(&process->stop_event, &proc_lock, state, false, 0);
		if (thread->dying) {
			lock_drop_irq(&proc_lock, state);
			thread_exit(0);
		}
		sig = signal_take_locked(~thread->sig_blocked, &info);
		if (sig == 0) {
			lock_drop_irq(&proc_lock, state);
			break;
		}
		action = signal_action_of(process, sig);
		if (signal_is_ignored(process, sig) || signal_spares_init(process, &info)) {
			lock_drop_irq(&proc_lock, state);
			continue;
		}
		if (action.handler == SIGNAL_HANDLER_DEFAULT) {
			act_by_default(sig, state);
			continue;
		}
		if (action.flags & SA_RESETHAND)
			signal_action_set(process, sig, &(struct signal_action){0});
		lock_drop_irq(&proc_lock, state);

		end_call(interrupted, &action);
		interrupted = 0;
		if (!start_handler(sig, &action, &info)) {
			/* The handler of SIGSEGV may have a stack of its own; if that fails too, it is the end. */
			if (sig == SIGSEGV)
				thread->sig_blocked |= SIGNAL_BIT(SIGSEGV);
			signal_fault(SIGSEGV, SI_KERNEL, user_regs_sp(&thread->regs), "no stack for a signal handler");
		}
	}
	if (interrupted != 0)
		user_regs_restart(&thread->regs);
	if (thread->sig_restore) {
		thread->sig_restore = false;
		thread->sig_blocked = thread->sig_saved;
	}
}

void signal_deliver(void)
{
	deliver(0);
}

void signal_deliver_call(long result)
{
	deliver(result);
}

void signal_mask_for_call(uint64_t mask)
{
	struct thread *thread = current();

	if (!thread->sig_restore)
		thread->sig_saved = thread->sig_blocked;
	thread->sig_restore = true;
	thread->sig_blocked = mask & ~SIGNALS_UNBLOCKABLE;
}

uint64_t call_deadline(uint64_t timeout_ns)
{
	struct thread *thread = current();
	uint64_t deadline = thread->restart_deadline, now;

	thread->restart_deadline = 0;
	if (deadline != 0)
		return deadline;
	now = now_ns();
	return timeout_ns > UINT64_MAX - 1 - now ? UINT64_MAX - 1 : now + timeout_ns;
}

long call_interrupted(uint64_t deadline)
{
	current()->restart_deadline = deadline;
	return -ERESTARTNOHAND;
}
