/*
 * Threads and user registers of the kernel on the machine in a process: a kernel thread is a coroutine of the
 * host with a stack of the host's. kernel/sched.c decides who runs.
 */
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>

#include <kernel/errno.h>
#include <kernel/machine.h>
#include <kernel/memory.h>
#include <kernel/process.h>
#include <kernel/wait_queue.h>
#include <sim/inside.h>

#include "../fuzz.h"
#include "machine.h"

/* Frames of sanitized code are large. */
#define HOST_STACK (256u << 10)
#define IMAGE_BYTES 512u
#define MXCSR_AT 24u
#define MXCSR_VALID 0xffffu

struct coroutine {
	ucontext_t context;
	void *fake_stack; /* the sanitizer's */
	struct coroutine *next;
	char stack[HOST_STACK];
};

struct user_fpu {
	struct coroutine *coroutine; /* of the thread that it belongs to */
	uint8_t image[IMAGE_BYTES];
};

static struct coroutine idle_coroutine; /* of the kernel's idle thread */
static struct coroutine *unused;        /* those of threads that have ended */
static ucontext_t host_context;
static void *host_fake_stack;
static const void *host_stack;
static size_t host_stack_len;

/* swapcontext() without what the sanitizer believes to know about it. */
static void context_switch(ucontext_t *from, const ucontext_t *to)
{
	volatile bool back = false;

	getcontext(from);
	if (!back) {
		back = true;
		setcontext(to);
	}
}

static struct coroutine *coroutine_new(void)
{
	struct coroutine *coroutine = unused;

	if (coroutine) {
		unused = coroutine->next;
		ASAN_UNPOISON_MEMORY_REGION(coroutine->stack, HOST_STACK);
		return coroutine;
	}
	return malloc(sizeof(*coroutine));
}

static void coroutine_prepare(struct coroutine *coroutine, void (*begin)(void))
{
	getcontext(&coroutine->context);
	coroutine->context.uc_stack.ss_sp = coroutine->stack;
	coroutine->context.uc_stack.ss_size = HOST_STACK;
	coroutine->context.uc_link = NULL;
	coroutine->fake_stack = NULL;
	makecontext(&coroutine->context, begin, 0);
}

static struct coroutine *coroutine_of(const struct thread *thread)
{
	return thread->fpu ? thread->fpu->coroutine : &idle_coroutine;
}

static void first_run(void)
{
	__sanitizer_finish_switch_fiber(NULL, NULL, NULL);
	thread_begin();
}

static void idle_first_run(void)
{
	__sanitizer_finish_switch_fiber(NULL, &host_stack, &host_stack_len);
	sched_start();
}

void machine_power_on(void)
{
	coroutine_prepare(&idle_coroutine, idle_first_run);
}

void machine_run(void)
{
	__sanitizer_start_switch_fiber(&host_fake_stack, idle_coroutine.stack, HOST_STACK);
	context_switch(&host_context, &idle_coroutine.context);
	__sanitizer_finish_switch_fiber(host_fake_stack, NULL, NULL);
}

void machine_leave(void)
{
	__sanitizer_start_switch_fiber(&idle_coroutine.fake_stack, host_stack, host_stack_len);
	context_switch(&idle_coroutine.context, &host_context);
	__sanitizer_finish_switch_fiber(idle_coroutine.fake_stack, &host_stack, &host_stack_len);
}

void machine_switch(struct thread *from, struct thread *to)
{
	struct coroutine *last = coroutine_of(from), *next = coroutine_of(to);

	/* One for interrupts that are off all the time; a second one is a lock's. */
	MUST(sim_cpu_current()->preempt_off == 1 && sim_cpu_current()->irq_off);
	__sanitizer_start_switch_fiber(from->state == THREAD_DEAD ? NULL : &last->fake_stack, next->stack, HOST_STACK);
	context_switch(&last->context, &next->context);
	__sanitizer_finish_switch_fiber(last->fake_stack, NULL, NULL);
}

void machine_thread_prepare(struct thread *thread)
{
	coroutine_prepare(thread->fpu->coroutine, first_run);
}

/* Its coroutine comes with it: a thread has one from thread_create() to thread_free(). */
struct user_fpu *user_fpu_new(void)
{
	struct user_fpu *fpu = heap_zalloc(sizeof(*fpu));

	if (fpu)
		fpu->coroutine = coroutine_new();
	return fpu;
}

void user_fpu_free(struct user_fpu *fpu)
{
	fpu->coroutine->next = unused;
	unused = fpu->coroutine;
	heap_free(fpu);
}

void user_fpu_copy(struct user_fpu *to, const struct thread *from)
{
	memcpy(to->image, from->fpu->image, IMAGE_BYTES);
}

void user_fpu_reset(struct user_fpu *fpu)
{
	memset(fpu->image, 0, IMAGE_BYTES);
}

uint64_t user_fpu_size(void)
{
	return IMAGE_BYTES;
}

void user_fpu_save_image(void *to)
{
	memcpy(to, current()->fpu->image, IMAGE_BYTES);
}

bool user_fpu_load_image(const void *from)
{
	uint32_t mxcsr;

	memcpy(&mxcsr, (const char *)from + MXCSR_AT, sizeof(mxcsr));
	if (mxcsr & ~MXCSR_VALID)
		return false;
	memcpy(current()->fpu->image, from, IMAGE_BYTES);
	return true;
}

void user_regs_init(struct user_regs *regs, vms_va ip, vms_va sp)
{
	*regs = (struct user_regs){.rip = ip, .rsp = sp, .orig_rax = ~0ull};
	user_regs_sanitize(regs);
}

long user_set_tls(struct thread *thread, vms_va base)
{
	if (base >= VMS_USER_END)
		return -EPERM;
	thread->regs.fs_base = base;
	return 0;
}

vms_va user_tls(const struct thread *thread)
{
	return thread->regs.fs_base;
}

void user_tls_copy(struct thread *to, const struct thread *from)
{
	to->regs.fs_base = from->regs.fs_base;
	to->regs.gs_base = from->regs.gs_base;
}
