/*
 * Helpers of the unit tests; see unit.h.
 */
#include <string.h>

#include "unit.h"

#define NR_SPACES 64u

static struct vms_space pool[NR_SPACES];
static uint32_t nr_pool;
static _Thread_local struct vms_guard guard;

void machine_start(uint32_t nr_cpus)
{
	machine_start_large(nr_cpus, 0, 0);
}

void machine_start_large(uint32_t nr_cpus, uint32_t nr_large, uint32_t nr_giant)
{
	nr_pool = 0;
	sim_start(&(struct sim_options){.nr_cpus = nr_cpus, .nr_large = nr_large, .nr_giant = nr_giant});
}

struct vms_space *space_new(void)
{
	struct vms_space *space = &pool[nr_pool++ % NR_SPACES];

	memset(space, 0xee, sizeof(*space));
	OK(vms_space_create(space));
	return space;
}

struct vms_space *space_new_active(void)
{
	struct vms_space *space = space_new();

	sim_activate(space);
	return space;
}

void activate_everywhere(struct vms_space *space)
{
	for (uint32_t cpu = vms_machine.nr_cpus; cpu-- > 0;) {
		sim_run_on(cpu);
		sim_activate(space);
	}
}

void leave_everywhere(void)
{
	activate_everywhere(&vms_machine.kernel);
}

void space_end(struct vms_space *space)
{
	uint64_t freed = sim_counts().spaces_freed;

	sim_activate(&vms_machine.kernel);
	vms_space_put(space);
	assert_int_equal(sim_counts().spaces_freed, freed + 1);
}

void cursor_open(struct vms_cursor *cursor, struct vms_space *space, vms_va start, uint64_t len, enum vms_mode mode)
{
	vms_guard_enter(&guard);
	OK(vms_cursor_open(cursor, space, &guard, start, start + len, mode));
	assert_int_equal(vms_cursor_at(cursor), start);
}

void cursor_close(struct vms_cursor *cursor)
{
	vms_cursor_close(cursor);
	vms_guard_leave(&guard);
}

vms_pfn map_new(struct vms_cursor *cursor, uint32_t level, struct vms_prop prop)
{
	vms_pfn frame = sim_frame_new(level);

	OK(vms_cursor_map(cursor, frame, prop));
	sim_handle_gone(frame);
	return frame;
}

vms_pfn map_at(struct vms_space *space, vms_va va, uint32_t level, struct vms_prop prop)
{
	uint64_t len = level == 1 ? P : level == 2 ? M2 : G1;
	struct vms_cursor cursor;
	vms_pfn frame;

	cursor_open(&cursor, space, va, len, VMS_EDITING);
	frame = map_new(&cursor, level, prop);
	assert_int_equal(vms_cursor_at(&cursor), va + len);
	cursor_close(&cursor);
	return frame;
}

void map_pages(struct vms_space *space, vms_va va, uint64_t nr, struct vms_prop prop)
{
	struct vms_cursor cursor;

	cursor_open(&cursor, space, va, nr * P, VMS_EDITING);
	for (uint64_t i = 0; i < nr; i++)
		map_new(&cursor, 1, prop);
	cursor_close(&cursor);
}

void unmap_at(struct vms_space *space, vms_va va, uint64_t len)
{
	struct vms_cursor cursor;

	cursor_open(&cursor, space, va, len, VMS_EDITING);
	OK(vms_cursor_unmap(&cursor, len, NULL));
	cursor_close(&cursor);
}

void mark_at(struct vms_space *space, vms_va va, uint64_t len, vms_token token)
{
	struct vms_cursor cursor;

	cursor_open(&cursor, space, va, len, VMS_EDITING);
	OK(vms_cursor_mark(&cursor, len, token));
	assert_int_equal(vms_cursor_at(&cursor), va + len);
	cursor_close(&cursor);
}

struct vms_item query_at(struct vms_space *space, vms_va va)
{
	struct vms_cursor cursor;
	struct vms_item item;

	cursor_open(&cursor, space, va, P, VMS_READING);
	OK(vms_cursor_query(&cursor, &item));
	assert_int_equal(vms_cursor_at(&cursor), va);
	cursor_close(&cursor);
	return item;
}

bool reclaim(void)
{
	bool all;

	vms_port_preempt_off();
	all = vms_reclaim();
	vms_port_preempt_on();
	return all;
}
