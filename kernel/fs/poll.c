/*
 * Waiting for any of several files. There is one queue for all of them and one generation, which every change
 * raises: who has looked at all its files sleeps only if the generation is still the one from before the look.
 */
#include <kernel/fs/fs.h>
#include <kernel/fs/inode.h>
#include <kernel/fs/poll.h>

static struct lock poll_lock; /* interrupt handlers take it too */
static struct waitq pollers = {{&pollers.threads, &pollers.threads}};
static uint64_t generation = 1;
static uint32_t nr_pollers; /* atomic: those that look or sleep */

void poll_changed(void)
{
	uint64_t state;

	/* Pairs with the fence in poll_wait(): either we see the poller, or it sees what we changed. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(&nr_pollers, __ATOMIC_RELAXED) == 0)
		return;
	state = lock_take_irq(&poll_lock);
	generation++;
	wake_all(&pollers);
	lock_drop_irq(&poll_lock, state);
}

uint64_t poll_generation(void)
{
	uint64_t state = lock_take_irq(&poll_lock), now = generation;

	lock_drop_irq(&poll_lock, state);
	return now;
}

void poll_watch(bool begin)
{
	__atomic_fetch_add(&nr_pollers, begin ? 1 : ~0u, __ATOMIC_SEQ_CST);
}

int poll_until(int (*look)(void *context), void *context, uint64_t deadline)
{
	int result;

	poll_watch(true);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	for (;;) {
		uint64_t seen = poll_generation(), state;
		int error = 0;

		result = look(context);
		if (result > 0 || deadline == POLL_NOW)
			break;
		state = lock_take_irq(&poll_lock);
		while (!error && generation == seen)
			error = wait_on(&pollers, &poll_lock, state, true, deadline);
		lock_drop_irq(&poll_lock, state);
		if (error == -ETIMEDOUT)
			result = look(context);
		else if (error)
			result = -ERESTARTNOHAND;
		if (error)
			break;
	}
	poll_watch(false);
	return result;
}

struct several {
	struct polled *polled;
	uint32_t nr;
};

static int look_at_several(void *context)
{
	struct several *several = context;
	int ready = 0;

	for (uint32_t i = 0; i < several->nr; i++) {
		struct polled *one = &several->polled[i];

		if (one->fd < 0) {
			one->found = 0;
			continue;
		}
		one->found = one->file ? file_poll(one->file) & (one->wanted | POLLERR | POLLHUP | POLLNVAL) : POLLNVAL;
		ready += one->found != 0;
	}
	return ready;
}

int poll_wait(struct polled *polled, uint32_t nr, uint64_t deadline)
{
	struct several several = {polled, nr};
	int result;

	for (uint32_t i = 0; i < nr; i++)
		polled[i].file = polled[i].fd < 0 ? NULL : fd_file(polled[i].fd);
	result = poll_until(look_at_several, &several, deadline);
	for (uint32_t i = 0; i < nr; i++)
		if (polled[i].file)
			file_put(polled[i].file);
	return result;
}
