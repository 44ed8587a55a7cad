/*
 * Random programs: plain search, sleep sets and DPOR must see the same outcomes, and the last two the same
 * number of classes of equivalent runs.
 *
 *   random [programs [seed]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../engine/explore.h"

#define MAX_THREADS 3
#define MAX_LINES 6
#define MAX_OUTCOMES 65536u

enum what {
	LOAD,
	LOAD_ACQUIRE,
	STORE,
	STORE_RELEASE,
	ADD,
	EXCHANGE,
	FENCE,
	COMPARE,
	WAIT,
	WAIT_EITHER,
	TAKE,
	GIVE,
	TOUCH,
	NR_WHAT
};
static const char *const what_name[NR_WHAT] = {"load",    "acquire", "store",  "release", "add",  "exchange", "fence",
					       "compare", "wait",    "either", "take",    "give", "touch"};

struct line {
	enum what what;
	uint32_t word;
	uint32_t value;
};

static struct line lines[MAX_THREADS][MAX_LINES];
static uint32_t nr_threads, nr_lines[MAX_THREADS];

struct memory {
	uint32_t word[3];
	uint32_t lock[2];
	uint32_t seen[MAX_THREADS][MAX_LINES];
};
static struct memory m EXPLORE_SHARED;

EXPLORE_UNSEEN static void put(uint32_t thread, uint32_t line, uint32_t value)
{
	m.seen[thread][line] = value;
}

static void line_run(uint32_t thread, uint32_t i)
{
	const struct line *line = &lines[thread][i];
	uint32_t *word = &m.word[line->word], *other = &m.word[(line->word + 1) % 3], expected = line->value - 1;

	switch (line->what) {
	case LOAD:
		put(thread, i, __atomic_load_n(word, __ATOMIC_RELAXED));
		break;
	case LOAD_ACQUIRE:
		put(thread, i, __atomic_load_n(word, __ATOMIC_ACQUIRE));
		break;
	case STORE:
		__atomic_store_n(word, line->value, __ATOMIC_RELAXED);
		break;
	case STORE_RELEASE:
		__atomic_store_n(word, line->value, __ATOMIC_RELEASE);
		break;
	case ADD:
		put(thread, i, __atomic_fetch_add(word, line->value, __ATOMIC_ACQ_REL));
		break;
	case EXCHANGE:
		put(thread, i, __atomic_exchange_n(word, line->value, __ATOMIC_RELAXED));
		break;
	case FENCE:
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		break;
	case COMPARE:
		put(thread, i,
		    __atomic_compare_exchange_n(word, &expected, line->value, false, __ATOMIC_ACQ_REL,
						__ATOMIC_RELAXED));
		break;
	case WAIT:
		while (__atomic_load_n(word, __ATOMIC_ACQUIRE) == 0)
			explore_relax();
		break;
	case WAIT_EITHER:
		while (__atomic_load_n(word, __ATOMIC_RELAXED) == 0 && __atomic_load_n(other, __ATOMIC_RELAXED) == 0)
			explore_relax();
		break;
	case TAKE:
		explore_wait_swap(&m.lock[line->word % 2], 0, 1);
		break;
	case GIVE:
		__atomic_store_n(&m.lock[line->word % 2], 0, __ATOMIC_RELEASE);
		break;
	case TOUCH:
		explore_touch(word, line->value == 1);
		break;
	default:
		break;
	}
}

static void body(void *argument)
{
	uint32_t thread = (uint32_t)(uintptr_t)argument;

	for (uint32_t i = 0; i < nr_lines[thread]; i++)
		line_run(thread, i);
}

static void setup(void)
{
}

static void start(void)
{
	for (uint32_t i = 0; i < nr_threads; i++)
		explore_spawn("thread", body, (void *)(uintptr_t)i, i, false);
}

struct outcomes {
	uint32_t nr;
	uint64_t hash[MAX_OUTCOMES];
};
static struct outcomes outcomes[3], *collecting;

static void finish(void)
{
	const uint32_t *word = (const uint32_t *)&m;
	uint64_t hash = 99;

	for (size_t i = 0; i < sizeof(m) / sizeof(*word); i++) {
		hash = (hash ^ word[i]) * 0x9e3779b97f4a7c15ul;
		hash ^= hash >> 31;
	}
	for (uint32_t i = 0; i < collecting->nr; i++) {
		if (collecting->hash[i] == hash)
			return;
	}
	if (collecting->nr < MAX_OUTCOMES)
		collecting->hash[collecting->nr++] = hash;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static uint32_t pick(uint32_t n)
{
	return (uint32_t)rand() % n;
}

static void thread_add(uint32_t thread, enum what what, uint32_t word)
{
	lines[thread][nr_lines[thread]++] = (struct line){what, word, 1 + pick(2)};
}

/* A lock is given back by who took it, in the same thread. */
static void program_make(void)
{
	nr_threads = 2 + pick(2);
	for (uint32_t thread = 0; thread < nr_threads; thread++) {
		uint32_t nr = nr_threads == 2 ? 3 + pick(3) : 2 + pick(2);

		nr_lines[thread] = 0;
		while (nr_lines[thread] < nr) {
			enum what what = (enum what)pick(NR_WHAT);
			uint32_t word = pick(2 + pick(2));

			if (what == GIVE || ((what == WAIT || what == WAIT_EITHER) && pick(3) != 0) ||
			    (what == TAKE && nr_lines[thread] + 3 > nr))
				continue;
			thread_add(thread, what, word);
			if (what == TAKE) {
				thread_add(thread, (enum what)pick(4), pick(2));
				thread_add(thread, GIVE, word);
			}
		}
	}
}

static void program_print(void)
{
	for (uint32_t thread = 0; thread < nr_threads; thread++) {
		printf("  thread %u:", thread);
		for (uint32_t i = 0; i < nr_lines[thread]; i++) {
			const struct line *line = &lines[thread][i];

			printf(" %s %c,%u;", what_name[line->what], "xyz"[line->word], line -> value);
		}
		printf("\n");
	}
}

static bool same(const struct outcomes *a, const struct outcomes *b)
{
	return a->nr == b->nr && memcmp(a->hash, b->hash, a->nr * sizeof(a->hash[0])) == 0;
}

/* One program in one model. A plain search that takes too long is left out. */
static bool check(enum explore_model model, uint64_t *runs)
{
	static const struct explore_program program = {setup, start, finish, NULL};
	struct explore_result found[3];
	bool plain, good = true;

	for (int search = EXPLORE_PLAIN; search <= EXPLORE_DPOR; search++) {
		struct explore_options options = {.model = model,
						  .search = (enum explore_search)search,
						  .max_runs = search == EXPLORE_PLAIN ? 5000 : 0};

		collecting = &outcomes[search];
		collecting->nr = 0;
		found[search] = explore(&options, &program);
		qsort(collecting->hash, collecting->nr, sizeof(collecting->hash[0]), compare);
		runs[search] += found[search].runs;
	}
	plain = found[EXPLORE_PLAIN].complete || found[EXPLORE_PLAIN].failed;
	if (found[EXPLORE_SLEEP].failed != found[EXPLORE_DPOR].failed ||
	    (plain && found[EXPLORE_PLAIN].failed != found[EXPLORE_DPOR].failed))
		good = false;
	if (good && !found[EXPLORE_DPOR].failed)
		good = same(&outcomes[EXPLORE_SLEEP], &outcomes[EXPLORE_DPOR]) &&
		       (!plain || same(&outcomes[EXPLORE_PLAIN], &outcomes[EXPLORE_DPOR])) &&
		       found[EXPLORE_SLEEP].runs - found[EXPLORE_SLEEP].blocked ==
			       found[EXPLORE_DPOR].runs - found[EXPLORE_DPOR].blocked;
	if (!good) {
		printf("random: model %d: outcomes %u %u %u, classes %lu %lu, failed %d %d %d %s\n", model,
		       outcomes[0].nr, outcomes[1].nr, outcomes[2].nr, found[1].runs - found[1].blocked,
		       found[2].runs - found[2].blocked, found[0].failed, found[1].failed, found[2].failed,
		       found[2].message);
		program_print();
	}
	return good;
}

int main(int argc, char **argv)
{
	uint32_t nr = argc > 1 ? (uint32_t)atoi(argv[1]) : 150, bad = 0;
	uint64_t runs[3] = {0};

	srand(argc > 2 ? (unsigned int)atoi(argv[2]) : 1);
	for (uint32_t i = 0; i < nr; i++) {
		program_make();
		for (int model = EXPLORE_SC; model <= EXPLORE_WEAK; model++)
			bad += !check((enum explore_model)model, runs);
	}
	printf("random: %u programs in 3 models, %u passed, %u failed; runs: plain %lu, sleep sets %lu, DPOR %lu\n", nr,
	       3 * nr - bad, bad, runs[0], runs[1], runs[2]);
	return bad != 0;
}
