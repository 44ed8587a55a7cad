/*
 * Frames: a pool of frames for tables on each CPU, first in first out, and data frames that the scenario names.
 *
 * A frame that is free is dead: whoever touches it, or the fields of its record that only tables have, is
 * told so. What is allocated holds garbage of the worst kind: entries that look like tables.
 */
#include "world.h"

static const size_t record_first = offsetof(struct vms_frame, next);
static const size_t record_end = offsetof(struct vms_frame, lock) + sizeof(uint32_t);

static void frame_kill(vms_pfn frame)
{
	explore_free(&world.ram[frame], sizeof(world.ram[0]));
	explore_free((char *)&world.meta[frame] + record_first, record_end - record_first);
}

void frames_setup(void)
{
	for (vms_pfn frame = 1; frame <= NR_TABLES; frame++) {
		uint32_t cpu = frame <= NR_TABLES / 2 ? 0 : 1 + frame % 2;

		frame_kill(frame);
		world.cpu[cpu].pool[world.cpu[cpu].nr_pool++] = frame;
	}
	for (vms_pfn frame = FIRST_DATA; frame < NR_FRAMES; frame++) {
		explore_free((char *)&world.meta[frame] + record_first, record_end - record_first);
		world.data_free[frame - FIRST_DATA] = true;
	}
}

vms_pfn vms_port_frame_alloc(void)
{
	struct world_cpu *cpu = &world.cpu[world_cpu()];
	vms_pfn frame;

	if (cpu->nr_pool == 0)
		return VMS_NO_FRAME;
	frame = cpu->pool[0];
	for (uint32_t i = 1; i < cpu->nr_pool; i++)
		cpu->pool[i - 1] = cpu->pool[i];
	cpu->nr_pool--;
	explore_alloc(&world.ram[frame], sizeof(world.ram[0]));
	explore_alloc((char *)&world.meta[frame] + record_first, record_end - record_first);
	for (uint32_t i = 0; i < VMS_ENTRIES; i++)
		world.ram[frame].entry[i] = arch_pte_table(NR_FRAMES - 1, true);
	return frame;
}

void vms_port_frame_free(vms_pfn frame, uint32_t level)
{
	struct world_cpu *cpu = &world.cpu[world_cpu()];

	if (frame >= FIRST_DATA) {
		for (uint32_t i = 0; i < (level == 2 ? VMS_ENTRIES : 1); i++) {
			if (world.data_free[frame - FIRST_DATA + i])
				explore_fail("frame %u is freed twice", frame + i);
			world.data_free[frame - FIRST_DATA + i] = true;
			mmu_no_translation_of(frame + i);
			explore_free(&world.ram[frame + i], sizeof(world.ram[0]));
		}
		return;
	}
	frame_kill(frame);
	cpu->pool[cpu->nr_pool++] = frame;
}

vms_pfn frame_data(uint32_t number)
{
	return FIRST_DATA + number;
}

vms_pfn frame_device(uint32_t number)
{
	return NR_FRAMES + number;
}

/* The scenario needs this frame; it is held once. */
void frame_make(uint32_t number, uint32_t level)
{
	vms_pfn frame = frame_data(number);

	if (!world.data_free[number])
		return;
	if (vms_frame_from_unused(frame, VMS_FRAME_UNTYPED, level) != VMS_OK)
		explore_fail("frame %u cannot be made", frame);
	for (uint32_t i = 0; i < (level == 2 ? VMS_ENTRIES : 1); i++)
		world.data_free[number + i] = false;
}

void vms_port_space_free(struct vms_space *space)
{
	uint32_t number = (uint32_t)(space - world.space);

	if (world.space_freed[number])
		explore_fail("space %u is freed twice", number);
	world.space_freed[number] = true;
	explore_free(space, sizeof(*space));
}
