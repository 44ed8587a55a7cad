/*
 * Clock, console and power switch of the machine in a process. Time passes only when the fuzzer says so, and
 * while nothing can run.
 */
#include <stdio.h>
#include <stdlib.h>

#include <kernel/machine.h>
#include <kernel/sched.h>
#include <sim/inside.h>

#include "machine.h"

#define FIRST_STEP (1ul << 20) /* ns: a millisecond */
#define LAST_STEP (1ul << 36)
#define REAL_TIME 1700000000000000000ul
#define LOG_BYTES 1024u

struct boot_info boot_info;

static uint64_t clock_ns = 1000000;
static char log[LOG_BYTES]; /* the last of what the console showed */
static uint32_t log_end;

void clock_advance(uint64_t ns)
{
	clock_ns += ns;
}

uint64_t machine_now_ns(void)
{
	return clock_ns;
}

uint64_t machine_realtime_base_ns(void)
{
	return REAL_TIME;
}

uint64_t now_ns(void)
{
	return machine_now_ns();
}

uint64_t realtime_ns(void)
{
	return REAL_TIME + machine_now_ns();
}

void machine_irq_on(void)
{
	sim_cpu_current()->irq_off = false;
}

/* Interrupts are off: the timer's comes now, and later and later, until there is something to do. */
void machine_idle(void)
{
	for (uint64_t step = FIRST_STEP; step <= LAST_STEP; step *= 2) {
		clock_advance(step);
		sched_tick();
		if (this_cpu()->nr_run > 0)
			return;
	}
	if (!nothing_runs())
		machine_leave();
}

void machine_interrupt(uint64_t set)
{
	(void)set;
}

bool machine_random(void *to, size_t len)
{
	(void)to, (void)len;
	return false;
}

void machine_putc(char c)
{
	log[log_end++ % LOG_BYTES] = c;
}

void machine_report(const char *line)
{
	(void)line;
}

/* The kernel itself stops only when it panics. */
void machine_exit(int status)
{
	for (uint32_t i = log_end < LOG_BYTES ? 0 : log_end - LOG_BYTES; i < log_end; i++)
		fputc(log[i % LOG_BYTES], stderr);
	fprintf(stderr, "\nthe kernel stops with status %d\n", status);
	abort();
}
