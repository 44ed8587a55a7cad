/*
 * The life of a user thread: run its code until something happens, answer, and look after signals and other
 * threads on the way back. What a program did wrong is put into words here.
 */
#include <kernel/process.h>
#include <kernel/check.h>
#include <kernel/exec.h>
#include <kernel/machine.h>
#include <mm/mm.h>

#define SEGV_MAPERR 1
#define SEGV_ACCERR 2
#define BUS_ADRERR 2

/* How far below the stack an access still counts as the stack having grown too large. */
#define STACK_NEAR (1ul << 20)

static const char *access_name(uint32_t access)
{
	return access == VMS_W ? "write to" : access == VMS_X ? "jump to" : "read from";
}

static const char *missing_right(uint32_t access)
{
	return access == VMS_W ? "not writable" : access == VMS_X ? "not executable" : "not readable";
}

/* Memory was there for the asking, but the kernel has none: somebody pays, this program if need be. */
static void out_of_memory(const struct vms_fault *fault)
{
	struct process *process = this_process();

	if (memory_make_room())
		return;
	say("vmspace: %s (pid %d) killed: out of memory at %s 0x%lx\n", process->name, process->pid,
	    access_name(fault->access), fault->va);
	process_exit(SIGKILL);
}

/* Why a fault at a user's address is the program's own: the signal, its code, and words. 0: not any more. */
static int judge(const struct vms_fault *fault, int *code, const char **why)
{
	struct mm_area area;

	*code = SEGV_MAPERR;
	*why = "not mapped";
	if (!mm_next_area(this_process()->mm, fault->va, &area))
		return SIGSEGV;
	if (area.start > fault->va) {
		if (area.end == USER_STACK_TOP && area.start - fault->va <= STACK_NEAR)
			*why = "stack overflow";
		return SIGSEGV;
	}
	if ((area.prot & fault->access) != fault->access) {
		*why = missing_right(fault->access);
		*code = SEGV_ACCERR;
		return SIGSEGV;
	}
	/* The rights are there, so the file has no such page; or another thread has made it right just now. */
	if (area.file == NULL)
		return 0;
	*why = "past the end of the file";
	*code = BUS_ADRERR;
	return SIGBUS;
}

/* The space's handler did not make that page ready: ask once more, for the reason. */
VMS_SELDOM static void page_fault_fails(const struct vms_fault *fault)
{
	const char *why = "kernel address";
	int sig = SIGSEGV, code = SEGV_MAPERR;
	char what[96];

	if (fault->va < VMS_USER_END) {
		long result = mm_access(this_process()->mm, fault->va, fault->access);

		if (result == -ENOMEM)
			out_of_memory(fault);
		if (result != -EFAULT)
			return;
		sig = judge(fault, &code, &why);
		if (sig == 0)
			return;
	}
	format(what, sizeof(what), "%s 0x%lx (%s)", access_name(fault->access), fault->va, why);
	signal_fault(sig, code, fault->va, what);
}

void user_run(void *unused)
{
	struct thread *thread = current();

	(void)unused;
	for (;;) {
		struct user_trap trap;

		if (signal_waiting(thread))
			signal_deliver();
		check_on_return();
		switch (user_execute(&trap)) {
		case USER_SYSCALL:
			syscall_dispatch();
			break;
		case USER_EXCEPTION:
			if (!trap.is_page_fault)
				signal_fault(trap.signal, trap.code, trap.address, trap.name);
			else if (!vms_space_fault(&trap.fault))
				page_fault_fails(&trap.fault);
			break;
		case USER_INTERRUPT:
			break;
		}
		if (this_cpu()->need_resched)
			yield();
	}
}
