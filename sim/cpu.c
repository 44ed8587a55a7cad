/*
 * CPUs: who runs on which, interrupts and preemption. sim.h says when an interrupt is served.
 */
#include <sched.h>

#include <sim/inside.h>

#define NOWHERE 0xffffffffu

/* A wait in which nothing can happen any more is a deadlock: one thread, nothing pending. */
#define WAITS_MAX 10000u

static _Thread_local uint32_t here = NOWHERE;

struct sim_cpu *sim_cpu_current(void)
{
	if (here == NOWHERE)
		sim_fail("this thread drives no CPU");
	return &sim.cpu[here];
}

uint32_t sim_cpu(void)
{
	return here;
}

bool sim_cpu_take(uint32_t cpu)
{
	return __atomic_exchange_n(&sim.cpu[cpu].driven, 1, __ATOMIC_ACQUIRE) == 0;
}

void sim_cpu_give(uint32_t cpu)
{
	__atomic_store_n(&sim.cpu[cpu].driven, 0, __ATOMIC_RELEASE);
}

void sim_run_off(void)
{
	if (here != NOWHERE)
		sim_cpu_give(here);
	here = NOWHERE;
}

void sim_run_on(uint32_t cpu)
{
	if (cpu == here && sim.cpu[cpu].driven)
		return;
	if (here != NOWHERE && sim.cpu[here].driven)
		sim_run_off();
	while (!sim_cpu_take(cpu))
		sched_yield();
	here = cpu;
}

uint32_t sim_nr_driven(void)
{
	uint32_t nr = 0;

	for (uint32_t cpu = 0; cpu < sim.options.nr_cpus; cpu++)
		nr += __atomic_load_n(&sim.cpu[cpu].driven, __ATOMIC_RELAXED);
	return nr;
}

bool sim_interrupt_pending(uint32_t cpu)
{
	return __atomic_load_n(&sim.cpu[cpu].pending, __ATOMIC_RELAXED) != 0;
}

/* The interrupt of the current CPU, if it is pending and wanted. */
static bool serve(void)
{
	struct sim_cpu *cpu = &sim.cpu[here];

	if (cpu->irq_off || !sim_interrupt_pending(here) || !__atomic_exchange_n(&cpu->pending, 0, __ATOMIC_ACQ_REL))
		return false;
	cpu->irq_off = true;
	cpu->preempt_off++;
	vms_tlb_service();
	cpu->preempt_off--;
	cpu->irq_off = false;
	return true;
}

void sim_poll(void)
{
	sim_disturb();
	serve();
}

void arch_cpu_relax(void)
{
	uint32_t me = here;
	bool did = serve();

	sim_disturb();
	for (uint32_t cpu = 0; cpu < sim.options.nr_cpus; cpu++) {
		if (cpu == me || !sim_interrupt_pending(cpu) || !sim_cpu_take(cpu))
			continue;
		here = cpu;
		did = serve() || did;
		sim_cpu_give(cpu);
	}
	here = me;
	if (did) {
		__atomic_store_n(&sim.waits, 0, __ATOMIC_RELAXED);
	} else if (sim_nr_driven() > 1) {
		sched_yield();
	} else if (__atomic_add_fetch(&sim.waits, 1, __ATOMIC_RELAXED) > WAITS_MAX) {
		sim.waits = 0;
		sim_fail("CPU %u waits for what nobody will do", here);
	}
}

uint32_t vms_port_cpu(void)
{
	struct sim_cpu *cpu = sim_cpu_current();

	if (!cpu->preempt_off && !cpu->irq_off)
		sim_fail("vms_port_cpu() with preemption on");
	return here;
}

uint64_t vms_port_irq_save(void)
{
	struct sim_cpu *cpu = sim_cpu_current();
	uint64_t state = cpu->irq_off;

	sim_disturb();
	cpu->irq_off = true;
	return state;
}

void vms_port_irq_restore(uint64_t state)
{
	struct sim_cpu *cpu = sim_cpu_current();

	if (!cpu->irq_off)
		sim_fail("interrupts are restored but were not off");
	cpu->irq_off = state != 0;
	sim_disturb();
	serve();
}

void vms_port_preempt_off(void)
{
	sim_cpu_current()->preempt_off++;
}

void vms_port_preempt_on(void)
{
	struct sim_cpu *cpu = sim_cpu_current();

	if (!cpu->preempt_off)
		sim_fail("preemption is turned on but was not off");
	cpu->preempt_off--;
}

void vms_port_interrupt(uint64_t cpus)
{
	if (!sim_cpu_current()->preempt_off)
		sim_fail("vms_port_interrupt() with preemption on");
	if (cpus == 0)
		sim_fail("vms_port_interrupt() of nobody");
	for (uint32_t cpu = 0; cpu < VMS_MAX_CPUS; cpu++) {
		if (cpus / (1ul << cpu) % 2 == 0)
			continue;
		if (cpu == here || cpu >= sim.options.nr_cpus)
			sim_fail("CPU %u interrupts CPU %u", here, cpu);
		__atomic_fetch_add(&sim.counts.interrupts, 1, __ATOMIC_RELAXED);
		__atomic_store_n(&sim.cpu[cpu].pending, 1, __ATOMIC_SEQ_CST);
	}
}

void sim_activate(struct vms_space *space)
{
	vms_port_preempt_off();
	vms_space_activate(space);
	vms_port_preempt_on();
}
