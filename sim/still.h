/*
 * What a port does about interrupts and preemption where there are none: nothing. For programs with one thread that
 * bring the rest of the port themselves; included by one file of each.
 */
#ifndef VMS_SIM_STILL_H
#define VMS_SIM_STILL_H

#include <vms/port.h>

uint64_t vms_port_irq_save(void)
{
	return 0;
}

void vms_port_irq_restore(uint64_t state)
{
	(void)state;
}

void vms_port_preempt_off(void)
{
}

void vms_port_preempt_on(void)
{
}

void vms_port_space_free(struct vms_space *space)
{
	(void)space;
}

#endif
