/*
 * Linux's error numbers, as system calls return them (negated). The same on every machine that we support.
 */
#ifndef MM_ERRNO_H
#define MM_ERRNO_H

enum {
	EPERM = 1,
	ENOENT,
	ESRCH,
	EINTR,
	EIO,
	ENXIO,
	E2BIG,
	ENOEXEC,
	EBADF,
	ECHILD,
	EAGAIN,
	ENOMEM,
	EACCES,
	EFAULT,
	ENOTBLK,
	EBUSY,
	EEXIST,
	EXDEV,
	ENODEV,
	ENOTDIR,
	EISDIR,
	EINVAL,
	ENFILE,
	EMFILE,
	ENOTTY,
	ETXTBSY,
	EFBIG,
	ENOSPC,
	ESPIPE,
	EROFS,
	EMLINK,
	EPIPE,
	EDOM,
	ERANGE,
	EDEADLK,
	ENAMETOOLONG,
	ENOLCK,
	ENOSYS,
	ENOTEMPTY,
	ELOOP,
	EOVERFLOW = 75,
	ENOTSOCK = 88,
	EOPNOTSUPP = 95,
	EAFNOSUPPORT = 97,
	ETIMEDOUT = 110,
	/* Never seen by a program: restart the call, or fail with EINTR if a handler without SA_RESTART ran. */
	ERESTART = 512,
	/* Likewise: restart if no handler ran, else EINTR, whatever its flags. */
	ERESTARTNOHAND = 514,
};

#endif
