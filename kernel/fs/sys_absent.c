/*
 * System calls of features that this file system does not have: they say so as Linux does.
 */
#include <kernel/errno.h>
#include <kernel/fs/inode.h>
#include <kernel/syscall.h>

/* There is one tree, and it stays as it is. */
long sys_mount(const uint64_t a[6])
{
	(void)a;
	return -EPERM;
}

long sys_umount2(const uint64_t a[6])
{
	(void)a;
	return -EPERM;
}

/* Extended attributes. */
#define NO_ATTRIBUTES(name)                  \
	long sys_##name(const uint64_t a[6]) \
	{                                    \
		(void)a;                     \
		return -EOPNOTSUPP;          \
	}
NO_ATTRIBUTES(setxattr)
NO_ATTRIBUTES(lsetxattr)
NO_ATTRIBUTES(fsetxattr)
NO_ATTRIBUTES(getxattr)
NO_ATTRIBUTES(lgetxattr)
NO_ATTRIBUTES(fgetxattr)
NO_ATTRIBUTES(listxattr)
NO_ATTRIBUTES(llistxattr)
NO_ATTRIBUTES(flistxattr)
NO_ATTRIBUTES(removexattr)
NO_ATTRIBUTES(lremovexattr)
NO_ATTRIBUTES(fremovexattr)
