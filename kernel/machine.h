/*
 * What a machine's folder (kernel/x86_64) gives to the rest of the kernel. With port.h and the library's
 * arch/ this is all there is to do for a new one.
 */
#ifndef KERNEL_MACHINE_H
#define KERNEL_MACHINE_H

#include <kernel/base.h>
#include <kernel/sched.h>

/* What the boot loader told: filled in before kernel_main() runs. Physical addresses. */
struct boot_info {
	struct vms_region regions[32]; /* free RAM: neither kernel, archive nor anything else in it */
	uint32_t nr_regions;
	uint32_t nr_frames;    /* highest frame of RAM + 1 */
	struct vms_table *ram; /* where physical address 0 is mapped, now and later */
	vms_pa archive;        /* the cpio archive */
	uint64_t archive_len;  /* 0: there is none */
	char command_line[2048];
	uint32_t nr_cpus; /* found; at most VMS_MAX_CPUS */
};
extern struct boot_info boot_info;

void kernel_main(void);     /* kernel/main.c; on the first CPU, interrupts off, on the boot stack */
void kernel_cpu_main(void); /* kernel/main.c; on every other CPU */

/* Map the kernel's half into vms_machine.kernel: text RX, read-only R, data RW, RAM RW without X. */
void machine_map_kernel(void);
void machine_init(void);       /* interrupts, timer, system calls: this CPU, the first */
void machine_start_cpus(void); /* the others; each ends up in kernel_cpu_main() */
void machine_console_init(void);
void machine_console_listen(void); /* what is typed, and was before, goes to tty_input() from now on */
void machine_putc(char c);         /* to the console, waiting for room */
/* Stop the machine. status becomes QEMU's way of saying so (0: all well). */
VMS_NORETURN void machine_exit(int status);
/* For tools: one line of text where the host's runner finds it, apart from the console. */
void machine_report(const char *line);
void machine_interrupt(uint64_t cpus); /* TLB flush and "look at your flags", one vector */
uint64_t machine_now_ns(void);
uint64_t machine_realtime_base_ns(void); /* real time at boot */
void machine_irq_on(void);
void machine_idle(void); /* interrupts off on entry: wait for one, with interrupts on; off on return */
bool machine_random(void *to, size_t len); /* from hardware; false: there is none */

/* Threads. */
struct user_fpu *user_fpu_new(void);
void user_fpu_copy(struct user_fpu *to, const struct thread *from); /* from may be current: live registers */
void user_fpu_reset(struct user_fpu *fpu);
void user_fpu_free(struct user_fpu *fpu);
uint64_t user_fpu_size(void);               /* bytes of the image in a signal frame */
void user_fpu_save_image(void *to);         /* of the current thread */
bool user_fpu_load_image(const void *from); /* false: not a valid image; nothing changed */
/* Switch stacks, FPU and TLS base. Returns when somebody switches back. */
void machine_switch(struct thread *from, struct thread *to);
/* Make `thread` start in thread_begin() (sched.c) on its own stack. */
void machine_thread_prepare(struct thread *thread);

/*
 * Run the current thread's user code with thread->regs until something happens. Interrupts are off on
 * entry to user mode's last check and on on return.
 */
enum user_event {
	USER_SYSCALL,
	USER_EXCEPTION, /* *trap says which */
	USER_INTERRUPT  /* an interrupt was served; flags may have changed */
};
struct user_trap {
	bool is_page_fault;
	struct vms_fault fault; /* then, and nothing else; or the others: */
	uint32_t number;        /* machine's own: for the message */
	const char *name;       /* "general protection", ... */
	int signal;             /* what Linux sends: SIGILL, SIGFPE, SIGSEGV, SIGTRAP, SIGBUS */
	int code;               /* si_code */
	vms_va address;         /* si_addr */
};
static inline enum user_event user_execute(struct user_trap *trap);
/*
 * Does an access of user mode to va go through, in the active space? The kernel is not asked to resolve a fault.
 * code: a user page that may be executed; page: where the kernel writes to it. The page of va holds zeros.
 */
bool machine_user_access(vms_va va, uint32_t access, vms_va code, void *page);

/* User registers (regs.h has the struct). */
void user_regs_init(struct user_regs *regs, vms_va ip, vms_va sp);          /* as execve leaves them */
static inline uint64_t user_regs_call(const struct user_regs *regs);        /* number of the system call */
static inline const uint64_t *user_regs_args(const struct user_regs *regs); /* its six arguments */
static inline void user_regs_set_result(struct user_regs *regs, long result);
#include <execute.h>
long user_regs_result(const struct user_regs *regs);
void user_regs_restart(struct user_regs *regs); /* run the system call instruction again */
vms_va user_regs_ip(const struct user_regs *regs);
vms_va user_regs_sp(const struct user_regs *regs);
void user_regs_set_sp(struct user_regs *regs, vms_va sp);
/* Make them safe to run: user segments, no privileged flag, canonical ip. After anything set them. */
void user_regs_sanitize(struct user_regs *regs);
long user_set_tls(struct thread *thread, vms_va base); /* -EPERM: no user address */
vms_va user_tls(const struct thread *thread);
void user_tls_copy(struct thread *to, const struct thread *from);

/*
 * Signal frames: on the user stack, as the C library expects them. `sig` is delivered with `action`'s
 * handler; `mask` is put back by sigreturn. -EFAULT: no room for the frame.
 */
struct signal_action;
struct signal_info { /* the part of siginfo_t that we fill */
	int signo;
	int code;
	int pid;
	uint64_t value; /* si_addr, si_status */
};
long user_signal_frame(int sig, const struct signal_action *action, const struct signal_info *info, uint64_t mask,
		       vms_va stack); /* stack: alternate stack's top, or 0 */
/* The same details as a siginfo_t, for sigtimedwait. */
#define SIGINFO_BYTES 128
void machine_signal_info(void *to, const struct signal_info *info);
/* rt_sigreturn: registers from the frame; the mask to put back. -EFAULT. */
long user_signal_return(uint64_t *mask);

#endif
