/*
 * The native benchmark: the library alone, in one process, on one CPU.
 *
 * A *row* is one thing that is timed: `run` does it nr times (pages, or what the row's name says) between
 * `before` and `after`, which are not timed. Rows of one group are run in turns, and the best round of each
 * counts: on a shared machine the minimum is what repeats. Targets are ratios to another row of the same
 * group and the same process, or ns where BENCH says so.
 */
#ifndef BENCH_NATIVE_H
#define BENCH_NATIVE_H

#include <vms/vms.h>

/* Where the measured range begins, and the first of the frames that are mapped there. */
#define BASE 0x10000000000ul

/* What is timed is one function of its own: the instruction counter finds it by its name. */
#define BENCH_RUN __attribute__((noinline))

struct row {
	const char *name;
	const char *function; /* of run */
	void (*before)(uint64_t nr);
	void (*run)(uint64_t nr);
	void (*after)(uint64_t nr);
	uint64_t pages;           /* nr counts pages, and one operation is so many of them */
	bool is_large;            /* nr counts 2 MiB leaves */
	const struct row *beside; /* the row it is compared with, or NULL */
	double most_ratio;        /* target: at most so many times as long; 0: none */
	double most_ns;           /* target in ns; 0: none */
};
#define RUN(name) .function = #name, .run = name

/* machine.c: one CPU and its memory. */
extern struct vms_space bench_space;
void bench_machine_start(uint64_t nr_pages);
vms_pfn bench_frames(void); /* the first of nr_pages frames that belong to no allocator, aligned to 1 GiB */
void bench_frames_take(uint64_t nr, uint32_t level); /* make the next nr frames of a level the bench's */
void bench_check(enum vms_status status);
void bench_fail(const char *what);

/* rows.c, ranges.c: what is measured; lists end with NULL. */
extern const struct row *const bench_rows[];
extern const struct row *const bench_paths[];
extern const struct row bench_range_map, bench_range_unmap, bench_range_protect;
extern const struct row bench_each_protect, bench_range_find, bench_range_mark, bench_range_unmark;
extern const struct row bench_open;

#endif
