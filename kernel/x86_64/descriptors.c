/*
 * Segments, task state and gates. Each CPU has its own tables, with stacks for the four exceptions that may
 * come while the kernel's stack or GS base is not in place; the gates are the same for all.
 */
#include <kernel/memory.h>
#include <x86.h>

#define OWN_STACK_BYTES 4096u
enum { STACK_DEBUG, STACK_NMI, STACK_DOUBLE_FAULT, STACK_MACHINE_CHECK, NR_OWN_STACKS };

/* SDM 7.7. */
struct task_state {
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t reserved1;
	uint64_t ist[7];
	uint64_t reserved2;
	uint16_t reserved3;
	uint16_t io_map;
} __attribute__((packed));

struct cpu_tables {
	/* entry.S expects the CPU's GS base in the last two words of each, where ist[] points. */
	uint64_t stack[NR_OWN_STACKS][OWN_STACK_BYTES / 8] __attribute__((aligned(16)));
	struct task_state task;
	uint64_t segment[10];
};

/* SDM 6.14.1. */
struct gate {
	uint16_t offset0;
	uint16_t selector;
	uint8_t stack;
	uint8_t type;
	uint16_t offset1;
	uint32_t offset2;
	uint32_t reserved;
};

struct pointer {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

struct cpu_tables boot_cpu_tables;
static struct cpu_tables *tables_of_cpu[VMS_MAX_CPUS];
static struct gate gates[256];

struct cpu_tables *cpu_tables_new(void)
{
	return heap_zalloc(sizeof(struct cpu_tables));
}

static void gates_fill(void)
{
	static const uint8_t own_stack[NR_VECTORS] = {[1] = 1 + STACK_DEBUG,
						      [2] = 1 + STACK_NMI,
						      [8] = 1 + STACK_DOUBLE_FAULT,
						      [18] = 1 + STACK_MACHINE_CHECK};

	for (uint32_t i = 0; i < NR_VECTORS; i++) {
		uint64_t stub = (uintptr_t)trap_stubs + 16 * i;

		gates[i] = (struct gate){.offset0 = (uint16_t)stub,
					 .offset1 = (uint16_t)(stub >> 16),
					 .offset2 = (uint32_t)(stub >> 32),
					 .selector = KERNEL_CS,
					 .stack = own_stack[i],
					 /* Interrupt gates; programs may raise 3, the breakpoint, only. */
					 .type = i == 3 ? 0xee : 0x8e};
	}
}

void cpu_tables_load(struct cpu_tables *tables, uint32_t id)
{
	struct pointer segments = {.limit = sizeof(tables->segment) - 1, .base = (uintptr_t)tables->segment};
	struct pointer interrupts = {.limit = sizeof(gates) - 1, .base = (uintptr_t)gates};
	uint64_t task = (uintptr_t)&tables->task;
	struct cpu *cpu = &cpus[id];

	if (id == 0)
		gates_fill();
	cpu->self = cpu;
	cpu->id = id;
	tables_of_cpu[id] = tables;
	for (int i = 0; i < NR_OWN_STACKS; i++) {
		uint64_t *top = &tables->stack[i][OWN_STACK_BYTES / 8 - 2];

		*top = (uintptr_t)cpu;
		tables->task.ist[i] = (uintptr_t)top;
	}
	tables->task.io_map = sizeof(tables->task);
	tables->segment[KERNEL_CS / 8] = 0x00af9b000000ffff;
	tables->segment[KERNEL_SS / 8] = 0x00cf93000000ffff;
	tables->segment[USER_SS / 8] = 0x00cff3000000ffff;
	tables->segment[USER_CS / 8] = 0x00affb000000ffff;
	tables->segment[TSS_SEL / 8] = (sizeof(tables->task) - 1) + (task & 0xffffff) * 0x10000 + 0x0000890000000000 +
				       (task >> 24 & 0xff) * 0x100000000000000;
	tables->segment[TSS_SEL / 8 + 1] = task >> 32;

	/* The selectors in use name the same descriptors as before; null ones in DS to GS do in long mode. */
	__asm__ volatile("lgdt %0\n\tlidt %1\n\tltr %w2" ::"m"(segments), "m"(interrupts), "r"(TSS_SEL) : "memory");
	msr_write(MSR_GS_BASE, (uintptr_t)cpu);
	msr_write(MSR_KERNEL_GS_BASE, 0);
}

void set_user_regs_end(struct user_regs *regs)
{
	struct cpu *cpu = this_cpu();
	uint64_t end = (uintptr_t)regs + REGS_PUSHED;

	cpu->machine[1] = end;
	tables_of_cpu[cpu->id]->task.rsp[0] = end;
}

void system_call_init(void)
{
	msr_write(MSR_EFER, msr_read(MSR_EFER) | 1);
	msr_write(MSR_STAR, (uint64_t)SYSRET_BASE << 48 | (uint64_t)KERNEL_CS << 32);
	msr_write(MSR_LSTAR, (uintptr_t)syscall_entry);
	/* AC, NT, IOPL, DF, IF, TF. */
	msr_write(MSR_SFMASK, 0x47700);
}
