/*
 * An x86-64 processor for privileged code that runs in a process: what the host does not let it do ends in a signal,
 * and is done here, on registers of a make-believe processor.
 */
#ifndef VMS_TEST_ARCH_CPU_H
#define VMS_TEST_ARCH_CPU_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define EXPECT(condition)                                                                       \
	do {                                                                                    \
		if (!(condition)) {                                                             \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
			exit(1);                                                                \
		}                                                                               \
	} while (0)

#define NR_LOGGED 16u

struct cpu {
	uint64_t cr0, cr3, cr4, efer, pat;
	bool smap_lifted; /* stac was the last of stac and clac */
	/* What CPUID says. */
	uint32_t max_leaf, leaf1_c, leaf7_b, leaf7_c;
	/* Writes to CR4 and CR3, pages flushed: how many, and the first ones. */
	uint32_t nr_cr4, nr_cr3, nr_flushed;
	uint64_t cr4_written[NR_LOGGED], cr3_written[NR_LOGGED], flushed[NR_LOGGED];
	uint64_t pat_at_flush; /* as it was when CR4 was written last */
	/* The last fault that the code survived: of which instruction, on which address. */
	uint32_t nr_faults;
	uint64_t fault_ip, fault_va;
	bool fault_lifted;
};
extern struct cpu cpu;

/* Take the signals. From now on `nr_pages` of user memory at `pages` can be reached only while SMAP is lifted, if asked. */
void cpu_start(unsigned char *pages, uint64_t nr_pages, bool smap);

#endif
