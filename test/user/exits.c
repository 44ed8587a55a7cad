/*
 * The end of a process with threads, at any moment: while others run, sleep, fault, fork, or change the memory.
 */
#define _GNU_SOURCE
#include "check.h"
#include <pthread.h>
#include <sched.h>

static int go[2];
static char *common;

static void *compute(void *nothing)
{
	volatile unsigned long sum = 0;

	for (;;)
		sum++;
	return nothing;
}

static void *sleep_in_call(void *nothing)
{
	char byte;

	while (read(go[0], &byte, 1) != 1)
		;
	return nothing;
}

static void *fault_and_free(void *nothing)
{
	for (;;) {
		char *at = mmap(NULL, 32 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (at == MAP_FAILED)
			continue;
		memset(at, 1, 32 * PAGE);
		munmap(at, 32 * PAGE);
	}
	return nothing;
}

static void *toggle(void *nothing)
{
	for (;;) {
		mprotect(common, 8 * PAGE, PROT_READ);
		mprotect(common, 8 * PAGE, PROT_READ | PROT_WRITE);
	}
	return nothing;
}

static void *fork_and_wait(void *nothing)
{
	for (;;) {
		pid_t child = fork();

		if (child == 0)
			_exit(0);
		if (child > 0)
			waitpid(child, NULL, 0);
	}
	return nothing;
}

static void *(*const bodies[])(void *) = {compute, sleep_in_call, fault_and_free, toggle, fork_and_wait};

/* How the process ends, by turns: exit of the main thread, of another, a signal, exec. */
static void *exit_from_thread(void *code)
{
	exit((int)(long)code);
}

static void end(int way)
{
	pthread_t thread;

	switch (way % 4) {
	case 0:
		_exit(40);
	case 1:
		pthread_create(&thread, NULL, exit_from_thread, (void *)41);
		pthread_join(thread, NULL);
		break;
	case 2:
		kill(getpid(), SIGTERM);
		pause();
		break;
	default:
		execl("/proc/self/exe", "exits", "43", (char *)NULL);
	}
	_exit(1);
}

static void one_round(int round)
{
	pid_t child = fork();

	CHECK(child >= 0);
	if (child == 0) {
		for (size_t i = 0; i < 4; i++) {
			pthread_t thread;

			CHECK(pthread_create(&thread, NULL, bodies[(i + (size_t)round) % ARRAY_LEN(bodies)], NULL) ==
			      0);
		}
		for (int i = 0; i < round % 7; i++)
			sched_yield();
		if (round % 3 == 0)
			usleep((unsigned)round * 50);
		end(round);
	}
	int status = status_of_child(child);
	if (round % 4 == 2)
		CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	else
		CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 40 + round % 4);
}

int main(int argc, char **argv)
{
	if (argc == 2)
		return atoi(argv[1]);
	CHECK(pipe(go) == 0);
	common = memory_new(8 * PAGE, PROT_READ | PROT_WRITE);
	for (int round = 0; round < 24; round++)
		one_round(round);
	done("exits: ok");
	return 0;
}
