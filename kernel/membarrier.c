/*
 * membarrier: a barrier on every CPU that could run what the caller has in mind, without a word from there.
 */
#include <kernel/process.h>
#include <kernel/syscall.h>
#include <mm/mm.h>

enum {
	QUERY = 0,
	GLOBAL = 1,
	GLOBAL_EXPEDITED = 2,
	REGISTER_GLOBAL_EXPEDITED = 4,
	PRIVATE_EXPEDITED = 8,
	REGISTER_PRIVATE_EXPEDITED = 16,
	PRIVATE_EXPEDITED_SYNC_CORE = 32,
	REGISTER_PRIVATE_EXPEDITED_SYNC_CORE = 64,
};

/*
 * A flush of nothing that matters on every CPU where the space is active, which each of them carries out, in an
 * interrupt, and answers. A CPU on which it becomes active later passes a barrier when it switches spaces.
 */
static long barrier(struct vms_space *space)
{
	struct vms_tlb_flusher flusher;

	vms_port_preempt_off();
	vms_tlb_flusher_init(&flusher, space);
	vms_tlb_issue(&flusher, space->start, VMS_PAGE);
	vms_tlb_dispatch(&flusher);
	vms_tlb_sync(&flusher);
	vms_port_preempt_on();
	return 0;
}

/* Those that need a registration say so if there was none. */
static long private_barrier(uint32_t registration)
{
	struct process *process = this_process();

	if (!(__atomic_load_n(&process->membarrier, __ATOMIC_RELAXED) & registration))
		return -EPERM;
	return barrier(mm_space(process->mm));
}

long sys_membarrier(const uint64_t a[6])
{
	if ((uint32_t)a[1] != 0)
		return -EINVAL;
	switch ((int)a[0]) {
	case QUERY:
		return GLOBAL | GLOBAL_EXPEDITED | REGISTER_GLOBAL_EXPEDITED | PRIVATE_EXPEDITED |
		       REGISTER_PRIVATE_EXPEDITED | PRIVATE_EXPEDITED_SYNC_CORE | REGISTER_PRIVATE_EXPEDITED_SYNC_CORE;
	case GLOBAL:
	case GLOBAL_EXPEDITED:
		return barrier(&vms_machine.kernel); /* which is active everywhere */
	case PRIVATE_EXPEDITED:
		return private_barrier(REGISTER_PRIVATE_EXPEDITED);
	case PRIVATE_EXPEDITED_SYNC_CORE:
		return private_barrier(REGISTER_PRIVATE_EXPEDITED_SYNC_CORE);
	case REGISTER_GLOBAL_EXPEDITED:
	case REGISTER_PRIVATE_EXPEDITED:
	case REGISTER_PRIVATE_EXPEDITED_SYNC_CORE:
		__atomic_fetch_or(&this_process()->membarrier, (uint32_t)a[0], __ATOMIC_RELAXED);
		return 0;
	default:
		return -EINVAL;
	}
}
