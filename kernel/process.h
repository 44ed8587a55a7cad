/*
 * Processes: what threads share, and the tree they hang in. One lock, proc_lock, guards the tree, the
 * states and the signals of all; interrupt handlers take it too.
 */
#ifndef KERNEL_PROCESS_H
#define KERNEL_PROCESS_H

#include <kernel/base.h>
#include <kernel/errno.h>
#include <kernel/sched.h>

struct mm;      /* mm/mm.h */
struct files;   /* fs/fs.h: open files by descriptor */
struct fs_dirs; /* fs/fs.h: current directory and umask */

#define NR_SIGNALS 64
enum {
	SIGHUP = 1,
	SIGINT,
	SIGQUIT,
	SIGILL,
	SIGTRAP,
	SIGABRT,
	SIGBUS,
	SIGFPE,
	SIGKILL,
	SIGUSR1,
	SIGSEGV,
	SIGUSR2,
	SIGPIPE,
	SIGALRM,
	SIGTERM,
	SIGSTKFLT,
	SIGCHLD,
	SIGCONT,
	SIGSTOP,
	SIGTSTP,
	SIGTTIN,
	SIGTTOU,
	SIGURG,
	SIGXCPU,
	SIGXFSZ,
	SIGVTALRM,
	SIGPROF,
	SIGWINCH,
	SIGIO,
	SIGPWR,
	SIGSYS,
};

/* Handlers that are none. */
#define SIGNAL_HANDLER_DEFAULT 0
#define SIGNAL_HANDLER_IGNORE 1

/* Flags of an action. */
#define SA_NOCLDSTOP 0x00000001u
#define SA_NOCLDWAIT 0x00000002u
#define SA_SIGINFO 0x00000004u
#define SA_RESTORER 0x04000000u
#define SA_ONSTACK 0x08000000u
#define SA_RESTART 0x10000000u
#define SA_NODEFER 0x40000000u
#define SA_RESETHAND 0x80000000u

/* As rt_sigaction has it on x86-64; other machines differ only in restorer. */
struct signal_action {
	uint64_t handler;
	uint64_t flags;
	uint64_t restorer;
	uint64_t mask;
};
struct signal_actions; /* shared by CLONE_SIGHAND; signal.c */

/* As setrlimit has it. */
#define NR_LIMITS 16
struct limit {
	uint64_t now;
	uint64_t most;
};

struct process {
	int pid;
	int pgid;
	int sid;
	struct process *parent;
	struct list children; /* of struct process, by sibling */
	struct list sibling;
	struct list all; /* every process; the list is processes */
	struct list threads;
	uint32_t nr_threads;
	/* All under proc_lock. */
	struct waitq child_event;    /* wait4 and a parent in vfork sleep here */
	struct waitq stop_event;     /* threads of a stopped process */
	struct waitq thread_event;   /* a thread has ended: exec waits for the others */
	struct thread *vfork_parent; /* sleeps until we exec or exit; NULL: none does */
	bool zombie;
	bool stopped;
	bool report_stop, report_continue; /* not yet seen by wait4 */
	int stop_signal;                   /* that stopped it last */
	bool has_run_exec;                 /* its program is its own: setpgid by the parent is too late */
	bool shares_files;                 /* `files` may be another process's too: exec takes a copy */
	bool exiting;                      /* exit_group began: threads die on their way to user mode */
	int exit_status;                   /* as wait4 reports it */
	int exit_signal;                   /* to the parent, usually SIGCHLD */
	int death_signal;                  /* to us when the parent ends (PR_SET_PDEATHSIG); 0: none */
	uint64_t sig_pending;              /* sent to the process; any thread may take it */
	struct list sig_queue;             /* of struct signal_queued: what is known of those */
	struct signal_actions *actions;
	struct mm *mm;
	struct files *files;
	struct fs_dirs *dirs;
	char name[16];       /* comm */
	char exe[256];       /* path it was started from */
	vms_va arguments_at; /* where exec left argc and argv on the stack; 0: nowhere */
	uint64_t cpu_ns;     /* of threads that have ended */
	uint64_t child_ns;   /* of children waited for */
	uint64_t start_ns;
	uint64_t alarm_ns; /* when SIGALRM is due; 0: never */
	uint64_t alarm_every;
	struct limit limits[NR_LIMITS];
	uint32_t membarrier; /* the commands for which it has registered */
};

extern struct lock proc_lock;
extern struct list processes;

static inline struct process *this_process(void)
{
	return current()->process;
}

/* process.c: the tree of processes, and its beginning and end. */
struct process *process_find(int pid);                               /* proc_lock held; NULL if none */
struct thread *thread_find(int tid);                                 /* proc_lock held; NULL if none */
int process_new_id(void);                                            /* proc_lock held */
struct process *process_new(void);                                   /* in no list, no threads; NULL: no memory */
void process_free(struct process *process);                          /* one that is in no list and has no threads */
void process_enter(struct process *process, struct process *parent); /* proc_lock held: into the lists */
/* proc_lock held: its threads die on their way to user mode. status as wait4 reports it. */
void process_end_locked(struct process *process, int status);
/* proc_lock held: threads other than `keep` die, the process lives on. */
void process_end_threads_locked(struct process *process, struct thread *keep);
/* A reference to the memory of a process, or NULL: none has this pid, or it has no memory any more. */
struct mm *process_mm_get(int pid);
bool process_any_releases(void); /* Is one that ended giving its memory back right now? */
bool process_is_init(const struct process *process);
struct process *process_reaper(void); /* of orphans: the first process */
void process_ended_locked(void);      /* tell whoever waits for the end of everything */
/* Start the first process with this program; it is pid 1 and the machine stops when it ends. */
long process_start_init(const char *path, const char *const argv[], const char *const envp[]);
/* Sleep until pid 1 has ended, end all others, and give pid 1's status as wait4 reports it. */
int process_wait_init(void);
void process_timers(void); /* from the tick: deliver alarms that are due */
void process_set_alarm(struct process *process, uint64_t when, uint64_t every); /* proc_lock held */

void limits_init(struct limit limits[NR_LIMITS]); /* limits.c: those of the first process */

/*
 * shortage.c: a page could not be made. True: try again, or look after signals first; false: there is no other
 * way than that the caller's process ends. May sleep.
 */
bool memory_make_room(void);

/* clone.c */
struct clone_request {
	uint64_t flags; /* CLONE_*, without the signal */
	int exit_signal;
	vms_va stack; /* the child's stack pointer; 0: as the caller's */
	vms_va parent_tid, child_tid, tls;
};
long process_clone(const struct clone_request *request);
struct thread *thread_create_user(void (*entry)(void *), void *argument); /* thread_create(), for a process */

/* exit.c */
VMS_NORETURN void thread_exit(int status);  /* this thread; the process with the last of them */
VMS_NORETURN void process_exit(int status); /* all threads; status as wait4 reports it */
void process_vfork_done(void);              /* the parent may go on: we have left its memory */

/* wait.c */
void process_reap_locked(struct process *process); /* a zombie leaves the lists; free it after proc_lock */

/* run.c */
VMS_NORETURN void user_run(void *unused); /* the life of a user thread: entry of thread_create() */

/* exec.c: replace the calling process's program. -errno, or 0 with the new registers in place. */
long process_exec(const char *path, const char *const argv[], const char *const envp[]); /* in kernel memory */

/* signal.c: sending. proc_lock not held unless _locked. */
#define SIGNAL_BIT(sig) (1ull << ((sig)-1))
#define SIGNALS_UNBLOCKABLE (SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP))
#define SIGNALS_STOPPING (SIGNAL_BIT(SIGSTOP) | SIGNAL_BIT(SIGTSTP) | SIGNAL_BIT(SIGTTIN) | SIGNAL_BIT(SIGTTOU))
#define SIGNAL_REALTIME 32 /* the first one that queues */
/* si_code: who sent it. */
#define SI_USER 0
#define SI_KERNEL 0x80
#define SI_TKILL (-6)
struct signal_info;
struct signal_queued;
long signal_process(struct process *process, int sig);
void signal_process_locked(struct process *process, int sig);
void signal_thread_locked(struct thread *thread, int sig);
/* The same with details; `only` NULL: any thread of the process. -EAGAIN: no memory for them. */
long signal_send_locked(struct process *process, struct thread *only, const struct signal_info *info);
long signal_group(int pgid, int sig); /* also from interrupts (^C) */
/* What is next among `from` (a set) for the calling thread: its number and details; 0: none. proc_lock held. */
int signal_take_locked(uint64_t from, struct signal_info *info);
/*
 * The first process is not ended by what others send it, and never stops: nobody could do its work. What it
 * brings on itself takes effect, so that a single program may be run as the first process. proc_lock held.
 */
bool signal_spares_init(struct process *process, const struct signal_info *info);
void signal_stop_locked(struct process *process, int sig); /* it stops, and its parent hears of it */
void signal_discard_locked(struct process *process, uint64_t set);
void signal_queue_free(struct list *queue, uint64_t set);
/* Is there one that is not blocked, or is the thread to stop or to die? Inline: asked before each return to user
   mode. */
static inline bool signal_waiting(const struct thread *thread)
{
	const struct process *process = thread->process;

	return process != NULL && (thread->dying || process->stopped ||
				   ((thread->sig_pending | process->sig_pending) & ~thread->sig_blocked) != 0);
}
bool group_is_orphaned(int pgid); /* proc_lock held */

/* signal_action.c: what a process does on a signal; signal_actions_copy: NULL if there is no memory. */
struct signal_action signal_action_of(struct process *process, int sig); /* proc_lock held */
void signal_action_set(struct process *process, int sig, const struct signal_action *action);
bool signal_is_ignored(struct process *process, int sig); /* proc_lock held; by choice or by default */
enum signal_default { SIGNAL_ENDS, SIGNAL_IGNORED, SIGNAL_STOPS, SIGNAL_CONTINUES };
enum signal_default signal_default_of(int sig);
const char *signal_name(int sig);
struct signal_actions *signal_actions_new(void);
struct signal_actions *signal_actions_copy(struct signal_actions *from);
void signal_actions_reset(struct signal_actions *actions); /* as exec does */
void signal_actions_get(struct signal_actions *actions);
void signal_actions_put(struct signal_actions *actions);

/* deliver.c: receiving. */
/* An exception of the running program: never blocked or ignored. `what` is for the console if it dies of it. */
void signal_fault(int sig, int code, vms_va address, const char *what);
/* On the way to user mode: stop, die, or set up a handler's frame. */
void signal_deliver(void);
/* The same for a call that gave one of the ERESTART numbers: it is run again or fails with EINTR. */
void signal_deliver_call(long result);
/* Block `mask` until the call that runs has ended and its handlers have started (sigsuspend, ppoll). */
void signal_mask_for_call(uint64_t mask);

/*
 * A call with a timeout from now: its deadline, the same one when the call is restarted; and its result
 * when a signal came. The call goes on if the signal has no handler, else it fails with EINTR.
 */
uint64_t call_deadline(uint64_t timeout_ns);
long call_interrupted(uint64_t deadline);

/* syscall.c: carry out the call that the current thread's registers name, and store its result there. */
void syscall_dispatch(void);

/* random.c: from hardware if it has a source. */
void random_bytes(void *to, size_t len);

/* futex.c */
long futex_wake(vms_va va, uint32_t nr);       /* in the caller's memory. How many, or -errno */
void futex_robust_exit(struct thread *thread); /* its robust mutexes are told that the owner died */

#endif
