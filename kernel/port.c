/*
 * What the library asks of a kernel, where it is not some other file's business: vms_port_frame_alloc() and _free()
 * are in frames.c, interrupts in the machine's folder.
 */
#include <kernel/machine.h>
#include <kernel/memory.h>

uint32_t vms_port_cpu(void)
{
	return this_cpu()->id;
}

/* Threads leave a CPU only by waiting: the count is there to find one that does so with a lock held. */
void vms_port_preempt_off(void)
{
	this_cpu()->preempt_off++;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

void vms_port_preempt_on(void)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	this_cpu()->preempt_off--;
}

void vms_port_interrupt(uint64_t set)
{
	for (uint64_t rest = set; rest != 0; rest &= rest - 1)
		this_cpu()->nr_shootdowns++;
	machine_interrupt(set);
}

void vms_port_panic(const char *what)
{
	panic("the library: %s", what);
}

uint64_t now_ns(void)
{
	return machine_now_ns();
}

uint64_t realtime_ns(void)
{
	return machine_realtime_base_ns() + machine_now_ns();
}
