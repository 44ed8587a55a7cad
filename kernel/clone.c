/*
 * New processes and threads: fork, vfork and clone are one function on one request.
 *
 * Everything that may fail comes first; what was made is undone by one function. Then the child is entered
 * in the lists under proc_lock, which cannot fail unless its creator is itself about to die.
 */
#include <kernel/process.h>
#include <kernel/clone.h>
#include <kernel/machine.h>
#include <kernel/memory.h>
#include <kernel/syscall.h>
#include <kernel/user.h>
#include <kernel/fs/fs.h>
#include <mm/mm.h>

struct thread *thread_create_user(void (*entry)(void *), void *argument)
{
	struct thread *thread = thread_create(entry, argument);

	if (thread != NULL)
		list_init(&thread->sig_queue);
	return thread;
}

/* What the child gets of its own, or shares, by flags. -ENOMEM: the caller frees what is there. */
static long share_or_copy(struct process *child, uint64_t flags)
{
	struct process *parent = this_process();

	if (flags & CLONE_VM) {
		mm_get(parent->mm);
		child->mm = parent->mm;
	} else if (mm_fork(parent->mm, &child->mm) != 0) {
		child->mm = NULL;
		return -ENOMEM;
	}
	if (flags & CLONE_FILES) {
		files_get(parent->files);
		child->files = parent->files;
		child->shares_files = parent->shares_files = true;
	} else {
		child->files = files_copy(parent->files);
	}
	if (flags & CLONE_FS) {
		dirs_get(parent->dirs);
		child->dirs = parent->dirs;
	} else {
		child->dirs = dirs_copy(parent->dirs);
	}
	if (flags & CLONE_SIGHAND) {
		signal_actions_get(parent->actions);
		child->actions = parent->actions;
	} else {
		child->actions = signal_actions_copy(parent->actions);
		if (child->actions != NULL && (flags & CLONE_CLEAR_SIGHAND))
			signal_actions_reset(child->actions);
	}
	return child->files == NULL || child->dirs == NULL || child->actions == NULL ? -ENOMEM : 0;
}

static void discard(struct process *child, struct thread *thread)
{
	if (child != NULL) {
		if (child->mm != NULL)
			mm_put(child->mm);
		if (child->files != NULL)
			files_put(child->files);
		if (child->dirs != NULL)
			dirs_put(child->dirs);
		if (child->actions != NULL)
			signal_actions_put(child->actions);
		process_free(child);
	}
	if (thread != NULL)
		thread_free(thread);
}

/* A thread that will go on in user mode where the caller is, with result 0. NULL: no memory. */
static struct thread *copy_thread(const struct clone_request *request)
{
	struct thread *self = current();
	struct thread *thread = thread_create_user(user_run, NULL);

	if (thread == NULL)
		return NULL;
	thread->regs = self->regs;
	user_regs_set_result(&thread->regs, 0);
	if (request->stack != 0)
		user_regs_set_sp(&thread->regs, request->stack);
	user_fpu_copy(thread->fpu, self);
	user_tls_copy(thread, self);
	thread->affinity = self->affinity;
	thread->sig_blocked = self->sig_restore ? self->sig_saved : self->sig_blocked;
	/* Another stack needs another alternate stack; a vfork child only borrows its parent's. */
	if (!(request->flags & CLONE_VM) || (request->flags & CLONE_VFORK)) {
		thread->alt_stack = self->alt_stack;
		thread->alt_stack_len = self->alt_stack_len;
	}
	if (request->flags & CLONE_CHILD_CLEARTID)
		thread->clear_tid = request->child_tid;
	return thread;
}

static void inherit(struct process *child)
{
	struct process *parent = this_process();

	strcopy(child->name, parent->name, sizeof(child->name));
	strcopy(child->exe, parent->exe, sizeof(child->exe));
	child->arguments_at = parent->arguments_at;
	child->pgid = parent->pgid;
	child->sid = parent->sid;
	memcpy(child->limits, parent->limits, sizeof(child->limits));
	child->membarrier = __atomic_load_n(&parent->membarrier, __ATOMIC_RELAXED);
}

/* Into the lists. -EAGAIN: the caller is dying and must not leave a child that nobody told. */
static long enter(struct process *child, struct thread *thread, uint64_t flags)
{
	struct thread *self = current();
	struct process *here = self->process;
	uint64_t state = lock_take_irq(&proc_lock);
	long result = 0;

	if (self->dying) {
		result = -EAGAIN;
	} else if (child == NULL) {
		thread->process = here;
		list_add(&thread->in_process, &here->threads);
		here->nr_threads++;
	} else {
		inherit(child);
		child->pid = thread->tid;
		thread->process = child;
		list_add(&thread->in_process, &child->threads);
		child->nr_threads = 1;
		process_enter(child, (flags & CLONE_PARENT) && here->parent != NULL ? here->parent : here);
		if (flags & CLONE_VFORK) {
			child->vfork_parent = self;
			self->vfork_waits = true;
		}
	}
	lock_drop_irq(&proc_lock, state);
	return result;
}

/* Until the child has left our memory; or until we die: then it must not look for us any more. */
static void wait_for_vfork(int pid)
{
	struct thread *self = current();
	struct process *here = self->process;
	uint64_t state = lock_take_irq(&proc_lock);

	while (self->vfork_waits && !self->dying)
		wait_on(&here->child_event, &proc_lock, state, false, 0);
	if (self->vfork_waits) {
		struct process *child = process_find(pid);

		if (child != NULL)
			child->vfork_parent = NULL;
		self->vfork_waits = false;
	}
	lock_drop_irq(&proc_lock, state);
}

static long check_request(const struct clone_request *request)
{
	uint64_t flags = request->flags;

	if (flags & ~CLONE_KNOWN)
		return -EINVAL;
	if ((flags & CLONE_THREAD) && (flags & CLONE_AS_THREAD) != CLONE_AS_THREAD)
		return -EINVAL;
	if ((flags & CLONE_SIGHAND) && !(flags & CLONE_VM))
		return -EINVAL;
	if ((flags & CLONE_SIGHAND) && (flags & CLONE_CLEAR_SIGHAND))
		return -EINVAL;
	if ((flags & CLONE_PARENT) && process_is_init(this_process()))
		return -EINVAL;
	if (request->exit_signal > NR_SIGNALS)
		return -EINVAL;
	return 0;
}

long process_clone(const struct clone_request *request)
{
	uint64_t flags = request->flags, state;
	struct process *child = NULL;
	struct thread *thread;
	long result = check_request(request);
	int id;

	if (result != 0)
		return result;
	thread = copy_thread(request);
	if (thread == NULL)
		return -ENOMEM;
	if ((flags & CLONE_SETTLS) && (result = user_set_tls(thread, request->tls)) != 0) {
		discard(NULL, thread);
		return result;
	}
	if (!(flags & CLONE_THREAD)) {
		child = process_new();
		if (child == NULL || share_or_copy(child, flags) != 0) {
			discard(child, thread);
			return -ENOMEM;
		}
		child->exit_signal = flags & CLONE_PARENT ? this_process()->exit_signal : request->exit_signal;
	}
	state = lock_take_irq(&proc_lock);
	id = thread->tid = process_new_id();
	lock_drop_irq(&proc_lock, state);

	/* As Linux: a bad pointer here is the program's own loss. */
	if (flags & CLONE_PARENT_SETTID)
		(void)user_write(request->parent_tid, &id, sizeof(id));
	if (flags & CLONE_CHILD_SETTID)
		(void)mm_write(child != NULL ? child->mm : this_process()->mm, request->child_tid, &id, sizeof(id));

	result = enter(child, thread, flags);
	if (result != 0) {
		discard(child, thread);
		return result;
	}
	/* From here on the child may end, and be reaped by another thread, at any time. */
	thread_start(thread);
	if (flags & CLONE_VFORK)
		wait_for_vfork(id);
	return id;
}

long sys_clone(const uint64_t a[6])
{
	struct clone_request request = {
		.flags = a[0] & 0xffffffff & ~CLONE_SIGNAL,
		.exit_signal = (int)(a[0] & CLONE_SIGNAL),
		.stack = a[1],
		.parent_tid = a[2],
		.child_tid = a[3],
		.tls = a[4],
	};

	return process_clone(&request);
}

long sys_fork(const uint64_t a[6])
{
	struct clone_request request = {.exit_signal = SIGCHLD};

	(void)a;
	return process_clone(&request);
}

long sys_vfork(const uint64_t a[6])
{
	struct clone_request request = {.flags = CLONE_VFORK | CLONE_VM, .exit_signal = SIGCHLD};

	(void)a;
	return process_clone(&request);
}

/* As Linux lays it out, version 2: later fields must be zero. */
struct clone_args {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size,
		cgroup;
};
#define CLONE_ARGS_FIRST 64 /* bytes of the first version */

long sys_clone3(const uint64_t a[6])
{
	struct clone_args args = {0};
	struct clone_request request;
	uint64_t len = a[1];
	long result;

	if (len < CLONE_ARGS_FIRST)
		return -EINVAL;
	if (len > VMS_PAGE)
		return -E2BIG;
	result = user_read(&args, a[0], min_u64(len, sizeof(args)));
	for (uint64_t at = sizeof(args); result == 0 && at < len; at++) {
		char more;

		result = user_read(&more, a[0] + at, 1);
		if (result == 0 && more != 0)
			result = -E2BIG;
	}
	if (result != 0)
		return result;
	if ((args.flags & (CLONE_SIGNAL | CLONE_DETACHED)) || args.set_tid_size != 0 || args.exit_signal > NR_SIGNALS ||
	    (args.stack == 0) != (args.stack_size == 0) || args.stack + args.stack_size < args.stack)
		return -EINVAL;
	if ((args.flags & (CLONE_THREAD | CLONE_PARENT)) && args.exit_signal != 0)
		return -EINVAL;
	request = (struct clone_request){
		.flags = args.flags,
		.exit_signal = (int)args.exit_signal,
		.stack = args.stack + args.stack_size,
		.parent_tid = args.parent_tid,
		.child_tid = args.child_tid,
		.tls = args.tls,
	};
	return process_clone(&request);
}
