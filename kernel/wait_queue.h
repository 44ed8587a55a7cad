/*
 * What sched.c and wait_queue.c owe each other.
 */
#ifndef KERNEL_WAIT_QUEUE_H
#define KERNEL_WAIT_QUEUE_H

#include <kernel/sched.h>

/* sched.c: make a waiting thread runnable; false if somebody else did so first. Interrupts in any state. */
bool thread_wake(struct thread *thread, int result);
/* The current thread, in state WAITING, stops until it is woken; false: it has a signal and went on. Interrupts off. */
bool thread_stop(struct thread *thread);
void thread_begin(void); /* for the machine's code: where a new thread starts */

/* wait_queue.c: from the tick: wake those whose deadline has come. */
void sleepers_wake(uint64_t now);

#endif
