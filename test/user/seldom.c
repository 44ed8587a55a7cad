/*
 * seldom: calls that few programs make: remap_file_pages, vmsplice, unshare, protection keys. Passes on Linux too.
 */
#define _GNU_SOURCE
#include "check.h"
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/uio.h>

static int file_of(size_t nr_pages)
{
	int file = memfd_create("seldom", 0);

	CHECK(file >= 0 && ftruncate(file, (off_t)(nr_pages * PAGE)) == 0);
	for (size_t i = 0; i < nr_pages; i++)
		CHECK(pwrite(file, &i, sizeof(i), (off_t)(i * PAGE)) == sizeof(i));
	return file;
}

static long remap(char *at, size_t len, int prot, size_t index, int flags)
{
	return syscall(SYS_remap_file_pages, at, len, prot, index, flags);
}

static void reordered(void)
{
	char *at = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file_of(8), 0);
	char *mine = memory_new(8 * PAGE, PROT_READ | PROT_WRITE);

	CHECK(at != MAP_FAILED);
	for (size_t i = 0; i < 8; i++)
		CHECK(remap(at + i * PAGE, PAGE, 0, 7 - i, 0) == 0);
	for (size_t i = 0; i < 8; i++)
		CHECK(*(size_t *)(at + i * PAGE) == 7 - i);
	CHECK(remap(at, 8 * PAGE, 0, 0, MAP_NONBLOCK) == 0);
	for (size_t i = 0; i < 8; i++)
		CHECK(*(size_t *)(at + i * PAGE) == i);
	CHECK(remap(at, PAGE, PROT_READ, 0, 0) == -1 && errno == EINVAL);
	CHECK(remap(at, 0, 0, 0, 0) == -1 && errno == EINVAL);
	CHECK(remap(mine, PAGE, 0, 0, 0) == -1 && errno == EINVAL);
	CHECK(munmap(at + 7 * PAGE, PAGE) == 0);
	CHECK(remap(at, 8 * PAGE, 0, 0, 0) == -1 && errno == EINVAL);
	CHECK(remap(at + 7 * PAGE, PAGE, 0, 0, 0) == -1 && errno == EINVAL);
	done("reordered");
}

static void spliced(void)
{
	char text[] = "one two", in[16] = "";
	struct iovec parts[2] = {{text, 4}, {text + 4, 4}}, back = {in, sizeof(in)};
	int ends[2], file = file_of(1);

	CHECK(pipe(ends) == 0);
	CHECK(vmsplice(ends[0], &back, 1, SPLICE_F_NONBLOCK) == -1 && errno == EAGAIN);
	CHECK(vmsplice(ends[1], parts, 2, 0) == 8);
	CHECK(vmsplice(ends[0], &back, 1, 0) == 8 && strcmp(in, "one two") == 0);
	CHECK(vmsplice(file, parts, 1, 0) == -1 && errno == EBADF);
	CHECK(vmsplice(-1, parts, 1, 0) == -1 && errno == EBADF);
	CHECK(vmsplice(ends[1], parts, 1, 16) == -1 && errno == EINVAL);
	done("spliced");
}

/* A child that shares our descriptors, until it does not. */
static int part(void *folder)
{
	(void)folder;
	if (unshare(CLONE_FILES | CLONE_FS) != 0)
		return 1;
	return close(0) != 0 || chdir("/tmp") != 0;
}

static void *wait_for_ever(void *unused)
{
	pause();
	return unused;
}

static void parted(void)
{
	static char stack[64 * 1024] __attribute__((aligned(16)));
	char before[256], after[256];
	pthread_t thread;
	pid_t child;

	CHECK(getcwd(before, sizeof(before)) != NULL);
	child = clone(part, stack + sizeof(stack), CLONE_FILES | CLONE_FS | SIGCHLD, NULL);
	CHECK(child > 0 && exited_with(child, 0));
	CHECK(fcntl(0, F_GETFD) >= 0 && getcwd(after, sizeof(after)) != NULL && strcmp(before, after) == 0);
	CHECK(unshare(0) == 0 && unshare(CLONE_THREAD | CLONE_VM | CLONE_SIGHAND) == 0);
	CHECK(unshare(CLONE_VFORK) == -1 && errno == EINVAL);
	CHECK(pthread_create(&thread, NULL, wait_for_ever, NULL) == 0);
	CHECK(unshare(CLONE_VM) == -1 && errno == EINVAL);
	done("parted");
}

static void keys(void)
{
	char *at = memory_new(PAGE, PROT_READ | PROT_WRITE);

	CHECK(syscall(SYS_pkey_alloc, 1, 0) == -1 && errno == EINVAL);
	CHECK(syscall(SYS_pkey_alloc, 0, 4) == -1 && errno == EINVAL);
	CHECK(syscall(SYS_pkey_free, 15) == -1 && errno == EINVAL);
	CHECK(syscall(SYS_pkey_mprotect, at, PAGE, PROT_READ, 15) == -1 && errno == EINVAL);
	CHECK(syscall(SYS_pkey_mprotect, at, PAGE, PROT_READ, -1) == 0 && !CAN_WRITE(at));
	done("keys");
}

int main(void)
{
	reordered();
	spliced();
	keys();
	parted();
	done("seldom: ok");
	return 0;
}
