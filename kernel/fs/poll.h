/*
 * Waiting for any of several files: what poll and select have in common.
 */
#ifndef KERNEL_FS_POLL_H
#define KERNEL_FS_POLL_H

#include <kernel/base.h>

struct polled {
	int fd;            /* negative: not looked at */
	uint32_t wanted;   /* POLL bits */
	uint32_t found;    /* of these, and POLLERR, POLLHUP, POLLNVAL */
	struct file *file; /* poll_wait()'s */
};

#define POLL_NOW (~0ull)

/*
 * Wait until one of the files is ready. deadline: ns since boot, 0 for none, POLL_NOW not to wait.
 * The number of those ready, 0 after the deadline, or -ERESTARTNOHAND.
 */
int poll_wait(struct polled *polled, uint32_t nr, uint64_t deadline);
/* The same for whatever look(context) finds, which is how many are ready. */
int poll_until(int (*look)(void *context), void *context, uint64_t deadline);

/* Grows with every change of whatever file, as long as somebody watches or waits. */
uint64_t poll_generation(void);
void poll_watch(bool begin); /* and its end */

/* A deadline from now; unit is that of the second field in ns. The pointer may be null: none. -EFAULT, -EINVAL. */
long poll_deadline_from_user(vms_va from, int64_t unit, uint64_t *deadline);
/* Block these signals while the call runs; a null pointer changes nothing. */
long poll_mask_from_user(vms_va from, uint64_t size);

#endif
