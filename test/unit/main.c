/*
 * Runs all groups, or those whose names are given. The exit status is the number of groups that failed.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "unit.h"

static pthread_t main_thread;

/* On the thread that cmocka knows, a failure of the machine is a failure of the test. */
static void on_failure(const char *message)
{
	fprintf(stderr, "sim: %s\n", message);
	if (pthread_equal(pthread_self(), main_thread))
		fail_msg("%s", message);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(void);
	} group[] = {
		{"types", group_types},     {"start", group_start},     {"frames", group_frames},
		{"spaces", group_spaces},   {"cursors", group_cursors}, {"map", group_map},
		{"unmap", group_unmap},     {"protect", group_protect}, {"mark", group_mark},
		{"copy", group_copy},       {"share", group_share},     {"tlb", group_tlb},
		{"steps", group_steps},     {"tags", group_tags},       {"covering", group_covering},
		{"cut", group_cut},         {"flusher", group_flusher}, {"user", group_user},
		{"segment", group_segment}, {"plain", group_plain},     {"remote", group_remote},
		{"memory", group_memory},   {"random", group_random},   {"threads", group_threads},
		{"tree", group_tree},       {"conform", group_conform}, {"cost", group_cost},
	};
	int failed = 0;

	main_thread = pthread_self();
	sim_on_failure = on_failure;
	/* A test that hangs is a test that failed: it spins, or sleeps while the machine may be busy with other things. */
	setitimer(ITIMER_PROF, &(struct itimerval){.it_value = {.tv_sec = 300}}, NULL);
	alarm(1800);
	for (size_t i = 0; i < sizeof(group) / sizeof(group[0]); i++) {
		bool wanted = argc < 2;

		for (int k = 1; k < argc; k++)
			wanted = wanted || strcmp(argv[k], group[i].name) == 0;
		/* The contracts are those of one thread, and cost more than what they are asked of. */
		checking(group[i].run != group_threads && group[i].run != group_conform && group[i].run != group_cost);
		if (wanted && group[i].run() != 0)
			failed++;
	}
	if (checking_count() > 0)
		printf("%lu operations were checked against their contracts\n", checking_count());
	return failed;
}
