/*
 * The bases of FS and GS, which a thread has to itself, and the switch from thread to thread. In the kernel the user's
 * GS base waits where swapgs will look for it.
 */
#include <kernel/errno.h>
#include <x86.h>

#define CR4_FSGSBASE 0x10000ul

static bool has_fsgsbase;

void user_bases_init(void)
{
	if (cpuid(7).b & 1) {
		cr4_write(cr4_read() | CR4_FSGSBASE);
		has_fsgsbase = true;
	}
}

static uint64_t fs_base_read(void)
{
	uint64_t base;

	if (!has_fsgsbase)
		return msr_read(MSR_FS_BASE);
	__asm__ volatile("rdfsbase %0" : "=r"(base));
	return base;
}

static void fs_base_write(uint64_t base)
{
	if (has_fsgsbase)
		__asm__ volatile("wrfsbase %0" ::"r"(base) : "memory");
	else
		msr_write(MSR_FS_BASE, base);
}

void user_bases_save(struct user_regs *regs)
{
	regs->fs_base = fs_base_read();
	regs->gs_base = msr_read(MSR_KERNEL_GS_BASE);
}

void user_bases_load(const struct user_regs *regs)
{
	fs_base_write(regs->fs_base);
	msr_write(MSR_KERNEL_GS_BASE, regs->gs_base);
}

void user_regs_init(struct user_regs *regs, vms_va ip, vms_va sp)
{
	*regs = (struct user_regs){.rip = ip, .rsp = sp};
	user_regs_sanitize(regs);
	regs->orig_rax = ~0ull;
	if (regs == &current()->regs)
		user_bases_load(regs);
}

long user_set_tls(struct thread *thread, vms_va base)
{
	if (base >= VMS_USER_END)
		return -EPERM;
	thread->regs.fs_base = base;
	if (thread == current())
		fs_base_write(base);
	return 0;
}

vms_va user_tls(const struct thread *thread)
{
	return thread == current() ? fs_base_read() : thread->regs.fs_base;
}

void user_tls_copy(struct thread *to, const struct thread *from)
{
	if (from == current())
		user_bases_save(&to->regs);
	else {
		to->regs.fs_base = from->regs.fs_base;
		to->regs.gs_base = from->regs.gs_base;
	}
}

void machine_switch(struct thread *from, struct thread *to)
{
	if (from->fpu) {
		fpu_save(from->fpu);
		user_bases_save(&from->regs);
	}
	if (to->fpu) {
		fpu_load(to->fpu);
		user_bases_load(&to->regs);
		set_user_regs_end(&to->regs);
	}
	stack_switch(&from->kernel_sp, to->kernel_sp);
}

void machine_thread_prepare(struct thread *thread)
{
	uint64_t *top = (uint64_t *)((char *)thread->stack + STACK_BYTES);

	/* As stack_switch() leaves it: six registers and where to return; then aligned as after a call. */
	*--top = 0;
	*--top = 0;
	*--top = (uintptr_t)thread_first;
	top -= 6;
	memset(top, 0, 6 * sizeof(*top));
	thread->kernel_sp = (uintptr_t)top;
}
