/*
 * What rows do before and after the part that is timed.
 */
#include "steps.h"

struct vms_guard guard;
const struct vms_prop prop_rw = {VMS_R + VMS_W + VMS_ACCESSED + VMS_DIRTY, VMS_WRITE_BACK};

void cursor_open_at(struct vms_cursor *cursor, vms_va va, uint64_t nr_pages)
{
	bench_check(vms_cursor_open(cursor, &bench_space, &guard, va, va + nr_pages * VMS_PAGE, VMS_EDITING));
}

void space_fresh(uint64_t nr)
{
	(void)nr;
	bench_check(vms_space_create(&bench_space));
	vms_space_activate(&bench_space);
	vms_guard_enter(&guard);
}

void space_end(uint64_t nr)
{
	(void)nr;
	vms_guard_leave(&guard);
	vms_space_activate(&vms_machine.kernel);
	vms_space_put(&bench_space);
	(void)vms_reclaim();
}

void before_map(uint64_t nr)
{
	bench_frames_take(nr, 1);
	space_fresh(nr);
}

void before_mapped(uint64_t nr)
{
	struct vms_cursor cursor;

	before_map(nr);
	cursor_open_at(&cursor, BASE, nr);
	for (uint64_t i = 0; i < nr; i++)
		bench_check(vms_cursor_map(&cursor, (vms_pfn)(bench_frames() + i), prop_rw));
	vms_cursor_close(&cursor);
}
