/*
 * Time: the TSC, and the LAPIC's timer for ticks; both are measured at start against the PIT, whose rate is
 * known. The date comes from the battery-backed clock, once.
 */
#include <x86.h>

#define PIT_HZ 1193182u
#define MEASURE_MS 10u
#define NS_PER_S 1000000000ul

uint64_t boot_tsc;
uint64_t timer_counts_a_tick;
static uint64_t tsc_hz;
static uint64_t ns_per_tsc; /* times 2^32 */
static uint64_t realtime_base;

/* Channel 2 counts down once while its gate is open; port 0x61 shows when it is through. */
static void measure(void)
{
	uint32_t count = PIT_HZ * MEASURE_MS / 1000, timer;
	uint8_t gate = in8(0x61) & 0xfc;
	uint64_t start, end;

	out8(0x61, gate);
	out8(0x43, 0xb0);
	out8(0x42, (uint8_t)count);
	out8(0x42, (uint8_t)(count >> 8));
	out8(0x61, gate | 1);
	start = tsc_read();
	lapic_timer_probe();
	while (!(in8(0x61) & 0x20)) {
		/* Reading a port is slow where it is emulated, most of all where instructions are counted. */
		for (int i = 0; i < 500; i++)
			__asm__ volatile("");
	}
	end = tsc_read();
	timer = lapic_timer_passed();
	out8(0x61, gate);

	tsc_hz = (end - start) * 1000 / MEASURE_MS;
	ns_per_tsc = (NS_PER_S << 32) / (tsc_hz ? tsc_hz : NS_PER_S);
	timer_counts_a_tick = max_u64((uint64_t)timer * 1000 / MEASURE_MS / TICKS_PER_SECOND, 1);
}

static uint8_t clock_read(uint8_t reg)
{
	out8(0x70, reg);
	return in8(0x71);
}

static uint64_t from_bcd(uint8_t value)
{
	return value / 16u * 10u + value % 16u;
}

static uint64_t clock_seconds(void)
{
	uint64_t year, month, day, hour, minute, second;
	bool binary;

	while (clock_read(10) & 0x80)
		arch_cpu_relax();
	binary = clock_read(11) & 4;
	second = binary ? clock_read(0) : from_bcd(clock_read(0));
	minute = binary ? clock_read(2) : from_bcd(clock_read(2));
	hour = binary ? clock_read(4) : from_bcd(clock_read(4));
	day = binary ? clock_read(7) : from_bcd(clock_read(7));
	month = binary ? clock_read(8) : from_bcd(clock_read(8));
	year = 2000 + (binary ? clock_read(9) : from_bcd(clock_read(9)));

	/* Days since 1970, with years that begin in March: the leap day is their last. */
	if (month <= 2) {
		month += 12;
		year--;
	}
	return (((365 * year + year / 4 - year / 100 + year / 400 + (153 * month - 457) / 5 + day - 719469) * 24 +
		 hour) * 60 +
		minute) *
		       60 +
	       second;
}

void time_init(void)
{
	measure();
	realtime_base = clock_seconds() * NS_PER_S - machine_now_ns();
}

uint64_t machine_now_ns(void)
{
	return (uint64_t)((unsigned __int128)(tsc_read() - boot_tsc) * ns_per_tsc >> 32);
}

uint64_t machine_realtime_base_ns(void)
{
	return realtime_base;
}

void delay_us(uint64_t us)
{
	uint64_t end = machine_now_ns() + us * 1000;

	while (machine_now_ns() < end) {
		vms_tlb_service();
		arch_cpu_relax();
	}
}
