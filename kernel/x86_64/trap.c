/*
 * What a trap means. From user mode it ends user_execute(), which serves interrupts itself and describes
 * exceptions; in kernel mode it is an interrupt, a page fault of a copy from or to user memory, or the end.
 */
#include <x86.h>

#define TRAP_NMI 2u
#define TRAP_PAGE_FAULT 14u
#define TRAP_FPU 16u
#define TRAP_SIMD 19u

#define ERROR_WRITE 2u
#define ERROR_INSTRUCTION 16u

#define FLAGS_IF 0x200u

_Static_assert(offsetof(struct cpu, current) == 0 && offsetof(struct cpu, self) == 8, "percpu.h");
_Static_assert(offsetof(struct cpu, machine[0]) == CPU_KERNEL_SP && offsetof(struct cpu, machine[1]) == CPU_REGS_END &&
		       offsetof(struct cpu, machine[2]) == CPU_SCRATCH,
	       "layout.h");
_Static_assert(offsetof(struct user_regs, rip) == REGS_RIP && offsetof(struct user_regs, fs_base) == REGS_PUSHED &&
		       offsetof(struct user_regs, orig_rax) == REGS_ERROR && REGS_PUSHED % 16 == 0,
	       "layout.h");

enum { SIGNAL_ILL = 4, SIGNAL_TRAP = 5, SIGNAL_BUS = 7, SIGNAL_FPE = 8, SIGNAL_SEGV = 11 };
#define CODE_KERNEL 0x80

/* What Linux sends for each exception; at: si_addr is the instruction. */
static const struct exception {
	const char *name;
	int signal;
	int code;
	bool at;
} exceptions[32] = {
	[0] = {"divide error", SIGNAL_FPE, 1, true},
	[1] = {"debug trap", SIGNAL_TRAP, 2, true},
	[2] = {"non-maskable interrupt", 0, 0, false},
	[3] = {"breakpoint", SIGNAL_TRAP, CODE_KERNEL, false},
	[4] = {"overflow", SIGNAL_SEGV, CODE_KERNEL, false},
	[5] = {"bound range exceeded", SIGNAL_SEGV, CODE_KERNEL, false},
	[6] = {"invalid opcode", SIGNAL_ILL, 2, true},
	[7] = {"device not available", SIGNAL_ILL, 2, true},
	[8] = {"double fault", 0, 0, false},
	[10] = {"invalid task state", SIGNAL_SEGV, CODE_KERNEL, false},
	[11] = {"segment not present", SIGNAL_BUS, CODE_KERNEL, false},
	[12] = {"stack segment fault", SIGNAL_BUS, CODE_KERNEL, false},
	[13] = {"general protection", SIGNAL_SEGV, CODE_KERNEL, false},
	[14] = {"page fault", SIGNAL_SEGV, 1, false},
	[16] = {"floating-point error", SIGNAL_FPE, 3, true},
	[17] = {"alignment check", SIGNAL_BUS, 1, false},
	[18] = {"machine check", 0, 0, false},
	[19] = {"SIMD floating-point error", SIGNAL_FPE, 3, true},
};

static const char *trap_name(uint64_t number)
{
	return number < ARRAY_LEN(exceptions) && exceptions[number].name ? exceptions[number].name : "trap";
}

static void interrupt_serve(uint64_t vector)
{
	switch (vector) {
	case VECTOR_TIMER:
		lapic_end();
		sched_tick();
		break;
	case VECTOR_UART:
		uart_interrupt();
		lapic_end();
		break;
	case VECTOR_INTERRUPT:
		lapic_end();
		vms_tlb_service();
		break;
	default: /* a spurious one, which must not be acknowledged */
		break;
	}
}

static struct vms_fault fault_of(uint64_t error, vms_va va, bool user)
{
	return (struct vms_fault){
		.va = va,
		.access = error & ERROR_INSTRUCTION ? VMS_X
			  : error & ERROR_WRITE     ? VMS_W
						    : VMS_R,
		.user = user,
	};
}

/* Which floating-point exception: invalid, denormal, divide, overflow, underflow, inexact, as bits from 0. */
static int fpu_code(uint32_t raised)
{
	static const int codes[6] = {
		7 /* FPE_FLTINV */, 5 /* FPE_FLTUND */, 3 /* FPE_FLTDIV */, 4 /* FPE_FLTOVF */, 5, 6 /* FPE_FLTRES */};

	for (int i = 0; i < 6; i++) {
		if (raised & 1u << i)
			return codes[i];
	}
	return 7;
}

static int fpu_code_now(uint32_t number)
{
	uint16_t status, control;
	uint32_t mxcsr;

	if (number == TRAP_FPU) {
		__asm__ volatile("fnstsw %0\n\tfnstcw %1" : "=m"(status), "=m"(control));
		return fpu_code(status & ~(uint32_t)control);
	}
	__asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
	return fpu_code(mxcsr & ~(mxcsr >> 7));
}

enum user_event user_trap_take(struct user_trap *trap, uint64_t event)
{
	struct user_regs *regs = &current()->regs;
	const struct exception *exception;
	uint64_t error;

	error = regs->orig_rax;
	regs->orig_rax = ~0ull;
	/* Back by iretq, which loads every register; vector 0 is an event too. */
	regs->event = 1;
	trap->is_page_fault = event == TRAP_PAGE_FAULT;
	if (trap->is_page_fault) {
		trap->fault = fault_of(error, cr2_read(), true);
		irq_on();
		return USER_EXCEPTION;
	}
	if (event >= ARRAY_LEN(exceptions) || event == TRAP_NMI) {
		if (event == TRAP_NMI)
			trap_stop(regs, event);
		interrupt_serve(event);
		irq_on();
		return USER_INTERRUPT;
	}

	exception = &exceptions[event];
	trap->number = (uint32_t)event;
	trap->name = trap_name(event);
	trap->signal = exception->signal ? exception->signal : SIGNAL_SEGV;
	trap->code = exception->code;
	trap->address = exception->at ? regs->rip : 0;
	if (event == TRAP_FPU || event == TRAP_SIMD) {
		trap->code = fpu_code_now((uint32_t)event);
	} else if (!exception->signal) {
		panic("%s in user mode at %lx", trap->name, regs->rip);
	}
	irq_on();
	return USER_EXCEPTION;
}

static void backtrace(uint64_t rbp)
{
	uint64_t stack = rbp / STACK_BYTES;

	say("called from");
	/* Frames lie on one stack, and each caller's above the one before. */
	for (int i = 0; i < 16 && rbp % 8 == 0 && rbp >= DIRECT_MAP && rbp / STACK_BYTES == stack; i++) {
		const uint64_t *frame = (const uint64_t *)rbp;

		if ((rbp + 8) / STACK_BYTES != stack || frame[1] < KERNEL_BASE)
			break;
		say(" %lx", frame[1]);
		if (frame[0] <= rbp)
			break;
		rbp = frame[0];
	}
	say("\n");
}

VMS_NORETURN static void die(const struct user_regs *frame, uint64_t vector)
{
	say("\nkernel: %s (%lu), error %lx, address %lx, CPU %u\n", trap_name(vector), vector, frame->orig_rax,
	    cr2_read(), this_cpu()->id);
	say("rip %lx cs %lx rflags %lx rsp %lx\n", frame->rip, frame->cs, frame->rflags, frame->rsp);
	say("rax %lx rbx %lx rcx %lx rdx %lx rsi %lx rdi %lx\n", frame->rax, frame->rbx, frame->rcx, frame->rdx,
	    frame->rsi, frame->rdi);
	say("rbp %lx r8 %lx r9 %lx r10 %lx r11 %lx r12 %lx\n", frame->rbp, frame->r8, frame->r9, frame->r10, frame->r11,
	    frame->r12);
	say("r13 %lx r14 %lx r15 %lx\n", frame->r13, frame->r14, frame->r15);
	backtrace(frame->rbp);
	panic("%s in the kernel at %lx", trap_name(vector), frame->rip);
}

/* A fault of one of the copies of arch/: have it resolved, or end the copy. */
static bool copy_fault(struct user_regs *frame)
{
	uint64_t fixup = arch_user_fixup(frame->rip);
	struct vms_fault fault = fault_of(frame->orig_rax, cr2_read(), false);

	if (!fixup)
		return false;
	if (frame->rflags & FLAGS_IF)
		irq_on();
	if (!vms_space_fault(&fault))
		frame->rip = fixup;
	irq_off();
	return true;
}

void trap_kernel(struct user_regs *frame, uint64_t vector)
{
	if (vector >= ARRAY_LEN(exceptions))
		interrupt_serve(vector);
	else if (vector != TRAP_PAGE_FAULT || !copy_fault(frame))
		die(frame, vector);
}

/* An NMI tells a CPU that the machine stops; otherwise it means nothing. */
void trap_stop(struct user_regs *frame, uint64_t vector)
{
	if (vector != TRAP_NMI)
		die(frame, vector);
	while (__atomic_load_n(&stopping, __ATOMIC_ACQUIRE))
		__asm__ volatile("cli; hlt");
}
