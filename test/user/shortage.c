/*
 * Memory runs out: the biggest process ends, the others do not notice. Not for a machine that others use.
 */
#define _GNU_SOURCE
#include "check.h"
#include <sys/sysinfo.h>

/* Almost all there is, held until somebody ends us. */
static void hold(size_t nr_pages, int ready)
{
	char *at = memory_new(nr_pages * PAGE, PROT_READ | PROT_WRITE);

	for (size_t i = 0; i < nr_pages; i++)
		at[i * PAGE] = 1;
	CHECK(write(ready, "", 1) == 1);
	pause();
}

/* More than is left then; all of it must stay what it was. */
static void take(size_t nr_pages)
{
	char *at = memory_new(nr_pages * PAGE, PROT_READ | PROT_WRITE);

	for (size_t i = 0; i < nr_pages; i++)
		at[i * PAGE] = (char)(i % 127);
	for (size_t i = 0; i < nr_pages; i++)
		CHECK(at[i * PAGE] == (char)(i % 127));
}

int main(void)
{
	struct sysinfo info;
	size_t nr_free;
	int ready[2];
	char byte;
	pid_t big, small;

	CHECK(sysinfo(&info) == 0 && pipe(ready) == 0);
	nr_free = info.freeram * info.mem_unit / PAGE;
	big = fork();
	CHECK(big >= 0);
	if (big == 0)
		hold(nr_free / 8 * 7, ready[1]);
	close(ready[1]);
	CHECK(read(ready[0], &byte, 1) == 1);
	done("almost all is in use");
	/* Twice of what is left: more than what the kernel can forget and have again. */
	small = fork();
	CHECK(small >= 0);
	if (small == 0) {
		take(nr_free / 4);
		_exit(0);
	}
	CHECK(exited_with(small, 0));
	CHECK(killed_by(big, SIGKILL));
	done("the biggest is gone");
	return 0;
}
