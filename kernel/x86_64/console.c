/*
 * The outside world: the serial console (COM1, polled for output, by interrupt for input), the debug port for
 * the host's tools, and the end of the machine.
 */
#include <kernel/fs/fs.h>
#include <x86.h>

#define UART 0x3f8
#define UART_DATA (UART + 0)
#define UART_IRQS (UART + 1)
#define UART_LINE (UART + 3)
#define UART_MODEM (UART + 4)
#define UART_STATUS (UART + 5)
#define HAS_INPUT 0x01
#define HAS_ROOM 0x20

#define DEBUG_PORT 0xe9  /* reads as itself where it exists */
#define EXIT_PORT 0xf4   /* QEMU's isa-debug-exit */
#define POWER_PORT 0x604 /* ACPI's PM1a_CNT on QEMU's machines */
#define POWER_OFF 0x2000

bool stopping;

/* The FIFO stays as it is: to turn it on would throw away what was typed, or piped in, before. */
void machine_console_init(void)
{
	out8(UART_IRQS, 0);
	out8(UART_LINE, 0x80);
	out8(UART_DATA, 1); /* 115200 baud */
	out8(UART_IRQS, 0);
	out8(UART_LINE, 3); /* 8 bits, no parity, 1 stop bit */
	out8(UART_MODEM, 0xb);
}

void machine_console_listen(void)
{
	out8(UART_IRQS, 1);
}

void machine_putc(char c)
{
	while (!(in8(UART_STATUS) & HAS_ROOM))
		arch_cpu_relax();
	out8(UART_DATA, (uint8_t)c);
}

void uart_interrupt(void)
{
	while (in8(UART_STATUS) & HAS_INPUT)
		tty_input((char)in8(UART_DATA));
}

void machine_report(const char *line)
{
	if (in8(DEBUG_PORT) != DEBUG_PORT)
		return;
	while (*line)
		out8(DEBUG_PORT, (uint8_t)*line++);
	out8(DEBUG_PORT, '\n');
}

/* By the first way that this machine has: QEMU's exit device, power off, a triple fault. */
VMS_NORETURN void machine_exit(int status)
{
	static const struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) no_gates;

	irq_off();
	if (!__atomic_exchange_n(&stopping, true, __ATOMIC_SEQ_CST) && this_cpu()->online)
		lapic_stop_others();
	out8(EXIT_PORT, (uint8_t)status);
	out16(POWER_PORT, POWER_OFF);
	__asm__ volatile("lidt %0\n\tint3" ::"m"(no_gates));
	for (;;)
		__asm__ volatile("hlt");
}

bool machine_random(void *to, size_t len)
{
	uint8_t *at = to;

	if (!(cpuid(1).c & 1u << 30))
		return false;
	while (len > 0) {
		size_t part = len < 8 ? len : 8;
		uint64_t value = 0;
		uint8_t ok = 0;

		for (int i = 0; i < 10 && !ok; i++)
			__asm__ volatile("rdrand %0\n\tsetc %1" : "=r"(value), "=qm"(ok)::"cc");
		if (!ok)
			return false;
		memcpy(at, &value, part);
		at += part;
		len -= part;
	}
	return true;
}
