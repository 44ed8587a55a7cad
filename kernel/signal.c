/*
 * Sending signals: what becomes pending where, and who is woken.
 *
 * A pending signal is a bit in its process's or thread's set. What is known of it beyond its number is in a
 * record of a fixed pool, so that nothing here allocates and interrupt handlers may send. A standard signal
 * has at most one record; a set bit without a record means "from the kernel". All under proc_lock; the sets
 * are also read without it, as a hint, on the way to user mode.
 */
#include <kernel/process.h>
#include <kernel/machine.h>

struct signal_queued {
	struct list in; /* a sig_queue, or the free ones */
	struct signal_info info;
};

#define NR_RECORDS 1024
/* Real-time signals that one queue may hold, so that one program cannot take all records. */
#define QUEUE_LIMIT 32

static struct signal_queued records[NR_RECORDS];
static uint32_t nr_used; /* records that were ever taken; those given back are in free_records */
static struct list free_records = {&free_records, &free_records};

#define CLD_STOPPED 5
#define CLD_CONTINUED 6

static struct signal_queued *record_take(void)
{
	struct list *first = free_records.next;

	if (!list_empty(&free_records)) {
		list_remove(first);
		return list_entry(first, struct signal_queued, in);
	}
	return nr_used < NR_RECORDS ? &records[nr_used++] : NULL;
}

void signal_queue_free(struct list *queue, uint64_t set)
{
	list_for_safe(item, queue) {
		struct signal_queued *record = list_entry(item, struct signal_queued, in);

		if (set & SIGNAL_BIT(record->info.signo)) {
			list_remove(item);
			list_add(item, &free_records);
		}
	}
}

void signal_discard_locked(struct process *process, uint64_t set)
{
	__atomic_fetch_and(&process->sig_pending, ~set, __ATOMIC_RELAXED);
	signal_queue_free(&process->sig_queue, set);
	list_for(item, &process->threads) {
		struct thread *thread = list_entry(item, struct thread, in_process);

		__atomic_fetch_and(&thread->sig_pending, ~set, __ATOMIC_RELAXED);
		signal_queue_free(&thread->sig_queue, set);
	}
}

bool signal_spares_init(struct process *process, const struct signal_info *info)
{
	bool foreign = info->code != SI_KERNEL && info->pid != process->pid;

	return process_is_init(process) && signal_action_of(process, info->signo).handler == SIGNAL_HANDLER_DEFAULT &&
	       (foreign || signal_default_of(info->signo) == SIGNAL_STOPS);
}

static bool is_blocked_by(const struct thread *thread, uint64_t bit)
{
	return ((thread->sig_blocked | thread->sig_wait) & bit) != 0;
}

/* Somebody may still want it, although it would be ignored now. */
static bool is_blocked(struct process *process, struct thread *only, uint64_t bit)
{
	if (only != NULL)
		return is_blocked_by(only, bit);
	list_for(item, &process->threads) {
		if (is_blocked_by(list_entry(item, struct thread, in_process), bit))
			return true;
	}
	return false;
}

/* The parent hears that a child has stopped or goes on. */
static void tell_parent(struct process *process, int code, int sig)
{
	struct process *parent = process->parent;
	struct signal_info info = {.signo = SIGCHLD, .code = code, .pid = process->pid, .value = (uint64_t)sig};

	if (parent == NULL || parent->zombie)
		return;
	if (!(signal_action_of(parent, SIGCHLD).flags & SA_NOCLDSTOP))
		(void)signal_send_locked(parent, NULL, &info);
	wake_all(&parent->child_event);
}

static void go_on(struct process *process)
{
	signal_discard_locked(process, SIGNALS_STOPPING);
	if (!process->stopped)
		return;
	process->stopped = false;
	process->report_stop = false;
	process->report_continue = true;
	wake_all(&process->stop_event);
	tell_parent(process, CLD_CONTINUED, SIGCONT);
}

void signal_stop_locked(struct process *process, int sig)
{
	process->stopped = true;
	process->stop_signal = sig;
	process->report_stop = true;
	process->report_continue = false;
	list_for(item, &process->threads)
		wake_interrupted(list_entry(item, struct thread, in_process));
	tell_parent(process, CLD_STOPPED, sig);
}

/* One more record in a queue, unless the queue is full. */
static bool add_record(struct list *queue, const struct signal_info *info)
{
	struct signal_queued *record;
	uint32_t len = 0;

	list_for(item, queue)
		len++;
	if (info->signo >= SIGNAL_REALTIME && len >= QUEUE_LIMIT)
		return false;
	record = record_take();
	if (record == NULL)
		return false;
	record->info = *info;
	list_add(&record->in, queue);
	return true;
}

long signal_send_locked(struct process *process, struct thread *only, const struct signal_info *info)
{
	int sig = info->signo;
	uint64_t bit = SIGNAL_BIT(sig);
	uint64_t *pending = only != NULL ? &only->sig_pending : &process->sig_pending;
	bool has_details = info->code != SI_KERNEL;

	if (process->zombie || process->exiting)
		return 0;
	if (sig == SIGCONT)
		go_on(process);
	else if (bit & SIGNALS_STOPPING)
		signal_discard_locked(process, SIGNAL_BIT(SIGCONT));
	if ((signal_is_ignored(process, sig) || signal_spares_init(process, info)) &&
	    ((bit & SIGNALS_UNBLOCKABLE) || !is_blocked(process, only, bit)))
		return 0;
	if (sig == SIGKILL) {
		process_end_locked(process, SIGKILL);
		return 0;
	}
	if ((*pending & bit) && sig < SIGNAL_REALTIME)
		return 0;
	if (has_details && !add_record(only != NULL ? &only->sig_queue : &process->sig_queue, info) &&
	    sig >= SIGNAL_REALTIME && info->code != SI_USER && info->code != SI_TKILL)
		return -EAGAIN;
	__atomic_fetch_or(pending, bit, __ATOMIC_RELAXED);
	if (only != NULL) {
		if (!(only->sig_blocked & bit))
			wake_interrupted(only);
		return 0;
	}
	/* Any thread may take it; wake one that would. If none would, whoever unblocks it finds it. */
	list_for(item, &process->threads) {
		struct thread *thread = list_entry(item, struct thread, in_process);

		if (!(thread->sig_blocked & bit)) {
			wake_interrupted(thread);
			break;
		}
	}
	return 0;
}

void signal_process_locked(struct process *process, int sig)
{
	struct signal_info info = {.signo = sig, .code = SI_KERNEL};

	(void)signal_send_locked(process, NULL, &info);
}

void signal_thread_locked(struct thread *thread, int sig)
{
	struct signal_info info = {.signo = sig, .code = SI_KERNEL};

	(void)signal_send_locked(thread->process, thread, &info);
}

long signal_process(struct process *process, int sig)
{
	uint64_t state = lock_take_irq(&proc_lock);

	signal_process_locked(process, sig);
	lock_drop_irq(&proc_lock, state);
	return 0;
}

long signal_group(int pgid, int sig)
{
	uint64_t state = lock_take_irq(&proc_lock);
	long result = -ESRCH;

	list_for(item, &processes) {
		struct process *process = list_entry(item, struct process, all);

		if (process->pgid == pgid && !process->zombie) {
			signal_process_locked(process, sig);
			result = 0;
		}
	}
	lock_drop_irq(&proc_lock, state);
	return result;
}

/* The first of `from` in one set and its queue. */
static int take_from(uint64_t *pending, struct list *queue, uint64_t from, struct signal_info *info)
{
	uint64_t candidates = *pending & from;
	bool found = false, more = false;
	int sig;

	if (candidates == 0)
		return 0;
	sig = __builtin_ctzll(candidates) + 1;
	*info = (struct signal_info){.signo = sig, .code = SI_KERNEL};
	list_for_safe(item, queue) {
		struct signal_queued *record = list_entry(item, struct signal_queued, in);

		if (record->info.signo != sig)
			continue;
		if (found) {
			more = true;
			break;
		}
		found = true;
		*info = record->info;
		list_remove(item);
		list_add(item, &free_records);
	}
	if (!more)
		__atomic_fetch_and(pending, ~SIGNAL_BIT(sig), __ATOMIC_RELAXED);
	return sig;
}

int signal_take_locked(uint64_t from, struct signal_info *info)
{
	struct thread *thread = current();
	int sig = thread->fault_signal;

	/* What the program's own next instruction did comes first: it cannot go on without. */
	if (sig != 0 && (from & SIGNAL_BIT(sig))) {
		*info = (struct signal_info){.signo = sig, .code = thread->fault_code, .value = thread->fault_address};
		thread->fault_signal = 0;
		/* If another one of this number is queued, its bit goes too: one delivery stands for both. */
		__atomic_fetch_and(&thread->sig_pending, ~SIGNAL_BIT(sig), __ATOMIC_RELAXED);
		signal_queue_free(&thread->sig_queue, SIGNAL_BIT(sig));
		return sig;
	}
	sig = take_from(&thread->sig_pending, &thread->sig_queue, from, info);
	return sig != 0 ? sig : take_from(&thread->process->sig_pending, &thread->process->sig_queue, from, info);
}

bool group_is_orphaned(int pgid)
{
	list_for(item, &processes) {
		struct process *process = list_entry(item, struct process, all);
		struct process *parent = process->parent;

		if (process->pgid == pgid && !process->zombie && parent != NULL && parent->pgid != pgid &&
		    parent->sid == process->sid)
			return false;
	}
	return true;
}
