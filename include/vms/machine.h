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
#include <vms/tlb.h>
#include <vms/types.h>

/* A frame seen as a table. Also how this library reads and zeroes any frame. */
struct vms_table {
	uint64_t entry[VMS_ENTRIES];
};

/* What is to be flushed beside a queue's ranges. */
enum vms_flush_all { VMS_FLUSH_NOT_ALL, VMS_FLUSH_ALL_USER /* all but global entries */, VMS_FLUSH_ALL };

/* Flush requests for one CPU, put there by others. */
struct vms_flush_queue {
	uint32_t lock; /* taken with interrupts off, everywhere */
	uint32_t nr_ranges;
	uint32_t all;   /* enum vms_flush_all */
	uint32_t asked; /* requests so far */
	struct vms_flush_range range[VMS_FLUSH_RANGES];
};

/* What a CPU's TLB may hold of a space under one tag (PCID, ASID) while another is active. */
struct vms_tag {
	uint64_t space;      /* its id; 0: of none */
	uint64_t generation; /* the space's, up to which this CPU has flushed the tag; not kept while it is active */
};

/* Tags a CPU uses at most, the kernel's space included: more would be colder than a walk. */
#define VMS_MAX_TAGS 8u

struct vms_cpu {
	/* Written by this CPU, read by it. */
	struct vms_space *active VMS_OWN_LINE;
	uint32_t tag;        /* of the active space: an index of tags, if it is a user's */
	uint32_t next_tag;   /* to be used for a space that has none */
	uint64_t generation; /* the active space's, up to which this CPU has flushed */
	struct vms_tag tags[VMS_MAX_TAGS - 1];
	uint64_t nr_spaces; /* that were ever created here */
	vms_pfn waiting;    /* detached tables: wait until no CPU is in the section that `snapshot` saw */
	vms_pfn young;      /* detached later: wait for the next snapshot */

	/* Odd while this CPU walks a tree without locks. Read by CPUs that reclaim tables. */
	uint32_t section VMS_OWN_LINE;

	/* Requests carried out so far. Read by CPUs that wait. */
	uint32_t flushed VMS_OWN_LINE;

	/* Written by others. */
	struct vms_flush_queue queue VMS_OWN_LINE;

	uint32_t snapshot[VMS_MAX_CPUS] VMS_OWN_LINE;
};

struct vms_machine {
	struct vms_table *ram;  /* physical memory; ram[pfn] is a frame */
	struct vms_frame *meta; /* meta[pfn] is its record */
	uint32_t nr_frames;
	uint32_t nr_cpus;
	uint32_t nr_tags;
	struct vms_space kernel; /* the kernel's space: its half is in every space */
	struct vms_cpu cpu[VMS_MAX_CPUS];
};

extern struct vms_machine vms_machine;

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
