/*
 * Explore scenarios: each in each model that it is for, spread over processes.
 *
 *   explore [-j processes] [-m sc|tso|weak] [-t seconds] [-q] [words of a name]
 *   explore -m model -r schedule name      replay one run, and print its steps
 *
 * -t: so long for each, of the processor. -q: print the names of those that fail, alone: for those who seed bugs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../world/world.h"

static const char *const model_name[] = {"sc", "tso", "weak"};

static struct {
	uint32_t nr_workers;
	int model; /* -1: all */
	double seconds;
	bool quiet;
	const char *replay;
	const char *name;
} want = {.nr_workers = 1, .model = -1};

/* What the workers share. */
static struct shared {
	uint32_t next_job;
	uint32_t nr_passed, nr_failed;
	uint64_t nr_runs;
} * shared;

/* Seconds of the processor: what a busy machine does not change. */
static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static bool is_wanted(uint32_t job)
{
	const struct scenario *which = &scenarios[job / 3];
	uint32_t model = job % 3;

	return (want.model < 0 || (uint32_t)want.model == model) && (model != EXPLORE_WEAK || which->weak) &&
	       (want.name == NULL || strstr(which->name, want.name) != NULL);
}

static void job_run(uint32_t job)
{
	struct explore_options options = {.model = (enum explore_model)(job % 3),
					  .search = EXPLORE_DPOR,
					  .max_seconds = want.seconds,
					  .replay = want.replay};
	struct explore_result result;
	double start = now();
	bool good;

	scenario = &scenarios[job / 3];
	options.trace = want.replay != NULL;
	result = explore(&options, &world_program);
	good = !result.failed && (result.complete || want.replay != NULL);
	__atomic_fetch_add(good ? &shared->nr_passed : &shared->nr_failed, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&shared->nr_runs, result.runs, __ATOMIC_RELAXED);
	if (want.quiet) {
		if (result.failed)
			printf("%s\n", scenario->name);
		return;
	}
	printf("%-4s %8lu runs %5u steps %6.2f s  %-6s  %s\n", model_name[job % 3], result.runs, result.longest,
	       now() - start,
	       result.failed ? "FAILED"
	       : good        ? "passed"
			     : "CUT OFF",
	       scenario->name);
	if (result.failed) {
		printf("     %s\n", result.message);
		if (want.replay == NULL)
			printf("     replay: explore -m %s -r %s '%s'\n", model_name[job % 3], result.schedule,
			       scenario->name);
	}
}

static void worker(void)
{
	for (;;) {
		uint32_t job = __atomic_fetch_add(&shared->next_job, 1, __ATOMIC_RELAXED);

		if (job >= 3 * nr_scenarios)
			return;
		if (is_wanted(job))
			job_run(job);
		fflush(stdout);
	}
}

static void arguments(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "j:m:t:r:q")) >= 0) {
		switch (option) {
		case 'j':
			want.nr_workers = (uint32_t)atoi(optarg);
			break;
		case 'm':
			for (want.model = 2; want.model >= 0 && strcmp(optarg, model_name[want.model]) != 0;)
				want.model--;
			if (want.model < 0) {
				fprintf(stderr, "explore: a model is sc, tso or weak\n");
				exit(2);
			}
			break;
		case 't':
			want.seconds = atof(optarg);
			break;
		case 'r':
			want.replay = optarg;
			break;
		case 'q':
			want.quiet = true;
			break;
		default:
			exit(2);
		}
	}
	if (optind < argc)
		want.name = argv[optind];
	for (uint32_t job = 0; !is_wanted(job); job++) {
		if (job + 1 == 3 * nr_scenarios) {
			fprintf(stderr, "explore: no scenario has this in its name, or not in this model\n");
			exit(2);
		}
	}
}

int main(int argc, char **argv)
{
	int status;

	arguments(argc, argv);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return 2;
	for (uint32_t i = 1; i < want.nr_workers; i++) {
		if (fork() == 0) {
			worker();
			_exit(0);
		}
	}
	worker();
	while (wait(&status) > 0) {
		if (status != 0)
			shared->nr_failed++;
	}
	if (!want.quiet)
		printf("explore: %u passed, %u failed; %lu runs\n", shared->nr_passed, shared->nr_failed,
		       shared->nr_runs);
	return shared->nr_failed != 0;
}
