/*
 * A space that is entered and left while a page of it goes; unique frames; kinds; segments. Frame 0 is what all is
 * about, or the frame that CPU 1 makes a table of next.
 */
#include "more.h"

#include "../../src/node.h"
#include "primitives.h"

#define ROOT (world.space[0].root)

static vms_pfn frame(void)
{
	return frame_data(0);
}

static void use_frame(vms_pfn which, bool write)
{
	explore_plain(&world.ram[which], sizeof(uint64_t), write);
}

/* --- A space entered while a page goes --- */

/* The entry stands for a page: whoever sees it uses the frame. */
void going_setup(void)
{
	set_setup();
}

/* CPU 1 was there before and knows the page under its tag. */
void going_setup_tags(void)
{
	set_setup();
	world_run_as(1);
	vms_space_activate(&world.space[0]);
	vms_space_activate(&vms_machine.kernel);
	world_run_as(0);
}

void going_use(void)
{
	vms_port_preempt_off();
	vms_space_activate(&world.space[0]);
	if (world.cpu[1].kept || vms__entry(ROOT, 0) != 0)
		use_frame(frame(), false);
	vms_space_activate(&vms_machine.kernel);
	vms_port_preempt_on();
}

/* The frame is somebody else's if there is nobody to be waited for. */
void going_away(void)
{
	struct vms_tlb_flusher flusher;

	vms_port_preempt_off();
	vms_tlb_flusher_init(&flusher, &world.space[0]);
	vms__entry_set(ROOT, 0, 0);
	vms_tlb_issue(&flusher, 0, VMS_PAGE);
	vms_tlb_dispatch(&flusher);
	if (flusher.waiting == 0)
		use_frame(frame(), true);
	vms_port_preempt_on();
}

void going_finish(void)
{
	if (world.space[0].active != 0)
		explore_fail("a CPU stays in the set");
}

/* --- Unique frames --- */

/* One reference, CPU 0's. */
void unique_setup_one(void)
{
	frame_make(0, 1);
}

static bool unique_try(void)
{
	if (vms_frame_unique(frame()) != VMS_OK)
		return false;
	use_frame(frame(), true);
	if (vms_frame_share(frame()) != VMS_OK)
		explore_fail("a unique frame cannot be shared");
	return true;
}

void unique_take(void)
{
	(void)unique_try();
	use_frame(frame(), false);
	vms_port_preempt_off();
	vms_frame_put(frame());
	vms_port_preempt_on();
}

void unique_take_and_keep(void)
{
	(void)unique_try();
}

/* Whoever knows that somebody holds the frame may try to hold it too. */
void unique_get_late(void)
{
	if (vms_frame_get(frame()) != VMS_OK)
		return;
	use_frame(frame(), false);
	vms_port_preempt_off();
	vms_frame_put(frame());
	vms_port_preempt_on();
}

void unique_finish_gone(void)
{
	if (!world.data_free[0])
		explore_fail("the frame is not freed");
}

void unique_finish_kept(void)
{
	if (world.data_free[0] || vms_frame_refs(frame()) != 1)
		explore_fail("the frame has %u references", vms_frame_refs(frame()));
}

/* --- Kinds, asked for by those who hold nothing --- */

static vms_pfn table_next(void)
{
	return world.cpu[1].pool[0];
}

static vms_pfn table_made;

/* Frame 0 to 3 are a huge frame, CPU 1's. */
void kind_setup(void)
{
	frame_make(0, 2);
	table_made = table_next();
}

void kind_table(void)
{
	vms_pfn list;

	vms_port_preempt_off();
	if (!vms__tables_reserve(&list, 1))
		explore_fail("no table");
	vms__table_init(list, 1, list, 0);
	vms__tables_unreserve(&list);
	vms_port_preempt_on();
}

EXPLORE_UNSEEN static void part_to_pool(uint32_t part)
{
	world.cpu[1].pool[0] = frame() + part;
}

/* The huge frame goes, and a part of it becomes a table. */
static void huge_to_table(uint32_t part)
{
	vms_pfn list;

	vms_port_preempt_off();
	vms_frame_put(frame());
	part_to_pool(part);
	if (!vms__tables_reserve(&list, 1))
		explore_fail("no table");
	vms__table_init(list, 1, list, 0);
	vms_port_preempt_on();
}

void kind_huge(void)
{
	huge_to_table(1);
}

void kind_huge_first(void)
{
	huge_to_table(0);
}

/* No user may see managed memory as a device, nor hold what nobody holds. */
static void kind_ask(vms_pfn which, bool get)
{
	struct vms_prop prop = {VMS_R + VMS_W, VMS_WRITE_BACK};
	struct vms_cursor cursor;
	struct vms_guard guard;

	(void)vms_frame_refs(which);
	vms_guard_enter(&guard);
	if (vms_cursor_open(&cursor, &world.space[0], &guard, 0, VMS_PAGE, VMS_EDITING) != VMS_OK)
		explore_fail("no cursor");
	if (vms_cursor_map_device(&cursor, which, VMS_PAGE, prop) != VMS_BAD_FRAME)
		explore_fail("memory is mapped as a device");
	if (get && vms_frame_get(which) != VMS_UNUSED)
		explore_fail("a table is held");
	vms_cursor_close(&cursor);
	vms_guard_leave(&guard);
}

void kind_ask_table(void)
{
	kind_ask(table_made, true);
}

void kind_ask_part(void)
{
	kind_ask(frame() + 1, false);
}

void kind_finish(void)
{
}

/* --- Segments --- */

#define SEGMENT ((struct vms_segment){frame_data(0), 2})

/* Two frames; each CPU has a segment over both. */
void segment_setup(void)
{
	struct vms_segment segment, slice;

	if (vms_segment_from_unused(frame_data(0), 2, VMS_FRAME_UNTYPED, &segment) != VMS_OK)
		explore_fail("no segment");
	world.data_free[0] = world.data_free[1] = false;
	for (uint32_t cpu = 1; cpu < scenario->nr_cpus; cpu++) {
		if (vms_segment_slice(&segment, 0, 2, &slice) != VMS_OK)
			explore_fail("no slice");
	}
}

static void segment_put(struct vms_segment *segment)
{
	for (uint32_t i = 0; i < segment->nr_frames; i++)
		use_frame(segment->first + i, false);
	vms_port_preempt_off();
	vms_segment_put(segment);
	vms_port_preempt_on();
}

void segment_give(void)
{
	struct vms_segment segment = SEGMENT;

	segment_put(&segment);
}

void segment_slice_and_give(void)
{
	struct vms_segment segment = SEGMENT, slice;

	if (vms_segment_slice(&segment, 1, 2, &slice) != VMS_OK)
		explore_fail("no slice");
	segment_put(&segment);
	segment_put(&slice);
}

void segment_finish(void)
{
	if (!world.data_free[0] || !world.data_free[1])
		explore_fail("a frame is not freed");
}
