/*
 * Interrupt controllers: the LAPIC of each CPU (timer, interrupts between CPUs) and the I/O APIC, which brings
 * the console's. SDM chapter 10; registers are reached through memory, which every PC has.
 */
#include <x86.h>

enum {
	LAPIC_ID = 0x20,
	LAPIC_TASK = 0x80,
	LAPIC_EOI = 0xb0,
	LAPIC_SPURIOUS = 0xf0,
	LAPIC_COMMAND = 0x300,
	LAPIC_TARGET = 0x310,
	LAPIC_LVT_TIMER = 0x320,
	LAPIC_TIMER_START = 0x380,
	LAPIC_TIMER_NOW = 0x390,
	LAPIC_TIMER_DIVIDE = 0x3e0,
};
#define LAPIC_ENABLE 0x100u
#define TIMER_PERIODIC 0x20000u
#define DIVIDE_BY_16 3u
#define COMMAND_BUSY 0x1000u
#define COMMAND_FIXED 0x4000u
#define COMMAND_NMI_ALL_OTHERS 0xc4400u

uint32_t lapic_of_cpu[VMS_MAX_CPUS];

static uint32_t lapic_read(uint32_t reg)
{
	return *device(LAPIC_BASE + reg);
}

static void lapic_write(uint32_t reg, uint32_t value)
{
	*device(LAPIC_BASE + reg) = value;
}

uint32_t lapic_id(void)
{
	return lapic_read(LAPIC_ID) >> 24;
}

void lapic_init(void)
{
	lapic_of_cpu[this_cpu()->id] = lapic_id();
	lapic_write(LAPIC_TASK, 0);
	lapic_write(LAPIC_SPURIOUS, LAPIC_ENABLE + VECTOR_SPURIOUS);
}

void lapic_end(void)
{
	lapic_write(LAPIC_EOI, 0);
}

/* The command register is two words: no interrupt may come between them. */
void lapic_send(uint32_t id, uint32_t command)
{
	uint64_t state = vms_port_irq_save();

	while (lapic_read(LAPIC_COMMAND) & COMMAND_BUSY)
		arch_cpu_relax();
	lapic_write(LAPIC_TARGET, id << 24);
	lapic_write(LAPIC_COMMAND, command);
	vms_port_irq_restore(state);
}

void lapic_stop_others(void)
{
	lapic_send(0, COMMAND_NMI_ALL_OTHERS);
}

void machine_interrupt(uint64_t set)
{
	/* What the caller wrote is seen before the interrupt: stores to device memory may overtake others. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	for (uint32_t cpu = 0; set != 0; cpu++, set >>= 1) {
		if (set & 1)
			lapic_send(lapic_of_cpu[cpu], COMMAND_FIXED + VECTOR_INTERRUPT);
	}
}

/* Count down from the highest number; how far it comes is for time.c to see. */
void lapic_timer_probe(void)
{
	lapic_write(LAPIC_TIMER_DIVIDE, DIVIDE_BY_16);
	lapic_write(LAPIC_LVT_TIMER, 0x10000);
	lapic_write(LAPIC_TIMER_START, 0xffffffff);
}

uint32_t lapic_timer_passed(void)
{
	return 0xffffffff - lapic_read(LAPIC_TIMER_NOW);
}

void lapic_timer_start(void)
{
	lapic_write(LAPIC_TIMER_DIVIDE, DIVIDE_BY_16);
	lapic_write(LAPIC_LVT_TIMER, TIMER_PERIODIC + VECTOR_TIMER);
	lapic_write(LAPIC_TIMER_START, (uint32_t)timer_counts_a_tick);
}

static void io_apic_write(uint32_t reg, uint32_t value)
{
	volatile uint32_t *registers = device(acpi_info.io_apic);

	registers[0] = reg;
	registers[4] = value;
}

/* Only the console's interrupt is let through, to the first CPU. */
void io_apic_init(void)
{
	/* The old controllers, at vectors that nothing uses, fully masked. */
	static const uint8_t commands[][2] = {{0x20, 0x11}, {0xa0, 0x11}, {0x21, 0x20}, {0xa1, 0x28}, {0x21, 4},
					      {0xa1, 2},    {0x21, 1},    {0xa1, 1},    {0x21, 0xff}, {0xa1, 0xff}};

	for (uint32_t i = 0; i < ARRAY_LEN(commands); i++)
		out8(commands[i][0], commands[i][1]);
	for (uint32_t pin = 0; pin < 24; pin++)
		io_apic_write(0x10 + 2 * pin, 0x10000);
	io_apic_write(0x11 + 2 * acpi_info.uart_pin, lapic_of_cpu[0] << 24);
	io_apic_write(0x10 + 2 * acpi_info.uart_pin, VECTOR_UART);
}
