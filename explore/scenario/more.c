/*
 * A space that is entered and left while a page of it goes; unique frames; segments. Frame 0 is what all is about.
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
