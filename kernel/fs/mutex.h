/*
 * A lock that its holder may sleep with, and touch user memory under. Waiting for one is short and is not
 * interrupted by signals. Taken before any spin lock, never inside one.
 */
#ifndef KERNEL_FS_MUTEX_H
#define KERNEL_FS_MUTEX_H

#include <kernel/sched.h>

struct mutex {
	struct lock lock;
	bool held;
	struct waitq waiters;
};

static inline void mutex_init(struct mutex *mutex)
{
	mutex->lock = (struct lock){0};
	mutex->held = false;
	waitq_init(&mutex->waiters);
}

static inline void mutex_take(struct mutex *mutex)
{
	lock_take(&mutex->lock);
	while (mutex->held)
		wait_on(&mutex->waiters, &mutex->lock, WAIT_PLAIN, false, 0);
	mutex->held = true;
	lock_drop(&mutex->lock);
}

static inline void mutex_drop(struct mutex *mutex)
{
	lock_take(&mutex->lock);
	mutex->held = false;
	wake_one(&mutex->waiters);
	lock_drop(&mutex->lock);
}

#endif
