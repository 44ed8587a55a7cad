/*
 * Ways for a program to die: `deaths WAY`. The kernel must end it, say so, and go on.
 */
#define _GNU_SOURCE
#include "check.h"
#include <pthread.h>
#include <sys/syscall.h>
#include <ucontext.h>

static volatile char zero;

static void read_kernel(void)
{
	act_read((void *)0xffffffff80000000);
}

static void write_kernel(void)
{
	act_write((void *)0xffff800000000000);
}

static void read_non_canonical(void)
{
	act_read((void *)0x0000900000000000);
}

static void read_null(void)
{
	act_read((void *)(uintptr_t)zero);
}

static void call_kernel(void)
{
	act_call((void *)0xffffffff80100000);
}

static void call_non_canonical(void)
{
	act_call((void *)0x0000800000000000);
}

static void on_return(int signal, siginfo_t *info, void *context)
{
	ucontext_t *user = context;

	(void)signal;
	(void)info;
	user->uc_mcontext.gregs[REG_RIP] = 0x0000800000000000;
}

/* Loading such an address can fault in the kernel, on its way out: the kernel must load one that faults in user mode. */
static void return_non_canonical(void)
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_sigaction = on_return;
	action.sa_flags = SA_SIGINFO;
	CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
	raise(SIGUSR1);
}

static void execute_data(void)
{
	static unsigned char code[] = {0xc3};

	act_call(code);
}

static void execute_stack(void)
{
	volatile unsigned char code[16] = {0xc3};

	act_call((void *)code);
}

static void write_text(void)
{
	void (*function)(void) = read_null;
	void *at;

	memcpy(&at, &function, sizeof(at));
	act_write(at);
}

static int __attribute__((noinline)) recurse_for_ever(volatile int *above)
{
	volatile int here[256];

	here[0] = *above + 1;
	if (here[0] < 0)
		return 0;
	return recurse_for_ever(here) + here[0];
}

static void recurse(void)
{
	volatile int bottom = 0;

	recurse_for_ever(&bottom);
}

/* A call that says that there is no memory, or the end of the program: both are answers. */
static void eat_memory(void)
{
	for (;;) {
		char *at = mmap(NULL, 256 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (at == MAP_FAILED)
			_exit(1);
		for (int i = 0; i < 256; i++)
			at[i * (int)PAGE] = 1;
	}
}

/* Each process eats a little, and there is no end of them. */
static void fork_for_ever(void)
{
	char *at = memory_new(256 * PAGE, PROT_READ | PROT_WRITE);

	for (;;) {
		pid_t child = fork();

		if (child < 0)
			_exit(1);
		if (child > 0) {
			waitpid(child, NULL, 0);
			_exit(1);
		}
		memset(at, 1, 256 * PAGE);
	}
}

static void divide(void)
{
	volatile int one = 1, nothing = zero;

	one = one / nothing;
}

static void illegal(void)
{
	__asm__ volatile("ud2");
}

static void privileged(void)
{
	__asm__ volatile("hlt");
}

static void port(void)
{
	__asm__ volatile("outb %%al, $0xf4" : : "a"(0));
}

static void interrupts_off(void)
{
	__asm__ volatile("cli");
}

static void breakpoint(void)
{
	__asm__ volatile("int3");
}

static void interrupt_gate(void)
{
	__asm__ volatile("int $0x20");
}

static void single_step(void)
{
	__asm__ volatile("pushfq\n orq $0x100, (%%rsp)\n popfq\n nop" : : : "memory", "cc");
}

static void bad_stack(void)
{
	__asm__ volatile("mov $0xffffffff80000000, %%rsp\n push %%rax" : : : "memory");
}

static void system_call_on_bad_stack(void)
{
	__asm__ volatile("mov $0x900000000000, %%rsp\n mov $39, %%eax\n syscall\n push %%rax"
			 :
			 :
			 : "rax", "rcx", "r11", "memory");
}

static void load_segment(void)
{
	__asm__ volatile("mov %0, %%ds" : : "r"(0xfffc));
}

static void *spin(void *nothing)
{
	(void)nothing;
	for (;;)
		if (zero)
			return NULL;
}

/* One of several threads faults: all of them end. */
static void fault_in_a_thread(void)
{
	pthread_t threads[3];

	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		CHECK(pthread_create(&threads[i], NULL, spin, NULL) == 0);
	usleep(2000);
	read_null();
}

static void abort_program(void)
{
	abort();
}

static void kill_itself(void)
{
	kill(getpid(), SIGKILL);
}

static const struct {
	const char *name;
	void (*act)(void);
} ways[] = {
	{"read-kernel", read_kernel},
	{"write-kernel", write_kernel},
	{"read-non-canonical", read_non_canonical},
	{"read-null", read_null},
	{"call-kernel", call_kernel},
	{"call-non-canonical", call_non_canonical},
	{"return-non-canonical", return_non_canonical},
	{"execute-data", execute_data},
	{"execute-stack", execute_stack},
	{"write-text", write_text},
	{"recurse", recurse},
	{"eat-memory", eat_memory},
	{"fork-for-ever", fork_for_ever},
	{"divide", divide},
	{"illegal", illegal},
	{"privileged", privileged},
	{"port", port},
	{"interrupts-off", interrupts_off},
	{"breakpoint", breakpoint},
	{"interrupt-gate", interrupt_gate},
	{"single-step", single_step},
	{"bad-stack", bad_stack},
	{"system-call-on-bad-stack", system_call_on_bad_stack},
	{"load-segment", load_segment},
	{"fault-in-a-thread", fault_in_a_thread},
	{"abort", abort_program},
	{"kill-itself", kill_itself},
};

int main(int argc, char **argv)
{
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		if (argc == 2 && strcmp(argv[1], ways[i].name) == 0) {
			ways[i].act();
			printf("%s: it lives\n", argv[1]);
			return 99;
		}
		if (argc == 1)
			printf("%s\n", ways[i].name);
	}
	return argc == 1 ? 0 : 2;
}
