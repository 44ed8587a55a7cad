/*
 * fcntl's locks on parts of files: those of a process (POSIX) and those of an open file.
 */
#ifndef KERNEL_FS_RECORDS_H
#define KERNEL_FS_RECORDS_H

#include <kernel/fs/inode.h>

struct abi_flock {
	int16_t type;
	int16_t whence;
	int32_t pad;
	int64_t start;
	int64_t len;
	int32_t pid;
	int32_t pad2;
};

/* F_GETLK, F_SETLK, F_SETLKW and F_OFD_...: `command`, with the user's struct flock at `at`. 0 or -errno. */
long records_fcntl(struct file *file, int command, uint64_t at);
/* A process has closed one of its descriptors of the inode: its own locks on it go, as POSIX wants it. */
void records_closed(struct inode *inode, const void *owner);

#endif
