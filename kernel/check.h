/*
 * The kernel's tables, verified while programs run: check.c.
 */
#ifndef KERNEL_CHECK_H
#define KERNEL_CHECK_H

#include <stdbool.h>

extern bool check_enabled;
void check_enable(void);

/* Verify the space of the thread that runs, each so many calls; panics if a table is not as it must be. */
void check_now_and_then(void);

/* Before a thread goes back to its program. */
static inline void check_on_return(void)
{
	if (check_enabled)
		check_now_and_then();
}

/* At the end: how often that was done. */
void check_say(void);

#endif
