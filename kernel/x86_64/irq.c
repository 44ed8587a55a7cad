/*
 * Interrupts on and off, for this CPU.
 */
#include <x86.h>

#define FLAGS_IF 0x200u

uint64_t vms_port_irq_save(void)
{
	uint64_t flags;

	__asm__ volatile("pushf\n\tpop %0\n\tcli" : "=r"(flags)::"memory");
	return flags & FLAGS_IF;
}

void vms_port_irq_restore(uint64_t state)
{
	if (state)
		irq_on();
	else
		__asm__ volatile("" ::: "memory");
}

void machine_irq_on(void)
{
	irq_on();
}

void machine_idle(void)
{
	/* sti lets the next instruction finish first: an interrupt before hlt cannot be slept through. */
	__asm__ volatile("sti; hlt; cli" ::: "memory");
}
