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

#endif
