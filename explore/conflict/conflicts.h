/*
 * Which cache lines do operations touch: what the two files here share.
 */
#ifndef VMS_EXPLORE_CONFLICTS_H
#define VMS_EXPLORE_CONFLICTS_H

#include <mmu.h>
#include <vms/vms.h>

#define NR_FRAMES 64u
#define FIRST_DATA 32u
#define MAX_LINES 512u

/* A line, and the words touched in it. */
struct line {
	const char *start;
	bool written;
	uint64_t words; /* a bit for every 4 bytes: touched */
	uint64_t words_written;
};

/* The lines that one CPU's operation touched. */
struct log {
	uint32_t nr;
	struct line line[MAX_LINES];
};

extern struct log logs[2];
extern struct log *noting; /* where accesses are noted now; NULL: nowhere */
void notes_begin(void);

/* The machine: which CPU runs, and which frames its port has given away. */
extern uint32_t cpu;
extern bool in_use[NR_FRAMES];

#endif
