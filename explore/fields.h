/*
 * Fields of what the library's operations share, by name: for traces, and for who counts cache lines.
 */
#ifndef EXPLORE_FIELDS_H
#define EXPLORE_FIELDS_H

#include <stdio.h>

#include <vms/vms.h>

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
	FIELD(vms_cpu, active),
	FIELD(vms_cpu, tag),
	FIELD(vms_cpu, next_tag),
	FIELD(vms_cpu, generation),
	FIELD(vms_cpu, tags),
	FIELD(vms_cpu, nr_spaces),
	FIELD(vms_cpu, waiting),
	FIELD(vms_cpu, young),
	FIELD(vms_cpu, section),
	FIELD(vms_cpu, flushed),
	FIELD(vms_cpu, queue.lock),
	FIELD(vms_cpu, queue.asked),
	FIELD(vms_cpu, queue.nr_ranges),
	FIELD(vms_cpu, queue.all),
	FIELD(vms_cpu, queue.range),
	FIELD(vms_cpu, snapshot),
	{NULL, 0, 0},
};
static const struct field frame_fields[] = {
	FIELD(vms_frame, kind), FIELD(vms_frame, refs),   FIELD(vms_frame, level),       FIELD(vms_frame, next),
	FIELD(vms_frame, root), FIELD(vms_frame, prefix), FIELD(vms_frame, nr_present),  FIELD(vms_frame, stray),
	FIELD(vms_frame, lock), FIELD(vms_frame, used),   FIELD(vms_frame, shared_kind), {NULL, 0, 0},
};
static const struct field space_fields[] = {
	FIELD(vms_space, root),       FIELD(vms_space, start), FIELD(vms_space, end),
	FIELD(vms_space, on_fault),   FIELD(vms_space, id),    FIELD(vms_space, active),
	FIELD(vms_space, generation), FIELD(vms_space, refs),  {NULL, 0, 0},
};

/* For name_in(): an array, or one object. */
#define IN_ARRAY(array) (array), sizeof((array)[0]), sizeof(array) / sizeof((array)[0])
#define IN_ONE(object) &(object), sizeof(object), 1

/* Is the address in these nr objects, of `size` bytes each? Then name its kind, which of them (of many), the field. */
static inline bool name_in(const void *address, const void *objects, size_t size, size_t nr, const struct field *fields,
			   const char *kind, char *name, size_t room)
{
	size_t offset = (size_t)((const char *)address - (const char *)objects), at;

	if ((const char *)address < (const char *)objects || offset >= size * nr)
		return false;
	at = (size_t)(nr == 1 ? snprintf(name, room, "%s ", kind)
			      : snprintf(name, room, "%s %zu ", kind, offset / size));
	offset %= size;
	for (; fields->name != NULL; fields++) {
		if (offset >= fields->offset && offset < fields->offset + fields->size) {
			snprintf(name + at, room - at, "%s", fields->name);
			return true;
		}
	}
	snprintf(name + at, room - at, "+%zu", offset);
	return true;
}

#endif
