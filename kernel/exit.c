/*
 * The end of threads and processes, and what it leaves: nothing but a status.
 *
 * Order. A thread first does what needs its memory (clear_tid, robust mutexes), then leaves that memory,
 * then the process's list. The last one releases what the process shared; only then it becomes a zombie that
 * a parent may free. After that the thread belongs to nobody and touches nothing of the process.
 */
#include <kernel/process.h>
#include <kernel/machine.h>
#include <kernel/memory.h>
#include <kernel/syscall.h>
#include <kernel/user.h>
#include <kernel/fs/fs.h>
#include <mm/mm.h>

#define CLD_EXITED 1
#define CLD_KILLED 2

static void leave_memory(void)
{
	vms_port_preempt_off();
	vms_space_activate(&vms_machine.kernel);
	vms_port_preempt_on();
}

/* Processes that have no memory any more, but have not given all of it back yet. */
static uint32_t nr_releasing;

bool process_any_releases(void)
{
	return __atomic_load_n(&nr_releasing, __ATOMIC_ACQUIRE) != 0;
}

/* Drop the process's reference to its memory, with no CPU of ours on it any more. */
static void release_memory(struct process *process)
{
	uint64_t state = lock_take_irq(&proc_lock);
	struct mm *mm = process->mm;

	process->mm = NULL;
	__atomic_fetch_add(&nr_releasing, 1, __ATOMIC_RELAXED);
	lock_drop_irq(&proc_lock, state);
	leave_memory();
	if (mm != NULL)
		mm_put(mm);
	__atomic_fetch_sub(&nr_releasing, 1, __ATOMIC_RELEASE);
}

void process_vfork_done(void)
{
	struct process *process = this_process();
	uint64_t state = lock_take_irq(&proc_lock);

	if (process->vfork_parent != NULL) {
		process->vfork_parent->vfork_waits = false;
		wake_all(&process->vfork_parent->process->child_event);
		process->vfork_parent = NULL;
	}
	lock_drop_irq(&proc_lock, state);
}

/* Children go to the first process; those that have ended already are news to it. */
static void give_children_away(struct process *process)
{
	struct process *reaper = process_reaper();

	list_for_safe(item, &process->children) {
		struct process *child = list_entry(item, struct process, sibling);

		if (child->death_signal != 0)
			signal_process_locked(child, child->death_signal);
		if (process == reaper)
			continue;
		list_remove(&child->sibling);
		child->parent = reaper;
		child->exit_signal = SIGCHLD; /* what it was to send is no affair of the first process's */
		list_add(&child->sibling, &reaper->children);
		if (child->zombie)
			signal_process_locked(reaper, SIGCHLD);
	}
	if (process != reaper)
		wake_all(&reaper->child_event);
}

/* Tell the parent. True: it does not want to know, so the zombie is ours to free. */
static bool notify_parent(struct process *process)
{
	struct process *parent = process->parent;
	struct signal_info info = {.signo = process->exit_signal, .pid = process->pid};
	struct signal_action action;

	if (parent == NULL || parent->zombie)
		return false;
	info.code = process->exit_status % 128 == 0 ? CLD_EXITED : CLD_KILLED;
	info.value = (uint64_t)(process->exit_status % 128 == 0 ? process->exit_status / 256 : process->exit_status);
	if (process->exit_signal != 0)
		(void)signal_send_locked(parent, NULL, &info);
	wake_all(&parent->child_event);
	if (process->exit_signal != SIGCHLD)
		return false;
	action = signal_action_of(parent, SIGCHLD);
	return action.handler == SIGNAL_HANDLER_IGNORE || (action.flags & SA_NOCLDWAIT);
}

/* The calling thread was the last. */
static void end_process(struct thread *thread)
{
	struct process *process = thread->process;
	struct signal_actions *actions;
	struct files *files;
	struct fs_dirs *dirs;
	bool free_it;
	uint64_t state;

	/* Others may look at them in /proc: they are ours to put only once nobody finds them. */
	state = lock_take_irq(&proc_lock);
	files = process->files;
	dirs = process->dirs;
	process->files = NULL;
	process->dirs = NULL;
	lock_drop_irq(&proc_lock, state);
	files_put(files);
	dirs_put(dirs);
	release_memory(process);
	process_vfork_done();

	state = lock_take_irq(&proc_lock);
	actions = process->actions;
	process->actions = NULL;
	signal_queue_free(&process->sig_queue, ~0ull);
	give_children_away(process);
	process->alarm_ns = 0;
	process->stopped = false;
	process->zombie = true;
	thread->process = NULL;
	free_it = notify_parent(process);
	if (free_it)
		process_reap_locked(process);
	process_ended_locked();
	lock_drop_irq(&proc_lock, state);
	signal_actions_put(actions);
	if (free_it)
		process_free(process);
}

void thread_exit(int status)
{
	struct thread *thread = current();
	struct process *process = thread->process;
	uint64_t state;
	bool last;

	futex_robust_exit(thread);
	if (thread->clear_tid != 0 && process->mm != NULL) {
		uint32_t zero = 0;

		if (user_write(thread->clear_tid, &zero, sizeof(zero)) == 0)
			(void)futex_wake(thread->clear_tid, 1);
	}
	leave_memory();

	state = lock_take_irq(&proc_lock);
	list_remove(&thread->in_process);
	process->nr_threads--;
	process->cpu_ns += thread->cpu_ns;
	signal_queue_free(&thread->sig_queue, ~0ull);
	last = process->nr_threads == 0;
	if (!last) {
		thread->process = NULL;
		wake_all(&process->thread_event);
	} else if (!process->exiting) {
		process->exiting = true;
		process->exit_status = status;
	}
	lock_drop_irq(&proc_lock, state);
	if (last)
		end_process(thread);
	sched_exit();
}

void process_exit(int status)
{
	uint64_t state = lock_take_irq(&proc_lock);

	process_end_locked(this_process(), status);
	lock_drop_irq(&proc_lock, state);
	thread_exit(status);
}

long sys_exit(const uint64_t a[6])
{
	thread_exit((int)(a[0] & 0xff) << 8);
}

long sys_exit_group(const uint64_t a[6])
{
	process_exit((int)(a[0] & 0xff) << 8);
}
