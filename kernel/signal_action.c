/*
 * What a process does on a signal: the table of actions, shared by CLONE_SIGHAND, and the defaults.
 *
 * A table is read and written under proc_lock; its reference count is atomic.
 */
#include <kernel/process.h>
#include <kernel/machine.h>
#include <kernel/memory.h>

struct signal_actions {
	uint32_t refs;
	struct signal_action of[NR_SIGNALS]; /* of signal n at n - 1 */
};

struct signal_actions *signal_actions_new(void)
{
	struct signal_actions *actions = heap_zalloc(sizeof(*actions));

	if (actions != NULL)
		actions->refs = 1;
	return actions;
}

struct signal_actions *signal_actions_copy(struct signal_actions *from)
{
	struct signal_actions *actions = signal_actions_new();
	uint64_t state;

	if (actions == NULL)
		return NULL;
	state = lock_take_irq(&proc_lock);
	memcpy(actions->of, from->of, sizeof(actions->of));
	lock_drop_irq(&proc_lock, state);
	return actions;
}

void signal_actions_reset(struct signal_actions *actions)
{
	for (int i = 0; i < NR_SIGNALS; i++) {
		bool ignored = actions->of[i].handler == SIGNAL_HANDLER_IGNORE;

		actions->of[i] = (struct signal_action){0};
		actions->of[i].handler = ignored ? SIGNAL_HANDLER_IGNORE : SIGNAL_HANDLER_DEFAULT;
	}
}

void signal_actions_get(struct signal_actions *actions)
{
	__atomic_fetch_add(&actions->refs, 1, __ATOMIC_RELAXED);
}

void signal_actions_put(struct signal_actions *actions)
{
	if (__atomic_sub_fetch(&actions->refs, 1, __ATOMIC_ACQ_REL) == 0)
		heap_free(actions);
}

struct signal_action signal_action_of(struct process *process, int sig)
{
	return process->actions != NULL ? process->actions->of[sig - 1] : (struct signal_action){0};
}

void signal_action_set(struct process *process, int sig, const struct signal_action *action)
{
	process->actions->of[sig - 1] = *action;
}

enum signal_default signal_default_of(int sig)
{
	switch (sig) {
	case SIGCHLD:
	case SIGURG:
	case SIGWINCH:
		return SIGNAL_IGNORED;
	case SIGCONT:
		return SIGNAL_CONTINUES;
	case SIGSTOP:
	case SIGTSTP:
	case SIGTTIN:
	case SIGTTOU:
		return SIGNAL_STOPS;
	default:
		return SIGNAL_ENDS;
	}
}

bool signal_is_ignored(struct process *process, int sig)
{
	uint64_t handler = signal_action_of(process, sig).handler;

	if (handler == SIGNAL_HANDLER_IGNORE)
		return true;
	return handler == SIGNAL_HANDLER_DEFAULT &&
	       (signal_default_of(sig) == SIGNAL_IGNORED || signal_default_of(sig) == SIGNAL_CONTINUES);
}

const char *signal_name(int sig)
{
	static const char *const names[] = {
		"no signal", "SIGHUP",  "SIGINT",    "SIGQUIT", "SIGILL",   "SIGTRAP", "SIGABRT", "SIGBUS",
		"SIGFPE",    "SIGKILL", "SIGUSR1",   "SIGSEGV", "SIGUSR2",  "SIGPIPE", "SIGALRM", "SIGTERM",
		"SIGSTKFLT", "SIGCHLD", "SIGCONT",   "SIGSTOP", "SIGTSTP",  "SIGTTIN", "SIGTTOU", "SIGURG",
		"SIGXCPU",   "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO",   "SIGPWR",  "SIGSYS",
	};

	return sig > 0 && sig < (int)ARRAY_LEN(names) ? names[sig] : "a real-time signal";
}
