/*
 * Memory as a program sees it: what is mapped, with which rights, and what it holds after fork.
 */
#define _GNU_SOURCE
#include "check.h"
#include <sys/syscall.h>

static bool all_bytes(const char *at, size_t len, char byte)
{
	for (size_t i = 0; i < len; i++)
		if (at[i] != byte)
			return false;
	return true;
}

static void test_demand_zero(void)
{
	char *at = memory_new(64 * PAGE, PROT_READ | PROT_WRITE);

	CHECK(all_bytes(at, 8 * PAGE, 0));
	for (int i = 0; i < 64; i++)
		at[i * PAGE + 17] = (char)(i + 1);
	for (int i = 0; i < 64; i++) {
		CHECK(at[i * PAGE + 17] == (char)(i + 1));
		CHECK(at[i * PAGE + 18] == 0);
	}
	CHECK(munmap(at, 64 * PAGE) == 0);
	/* The frames go round: what comes back must be zeros again. */
	for (int round = 0; round < 8; round++) {
		at = memory_new(64 * PAGE, PROT_READ | PROT_WRITE);
		CHECK(all_bytes(at, 64 * PAGE, 0));
		memset(at, 0xa5, 64 * PAGE);
		CHECK(munmap(at, 64 * PAGE) == 0);
	}
	done("demand zero");
}

static void test_unmap(void)
{
	char *at = memory_new(5 * PAGE, PROT_READ | PROT_WRITE);

	memset(at, 1, 5 * PAGE);
	CHECK(munmap(at + 2 * PAGE, PAGE) == 0);
	CHECK(CAN_READ(at + PAGE) && CAN_READ(at + 3 * PAGE));
	CHECK(fault_of(act_read, at + 2 * PAGE + 5) == SIGSEGV);
	CHECK(check_fault.address == at + 2 * PAGE + 5 && check_fault.code == SEGV_MAPERR);
	CHECK(munmap(at, 5 * PAGE) == 0); /* holes are fine */
	CHECK(munmap(at, 5 * PAGE) == 0);
	CHECK(!CAN_READ(at) && !CAN_READ(at + 4 * PAGE));
	CHECK(munmap(at + 1, PAGE) == -1 && errno == EINVAL);
	CHECK(munmap(at, 0) == -1 && errno == EINVAL);
	CHECK(munmap(at, ~0ul) == -1 && errno == EINVAL);
	CHECK(munmap((void *)0xffff800000000000ul, PAGE) == -1 && errno == EINVAL);
	done("unmap");
}

static void test_protect(void)
{
	char *at = memory_new(4 * PAGE, PROT_READ | PROT_WRITE);

	memset(at, 7, 4 * PAGE);
	CHECK(mprotect(at + PAGE, PAGE, PROT_READ) == 0);
	CHECK(CAN_WRITE(at) && CAN_READ(at + PAGE) && CAN_WRITE(at + 2 * PAGE));
	CHECK(fault_of(act_write, at + PAGE) == SIGSEGV && check_fault.code == SEGV_ACCERR);
	CHECK(mprotect(at + PAGE, 2 * PAGE, PROT_NONE) == 0);
	CHECK(!CAN_READ(at + PAGE) && !CAN_READ(at + 2 * PAGE));
	CHECK(mprotect(at, 4 * PAGE, PROT_READ | PROT_WRITE) == 0);
	CHECK(at[PAGE] == 7 && at[2 * PAGE] == 1 && CAN_WRITE(at + PAGE));
	/* Never touched, then protected, then allowed. */
	char *fresh = memory_new(2 * PAGE, PROT_NONE);
	CHECK(!CAN_READ(fresh) && !CAN_WRITE(fresh));
	CHECK(check_fault.code == SEGV_ACCERR);
	CHECK(mprotect(fresh, PAGE, PROT_READ | PROT_WRITE) == 0);
	CHECK(CAN_WRITE(fresh) && !CAN_READ(fresh + PAGE));
	CHECK(munmap(fresh + PAGE, PAGE) == 0);
	CHECK(mprotect(fresh, 2 * PAGE, PROT_READ) == -1 && errno == ENOMEM);
	CHECK(syscall(SYS_mprotect, at + 1, PAGE, PROT_READ) == -1 && errno == EINVAL); /* musl's rounds */
	CHECK(mprotect(at, 0, PROT_READ) == 0);
	/* A page that was only read stands on zeros; a write after a change of rights must not touch them. */
	char *zeros = memory_new(PAGE, PROT_READ), *others = memory_new(PAGE, PROT_READ);
	CHECK(zeros[0] == 0 && others[0] == 0);
	CHECK(mprotect(zeros, PAGE, PROT_READ | PROT_WRITE) == 0);
	zeros[0] = 9;
	CHECK(others[0] == 0 && zeros[0] == 9);
	done("protect");
}

static void test_execute(void)
{
	static const unsigned char code[] = {0xc3}; /* ret */
	char *at = memory_new(PAGE, PROT_READ | PROT_WRITE);

	memcpy(at, code, sizeof(code));
	CHECK(fault_of(act_call, at) == SIGSEGV);
	CHECK(mprotect(at, PAGE, PROT_READ | PROT_EXEC) == 0);
	CHECK(fault_of(act_call, at) == 0);
	CHECK(fault_of(act_write, at) == SIGSEGV);
	done("execute");
}

static void test_fixed(void)
{
	char *at = memory_new(8 * PAGE, PROT_READ | PROT_WRITE);

	memset(at, 3, 8 * PAGE);
	char *same =
		mmap(at + 2 * PAGE, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	CHECK(same == at + 2 * PAGE);
	CHECK(all_bytes(at, 2 * PAGE, 3) && all_bytes(same, 2 * PAGE, 0) && all_bytes(at + 4 * PAGE, 4 * PAGE, 3));
	CHECK(mmap(at + 1, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED);
	CHECK(errno == EINVAL);
	CHECK(mmap(at, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED);
	CHECK(errno == EEXIST);
	CHECK(mmap((void *)0x7ffffffff000ul, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
	      MAP_FAILED);
	CHECK(errno == ENOMEM);
	CHECK(mmap((void *)0xffff800000000000ul, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
	      MAP_FAILED);
	CHECK(errno == ENOMEM);
	CHECK(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == EINVAL);
	CHECK(mmap(NULL, 1ul << 48, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == ENOMEM);
	CHECK(mmap(NULL, ~0ul, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == ENOMEM);
	CHECK(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, 77, 0) == MAP_FAILED && errno == EBADF);
	done("fixed");
}

/* The break as the kernel moves it; back where the C library believes it at the end. */
static char *break_to(char *end)
{
	return (char *)syscall(SYS_brk, end);
}

static void test_brk(void)
{
	char *start = break_to(NULL);
	char *at = start + (-(uintptr_t)start & (PAGE - 1)); /* what lies under it may be in use */

	CHECK(break_to(at + 20 * PAGE) == at + 20 * PAGE);
	CHECK(all_bytes(at, 20 * PAGE, 0));
	memset(at, 5, 20 * PAGE);
	CHECK(break_to(at + 10 * PAGE + 1) == at + 10 * PAGE + 1);
	CHECK(CAN_READ(at + 10 * PAGE) && !CAN_READ(at + 11 * PAGE));
	CHECK(break_to(at + 20 * PAGE) == at + 20 * PAGE);
	CHECK(all_bytes(at, 10 * PAGE, 5));
	CHECK(all_bytes(at + 11 * PAGE, 9 * PAGE, 0));
	CHECK(break_to((char *)PAGE) == at + 20 * PAGE);
	CHECK(break_to((char *)0xffff800000000000ul) == at + 20 * PAGE);
	CHECK(break_to(start) == start);
	CHECK(!CAN_READ(at));
	done("break");
}

static void test_shared(void)
{
	char *at = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	CHECK(at != MAP_FAILED);
	at[0] = 1;
	pid_t child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		CHECK(at[0] == 1);
		for (int i = 0; i < 16; i++)
			at[i * PAGE] = (char)(40 + i);
		_exit(0);
	}
	CHECK(exited_with(child, 0));
	for (int i = 0; i < 16; i++)
		CHECK(at[i * PAGE] == (char)(40 + i));
	CHECK(munmap(at, 16 * PAGE) == 0);
	done("shared");
}

static void test_copy_on_write(void)
{
	enum { PAGES = 128 };
	char *at = memory_new(PAGES * PAGE, PROT_READ | PROT_WRITE);
	int go[2];
	char token = 0;

	for (int i = 0; i < PAGES; i += 2) /* the odd pages are never touched before the fork */
		at[i * PAGE] = (char)i;
	CHECK(pipe(go) == 0);
	pid_t child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		CHECK(read(go[0], &token, 1) == 1); /* the parent has written by now */
		for (int i = 0; i < PAGES; i++)
			CHECK(at[i * PAGE] == (i % 2 ? 0 : (char)i));
		for (int i = 0; i < PAGES; i++)
			at[i * PAGE] = 99;
		pid_t grandchild = fork();
		if (grandchild == 0) {
			for (int i = 0; i < PAGES; i++)
				CHECK(at[i * PAGE] == 99);
			memset(at, 98, PAGES * PAGE);
			_exit(3);
		}
		CHECK(exited_with(grandchild, 3));
		for (int i = 0; i < PAGES; i++)
			CHECK(at[i * PAGE] == 99);
		_exit(4);
	}
	for (int i = 0; i < PAGES; i++)
		at[i * PAGE] = 50;
	CHECK(write(go[1], &token, 1) == 1);
	CHECK(exited_with(child, 4));
	for (int i = 0; i < PAGES; i++)
		CHECK(at[i * PAGE] == 50 && at[i * PAGE + 1] == 0);
	/* Rights survive the fork, and a read-only page stays so in both. */
	CHECK(mprotect(at, PAGE, PROT_READ) == 0);
	child = fork();
	if (child == 0) {
		CHECK(!CAN_WRITE(at) && CAN_WRITE(at + PAGE));
		CHECK(mprotect(at, PAGE, PROT_READ | PROT_WRITE) == 0);
		at[0] = 1;
		_exit(0);
	}
	CHECK(exited_with(child, 0));
	CHECK(at[0] == 50 && !CAN_WRITE(at));
	close(go[0]);
	close(go[1]);
	CHECK(munmap(at, PAGES * PAGE) == 0);
	done("copy on write");
}

static int __attribute__((noinline)) recurse(int depth)
{
	volatile char frame[1024];

	frame[0] = (char)depth;
	if (depth == 0)
		return 0;
	return recurse(depth - 1) + (frame[0] == (char)depth);
}

static void test_stack(void)
{
	CHECK(recurse(4000) == 4000); /* some 4 MiB of the 8 */
	done("stack");
}

static void test_sparse(void)
{
	size_t len = 1ul << 36;
	char *at = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	CHECK(at != MAP_FAILED);
	for (size_t i = 0; i < 32; i++)
		at[i * (len / 32) + i * PAGE] = (char)(i + 1);
	for (size_t i = 0; i < 32; i++) {
		CHECK(at[i * (len / 32) + i * PAGE] == (char)(i + 1));
		CHECK(at[i * (len / 32) + (i + 1) * PAGE] == 0);
	}
	CHECK(mprotect(at + len / 4, len / 2, PROT_READ) == 0);
	CHECK(CAN_WRITE(at) && !CAN_WRITE(at + len / 2) && CAN_WRITE(at + len - PAGE));
	CHECK(munmap(at, len) == 0);
	CHECK(!CAN_READ(at + len / 2));
	done("sparse");
}

static void test_remap(void)
{
	char *at = memory_new(4 * PAGE, PROT_READ | PROT_WRITE);

	for (int i = 0; i < 4; i++)
		at[i * PAGE] = (char)(i + 1);
	CHECK(mremap(at, 4 * PAGE, 2 * PAGE, 0) == at);
	CHECK(CAN_READ(at + PAGE) && !CAN_READ(at + 2 * PAGE));
	char *moved = mremap(at, 2 * PAGE, 300 * PAGE, MREMAP_MAYMOVE);
	CHECK(moved != MAP_FAILED);
	CHECK(moved[0] == 1 && moved[PAGE] == 2 && moved[2 * PAGE] == 0 && moved[299 * PAGE] == 0);
	moved[299 * PAGE] = 8;
	char *place = memory_new(300 * PAGE, PROT_NONE);
	CHECK(mremap(moved, 300 * PAGE, 300 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, place) == place);
	CHECK(place[0] == 1 && place[299 * PAGE] == 8 && !CAN_READ(moved));
	CHECK(mremap(moved, PAGE, 2 * PAGE, MREMAP_MAYMOVE) == MAP_FAILED && errno == EFAULT);
	CHECK(mremap(place + 1, PAGE, 2 * PAGE, MREMAP_MAYMOVE) == MAP_FAILED && errno == EINVAL);
	CHECK(munmap(place, 300 * PAGE) == 0);
	done("remap");
}

/* What grows in its place is one mapping still, and what was advised for it goes for all of it. */
static void test_remap_advised(void)
{
	char *at = memory_new(64 * PAGE, PROT_READ | PROT_WRITE);
	pid_t child;

	CHECK(madvise(at, 64 * PAGE, MADV_WIPEONFORK) == 0);
	CHECK(mremap(at, 64 * PAGE, 16 * PAGE, 0) == at);
	CHECK(mremap(at, 16 * PAGE, 64 * PAGE, 0) == at);
	at = mremap(at, 64 * PAGE, 128 * PAGE, MREMAP_MAYMOVE);
	CHECK(at != MAP_FAILED);
	at[0] = at[40 * PAGE] = at[127 * PAGE] = 1;
	child = fork();
	CHECK(child >= 0);
	if (child == 0)
		_exit(at[0] + at[40 * PAGE] + at[127 * PAGE]);
	CHECK(exited_with(child, 0));
	CHECK(munmap(at, 128 * PAGE) == 0);
}

static void test_advise(void)
{
	char *at = memory_new(8 * PAGE, PROT_READ | PROT_WRITE);

	memset(at, 6, 8 * PAGE);
	CHECK(madvise(at + PAGE, 6 * PAGE, MADV_DONTNEED) == 0);
	CHECK(at[0] == 6 && at[7 * PAGE] == 6);
	CHECK(all_bytes(at + PAGE, 6 * PAGE, 0));
	CHECK(CAN_WRITE(at + PAGE));
	CHECK(munmap(at, 8 * PAGE) == 0);
	CHECK(madvise(at, PAGE, MADV_DONTNEED) == -1 && errno == ENOMEM);
	CHECK(madvise(at + 1, PAGE, MADV_DONTNEED) == -1 && errno == EINVAL);
	done("advise");
}

int main(void)
{
	test_demand_zero();
	test_unmap();
	test_protect();
	test_execute();
	test_fixed();
	test_brk();
	test_shared();
	test_copy_on_write();
	test_stack();
	test_sparse();
	test_remap();
	test_remap_advised();
	test_advise();
	done("memory: ok");
	return 0;
}
