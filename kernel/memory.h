/*
 * The kernel's own memory: frames, and a heap on top of them. Nothing here sleeps; everything may fail.
 * None of it is for interrupt handlers.
 */
#ifndef KERNEL_MEMORY_H
#define KERNEL_MEMORY_H

#include <kernel/base.h>

/* Physical memory as the kernel sees it: frame n is at DIRECT_MAP + n * VMS_PAGE, readable and writable. */
static inline void *frame_data(vms_pfn frame)
{
	return &vms_machine.ram[frame];
}
static inline vms_pfn frame_of(const void *data) /* of any address inside frame_data(n) */
{
	return (vms_pfn)((const struct vms_table *)data - vms_machine.ram);
}

/* frames.c, to start with: what it may hand out. word[4] of every record is its own, and of a free frame all. */
void frames_init(const struct vms_region *regions, uint32_t nr_regions);

/* One 4 KiB frame with one reference, or VMS_NO_FRAME. Give it back with vms_frame_put(). */
vms_pfn frame_alloc(enum vms_frame_kind kind, bool zeroed);

/* A frame of 2 MiB for users with one reference, or VMS_NO_FRAME if memory is not plenty; vms_frame_put() frees it. */
vms_pfn frame_huge_alloc(bool zeroed);
/* The caller's is its only reference: from now on the caller has one of each of its 512 small frames. Preemption off. */
void frame_huge_divide(vms_pfn frame);

/* 2^order neighbouring frames for the kernel, aligned to their size; VMS_NO_FRAME. Contents arbitrary. */
vms_pfn frame_run_alloc(uint32_t order);
void frame_run_free(vms_pfn frame, uint32_t order);

/* The level of use now. Tables, users' pages and the kernel's own are counted apart. */
struct memory_use {
	uint64_t total; /* frames handed to the allocator at boot */
	uint64_t free;
	uint64_t nr_tables; /* allocated for tables since boot */
	uint64_t nr_huge;   /* frames of 2 MiB in use */
};
struct memory_use memory_use(void);

/* heap.c: aligned to 16, a power of two up to a page to itself; NULL if there is no
   memory. heap_free(NULL) does nothing. */
void *heap_alloc(size_t len);  /* contents arbitrary */
void *heap_zalloc(size_t len); /* zeros */
void heap_free(void *at);
/* Bytes handed out and not yet given back: 0 after everything has ended. */
uint64_t heap_used(void);
/* Give the frames behind what CPUs keep for themselves back. No other CPU may use the heap meanwhile. */
void heap_trim(void);

#endif
