/*
 * The simulated machine's port, made worse. The linker sends every call of these functions here (--wrap, see
 * sim.mk) and gives the real ones the name __real_; without a planted fault that is all that happens.
 */
#include <string.h>

#include <sim/inside.h>

#include "port_faults.h"

enum port_fault port_fault;
static uint32_t nr_calls; /* since it was planted, of the function that is bad */

void port_fault_plant(enum port_fault fault)
{
	nr_calls = 0;
	port_fault = fault;
}

static bool every(uint32_t nr)
{
	return __atomic_add_fetch(&nr_calls, 1, __ATOMIC_RELAXED) % nr == 0;
}

#define WRAP(result, name, ...)            \
	result __real_##name(__VA_ARGS__); \
	result __wrap_##name(__VA_ARGS__); \
	result __wrap_##name(__VA_ARGS__)

WRAP(uint32_t, vms_port_cpu, void)
{
	if (port_fault == PORT_CPU_NUMBER)
		return sim.options.nr_cpus + 2;
	if (port_fault == PORT_CPU_SAME)
		return 0;
	/* With preemption on, threads move. */
	if (port_fault == PORT_PREEMPT_NEST && !sim_cpu_current()->preempt_off)
		return every(3) ? 1 : 0;
	return __real_vms_port_cpu();
}

WRAP(void, vms_port_preempt_on, void)
{
	if (port_fault == PORT_PREEMPT_NEST)
		sim_cpu_current()->preempt_off = 0;
	else
		__real_vms_port_preempt_on();
}

WRAP(uint64_t, vms_port_irq_save, void)
{
	uint64_t state = __real_vms_port_irq_save();

	if (port_fault == PORT_IRQ_SAVE)
		sim_cpu_current()->irq_off = false;
	return state;
}

WRAP(void, vms_port_irq_restore, uint64_t state)
{
	if (port_fault == PORT_IRQ_SAVE || port_fault == PORT_IRQ_NEST)
		sim_cpu_current()->irq_off = true;
	__real_vms_port_irq_restore(port_fault == PORT_IRQ_NEST ? 0 : state);
}

WRAP(void, vms_port_interrupt, uint64_t cpus)
{
	if (port_fault == PORT_INTERRUPT_FIRST)
		cpus -= cpus & (cpus - 1);
	if (port_fault == PORT_INTERRUPT_SOMETIMES && every(20))
		return;
	for (uint32_t cpu = 0; cpu < sim.options.nr_cpus; cpu++) {
		uint64_t bit = cpus & 1ul << cpu;

		if (port_fault == PORT_INTERRUPT_BUSY && sim.cpu[cpu].driven)
			cpus -= bit;
		if (port_fault == PORT_INTERRUPT_OFF && sim.cpu[cpu].irq_off)
			cpus -= bit;
	}
	if (cpus != 0)
		__real_vms_port_interrupt(cpus);
}

WRAP(vms_pfn, vms_port_frame_alloc, void)
{
	static vms_pfn last;
	vms_pfn frame;

	if (port_fault == PORT_ALLOC_TWICE && every(20))
		return last;
	if (port_fault == PORT_ALLOC_USED && every(20))
		return vms_machine.kernel.root;
	if (port_fault == PORT_ALLOC_BEYOND && every(20))
		return vms_machine.nr_frames + 5;
	frame = __real_vms_port_frame_alloc();
	last = frame;
	return port_fault == PORT_ALLOC_ZERO && frame == VMS_NO_FRAME ? 0 : frame;
}

void (*port_on_free)(vms_pfn frame);

WRAP(void, vms_port_frame_free, vms_pfn frame, uint32_t level)
{
	if (port_fault != PORT_FREE_LOST || !every(100))
		__real_vms_port_frame_free(frame, level);
	if (port_on_free != NULL)
		port_on_free(frame);
}

WRAP(void, arch_mmu_activate, vms_pfn root)
{
	static _Thread_local struct sim_tlb_entry kept[SIM_TLB_ENTRIES];
	struct sim_cpu *cpu = sim_cpu_current();

	if (port_fault == PORT_ACTIVATE)
		return;
	memcpy(kept, cpu->tlb, sizeof(kept));
	__real_arch_mmu_activate(root);
	if (port_fault == PORT_ACTIVATE_KEEPS)
		memcpy(cpu->tlb, kept, sizeof(kept));
}

WRAP(void, arch_mmu_flush_page, vms_va va)
{
	static _Thread_local struct sim_tlb_entry kept[SIM_TLB_ENTRIES];
	struct sim_cpu *cpu = sim_cpu_current();

	if (port_fault == PORT_FLUSH_PAGE || (port_fault == PORT_FLUSH_PAGE_OTHERS && sim_cpu() != 0))
		return;
	if (port_fault == PORT_FLUSH_PAGE_GLOBAL)
		memcpy(kept, cpu->tlb, sizeof(kept));
	__real_arch_mmu_flush_page(va);
	for (uint32_t i = 0; port_fault == PORT_FLUSH_PAGE_GLOBAL && i < SIM_TLB_ENTRIES; i++) {
		if (kept[i].level && kept[i].global)
			cpu->tlb[i] = kept[i];
	}
}

WRAP(void, arch_mmu_flush_global, void)
{
	if (port_fault == PORT_FLUSH_GLOBAL)
		arch_mmu_flush_all();
	else
		__real_arch_mmu_flush_global();
}

WRAP(uint64_t, arch_user_copy_in, void *to, vms_va from, uint64_t len)
{
	uint64_t done = __real_arch_user_copy_in(to, from, len);

	if (port_fault == PORT_COPY_IN_FIXUP && done < len)
		sim_fail("page fault in the kernel");
	return port_fault == PORT_COPY_IN_COUNT && done < len ? done / 8 * 8 : done;
}

/* The dirty bit of one page, as hardware that knows none leaves it. */
static void clean(vms_va va)
{
	vms_pfn table = sim_cpu_current()->root;

	for (uint32_t level = ARCH_LEVELS; level > 1; level--)
		table = arch_pte_child(vms_machine.ram[table].entry[sim_index(va, level)]);
	vms_machine.ram[table].entry[sim_index(va, 1)] &= ~ARCH_PTE_D;
}

WRAP(uint64_t, arch_user_copy_out, vms_va to, const void *from, uint64_t len)
{
	uint64_t done;
	vms_pa pa;

	if (port_fault == PORT_WRITE_PROTECT && !sim_probe(to, VMS_W, false, &pa) && sim_probe(to, VMS_R, false, &pa)) {
		memcpy(sim_byte(pa), from, len);
		return len;
	}
	done = __real_arch_user_copy_out(to, from, len);
	if (port_fault == PORT_COPY_OUT_FIXUP && done < len)
		sim_fail("page fault in the kernel");
	if (port_fault == PORT_DIRTY && done == len)
		clean(to);
	return port_fault == PORT_COPY_OUT_COUNT ? len : done;
}

WRAP(uint64_t, arch_user_zero, vms_va to, uint64_t len)
{
	uint64_t done = __real_arch_user_zero(to, len);

	return port_fault == PORT_ZERO_COUNT && done < len ? done + 1 : done;
}

WRAP(bool, arch_user_load64, vms_va from, uint64_t *seen)
{
	bool did = __real_arch_user_load64(from, seen);

	if (port_fault == PORT_LOAD && !did)
		*seen = 0;
	return did;
}

WRAP(bool, arch_user_cmpxchg64, vms_va at, uint64_t expected, uint64_t desired, uint64_t *seen)
{
	bool did = __real_arch_user_cmpxchg64(at, expected, desired, seen);

	if (port_fault == PORT_EXCHANGE && !did)
		*seen = ~0ul;
	return did || port_fault == PORT_EXCHANGE;
}

WRAP(bool, vms_space_fault, const struct vms_fault *fault)
{
	struct vms_fault told = *fault;

	if (port_fault == PORT_HANDLER_NONE)
		return false;
	if (port_fault == PORT_HANDLER_ACCESS)
		told.access = VMS_R;
	return __real_vms_space_fault(&told);
}
