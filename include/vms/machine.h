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

/*@
  predicate config_ok{L}(struct vms_config *c) = c->ram != \null && c->meta != \null && c->regions != \null &&
    0 < c->nr_cpus <= VMS_MAX_CPUS && c->nr_tags <= VMS_MAX_TAGS && c->nr_frames < VMS_NO_FRAME;
  // All regions are inside the machine; one reaches past it.
  predicate region_in{L}(struct vms_config *c, integer i) =
    c->regions[i].first + c->regions[i].nr_frames <= c->nr_frames;
  predicate regions_in{L}(struct vms_config *c, integer n) = \forall integer i; 0 <= i < n ==> region_in(c, i);
  // Nobody has a frame yet.
  predicate fresh{L}(integer n) = \forall integer f; 0 <= f < n ==> vms_machine.meta[f].refs == 0 &&
    (vms_machine.meta[f].kind == VMS_FRAME_RESERVED || vms_machine.meta[f].kind == VMS_FRAME_UNUSED);
*/

/**
 * Set up the metadata of all frames: those in the regions become VMS_FRAME_UNUSED.
 *
 * Returns  VMS_OK
 *          VMS_INVALID        no CPU or too many, too many tags, a null pointer
 *          VMS_OUT_OF_BOUNDS  a region reaches past nr_frames; nothing was changed
 * Context  one CPU, before anything else. Cost: O(frames).
 */
/*@ requires \valid_read(config) && \separated(config, &vms_machine);
  @ requires config_ok(config) ==> \valid_read(config->regions + (0 .. config->nr_regions - 1)) &&
  @   \valid(config->meta + (0 .. config->nr_frames - 1)) && \valid(config->ram + (0 .. config->nr_frames - 1));
  @ requires config_ok(config) ==> \separated(&vms_machine, config, config->regions + (0 .. config->nr_regions - 1),
  @   config->meta + (0 .. config->nr_frames - 1), config->ram + (0 .. config->nr_frames - 1));
  @ assigns vms_machine, config->meta[0 .. config->nr_frames - 1];
  @ ensures !config_ok(config) ==> \result == VMS_INVALID;
  @ ensures config_ok(config) && regions_in(config, config->nr_regions) ==> \result == VMS_OK;
  @ ensures config_ok(config) && !regions_in(config, config->nr_regions) ==> \result == VMS_OUT_OF_BOUNDS;
  @ ensures \result == VMS_OK ==> mem_ok && fresh(vms_machine.nr_frames) && books_ok && queues_ok;
  @ ensures \result == VMS_OK ==> vms_machine.nr_frames == config->nr_frames && vms_machine.nr_cpus == config->nr_cpus;
  @ ensures \result != VMS_OK ==> same_mem(Pre, Post); */
VMS_MUST_USE enum vms_status vms_init(const struct vms_config *config);

/**
 * Make the kernel's space, vms_machine.kernel: its root and every table right under the upper half of it,
 * so that a later mapping of the kernel's is seen by every space at once.
 *
 * Returns  VMS_OK or VMS_NO_MEMORY (nothing is kept).
 * Context  after vms_init(), one CPU; the port's allocator works.
 */
/*@ requires mem_ok && tree_ok && no_leaf_on_top;
  @ assigns vms_machine.kernel, vms_machine.meta[0 .. vms_machine.nr_frames - 1],
  @   vms_machine.ram[0 .. vms_machine.nr_frames - 1];
  @ ensures \result == VMS_OK || \result == VMS_NO_MEMORY;
  @ ensures \result == VMS_OK ==>
  @   space_is(&vms_machine.kernel, vms_machine.kernel.root, VMS_KERNEL_START, VMS_KERNEL_END); */
VMS_MUST_USE enum vms_status vms_kernel_create(void);

/**
 * This CPU takes part from now on; the kernel's space becomes its active one.
 * Context  on that CPU, preemption off, after vms_kernel_create(); the kernel's space maps all that the
 *          CPU is using.
 */
/*@ assigns vms_machine.cpu[this_cpu].active, vms_machine.kernel.active;
  @ ensures vms_machine.cpu[this_cpu].active == &vms_machine.kernel;
  @ ensures \forall integer c; 0 <= c < VMS_MAX_CPUS ==>
  @   (in_set(vms_machine.kernel.active, c) <==> c == this_cpu || in_set(\old(vms_machine.kernel.active), c)); */
void vms_cpu_online(void);

#endif
