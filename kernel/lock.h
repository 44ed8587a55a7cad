/*
 * Spin locks of the kernel. Whoever waits serves TLB flushes, so a holder may wait for one.
 * The kernel is not preemptible: a plain lock is enough against other CPUs; one that an interrupt handler
 * takes too is taken with interrupts off everywhere (the _irq pair).
 * User memory is never touched while a lock is held.
 */
#ifndef KERNEL_LOCK_H
#define KERNEL_LOCK_H

#include <stdint.h>
#include <vms/port.h>
#include <vms/tlb.h>
#include <mmu.h>

struct lock {
	uint32_t held;
};

static inline void lock_take(struct lock *lock)
{
	vms_port_preempt_off();
	while (__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE) != 0) {
		while (__atomic_load_n(&lock->held, __ATOMIC_RELAXED) != 0) {
			vms_tlb_service();
			arch_cpu_relax();
		}
	}
}
static inline void lock_drop(struct lock *lock)
{
	__atomic_store_n(&lock->held, 0, __ATOMIC_RELEASE);
	vms_port_preempt_on();
}
static inline uint64_t lock_take_irq(struct lock *lock)
{
	uint64_t state = vms_port_irq_save();

	lock_take(lock);
	return state;
}
static inline void lock_drop_irq(struct lock *lock, uint64_t state)
{
	lock_drop(lock);
	vms_port_irq_restore(state);
}

#endif
