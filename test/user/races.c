/*
 * races SECONDS [SEED]: threads that map, unmap, protect, move, touch and fork over each other in the same pages, in
 * processes that are killed at any moment. Nothing is expected of what they read; the kernel must stay whole, and
 * its books must balance at the end.
 */
#define _GNU_SOURCE
#include "check.h"
#include <fcntl.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <time.h>

#define NR_THREADS 4
#define NR_PAGES 1200 /* over a table's end, so that whole tables come and go */
#define HUGE (2ul << 20)
#define ARENA ((char *)0x100000100000ul)
#define HUGE_PLACE ((char *)0x100000200000ul)

static _Thread_local sigjmp_buf back;
static _Thread_local uint64_t state;
static int file;
static unsigned long heap; /* what is below is the C library's */

static uint64_t random_below(uint64_t end)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % end;
}

static void on_fault(int signal, siginfo_t *info, void *context)
{
	(void)signal, (void)info, (void)context;
	siglongjmp(back, 1);
}

/* Touch some pages, as far as they can be. */
static void touch(char *at, size_t len, bool write)
{
	if (sigsetjmp(back, 1) != 0)
		return;
	for (size_t i = 0; i < len; i += PAGE) {
		if (write)
			((volatile char *)at)[i] = 1;
		else
			(void)((volatile char *)at)[i];
	}
}

static void map(char *at, size_t len)
{
	static const int kinds[] = {MAP_PRIVATE | MAP_ANONYMOUS, MAP_SHARED | MAP_ANONYMOUS, MAP_PRIVATE, MAP_SHARED,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN};
	int kind = kinds[random_below(ARRAY_LEN(kinds))];
	int how = random_below(4) ? MAP_FIXED : MAP_FIXED_NOREPLACE;

	if (random_below(8) == 0)
		how |= MAP_POPULATE;
	(void)!mmap(at, len, random_below(4) ? PROT_READ | PROT_WRITE : PROT_READ, kind | how,
		    kind & MAP_ANONYMOUS ? -1 : file, (off_t)(random_below(8) * PAGE));
}

/* A child that touches what it was given, and maybe dies of it. */
static void branch(char *at, size_t len)
{
	pid_t child = fork();

	if (child == 0) {
		touch(at, len, true);
		(void)!munmap(at, len);
		_exit(0);
	}
	if (child > 0)
		waitpid(child, NULL, 0);
}

/* Somewhere else, where nobody looks. */
static void elsewhere(size_t len)
{
	char *at = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		return;
	at[0] = 1;
	at[len - 1] = 1;
	/* If that made a page of 2 MiB, this takes it apart. */
	if (len == HUGE) {
		(void)!mprotect(at + random_below(512) * PAGE, PAGE, PROT_READ);
		(void)!madvise(at + random_below(256) * PAGE, 256 * PAGE, MADV_DONTNEED);
	}
	(void)!munmap(at, len);
}

static void step(void)
{
	static const int advices[] = {
		MADV_DONTNEED, MADV_FREE,      MADV_DONTFORK, MADV_DOFORK, MADV_WIPEONFORK, 22, 23,
		MADV_HUGEPAGE, MADV_NOHUGEPAGE};
	uint64_t first = random_below(NR_PAGES);
	size_t len = (1 + random_below(random_below(8) ? 16 : NR_PAGES - first)) * PAGE;
	char *at = ARENA + first * PAGE, *to = ARENA + random_below(NR_PAGES) * PAGE;
	unsigned char in[NR_PAGES + 16];

	/* All of what one page of 2 MiB can be at. */
	if (random_below(4) == 0) {
		at = HUGE_PLACE + random_below(2) * HUGE;
		to = HUGE_PLACE + random_below(2) * HUGE;
		len = HUGE;
	}
	switch (random_below(20)) {
	case 0 ... 3:
		map(at, len);
		break;
	case 4 ... 5:
		(void)!munmap(at, len);
		break;
	case 6 ... 7:
		(void)!mprotect(at, len, (int)random_below(8));
		break;
	case 8 ... 11:
		touch(at, len, random_below(2));
		break;
	case 12:
		(void)!madvise(at, len, advices[random_below(ARRAY_LEN(advices))]);
		break;
	case 13:
		(void)!mremap(at, len, len == HUGE ? len : (1 + random_below(16)) * PAGE, (int)random_below(8), to);
		break;
	case 14:
		(void)!(random_below(2) ? mlock(at, len) : munlock(at, len));
		break;
	case 15:
		(void)!ftruncate(file, (off_t)(random_below(16) * PAGE + random_below(100)));
		break;
	case 16:
		(void)!mincore(at, len, in);
		break;
	case 17:
		(void)!syscall(SYS_brk, heap + random_below(64) * PAGE);
		break;
	case 18:
		elsewhere(len);
		break;
	default:
		if (random_below(8) == 0)
			branch(at, len);
	}
}

static void *run(void *seed)
{
	state = (uint64_t)seed;
	while (state != 0)
		step();
	return NULL;
}

static void be_a_victim(uint64_t seed)
{
	struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
	pthread_t thread;

	CHECK(sigaction(SIGSEGV, &action, NULL) == 0 && sigaction(SIGBUS, &action, NULL) == 0);
	heap = (unsigned long)syscall(SYS_brk, 0);
	for (uint64_t i = 1; i < NR_THREADS; i++)
		CHECK(pthread_create(&thread, NULL, run, (void *)(seed + i * 7919)) == 0);
	run((void *)seed);
}

int main(int argc, char **argv)
{
	time_t seconds = argc > 1 ? atol(argv[1]) : 10;
	unsigned nr = 0;
	struct timespec now, start;

	state = argc > 2 ? strtoull(argv[2], NULL, 0) : 88172645463325252ull;
	file = memfd_create("races", 0);
	CHECK(file >= 0 && ftruncate(file, 8 * PAGE) == 0);
	CHECK(clock_gettime(CLOCK_MONOTONIC, &start) == 0);
	do {
		struct timespec moment = {0, (long)(1000000 + random_below(400000000))};
		uint64_t seed = random_below(1ull << 40) + 1;
		pid_t victim = fork();

		CHECK(victim >= 0);
		if (victim == 0)
			be_a_victim(seed);
		nanosleep(&moment, NULL);
		CHECK(kill(victim, SIGKILL) == 0 && killed_by(victim, SIGKILL));
		nr++;
		CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
	} while (now.tv_sec - start.tv_sec < seconds);
	CHECK(nr > 0);
	printf("races: %u processes killed\n", nr);
	return 0;
}
