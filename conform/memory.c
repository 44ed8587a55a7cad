/*
 * Frames and tables: what the checks do to memory, and the checks of the frame allocator.
 */
#include "inside.h"

#define NR_FRAMES 256u
#define ONES 0xfffffffffffffffful

static struct vms_cursor cursor;
static struct vms_guard guard;

uint64_t *conform_words(vms_pfn frame)
{
	return vms_machine.ram[frame].entry;
}

void conform_fill(vms_pfn frame, uint64_t word)
{
	for (uint32_t i = 0; i < VMS_ENTRIES; i++)
		conform_words(frame)[i] = word;
}

vms_pfn conform_frame(enum vms_frame_kind kind, uint64_t word)
{
	vms_pfn frame = vms_port_frame_alloc();

	if (frame == VMS_NO_FRAME || vms_frame_from_unused(frame, kind, 1) != VMS_OK) {
		conform_wrong("no frame can be had for this check", 0, 0);
		return VMS_NO_FRAME;
	}
	conform_fill(frame, word);
	return frame;
}

bool conform_open(struct vms_space *space, vms_va va, uint64_t len, enum vms_mode mode)
{
	enum vms_status status;

	if (conform.lost)
		return false;
	vms_guard_enter(&guard);
	status = vms_cursor_open(&cursor, space, &guard, va, va + len, mode);
	if (status == VMS_OK)
		return true;
	vms_guard_leave(&guard);
	conform_wrong("vms_cursor_open() gives status #", status, 0);
	return false;
}

struct vms_cursor *conform_cursor(void)
{
	return &cursor;
}

void conform_close(void)
{
	vms_cursor_close(&cursor);
	vms_guard_leave(&guard);
}

vms_pfn conform_map(struct vms_space *space, vms_va va, struct vms_prop prop, uint64_t word)
{
	vms_pfn frame = conform_frame(VMS_FRAME_UNTYPED, word);
	enum vms_status status;

	if (frame == VMS_NO_FRAME)
		return VMS_NO_FRAME;
	if (!conform_open(space, va, VMS_PAGE, VMS_EDITING)) {
		vms_frame_put(frame);
		return VMS_NO_FRAME;
	}
	status = vms_cursor_map(&cursor, frame, prop);
	conform_close();
	if (status == VMS_OK)
		return frame;
	conform_wrong("vms_cursor_map() gives status #", status, 0);
	vms_frame_put(frame);
	return VMS_NO_FRAME;
}

vms_pfn conform_map_flags(vms_va va, uint32_t flags, uint64_t word)
{
	return conform_map(conform.space, va, (struct vms_prop){.flags = flags}, word);
}

void conform_unmap(struct vms_space *space, vms_va va, uint64_t nr_pages)
{
	enum vms_status status;

	if (!conform_open(space, va, nr_pages * VMS_PAGE, VMS_EDITING))
		return;
	status = vms_cursor_unmap(&cursor, nr_pages * VMS_PAGE, NULL);
	conform_close();
	if (status != VMS_OK)
		conform_wrong("vms_cursor_unmap() gives status #", status, 0);
}

void conform_protect(vms_va va, struct vms_change change)
{
	enum vms_status status;
	struct vms_item item;

	if (!conform_open(conform.space, va, VMS_PAGE, VMS_EDITING))
		return;
	status = vms_cursor_protect_next(&cursor, VMS_PAGE, change, &item);
	conform_close();
	if (status != VMS_OK)
		conform_wrong("vms_cursor_protect_next() gives status #", status, 0);
}

struct vms_item conform_query(vms_va va)
{
	struct vms_item item = {0};

	if (conform_open(conform.space, va, VMS_PAGE, VMS_READING)) {
		(void)!vms_cursor_query(&cursor, &item);
		conform_close();
	}
	return item;
}

static void frame_check(vms_pfn frame)
{
	if (frame >= vms_machine.nr_frames)
		conform_wrong("vms_port_frame_alloc() gives frame #; vms_init() was told of # frames", frame,
			      vms_machine.nr_frames);
	else if (vms_machine.meta[frame].kind != VMS_FRAME_UNUSED)
		conform_wrong("vms_port_frame_alloc() gives frame #, of kind #: only VMS_FRAME_UNUSED may be handed "
			      "out",
			      frame, vms_machine.meta[frame].kind);
}

/* Frames are distinct memory. What is given back is full of ones, for the checks that follow. */
void conform_check_frames(void)
{
	static vms_pfn frames[NR_FRAMES];
	uint32_t nr = 0;

	while (nr < NR_FRAMES && conform.verdict == CONFORM_FINE) {
		vms_pfn frame = vms_port_frame_alloc();

		if (frame == VMS_NO_FRAME)
			break;
		frame_check(frame);
		if (conform.verdict != CONFORM_FINE)
			return;
		for (uint32_t i = 0; i < nr; i++) {
			if (frames[i] == frame) {
				conform_wrong("vms_port_frame_alloc() gives frame # twice", frame, 0);
				return;
			}
		}
		frames[nr++] = frame;
		conform_fill(frame, frame);
	}
	if (nr == 0)
		conform_wrong("vms_port_frame_alloc() has no frame at all", 0, 0);
	for (uint32_t i = 0; i < nr; i++) {
		for (uint32_t word = 0; word < VMS_ENTRIES; word++) {
			if (conform_words(frames[i])[word] != frames[i])
				conform_wrong("frame # does not keep what is written to it: is vms_config.ram where "
					      "physical address 0 is mapped?",
					      frames[i], 0);
		}
		conform_fill(frames[i], ONES);
	}
	while (nr > 0)
		vms_port_frame_free(frames[--nr], 1);
}

/* Frame numbers are kept in frames: as many as fit into one, and where more are. */
#define NR_LISTED (VMS_ENTRIES - 2)

/* Take all that there is. The number of frames; the list begins with *first. */
static uint64_t take_all(vms_pfn *first)
{
	uint64_t nr = 0;
	vms_pfn frame;

	*first = VMS_NO_FRAME;
	while (nr <= vms_machine.nr_frames && (frame = vms_port_frame_alloc()) != VMS_NO_FRAME) {
		frame_check(frame);
		if (conform.verdict != CONFORM_FINE)
			return nr;
		nr++;
		if (*first == VMS_NO_FRAME || conform_words(*first)[1] == NR_LISTED) {
			conform_words(frame)[0] = *first;
			conform_words(frame)[1] = 0;
			*first = frame;
		} else {
			conform_words(*first)[2 + conform_words(*first)[1]++] = frame;
		}
	}
	return nr;
}

static void give_all(vms_pfn first)
{
	while (first != VMS_NO_FRAME) {
		uint64_t *list = conform_words(first);
		vms_pfn next = (vms_pfn)list[0];

		for (uint64_t i = 0; i < list[1]; i++)
			vms_port_frame_free((vms_pfn)list[2 + i], 1);
		vms_port_frame_free(first, 1);
		first = next;
	}
}

/* The end of memory is a status, and all of it comes back. */
void conform_check_exhaust(void)
{
	enum vms_status status;
	uint64_t before, after;
	vms_pfn first;

	before = take_all(&first);
	if (before > vms_machine.nr_frames)
		conform_wrong("vms_port_frame_alloc() gives more than the # frames that there are: some twice",
			      vms_machine.nr_frames, 0);
	if (conform.verdict != CONFORM_FINE)
		return;
	vms_guard_enter(&guard);
	status = vms_cursor_open(&cursor, conform.space, &guard, CONFORM_VA, CONFORM_VA + VMS_PAGE, VMS_EDITING);
	if (status == VMS_OK)
		vms_cursor_close(&cursor);
	vms_guard_leave(&guard);
	if (status != VMS_NO_MEMORY)
		conform_wrong("with no frame left, vms_cursor_open() gives status # where tables are missing", status,
			      0);
	give_all(first);
	after = take_all(&first);
	give_all(first);
	if (after < before)
		conform_wrong("# frames were given to vms_port_frame_free(), # can be had again", before, after);
}

/* Tables are zeroed frames, whatever was in them. */
void conform_check_tables(void)
{
	vms_va va = 2 * CONFORM_VA + 5 * VMS_PAGE;
	struct vms_space *space = conform.hooks->space_new();
	enum vms_status empty, found, rest;
	struct vms_item item;

	if (space == NULL) {
		conform_wrong("no memory for a space", 0, 0);
		return;
	}
	if (conform_map(space, va, (struct vms_prop){.flags = VMS_R}, ONES) != VMS_NO_FRAME &&
	    conform_open(space, 0, VMS_USER_END, VMS_READING)) {
		empty = vms_cursor_find_next(&cursor, va, VMS_FIND_ANY, &item);
		found = vms_cursor_find_next(&cursor, VMS_PAGE, VMS_FIND_ANY, &item);
		rest = vms_cursor_jump(&cursor, va + VMS_PAGE);
		if (rest == VMS_OK)
			rest = vms_cursor_find_next(&cursor, VMS_USER_END - va - VMS_PAGE, VMS_FIND_ANY, &item);
		conform_close();
		if (empty != VMS_NOT_FOUND || found != VMS_OK || rest != VMS_NOT_FOUND)
			conform_wrong("new tables are not empty: is vms_config.ram where physical address 0 is "
				      "mapped?",
				      0, 0);
	}
	vms_space_put(space);
}
