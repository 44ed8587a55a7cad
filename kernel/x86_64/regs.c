/*
 * User registers as the rest of the kernel sees them: numbers in memory, of no processor.
 */
#include <kernel/machine.h>
#include <layout.h>

long user_regs_result(const struct user_regs *regs)
{
	return (long)regs->rax;
}

void user_regs_restart(struct user_regs *regs)
{
	regs->rax = regs->orig_rax;
	regs->rip -= SYSCALL_BYTES;
}

vms_va user_regs_ip(const struct user_regs *regs)
{
	return regs->rip;
}

vms_va user_regs_sp(const struct user_regs *regs)
{
	return regs->rsp;
}

void user_regs_set_sp(struct user_regs *regs, vms_va sp)
{
	regs->rsp = sp;
}

/* An address that no program may jump to becomes one that faults in user mode, and not in the kernel's exit. */
void user_regs_sanitize(struct user_regs *regs)
{
	regs->event = 1;
	regs->cs = USER_CS;
	regs->ss = USER_SS;
	regs->rflags = (regs->rflags & USER_FLAGS) | USER_FLAGS_SET;
	if (regs->rip >= VMS_USER_END)
		regs->rip = VMS_USER_END;
}
