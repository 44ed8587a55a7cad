/*
 * Power on, power off, and failures. RAM and metadata are reserved once, as large as any test needs, and
 * emptied at power off; only what is touched costs memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <sim/inside.h>

/* Small RAM, some large frames and some of 1 GiB. */
#define MAX_FRAMES (4u * 262144u)

struct sim sim;
void (*sim_on_failure)(const char *message);

static struct vms_table *ram;
static struct vms_frame *meta;
static _Thread_local jmp_buf *panic_exit;

static void *reserve(uint64_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED) {
		perror("sim: mmap");
		exit(2);
	}
	return p;
}

void sim_start(const struct sim_options *options)
{
	static const struct sim_options none;
	struct vms_config config = {0};
	struct vms_region region[3];

	if (!ram) {
		ram = reserve(MAX_FRAMES * sizeof(*ram));
		meta = reserve(MAX_FRAMES * sizeof(*meta));
		sim.used = reserve(MAX_FRAMES);
		sim.handles = reserve(MAX_FRAMES * sizeof(*sim.handles));
	} else {
		madvise(ram, MAX_FRAMES * sizeof(*ram), MADV_DONTNEED);
		memset(meta, 0xee, sim.nr_frames * sizeof(*meta));
		memset(sim.used, 0, sim.nr_frames);
		memset(sim.handles, 0, sim.nr_frames * sizeof(*sim.handles));
	}
	sim.options = options ? *options : none;
	if (!sim.options.nr_cpus)
		sim.options.nr_cpus = 1;
	if (!sim.options.nr_frames)
		sim.options.nr_frames = 2048;
	memset(sim.cpu, 0, sizeof(sim.cpu));
	memset(&sim.counts, 0, sizeof(sim.counts));
	for (uint32_t cpu = 0; cpu < sim.options.nr_cpus; cpu++)
		sim.cpu[cpu].random = sim.options.hostile * 64 + cpu + 1;

	/* Frame 0 stays out, so that a lost number shows. */
	region[0] = (struct vms_region){.first = 1, .nr_frames = sim.options.nr_frames};
	sim.device = 1 + sim.options.nr_frames;
	sim.large = (vms_pfn)((sim.device + SIM_DEVICE_FRAMES + VMS_ENTRIES - 1) / VMS_ENTRIES * VMS_ENTRIES);
	region[1] = (struct vms_region){.first = sim.large, .nr_frames = sim.options.nr_large * (uint32_t)VMS_ENTRIES};
	sim.giant = sim.large + region[1].nr_frames;
	if (sim.options.nr_giant)
		sim.giant = (vms_pfn)((sim.giant + sim_level_pages(3) - 1) / sim_level_pages(3) * sim_level_pages(3));
	region[2] = (struct vms_region){.first = sim.giant,
					.nr_frames = sim.options.nr_giant * (uint32_t)sim_level_pages(3)};
	sim.nr_frames = sim.giant + region[2].nr_frames;
	if (sim.nr_frames > MAX_FRAMES)
		sim_fail("no room for so many frames");
	sim_frames_start();
	sim.on = true;

	config.ram = ram;
	config.meta = meta;
	config.nr_frames = sim.nr_frames;
	config.nr_cpus = sim.options.nr_cpus;
	config.nr_tags = sim.options.nr_tags;
	config.regions = region;
	config.nr_regions = 3;
	sim_run_on(0);
	vms_port_preempt_off();
	if (vms_init(&config) != VMS_OK || vms_kernel_create() != VMS_OK)
		sim_fail("the library does not start");
	vms_port_preempt_on();
	for (uint32_t cpu = sim.options.nr_cpus; cpu-- > 0;) {
		sim_run_on(cpu);
		vms_port_preempt_off();
		vms_cpu_online();
		vms_port_preempt_on();
	}
}

void sim_stop(void)
{
	sim_alloc_refuse(false);
	sim_alloc_fail(0);
	for (uint32_t cpu = sim.options.nr_cpus; cpu-- > 0;) {
		sim_run_on(cpu);
		if (sim.cpu[cpu].irq_off || sim.cpu[cpu].preempt_off)
			sim_fail("CPU %u is left with interrupts off %d, preemption off %u", cpu, sim.cpu[cpu].irq_off,
				 sim.cpu[cpu].preempt_off);
		sim_activate(&vms_machine.kernel);
	}
	sim_check(NULL, 0);
	for (vms_pfn frame = 0; frame < sim.nr_frames; frame++) {
		if (sim_handles(frame))
			sim_fail("the test still holds frame %u", frame);
	}
	sim.on = false;
}

struct sim_counts sim_counts(void)
{
	return sim.counts;
}

vms_pfn sim_device(void)
{
	return sim.device;
}

void sim_fail(const char *format, ...)
{
	char message[300];
	va_list list;

	va_start(list, format);
	vsnprintf(message, sizeof(message), format, list);
	va_end(list);
	if (panic_exit)
		longjmp(*panic_exit, 1);
	if (sim_on_failure)
		sim_on_failure(message);
	fprintf(stderr, "sim: %s\n", message);
	abort();
}

void vms_port_panic(const char *what)
{
	sim_fail("vms_port_panic: %s", what);
}

bool sim_panics(void (*f)(void *argument), void *argument)
{
	jmp_buf here;
	bool did;

	panic_exit = &here;
	did = setjmp(here) != 0;
	if (!did)
		f(argument);
	panic_exit = NULL;
	return did;
}

/* A test that links mm/ gets that one's. */
__attribute__((weak)) void vms_port_space_free(struct vms_space *space)
{
	__atomic_fetch_add(&sim.counts.spaces_freed, 1, __ATOMIC_RELAXED);
	/* Whoever looks at it from now on shall notice. */
	memset(space, 0xdd, sizeof(*space));
}
