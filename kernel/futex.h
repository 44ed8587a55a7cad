/*
 * Futexes inside the kernel: sleeping on a user word, and waking those who do.
 */
#ifndef KERNEL_FUTEX_H
#define KERNEL_FUTEX_H

#include <kernel/base.h>
#include <kernel/sched.h>

#define FUTEX_ALL (~0u) /* the set of wake-ups that every sleeper listens to */

/* One word: of a private page by address space and address, of a shared one by frame and offset. */
struct futex_key {
	uint64_t space;
	uint64_t at;
};

/* -EFAULT, -EINVAL (unaligned), or 0. Touches user memory of the active space. */
long futex_key(vms_va va, bool is_private, struct futex_key *key);
/* While the word is `expected`: sleep. 0 woken, -EAGAIN another value, -EINTR, -ETIMEDOUT, -EFAULT. */
long futex_sleep(const struct futex_key *key, vms_va va, uint32_t expected, uint32_t set, uint64_t deadline);
/* Wake up to nr sleepers that listen to one of set. How many. */
uint32_t futex_wake_key(const struct futex_key *key, uint32_t nr, uint32_t set);
/* Wake nr_wake sleepers and move up to nr_move others to another word. How many woken, and moved. */
uint32_t futex_requeue_key(const struct futex_key *from, const struct futex_key *to, uint32_t nr_wake, uint32_t nr_move,
			   uint32_t *moved);

#endif
