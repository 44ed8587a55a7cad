/*
 * The kernel's memory on the machine in a process. Frames are the simulated machine's, which poisons those that
 * are free; objects of the heap are the host's, so that its sanitizer sees each access outside of one.
 */
#include <malloc.h>
#include <stdlib.h>

#include <kernel/memory.h>
#include <mm/mm.h>
#include <sim/inside.h>

#include "../fuzz.h"
#include "machine.h"

#define HEAP_LIMIT (16ul << 20)
#define LARGEST (4ul << 20) /* that kernel/heap.c has */

static uint64_t used;
static uint32_t heap_fail_in;

void memory_fail(uint32_t nth)
{
	heap_fail_in = nth;
	sim_alloc_fail(nth);
}

/* As kernel/heap.c aligns: powers of two up to a page to themselves. */
static size_t alignment(size_t len)
{
	return len <= VMS_PAGE && (len & (len - 1)) == 0 && len > 16 ? len : len % 64 == 0 && len > 0 ? 64 : 16;
}

void *heap_alloc(size_t len)
{
	void *at;

	if (heap_fail_in > 0 && --heap_fail_in == 0)
		return NULL;
	if (len > LARGEST || used + len > HEAP_LIMIT || posix_memalign(&at, alignment(len), len + !len) != 0)
		return NULL;
	used += malloc_usable_size(at);
	return at;
}

void *heap_zalloc(size_t len)
{
	void *at = heap_alloc(len);

	if (at)
		memset(at, 0, len);
	return at;
}

void heap_free(void *at)
{
	used -= at ? malloc_usable_size(at) : 0;
	free(at);
}

uint64_t heap_used(void)
{
	return used;
}

vms_pfn frame_alloc(enum vms_frame_kind kind, bool zeroed)
{
	vms_pfn frame = vms_port_frame_alloc();

	if (frame == VMS_NO_FRAME)
		return VMS_NO_FRAME;
	MUST(vms_frame_from_unused(frame, kind, 1) == VMS_OK);
	if (zeroed)
		memset(frame_data(frame), 0, VMS_PAGE);
	return frame;
}

struct memory_use memory_use(void)
{
	return (struct memory_use){.total = sim.options.nr_frames, .free = sim.options.nr_frames - sim_frames_used()};
}

vms_pfn frame_huge_alloc(bool zeroed)
{
	vms_pfn frame = sim_frame_try(2); /* of zeros */

	(void)zeroed;
	if (frame != VMS_NO_FRAME)
		sim_handle_gone(frame);
	return frame;
}

void frame_huge_divide(vms_pfn frame)
{
	sim_frame_divide(frame);
}
