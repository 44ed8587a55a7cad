/*
 * The port test on the simulated machine: a good port passes, and each way in which one can be bad is planted
 * (port_faults.c) and found by name.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <conform/inside.h>
#include <sim/inside.h>
#include <vms/conform.h>

#include "port_faults.h"
#include "unit.h"

#define KERNEL_VA (VMS_KERNEL_START + 5 * G1)
#define NR_SPACES 4u
#define LONG_NS 20000000000ul /* longer than any CPU is kept waiting by the host */

struct start {
	uint32_t cpu;
	void (*f)(void *argument);
	void *argument;
	uint32_t there;
};

static char output[16384];
static struct vms_space spaces[NR_SPACES];
static uint32_t nr_spaces;
static struct start starts[2 * VMS_MAX_CPUS];
static pthread_t threads[2 * VMS_MAX_CPUS];
static uint32_t nr_threads;
static uint32_t locked;
static uint32_t nr_wrong;

static void say(const char *text)
{
	strncat(output, text, sizeof(output) - strlen(output) - 1);
}

/* Where this thread is all that runs, time is what its waiting makes of it. */
static uint64_t now_ns(void)
{
	static uint64_t waited;
	struct timespec time;

	if (sim_nr_driven() == 1)
		waited += 1000000;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec + waited;
}

static void *thread_run(void *argument)
{
	struct start *start = argument;

	sim_run_on(start->cpu);
	__atomic_store_n(&start->there, 1, __ATOMIC_RELEASE);
	start->f(start->argument);
	sim_run_off();
	return NULL;
}

static bool start(uint32_t cpu, void (*f)(void *argument), void *argument)
{
	struct start *new = &starts[nr_threads];

	*new = (struct start){.cpu = cpu, .f = f, .argument = argument};
	if (pthread_create(&threads[nr_threads], NULL, thread_run, new) != 0)
		return false;
	nr_threads++;
	while (!__atomic_load_n(&new->there, __ATOMIC_ACQUIRE))
		sched_yield();
	return true;
}

static struct vms_space *make_space(void)
{
	struct vms_space *space = &spaces[nr_spaces++];

	if (vms_space_create(space) != VMS_OK)
		return NULL;
	if (port_fault == PORT_KERNEL_HALF)
		vms_machine.ram[space->root].entry[sim_index(KERNEL_VA, ARCH_LEVELS)] = 0;
	return space;
}

static void lock(void)
{
	while (__atomic_exchange_n(&locked, 1, __ATOMIC_ACQUIRE)) {
		if (port_fault != PORT_LOCK)
			vms_tlb_service();
		arch_cpu_relax();
	}
}

static void unlock(void)
{
	__atomic_store_n(&locked, 0, __ATOMIC_RELEASE);
}

static uint64_t kernel_load(vms_va va)
{
	vms_pa pa;

	return sim_probe(va, VMS_R, false, &pa) ? *(uint64_t *)sim_byte(pa) : 0;
}

static bool user_access(vms_va va, uint32_t access, vms_va code, vms_pfn frame)
{
	vms_pa pa;

	(void)frame;
	assert_true(sim_probe(code, VMS_X, true, &pa));
	if (port_fault == PORT_NX && access == VMS_X)
		access = VMS_R;
	return sim_probe(va, access, true, &pa);
}

static struct vms_conform_hooks hooks = {
	.say = say,
	.now_ns = now_ns,
	.start = start,
	.space_new = make_space,
	.lock = lock,
	.unlock = unlock,
	.kernel_va = KERNEL_VA,
	.kernel_load = kernel_load,
	.user_access = user_access,
};

static void conform_now(void *unused)
{
	(void)unused;
	nr_wrong = vms_conform(&hooks);
}

static void threads_join(void)
{
	for (uint32_t i = 0; i < VMS_MAX_CPUS; i++)
		conform_store(&conform.other[i].stop, 1);
	for (uint32_t i = 0; i < nr_threads; i++)
		pthread_join(threads[i], NULL);
}

static void prepare(const struct sim_options *options)
{
	output[0] = '\0';
	nr_spaces = 0;
	nr_threads = 0;
	locked = 0;
	sim_start(options);
}

static void passes(const struct sim_options *options)
{
	prepare(options);
	hooks.patience_ns = LONG_NS;
	conform_now(NULL);
	threads_join();
	if (nr_wrong != 0)
		fail_msg("%s", output);
	assert_non_null(strstr(output, "conform: kernel-flush: ok\n"));
	assert_null(strstr(output, "WRONG"));
	assert_int_equal(strstr(output, "not run") != NULL, options->nr_cpus == 1);
	sim_stop();
}

static void a_good_port_passes(void **state)
{
	(void)state;
	passes(&(struct sim_options){.nr_cpus = 1});
	passes(&(struct sim_options){.nr_cpus = 2});
	passes(&(struct sim_options){.nr_cpus = 4});
	passes(&(struct sim_options){.nr_cpus = 2, .sticky = true});
	for (uint64_t seed = 1; seed <= 4; seed++)
		passes(&(struct sim_options){.nr_cpus = 3, .hostile = seed});
}

/* What a kernel need not have is not asked for. */
static void hooks_may_be_missing(void **state)
{
	struct vms_conform_hooks all = hooks;

	(void)state;
	prepare(&(struct sim_options){.nr_cpus = 2});
	hooks.lock = NULL;
	hooks.kernel_va = 0;
	hooks.user_access = NULL;
	conform_now(NULL);
	hooks = all;
	threads_join();
	assert_int_equal(nr_wrong, 0);
	assert_non_null(strstr(output, "conform: lock-serves: not run: the kernel gave no lock\n"));
	assert_non_null(strstr(output, "conform: rights-user: not run: the kernel cannot run user code\n"));
	assert_non_null(strstr(output, "conform: kernel-half: not run: the kernel gave no addresses\n"));
	sim_stop();
}

static void no_memory_for_a_space(void **state)
{
	(void)state;
	prepare(NULL);
	sim_alloc_refuse(true);
	conform_now(NULL);
	assert_int_equal(nr_wrong, 1);
	sim_stop();
}

/* How a bad port is found: by what a check sees, by waiting in vain, or by the end of the machine in the check. */
enum found { SEEN, WAITS, DIES };

static const struct planted {
	enum port_fault fault;
	const char *check;
	enum found found;
} planted[] = {
	{PORT_CPU_NUMBER, "cpu", SEEN},
	{PORT_CPU_SAME, "cpus", SEEN},
	{PORT_PREEMPT_NEST, "preempt", SEEN},
	{PORT_ALLOC_TWICE, "frames", SEEN},
	{PORT_ALLOC_USED, "frames", SEEN},
	{PORT_ALLOC_BEYOND, "frames", SEEN},
	{PORT_ALLOC_ZERO, "frames-exhausted", SEEN},
	{PORT_FREE_LOST, "frames-exhausted", SEEN},
	{PORT_INTERRUPT_FIRST, "interrupt-idle", WAITS},
	{PORT_INTERRUPT_SOMETIMES, "interrupt-idle", WAITS},
	{PORT_INTERRUPT_BUSY, "interrupt", WAITS},
	{PORT_INTERRUPT_OFF, "irq", WAITS},
	{PORT_IRQ_SAVE, "irq", SEEN},
	{PORT_IRQ_NEST, "irq", SEEN},
	{PORT_LOCK, "lock-serves", WAITS},
	{PORT_ACTIVATE, "activate", SEEN},
	{PORT_ACTIVATE_KEEPS, "activate", SEEN},
	{PORT_COPY_IN_COUNT, "copy-in", SEEN},
	{PORT_COPY_IN_FIXUP, "copy-in", DIES},
	{PORT_COPY_OUT_COUNT, "copy-out", SEEN},
	{PORT_COPY_OUT_FIXUP, "copy-out", DIES},
	{PORT_ZERO_COUNT, "zero", SEEN},
	{PORT_LOAD, "load", SEEN},
	{PORT_EXCHANGE, "compare-exchange", SEEN},
	{PORT_HANDLER_NONE, "fault-handler", SEEN},
	{PORT_HANDLER_ACCESS, "fault-handler", SEEN},
	{PORT_FLUSH_PAGE, "stale", SEEN},
	{PORT_FLUSH_PAGE_OTHERS, "stale-others", SEEN},
	{PORT_WRITE_PROTECT, "rights-kernel", SEEN},
	{PORT_NX, "rights-user", SEEN},
	{PORT_DIRTY, "accessed-dirty", SEEN},
	{PORT_KERNEL_HALF, "kernel-half", SEEN},
	{PORT_FLUSH_PAGE_GLOBAL, "kernel-half", SEEN},
	{PORT_FLUSH_GLOBAL, "kernel-flush", SEEN},
};

static void plant(const struct planted *one)
{
	char name[64], end[64];
	bool died;

	snprintf(name, sizeof(name), "conform: %s: WRONG: ", one->check);
	snprintf(end, sizeof(end), "conform: %s: ", one->check);
	prepare(&(struct sim_options){.nr_cpus = 3});
	hooks.patience_ns = one->found == WAITS ? 1000000000 : LONG_NS;
	nr_wrong = 0;
	port_fault_plant(one->fault);
	died = sim_panics(conform_now, NULL);
	port_fault_plant(PORT_FINE);
	threads_join();
	if (died != (one->found == DIES))
		fail_msg("fault %d: died %d\n%s", one->fault, died, output);
	if (died ? strcmp(output + strlen(output) - strlen(end), end) != 0 : !strstr(output, name) || nr_wrong == 0)
		fail_msg("fault %d is not found by %s:\n%s", one->fault, one->check, output);
	/* It is the first thing that is found: no other name misleads. */
	if (!died && strstr(output, "WRONG") != strstr(output, name) + strlen(end))
		fail_msg("fault %d misleads:\n%s", one->fault, output);
}

static void every_bad_port_is_named(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < sizeof(planted) / sizeof(planted[0]); i++)
		plant(&planted[i]);
	assert_int_equal(sizeof(planted) / sizeof(planted[0]), PORT_NR_FAULTS - 1);
}

int group_conform(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_port_passes),
		cmocka_unit_test(hooks_may_be_missing),
		cmocka_unit_test(no_memory_for_a_space),
		cmocka_unit_test(every_bad_port_is_named),
	};

	return cmocka_run_group_tests_name("conform", tests, NULL, NULL);
}
