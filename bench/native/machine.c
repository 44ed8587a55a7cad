/*
 * The port: one CPU whose interrupts and preemption cost nothing, and a stack of frame numbers.
 *
 * Physical memory is one lazily backed mapping: tables come from its first part and are really written; the
 * frames behind are mapped into spaces but never touched, so 2^22 pages need only their records.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "../../sim/still.h"
#include "bench.h"

#define GIANT (VMS_ENTRIES * VMS_ENTRIES)

struct vms_space bench_space;
static vms_pfn *stack;
static uint64_t nr_stack;
static vms_pfn first_frame;

uint32_t vms_port_cpu(void)
{
	return 0;
}

vms_pfn vms_port_frame_alloc(void)
{
	return nr_stack > 0 ? stack[--nr_stack] : (vms_pfn)VMS_NO_FRAME;
}

/* Frames behind the tables are handed out by number: their rows know which they used. */
void vms_port_frame_free(vms_pfn frame, uint32_t level)
{
	(void)level;
	if (frame < first_frame)
		stack[nr_stack++] = frame;
}

void vms_port_interrupt(uint64_t cpus)
{
	(void)cpus;
}

void vms_port_panic(const char *what)
{
	bench_fail(what);
	abort();
}

void bench_fail(const char *what)
{
	fprintf(stderr, "bench: %s\n", what);
	exit(1);
}

void bench_check(enum vms_status status)
{
	if (status != VMS_OK)
		bench_fail(vms_status_name(status));
}

static void *memory(uint64_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at == MAP_FAILED)
		bench_fail("no memory");
	/* Records and tables in huge pages of the host: its own TLB misses are not what is measured. */
	(void)madvise(at, size, MADV_HUGEPAGE);
	return at;
}

void bench_machine_start(uint64_t nr_pages)
{
	/* Twice the tables that the pages need (the bare tree has its own), and what the kernel's space needs. */
	uint64_t nr_tables = nr_pages / VMS_ENTRIES * 3 + 2048;
	struct vms_region region;
	struct vms_config config = {.nr_cpus = 1, .regions = &region, .nr_regions = 1};

	first_frame = (vms_pfn)((nr_tables + GIANT - 1) / GIANT * GIANT);
	config.nr_frames = (uint32_t)(first_frame + nr_pages);
	region.first = 1;
	region.nr_frames = config.nr_frames - 1;
	config.ram = memory(config.nr_frames * VMS_PAGE);
	config.meta = memory(config.nr_frames * sizeof(struct vms_frame));
	stack = memory(nr_tables * sizeof(*stack));
	bench_check(vms_init(&config));
	for (uint64_t frame = nr_tables; frame > 0; frame--)
		stack[nr_stack++] = (vms_pfn)frame;
	bench_check(vms_kernel_create());
	vms_cpu_online();
}

vms_pfn bench_frames(void)
{
	return first_frame;
}

void bench_frames_take(uint64_t nr, uint32_t level)
{
	uint32_t step = 1u << (9 * (level - 1));

	for (uint64_t i = 0; i < nr; i++)
		bench_check(vms_frame_from_unused((vms_pfn)(first_frame + i * step), VMS_FRAME_UNTYPED, level));
}
