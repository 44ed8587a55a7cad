/*
 * Bringing CPUs up: the first one's part of machine_init(), and the others, one after the other, by INIT and
 * STARTUP (SDM 8.4.4) through the trampoline.
 */
#include <kernel/memory.h>
#include <x86.h>

#define COMMAND_INIT 0x4500u
#define COMMAND_STARTUP 0x4600u
#define START_TRIES 2
#define START_MS 200u

extern const char trampoline[], trampoline_end[];
extern const uint64_t trampoline_stack[], trampoline_cpu[];

static struct cpu_tables *starting_tables;

/* What every CPU does once it is on the kernel's tables. */
static void cpu_init(void)
{
	user_bases_init();
	fpu_init();
	system_call_init();
	lapic_init();
}

void machine_init(void)
{
	cpu_init();
	time_init();
	io_apic_init();
	lapic_timer_start();
	this_cpu()->online = true;
}

/* From trampoline.S, on the boot tables and the new stack. */
void cpu_started(uint64_t id)
{
	cpu_tables_load(starting_tables, (uint32_t)id);
	arch_mmu_init();
	vms_cpu_online();
	cpu_init();
	lapic_timer_start();
	__atomic_store_n(&this_cpu()->online, true, __ATOMIC_SEQ_CST);
	kernel_cpu_main();
}

/* A word of the trampoline, where it was copied to. */
static void trampoline_set(const uint64_t *word, uint64_t value)
{
	char *copy = direct(TRAMPOLINE);

	memcpy(copy + ((const char *)word - trampoline), &value, sizeof(value));
}

static bool cpu_start(uint32_t id, uint32_t lapic)
{
	char *stack = heap_alloc(STACK_BYTES);

	starting_tables = cpu_tables_new();
	if (!starting_tables || !stack)
		panic("no memory to start CPU %u", id);
	trampoline_set(trampoline_stack, (uintptr_t)(stack + STACK_BYTES));
	trampoline_set(trampoline_cpu, id);

	lapic_send(lapic, COMMAND_INIT);
	delay_us(1000);
	for (int i = 0; i < START_TRIES; i++) {
		lapic_send(lapic, COMMAND_STARTUP + TRAMPOLINE / VMS_PAGE);
		for (uint32_t ms = 0; ms < START_MS * 10; ms++) {
			if (__atomic_load_n(&cpus[id].online, __ATOMIC_ACQUIRE))
				return true;
			delay_us(100);
		}
	}
	/* It may still come to life some day: its stack stays its own. */
	say("CPU with LAPIC %u does not start\n", lapic);
	return false;
}

void machine_start_cpus(void)
{
	memcpy(direct(TRAMPOLINE), trampoline, (size_t)(trampoline_end - trampoline));
	for (uint32_t i = 0; i < acpi_info.nr_lapics; i++) {
		if (acpi_info.lapic_id[i] == lapic_of_cpu[0])
			continue;
		if (!cpu_start(nr_cpus, acpi_info.lapic_id[i]))
			break;
		nr_cpus++;
	}
	/* With these goes the last map of low addresses. */
	memset(boot_root, 0, sizeof(boot_root));
}
