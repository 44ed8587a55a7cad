/*
 * Names of what lies in shared memory, for traces.
 */
#include <stdio.h>

#include "world.h"

struct field {
	const char *name;
	size_t offset;
	size_t size;
};

#define FIELD(type, member)                                                                \
	{                                                                                  \
#member, offsetof(struct type, member), sizeof(((struct type *)0)->member) \
	}

static const struct field cpu_fields[] = {
	FIELD(vms_cpu, active),      FIELD(vms_cpu, waiting),         FIELD(vms_cpu, young),
	FIELD(vms_cpu, section),     FIELD(vms_cpu, flushed),         FIELD(vms_cpu, queue.lock),
	FIELD(vms_cpu, queue.asked), FIELD(vms_cpu, queue.nr_ranges), FIELD(vms_cpu, queue.all),
	FIELD(vms_cpu, queue.range), FIELD(vms_cpu, snapshot),        {NULL, 0, 0},
};
static const struct field frame_fields[] = {
	FIELD(vms_frame, kind),       FIELD(vms_frame, refs),
	FIELD(vms_frame, level),      FIELD(vms_frame, next),
	FIELD(vms_frame, root),       FIELD(vms_frame, prefix),
	FIELD(vms_frame, nr_present), FIELD(vms_frame, stray),
	FIELD(vms_frame, lock),       {NULL, 0, 0},
};
static const struct field space_fields[] = {
	FIELD(vms_space, root), FIELD(vms_space, refs),     FIELD(vms_space, start),
	FIELD(vms_space, end),  FIELD(vms_space, on_fault), FIELD(vms_space, active),
	{NULL, 0, 0},
};
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

/* Is the address in this object? Then name the field. */
static bool name_in(const void *address, const void *object, size_t size, const struct field *fields, const char *kind,
		    int number, char *name, size_t room)
{
	size_t offset = (size_t)((const char *)address - (const char *)object);
	size_t at;

	if ((const char *)address < (const char *)object || offset >= size)
		return false;
	at = (size_t)(number < 0 ? snprintf(name, room, "%s ", kind) : snprintf(name, room, "%s %d ", kind, number));
	for (; fields->name != NULL; fields++) {
		if (offset >= fields->offset && offset < fields->offset + fields->size) {
			snprintf(name + at, room - at, "%s", fields->name);
			return true;
		}
	}
	snprintf(name + at, room - at, "+%zu", offset);
	return true;
}

bool world_name(const void *address, char *name, size_t room)
{
	size_t offset = (size_t)((const char *)address - (const char *)world.ram);

	if ((const char *)address >= (const char *)world.ram && offset < sizeof(world.ram)) {
		snprintf(name, room, "node %zu entry %zu", offset / sizeof(world.ram[0]),
			 offset % sizeof(world.ram[0]) / sizeof(uint64_t));
		return true;
	}
	for (int i = 0; i < (int)NR_FRAMES; i++) {
		if (name_in(address, &world.meta[i], sizeof(world.meta[0]), frame_fields,
			    i < (int)FIRST_DATA ? "node" : "frame", i, name, room))
			return true;
	}
	for (int i = 0; i < (int)NR_CPUS; i++) {
		if (name_in(address, &vms_machine.cpu[i], sizeof(vms_machine.cpu[0]), cpu_fields, "cpu", i, name,
			    room) ||
		    name_in(address, &world.cpu[i], sizeof(world.cpu[0]), world_cpu_fields, "cpu", i, name, room))
			return true;
	}
	for (int i = 0; i < (int)NR_SPACES; i++) {
		if (name_in(address, &world.space[i], sizeof(world.space[0]), space_fields, "space", i, name, room))
			return true;
	}
	return name_in(address, &vms_machine.kernel, sizeof(vms_machine.kernel), space_fields, "kernel", -1, name,
		       room) ||
	       name_in(address, &vms_machine, sizeof(vms_machine), machine_fields, "machine", -1, name, room);
}
