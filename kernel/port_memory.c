/*
 * What mm/ asks of a kernel's memory. What it asks of files is in fs/mapping.c, and limits.c has limits.
 */
#include <kernel/memory.h>
#include <mm/mm.h>

vms_pfn mm_port_frame(bool zeroed)
{
	return frame_alloc(VMS_FRAME_UNTYPED, zeroed);
}

vms_pfn mm_port_huge_frame(bool zeroed)
{
	return frame_huge_alloc(zeroed);
}

void mm_port_frame_divide(vms_pfn frame)
{
	frame_huge_divide(frame);
}

void *mm_port_alloc(uint64_t len)
{
	return heap_zalloc(len);
}

void mm_port_free(void *at)
{
	heap_free(at);
}
