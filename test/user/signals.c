/*
 * Signals: handlers, masks, stacks, and how they end system calls that wait.
 */
#define _GNU_SOURCE
#include "check.h"
#include <sys/time.h>
#include <time.h>
#include <ucontext.h>

static volatile sig_atomic_t nr_caught, last_signal, last_pid, last_code;
static volatile uintptr_t seen_stack;

static void on_signal(int signal, siginfo_t *info, void *context)
{
	(void)context;
	nr_caught++;
	last_signal = signal;
	last_pid = info->si_pid;
	last_code = info->si_code;
	seen_stack = (uintptr_t)__builtin_frame_address(0);
}

static void catch (int signal, void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_sigaction = handler;
	action.sa_flags = SA_SIGINFO | flags;
	CHECK(sigaction(signal, &action, NULL) == 0);
}

static void sleep_ms(long ms)
{
	struct timespec left = {ms / 1000, ms % 1000 * 1000000};

	while (nanosleep(&left, &left) == -1)
		CHECK(errno == EINTR);
}

static void test_basic(void)
{
	struct sigaction old;

	catch (SIGUSR1, on_signal, 0);
	CHECK(kill(getpid(), SIGUSR1) == 0);
	CHECK(nr_caught == 1 && last_signal == SIGUSR1 && last_pid == getpid() && last_code == SI_USER);
	CHECK(raise(SIGUSR1) == 0 && nr_caught == 2);
	CHECK(sigaction(SIGUSR1, NULL, &old) == 0 && old.sa_sigaction == on_signal && (old.sa_flags & SA_SIGINFO));
	CHECK(signal(SIGUSR2, SIG_IGN) != SIG_ERR);
	CHECK(kill(getpid(), SIGUSR2) == 0 && nr_caught == 2);
	CHECK(sigaction(SIGKILL, &old, NULL) == -1 && errno == EINVAL);
	CHECK(kill(getpid(), 0) == 0);
	CHECK(kill(getpid(), 99) == -1 && errno == EINVAL);
	CHECK(kill(999999, SIGTERM) == -1 && errno == ESRCH);
	catch (SIGUSR1, on_signal, SA_RESETHAND);
	CHECK(raise(SIGUSR1) == 0);
	CHECK(sigaction(SIGUSR1, NULL, &old) == 0 && old.sa_handler == SIG_DFL);
	done("handlers");
}

static void test_mask(void)
{
	sigset_t set, old, pending;

	catch (SIGUSR1, on_signal, 0);
	nr_caught = 0;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	CHECK(sigprocmask(SIG_BLOCK, &set, &old) == 0);
	CHECK(raise(SIGUSR1) == 0 && raise(SIGUSR1) == 0 && nr_caught == 0);
	CHECK(sigpending(&pending) == 0 && sigismember(&pending, SIGUSR1) && !sigismember(&pending, SIGUSR2));
	CHECK(sigprocmask(SIG_SETMASK, &old, NULL) == 0);
	CHECK(nr_caught == 1); /* those that wait are one */
	sigset_t all;
	sigfillset(&all);
	CHECK(sigprocmask(SIG_BLOCK, &all, &old) == 0);
	CHECK(sigprocmask(SIG_BLOCK, NULL, &set) == 0 && !sigismember(&set, SIGKILL));
	CHECK(sigprocmask(SIG_SETMASK, &old, NULL) == 0);
	done("masks");
}

/* What ran, in order: a letter each. */
static char trace[16];

static void add_to_trace(char letter)
{
	size_t len = strlen(trace);

	if (len + 1 < sizeof(trace))
		trace[len] = letter;
}

static void on_nested(int signal, siginfo_t *info, void *context)
{
	bool first = trace[0] == 0;

	(void)info;
	(void)context;
	if (signal == SIGUSR2) {
		add_to_trace('2');
		return;
	}
	add_to_trace('a');
	if (!first)
		return;
	raise(SIGUSR1); /* blocked while we run: comes afterwards */
	add_to_trace('b');
	raise(SIGUSR2); /* at once, unless our mask has it */
	add_to_trace('c');
}

static void test_nested(void)
{
	struct sigaction action;

	catch (SIGUSR2, on_nested, 0);
	catch (SIGUSR1, on_nested, 0);
	CHECK(raise(SIGUSR1) == 0 && strcmp(trace, "ab2ca") == 0);
	CHECK(sigaction(SIGUSR1, NULL, &action) == 0);
	sigaddset(&action.sa_mask, SIGUSR2);
	CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
	memset(trace, 0, sizeof(trace));
	CHECK(raise(SIGUSR1) == 0 && strcmp(trace, "abca2") == 0);
	action.sa_flags |= SA_NODEFER;
	sigemptyset(&action.sa_mask);
	CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
	memset(trace, 0, sizeof(trace));
	CHECK(raise(SIGUSR1) == 0 && strcmp(trace, "aab2c") == 0);
	done("nesting");
}

static void test_registers(void)
{
	/* A handler must leave no trace in the registers, floating point ones included. */
	volatile double x = 1.5;
	double sum = 0;
	struct itimerval often = {{0, 1000}, {0, 1000}}, never = {{0, 0}, {0, 0}};

	catch (SIGALRM, on_signal, SA_RESTART);
	nr_caught = 0;
	CHECK(setitimer(ITIMER_REAL, &often, NULL) == 0);
	long loops = 0;
	while (nr_caught < 5) {
		sum = 0;
		for (int i = 0; i < 10000; i++)
			sum += x * i;
		CHECK(sum == 1.5 * 9999 * 10000 / 2);
		loops++;
	}
	CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0);
	CHECK(loops > 0);
	done("registers");
}

static void test_children(void)
{
	catch (SIGCHLD, on_signal, 0);
	nr_caught = 0;
	pid_t child = fork();
	if (child == 0)
		_exit(7);
	CHECK(exited_with(child, 7));
	CHECK(nr_caught == 1 && last_signal == SIGCHLD && last_pid == child && last_code == CLD_EXITED);
	child = fork();
	if (child == 0)
		for (;;)
			pause();
	int status;
	CHECK(waitpid(child, &status, WNOHANG) == 0);
	CHECK(kill(child, SIGSTOP) == 0);
	/* SIGCHLD of the stop interrupts the wait, or comes before it. */
	while (waitpid(child, &status, WUNTRACED) == -1)
		CHECK(errno == EINTR);
	CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
	CHECK(kill(child, SIGCONT) == 0);
	while (waitpid(child, &status, WCONTINUED) == -1)
		CHECK(errno == EINTR);
	CHECK(WIFCONTINUED(status));
	CHECK(kill(child, SIGKILL) == 0);
	while (waitpid(child, &status, 0) == -1)
		CHECK(errno == EINTR);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	CHECK(waitpid(-1, &status, 0) == -1 && errno == ECHILD);
	CHECK(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
	child = fork();
	if (child == 0)
		_exit(0);
	CHECK(waitpid(child, &status, 0) == -1 && errno == ECHILD);
	CHECK(signal(SIGCHLD, SIG_DFL) != SIG_ERR);
	done("children");
}

static void test_interrupted_calls(void)
{
	int ends[2];
	char byte;

	CHECK(pipe(ends) == 0);
	for (int restart = 0; restart <= 1; restart++) {
		catch (SIGUSR1, on_signal, restart ? SA_RESTART : 0);
		nr_caught = 0;
		pid_t parent = getpid(), child = fork();
		if (child == 0) {
			sleep_ms(60);
			kill(parent, SIGUSR1);
			sleep_ms(60);
			CHECK(write(ends[1], "x", 1) == 1);
			_exit(0);
		}
		ssize_t got = read(ends[0], &byte, 1);
		CHECK(nr_caught == 1);
		if (restart)
			CHECK(got == 1 && byte == 'x');
		else
			CHECK(got == -1 && errno == EINTR);
		CHECK(exited_with(child, 0));
		if (!restart)
			CHECK(read(ends[0], &byte, 1) == 1);
	}
	close(ends[0]);
	catch (SIGPIPE, on_signal, 0);
	nr_caught = 0;
	CHECK(write(ends[1], "x", 1) == -1 && errno == EPIPE && nr_caught == 1 && last_signal == SIGPIPE);
	close(ends[1]);
	done("interrupted calls");
}

static void test_alarm(void)
{
	struct timespec long_time = {5, 0}, left = {0, 0};
	sigset_t none;

	catch (SIGALRM, on_signal, 0);
	nr_caught = 0;
	struct itimerval soon = {{0, 0}, {0, 50000}};
	CHECK(setitimer(ITIMER_REAL, &soon, NULL) == 0);
	CHECK(nanosleep(&long_time, &left) == -1 && errno == EINTR && nr_caught == 1);
	CHECK(left.tv_sec >= 3);
	sigset_t block;
	sigemptyset(&block);
	sigaddset(&block, SIGALRM);
	CHECK(sigprocmask(SIG_BLOCK, &block, NULL) == 0);
	CHECK(setitimer(ITIMER_REAL, &soon, NULL) == 0);
	sleep_ms(80);
	CHECK(nr_caught == 1);
	sigemptyset(&none);
	CHECK(sigsuspend(&none) == -1 && errno == EINTR && nr_caught == 2);
	sigset_t now;
	CHECK(sigprocmask(SIG_UNBLOCK, &block, &now) == 0 && sigismember(&now, SIGALRM));
	CHECK(alarm(100) == 0 && alarm(0) >= 99);
	done("alarm and sigsuspend");
}

static void *fault_address;

static void on_overflow(int signal, siginfo_t *info, void *context)
{
	(void)context;
	fault_address = info->si_addr;
	_exit(signal == SIGSEGV && info->si_code == SEGV_ACCERR ? 33 : signal == SIGSEGV ? 34 : 35);
}

static int __attribute__((noinline)) recurse_for_ever(volatile int *above)
{
	volatile int here[256];

	here[0] = *above + 1;
	if (here[0] < 0)
		return 0;
	return recurse_for_ever(here) + here[0];
}

static void test_alternate_stack(void)
{
	static char stack[65536];
	stack_t alternate = {.ss_sp = stack, .ss_size = sizeof(stack), .ss_flags = 0}, old;
	volatile int bottom = 0;

	CHECK(sigaltstack(&alternate, NULL) == 0);
	CHECK(sigaltstack(NULL, &old) == 0 && old.ss_sp == stack && old.ss_size == sizeof(stack));
	catch (SIGUSR1, on_signal, SA_ONSTACK);
	CHECK(raise(SIGUSR1) == 0);
	CHECK(seen_stack - (uintptr_t)stack < sizeof(stack));
	catch (SIGUSR1, on_signal, 0);
	CHECK(raise(SIGUSR1) == 0);
	CHECK(seen_stack - (uintptr_t)stack >= sizeof(stack));
	pid_t child = fork();
	if (child == 0) {
		catch (SIGSEGV, on_overflow, SA_ONSTACK);
		_exit(recurse_for_ever(&bottom));
	}
	int status = status_of_child(child);
	CHECK(WIFEXITED(status) && (WEXITSTATUS(status) == 33 || WEXITSTATUS(status) == 34));
	/* Without one there is no room for the handler's frame. */
	child = fork();
	if (child == 0) {
		catch (SIGSEGV, on_overflow, 0);
		_exit(recurse_for_ever(&bottom));
	}
	CHECK(killed_by(child, SIGSEGV));
	alternate.ss_size = 100;
	CHECK(sigaltstack(&alternate, NULL) == -1 && errno == ENOMEM);
	done("alternate stack");
}

static void test_default_actions(void)
{
	static const int deadly[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGALRM, SIGKILL, SIGABRT};

	for (size_t i = 0; i < ARRAY_LEN(deadly); i++) {
		if (deadly[i] != SIGKILL)
			CHECK(signal(deadly[i], SIG_DFL) != SIG_ERR);
		pid_t child = fork();
		if (child == 0) {
			for (;;)
				pause();
		}
		CHECK(kill(child, deadly[i]) == 0);
		CHECK(killed_by(child, deadly[i]));
	}
	/* And those that do nothing. */
	CHECK(raise(SIGWINCH) == 0 && raise(SIGURG) == 0 && raise(SIGCONT) == 0);
	done("default actions");
}

/* What a program may set in RFLAGS (without the trap and alignment flags, which would end the test), and what not. */
#define FLAGS_USER 0xcd5ul      /* CF, PF, AF, ZF, SF, DF, OF */
#define FLAGS_KERNEL 0x1a7000ul /* IOPL, NT, VM, VIF, VIP */
#define FLAG_INTERRUPTS 0x200ul

static uint64_t next_flags, next_ip;

/* Where next_ip says, with the flags of next_flags. */
static void on_redirect(int signal, siginfo_t *info, void *context)
{
	ucontext_t *user = context;

	(void)signal;
	(void)info;
	user->uc_mcontext.gregs[REG_EFL] = (greg_t)next_flags;
	user->uc_mcontext.gregs[REG_RIP] =
		(greg_t)(next_ip != 0 ? next_ip : (uint64_t)user->uc_mcontext.gregs[REG_RIP] + 2);
}

/* The flags right after a handler's return that asks for these. */
static uint64_t flags_after(uint64_t flags)
{
	uint64_t got;

	next_flags = flags;
	next_ip = 0;
	__asm__ volatile("lea -128(%%rsp), %%rsp\n ud2\n pushfq\n pop %0\n lea 128(%%rsp), %%rsp\n cld"
			 : "=r"(got)
			 :
			 : "memory", "cc");
	return got;
}

static void on_segv(int signal)
{
	_exit(signal);
}

/* rt_sigreturn from a frame that no signal made. */
static void __attribute__((noreturn)) return_by_hand(uint64_t ip, uint64_t flags)
{
	static char stack[16384] __attribute__((aligned(16)));
	static ucontext_t user;

	user.uc_mcontext.gregs[REG_RIP] = (greg_t)ip;
	user.uc_mcontext.gregs[REG_RSP] = (greg_t)((uintptr_t)stack + sizeof(stack) - 8);
	user.uc_mcontext.gregs[REG_EFL] = (greg_t)flags;
	user.uc_mcontext.gregs[REG_CSGSFS] = 0x002b000000000033; /* SS and CS of a program */
	__asm__ volatile("mov %0, %%rsp\n mov $15, %%eax\n syscall\n ud2" : : "r"(&user) : "memory");
	__builtin_unreachable();
}

/* Entered from nowhere: tells how it was. */
static void __attribute__((noreturn)) landing(void)
{
	uint64_t flags;

	__asm__ volatile("pushfq\n pop %0\n cld" : "=r"(flags) : : "memory", "cc");
	_exit((flags & (FLAGS_KERNEL | FLAG_INTERRUPTS)) == FLAG_INTERRUPTS ? 7 : 8);
}

static void test_return_flags(void)
{
	static const uint64_t asked[] = {0,      FLAGS_USER, FLAGS_KERNEL, FLAGS_KERNEL | FLAGS_USER,
					 0x1000, 0x2000,     0x4000,       0x1};

	catch (SIGILL, on_redirect, 0);
	for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
		uint64_t got = flags_after(asked[i]);

		CHECK((got & FLAGS_KERNEL) == 0 && (got & FLAG_INTERRUPTS) != 0);
		CHECK((got & FLAGS_USER) == (asked[i] & FLAGS_USER));
		pid_t child = fork();
		if (child == 0)
			return_by_hand((uintptr_t)landing, asked[i]);
		CHECK(exited_with(child, 7));
	}
	done("flags after a handler");
}

static void test_return_address(void)
{
	static const uint64_t bad[] = {0x0000800000000000,
				       0x0000800000000001,
				       0x8000000000000000,
				       0xffff7fffffffffff,
				       0xffff800000000000,
				       0xffffffff80000000,
				       ~0ul,
				       1};

	catch (SIGILL, on_redirect, 0);
	for (size_t i = 0; i < 4 * ARRAY_LEN(bad); i++) {
		bool is_caught = i % 2 == 1, by_hand = i / 2 % 2 == 1;
		pid_t child = fork();

		if (child == 0) {
			signal(SIGSEGV, is_caught ? on_segv : SIG_DFL);
			next_ip = bad[i / 4];
			next_flags = 0;
			if (by_hand)
				return_by_hand(next_ip, 0);
			__asm__ volatile("ud2");
		}
		CHECK(is_caught ? exited_with(child, SIGSEGV) : killed_by(child, SIGSEGV));
	}
	CHECK(signal(SIGILL, SIG_DFL) != SIG_ERR);
	done("address after a handler");
}

int main(void)
{
	test_basic();
	test_mask();
	test_nested();
	test_registers();
	test_children();
	test_interrupted_calls();
	test_alarm();
	test_alternate_stack();
	test_default_actions();
	test_return_flags();
	test_return_address();
	done("signals: ok");
	return 0;
}
