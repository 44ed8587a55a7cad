/*
 * For the test programs: a check that ends the program with a line that says where, and a way to run a piece
 * of code that may fault. They run on Linux too: that is how the tests themselves are tested.
 */
#ifndef CHECK_H
#define CHECK_H

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096ul
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#define CHECK(condition)                                              \
	do {                                                          \
		if (!(condition))                                     \
			check_failed(__FILE__, __LINE__, #condition); \
	} while (0)

static inline void check_failed(const char *file, int line, const char *what)
{
	printf("%s:%d: failed: %s (errno %d)\n", file, line, what, errno);
	fflush(stdout);
	_exit(1);
}

/* One step is done: said at once, so that a hang shows where. */
static inline void done(const char *step)
{
	printf("%s\n", step);
	fflush(stdout);
}

/* The last fault that fault_of() caught. */
static struct {
	sigjmp_buf back;
	volatile int signal;
	volatile int code;
	void *volatile address;
} check_fault;

static inline void check_on_fault(int signal, siginfo_t *info, void *context)
{
	(void)context;
	check_fault.signal = signal;
	check_fault.code = info->si_code;
	check_fault.address = info->si_addr;
	siglongjmp(check_fault.back, 1);
}

/* Call act(at). 0, or the signal (SIGSEGV, SIGBUS) that it caused. */
static inline int fault_of(void (*act)(void *), void *at)
{
	struct sigaction action, old_segv, old_bus;

	memset(&action, 0, sizeof(action));
	action.sa_sigaction = check_on_fault;
	action.sa_flags = SA_SIGINFO;
	CHECK(sigaction(SIGSEGV, &action, &old_segv) == 0);
	CHECK(sigaction(SIGBUS, &action, &old_bus) == 0);
	check_fault.signal = 0;
	if (sigsetjmp(check_fault.back, 1) == 0)
		act(at);
	CHECK(sigaction(SIGSEGV, &old_segv, NULL) == 0);
	CHECK(sigaction(SIGBUS, &old_bus, NULL) == 0);
	return check_fault.signal;
}

static inline void act_read(void *at)
{
	(void)*(volatile char *)at;
}
static inline void act_write(void *at)
{
	*(volatile char *)at = 1;
}
static inline void act_call(void *at)
{
	void (*function)(void);

	memcpy(&function, &at, sizeof(function));
	function();
}
#define CAN_READ(at) (fault_of(act_read, (at)) == 0)
#define CAN_WRITE(at) (fault_of(act_write, (at)) == 0)

/* Anonymous private memory, or the program ends. */
static inline char *memory_new(size_t len, int prot)
{
	void *at = mmap(NULL, len, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(at != MAP_FAILED);
	return at;
}

/* How the child ended, as waitpid tells. */
static inline int status_of_child(pid_t child)
{
	int status;

	CHECK(waitpid(child, &status, 0) == child);
	return status;
}
static inline bool exited_with(pid_t child, int code)
{
	int status = status_of_child(child);

	return WIFEXITED(status) && WEXITSTATUS(status) == code;
}
static inline bool killed_by(pid_t child, int signal)
{
	int status = status_of_child(child);

	return WIFSIGNALED(status) && WTERMSIG(status) == signal;
}

#endif
