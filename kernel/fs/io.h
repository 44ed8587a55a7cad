/*
 * One transfer between files and memory: a scatter list of user memory, or one piece of kernel memory. It is
 * consumed from the front, so that a file copies piece by piece without knowing where the bytes live.
 * User memory may fault: no spin lock is held around these calls.
 */
#ifndef KERNEL_FS_IO_H
#define KERNEL_FS_IO_H

#include <kernel/base.h>
#include <kernel/errno.h>
#include <kernel/user.h>

struct io {
	const struct user_iovec *vec; /* user memory; NULL: kernel memory */
	uint64_t at;                  /* bytes of vec[0] that are done */
	char *kernel;
	uint64_t left; /* bytes in all */
	bool fault;    /* user memory could not be accessed: stop */
};

struct io io_kernel(void *at, uint64_t len);
/* vec lives as long as the transfer; total is the sum of its lengths, or less. */
struct io io_user(const struct user_iovec *vec, uint64_t total);

/* Bytes copied: min(len, left), or fewer, and io->fault. */
uint64_t io_put(struct io *io, const void *from, uint64_t len); /* a file is read */
uint64_t io_zero(struct io *io, uint64_t len);
uint64_t io_take(struct io *io, void *to, uint64_t len); /* a file is written */

/* What a call that moved `done` bytes returns: these, or the error if there are none. */
static inline long io_result(const struct io *io, uint64_t done, long error)
{
	if (done)
		return (long)done;
	return io->fault ? -EFAULT : error;
}

#endif
