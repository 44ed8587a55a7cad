/*
 * Waiting: wait queues, and sleepers with a deadline.
 *
 * A thread may be woken by its queue, by a signal or by the clock. Only the first of them makes it runnable;
 * the thread takes itself off the queue and off the list of sleepers, under the lock of each, before it
 * goes on. So a timer or a signal never needs the lock of the queue.
 */
#include <kernel/errno.h>
#include <kernel/machine.h>
#include <kernel/wait_queue.h>

/* All threads that sleep with a deadline; and the nearest of those, so that a tick is cheap. */
static struct {
	struct lock lock;
	struct list threads;
	uint64_t nearest;
} sleepers = {.threads = {&sleepers.threads, &sleepers.threads}, .nearest = ~0ull};

static void sleepers_add(struct thread *thread)
{
	uint64_t state = lock_take_irq(&sleepers.lock);

	list_add(&thread->timed, &sleepers.threads);
	if (thread->deadline < sleepers.nearest)
		__atomic_store_n(&sleepers.nearest, thread->deadline, __ATOMIC_RELAXED);
	lock_drop_irq(&sleepers.lock, state);
}

static void sleepers_remove(struct thread *thread)
{
	uint64_t state = lock_take_irq(&sleepers.lock);

	list_remove(&thread->timed);
	lock_drop_irq(&sleepers.lock, state);
}

void sleepers_wake(uint64_t now)
{
	uint64_t state, nearest = ~0ull;

	if (now < __atomic_load_n(&sleepers.nearest, __ATOMIC_RELAXED))
		return;
	state = lock_take_irq(&sleepers.lock);
	list_for(item, &sleepers.threads) {
		struct thread *thread = list_entry(item, struct thread, timed);

		if (thread->deadline <= now)
			thread_wake(thread, -ETIMEDOUT);
		else
			nearest = min_u64(nearest, thread->deadline);
	}
	__atomic_store_n(&sleepers.nearest, nearest, __ATOMIC_RELAXED);
	lock_drop_irq(&sleepers.lock, state);
}

int wait_on(struct waitq *queue, struct lock *lock, uint64_t irq_state, bool interruptible, uint64_t deadline)
{
	struct thread *me = current();
	bool plain = irq_state == WAIT_PLAIN;
	uint64_t state = vms_port_irq_save();

	me->wait_result = 0;
	me->interruptible = interruptible;
	me->deadline = deadline;
	list_add(&me->queued, &queue->threads);
	__atomic_store_n(&me->state, THREAD_WAITING, __ATOMIC_SEQ_CST);
	if (deadline)
		sleepers_add(me);
	lock_drop(lock);

	if (!thread_stop(me))
		me->wait_result = -EINTR;
	if (deadline)
		sleepers_remove(me);

	/* An irq lock's caller has them off already, and puts them back when it drops the lock. */
	if (plain)
		vms_port_irq_restore(state);
	lock_take(lock);
	if (!list_empty(&me->queued))
		list_remove(&me->queued);
	return me->wait_result;
}

bool wake_one(struct waitq *queue)
{
	while (!list_empty(&queue->threads)) {
		struct thread *thread = list_entry(queue->threads.next, struct thread, queued);

		list_remove(&thread->queued);
		if (thread_wake(thread, 0))
			return true;
	}
	return false;
}

void wake_all(struct waitq *queue)
{
	while (wake_one(queue)) {
	}
}

int sleep_until(uint64_t deadline, bool interruptible)
{
	struct lock lock = {0};
	struct waitq queue;
	int result = 0;

	waitq_init(&queue);
	lock_take(&lock);
	while (result != -EINTR && now_ns() < deadline)
		result = wait_on(&queue, &lock, WAIT_PLAIN, interruptible, deadline);
	lock_drop(&lock);
	return result == -EINTR ? -EINTR : 0;
}
