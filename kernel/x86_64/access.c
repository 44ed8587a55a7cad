/*
 * One access of user mode, for the test of the port.
 */
#include <x86.h>

bool machine_user_access(vms_va va, uint32_t access, vms_va code, void *page)
{
	/* mov (%rdi), %al; syscall. And mov %al, (%rdi); syscall. */
	static const uint8_t load[] = {0x8a, 0x07, 0x0f, 0x05}, store[] = {0x88, 0x07, 0x0f, 0x05};
	struct user_regs *regs = &current()->regs;
	struct user_trap trap;
	enum user_event event;

	memcpy(page, access == VMS_W ? store : load, sizeof(load));
	/* Zeros are add %al, (%rax): run at va, they end in a fault of another page. */
	user_regs_init(regs, access == VMS_X ? va : code, 0);
	regs->rdi = va;
	do {
		this_cpu()->need_resched = false;
		event = user_execute(&trap);
	} while (event == USER_INTERRUPT);
	return event != USER_EXCEPTION || !trap.is_page_fault || trap.fault.va / VMS_PAGE != va / VMS_PAGE;
}
