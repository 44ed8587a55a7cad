/*
 * huge: pages of 2 MiB. Made by a first touch, and then cut, moved, forked, given back: what is in them must stay what
 * it was. Passes on Linux too, if it gives such pages.
 * huge sparse: memory is short, and most of it is zeros in such pages: a program gets it. Not for a machine of others.
 */
#define _GNU_SOURCE
#include "check.h"
#include <fcntl.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/sysinfo.h>
#include <sys/uio.h>

#define HUGE (2ul << 20)
#define NR_SLOTS 8ul
#define LEN (NR_SLOTS * HUGE)
#define NR_PAGES (HUGE / PAGE)

/* Aligned memory that nobody touched, with some on both sides that nobody can. */
static char *fresh(size_t len)
{
	char *at = memory_new(len + 2 * HUGE, PROT_READ | PROT_WRITE), *start;

	start = (char *)(((uintptr_t)at + HUGE) / HUGE * HUGE);
	CHECK(mprotect(at, (size_t)(start - at), PROT_NONE) == 0);
	CHECK(mprotect(start + len, (size_t)(at + 2 * HUGE - start), PROT_NONE) == 0);
	CHECK(madvise(start, len, MADV_HUGEPAGE) == 0);
	return start;
}

/* KiB of [at, at + len) in such pages, as smaps has it. */
static size_t huge_kib(const char *at, size_t len)
{
	FILE *smaps = fopen("/proc/self/smaps", "r");
	unsigned long start = 0, end = 0, from, to, kib, sum = 0;
	char line[256];

	CHECK(smaps != NULL);
	while (fgets(line, sizeof(line), smaps) != NULL) {
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2) {
			start = from;
			end = to;
		}
		if (sscanf(line, "AnonHugePages: %lu kB", &kib) == 1 && start < (unsigned long)at + len &&
		    end > (unsigned long)at)
			sum += kib;
	}
	fclose(smaps);
	return sum;
}

#define SLOTS(nr) ((nr)*HUGE / 1024)

static uint64_t frame_of(const char *at)
{
	int file = open("/proc/self/pagemap", O_RDONLY);
	uint64_t word;

	CHECK(file >= 0 && pread(file, &word, 8, (off_t)((uintptr_t)at / PAGE * 8)) == 8);
	close(file);
	CHECK(word >> 63 == 1);
	return word & ((1ull << 55) - 1);
}

static uint32_t value(size_t page, uint32_t salt)
{
	return (uint32_t)page * 2654435761u + salt;
}

static void put(char *at, size_t page, uint32_t salt)
{
	*(volatile uint32_t *)(at + page * PAGE + 8) = value(page, salt);
}

static void check(const char *at, size_t page, uint32_t salt)
{
	CHECK(*(volatile const uint32_t *)(at + page * PAGE + 8) == value(page, salt));
}

static char *filled(size_t len, uint32_t salt)
{
	char *at = fresh(len);

	for (size_t i = 0; i < len / PAGE; i++)
		put(at, i, salt);
	return at;
}

static void check_all(const char *at, size_t from, size_t to, uint32_t salt)
{
	for (size_t i = from; i < to; i++)
		check(at, i, salt);
}

static void made(void)
{
	char *at = filled(LEN, 1);
	unsigned char in[LEN / PAGE];

	CHECK(huge_kib(at, LEN) == SLOTS(NR_SLOTS));
	check_all(at, 0, LEN / PAGE, 1);
	for (size_t slot = 0; slot < NR_SLOTS; slot++) {
		uint64_t first = frame_of(at + slot * HUGE);

		CHECK(first % NR_PAGES == 0);
		for (size_t i = 1; i < NR_PAGES; i += 37)
			CHECK(frame_of(at + slot * HUGE + i * PAGE) == (first == 0 ? 0 : first + i));
	}
	CHECK(mincore(at, LEN, in) == 0);
	for (size_t i = 0; i < LEN / PAGE; i++)
		CHECK(in[i] & 1);
	CHECK(munmap(at, LEN) == 0);
	done("made");
}

static void cut(void)
{
	char *at = filled(LEN, 2);

	CHECK(mprotect(at + 5 * PAGE, PAGE, PROT_READ) == 0);
	CHECK(huge_kib(at, LEN) == SLOTS(NR_SLOTS - 1));
	CHECK(fault_of(act_write, at + 5 * PAGE) == SIGSEGV);
	check_all(at, 0, LEN / PAGE, 2);
	CHECK(mprotect(at + 5 * PAGE, PAGE, PROT_READ | PROT_WRITE) == 0);
	put(at, 5, 3);
	check(at, 5, 3);
	/* From the middle of one to the middle of another. */
	CHECK(munmap(at + HUGE + 100 * PAGE, HUGE) == 0);
	CHECK(huge_kib(at, LEN) == SLOTS(NR_SLOTS - 3));
	check_all(at, 6, NR_PAGES + 100, 2);
	check_all(at, 2 * NR_PAGES + 100, LEN / PAGE, 2);
	CHECK(fault_of(act_read, at + HUGE + 100 * PAGE) == SIGSEGV);
	CHECK(madvise(at + 3 * HUGE + 7 * PAGE, 50 * PAGE, MADV_DONTNEED) == 0);
	check_all(at, 3 * NR_PAGES, 3 * NR_PAGES + 7, 2);
	for (size_t i = 7; i < 57; i++)
		CHECK(at[3 * HUGE + i * PAGE + 8] == 0);
	check_all(at, 3 * NR_PAGES + 57, LEN / PAGE, 2);
	/* All of one; then it can be had again. */
	CHECK(madvise(at + 4 * HUGE, HUGE, MADV_DONTNEED) == 0 && huge_kib(at, LEN) == SLOTS(NR_SLOTS - 5));
	put(at, 4 * NR_PAGES + 9, 4);
	CHECK(huge_kib(at, LEN) == SLOTS(NR_SLOTS - 4) && at[4 * HUGE] == 0);
	CHECK(mmap(at + 5 * HUGE + PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
	      at + 5 * HUGE + PAGE);
	CHECK(at[5 * HUGE + PAGE + 8] == 0);
	check(at, 5 * NR_PAGES, 2);
	check_all(at, 5 * NR_PAGES + 2, LEN / PAGE, 2);
	CHECK(munmap(at, LEN) == 0);
	done("cut");
}

static void moved(void)
{
	char *at = filled(4 * HUGE, 5), *to = fresh(4 * HUGE), *odd = fresh(8 * HUGE) + 3 * PAGE;

	CHECK(mremap(at, 4 * HUGE, 4 * HUGE, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to);
	CHECK(huge_kib(to, 4 * HUGE) == SLOTS(4ul));
	check_all(to, 0, 4 * NR_PAGES, 5);
	/* To where they do not fit; a part of it; longer. */
	CHECK(mremap(to, 2 * HUGE, 2 * HUGE, MREMAP_MAYMOVE | MREMAP_FIXED, odd) == odd);
	check_all(odd, 0, 2 * NR_PAGES, 5);
	check_all(to, 2 * NR_PAGES, 4 * NR_PAGES, 5);
	CHECK(mremap(to + 3 * HUGE + PAGE, 3 * PAGE, 8 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, odd + 4 * HUGE) ==
	      odd + 4 * HUGE);
	for (size_t i = 0; i < 3; i++)
		CHECK(*(uint32_t *)(odd + 4 * HUGE + i * PAGE + 8) == value(3 * NR_PAGES + 1 + i, 5));
	CHECK(odd[4 * HUGE + 3 * PAGE + 8] == 0);
	check_all(to, 2 * NR_PAGES, 3 * NR_PAGES + 1, 5);
	check_all(to, 3 * NR_PAGES + 4, 4 * NR_PAGES, 5);
	done("moved");
}

/* While a child has them too. */
static void moved_shared(void)
{
	char *at = filled(2 * HUGE, 6), *odd = fresh(4 * HUGE) + PAGE;
	int go[2];
	pid_t child;
	char byte;

	CHECK(pipe(go) == 0);
	child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		close(go[1]);
		CHECK(read(go[0], &byte, 1) == 0);
		check_all(at, 0, 2 * NR_PAGES, 6);
		_exit(0);
	}
	close(go[0]);
	CHECK(mremap(at, HUGE, HUGE, MREMAP_MAYMOVE | MREMAP_FIXED, odd) == odd);
	check_all(odd, 0, NR_PAGES, 6);
	CHECK(munmap(at + HUGE + PAGE, PAGE) == 0);
	check(at, NR_PAGES, 6);
	put(odd, 9, 7);
	check(odd, 9, 7);
	close(go[1]);
	CHECK(exited_with(child, 0));
	check_all(odd, 10, NR_PAGES, 6);
	done("moved while shared");
}

static void forked(void)
{
	char *at = filled(LEN, 8);
	pid_t child = fork();

	CHECK(child >= 0);
	for (size_t i = child == 0; i < LEN / PAGE; i += child == 0 ? 64 : 97)
		put(at, i, child == 0 ? 9 : 10);
	for (size_t i = 0; i < LEN / PAGE; i++)
		check(at, i, child == 0 ? (i % 64 == 1 ? 9 : 8) : i % 97 == 0 ? 10 : 8);
	if (child == 0)
		_exit(0);
	CHECK(exited_with(child, 0));
	for (size_t i = 0; i < LEN / PAGE; i++)
		put(at, i, 11);
	check_all(at, 0, LEN / PAGE, 11);
	/* A child that only reads takes nothing away. */
	CHECK(madvise(at, LEN, MADV_DONTNEED) == 0);
	put(at, 0, 12);
	child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		check(at, 0, 12);
		_exit(0);
	}
	CHECK(exited_with(child, 0));
	put(at, 1, 12);
	CHECK(huge_kib(at, LEN) == SLOTS(1ul));
	CHECK(munmap(at, LEN) == 0);
	done("forked");
}

/* Parts that a child does not get, or finds empty. */
static void forked_in_part(void)
{
	char *at = filled(2 * HUGE, 13);
	pid_t child;

	CHECK(madvise(at + 10 * PAGE, 20 * PAGE, MADV_DONTFORK) == 0);
	CHECK(madvise(at + HUGE + 10 * PAGE, 20 * PAGE, MADV_WIPEONFORK) == 0);
	child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		check_all(at, 0, 10, 13);
		CHECK(fault_of(act_read, at + 10 * PAGE) == SIGSEGV && fault_of(act_read, at + 29 * PAGE) == SIGSEGV);
		check_all(at, 30, NR_PAGES + 10, 13);
		for (size_t i = 10; i < 30; i++)
			CHECK(at[HUGE + i * PAGE + 8] == 0);
		check_all(at, NR_PAGES + 30, 2 * NR_PAGES, 13);
		_exit(0);
	}
	CHECK(exited_with(child, 0));
	check_all(at, 0, 2 * NR_PAGES, 13);
	done("forked in part");
}

static void read_first(void)
{
	char *at = fresh(2 * HUGE);

	for (size_t i = 0; i < 2 * NR_PAGES; i++)
		CHECK(at[i * PAGE] == 0);
	CHECK(huge_kib(at, 2 * HUGE) == 0);
	put(at, 7, 14);
	CHECK(huge_kib(at, 2 * HUGE) == SLOTS(1ul));
	for (size_t i = 0; i < 2 * NR_PAGES; i++)
		CHECK(i == 7 || at[i * PAGE + 8] == 0);
	CHECK(munmap(at + HUGE, HUGE / 2) == 0 && at[2 * HUGE - 1] == 0);
	at[2 * HUGE - 1] = 1;
	CHECK(at[2 * HUGE - PAGE - 1] == 0);
	done("read first");
}

static void refused(void)
{
	char *at = fresh(2 * HUGE);
	pid_t child;

	CHECK(madvise(at, HUGE, MADV_NOHUGEPAGE) == 0);
	put(at, 0, 15);
	CHECK(huge_kib(at, HUGE) == 0);
	put(at, NR_PAGES, 15);
	CHECK(huge_kib(at, 2 * HUGE) == SLOTS(1ul));
	CHECK(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) == 0 && prctl(PR_SET_THP_DISABLE, 1, 1, 0, 0) == -1);
	CHECK(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) == 0);
	child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		CHECK(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) == 1);
		at = fresh(HUGE);
		put(at, 0, 15);
		_exit(huge_kib(at, HUGE) != 0);
	}
	CHECK(exited_with(child, 0));
	CHECK(prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0) == 0);
	done("refused");
}

static void from_outside(void)
{
	char *at = fresh(2 * HUGE), text[64];
	struct iovec local = {text, sizeof(text)}, remote = {at + 77 * PAGE, sizeof(text)};

	CHECK(mlock(at, 2 * HUGE) == 0 && huge_kib(at, 2 * HUGE) == SLOTS(2ul));
	put(at, 77, 16);
	CHECK(process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == sizeof(text));
	CHECK(memcmp(text, at + 77 * PAGE, sizeof(text)) == 0);
	memset(text, 5, sizeof(text));
	CHECK(process_vm_writev(getpid(), &local, 1, &remote, 1, 0) == sizeof(text) && at[77 * PAGE + 63] == 5);
	CHECK(huge_kib(at, 2 * HUGE) == SLOTS(2ul));
	CHECK(munlock(at, 2 * HUGE) == 0);
	done("from outside");
}

static char *common;

static void *touch_all(void *which)
{
	for (size_t i = 0; i < LEN / PAGE; i++)
		((volatile unsigned char *)common)[i * PAGE + (size_t)which] = (unsigned char)(i + 1);
	return NULL;
}

static void together(void)
{
	pthread_t thread[4];

	common = fresh(LEN);
	for (size_t i = 0; i < 4; i++)
		CHECK(pthread_create(&thread[i], NULL, touch_all, (void *)i) == 0);
	for (size_t i = 0; i < 4; i++)
		CHECK(pthread_join(thread[i], NULL) == 0);
	for (size_t i = 0; i < LEN / PAGE * 4; i++)
		CHECK((unsigned char)common[i / 4 * PAGE + i % 4] == (unsigned char)(i / 4 + 1));
	CHECK(huge_kib(common, LEN) == SLOTS(NR_SLOTS));
	done("together");
}

/* Two pages of each 2 MiB, as far as memory goes; then more small pages than are free without taking those apart. */
static void sparse(void)
{
	struct sysinfo info;
	size_t nr, nr_more;
	char *at, *more;

	CHECK(sysinfo(&info) == 0);
	nr = info.freeram / HUGE / 8 * 7;
	nr_more = info.freeram / PAGE / 2;
	at = fresh(nr * HUGE);
	for (size_t i = 0; i < nr; i++) {
		put(at, i * NR_PAGES + 3, 17);
		put(at, i * NR_PAGES + 400, 17);
	}
	CHECK(huge_kib(at, nr * HUGE) > SLOTS(nr) / 2);
	more = memory_new(nr_more * PAGE, PROT_READ | PROT_WRITE);
	CHECK(madvise(more, nr_more * PAGE, MADV_NOHUGEPAGE) == 0);
	for (size_t i = 0; i < nr_more; i++)
		put(more, i, 18);
	check_all(more, 0, nr_more, 18);
	for (size_t i = 0; i < nr; i++) {
		check(at, i * NR_PAGES + 3, 17);
		check(at, i * NR_PAGES + 400, 17);
		CHECK(at[i * HUGE] == 0 && at[i * HUGE + HUGE - 1] == 0);
	}
	done("sparse");
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "sparse") == 0) {
		sparse();
		return 0;
	}
	made();
	cut();
	moved();
	moved_shared();
	forked();
	forked_in_part();
	read_first();
	refused();
	from_outside();
	together();
	done("huge: ok");
	return 0;
}
