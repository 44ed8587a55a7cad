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
	SIGHUP = 1, SIGINT, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGKILL, SIGUSR1, SIGSEGV, SIGUSR2,
	SIGPIPE, SIGALRM, SIGTERM, SIGSTKFLT, SIGCHLD, SIGCONT, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG,
	SIGXCPU, SIGXFSZ, SIGVTALRM, SIGPROF, SIGWINCH, SIGIO, SIGPWR, SIGSYS,
};

/* As rt_sigaction has it on x86-64; other machines differ only in restorer. */
struct signal_action {
	uint64_t handler;
	uint64_t flags;
	uint64_t restorer;
	uint64_t mask;
};
struct signal_actions; /* shared by CLONE_SIGHAND; signal.c */

struct process {
	int pid;
	int pgid;
	int sid;
	struct process *parent;
	struct list children;   /* of struct process, by sibling */
	struct list sibling;
	struct list all;        /* every process; the list is processes */
	struct list threads;
	uint32_t nr_threads;
	struct waitq child_event; /* wait4 sleeps here, under proc_lock */
	struct waitq vfork_done;
	bool vforked;           /* the parent waits until we exec or exit */
	bool zombie;
	bool stopped;
	bool report_stop, report_continue; /* not yet seen by wait4 */
	bool exiting;           /* exit_group began: threads die on their way to user mode */
	int exit_status;        /* as wait4 reports it */
	int exit_signal;        /* to the parent, usually SIGCHLD */
	uint64_t sig_pending;   /* sent to the process; any thread may take it */
	struct signal_actions *actions;
	struct mm *mm;
	struct files *files;
	struct fs_dirs *dirs;
	char name[16];          /* comm */
	char exe[256];          /* path it was started from */
	uint64_t cpu_ns;        /* of threads that have ended */
	uint64_t child_ns;      /* of children waited for */
	uint64_t start_ns;
	uint64_t alarm_ns;      /* when SIGALRM is due; 0: never */
	uint64_t alarm_every;
};

extern struct lock proc_lock;
extern struct list processes;

static inline struct process *this_process(void)
{
	return current()->process;
}

/* process.c */
struct process *process_find(int pid);            /* proc_lock held; NULL if none */
long process_clone(uint64_t flags, vms_va stack, vms_va parent_tid, vms_va child_tid, vms_va tls);
VMS_NORETURN void thread_exit(int status);        /* this thread; the process with the last of them */
VMS_NORETURN void process_exit(int status);       /* all threads; status as wait4 reports it */
void process_timers(void);                        /* from the tick: deliver alarms that are due */
/* Start the first process with this program; it is pid 1 and the machine stops when it ends. */
long process_start_init(const char *path, const char *const argv[], const char *const envp[]);

/* exec.c: replace the calling process's program. -errno, or 0 with the new registers in place. */
long process_exec(const char *path, char *const argv[], char *const envp[]); /* strings in kernel memory */

/* signal.c. proc_lock not held unless _locked. */
long signal_process(struct process *process, int sig);
void signal_process_locked(struct process *process, int sig);
void signal_thread_locked(struct thread *thread, int sig);
long signal_group(int pgid, int sig);             /* also from interrupts (^C) */
/* An exception of the running program: never blocked or ignored; says on the console what killed it. */
void signal_fault(int sig, int code, vms_va address);
bool signal_waiting(struct thread *thread);       /* one that is neither blocked nor ignored, or dying */
/* On the way to user mode: stop, die, or set up handlers' frames. */
void signal_deliver(void);
struct signal_actions *signal_actions_new(void);
struct signal_actions *signal_actions_copy(struct signal_actions *from);
void signal_actions_get(struct signal_actions *actions);
void signal_actions_put(struct signal_actions *actions);

/* syscall.c: carry out the call that the current thread's registers name, and store its result there. */
void syscall_dispatch(void);

/* futex.c */
long futex_wake(struct mm *mm, vms_va va, uint32_t nr);

#endif
