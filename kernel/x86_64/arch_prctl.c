/*
 * arch_prctl: the bases of FS and GS, where C libraries keep what belongs to a thread.
 */
#include <kernel/errno.h>
#include <kernel/machine.h>
#include <kernel/syscall.h>
#include <kernel/user.h>
#include <x86.h>

enum { ARCH_SET_GS = 0x1001, ARCH_SET_FS, ARCH_GET_FS, ARCH_GET_GS };

long sys_arch_prctl(const uint64_t a[6])
{
	struct thread *thread = current();
	uint64_t base;

	switch ((int)a[0]) {
	case ARCH_SET_FS:
		return user_set_tls(thread, a[1]);
	case ARCH_GET_FS:
		base = user_tls(thread);
		return user_write(a[1], &base, sizeof(base));
	case ARCH_SET_GS:
		if (a[1] >= VMS_USER_END)
			return -EPERM;
		user_bases_save(&thread->regs);
		thread->regs.gs_base = a[1];
		user_bases_load(&thread->regs);
		return 0;
	case ARCH_GET_GS:
		user_bases_save(&thread->regs);
		return user_write(a[1], &thread->regs.gs_base, sizeof(base));
	default:
		return -EINVAL;
	}
}
