/*
 * The one object that everything hangs on, and how a kernel starts it.
 *
 * In order: vms_init() (metadata of frames), the kernel's own allocator on top of it, vms_kernel_create()
 * (the kernel's space), vms_cpu_online() on each CPU. vms_init() again resets everything.
 */
#ifndef VMS_MACHINE_H
#define VMS_MACHINE_H

#include <vms/frame.h>
#include <vms/space.h>
#include <vms/state.h>
#include <vms/tlb.h>
#include <vms/types.h>

/* A run of frames that may be handed out. */
struct vms_region {
	vms_pfn first;
	uint32_t nr_frames;
};

struct vms_config {
	struct vms_table *ram;  /* where physical address 0 is mapped, readable and writable */
	struct vms_frame *meta; /* room for nr_frames records, aligned to VMS_CACHE_LINE */
	uint32_t nr_frames;     /* highest frame number + 1 */
	uint32_t nr_cpus;       /* at most VMS_MAX_CPUS */
	uint32_t nr_tags;       /* address-space tags of the TLBs to use, at most VMS_MAX_TAGS; 0 or 1: none */
	const struct vms_region *regions; /* usable RAM; everything else is reserved for ever */
	uint32_t nr_regions;
};

/**
 * Set up the metadata of all frames: those in the regions become VMS_FRAME_UNUSED.
 *
 * Returns  VMS_OK
 *          VMS_INVALID        no CPU or too many, too many tags, a null pointer
 *          VMS_OUT_OF_BOUNDS  a region reaches past nr_frames; nothing was changed
 * Context  one CPU, before anything else. Cost: O(frames).
 */
VMS_MUST_USE enum vms_status vms_init(const struct vms_config *config);

/**
 * Make the kernel's space, vms_machine.kernel: its root and every table right under the upper half of it,
 * so that a later mapping of the kernel's is seen by every space at once.
 *
 * Returns  VMS_OK or VMS_NO_MEMORY (nothing is kept).
 * Context  after vms_init(), one CPU; the port's allocator works.
 */
VMS_MUST_USE enum vms_status vms_kernel_create(void);

/**
 * This CPU takes part from now on; the kernel's space becomes its active one.
 * Context  on that CPU, preemption off, after vms_kernel_create(); the kernel's space maps all that the
 *          CPU is using.
 */
void vms_cpu_online(void);

#endif
