/*
 * Threads in one address space: the C library's primitives, and whether a change of the page table reaches every
 * CPU before the call that made it returns.
 */
#define _GNU_SOURCE
#include "check.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>

#define NR_THREADS 4

static void start_all(pthread_t *threads, int nr, void *(*body)(void *))
{
	for (long i = 0; i < nr; i++)
		CHECK(pthread_create(&threads[i], NULL, body, (void *)i) == 0);
}

static void join_all(pthread_t *threads, int nr)
{
	for (int i = 0; i < nr; i++) {
		void *result;

		CHECK(pthread_join(threads[i], &result) == 0);
		CHECK(result == (void *)(long)i);
	}
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static long counter;
static _Thread_local long own = 5;
static int turn;

static void *count(void *number)
{
	CHECK(own == 5);
	own = (long)number;
	for (int i = 0; i < 5000; i++) {
		CHECK(pthread_mutex_lock(&mutex) == 0);
		counter++;
		CHECK(pthread_mutex_unlock(&mutex) == 0);
	}
	CHECK(own == (long)number);
	return number;
}

static void *take_turns(void *number)
{
	for (int round = 0; round < 40; round++) {
		pthread_mutex_lock(&mutex);
		while (turn % NR_THREADS != (int)(long)number)
			CHECK(pthread_cond_wait(&changed, &mutex) == 0);
		turn++;
		pthread_cond_broadcast(&changed);
		pthread_mutex_unlock(&mutex);
	}
	return number;
}

static void test_primitives(void)
{
	pthread_t threads[NR_THREADS];

	start_all(threads, NR_THREADS, count);
	join_all(threads, NR_THREADS);
	CHECK(counter == NR_THREADS * 5000);
	CHECK(own == 5);
	done("mutex and thread-local storage");
	start_all(threads, NR_THREADS, take_turns);
	join_all(threads, NR_THREADS);
	CHECK(turn == NR_THREADS * 40);
	struct timespec soon;
	CHECK(clock_gettime(CLOCK_REALTIME, &soon) == 0);
	soon.tv_nsec += 20 * 1000 * 1000;
	if (soon.tv_nsec >= 1000000000) {
		soon.tv_nsec -= 1000000000;
		soon.tv_sec++;
	}
	pthread_mutex_lock(&mutex);
	CHECK(pthread_cond_timedwait(&changed, &mutex, &soon) == ETIMEDOUT);
	pthread_mutex_unlock(&mutex);
	done("condition variables");
}

static void *return_number(void *number)
{
	return number;
}

static void test_many(void)
{
	pthread_t threads[8];

	for (int round = 0; round < 25; round++) {
		start_all(threads, 8, return_number);
		join_all(threads, 8);
	}
	done("200 threads");
}

/* Each thread in its own region: map, fill, protect, check, unmap, and nobody sees another's bytes. */
static void *churn_own(void *number)
{
	for (int round = 0; round < 20; round++) {
		size_t pages = 1 + (size_t)(round * 7 + (long)number * 3) % 23;
		char *at = memory_new(pages * PAGE, PROT_READ | PROT_WRITE);

		for (size_t i = 0; i < pages; i++) {
			CHECK(at[i * PAGE] == 0 && at[i * PAGE + PAGE - 1] == 0);
			memset(at + i * PAGE, (int)(long)number + 1, PAGE);
		}
		CHECK(mprotect(at, pages * PAGE, PROT_READ) == 0);
		for (size_t i = 0; i < pages; i++)
			CHECK(at[i * PAGE + 100] == (char)(long)number + 1);
		if (pages > 2) {
			CHECK(munmap(at + PAGE, PAGE) == 0);
			CHECK(at[0] == (char)(long)number + 1 && at[2 * PAGE] == (char)(long)number + 1);
		}
		CHECK(munmap(at, pages * PAGE) == 0);
	}
	return number;
}

/* All threads fault on the same fresh pages: each page is made once, so no thread's word is lost. */
enum { COMMON_PAGES = 64 };
static _Atomic uint32_t *common;
static pthread_barrier_t barrier;

static void *fault_common(void *number)
{
	for (int round = 0; round < 8; round++) {
		pthread_barrier_wait(&barrier);
		for (size_t i = 0; i < COMMON_PAGES; i++)
			atomic_fetch_add(&common[i * PAGE / sizeof(uint32_t) + (size_t)(long)number], 1);
		pthread_barrier_wait(&barrier);
		for (size_t i = 0; i < COMMON_PAGES; i++)
			for (size_t j = 0; j < NR_THREADS; j++)
				CHECK(common[i * PAGE / sizeof(uint32_t) + j] == 1);
		pthread_barrier_wait(&barrier);
		if (number == NULL)
			CHECK(madvise((void *)common, COMMON_PAGES * PAGE, MADV_DONTNEED) == 0);
	}
	return number;
}

static void test_concurrent(void)
{
	pthread_t threads[NR_THREADS];

	start_all(threads, NR_THREADS, churn_own);
	join_all(threads, NR_THREADS);
	done("disjoint regions");
	common = (void *)memory_new(COMMON_PAGES * PAGE, PROT_READ | PROT_WRITE);
	CHECK(pthread_barrier_init(&barrier, NULL, NR_THREADS) == 0);
	start_all(threads, NR_THREADS, fault_common);
	join_all(threads, NR_THREADS);
	done("common pages");
}

/*
 * A writer counts in a page while the main thread takes the right away. Once mprotect has returned, the page must
 * not change: a stale translation in the writer's CPU would show as a change. The writer's handler waits until the
 * page is writable again.
 */
static volatile uint32_t *target;
static _Atomic bool stop, writable;
static _Atomic uint32_t nr_faults, progress;

static void on_write_fault(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	if (info->si_addr != (void *)target)
		_exit(9);
	atomic_fetch_add(&nr_faults, 1);
	while (!atomic_load(&writable))
		sched_yield();
}

static void *write_target(void *number)
{
	while (!atomic_load(&stop)) {
		for (int i = 0; i < 50; i++)
			(*target)++;
		atomic_fetch_add(&progress, 1);
	}
	return number;
}

static void wait_for_more(_Atomic uint32_t *value, uint32_t than)
{
	while (atomic_load(value) == than)
		sched_yield();
}

static void test_protect_reaches(void)
{
	struct sigaction action;
	pthread_t threads[1];

	memset(&action, 0, sizeof(action));
	action.sa_sigaction = on_write_fault;
	action.sa_flags = SA_SIGINFO | SA_NODEFER;
	CHECK(sigaction(SIGSEGV, &action, NULL) == 0);
	target = (void *)memory_new(PAGE, PROT_READ | PROT_WRITE);
	atomic_store(&writable, true);
	start_all(threads, 1, write_target);
	for (int round = 0; round < 40; round++) {
		uint32_t faults = atomic_load(&nr_faults), now = atomic_load(&progress);

		wait_for_more(&progress, now); /* it is writing, with a translation that allows it */
		atomic_store(&writable, false);
		CHECK(mprotect((void *)target, PAGE, PROT_READ) == 0);
		uint32_t seen = *target;
		wait_for_more(&nr_faults, faults); /* it must come to a fault */
		CHECK(*target == seen);
		CHECK(mprotect((void *)target, PAGE, PROT_READ | PROT_WRITE) == 0);
		atomic_store(&writable, true);
	}
	atomic_store(&stop, true);
	join_all(threads, 1);
	CHECK(signal(SIGSEGV, SIG_DFL) != SIG_ERR);
	done("protect reaches other CPUs");
}

/*
 * The main thread replaces a page under readers: after mmap has returned, nobody may see the old page, whose
 * frame may by then hold something else.
 */
static _Atomic(char) generation;
static char *window;

static void *read_window(void *number)
{
	while (!atomic_load(&stop)) {
		char before = atomic_load(&generation);
		char seen = *(volatile char *)window;
		char after = atomic_load(&generation);

		/* Fresh zeros, or what was written in a generation that was current meanwhile. */
		if (before == after)
			CHECK(seen == 0 || seen == before);
	}
	return number;
}

static void test_replace_reaches(void)
{
	pthread_t threads[NR_THREADS - 1];

	window = memory_new(PAGE, PROT_READ | PROT_WRITE);
	atomic_store(&stop, false);
	start_all(threads, NR_THREADS - 1, read_window);
	for (int round = 1; round <= 100; round++) {
		CHECK(mmap(window, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
		      window);
		atomic_store(&generation, (char)(round % 100 + 1));
		*(volatile char *)window = (char)(round % 100 + 1);
		/* Whatever frame the old page was may be used again here. */
		char *other = memory_new(PAGE, PROT_READ | PROT_WRITE);
		memset(other, 0x7e, PAGE);
		CHECK(munmap(other, PAGE) == 0);
	}
	atomic_store(&stop, true);
	join_all(threads, NR_THREADS - 1);
	done("replacement reaches other CPUs");
}

/* Fork in one thread while others write: the child's copy is of one moment, and it may go on by itself. */
static _Atomic uint32_t *pair;

static void *write_pair(void *number)
{
	while (!atomic_load(&stop)) {
		uint32_t now = atomic_load(&pair[0]) + 1;

		atomic_store(&pair[0], now);
		atomic_store(&pair[PAGE / sizeof(*pair)], now);
	}
	return number;
}

static void test_fork_with_threads(void)
{
	pthread_t threads[1];

	pair = (void *)memory_new(2 * PAGE, PROT_READ | PROT_WRITE);
	atomic_store(&stop, false);
	start_all(threads, 1, write_pair);
	for (int round = 0; round < 20; round++) {
		pid_t child = fork();

		CHECK(child >= 0);
		if (child == 0) {
			uint32_t first = pair[0], second = pair[PAGE / sizeof(*pair)];

			for (int i = 0; i < 1000; i++) /* no thread came along that could change them */
				if (pair[0] != first || pair[PAGE / sizeof(*pair)] != second)
					_exit(1);
			pair[0] = 0;
			_exit(0);
		}
		CHECK(exited_with(child, 0));
	}
	atomic_store(&stop, true);
	join_all(threads, 1);
	done("fork beside threads");
}

int main(void)
{
	test_primitives();
	test_many();
	test_concurrent();
	test_protect_reaches();
	test_replace_reaches();
	test_fork_with_threads();
	done("threads: ok");
	return 0;
}
