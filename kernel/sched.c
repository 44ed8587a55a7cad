/*
 * Threads: which one runs, on which CPU, and how one waits for something.
 *
 * Each CPU runs the threads of its own queue in turn, and takes one of another's queue when its own is empty.
 * Whoever makes a thread runnable first wins a compare-exchange of its state from WAITING; only the winner
 * puts it on a queue, so it is never on two. A thread may be made runnable while it is still on its way out of
 * a CPU: then on_cpu is set, it goes to that CPU's queue and nobody may take it from there, so one stack is
 * never in use twice.
 *
 * Interrupts are off from before the decision to switch until after the switch.
 */
#include <kernel/errno.h>
#include <kernel/machine.h>
#include <kernel/memory.h>
#include <kernel/process.h>
#include <kernel/wait_queue.h>

#define SLICE_NS 10000000ul
#define STACK_MARK 0x6b63617473646e65ul /* at the end of each kernel stack */

struct cpu cpus[VMS_MAX_CPUS];
uint32_t nr_cpus = 1;

static struct thread idle_threads[VMS_MAX_CPUS];
static void (*post_schedule)(struct thread *now);
static uint64_t nr_created;

void sched_init(void)
{
	for (uint32_t i = 0; i < VMS_MAX_CPUS; i++) {
		struct cpu *cpu = &cpus[i];
		struct thread *idle = &idle_threads[i];

		list_init(&cpu->run);
		idle->state = THREAD_RUNNING;
		idle->cpu = i;
		idle->affinity = 1ull << i;
		idle->on_cpu = true;
		list_init(&idle->run);
		list_init(&idle->queued);
		list_init(&idle->timed);
		list_init(&idle->in_process);
		cpu->idle = idle;
		cpu->current = idle;
	}
}

void set_post_schedule(void (*hook)(struct thread *now))
{
	post_schedule = hook;
}

static bool may_run_on(const struct thread *thread, uint32_t cpu)
{
	return thread->affinity >> cpu & 1;
}

static bool is_idle(const struct cpu *cpu)
{
	return __atomic_load_n(&cpu->current, __ATOMIC_RELAXED) == cpu->idle &&
	       __atomic_load_n(&cpu->nr_run, __ATOMIC_RELAXED) == 0;
}

/* Where a runnable thread is to wait for its turn: an idle CPU, the last one first, else the least busy. */
static uint32_t choose_cpu(const struct thread *thread)
{
	uint32_t best = thread->cpu;
	bool found = may_run_on(thread, best) && cpus[best].online;

	if (__atomic_load_n(&thread->on_cpu, __ATOMIC_ACQUIRE) || (found && is_idle(&cpus[best])))
		return best;
	for (uint32_t i = 0; i < nr_cpus; i++) {
		if (!may_run_on(thread, i) || !cpus[i].online)
			continue;
		if (is_idle(&cpus[i]))
			return i;
		if (!found || cpus[i].nr_run < cpus[best].nr_run) {
			best = i;
			found = true;
		}
	}
	return best;
}

/* The thread is runnable, and on no queue. */
static void enqueue(struct thread *thread)
{
	struct cpu *cpu = &cpus[choose_cpu(thread)];
	uint64_t state = lock_take_irq(&cpu->lock);

	thread->cpu = cpu->id;
	list_add(&thread->run, &cpu->run);
	cpu->nr_run++;
	lock_drop(&cpu->lock);
	/* A CPU that saw its queue empty under the lock had said before that it is idle. */
	if (cpu != this_cpu() && __atomic_load_n(&cpu->current, __ATOMIC_RELAXED) == cpu->idle)
		machine_interrupt(1ull << cpu->id);
	vms_port_irq_restore(state);
}

static void dequeue(struct cpu *cpu, struct thread *thread)
{
	list_remove(&thread->run);
	cpu->nr_run--;
}

static struct thread *take_own(struct cpu *cpu)
{
	for (;;) {
		struct thread *thread;

		lock_take(&cpu->lock);
		if (list_empty(&cpu->run)) {
			lock_drop(&cpu->lock);
			return NULL;
		}
		thread = list_entry(cpu->run.next, struct thread, run);
		dequeue(cpu, thread);
		lock_drop(&cpu->lock);
		if (may_run_on(thread, cpu->id) || thread->on_cpu)
			return thread;
		enqueue(thread);
	}
}

static struct thread *take_from(struct cpu *cpu, uint32_t for_cpu)
{
	struct thread *found = NULL;

	if (__atomic_load_n(&cpu->nr_run, __ATOMIC_RELAXED) == 0)
		return NULL;
	lock_take(&cpu->lock);
	list_for(item, &cpu->run) {
		struct thread *thread = list_entry(item, struct thread, run);

		if (may_run_on(thread, for_cpu) && !__atomic_load_n(&thread->on_cpu, __ATOMIC_ACQUIRE)) {
			dequeue(cpu, thread);
			found = thread;
			break;
		}
	}
	lock_drop(&cpu->lock);
	return found;
}

static struct thread *take_next(struct cpu *cpu)
{
	struct thread *next = take_own(cpu);

	for (uint32_t i = 1; !next && i < nr_cpus; i++)
		next = take_from(&cpus[(cpu->id + i) % nr_cpus], cpu->id);
	return next ? next : cpu->idle;
}

static void account(struct cpu *cpu, uint64_t now)
{
	cpu->current->cpu_ns += now - cpu->accounted;
	cpu->accounted = now;
}

/* On the stack of the thread that now runs: the previous one's is free. */
static void finish_switch(void)
{
	struct cpu *cpu = this_cpu();
	struct thread *previous = cpu->previous;
	bool displaced = previous->state == THREAD_RUNNABLE && cpu->displaced;

	cpu->displaced = false;
	if (previous->state == THREAD_DEAD) {
		thread_free(previous);
	} else {
		__atomic_store_n(&previous->on_cpu, false, __ATOMIC_RELEASE);
		if (displaced)
			enqueue(previous);
	}
	if (post_schedule)
		post_schedule(cpu->current);
}

/* Let another thread have the CPU, if there is one or the current one cannot go on. Interrupts are off. */
static void schedule(void)
{
	struct cpu *cpu = this_cpu();
	struct thread *previous = cpu->current, *next;
	uint64_t now = now_ns();

	if (cpu->preempt_off != 0)
		panic("a thread sleeps while it holds a lock");
	if (previous->stack && *(uint64_t *)previous->stack != STACK_MARK)
		panic("a kernel stack has overflowed");
	account(cpu, now);
	cpu->need_resched = false;
	cpu->slice_start = now;
	if (previous->state == THREAD_RUNNING && previous != cpu->idle) {
		previous->state = THREAD_RUNNABLE;
		if (may_run_on(previous, cpu->id)) {
			lock_take(&cpu->lock);
			list_add(&previous->run, &cpu->run);
			cpu->nr_run++;
			lock_drop(&cpu->lock);
		} else {
			cpu->displaced = true;
		}
	}
	next = take_next(cpu);
	next->cpu = cpu->id;
	/* Seen before what signals are pending is looked at: see wake_interrupted(). */
	__atomic_store_n(&next->state, THREAD_RUNNING, __ATOMIC_SEQ_CST);
	if (next == previous)
		return;
	next->on_cpu = true;
	__atomic_store_n(&cpu->current, next, __ATOMIC_SEQ_CST);
	cpu->previous = previous;
	machine_switch(previous, next);
	finish_switch();
}

/* Where a new thread begins, on its own stack. */
void thread_begin(void)
{
	struct thread *thread = current();

	finish_switch();
	machine_irq_on();
	thread->entry(thread->argument);
	panic("a thread's entry returned");
}

void yield(void)
{
	uint64_t state;

	vms_reclaim();
	state = vms_port_irq_save();
	schedule();
	vms_port_irq_restore(state);
}

void sched_tick(void)
{
	struct cpu *cpu = this_cpu();
	uint64_t now = now_ns();

	cpu->ticks++;
	account(cpu, now);
	sleepers_wake(now);
	if (cpu->id == 0)
		process_timers();
	/* With nobody else to run, on its way the thread still does what is due now and then. */
	if (cpu->nr_run == 0 || now - cpu->slice_start >= SLICE_NS)
		cpu->need_resched = true;
}

void sched_start(void)
{
	struct cpu *cpu = this_cpu();

	for (;;) {
		vms_port_irq_save();
		schedule();
		if (cpu->nr_run != 0)
			continue;
		vms_reclaim();
		machine_idle();
	}
}

bool thread_wake(struct thread *thread, int result)
{
	enum thread_state waiting = THREAD_WAITING;

	if (!__atomic_compare_exchange_n(&thread->state, &waiting, THREAD_RUNNABLE, false, __ATOMIC_SEQ_CST,
					 __ATOMIC_SEQ_CST))
		return false;
	thread->wait_result = result;
	enqueue(thread);
	return true;
}

bool thread_stop(struct thread *thread)
{
	if (thread->interruptible && thread->process && signal_waiting(thread)) {
		enum thread_state waiting = THREAD_WAITING;

		if (__atomic_compare_exchange_n(&thread->state, &waiting, THREAD_RUNNING, false, __ATOMIC_SEQ_CST,
						__ATOMIC_SEQ_CST))
			return false;
	}
	schedule();
	return true;
}

/* Make a running thread look at its flags before it reaches user mode again. */
static void notify_running(struct thread *thread)
{
	uint32_t cpu;

	if (__atomic_load_n(&thread->state, __ATOMIC_SEQ_CST) != THREAD_RUNNING)
		return;
	vms_port_preempt_off();
	cpu = __atomic_load_n(&thread->cpu, __ATOMIC_RELAXED);
	__atomic_store_n(&cpus[cpu].need_resched, true, __ATOMIC_SEQ_CST);
	if (cpu != this_cpu()->id)
		machine_interrupt(1ull << cpu);
	vms_port_preempt_on();
}

void wake_interrupted(struct thread *thread)
{
	/* Either we see the state that it has by now, or it sees the signal that the caller left. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!thread->interruptible || !thread_wake(thread, -EINTR))
		notify_running(thread);
}

long thread_set_affinity(struct thread *thread, uint64_t set)
{
	uint64_t online = nr_cpus == VMS_MAX_CPUS ? ~0ull : (1ull << nr_cpus) - 1;
	bool queued = false;
	struct cpu *cpu;
	uint64_t state;

	if ((set & online) == 0)
		return -EINVAL;
	__atomic_store_n(&thread->affinity, set & online, __ATOMIC_SEQ_CST);
	if (thread == current()) {
		if (!may_run_on(thread, this_cpu()->id))
			yield();
		return 0;
	}
	state = vms_port_irq_save();
	cpu = &cpus[__atomic_load_n(&thread->cpu, __ATOMIC_RELAXED)];
	lock_take(&cpu->lock);
	if (thread->cpu == cpu->id && !list_empty(&thread->run) && !thread->on_cpu && !may_run_on(thread, cpu->id)) {
		dequeue(cpu, thread);
		queued = true;
	}
	lock_drop(&cpu->lock);
	if (queued)
		enqueue(thread);
	else
		notify_running(thread);
	vms_port_irq_restore(state);
	return 0;
}

struct thread *thread_create(void (*entry)(void *), void *argument)
{
	struct thread *thread = heap_zalloc(sizeof(*thread));
	struct thread *me = current();

	if (!thread)
		return NULL;
	list_init(&thread->run);
	list_init(&thread->queued);
	list_init(&thread->timed);
	list_init(&thread->in_process);
	thread->stack = heap_alloc(STACK_BYTES);
	thread->fpu = user_fpu_new();
	if (!thread->stack || !thread->fpu) {
		thread_free(thread);
		return NULL;
	}
	*(uint64_t *)thread->stack = STACK_MARK;
	thread->state = THREAD_WAITING;
	thread->cpu = this_cpu()->id;
	thread->affinity = me->process ? me->affinity : ~0ull;
	thread->entry = entry;
	thread->argument = argument;
	machine_thread_prepare(thread);
	__atomic_fetch_add(&nr_created, 1, __ATOMIC_RELAXED);
	return thread;
}

uint64_t threads_created(void)
{
	return __atomic_load_n(&nr_created, __ATOMIC_RELAXED);
}

void thread_start(struct thread *thread)
{
	thread_wake(thread, 0);
}

void thread_free(struct thread *thread)
{
	heap_free(thread->stack);
	if (thread->fpu)
		user_fpu_free(thread->fpu);
	heap_free(thread);
}

void sched_exit(void)
{
	vms_port_irq_save();
	current()->state = THREAD_DEAD;
	schedule();
	panic("a dead thread runs");
}
