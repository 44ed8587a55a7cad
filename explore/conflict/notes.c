/*
 * What an operation touches, and the machine it runs on. src/ is compiled as for the explorer, whose engine tells of
 * every access. The machine does nothing by itself; what its port would touch (allocators) is not counted.
 */
#include <stdio.h>
#include <stdlib.h>

#include <still.h>

#include "../engine/explore.h"
#include "conflicts.h"

#define LINE 64u

struct log logs[2];
struct log *noting;
uint32_t cpu;
bool in_use[NR_FRAMES];

/* --- What an operation touches --- */

static bool is_stack(const char *at)
{
	char here;

	return at > &here - (1l << 20) && at < &here + (1l << 20);
}

static void note(void *address, size_t size, bool write)
{
	const char *start = (const char *)((uintptr_t)address / LINE * LINE);
	uint64_t words = 0;
	struct line *line;

	if (noting == NULL || is_stack(address))
		return;
	for (size_t i = 0; i < size && (uintptr_t)address % LINE + i < LINE; i += 4)
		words |= 1ul << ((uintptr_t)address % LINE + i) / 4;
	for (line = noting->line; line < noting->line + noting->nr && line->start != start;)
		line++;
	if (line == noting->line + noting->nr) {
		if (noting->nr++ == MAX_LINES)
			exit(2);
		*line = (struct line){.start = start};
	}
	line->words |= words;
	line->written = line->written || write;
	line->words_written |= write ? words : 0;
}

void notes_begin(void)
{
	explore_on_access = note;
}

/* --- A machine that does nothing by itself --- */

uint32_t vms_port_cpu(void)
{
	return cpu;
}

/* Frames for tables come from the CPU's own half. */
vms_pfn vms_port_frame_alloc(void)
{
	for (vms_pfn frame = 1 + cpu * FIRST_DATA / 2; frame < (1 + cpu) * FIRST_DATA / 2; frame++) {
		if (!in_use[frame]) {
			in_use[frame] = true;
			return frame;
		}
	}
	return VMS_NO_FRAME;
}

void vms_port_frame_free(vms_pfn frame, uint32_t level)
{
	(void)level;
	in_use[frame] = false;
}

/* The other CPU answers at once; what that touches counts for it. */
void vms_port_interrupt(uint64_t cpus)
{
	struct log *before = noting;
	uint32_t self = cpu;

	for (cpu = 0; cpu < 2; cpu++) {
		noting = before == NULL ? NULL : &logs[cpu];
		if (cpus >> cpu & 1)
			vms_tlb_service();
	}
	cpu = self;
	noting = before;
}

void vms_port_panic(const char *what)
{
	fprintf(stderr, "conflicts: %s\n", what);
	exit(2);
}

void arch_mmu_activate(vms_pfn root)
{
	(void)root;
}

void arch_mmu_activate_tagged(vms_pfn root, uint32_t tag, bool keep)
{
	(void)root, (void)tag, (void)keep;
}

void arch_mmu_flush_page(vms_va va)
{
	(void)va;
}

void arch_mmu_flush_all(void)
{
}

void arch_mmu_flush_global(void)
{
}

uint64_t arch_user_copy_in(void *to, vms_va from, uint64_t len)
{
	(void)to, (void)from;
	return len;
}

uint64_t arch_user_copy_out(vms_va to, const void *from, uint64_t len)
{
	(void)to, (void)from;
	return len;
}

uint64_t arch_user_zero(vms_va to, uint64_t len)
{
	(void)to;
	return len;
}

bool arch_user_load32(vms_va from, uint32_t *seen)
{
	(void)from, (void)seen;
	return true;
}

bool arch_user_load64(vms_va from, uint64_t *seen)
{
	(void)from, (void)seen;
	return true;
}

bool arch_user_cmpxchg32(vms_va at, uint32_t expected, uint32_t desired, uint32_t *seen)
{
	(void)at, (void)expected, (void)desired, (void)seen;
	return true;
}

bool arch_user_cmpxchg64(vms_va at, uint64_t expected, uint64_t desired, uint64_t *seen)
{
	(void)at, (void)expected, (void)desired, (void)seen;
	return true;
}

void arch_cpu_relax(void)
{
	vms_port_panic("somebody waits");
}
