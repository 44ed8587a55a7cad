/*
 * The kernel's own memory: frames, and a heap on top of them. Nothing here sleeps; everything may fail.
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

/* frames.c: one 4 KiB frame with one reference, or VMS_NO_FRAME. Give it back with vms_frame_put(). */
vms_pfn frame_alloc(enum vms_frame_kind kind, bool zeroed);

/* The level of use now. Tables, users' pages and the kernel's own are counted apart. */
struct memory_use {
	uint64_t total; /* frames handed to the allocator at boot */
	uint64_t free;
};
struct memory_use memory_use(void);

/* heap.c: aligned to 16; NULL if there is no memory. heap_free(NULL) does nothing. */
void *heap_alloc(size_t len); /* contents arbitrary */
void *heap_zalloc(size_t len); /* zeros */
void heap_free(void *at);
/* Bytes handed out and not yet given back: 0 after everything has ended. */
uint64_t heap_used(void);

#endif
