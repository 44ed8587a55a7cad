/*
 * Instructions that C has no word for, and what the files of this folder owe each other.
 */
#ifndef KERNEL_X86_64_X86_H
#define KERNEL_X86_64_X86_H

#include <kernel/machine.h>
#include <layout.h>

#define MSR_EFER 0xc0000080u
#define MSR_STAR 0xc0000081u
#define MSR_LSTAR 0xc0000082u
#define MSR_SFMASK 0xc0000084u
#define MSR_FS_BASE 0xc0000100u
#define MSR_GS_BASE 0xc0000101u
#define MSR_KERNEL_GS_BASE 0xc0000102u

static inline void out8(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port));
}
static inline void out16(uint16_t port, uint16_t value)
{
	__asm__ volatile("outw %0, %1" ::"a"(value), "Nd"(port));
}
static inline uint8_t in8(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}
static inline uint64_t msr_read(uint32_t msr)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (uint64_t)high << 32 | low;
}
static inline void msr_write(uint32_t msr, uint64_t value)
{
	__asm__ volatile("wrmsr" ::"a"((uint32_t)value), "d"((uint32_t)(value >> 32)), "c"(msr) : "memory");
}
static inline uint64_t tsc_read(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
	return (uint64_t)high << 32 | low;
}
static inline uint64_t cr2_read(void)
{
	uint64_t cr2;

	__asm__ volatile("mov %%cr2, %0" : "=r"(cr2));
	return cr2;
}
static inline uint64_t cr4_read(void)
{
	uint64_t cr4;

	__asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
	return cr4;
}
static inline void cr4_write(uint64_t cr4)
{
	__asm__ volatile("mov %0, %%cr4" ::"r"(cr4) : "memory");
}
static inline uint64_t cr0_read(void)
{
	uint64_t cr0;

	__asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
	return cr0;
}
static inline void cr0_write(uint64_t cr0)
{
	__asm__ volatile("mov %0, %%cr0" ::"r"(cr0) : "memory");
}
static inline void irq_on(void)
{
	__asm__ volatile("sti" ::: "memory");
}
static inline void irq_off(void)
{
	__asm__ volatile("cli" ::: "memory");
}

struct cpuid {
	uint32_t a, b, c, d;
};
static inline struct cpuid cpuid_read(uint32_t leaf, uint32_t sub)
{
	struct cpuid result = {.a = leaf, .c = sub};

	__asm__ volatile("cpuid" : "+a"(result.a), "=b"(result.b), "+c"(result.c), "=d"(result.d));
	return result;
}
/* Zeros if the CPU has no such leaf. */
static inline struct cpuid cpuid(uint32_t leaf)
{
	if (cpuid_read(leaf & 0x80000000u, 0).a < leaf)
		return (struct cpuid){0};
	return cpuid_read(leaf, 0);
}

/* boot.c: what was found, in physical addresses. */
struct ram_range {
	vms_pa start, end; /* whole pages */
};
#define MAX_RAM_RANGES 32
extern struct ram_range ram_ranges[MAX_RAM_RANGES]; /* all RAM that is not the firmware's */
extern uint32_t nr_ram_ranges;
extern uint64_t boot_root[VMS_ENTRIES]; /* boot.S; also maps low memory at 0 */
void boot_start(vms_pa start_info);     /* from boot.S */

/* acpi.c: from the firmware's tables, while low memory is mapped. */
struct acpi_info {
	uint32_t lapic_id[VMS_MAX_CPUS]; /* of the CPUs that may be started */
	uint32_t nr_lapics;
	vms_pa io_apic;
	uint32_t uart_pin; /* interrupt of COM1 */
};
extern struct acpi_info acpi_info;
void acpi_read(vms_pa rsdp); /* 0: not told where; look for it */

/* map.c */
static inline void *direct(vms_pa at) /* where RAM is mapped */
{
	return (char *)DIRECT_MAP + at;
}
static inline volatile uint32_t *device(vms_pa at) /* one of the pages that machine_map_kernel() mapped */
{
	return (volatile uint32_t *)(DEVICE_MAP + at);
}
#define LAPIC_BASE 0xfee00000u

/* descriptors.c: segments, stacks and gates of the calling CPU. */
struct cpu_tables;
struct cpu_tables *cpu_tables_new(void); /* NULL: no memory */
extern struct cpu_tables boot_cpu_tables;
void cpu_tables_load(struct cpu_tables *tables, uint32_t id); /* and its GS base; before anything else */
void set_user_regs_end(struct user_regs *regs);               /* where traps from user mode push */
void system_call_init(void);

/* apic.c */
void lapic_init(void);
void lapic_end(void); /* the interrupt has been served */
void lapic_send(uint32_t lapic_id, uint32_t command);
void lapic_stop_others(void);
void lapic_timer_start(void);
void lapic_timer_probe(void);
uint32_t lapic_timer_passed(void);
uint32_t lapic_id(void);
void io_apic_init(void);
extern uint32_t lapic_of_cpu[VMS_MAX_CPUS];

/* time.c */
void time_init(void); /* how fast the clocks are */
void delay_us(uint64_t us);
extern uint64_t boot_tsc;
extern uint64_t timer_counts_a_tick; /* of the LAPIC's timer */
#define TICKS_PER_SECOND 250u

/* console.c */
void uart_interrupt(void);

/* fpu.c */
void fpu_init(void);
void fpu_save(struct user_fpu *fpu);
void fpu_load(const struct user_fpu *fpu);

/* registers.c: bases of FS and GS that belong to user mode. */
void user_bases_init(void);
void user_bases_save(struct user_regs *regs);
void user_bases_load(const struct user_regs *regs);

/* trap.c, for entry.S */
void trap_kernel(struct user_regs *frame, uint64_t vector);
void trap_stop(struct user_regs *frame, uint64_t vector); /* on a stack of its own */

/* entry.S */
void stack_switch(uint64_t *save, uint64_t load);
void thread_first(void);
void syscall_entry(void);
extern const char trap_stubs[]; /* 16 bytes each */

/* smp.c, for trampoline.S */
void cpu_started(uint64_t id);

extern bool stopping; /* console.c: the machine is going down, CPUs halt at the next NMI */

#endif
