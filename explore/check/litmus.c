/*
 * Litmus tests: tiny programs of which each memory model allows a known set of outcomes.
 *
 * A test lists its outcomes in each model, in full: one that is missing and one too many both fail it. Each
 * is searched three ways; all must agree, and sleep sets and DPOR must see the same number of classes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../engine/explore.h"

#define RLX __ATOMIC_RELAXED
#define ACQ __ATOMIC_ACQUIRE
#define REL __ATOMIC_RELEASE
#define SC __ATOMIC_SEQ_CST

struct memory {
	uint32_t x, y, z;
	uint32_t seen[8];
};
static struct memory m EXPLORE_SHARED;

#define LOAD(word, order) __atomic_load_n(&m.word, order)
#define STORE(word, value, order) __atomic_store_n(&m.word, value, order)
#define ADD(word, order) __atomic_fetch_add(&m.word, 1, order)
#define FENCE(order) __atomic_thread_fence(order)

EXPLORE_UNSEEN static void put(int i, uint32_t value)
{
	m.seen[i] = value;
}

#define THREAD(name, ...)              \
	static void name(void *unused) \
	{                              \
		(void)unused;          \
		__VA_ARGS__            \
	}

THREAD(sb0, STORE(x, 1, RLX); put(0, LOAD(y, RLX));)
THREAD(sb1, STORE(y, 1, RLX); put(1, LOAD(x, RLX));)
THREAD(sbf0, STORE(x, 1, RLX); FENCE(SC); put(0, LOAD(y, RLX));)
THREAD(sbf1, STORE(y, 1, RLX); FENCE(SC); put(1, LOAD(x, RLX));)
THREAD(sbm0, STORE(x, 1, RLX); (void)ADD(z, __ATOMIC_ACQ_REL); put(0, LOAD(y, RLX));)
THREAD(sbm1, STORE(y, 1, RLX); (void)ADD(z, __ATOMIC_ACQ_REL); put(1, LOAD(x, RLX));)
THREAD(mp0, STORE(x, 1, RLX); STORE(y, 1, RLX);)
THREAD(mp1, put(0, LOAD(y, RLX)); put(1, LOAD(x, RLX));)
THREAD(mpr0, STORE(x, 1, RLX); STORE(y, 1, REL);)
THREAD(mpr1, put(0, LOAD(y, ACQ)); put(1, LOAD(x, RLX));)
THREAD(mpf0, STORE(x, 1, RLX); FENCE(REL); STORE(y, 1, RLX);)
THREAD(mpf1, put(0, LOAD(y, RLX)); FENCE(ACQ); put(1, LOAD(x, RLX));)
THREAD(lb0, put(0, LOAD(x, RLX)); STORE(y, 1, RLX);)
THREAD(lb1, put(1, LOAD(y, RLX)); STORE(x, 1, RLX);)
THREAD(ww0, STORE(x, 1, RLX); STORE(y, 2, RLX);)
THREAD(ww1, STORE(y, 1, RLX); STORE(x, 2, RLX);)
THREAD(ir0, STORE(x, 1, REL);)
THREAD(ir1, STORE(y, 1, REL);)
THREAD(ir2, put(0, LOAD(x, ACQ)); put(1, LOAD(y, ACQ));)
THREAD(ir3, put(2, LOAD(y, ACQ)); put(3, LOAD(x, ACQ));)
THREAD(irf2, put(0, LOAD(x, ACQ)); FENCE(SC); put(1, LOAD(y, ACQ));)
THREAD(irf3, put(2, LOAD(y, ACQ)); FENCE(SC); put(3, LOAD(x, ACQ));)
THREAD(co0, STORE(x, 1, RLX); STORE(x, 2, RLX);)
THREAD(co1, put(0, LOAD(x, RLX)); put(1, LOAD(x, RLX));)
THREAD(in0, put(0, ADD(x, RLX));)
THREAD(in1, put(1, ADD(x, RLX));)
THREAD(in2, put(2, ADD(x, RLX));)
THREAD(wt0, STORE(x, 1, RLX); STORE(y, 1, REL);)
THREAD(wt1, while (LOAD(y, ACQ) == 0) explore_relax(); put(0, LOAD(x, RLX));)
THREAD(ab0, STORE(x, 1, RLX); STORE(x, 0, RLX); STORE(y, 1, RLX);)
THREAD(ab1, while (LOAD(x, RLX) == 0 && LOAD(y, RLX) == 0) explore_relax(); put(0, LOAD(x, RLX) + 1);)
THREAD(lk0, explore_wait_swap(&m.z, 0, 1); put(0, m.x); m.x = 1; STORE(z, 0, REL);)
THREAD(lk1, explore_wait_swap(&m.z, 0, 1); put(1, m.x); m.x = 2; STORE(z, 0, REL);)
THREAD(lost0, STORE(x, 1, RLX); STORE(x, 0, RLX);)
THREAD(lost1, while (LOAD(x, RLX) == 0) explore_relax();)
THREAD(race0, m.x = 1; STORE(y, 1, RLX);)
THREAD(race1, if (LOAD(y, ACQ) == 1) put(0, m.x);)
THREAD(race2, m.x = 1; STORE(y, 1, REL);)
THREAD(race3, if (LOAD(y, RLX) == 1) put(0, m.x);)
THREAD(race4, STORE(y, 1, REL); m.x = 1;)
THREAD(rd0, put(0, m.x); STORE(y, 1, RLX);)
THREAD(rd1, if (LOAD(y, ACQ) == 1) m.x = 1;)
THREAD(mix0, STORE(x, 1, RLX); STORE(y, 1, RLX);)
THREAD(mix1, if (LOAD(y, ACQ) == 1) put(0, m.x);)
THREAD(nst0, STORE(x, 1, REL); STORE(y, 1, REL);)
THREAD(
	nst1, while (LOAD(y, ACQ) == 0) {
		while (LOAD(x, ACQ) == 0)
			explore_relax();
		explore_relax();
	} put(0, 1);)
THREAD(own0, STORE(x, 1, REL); put(0, m.x); put(1, LOAD(y, RLX));)
THREAD(own1, STORE(y, 1, REL); put(2, LOAD(x, RLX));)
THREAD(ow0, STORE(x, 1, RLX); put(0, LOAD(x, RLX)); put(1, LOAD(y, RLX));)
THREAD(ow1, STORE(y, 1, RLX); put(2, LOAD(y, RLX)); put(3, LOAD(x, RLX));)
THREAD(cas0, uint32_t old = 0; put(0, __atomic_compare_exchange_n(&m.x, &old, 1, false, __ATOMIC_ACQ_REL, ACQ));)
THREAD(cas1, uint32_t old = 0; put(1, __atomic_compare_exchange_n(&m.x, &old, 2, false, __ATOMIC_ACQ_REL, ACQ));)
THREAD(rs0, STORE(x, 1, RLX); STORE(y, 1, REL);)
THREAD(rs1, (void)ADD(y, RLX);)
THREAD(rs2, put(0, LOAD(y, ACQ)); put(1, LOAD(x, RLX));)

/* Outcomes are what put() was given, four digits, sorted. "fails": the search must find a failure. */
struct test {
	const char *name;
	void (*thread[4])(void *);
	const char *outcomes[3]; /* SC, TSO, weak */
};

#define SAME(text)               \
	{                        \
		text, text, text \
	}
// clang-format off
static const struct test tests[] = {
	{"SB", {sb0, sb1}, {"0100 1000 1100", "0000 0100 1000 1100", "0000 0100 1000 1100"}},
	{"SB+fences", {sbf0, sbf1}, SAME("0100 1000 1100")},
	{"SB+modify", {sbm0, sbm1}, {"0100 1000 1100", "0100 1000 1100", "0100 1000 1100"}},
	{"MP", {mp0, mp1}, {"0000 0100 1100", "0000 0100 1100", "0000 0100 1000 1100"}},
	{"MP+release+acquire", {mpr0, mpr1}, SAME("0000 0100 1100")},
	{"MP+fences", {mpf0, mpf1}, SAME("0000 0100 1100")},
	{"LB", {lb0, lb1}, SAME("0000 0100 1000")},
	{"2+2W", {ww0, ww1}, {"0012 0021 0022", "0012 0021 0022", "0012 0021 0022"}},
	{"IRIW+acquire", {ir0, ir1, ir2, ir3}, {"15 outcomes", "15 outcomes", "16 outcomes"}},
	{"IRIW+fences", {ir0, ir1, irf2, irf3}, {"15 outcomes", "15 outcomes", "15 outcomes"}},
	{"CoRR", {co0, co1}, SAME("0000 0100 0200 1100 1200 2200")},
	{"increments", {in0, in1, in2}, SAME("0120 0210 1020 1200 2010 2100")},
	{"release sequence", {rs0, rs1, rs2}, {"0000 0100 1000 1100 2100", "0000 0100 1000 1100 2100", "0000 0100 1000 1100 2100"}},
	{"compare and exchange", {cas0, cas1}, SAME("0100 1000")},
	{"wait", {wt0, wt1}, SAME("1000")},
	{"wait for either", {ab0, ab1}, {"1000 2000", "1000 2000", "1000 2000"}},
	{"wait that is lost", {lost0, lost1}, SAME("fails")},
	{"lock", {lk0, lk1}, SAME("0100 2000")},
	{"plain data, relaxed flag", {race0, race1}, SAME("fails")},
	{"plain data, released flag, relaxed load", {race2, race3}, SAME("fails")},
	{"plain data after the release", {race4, race1}, SAME("fails")},
	{"plain data, released flag, acquiring load", {race2, race1}, SAME("0000 1000")},
	{"plain read, relaxed flag", {rd0, rd1}, SAME("fails")},
	{"atomic store, plain read", {mix0, mix1}, SAME("fails")},
	{"wait inside a wait", {nst0, nst1}, SAME("1000")},
	{"SB, own store seen first", {ow0, ow1}, {"1011 1110 1111", "1010 1011 1110 1111", "1010 1011 1110 1111"}},
	{"own store, read plainly", {own0, own1}, {"1010 1100 1110", "1000 1010 1100 1110", "1000 1010 1100 1110"}},
};

// clang-format on

static const struct test *test;
static char outcomes[32][8];
static uint32_t nr_outcomes;

static void setup(void)
{
}

static void start(void)
{
	for (uint32_t i = 0; i < 4 && test->thread[i] != NULL; i++)
		explore_spawn("thread", test->thread[i], NULL, i, false);
}

static void finish(void)
{
	char text[24];
	bool memory = test->thread[0] == ww0;

	snprintf(text, sizeof(text), "%u%u%u%u", m.seen[0], m.seen[1], memory ? m.x : m.seen[2],
		 memory ? m.y : m.seen[3]);
	for (uint32_t i = 0; i < nr_outcomes; i++) {
		if (strcmp(outcomes[i], text) == 0)
			return;
	}
	if (nr_outcomes < 32)
		strcpy(outcomes[nr_outcomes++], text);
}

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void outcomes_print(const struct explore_result *result, const char *expected, char *text, size_t room)
{
	size_t at = 0;

	qsort(outcomes, nr_outcomes, sizeof(outcomes[0]), compare);
	text[0] = '\0';
	if (result->failed)
		snprintf(text, room, "fails");
	else if (strstr(expected, "outcomes") != NULL)
		snprintf(text, room, "%u outcomes", nr_outcomes);
	for (uint32_t i = 0; i < nr_outcomes && text[0] != 'f' && strstr(expected, "outcomes") == NULL; i++)
		at += (size_t)snprintf(text + at, room - at, "%s%s", i > 0 ? " " : "", outcomes[i]);
}

static bool run(enum explore_model model)
{
	static const char *const model_name[] = {"SC", "TSO", "weak"};
	static const struct explore_program program = {setup, start, finish, NULL};
	const char *expected = test->outcomes[model];
	uint64_t classes[3];
	bool good = true;

	for (int search = EXPLORE_PLAIN; search <= EXPLORE_DPOR; search++) {
		struct explore_options options = {.model = model, .search = (enum explore_search)search};
		struct explore_result result;
		char text[256];

		nr_outcomes = 0;
		result = explore(&options, &program);
		classes[search] = result.runs - result.blocked;
		outcomes_print(&result, expected, text, sizeof(text));
		if (strcmp(text, expected) != 0 || (!result.failed && !result.complete)) {
			printf("litmus: %s, %s, search %d: \"%s\" but expected \"%s\" %s\n", test->name,
			       model_name[model], search, text, expected, result.message);
			good = false;
		}
	}
	if (strcmp(expected, "fails") != 0 && classes[EXPLORE_SLEEP] != classes[EXPLORE_DPOR]) {
		printf("litmus: %s, %s: %lu classes with sleep sets, %lu with DPOR\n", test->name, model_name[model],
		       classes[EXPLORE_SLEEP], classes[EXPLORE_DPOR]);
		good = false;
	}
	return good;
}

int main(void)
{
	uint32_t nr = 0, bad = 0;

	for (uint32_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		test = &tests[i];
		for (int model = EXPLORE_SC; model <= EXPLORE_WEAK; model++, nr++)
			bad += !run((enum explore_model)model);
	}
	printf("litmus: %u tests passed, %u failed\n", nr - bad, bad);
	return bad != 0;
}
