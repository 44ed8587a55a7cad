/*
 * The other CPUs: on each a thread waits for what it is told to do, in a loop that does nothing else. What the
 * CPU does besides, it was interrupted for.
 */
#include "inside.h"

bool conform_wait(const uint32_t *word, uint32_t value)
{
	uint64_t start = conform.hooks->now_ns();

	while (conform_load(word) != value) {
		if (conform.hooks->now_ns() - start > conform.hooks->patience_ns)
			return false;
		arch_cpu_relax();
	}
	return true;
}

bool conform_is_flushed(uint32_t cpu)
{
	return conform_load(&vms_machine.cpu[cpu].flushed) == conform_load(&vms_machine.cpu[cpu].queue.asked);
}

bool conform_wait_flushed(uint32_t cpu)
{
	return conform_wait(&vms_machine.cpu[cpu].flushed, conform_load(&vms_machine.cpu[cpu].queue.asked));
}

void conform_pause(uint64_t ns)
{
	uint64_t start = conform.hooks->now_ns();

	while (conform.hooks->now_ns() - start < ns)
		arch_cpu_relax();
}

static void other_run(void *argument)
{
	struct conform_other *me = argument;

	vms_port_preempt_off();
	conform_store(&me->up, 1);
	while (!conform_load(&me->stop)) {
		if (conform_load(&me->posted) != me->done) {
			me->command(me);
			conform_store(&me->done, me->done + 1);
		}
		arch_cpu_relax();
	}
	vms_space_activate(&vms_machine.kernel);
	vms_port_preempt_on();
	conform_store(&me->up, 0);
}

/* A thread that only says where it is. */
static void number_run(void *argument)
{
	struct conform_other *me = argument;

	vms_port_preempt_off();
	me->number = vms_port_cpu();
	vms_port_preempt_on();
	conform_store(&me->up, 1);
}

static void other_start(struct conform_other *other, void (*run)(void *argument))
{
	conform_store(&other->up, 0);
	if (conform.lost || (conform.hooks->start(other->cpu, run, other) && conform_wait(&other->up, 1)))
		return;
	conform.lost = true;
	conform_wrong("no thread starts on CPU #", other->cpu, 0);
}

void conform_post(struct conform_other *other, void (*command)(struct conform_other *other))
{
	conform_store(&other->entered, 0);
	other->command = command;
	conform_store(&other->posted, other->posted + 1);
}

bool conform_await(struct conform_other *other)
{
	if (!conform.lost && !conform_wait(&other->done, other->posted)) {
		conform.lost = true;
		conform_wrong("CPU # does not come back from what it was told to do", other->cpu, 0);
	}
	return !conform.lost;
}

bool conform_call(struct conform_other *other, void (*command)(struct conform_other *other))
{
	if (conform.lost)
		return false;
	conform_post(other, command);
	return conform_await(other);
}

void conform_call_all(void (*command)(struct conform_other *other))
{
	for (uint32_t i = 0; i < conform.nr_others; i++)
		(void)conform_call(&conform.other[i], command);
}

void conform_enter_space(struct conform_other *other)
{
	(void)other;
	vms_space_activate(conform.space);
}

static void leave_space(struct conform_other *other)
{
	(void)other;
	vms_space_activate(&vms_machine.kernel);
}

void conform_flush(struct vms_tlb_flusher *flusher, struct vms_space *space)
{
	vms_tlb_flusher_init(flusher, space);
	vms_tlb_issue(flusher, space == &vms_machine.kernel ? VMS_KERNEL_START : CONFORM_VA, VMS_PAGE);
	vms_tlb_dispatch(flusher);
}

void conform_check_cpu(void)
{
	uint32_t cpu = vms_port_cpu();

	if (cpu >= vms_machine.nr_cpus)
		conform_wrong("vms_port_cpu() is #; vms_init() was told of # CPUs", cpu, vms_machine.nr_cpus);
	else if ((vms_machine.kernel.active >> cpu) % 2 == 0)
		conform_wrong("CPU # has not called vms_cpu_online()", cpu, 0);
	for (uint32_t i = 0; i < CONFORM_ROUNDS; i++) {
		uint32_t now = vms_port_cpu();

		if (now != cpu)
			conform_wrong("vms_port_cpu() was #, then #, with preemption off", cpu, now);
	}
	/* The library would reach for another CPU's data. */
	conform.lost = conform.verdict != CONFORM_FINE;
}

/* CPU i of the others was just asked to flush. */
static void arrives(uint32_t i, uint32_t round, const char *what)
{
	if (conform.lost || conform_wait_flushed(conform.other[i].cpu))
		return;
	conform.lost = true;
	conform_wrong(what, conform.other[i].cpu, round + 1);
}

void conform_check_interrupt_idle(void)
{
	struct vms_tlb_flusher flusher;

	for (uint32_t round = 0; round < CONFORM_ROUNDS && !conform.lost; round++) {
		conform_flush(&flusher, &vms_machine.kernel);
		for (uint32_t i = 0; i < conform.nr_others; i++)
			arrives(i, round,
				"idle CPU # did not flush, at attempt #: vms_port_interrupt() does not reach it, or "
				"its handler does not call vms_tlb_service()");
	}
}

void conform_check_cpus(void)
{
	for (uint32_t i = 0; i < conform.nr_others; i++) {
		struct conform_other *other = &conform.other[i];

		other_start(other, number_run);
		conform_store(&other->up, 0);
		if (conform.lost || other->number == other->cpu)
			continue;
		conform.lost = true;
		conform_wrong("vms_port_cpu() says # on CPU #", other->number, other->cpu);
	}
}

void conform_check_preempt(void)
{
	uint32_t cpu = vms_port_cpu();
	uint64_t start = conform.hooks->now_ns();

	/* Preemption is off already, so nothing here turns it on. */
	vms_port_preempt_off();
	vms_port_preempt_off();
	vms_port_preempt_on();
	vms_port_preempt_on();
	do {
		uint32_t now = vms_port_cpu();

		if (now != cpu)
			conform_wrong("the thread moved from CPU # to # between vms_port_preempt_off() and _on(): "
				      "they must nest",
				      cpu, now);
		arch_cpu_relax();
	} while (conform.hooks->now_ns() - start < 20000000 && conform.verdict == CONFORM_FINE);
	conform.lost = conform.verdict != CONFORM_FINE;
}

void conform_check_interrupt(void)
{
	struct vms_tlb_flusher flusher;

	for (uint32_t i = 0; i < conform.nr_others; i++) {
		other_start(&conform.other[i], other_run);
		(void)conform_call(&conform.other[i], conform_enter_space);
		for (uint32_t round = 0; round < CONFORM_ROUNDS && !conform.lost; round++) {
			conform_flush(&flusher, conform.space);
			arrives(i, round,
				"CPU #, interrupted alone, did not flush, at attempt #: the interrupt is lost on a "
				"CPU that is busy");
		}
		(void)conform_call(&conform.other[i], leave_space);
	}
	conform_call_all(conform_enter_space);
	for (uint32_t round = 0; round < CONFORM_ROUNDS && !conform.lost; round++) {
		conform_flush(&flusher, conform.space);
		for (uint32_t i = 0; i < conform.nr_others; i++)
			arrives(i, round, "CPU #, interrupted with others at once, did not flush, at attempt #");
	}
	/* And one that nobody has a use for. */
	for (uint32_t i = 0; i < conform.nr_others && !conform.lost; i++)
		vms_port_interrupt(1ul << conform.other[i].cpu);
}

static void flush_ask(struct conform_other *me)
{
	conform_flush(&me->flusher, conform.space);
}

static void flush_wait(struct conform_other *me)
{
	vms_tlb_sync(&me->flusher);
}

/* Another CPU interrupts this one, which has interrupts off for a while. */
void conform_check_irq(void)
{
	struct conform_other *other = &conform.other[0];
	uint32_t self = vms_port_cpu();
	uint64_t outer = vms_port_irq_save(), inner;

	if (!conform_call(other, flush_ask)) {
		vms_port_irq_restore(outer);
		return;
	}
	conform_pause(5000000);
	if (conform_is_flushed(self))
		conform_wrong("CPU # takes an interrupt after vms_port_irq_save()", self, 0);
	inner = vms_port_irq_save();
	vms_port_irq_restore(inner);
	conform_pause(5000000);
	if (conform_is_flushed(self))
		conform_wrong("CPU # takes an interrupt after the first of two vms_port_irq_restore(): they must nest",
			      self, 0);
	vms_port_irq_restore(outer);
	if (!conform_wait_flushed(self)) {
		conform_wrong("an interrupt that was sent while CPU # had them off never arrived: it must wait for "
			      "vms_port_irq_restore()",
			      self, 0);
		vms_tlb_service();
	}
	(void)conform_call(other, flush_wait);
}

static void lock_and_unlock(struct conform_other *me)
{
	uint64_t state = vms_port_irq_save();

	conform_store(&me->entered, 1);
	conform.hooks->lock();
	conform.hooks->unlock();
	vms_port_irq_restore(state);
}

void conform_check_lock(void)
{
	struct conform_other *other = &conform.other[0];
	struct vms_tlb_flusher flusher;
	uint64_t state;

	if (conform.hooks->lock == NULL) {
		conform_not_run("the kernel gave no lock");
		return;
	}
	state = vms_port_irq_save();
	conform.hooks->lock();
	conform_post(other, lock_and_unlock);
	if (conform_wait(&other->entered, 1)) {
		conform_pause(1000000);
		conform_flush(&flusher, conform.space);
		if (!conform_wait_flushed(other->cpu))
			conform_wrong("CPU # does not flush while it waits for a lock with interrupts off: its loop "
				      "must call vms_tlb_service()",
				      other->cpu, 0);
	}
	conform.hooks->unlock();
	vms_port_irq_restore(state);
	(void)conform_await(other);
}

static void flush_much(struct conform_other *me)
{
	struct vms_tlb_flusher flusher;

	if (me != NULL)
		conform_store(&me->entered, 1);
	for (uint32_t round = 0; round < CONFORM_ROUNDS; round++) {
		uint64_t state = vms_port_irq_save();

		conform_flush(&flusher, conform.space);
		vms_tlb_sync(&flusher);
		vms_port_irq_restore(state);
	}
}

/* Nobody has interrupts on, and everybody waits for everybody. */
void conform_check_each_other(void)
{
	for (uint32_t i = 0; i < conform.nr_others; i++)
		conform_post(&conform.other[i], flush_much);
	if (conform_wait(&conform.other[0].entered, 1))
		flush_much(NULL);
	for (uint32_t i = 0; i < conform.nr_others; i++)
		(void)conform_await(&conform.other[i]);
}
