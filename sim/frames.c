/*
 * The frame allocator. What is freed is reused first and its bytes are poisoned at once, so that whoever
 * still uses it is found soon. Large frames have stretches of RAM of their own; the parts of one that was divided
 * go back there, and make a large one again when all are free.
 */
#include <pthread.h>
#include <string.h>

#include <sim/inside.h>

#define POISON 0xa5
#define PART 2 /* in sim.used: a small frame of a divided large one */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static vms_pfn *stack; /* free small frames */
static uint32_t nr_stack;
static vms_pfn stack_storage[1u << 17];
static uint32_t fail_in; /* this many more calls, the last of which fails; 0: none */
static bool failed;
static bool refuse;
static bool dividing; /* the frame that is freed now stays its holder's, in parts */

void sim_frames_start(void)
{
	if (sim.options.nr_frames > sizeof(stack_storage) / sizeof(stack_storage[0]))
		sim_fail("too many small frames");
	stack = stack_storage;
	nr_stack = 0;
	for (vms_pfn frame = sim.options.nr_frames; frame >= 1; frame--)
		stack[nr_stack++] = frame;
	fail_in = 0;
	failed = false;
	refuse = false;
}

static vms_pfn take_small(void)
{
	vms_pfn frame = VMS_NO_FRAME;

	pthread_mutex_lock(&lock);
	if (nr_stack) {
		frame = stack[--nr_stack];
		sim.used[frame] = 1;
	}
	pthread_mutex_unlock(&lock);
	return frame;
}

vms_pfn vms_port_frame_alloc(void)
{
	vms_pfn frame;
	bool fails;

	if (!sim_cpu_current()->preempt_off)
		sim_fail("vms_port_frame_alloc() with preemption on");
	sim_disturb();
	pthread_mutex_lock(&lock);
	fails = refuse || fail_in == 1;
	failed = failed || fail_in == 1;
	if (fail_in)
		fail_in--;
	pthread_mutex_unlock(&lock);
	if (fails)
		return VMS_NO_FRAME;
	frame = take_small();
	if (frame != VMS_NO_FRAME && vms_machine.meta[frame].kind != VMS_FRAME_UNUSED)
		sim_fail("frame %u is free but of kind %u", frame, vms_machine.meta[frame].kind);
	if (frame != VMS_NO_FRAME)
		memset(&vms_machine.ram[frame], POISON, sizeof(vms_machine.ram[frame]));
	return frame;
}

void vms_port_frame_free(vms_pfn frame, uint32_t level)
{
	if (!sim_cpu_current()->preempt_off)
		sim_fail("vms_port_frame_free() with preemption on");
	if (frame == 0 || frame >= sim.nr_frames || !sim.used[frame])
		sim_fail("frame %u is freed but not allocated", frame);
	if (dividing)
		return;
	if (level != (sim.used[frame] == PART ? 1u : frame >= sim.giant ? 3u : frame >= sim.large ? 2u : 1u))
		sim_fail("frame %u is freed with level %u", frame, level);
	for (uint64_t i = 0; i < sim_level_pages(level); i++) {
		if (__atomic_load_n(&vms_machine.meta[frame + i].kind, __ATOMIC_RELAXED) != VMS_FRAME_UNUSED)
			sim_fail("frame %u is freed but %u of it is of kind %u", frame, (vms_pfn)(frame + i),
				 vms_machine.meta[frame + i].kind);
		if (i % VMS_ENTRIES == 0)
			memset(&vms_machine.ram[frame + i], POISON, sizeof(vms_machine.ram[0]));
	}
	pthread_mutex_lock(&lock);
	if (level == 1 && sim.used[frame] != PART)
		stack[nr_stack++] = frame;
	sim.used[frame] = 0;
	pthread_mutex_unlock(&lock);
}

void sim_frame_divide(vms_pfn frame)
{
	dividing = true;
	vms_frame_put(frame);
	dividing = false;
	for (uint32_t i = 0; i < VMS_ENTRIES; i++) {
		if (vms_frame_from_unused(frame + i, VMS_FRAME_UNTYPED, 1) != VMS_OK)
			sim_fail("frame %u is divided, but not its divider's alone", frame);
		sim.used[frame + i] = PART;
	}
}

void sim_alloc_fail(uint32_t nth)
{
	fail_in = nth;
	failed = false;
}

bool sim_alloc_failed(void)
{
	bool did = failed;

	failed = false;
	return did;
}

void sim_alloc_refuse(bool all)
{
	refuse = all;
}

uint32_t sim_frames_used(void)
{
	return sim.options.nr_frames - nr_stack;
}

bool sim_frame_free(vms_pfn frame)
{
	return !sim.used[frame];
}

/* Parts of a 2 MiB frame may be in use when its first is not. */
static bool all_free(vms_pfn frame, uint64_t nr)
{
	for (uint64_t i = 0; i < nr; i++)
		if (sim.used[frame + i])
			return false;
	return true;
}

uint32_t sim_large_used(void)
{
	uint32_t nr = 0;

	for (uint32_t i = 0; i < sim.options.nr_large; i++)
		nr += !all_free(sim.large + i * (vms_pfn)VMS_ENTRIES, VMS_ENTRIES);
	return nr;
}

vms_pfn sim_frame_try(uint32_t level)
{
	vms_pfn frame = VMS_NO_FRAME;
	uint64_t step = sim_level_pages(level);

	if (level == 1) {
		frame = take_small();
	} else {
		vms_pfn first = level == 2 ? sim.large : sim.giant;
		uint32_t nr = level == 2 ? sim.options.nr_large : sim.options.nr_giant;

		pthread_mutex_lock(&lock);
		for (uint32_t i = 0; i < nr && frame == VMS_NO_FRAME; i++) {
			if (all_free((vms_pfn)(first + i * step), level == 2 ? step : 1))
				frame = (vms_pfn)(first + i * step);
		}
		if (frame != VMS_NO_FRAME)
			sim.used[frame] = 1;
		pthread_mutex_unlock(&lock);
	}
	if (frame == VMS_NO_FRAME)
		return VMS_NO_FRAME;
	if (vms_frame_from_unused(frame, VMS_FRAME_UNTYPED, level) != VMS_OK)
		sim_fail("frame %u cannot be made untyped", frame);
	/* All bytes of a 1 GiB frame would take their time: they are as good as zero but for the first. */
	for (uint64_t i = 0; i < step; i += level == 3 ? VMS_ENTRIES : 1)
		memset(&vms_machine.ram[frame + i], 0, sizeof(vms_machine.ram[0]));
	sim_handle_more(frame);
	return frame;
}

vms_pfn sim_frame_new(uint32_t level)
{
	vms_pfn frame = sim_frame_try(level);

	if (frame == VMS_NO_FRAME)
		sim_fail("the test ran out of frames of level %u", level);
	return frame;
}

uint32_t sim_handles(vms_pfn frame)
{
	return __atomic_load_n(&sim.handles[frame], __ATOMIC_RELAXED);
}

void sim_handle_more(vms_pfn frame)
{
	__atomic_fetch_add(&sim.handles[frame], 1, __ATOMIC_RELAXED);
}

void sim_handle_gone(vms_pfn frame)
{
	if (__atomic_fetch_sub(&sim.handles[frame], 1, __ATOMIC_RELAXED) == 0)
		sim_fail("the test gives away frame %u, which it does not hold", frame);
}

void sim_frame_put(vms_pfn frame)
{
	sim_handle_gone(frame);
	vms_port_preempt_off();
	vms_frame_put(frame);
	vms_port_preempt_on();
}
