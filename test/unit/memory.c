/*
 * Every editing operation with its n-th allocation failing, for every n until it succeeds: each failure
 * changes nothing, and what succeeds in the end is what succeeds at once.
 */
#include <stdio.h>

#include "unit.h"

struct scene {
	const char *name;
	void (*prepare)(struct vms_space *space);
	vms_va start;
	uint64_t len;
	vms_va at;
	enum vms_status (*run)(struct vms_cursor *cursor);
};

static void prepare_nothing(struct vms_space *space)
{
	(void)space;
}

static void prepare_large(struct vms_space *space)
{
	map_at(space, M2, 2, RW_);
	map_at(space, 0, 1, R_);
}

static void prepare_giant(struct vms_space *space)
{
	map_at(space, G1, 3, RW_);
}

static void prepare_two_giants(struct vms_space *space)
{
	map_at(space, G1, 3, RW_);
	map_at(space, 2 * G1, 3, RX_);
}

static void prepare_marks(struct vms_space *space)
{
	mark_at(space, 0, 2 * T5, 5);
}

static void prepare_mix(struct vms_space *space)
{
	mark_at(space, 0, G1, 5);
	map_at(space, G1, 3, RW_);
	map_at(space, 2 * G1 + M2, 2, RW_);
	map_pages(space, 3 * G1 - 2 * P, 4, RW_);
}

static enum vms_status map_page(struct vms_cursor *cursor)
{
	vms_pfn frame = sim_frame_new(1);
	enum vms_status status = vms_cursor_map(cursor, frame, RW_);

	if (status == VMS_OK)
		sim_handle_gone(frame);
	else
		sim_frame_put(frame);
	return status;
}

static enum vms_status map_large(struct vms_cursor *cursor)
{
	vms_pfn frame = sim_frame_new(2);
	enum vms_status status = vms_cursor_map(cursor, frame, RW_);

	if (status == VMS_OK)
		sim_handle_gone(frame);
	else
		sim_frame_put(frame);
	return status;
}

static enum vms_status map_device_long(struct vms_cursor *cursor)
{
	return vms_cursor_map_device(cursor, 0x40000000u, M2 + 4 * P, RW_);
}

static enum vms_status map_device_uneven(struct vms_cursor *cursor)
{
	return vms_cursor_map_device(cursor, 0x40000001u, 3 * M2, RW_);
}

static enum vms_status unmap_rest(struct vms_cursor *cursor)
{
	return vms_cursor_unmap(cursor, cursor->end - cursor->at, NULL);
}

static enum vms_status unmap_page(struct vms_cursor *cursor)
{
	return vms_cursor_unmap(cursor, P, NULL);
}

static enum vms_status unmap_gigabyte(struct vms_cursor *cursor)
{
	return vms_cursor_unmap(cursor, G1, NULL);
}

static enum vms_status mark_page(struct vms_cursor *cursor)
{
	return vms_cursor_mark(cursor, P, 77);
}

static enum vms_status mark_gigabyte(struct vms_cursor *cursor)
{
	return vms_cursor_mark(cursor, G1, 77);
}

static enum vms_status protect_page(struct vms_cursor *cursor)
{
	struct vms_item item;

	return vms_cursor_protect_next(cursor, P, (struct vms_change){.clear = VMS_W}, &item);
}

static enum vms_status protect_pages(struct vms_cursor *cursor)
{
	return vms_cursor_protect(cursor, 3 * P, (struct vms_change){.clear = VMS_W}, NULL);
}

static enum vms_status protect_rest(struct vms_cursor *cursor)
{
	struct vms_item item;

	return vms_cursor_protect_next(cursor, cursor->end - cursor->at, (struct vms_change){.set = VMS_SOFT0}, &item);
}

static const struct scene scene[] = {
	{"map a page of an empty space", prepare_nothing, T5 - P, 2 * P, T5 - P, map_page},
	{"map the second page of that", prepare_nothing, T5 - P, 2 * P, T5, map_page},
	{"map a page at the top", prepare_nothing, VMS_USER_END - P, P, VMS_USER_END - P, map_page},
	{"map a large frame", prepare_nothing, 0, 2 * T5, T5 + M2, map_large},
	{"map a page over a mark", prepare_marks, 0, VMS_USER_END, T5 + G1 + P, map_page},
	{"map a large frame over a mark", prepare_marks, 0, VMS_USER_END, G1 + M2, map_large},
	{"map a device", prepare_nothing, 0, 2 * T5, T5 - 2 * P, map_device_long},
	{"map a device that fits no large leaf", prepare_nothing, 0, 2 * T5, G1 - M2 - P, map_device_uneven},
	{"map a device over marks", prepare_marks, 0, 2 * T5, T5 - 2 * P, map_device_long},
	{"map a device beside pages", prepare_large, 0, G1, 2 * M2 + P, map_device_long},
	{"unmap a page of a large leaf", prepare_large, 0, G1, M2 + 7 * P, unmap_page},
	{"unmap from inside a large leaf", prepare_large, M2 + 7 * P, P, M2 + 7 * P, unmap_page},
	{"unmap a page of a giant leaf", prepare_giant, 0, 4 * G1, G1 + M2 + P, unmap_page},
	{"unmap from inside a giant leaf", prepare_giant, G1 + 5 * P, 7 * M2, G1 + M2 + P, unmap_rest},
	{"unmap over two giant leaves", prepare_two_giants, 0, 4 * G1, G1 + 5 * P, unmap_gigabyte},
	{"unmap of a mark", prepare_marks, 0, VMS_USER_END, T5 - P, unmap_page},
	{"unmap of much of a mark", prepare_marks, 0, VMS_USER_END, T5 - 3 * P, unmap_gigabyte},
	{"unmap of a mixture", prepare_mix, 0, T5, 5 * P, unmap_gigabyte},
	{"mark a page of an empty space", prepare_nothing, 0, VMS_USER_END, T5 + P, mark_page},
	{"mark over slots of an empty space", prepare_nothing, 0, VMS_USER_END, T5 - 3 * P, mark_gigabyte},
	{"mark in a large leaf", prepare_large, 0, VMS_USER_END, M2 + 5 * P, mark_page},
	{"mark in a giant leaf", prepare_giant, 0, VMS_USER_END, G1 + 5 * P, mark_page},
	{"mark over two giant leaves", prepare_two_giants, 0, VMS_USER_END, G1 + 5 * P, mark_gigabyte},
	{"mark over a mark", prepare_marks, 0, VMS_USER_END, T5 - 3 * P, mark_gigabyte},
	{"mark over a mixture", prepare_mix, 0, VMS_USER_END, 2 * G1 - 3 * P, mark_gigabyte},
	{"protect a page of a large leaf", prepare_large, 0, G1, M2 + 5 * P, protect_page},
	{"protect a page of a giant leaf", prepare_giant, 0, 4 * G1, G1 + M2 + 5 * P, protect_page},
	{"protect the end of a giant leaf", prepare_giant, 0, 4 * G1, G1 + M2 + 5 * P, protect_rest},
	{"protect pages of a large leaf", prepare_large, 0, G1, M2 + 5 * P, protect_pages},
	{"protect from inside", prepare_giant, G1 + 3 * P, M2, G1 + 3 * P, protect_rest},
};

static struct vms_guard guard;

/*
 * Open and run; on an error everything is as before the step that failed: `open` if that made no cursor.
 * Returns true if all succeeded.
 */
static bool play(const struct scene *play, struct vms_space *space)
{
	struct sim_snapshot before, after;
	uint32_t used = sim_frames_used();
	struct vms_cursor cursor;
	enum vms_status status;

	sim_snapshot_take(&before, space);
	vms_guard_enter(&guard);
	status = vms_cursor_open(&cursor, space, &guard, play->start, play->start + play->len, VMS_EDITING);
	if (status == VMS_OK) {
		used = sim_frames_used();
		OK(vms_cursor_jump(&cursor, play->at));
		status = play->run(&cursor);
		if (status != VMS_OK)
			assert_int_equal(vms_cursor_at(&cursor), play->at);
		vms_cursor_close(&cursor);
	}
	vms_guard_leave(&guard);
	if (status != VMS_OK) {
		IS(status, VMS_NO_MEMORY);
		assert_true(sim_alloc_failed());
		sim_snapshot_take(&after, space);
		assert_true(sim_snapshot_same(&before, &after));
		assert_int_equal(sim_frames_used(), used);
		sim_snapshot_free(&after);
	} else {
		assert_false(sim_alloc_failed());
	}
	sim_snapshot_free(&before);
	CHECK(space);
	return status == VMS_OK;
}

static struct vms_space *scene_start(const struct scene *scene_played)
{
	struct vms_space *space;

	machine_start_large(2, 2, scene_played->prepare == prepare_two_giants ? 2 : 1);
	space = space_new_active();
	scene_played->prepare(space);
	return space;
}

static void every_allocation_may_fail(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(scene) / sizeof(scene[0]); i++) {
		struct sim_snapshot at_once, in_the_end;
		struct vms_space *space;
		uint32_t nth = 1;

		space = scene_start(&scene[i]);
		assert_true(play(&scene[i], space));
		sim_snapshot_take(&at_once, space);
		space_end(space);
		sim_stop();

		space = scene_start(&scene[i]);
		sim_alloc_fail(nth);
		while (!play(&scene[i], space)) {
			nth++;
			assert_in_range(nth, 1, 20);
			sim_alloc_fail(nth);
		}
		sim_alloc_fail(0);
		sim_snapshot_take(&in_the_end, space);
		/* The frame that the operation maps may be another; all else must be the same. */
		assert_int_equal(at_once.nr, in_the_end.nr);
		for (uint32_t k = 0; k < at_once.nr; k++) {
			assert_int_equal(at_once.run[k].va, in_the_end.run[k].va);
			assert_int_equal(at_once.run[k].nr_pages, in_the_end.run[k].nr_pages);
			assert_int_equal(at_once.run[k].what, in_the_end.run[k].what);
			assert_int_equal(at_once.run[k].prop.flags, in_the_end.run[k].prop.flags);
			assert_int_equal(at_once.run[k].token, in_the_end.run[k].token);
		}
		sim_snapshot_free(&at_once);
		sim_snapshot_free(&in_the_end);
		printf("[          ] %s: %u allocations\n", scene[i].name, nth - 1);
		space_end(space);
		sim_stop();
	}
}

static void unmapping_whole_leaves_needs_no_memory(void **state)
{
	struct vms_space *space;
	struct vms_cursor cursor;
	uint64_t nr;

	(void)state;
	machine_start_large(1, 1, 1);
	space = space_new();
	prepare_mix(space);
	sim_alloc_refuse(true);
	cursor_open(&cursor, space, 0, T5, VMS_EDITING);
	OK(vms_cursor_unmap(&cursor, T5, &nr));
	assert_int_equal(nr, 512 * 512 + 512 + 4);
	cursor_close(&cursor);
	sim_alloc_refuse(false);
	CHECK(space);
	space_end(space);
	sim_stop();
}

int group_memory(void)
{
	const struct CMUnitTest test[] = {
		cmocka_unit_test(every_allocation_may_fail),
		cmocka_unit_test(unmapping_whole_leaves_needs_no_memory),
	};

	return cmocka_run_group_tests_name("memory", test, NULL, NULL);
}
