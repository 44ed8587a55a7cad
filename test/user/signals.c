/*
 * Signals: handlers, masks, stacks, and how they end system calls that wait.
 */
#define _GNU_SOURCE
#include "check.h"
#include <sys/time.h>
#include <time.h>

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
	done("signals: ok");
	return 0;
}
