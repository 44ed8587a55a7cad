/*
 * What a process has used, as getrusage and wait4 write it.
 */
#ifndef KERNEL_RUSAGE_H
#define KERNEL_RUSAGE_H

#include <kernel/base.h>

/* The whole structure to user memory: 0 or -EFAULT. All time counts as user time: it is not split. */
long rusage_write(vms_va to, uint64_t cpu_ns);

#endif
