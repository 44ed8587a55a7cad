/*
 * The object that everything hangs on, and its start.
 */
#include <vms/machine.h>

#include "atomic.h"

/*@ requires \valid_read(config); assigns \nothing; ensures \result <==> config_ok(config); */
static bool config_is_sane(const struct vms_config *config)
{
	return config->ram != NULL && config->meta != NULL && config->regions != NULL && config->nr_cpus > 0 &&
	       config->nr_cpus <= VMS_MAX_CPUS && config->nr_tags <= VMS_MAX_TAGS && config->nr_frames < VMS_NO_FRAME;
}

/*@ requires \valid(cpu);
  @ assigns *cpu;
  @ ensures cpu->active == &vms_machine.kernel && cpu->queue.nr_ranges == 0 && cpu->queue.all == VMS_FLUSH_NOT_ALL;
  @ ensures cpu->queue.asked == cpu->flushed && cpu->waiting == VMS_NO_FRAME && cpu->young == VMS_NO_FRAME; */
static void cpu_init(struct vms_cpu *cpu)
{
	cpu->active = &vms_machine.kernel;
	cpu->tag = 0;
	cpu->next_tag = 0;
	cpu->generation = 0;
	cpu->nr_spaces = 0;
	/*@ loop invariant 0 <= i <= VMS_MAX_TAGS - 1;
	  @ loop assigns i, cpu->tags[0 .. VMS_MAX_TAGS - 2];
	  @ loop variant VMS_MAX_TAGS - 1 - i; */
	for (uint32_t i = 0; i < VMS_MAX_TAGS - 1; i++)
		cpu->tags[i] = (struct vms_tag){0, 0};
	cpu->waiting = VMS_NO_FRAME;
	cpu->young = VMS_NO_FRAME;
	cpu->section = 0;
	cpu->flushed = 0;
	cpu->queue.lock = 0;
	cpu->queue.nr_ranges = 0;
	cpu->queue.all = VMS_FLUSH_NOT_ALL;
	cpu->queue.asked = 0;
}

enum vms_status vms_init(const struct vms_config *config)
{
	if (!config_is_sane(config))
		return VMS_INVALID;
	/*@ loop invariant 0 <= i <= config->nr_regions && regions_in(config, i);
	  @ loop assigns i;
	  @ loop variant config->nr_regions - i; */
	for (uint32_t i = 0; i < config->nr_regions; i++) {
		const struct vms_region *region = &config->regions[i];

		if (region->first > config->nr_frames || region->nr_frames > config->nr_frames - region->first)
			return VMS_OUT_OF_BOUNDS;
	}
	vms_machine.ram = config->ram;
	vms_machine.meta = config->meta;
	vms_machine.nr_frames = config->nr_frames;
	vms_machine.nr_cpus = config->nr_cpus;
	vms_machine.nr_tags = config->nr_tags == 0 ? 1 : config->nr_tags;
	/*@ loop invariant 0 <= i <= config->nr_frames && fresh(i);
	  @ loop assigns i, config->meta[0 .. config->nr_frames - 1];
	  @ loop variant config->nr_frames - i; */
	for (uint32_t i = 0; i < config->nr_frames; i++) {
		vms_machine.meta[i].kind = VMS_FRAME_RESERVED;
		vms_machine.meta[i].refs = 0;
		vms_machine.meta[i].lock = 0;
	}
	/*@ loop invariant 0 <= i <= config->nr_regions && fresh(config->nr_frames);
	  @ loop assigns i, config->meta[0 .. config->nr_frames - 1];
	  @ loop variant config->nr_regions - i; */
	for (uint32_t i = 0; i < config->nr_regions; i++) {
		/*@ loop invariant 0 <= k <= config->regions[i].nr_frames && fresh(config->nr_frames);
		  @ loop assigns k, config->meta[0 .. config->nr_frames - 1];
		  @ loop variant config->regions[i].nr_frames - k; */
		for (uint32_t k = 0; k < config->regions[i].nr_frames; k++)
			vms_machine.meta[config->regions[i].first + k].kind = VMS_FRAME_UNUSED;
	}
	vms_machine.kernel.active = 0;
	/*@ loop invariant 0 <= i <= VMS_MAX_CPUS && \forall integer c; 0 <= c < i ==> queue_ok(c);
	  @ loop assigns i, flush_state;
	  @ loop variant VMS_MAX_CPUS - i; */
	for (uint32_t i = 0; i < VMS_MAX_CPUS; i++)
		cpu_init(&vms_machine.cpu[i]);
	return VMS_OK;
}
