/*
 * Names of what lies in shared memory, for traces.
 */
#include <stdio.h>

#include "../fields.h"
#include "world.h"

static const struct field machine_fields[] = {
	FIELD(vms_machine, ram),
	FIELD(vms_machine, meta),
	FIELD(vms_machine, nr_frames),
	FIELD(vms_machine, nr_cpus),
	{NULL, 0, 0},
};
static const struct field world_cpu_fields[] = {
	FIELD(world_cpu, gate),
	FIELD(world_cpu, pending),
	FIELD(world_cpu, tlb_lock),
	{NULL, 0, 0},
};

bool world_name(const void *address, char *name, size_t room)
{
	size_t offset = (size_t)((const char *)address - (const char *)world.ram);

	if ((const char *)address >= (const char *)world.ram && offset < sizeof(world.ram)) {
		snprintf(name, room, "node %zu entry %zu", offset / sizeof(world.ram[0]),
			 offset % sizeof(world.ram[0]) / sizeof(uint64_t));
		return true;
	}
	return name_in(address, IN_ARRAY(world.meta), frame_fields,
		       address < (const void *)&world.meta[FIRST_DATA] ? "node" : "frame", name, room) ||
	       name_in(address, IN_ARRAY(vms_machine.cpu), cpu_fields, "cpu", name, room) ||
	       name_in(address, IN_ARRAY(world.cpu), world_cpu_fields, "cpu", name, room) ||
	       name_in(address, IN_ARRAY(world.space), space_fields, "space", name, room) ||
	       name_in(address, IN_ONE(vms_machine.kernel), space_fields, "kernel", name, room) ||
	       name_in(address, IN_ONE(vms_machine), machine_fields, "machine", name, room);
}
