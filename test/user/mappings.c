/*
 * mappings N: N separate mappings in one process cost each as much as the first ones, anonymous and of a file; and
 * memory does not grow with mappings that came and went, wherever they were. (Linux allows 65530 at a time; and on a machine
 * that does other work, its free memory says nothing.)
 */
#define _GNU_SOURCE
#include "check.h"
#include <sys/sysinfo.h>
#include <time.h>

#define BASE 0x100000000000ul
#define TOLERANCE 4 /* times as long: other work on the machine shows too */

static double now(void)
{
	struct timespec t;

	CHECK(clock_gettime(CLOCK_MONOTONIC, &t) == 0);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint64_t free_memory(void)
{
	struct sysinfo info;

	CHECK(sysinfo(&info) == 0);
	return (uint64_t)info.freeram * info.mem_unit;
}

/* Every other page, so that no two are one; a file's pages are not in order either. */
static void map_one(unsigned long i, int file)
{
	int flags = file >= 0 ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS;
	void *at = (void *)(BASE + i * 2 * PAGE);

	CHECK(mmap(at, PAGE, PROT_READ, flags | MAP_FIXED_NOREPLACE, file, (off_t)(i % 3 * PAGE)) == at);
}

static double map_part(unsigned long from, unsigned long nr, int file)
{
	double start = now();

	for (unsigned long i = from; i < from + nr; i++)
		map_one(i, file);
	return now() - start;
}

/* The best part of the first half, and of the second: what disturbs one part says nothing. */
static void test_many(unsigned long nr, int file, const char *what)
{
	unsigned long part = nr / 20;
	double first = 1e9, last = 1e9;

	for (int i = 0; i < 20; i++) {
		double took = map_part((unsigned long)i * part, part, file);

		if (i < 10 && took < first)
			first = took;
		if (i >= 10 && took < last)
			last = took;
	}
	if (last > TOLERANCE * first)
		printf("%s: %.0f ns each at first, %.0f ns at last\n", what, first * 1e9 / (double)part,
		       last * 1e9 / (double)part);
	CHECK(last <= TOLERANCE * first);
	for (unsigned long i = 0; i < 20 * part; i += 7)
		CHECK(munmap((void *)(BASE + i * 2 * PAGE), PAGE) == 0);
	CHECK(munmap((void *)BASE, nr * 2 * PAGE) == 0);
	done(what);
}

/* A window of mappings moves on: each new one comes after the oldest has gone. */
static void test_coming_and_going(unsigned long nr, int file)
{
	enum { WINDOW = 64 };
	static char *window[WINDOW];
	uint64_t before = 0;

	for (unsigned long i = 0; i < nr; i++) {
		char **place = &window[i % WINDOW];

		if (*place)
			CHECK(munmap(*place, 4 * PAGE) == 0);
		*place = file >= 0 ? mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
				   : memory_new(4 * PAGE, PROT_READ | PROT_WRITE);
		CHECK(*place != MAP_FAILED);
		(*place)[0] = 1;
		if (i == 4 * WINDOW)
			before = free_memory();
	}
	/* What a table covers is 128 such mappings: without care, a table for each would stay. */
	if (free_memory() + (1ul << 20) < before)
		printf("%llu KiB are gone\n", (unsigned long long)(before - free_memory()) / 1024);
	CHECK(free_memory() + (1ul << 20) >= before);
	for (int i = 0; i < WINDOW; i++)
		CHECK(munmap(window[i], 4 * PAGE) == 0);
}

/* What a process has mapped goes with the mapping, not with the process. */
static void test_deleted_file(void)
{
	uint64_t before = free_memory();

	for (int round = 0; round < 16; round++) {
		int file = memfd_create("gone", 0);
		char *at;

		CHECK(file >= 0 && ftruncate(file, 1024 * PAGE) == 0);
		at = mmap(NULL, 1024 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
		CHECK(at != MAP_FAILED);
		memset(at, 1, 1024 * PAGE);
		close(file);
		CHECK(munmap(at, 1024 * PAGE) == 0);
	}
	CHECK(free_memory() + (8ul << 20) >= before);
	done("files that are mapped no more");
}

int main(int argc, char **argv)
{
	unsigned long nr = argc > 1 ? strtoul(argv[1], NULL, 0) : 50000;
	int file = memfd_create("mappings", 0);

	CHECK(file >= 0 && ftruncate(file, 8 * PAGE) == 0);
	test_many(nr, -1, "anonymous mappings");
	test_many(nr / 8, file, "mappings of a file");
	test_coming_and_going(100000, -1);
	test_coming_and_going(20000, file);
	done("mappings that come and go");
	test_deleted_file();
	return 0;
}
