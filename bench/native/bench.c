/*
 * Runs the rows and prints what each costs. Usage: native [PAGES [ROUNDS]]; `native count PAGES` runs each row
 * once and prints how often, for the instruction counter.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"

#define MAX_ROWS 32
#define NR_LARGE 2048
/* Growth is shown from 2^10 pages to this. */
#define MAX_SHIFT 22

static double ns_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* What a row's nr is. */
static uint64_t units(const struct row *row, uint64_t nr_pages)
{
	return row->is_large ? NR_LARGE : nr_pages;
}

/* ns for one operation. */
static double row_time(const struct row *row, uint64_t nr_pages)
{
	uint64_t nr = units(row, nr_pages);
	double start, end;

	row->before(nr);
	start = ns_now();
	row->run(nr);
	end = ns_now();
	row->after(nr);
	return (end - start) / ((double)nr / (double)row->pages);
}

static double best_of(const struct row *row, uint64_t nr_pages, unsigned rounds)
{
	double best = 0;

	for (unsigned i = 0; i < rounds; i++) {
		double ns = row_time(row, nr_pages);

		best = i == 0 || ns < best ? ns : best;
	}
	return best;
}

static unsigned position(const struct row *const *rows, const struct row *row)
{
	unsigned i = 0;

	while (rows[i] != row)
		i++;
	return i;
}

static void line_print(const struct row *const *rows, const double *ns, unsigned i)
{
	const struct row *row = rows[i];
	double ratio;

	printf("  %-34s %9.2f", row->name, ns[i]);
	if (row->beside != NULL) {
		ratio = ns[i] / ns[position(rows, row->beside)];
		printf("  %6.2f x %s", ratio, row->beside->name);
		if (row->most_ratio > 0)
			printf(", target %.1f: %s", row->most_ratio, ratio <= row->most_ratio ? "met" : "NOT MET");
	}
	if (row->most_ns > 0)
		printf("  target %.0f ns: %s", row->most_ns, ns[i] <= row->most_ns ? "met" : "NOT MET");
	printf("\n");
}

/* In turns, so that a noisy second does not hit one row alone. */
static void group_run(const struct row *const *rows, uint64_t nr_pages, unsigned rounds)
{
	double ns[MAX_ROWS];

	for (unsigned round = 0; round < rounds; round++) {
		for (unsigned i = 0; rows[i] != NULL; i++) {
			double now = row_time(rows[i], nr_pages);

			ns[i] = round == 0 || now < ns[i] ? now : ns[i];
		}
	}
	for (unsigned i = 0; rows[i] != NULL; i++)
		line_print(rows, ns, i);
}

static void growth_run(unsigned rounds)
{
	printf("\nns a page by the size of the range\n  %10s %9s %9s %9s\n", "pages", "map", "unmap", "protect");
	for (unsigned shift = 10; shift <= MAX_SHIFT; shift += 2) {
		uint64_t nr = 1ul << shift;
		/* A small range is over in microseconds: more rounds find an undisturbed one. */
		unsigned more = shift < 18 ? rounds * 8 : rounds;

		printf("  %10lu %9.2f %9.2f %9.2f\n", nr, best_of(&bench_range_map, nr, more),
		       best_of(&bench_range_unmap, nr, more), best_of(&bench_range_protect, nr, more));
	}
	printf("\nns to open and close a cursor\n  %10s %9s %9s\n", "tables", "all", "a table");
	for (unsigned shift = 0; shift <= 12; shift += 2) {
		uint64_t nr = 1ul << shift;
		double ns = best_of(&bench_open, nr * VMS_ENTRIES, shift < 8 ? rounds * 8 : rounds);

		printf("  %10lu %9.1f %9.1f\n", nr, ns * (double)nr, ns);
	}
}

/* One line a row: how many operations its function did, for whoever counted the function's instructions. */
static void group_count(const struct row *const *rows, uint64_t nr_pages)
{
	for (unsigned i = 0; rows[i] != NULL; i++) {
		const struct row *row = rows[i];
		uint64_t nr = units(row, nr_pages);

		(void)row_time(row, nr_pages);
		printf("%s|%s|%lu\n", row->function, row->name, nr / row->pages);
	}
}

static uint64_t number(const char *text)
{
	char *end;
	uint64_t value = strtoul(text, &end, 0);

	if (*end != 0 || value < VMS_ENTRIES)
		bench_fail("usage: native [count] [PAGES [ROUNDS]]; PAGES is 512 or more");
	return value / VMS_ENTRIES * VMS_ENTRIES;
}

int main(int argc, char **argv)
{
	bool count = argc > 1 && strcmp(argv[1], "count") == 0;
	uint64_t nr_pages;
	unsigned rounds;

	argv += count;
	argc -= count;
	nr_pages = argc > 1 ? number(argv[1]) : 1ul << 16;
	rounds = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 0) : 20;
	bench_machine_start(nr_pages > 1ul << MAX_SHIFT ? nr_pages : 1ul << MAX_SHIFT);
	if (count) {
		group_count(bench_rows, nr_pages);
		group_count(bench_paths, nr_pages);
		return 0;
	}
	printf("ns an operation, %lu pages, best of %u rounds\n", nr_pages, rounds);
	group_run(bench_rows, nr_pages, rounds);
	printf("\nwhat a kernel does in one system call or fault, ns\n");
	group_run(bench_paths, nr_pages, rounds);
	growth_run(rounds < 5 ? rounds : 5);
	return 0;
}
