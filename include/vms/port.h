/*
 * What a kernel supplies. These functions are linked in, not registered: define each once.
 *
 * In turn the kernel calls
 *   vms_tlb_service()        from the interrupt that vms_port_interrupt() sends, and in every loop of its
 *                            own that waits with interrupts off;
 *   vms_space_activate()     at each context switch, on the CPU that switched;
 *   arch_user_fixup()        in its fault handler for faults in kernel mode, after vms_space_fault()
 *                            did not resolve them (include <mmu.h>);
 *   vms_cpu_online()         on each CPU before it uses anything else;
 *   vms_reclaim()            now and then on each CPU, from a thread (the idle loop will do).
 */
#ifndef VMS_PORT_H
#define VMS_PORT_H

#include <vms/types.h>

/**
 * The number of the calling CPU, below the nr_cpus given to vms_init().
 * Context  preemption off, any interrupt state.
 */
/*@ assigns \nothing; ensures \result == this_cpu && cpu_exists(this_cpu); */
uint32_t vms_port_cpu(void);

/**
 * Turn local interrupts off; give back what vms_port_irq_restore() needs to undo it. Nests.
 * Both are compiler barriers.
 */
/*@ assigns \nothing; */
uint64_t vms_port_irq_save(void);
/*@ assigns \nothing; */
void vms_port_irq_restore(uint64_t state);

/**
 * Keep the calling thread on this CPU until the matching _on. Nests. Called from any context.
 */
//@ assigns \nothing;
void vms_port_preempt_off(void);
//@ assigns \nothing;
void vms_port_preempt_on(void);

/**
 * One frame of 4 KiB for a table, of kind VMS_FRAME_UNUSED, contents arbitrary.
 * Returns  its number, or VMS_NO_FRAME if there is none: that is no emergency, the caller reports it.
 * Context  preemption off, interrupts in any state, locks held: must not sleep or open a cursor.
 */
/*@ assigns \nothing;
  @ ensures \result == VMS_NO_FRAME || (is_frame(\result) && kind_of(\result) == VMS_FRAME_UNUSED); */
vms_pfn vms_port_frame_alloc(void);

/**
 * Take back a frame whose last reference is gone; its kind is VMS_FRAME_UNUSED again.
 *
 * level  1, 2 or 3: the frame's size is 4 KiB, 2 MiB or 1 GiB.
 * Context  as vms_port_frame_alloc().
 */
//@ assigns \nothing;
void vms_port_frame_free(vms_pfn frame, uint32_t level);

/**
 * Interrupt these CPUs (never the caller's) so that each calls vms_tlb_service() soon.
 * May arrive late, early or twice, but never not at all. Orders memory: what the caller wrote before
 * is visible to the interrupted CPU in its handler.
 *
 * cpus  one bit a CPU, bit 0 for CPU 0.
 * Context  preemption off, any interrupt state.
 */
/*@ assigns \nothing; */
void vms_port_interrupt(uint64_t cpus);

/**
 * The last reference to a space is gone and its tables are freed; its storage is the kernel's again.
 * Context  preemption off, perhaps inside vms_space_activate().
 */
struct vms_space;
void vms_port_space_free(struct vms_space *space);

/**
 * The library found its own data broken: a bug in it or in the port, never a caller's mistake.
 */
/*@ assigns \nothing; ensures \false; */
VMS_NORETURN void vms_port_panic(const char *what);

#endif
