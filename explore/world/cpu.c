/*
 * CPUs: their fibers, interrupts and preemption; the port that concerns them.
 */
#include <string.h>

#include "world.h"

/* Of each fiber. */
static struct context {
	uint32_t cpu;
	bool irq_off;
	uint32_t preempt_off;
} contexts[8], outside;

static struct context *context(void)
{
	return explore_self() < 0 ? &outside : &contexts[explore_self()];
}

uint32_t world_cpu(void)
{
	return context()->cpu;
}

void world_run_as(uint32_t cpu)
{
	outside = (struct context){.cpu = cpu, .irq_off = true, .preempt_off = 1};
}

static bool takes_interrupts(uint32_t cpu)
{
	return (scenario->interrupts >> cpu & 1) != 0;
}

uint32_t vms_port_cpu(void)
{
	if (context()->preempt_off == 0 && !context()->irq_off)
		explore_fail("vms_port_cpu() with preemption on");
	return context()->cpu;
}

/* The gate keeps this CPU's interrupt out, and waits while it runs. */
uint64_t vms_port_irq_save(void)
{
	struct context *own = context();
	uint64_t state = own->irq_off;

	if (!own->irq_off && takes_interrupts(own->cpu))
		explore_wait_swap(&world.cpu[own->cpu].gate, 0, 1);
	own->irq_off = true;
	return state;
}

void vms_port_irq_restore(uint64_t state)
{
	struct context *own = context();

	if (!own->irq_off)
		explore_fail("interrupts are restored but were not off");
	if (state == 0 && takes_interrupts(own->cpu))
		explore_store(&world.cpu[own->cpu].gate, sizeof(uint32_t), 0);
	own->irq_off = state != 0;
}

void vms_port_preempt_off(void)
{
	context()->preempt_off++;
}

void vms_port_preempt_on(void)
{
	if (context()->preempt_off == 0)
		explore_fail("preemption is turned on but was not off");
	context()->preempt_off--;
}

void vms_port_interrupt(uint64_t cpus)
{
	for (uint32_t cpu = 0; cpu < 64; cpu++) {
		if ((cpus >> cpu & 1) == 0)
			continue;
		if (cpu == world_cpu() || cpu >= scenario->nr_cpus)
			explore_fail("CPU %u interrupts CPU %u", world_cpu(), cpu);
		if (takes_interrupts(cpu))
			(void)explore_swap(&world.cpu[cpu].pending, sizeof(uint32_t), 1);
	}
}

void vms_port_panic(const char *what)
{
	explore_fail("panic: %s", what);
}

void arch_cpu_relax(void)
{
	if (explore_self() < 0)
		explore_fail("a wait outside of a run");
	explore_relax_at(__builtin_return_address(0));
}

/* A CPU without interrupts that has nothing left to do serves what others ask of it. */
static void idle(void)
{
	explore_daemon();
	vms_port_preempt_off();
	for (;;) {
		vms_tlb_service();
		explore_relax();
	}
}

static bool is_asked(uint32_t cpu)
{
	uint32_t spaces = scenario->active[cpu] != 0;

	for (uint32_t i = 0; i < NR_ACTIONS; i++)
		spaces += scenario->script[cpu][i].kind == ACTIVATE || scenario->script[cpu][i].space == KERNEL;
	return spaces != 0 && !takes_interrupts(cpu);
}

static void thread_main(void *argument)
{
	struct context *own = context();

	own->cpu = (uint32_t)(uintptr_t)argument;
	/* A thread in whose CPU no interrupt comes is one with interrupts off. */
	own->irq_off = !takes_interrupts(own->cpu);
	if (scenario->own_body[own->cpu] != NULL)
		scenario->own_body[own->cpu]();
	else
		actions_run(own->cpu);
	if (own->preempt_off != 0 || own->irq_off != !takes_interrupts(own->cpu))
		explore_fail("CPU %u ends with preemption off %u, interrupts off %d", own->cpu, own->preempt_off,
			     own->irq_off);
	if (is_asked(own->cpu))
		idle();
}

/* Delivery and return order memory, as they do on processors. */
static void interrupt_main(void *argument)
{
	struct context *own = context();
	struct world_cpu *cpu;

	own->cpu = (uint32_t)(uintptr_t)argument;
	cpu = &world.cpu[own->cpu];
	for (;;) {
		own->irq_off = true;
		explore_wait_swap(&cpu->pending, 1, 0);
		explore_wait_swap(&cpu->gate, 0, 2);
		vms_tlb_service();
		explore_fence();
		explore_store(&cpu->gate, sizeof(uint32_t), 0);
	}
}

static void walker_main(void *argument)
{
	struct context *own = context();
	const struct action *look;

	own->cpu = (uint32_t)(uintptr_t)argument;
	own->irq_off = true;
	look = &scenario->walker[own->cpu];
	(void)mmu_look_ahead(look->a * VMS_PAGE, look->value == 1);
}

bool cpu_uses_tlb(uint32_t cpu)
{
	for (uint32_t i = 0; i < NR_ACTIONS; i++) {
		enum action_kind kind = scenario->script[cpu][i].kind;

		if (kind == USE || kind == READ || kind == FAULT)
			return true;
	}
	return scenario->walker[cpu].kind != NOTHING;
}

void world_spawn(void)
{
	static const char *const thread_name[] = {"cpu 0", "cpu 1", "cpu 2"};
	static const char *const interrupt_name[] = {"irq 0", "irq 1", "irq 2"};
	static const char *const walker_name[] = {"mmu 0", "mmu 1", "mmu 2"};

	memset(contexts, 0, sizeof(contexts));
	for (uint32_t cpu = 0; cpu < scenario->nr_cpus; cpu++) {
		void *argument = (void *)(uintptr_t)cpu;

		if (scenario->own_body[cpu] != NULL || scenario->script[cpu][0].kind != NOTHING)
			explore_spawn(thread_name[cpu], thread_main, argument, cpu, false);
		if (scenario->strict && takes_interrupts(cpu))
			explore_gate(&world.cpu[cpu].gate);
		if (takes_interrupts(cpu))
			explore_spawn(interrupt_name[cpu], interrupt_main, argument, cpu, true);
		if (scenario->walker[cpu].kind != NOTHING)
			explore_spawn(walker_name[cpu], walker_main, argument, NR_CPUS + cpu, false);
	}
}
