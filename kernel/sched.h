/*
 * Threads and CPUs: who runs, who waits, and what happens at a switch.
 *
 * Each CPU has a queue of runnable threads and an idle thread. A thread leaves its CPU only in wait_on(),
 * yield() and sched_exit(), or on its way to user mode when its time is up; the kernel itself is never
 * preempted. After every switch the *post-schedule hook* runs on the new thread's stack: it activates the
 * thread's address space.
 */
#ifndef KERNEL_SCHED_H
#define KERNEL_SCHED_H

#include <kernel/base.h>
#include <kernel/lock.h>
#include <regs.h>

struct process;

#define STACK_BYTES 16384u /* of a kernel stack, which is aligned to it */

enum thread_state { THREAD_RUNNABLE, THREAD_RUNNING, THREAD_WAITING, THREAD_DEAD };

struct waitq;

struct thread {
	/* sched.c's */
	enum thread_state state;
	uint32_t cpu;       /* on whose queue it is, or where it last ran */
	uint64_t affinity;  /* CPUs it may run on */
	uint64_t kernel_sp; /* while it is switched out */
	void *stack;        /* its kernel stack, STACK_BYTES long */
	struct list run;    /* in a run queue */
	struct list queued; /* in a wait queue */
	struct waitq *waiting_on;
	bool interruptible;
	int wait_result;
	uint64_t deadline; /* ns since boot; 0: none */
	struct list timed; /* in the list of sleepers with a deadline */
	bool on_cpu;       /* its stack is in use: not to be switched to elsewhere yet */
	uint64_t cpu_ns;   /* time it has run */

	/* machine's */
	struct user_regs regs; /* user registers while it is in the kernel */
	struct user_fpu *fpu;

	/* process.c's and signal.c's */
	struct process *process;
	struct list in_process; /* the process's list of threads */
	int tid;
	uint64_t sig_blocked;  /* bit n - 1 for signal n */
	uint64_t sig_pending;  /* sent to this thread alone; changed atomically */
	struct list sig_queue; /* of struct signal_queued: what is known of those */
	uint64_t sig_wait;     /* set that sigtimedwait waits for, blocked or not */
	int fault_signal;      /* of its own exception, not yet delivered: number, si_code, si_addr */
	int fault_code;
	vms_va fault_address;
	uint64_t restart_deadline; /* of the call that is being restarted; 0: none */
	bool vfork_waits;          /* until its child has left the memory that they share */
	uint64_t sig_saved;        /* mask to put back after sigsuspend */
	bool sig_restore;
	uint64_t alt_stack, alt_stack_len; /* sigaltstack */
	vms_va clear_tid;                  /* CLONE_CHILD_CLEARTID: zeroed, and its futex woken, at exit */
	vms_va robust_list;
	bool dying;            /* to exit before it reaches user mode again */
	void (*entry)(void *); /* kernel thread */
	void *argument;
};

struct cpu {
	struct thread *current;
	struct cpu *self;
	uint64_t machine[3]; /* the machine's own; its entry code knows where they are */
	uint32_t id;
	uint32_t preempt_off; /* nesting */
	bool need_resched;    /* set by interrupts, looked at before user mode */
	bool online;
	struct thread *idle;
	bool displaced;          /* `previous` may not run here any more: it goes to another CPU's queue */
	struct thread *previous; /* switched away from; its stack is free once we look at this */
	struct lock lock;        /* of the run queue; taken with interrupts off */
	struct list run;
	uint32_t nr_run;
	uint64_t ticks;
	uint64_t slice_start;   /* ns: since when the current thread runs */
	uint64_t accounted;     /* ns: up to when its time has been added to it */
	uint64_t nr_shootdowns; /* interrupts sent for TLB flushes */
} VMS_OWN_LINE;

extern struct cpu cpus[VMS_MAX_CPUS];
extern uint32_t nr_cpus;

/* this_cpu() and current(): the calling CPU and thread. Preemption off, or only the thread. */
#include <percpu.h>

/* Threads waiting for something. Its lock is the one given to wait_on(): the queue has none of its own. */
struct waitq {
	struct list threads;
};
static inline void waitq_init(struct waitq *queue)
{
	list_init(&queue->threads);
}

/*
 * Sleep on a queue until woken. `lock` guards both the queue and what is waited for: it is held by the
 * caller, released while it sleeps, held again on return. Every wake of the queue happens under that lock.
 * Check the condition in a loop: a return of 0 means only "look again".
 *
 * irq_state  what lock_take_irq() gave if the lock was taken so, WAIT_PLAIN if by lock_take(). May be changed.
 * deadline   ns since boot, or 0 for none.
 *
 * Returns  0 woken, -EINTR a signal is pending (interruptible only), -ETIMEDOUT.
 */
#define WAIT_PLAIN (~0ull)
int wait_on(struct waitq *queue, struct lock *lock, uint64_t irq_state, bool interruptible, uint64_t deadline);
void wake_all(struct waitq *queue);
bool wake_one(struct waitq *queue); /* true if there was one */
/* Wake a thread that sleeps interruptibly, wherever, with -EINTR; a running one is made to look at its
   signals (its CPU is interrupted if it is in user mode). Any context, any lock of the process table held. */
void wake_interrupted(struct thread *thread);

/* Sleep without a queue. 0 or -EINTR. */
int sleep_until(uint64_t deadline, bool interruptible);
/* Let others run, if the time is up or somebody better placed waits; does what is due now and then. The
   way to user mode calls it when need_resched is set. */
void yield(void);

/* A thread, not yet runnable; NULL: no memory. It starts in entry(argument), which must not return. */
struct thread *thread_create(void (*entry)(void *), void *argument);
uint64_t threads_created(void);           /* since boot */
void thread_start(struct thread *thread); /* put it on a queue of a CPU it may run on */
void thread_free(struct thread *thread);  /* one that was never started */
/* The calling thread ends; its stack and struct are freed once nothing runs on them. */
VMS_NORETURN void sched_exit(void);
/* Change where a thread may run; the calling thread moves before this returns. -EINVAL: no such CPU. */
long thread_set_affinity(struct thread *thread, uint64_t cpus);

/* The post-schedule hook: set once at start; runs after every switch, interrupts off. */
void set_post_schedule(void (*hook)(struct thread *now));

/* Time. */
uint64_t now_ns(void);               /* since boot; never goes back */
uint64_t realtime_ns(void);          /* since 1970 */
void sched_tick(void);               /* from the timer interrupt, on each CPU */
void sched_init(void);               /* before threads */
VMS_NORETURN void sched_start(void); /* become this CPU's idle thread */

#endif
