/*
 * The test of this kernel as a port of the library.
 */
#ifndef KERNEL_SELFTEST_H
#define KERNEL_SELFTEST_H

#include <stdbool.h>

/* True if all is well; says what is not. In a thread, with all CPUs up and nothing else running. */
bool selftest(void);

#endif
