/*
 * `selftest` on the command line: the test of the port, <vms/conform.h>, in place of the first program. The status
 * is 0 if the port is good.
 */
#include <kernel/machine.h>
#include <kernel/memory.h>
#include <kernel/selftest.h>
#include <mm/mm.h>
#include <vms/conform.h>

/* A CPU that is slow to answer may be one of many that the host has to run. */
#define PATIENCE_NS 10000000000ul

static struct start {
	void (*f)(void *argument);
	void *argument;
} starts[VMS_MAX_CPUS];

static struct lock lock;

static void say_text(const char *text)
{
	say("%s", text);
}

static void thread_run(void *argument)
{
	struct start start = *(struct start *)argument;

	start.f(start.argument);
	sched_exit();
}

static bool start_on(uint32_t cpu, void (*f)(void *argument), void *argument)
{
	struct thread *thread;

	starts[cpu] = (struct start){.f = f, .argument = argument};
	thread = thread_create(thread_run, &starts[cpu]);
	if (!thread)
		return false;
	thread->affinity = 1ul << cpu;
	thread_start(thread);
	return true;
}

static struct vms_space *space_new(void)
{
	struct mm *mm = mm_create();

	return mm ? mm_space(mm) : NULL;
}

static void lock_for_test(void)
{
	lock_take(&lock);
}

static void unlock_for_test(void)
{
	lock_drop(&lock);
}

static uint64_t kernel_load(vms_va va)
{
	return *(volatile uint64_t *)va;
}

static bool user_access(vms_va va, uint32_t access, vms_va code, vms_pfn frame)
{
	return machine_user_access(va, access, code, frame_data(frame));
}

bool selftest(void)
{
	static const struct vms_conform_hooks hooks = {
		.say = say_text,
		.now_ns = now_ns,
		.patience_ns = PATIENCE_NS,
		.start = start_on,
		.space_new = space_new,
		.lock = lock_for_test,
		.unlock = unlock_for_test,
		.kernel_va = VMS_KERNEL_START, /* layout.h: nothing is there */
		.kernel_load = kernel_load,
		.user_access = user_access,
	};
	uint32_t nr_wrong = vms_conform(&hooks);

	if (nr_wrong != 0)
		say("vmspace: selftest: %u checks found something wrong\n", nr_wrong);
	else
		say("vmspace: selftest: the port is good\n");
	return nr_wrong == 0;
}
