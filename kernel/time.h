/*
 * Times in user memory: struct timespec and timeval, checked and turned into nanoseconds.
 */
#ifndef KERNEL_TIME_H
#define KERNEL_TIME_H

#include <kernel/base.h>

#define NS_PER_SECOND 1000000000ull

/* A timespec: 0, -EFAULT, or -EINVAL if it is no time. Beyond 292 years it is cut there. */
long time_read(vms_va from, uint64_t *ns);
long time_write(vms_va to, uint64_t ns);
/* The deadline that lies ns from now; never 0. */
uint64_t time_after(uint64_t ns);
/* A point of real time as ns since boot; never 0. */
uint64_t time_from_realtime(uint64_t ns);

#endif
