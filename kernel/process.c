/*
 * The tree of processes: identity, lookup, the first process and the end of the last.
 *
 * Invariants, under proc_lock: a process is in `processes` and in its parent's `children` from
 * process_enter() to process_reap_locked(); it has threads exactly until it is a zombie; a thread whose
 * `process` is not NULL is in that process's list.
 */
#include <kernel/process.h>
#include <kernel/machine.h>
#include <kernel/memory.h>
#include <kernel/fs/fs.h>
#include <mm/mm.h>

#define LAST_ID 4194303

struct lock proc_lock;
struct list processes = {&processes, &processes};

static struct process *init_process;
/* Every end of a process wakes this too: whoever ends the machine waits here. */
static struct waitq end_event = {{&end_event.threads, &end_event.threads}};
static int next_id = 1;
static bool ids_wrapped;

/* When the first alarm is due, or earlier; ~0: none is set. */
static uint64_t next_alarm = ~0ull;

struct process *process_find(int pid)
{
	list_for(item, &processes) {
		struct process *process = list_entry(item, struct process, all);

		if (process->pid == pid)
			return process;
	}
	return NULL;
}

struct thread *thread_find(int tid)
{
	list_for(item, &processes) {
		struct process *process = list_entry(item, struct process, all);

		list_for(place, &process->threads) {
			struct thread *thread = list_entry(place, struct thread, in_process);

			if (thread->tid == tid)
				return thread;
		}
	}
	return NULL;
}

static bool id_in_use(int id)
{
	list_for(item, &processes) {
		struct process *process = list_entry(item, struct process, all);

		if (process->pid == id || process->pgid == id || process->sid == id)
			return true;
	}
	return thread_find(id) != NULL;
}

int process_new_id(void)
{
	for (;;) {
		int id = next_id;

		if (id == LAST_ID) {
			next_id = 2;
			ids_wrapped = true;
		} else {
			next_id = id + 1;
		}
		if (!ids_wrapped || !id_in_use(id))
			return id;
	}
}

struct process *process_new(void)
{
	struct process *process = heap_zalloc(sizeof(*process));

	if (process == NULL)
		return NULL;
	list_init(&process->children);
	list_init(&process->sibling);
	list_init(&process->all);
	list_init(&process->threads);
	list_init(&process->sig_queue);
	waitq_init(&process->child_event);
	waitq_init(&process->stop_event);
	waitq_init(&process->thread_event);
	process->exit_signal = SIGCHLD;
	process->start_ns = now_ns();
	limits_init(process->limits);
	return process;
}

void process_free(struct process *process)
{
	heap_free(process);
}

void process_enter(struct process *process, struct process *parent)
{
	process->parent = parent;
	list_add(&process->all, &processes);
	if (parent != NULL)
		list_add(&process->sibling, &parent->children);
}

void process_end_threads_locked(struct process *process, struct thread *keep)
{
	list_for(item, &process->threads) {
		struct thread *thread = list_entry(item, struct thread, in_process);

		if (thread == keep)
			continue;
		thread->dying = true;
		wake_interrupted(thread);
	}
	/* Those that sleep where no signal reaches look at `dying` by themselves. */
	wake_all(&process->stop_event);
	wake_all(&process->child_event);
	wake_all(&process->thread_event);
}

void process_end_locked(struct process *process, int status)
{
	if (!process->exiting) {
		process->exiting = true;
		process->exit_status = status;
	}
	process_end_threads_locked(process, NULL);
}

struct mm *process_mm_get(int pid)
{
	uint64_t state = lock_take_irq(&proc_lock);
	struct process *process = process_find(pid);
	struct mm *mm = process != NULL ? process->mm : NULL;

	if (mm != NULL)
		mm_get(mm);
	lock_drop_irq(&proc_lock, state);
	return mm;
}

struct init_start {
	const char *path;
	const char *const *argv;
	const char *const *envp;
	long result;
	bool done;
	struct waitq event;
};

/* The first thread of the first process. */
static void init_begin(void *argument)
{
	struct init_start *start = argument;
	long result = files_open_console(this_process()->files);
	uint64_t state;

	if (result == 0)
		result = process_exec(start->path, start->argv, start->envp);
	state = lock_take_irq(&proc_lock);
	start->result = result;
	start->done = true;
	wake_all(&start->event);
	lock_drop_irq(&proc_lock, state);
	if (result != 0)
		process_exit(0);
	user_run(NULL);
}

long process_start_init(const char *path, const char *const argv[], const char *const envp[])
{
	struct init_start start = {.path = path, .argv = argv, .envp = envp};
	struct process *process = process_new();
	struct thread *thread = thread_create_user(init_begin, &start);
	uint64_t state;

	waitq_init(&start.event);
	if (process != NULL) {
		process->files = files_new();
		process->dirs = dirs_new();
		process->actions = signal_actions_new();
	}
	if (process == NULL || thread == NULL || process->files == NULL || process->dirs == NULL ||
	    process->actions == NULL) {
		if (process != NULL) {
			if (process->files != NULL)
				files_put(process->files);
			if (process->dirs != NULL)
				dirs_put(process->dirs);
			if (process->actions != NULL)
				signal_actions_put(process->actions);
			process_free(process);
		}
		if (thread != NULL)
			thread_free(thread);
		return -ENOMEM;
	}
	thread->process = process;
	strcopy(process->name, "init", sizeof(process->name));

	state = lock_take_irq(&proc_lock);
	next_id = 1;
	process->pid = process->pgid = process->sid = thread->tid = process_new_id();
	process_enter(process, NULL);
	list_add(&thread->in_process, &process->threads);
	process->nr_threads = 1;
	init_process = process;
	lock_drop_irq(&proc_lock, state);

	thread_start(thread);
	state = lock_take_irq(&proc_lock);
	while (!start.done)
		wait_on(&start.event, &proc_lock, state, false, 0);
	lock_drop_irq(&proc_lock, state);
	if (start.result != 0)
		process_wait_init();
	return start.result;
}

bool process_is_init(const struct process *process)
{
	return process == init_process;
}

struct process *process_reaper(void)
{
	return init_process;
}

void process_ended_locked(void)
{
	wake_all(&end_event);
}

/* One zombie other than init; the living are told to end. NULL: none yet. */
static struct process *find_remains(void)
{
	struct process *found = NULL;

	list_for(item, &processes) {
		struct process *process = list_entry(item, struct process, all);

		if (process == init_process)
			continue;
		if (process->zombie)
			found = process;
		else
			process_end_locked(process, SIGKILL);
	}
	return found;
}

int process_wait_init(void)
{
	uint64_t state = lock_take_irq(&proc_lock);
	struct process *init = init_process;
	int status;

	while (!init->zombie)
		wait_on(&end_event, &proc_lock, state, false, 0);
	for (;;) {
		struct process *dead = find_remains();

		if (dead != NULL) {
			process_reap_locked(dead);
			lock_drop_irq(&proc_lock, state);
			process_free(dead);
			state = lock_take_irq(&proc_lock);
		} else if (processes.next->next == &processes) {
			break; /* only init is left */
		} else {
			wait_on(&end_event, &proc_lock, state, false, 0);
		}
	}
	status = init->exit_status;
	process_reap_locked(init);
	init_process = NULL;
	lock_drop_irq(&proc_lock, state);
	process_free(init);
	return status;
}

void process_set_alarm(struct process *process, uint64_t when, uint64_t every)
{
	process->alarm_ns = when;
	process->alarm_every = every;
	if (when != 0 && when < next_alarm)
		__atomic_store_n(&next_alarm, when, __ATOMIC_RELAXED);
}

void process_timers(void)
{
	uint64_t now = now_ns(), first = ~0ull, state;

	/* Without the lock: a value just being set is seen at the next tick. */
	if (now < __atomic_load_n(&next_alarm, __ATOMIC_RELAXED))
		return;
	state = lock_take_irq(&proc_lock);
	list_for(item, &processes) {
		struct process *process = list_entry(item, struct process, all);

		if (process->alarm_ns == 0)
			continue;
		if (now >= process->alarm_ns) {
			uint64_t every = process->alarm_every;

			/* What was missed is not made up for. */
			process->alarm_ns = every == 0 ? 0 : now + every - (now - process->alarm_ns) % every;
			signal_process_locked(process, SIGALRM);
		}
		if (process->alarm_ns != 0)
			first = min_u64(first, process->alarm_ns);
	}
	__atomic_store_n(&next_alarm, first, __ATOMIC_RELAXED);
	lock_drop_irq(&proc_lock, state);
}
