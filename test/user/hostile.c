/*
 * Every pointer argument of every system call, with every kind of bad address: the answer is EFAULT, or the count
 * of what could be done before the fault, and the kernel lives. `hostile all` also tries every system-call number
 * with random bad arguments, each in a process of its own: for the kernel under test, not for a machine in use.
 */
#define _GNU_SOURCE
#include "hostile.h"
#include <sys/uio.h>
#include <time.h>

char *before_unmapped, *before_no_access, *before_read_only, *read_only, *no_access, *unmapped;

static void make_pages(void)
{
	char *at = memory_new(8 * PAGE, PROT_READ | PROT_WRITE);

	memset(at, 'a', 8 * PAGE);
	before_unmapped = at;
	unmapped = at + PAGE;
	before_no_access = at + 2 * PAGE;
	no_access = at + 3 * PAGE;
	before_read_only = at + 4 * PAGE;
	read_only = at + 5 * PAGE;
	CHECK(munmap(unmapped, PAGE) == 0);
	CHECK(mprotect(no_access, PAGE, PROT_NONE) == 0);
	CHECK(mprotect(read_only, PAGE, PROT_READ) == 0);
	CHECK(munmap(at + 6 * PAGE, PAGE) == 0);
}

static void open_files(void)
{
	static const char text[4096] = "something to read";
	int ends[2];

	CHECK(chdir("/tmp") == 0);
	int file = open("hostile.file", O_RDWR | O_CREAT | O_TRUNC, 0600);
	CHECK(file >= 0 && write(file, text, sizeof(text)) == sizeof(text));
	CHECK(dup2(file, FILE_FD) == FILE_FD && close(file) == 0);
	int directory = open("/", O_RDONLY | O_DIRECTORY);
	CHECK(directory >= 0 && dup2(directory, DIRECTORY_FD) == DIRECTORY_FD && close(directory) == 0);
	CHECK(pipe(ends) == 0);
	CHECK(dup2(ends[0], PIPE_FD) == PIPE_FD && dup2(ends[1], PIPE_IN_FD) == PIPE_IN_FD);
	CHECK(close(ends[0]) == 0 && close(ends[1]) == 0);
	CHECK(fcntl(PIPE_FD, F_SETFL, O_NONBLOCK) == 0 && fcntl(PIPE_IN_FD, F_SETFL, O_NONBLOCK) == 0);
	unlink("hostile.link");
	CHECK(symlink("0123456789", "hostile.link") == 0);
}

static void close_files(void)
{
	unlink("hostile.file"); /* what was tried may have renamed or removed them */
	unlink("hostile.link");
	unlink("hostile.other");
}

static long call_with(const struct call *call, const void *at)
{
	long a[6];

	memcpy(a, call->args, sizeof(a));
	a[call->pointer] = (long)at;
	long result = syscall(call->number, a[0], a[1], a[2], a[3], a[4], a[5]);
	return result == -1 ? -errno : result;
}

static void expect_fault(const struct call *call, const char *kind, const void *at)
{
	if (call->number == SYS_read)
		CHECK(write(PIPE_IN_FD, "0123456789abcdef", 16) == 16);
	memset(before_unmapped, 'a', PAGE); /* no NUL before the fault */
	memset(before_no_access, 'a', PAGE);
	long result = call_with(call, at);
	bool partial = (call->flags & PARTIAL) && result > 0 && (size_t)result < call->size;
	bool unaligned = (call->flags & ALIGNED) && result == -EINVAL && (uintptr_t)at % 4 != 0;
	if (result != -EFAULT && !partial && !unaligned && result != -ENOSYS) {
		printf("%s, %s (%p): result %ld\n", call->name, kind, at, result);
		fflush(stdout);
		_exit(1);
	}
	char drain[64]; /* what a pipe kept */
	while (read(PIPE_FD, drain, sizeof(drain)) > 0)
		;
}

/* Bad from the first byte on. */
static const uint64_t bad_addresses[] = {
	1,
	0xffff800000001000, /* kernel, lower end */
	0xffffffff80000000, /* kernel text, often */
	0xfffffffffffff000,
	0xffffffffffffffff, /* wraps around */
	0xfffffffffffffff8,
	0x0000800000000000, /* not canonical */
	0x0000800000000001,
	0x8000000000000123,
	0x7fffffffffffffff,
	0x00007ffffffff000, /* the last page under the hole, which is never mapped */
	0x00007fffffffffff,
};

static void test_addresses(void)
{
	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		const struct call *call = &calls[i];

		if (!(call->flags & NULL_OK))
			expect_fault(call, "null", NULL);
		for (size_t j = 0; j < ARRAY_LEN(bad_addresses); j++)
			expect_fault(call, "bad address", (void *)bad_addresses[j]);
		expect_fault(call, "unmapped", unmapped);
		expect_fault(call, "unmapped, unaligned", unmapped + 3);
		expect_fault(call, "no access", no_access + 8);
		expect_fault(call, "crossing into unmapped", before_unmapped + PAGE - call->size / 2);
		expect_fault(call, "crossing into no access", before_no_access + PAGE - call->size / 2);
		if (call->flags & WRITES) {
			expect_fault(call, "read-only", read_only);
			expect_fault(call, "crossing into read-only", before_read_only + PAGE - call->size / 2);
		}
	}
	CHECK(read_only[0] == 'a' && read_only[PAGE - 1] == 'a');
	done("addresses");
}

static void test_vectors(void)
{
	char good[16] = "0123456789abcde";
	struct iovec good_first[2] = {{good, 8}, {unmapped, 8}}, bad_first[2] = {{unmapped, 8}, {good, 8}};
	struct iovec empty_bad[2] = {{unmapped, 0}, {good, 8}}, too_long[2] = {{good, 8}, {good, (size_t)-1}};
	static struct iovec many[1025];

	CHECK(lseek(FILE_FD, 0, SEEK_SET) == 0 && writev(FILE_FD, good_first, 2) == 8);
	CHECK(lseek(FILE_FD, 0, SEEK_CUR) == 8);
	CHECK(writev(FILE_FD, bad_first, 2) == -1 && errno == EFAULT);
	CHECK(lseek(FILE_FD, 0, SEEK_CUR) == 8);
	CHECK(lseek(FILE_FD, 0, SEEK_SET) == 0 && readv(FILE_FD, good_first, 2) == 8);
	CHECK(memcmp(good, "01234567", 8) == 0);
	CHECK(readv(FILE_FD, bad_first, 2) == -1 && errno == EFAULT);
	CHECK(readv(FILE_FD, empty_bad, 2) == 8);
	CHECK(syscall(SYS_readv, FILE_FD, too_long, 2) == -1 && errno == EINVAL);
	CHECK(syscall(SYS_writev, FILE_FD, many, 1025) == -1 && errno == EINVAL);
	CHECK(syscall(SYS_writev, FILE_FD, many, -1) == -1 && errno == EINVAL);
	CHECK(syscall(SYS_writev, FILE_FD, many, 0) == 0);
	/* Lengths that reach out of user space, or around it. */
	CHECK(syscall(SYS_pread64, FILE_FD, good, 1ul << 62, 0) == -1 && (errno == EFAULT || errno == EINVAL));
	CHECK(syscall(SYS_pread64, FILE_FD, good, -1l, 0) == -1 && (errno == EFAULT || errno == EINVAL));
	CHECK(syscall(SYS_pwrite64, FILE_FD, good, -(long)(uintptr_t)good, 0) == -1);
	CHECK(errno == EFAULT || errno == EINVAL);
	CHECK(syscall(SYS_read, FILE_FD, unmapped, 0) == 0);
	/* Part of a buffer: what was written is what is said. */
	char *at = before_unmapped + PAGE - 100;
	memset(at, 0, 100);
	long got = syscall(SYS_pread64, FILE_FD, at, 4096, 0);
	CHECK(got == 100 || (got == -1 && errno == EFAULT));
	CHECK(memcmp(at, "01234567", 8) == 0);
	done("vectors and lengths");
}

static void test_exec(void)
{
	char *none[] = {NULL};
	const char *bad_args[2] = {unmapped, NULL};

	memset(before_unmapped, 'a', PAGE); /* no null pointer before the fault */
	CHECK(syscall(SYS_execve, unmapped, none, none) == -1 && errno == EFAULT);
	CHECK(syscall(SYS_execve, "/proc/self/exe", unmapped, none) == -1 && errno == EFAULT);
	CHECK(syscall(SYS_execve, "/proc/self/exe", none, unmapped) == -1 && errno == EFAULT);
	CHECK(syscall(SYS_execve, "/proc/self/exe", bad_args, none) == -1 && errno == EFAULT);
	CHECK(syscall(SYS_execve, "/proc/self/exe", before_unmapped + PAGE - 8, none) == -1 && errno == EFAULT);
	CHECK(syscall(SYS_execve, "/proc/self/exe", 0xffff800000000000, none) == -1 && errno == EFAULT);
	done("exec");
}

static void test_children(void)
{
	for (size_t i = 0; i < ARRAY_LEN(bad_addresses); i++) {
		pid_t child = fork();

		if (child == 0)
			_exit(0);
		CHECK(syscall(SYS_wait4, child, bad_addresses[i], 0, 0) == -1 && errno == EFAULT);
		while (waitpid(child, NULL, 0) == child)
			;
		/* The thread's last words go to a bad address: nobody is hurt. */
		child = fork();
		if (child == 0) {
			syscall(SYS_set_tid_address, bad_addresses[i]);
			syscall(SYS_set_robust_list, bad_addresses[i], 24);
			_exit(5);
		}
		CHECK(exited_with(child, 5));
	}
	done("children");
}

static void on_illegal(int signal)
{
	_exit(signal);
}

/* In the child: with the stack pointer there, cause a signal with a handler, or return from none. */
static void __attribute__((noreturn)) die_on_stack(uint64_t stack, bool in_return)
{
	if (in_return)
		__asm__ volatile("mov %0, %%rsp\n mov $15, %%eax\n syscall\n ud2" : : "r"(stack) : "memory");
	else
		__asm__ volatile("mov %0, %%rsp\n ud2" : : "r"(stack) : "memory");
	__builtin_unreachable();
}

static int end_on_stack(uint64_t stack, bool in_return)
{
	pid_t child = fork();

	if (child == 0) {
		if (!in_return)
			signal(SIGILL, on_illegal);
		die_on_stack(stack, in_return);
	}
	int status = status_of_child(child);
	return WIFSIGNALED(status) ? WTERMSIG(status) : -1;
}

static void test_signal_frames(void)
{
	for (size_t i = 0; i < ARRAY_LEN(bad_addresses); i++) {
		CHECK(end_on_stack(bad_addresses[i], false) == SIGSEGV);
		CHECK(end_on_stack(bad_addresses[i], true) == SIGSEGV);
	}
	CHECK(end_on_stack((uint64_t)unmapped + 64, false) == SIGSEGV || before_unmapped[0] == 'a');
	CHECK(end_on_stack((uint64_t)read_only + PAGE, false) == SIGSEGV);
	CHECK(end_on_stack((uint64_t)no_access + PAGE, false) == SIGSEGV);
	/* Frames of rubbish: whatever registers they ask for, only their process dies. */
	static const uint64_t rubbish[] = {0,    ~0ul, 0xffffffff80000000, 0x0000800000000000, 0x246, 0x3f7fd7,
					   0x2b, 0x10};
	char *frame = memory_new(4 * PAGE, PROT_READ | PROT_WRITE);
	for (size_t i = 0; i < ARRAY_LEN(rubbish); i++) {
		for (size_t j = 0; j < 4 * PAGE / 8; j++)
			((uint64_t *)frame)[j] = rubbish[i];
		CHECK(end_on_stack((uint64_t)frame + PAGE, true) > 0);
	}
	srand(1);
	for (int round = 0; round < 50; round++) {
		for (size_t j = 0; j < 4 * PAGE / 8; j++)
			((uint64_t *)frame)[j] =
				rubbish[(unsigned)rand() % ARRAY_LEN(rubbish)] + (unsigned)(rand() % 3);
		CHECK(end_on_stack((uint64_t)frame + PAGE, true) > 0);
	}
	CHECK(munmap(frame, 4 * PAGE) == 0);
	done("signal frames");
}

static void test_thread_registers(void)
{
	CHECK(syscall(SYS_arch_prctl, 0x1002, 0xffff800000000000) == -1 && errno == EPERM);
	CHECK(syscall(SYS_arch_prctl, 0x1002, 0x0000800000000000) == -1 && errno == EPERM);
	CHECK(syscall(SYS_futex, before_unmapped + 1, 129, 1) == -1 && errno == EINVAL);
	done("registers");
}

/* A bad address or a good one with bad contents. */
static long random_argument(void)
{
	switch (rand() % 6) {
	case 0:
		return rand() % 16 - 2;
	case 1:
		return (long)(before_unmapped + PAGE - rand() % 64);
	case 2:
		return (long)before_no_access;
	case 3:
		return (long)read_only;
	case 4:
		return (long)(unmapped + rand() % 8);
	default:
		return (long)bad_addresses[(unsigned)rand() % ARRAY_LEN(bad_addresses)];
	}
}

static void test_random(void)
{
	pid_t child = fork();

	if (child == 0) {
		srand(2);
		alarm(30);
		for (int round = 0; round < 3000; round++) {
			const struct call *call = &calls[(unsigned)rand() % ARRAY_LEN(calls)];

			/* These wait, or store wherever rubbish happens to point. */
			if (call->number == SYS_nanosleep || call->number == SYS_futex || call->number == SYS_poll ||
			    call->number == SYS_readv)
				continue;
			call_with(call, (void *)random_argument());
		}
		_exit(6);
	}
	CHECK(exited_with(child, 6));
	done("random pointers");
}

/* Not worth or not fair to try: they end the machine, or others, or stop for ever by contract. */
static bool left_out(long number)
{
	return number == SYS_kill || number == SYS_tkill || number == SYS_tgkill || number == SYS_reboot ||
	       number == SYS_rt_sigqueueinfo || number == SYS_rt_tgsigqueueinfo || number == SYS_sync;
}

static void try_number(long number, unsigned seed)
{
	pid_t child = fork();
	const struct timespec pause = {0, 2000000};

	CHECK(child >= 0);
	if (child == 0) {
		srand(seed);
		setpgid(0, 0);
		for (int i = 0; i < 20; i++) {
			syscall(number, random_argument(), random_argument(), random_argument(), random_argument(),
				random_argument(), random_argument());
			if (number == SYS_fork || number == SYS_vfork || number == SYS_clone)
				_exit(0);
		}
		_exit(0);
	}
	for (int i = 0; i < 500; i++) {
		if (waitpid(child, NULL, WNOHANG) == child)
			return;
		if (i >= 5)
			nanosleep(&pause, NULL);
		if (i >= 60)
			kill(child, SIGKILL); /* it waits for what never comes */
	}
	CHECK(!"a process that SIGKILL does not end");
}

static void test_all_numbers(void)
{
	for (long number = 0; number < 460; number++)
		if (!left_out(number))
			try_number(number, (unsigned)number + 1);
	done("all numbers");
}

int main(int argc, char **argv)
{
	make_pages();
	open_files();
	test_addresses();
	test_vectors();
	test_exec();
	test_children();
	test_signal_frames();
	test_thread_registers();
	test_random();
	if (argc > 1 && strcmp(argv[1], "all") == 0)
		test_all_numbers();
	close_files();
	done("hostile: ok");
	return 0;
}
