/*
 * epoll: what an instance offers to the rest of the file system.
 */
#ifndef KERNEL_FS_EPOLL_H
#define KERNEL_FS_EPOLL_H

#include <kernel/base.h>

struct file;

/* The last reference to a file is gone: no instance is interested in it any more. */
void epoll_forget(struct file *file);

#endif
