/*
 * System-call arguments that point to user memory: each helper is one reader or writer of the active space.
 */
#ifndef KERNEL_USER_H
#define KERNEL_USER_H

#include <kernel/base.h>

/* All of it or -EFAULT (part may have been written). 0 bytes are always fine. */
long user_read(void *to, vms_va from, uint64_t len);
long user_write(vms_va to, const void *from, uint64_t len);
long user_zero(vms_va to, uint64_t len);

/* A NUL-terminated string of at most size - 1 bytes. Its length, -EFAULT, or -ENAMETOOLONG. */
long user_string(char *to, size_t size, vms_va from);

/* One scatter list of readv, writev: base and length as Linux lays them out. */
struct user_iovec {
	uint64_t base;
	uint64_t len;
};
#define USER_IOV_MAX 1024

#endif
