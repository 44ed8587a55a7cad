/*
 * The kernel with programs that call it: all its files but those of the hardware, on the simulated machine, from
 * the archive of files to the last process's end. It must not panic, nor touch memory that is not its own; and when
 * all have ended, every frame and every object of the heap is free.
 */
#include <kernel/fs/fs.h>
#include <kernel/machine.h>
#include <kernel/memory.h>
#include <kernel/process.h>
#include <mm/mm.h>
#include <sim/sim.h>

#include "machine/machine.h"
#include "program.h"

#define NR_FRAMES 1500u
#define NR_LARGE 3u
#define RECLAIM_ROUNDS 8

static bool done; /* the run is over */

static void activate_space(struct thread *now)
{
	vms_space_activate(now->process && now->process->mm ? mm_space(now->process->mm) : &vms_machine.kernel);
}

static void on_failure(const char *message)
{
	fprintf(stderr, "sim: %s\n", message);
	abort();
}

static void power_on(void)
{
	sim_on_failure = on_failure;
	sim_start(&(struct sim_options){.nr_cpus = 1, .nr_frames = NR_FRAMES, .nr_large = NR_LARGE});
	/* The kernel does not preempt its threads: a lock counts from here on. */
	vms_port_preempt_off();
	sched_init();
	cpus[0].self = &cpus[0];
	cpus[0].online = true;
	set_post_schedule(activate_space);
	machine_power_on();
}

/* As run_init() of kernel/main.c does, up to the books. */
static void run(void *unused)
{
	static const char *const argv[] = {"init", "argument", NULL}, *const envp[] = {"HOME=/", NULL};
	uint64_t heap = heap_used(), frames = sim_frames_used();
	size_t len;
	const void *archive = archive_image(&len);

	(void)unused;
	MUST(mm_init() == 0 && fs_init(archive, len) == 0);
	MUST(process_start_init("/init", argv, envp) == 0);
	process_wait_init();
	memory_fail(0);
	fs_fini();
	mm_fini();
	for (int i = 0; i < RECLAIM_ROUNDS; i++)
		vms_reclaim();
	MUST(sim_frames_used() == frames && sim_large_used() == 0);
	MUST(heap_used() == heap);
	done = true;
	sched_exit();
}

/* Every thread waits for another: no one will do anything any more, unless the first program ends. */
bool nothing_runs(void)
{
	uint64_t state;

	if (done)
		return false;
	state = lock_take_irq(&proc_lock);
	MUST(process_reaper() != NULL && !process_reaper()->exiting);
	process_end_locked(process_reaper(), SIGKILL);
	lock_drop_irq(&proc_lock, state);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool on;
	struct thread *thread;

	if (!on)
		power_on();
	on = true;
	done = false;
	program_start((struct bytes){data, size});
	thread = thread_create(run, NULL);
	MUST(thread != NULL);
	thread_start(thread);
	machine_run();
	/* It takes as long as a short run. */
	if (size % 8 == 0)
		sim_check(NULL, 0);
	return 0;
}
