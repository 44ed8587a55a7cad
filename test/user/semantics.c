/*
 * Memory calls with odd and bad arguments: does this kernel answer as Linux does?
 *
 *   semantics          run every row, say what is answered otherwise than Linux answered (semantics.txt)
 *   semantics list     run every row, print its answer: on Linux, that is semantics.txt
 *
 * A row is one call (semantics.h). Each runs in a process of its own, or goes on where the one before it ended, in
 * memory that always looks alike: see lay_out(). What is answered depends on no version of Linux since 6.1, and not
 * on how it was configured.
 */
#define _GNU_SOURCE
#include "check.h"
#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#define BASE 0x100000000000ul
#define A(page) (BASE + (page)*PAGE)
#define FILE_BYTES (2 * PAGE + 100)

/* Descriptors: of one file, read-write, read-only and write-only; others. */
enum { NONE = 99, RDWR, RDONLY, WRONLY, FOLDER, PIPE, MEMFD, UNSEALABLE };

/* Not calls: what a program sees. */
enum {
	X_READ = 10000, /* read a byte: its value, or the signal */
	X_WRITE,        /* write this byte */
	X_CHILD_READ,   /* what a child reads there */
	X_IN_MEMORY,    /* mincore's bit of one page */
	X_LOCKED,       /* VmLck, in KiB */
	X_COPY,         /* process_vm_readv from there: bytes */
	X_PUT,          /* process_vm_writev to there: bytes */
	X_SIZE,         /* of the file behind a descriptor, in bytes */
	X_LIMIT,        /* set a soft limit */
	X_BREAK,        /* move the break by so much: how far it went */
};

struct row {
	const char *text;
	bool goes_on;
	long number;
	unsigned long arg[6];
};

#define ROW(name, ...)                                         \
	{                                                      \
#name "(" #__VA_ARGS__ ")", false, SYS_##name, \
		{                                              \
			__VA_ARGS__                            \
		}                                              \
	}
#define THEN(name, ...)                                            \
	{                                                          \
		"  " #name "(" #__VA_ARGS__ ")", true, SYS_##name, \
		{                                                  \
			__VA_ARGS__                                \
		}                                                  \
	}
#define SEE(name, ...)                                           \
	{                                                        \
		"  " #name "(" #__VA_ARGS__ ")", true, X_##name, \
		{                                                \
			__VA_ARGS__                              \
		}                                                \
	}
#define LOOK(name, ...)                                      \
	{                                                    \
#name "(" #__VA_ARGS__ ")", false, X_##name, \
		{                                            \
			__VA_ARGS__                          \
		}                                            \
	}

#define SELF 0x5e1f5e1ful /* stands for the number of the process */

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif
#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24
#endif
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif
#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 16
#endif
#ifndef MAP_SHARED_VALIDATE
#define MAP_SHARED_VALIDATE 3
#endif

static char bytes[PAGE];
static struct iovec odd_vectors[4];

#include "semantics.h"

/* What Linux answered, as `list` prints it. */
__asm__(".section .rodata\n"
	"recorded: .incbin \"test/user/semantics.txt\"\n"
	".byte 0\n"
	".text\n");
extern const char recorded[];

#define NR_ROWS ARRAY_LEN(rows)

static char path[64];
static long *results; /* shared with the processes that run the rows */

/* Results that are none of a call's. */
#define KILLED (1l << 40)
#define NOT_RUN (1l << 41)

static void map_at(unsigned page, unsigned nr, int prot, int flags, int fd)
{
	void *at = mmap((void *)A(page), nr * PAGE, prot, flags | MAP_FIXED_NOREPLACE, fd, 0);

	CHECK(at == (void *)A(page));
}

static void move_to(int fd, int to)
{
	CHECK(fd >= 0 && dup2(fd, to) == to);
	close(fd);
}

static void open_files(void)
{
	int ends[2];

	move_to(open(path, O_RDWR | O_CREAT | O_TRUNC, 0600), RDWR);
	move_to(open(path, O_RDONLY), RDONLY);
	move_to(open(path, O_WRONLY), WRONLY);
	move_to(open("/tmp", O_RDONLY | O_DIRECTORY), FOLDER);
	CHECK(pipe(ends) == 0);
	close(ends[1]);
	move_to(ends[0], PIPE);
	move_to((int)syscall(SYS_memfd_create, "test", 2), MEMFD);
	move_to((int)syscall(SYS_memfd_create, "test", 0), UNSEALABLE);
	CHECK(ftruncate(MEMFD, 2 * PAGE) == 0 && ftruncate(UNSEALABLE, 2 * PAGE) == 0);
	memset(bytes, 'f', sizeof(bytes));
	CHECK(write(RDWR, bytes, PAGE) == PAGE && write(RDWR, bytes, PAGE) == PAGE && write(RDWR, bytes, 100) == 100);
}

/*
 * Pages from BASE on:
 *    0..3  private, written            4      nothing
 *    5, 6  private, read-only          7      private, no access
 *    8, 9  shared anonymous, written  10      nothing
 *   11..14 the file, private          15      nothing
 *   16..19 the file, shared           20      nothing
 *   21, 22 the file, shared, opened read-only
 *   23..599 nothing                  600, 601 grows downwards
 */
static void lay_out(void)
{
	open_files();
	map_at(0, 4, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	map_at(5, 2, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	map_at(7, 1, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	map_at(8, 2, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);
	map_at(11, 4, PROT_READ | PROT_WRITE, MAP_PRIVATE, RDWR);
	map_at(16, 4, PROT_READ | PROT_WRITE, MAP_SHARED, RDWR);
	map_at(21, 2, PROT_READ, MAP_SHARED, RDONLY);
	map_at(600, 2, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN, -1);
	memset((void *)A(0), 'a', 4 * PAGE);
	memset((void *)A(8), 's', 2 * PAGE);
	odd_vectors[0] = (struct iovec){(void *)A(0), 8};
	odd_vectors[1] = (struct iovec){(void *)A(4), 8};
	odd_vectors[2] = (struct iovec){(void *)A(0), ~0ul};
	odd_vectors[3] = (struct iovec){(void *)A(3), 2 * PAGE};
}

static unsigned char byte_read, byte_to_write;

static void act_take(void *at)
{
	byte_read = *(volatile unsigned char *)at;
}
static void act_put(void *at)
{
	*(volatile unsigned char *)at = byte_to_write;
}

static long read_at(unsigned long at)
{
	int signal = fault_of(act_take, (void *)at);

	return signal ? KILLED + signal : byte_read;
}

static long write_at(unsigned long at, unsigned long byte)
{
	int signal;

	byte_to_write = (unsigned char)byte;
	signal = fault_of(act_put, (void *)at);
	return signal ? KILLED + signal : 0;
}

static long child_read_at(unsigned long at)
{
	static volatile long *result;
	pid_t child;

	result = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(result != MAP_FAILED);
	child = fork();
	if (child == 0) {
		*result = read_at(at);
		_exit(0);
	}
	CHECK(exited_with(child, 0));
	return *result;
}

/* Without the C library's buffers, which would be locked too. */
static long locked_now(void)
{
	static char text[8192];
	int fd = open("/proc/self/status", O_RDONLY);
	ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	const char *line;

	close(fd);
	text[len > 0 ? len : 0] = 0;
	line = strstr(text, "VmLck:");
	return line ? atol(line + 6) : -1;
}

static long other_copy(unsigned long at, unsigned long len, bool put)
{
	static char buffer[4 * PAGE];
	struct iovec here = {buffer, len}, there = {(void *)at, len};
	long result = syscall(put ? SYS_process_vm_writev : SYS_process_vm_readv, getpid(), &here, 1, &there, 1, 0);

	return result < 0 ? -errno : result;
}

static long move_break(unsigned long by)
{
	unsigned long start = (unsigned long)syscall(SYS_brk, 0);

	return (long)((unsigned long)syscall(SYS_brk, start + by) - start);
}

static long see(const struct row *row)
{
	struct rlimit limit = {row->arg[1], RLIM_INFINITY};
	unsigned char bit = 0;

	switch (row->number) {
	case X_READ:
		return read_at(row->arg[0]);
	case X_WRITE:
		return write_at(row->arg[0], row->arg[1]);
	case X_CHILD_READ:
		return child_read_at(row->arg[0]);
	case X_IN_MEMORY:
		return syscall(SYS_mincore, row->arg[0], PAGE, &bit) ? -errno : bit & 1;
	case X_LOCKED:
		return locked_now();
	case X_COPY:
	case X_PUT:
		return other_copy(row->arg[0], row->arg[1], row->number == X_PUT);
	case X_SIZE:
		return lseek((int)row->arg[0], 0, SEEK_END);
	case X_BREAK:
		return move_break(row->arg[0]);
	case X_LIMIT:
		return setrlimit((int)row->arg[0], &limit) ? -errno : 0;
	}
	return NOT_RUN;
}

static long run(const struct row *row)
{
	unsigned long a[6];
	long result;

	for (int i = 0; i < 6; i++)
		a[i] = row->arg[i] == SELF ? (unsigned long)getpid() : row->arg[i];
	if (row->number >= X_READ)
		return see(row);
	result = syscall(row->number, a[0], a[1], a[2], a[3], a[4], a[5]);
	/* The copies of a call that makes processes are not meant to live. */
	if ((row->number == SYS_clone || row->number == SYS_fork) && result == 0)
		_exit(0);
	return result == -1 ? -errno : result;
}

/* The row at `first`, and those that go on from it. The number after the last. */
static size_t run_group(size_t first)
{
	size_t end = first + 1;
	pid_t child;
	int status;

	while (end < NR_ROWS && rows[end].goes_on)
		end++;
	for (size_t i = first; i < end; i++)
		results[i] = NOT_RUN;
	child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		lay_out();
		for (size_t i = first; i < end; i++)
			results[i] = run(&rows[i]);
		_exit(0);
	}
	status = status_of_child(child);
	if (WIFSIGNALED(status)) {
		size_t at = first;

		while (at < end - 1 && results[at] != NOT_RUN)
			at++;
		results[at] = KILLED + WTERMSIG(status);
	}
	return end;
}

static const char *error_name(long error)
{
	static const struct {
		int number;
		const char *name;
	} names[] = {
		{EPERM, "EPERM"},         {ENOENT, "ENOENT"}, {ESRCH, "ESRCH"},           {EBADF, "EBADF"},
		{EAGAIN, "EAGAIN"},       {ENOMEM, "ENOMEM"}, {EACCES, "EACCES"},         {EFAULT, "EFAULT"},
		{EBUSY, "EBUSY"},         {EEXIST, "EEXIST"}, {ENODEV, "ENODEV"},         {EINVAL, "EINVAL"},
		{EOVERFLOW, "EOVERFLOW"}, {ENOSYS, "ENOSYS"}, {EOPNOTSUPP, "EOPNOTSUPP"}, {ESPIPE, "ESPIPE"},
		{EFBIG, "EFBIG"},         {E2BIG, "E2BIG"},
	};
	static char other[32];

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (names[i].number == error)
			return names[i].name;
	snprintf(other, sizeof(other), "error %ld", error);
	return other;
}

/* In words: an address of ours by its page, any other one as such. */
static const char *name_of(long result)
{
	static char text[64];
	unsigned long value = (unsigned long)result;

	if (result < 0 && result >= -4095)
		return error_name(-result);
	if (result >= KILLED && result < KILLED + 64)
		snprintf(text, sizeof(text), "%s",
			 result == KILLED + SIGBUS    ? "SIGBUS"
			 : result == KILLED + SIGSEGV ? "SIGSEGV"
						      : "another signal");
	else if (result == NOT_RUN)
		snprintf(text, sizeof(text), "not run");
	else if (value >= BASE && value < BASE + (1ul << 32))
		snprintf(text, sizeof(text), "A(%lu)", (value - BASE) / PAGE);
	else if (value >= 0x10000000)
		snprintf(text, sizeof(text), value < 0x80000000 ? "an address below 2 GiB" : "an address");
	else
		snprintf(text, sizeof(text), "%ld", result);
	return text;
}

/* Does the record have this line next? Then step over it. */
static bool is_recorded(const char **at, const char *line)
{
	size_t len = strlen(line);

	if (strncmp(*at, line, len) != 0)
		return false;
	*at += len;
	return true;
}

/* Step over a line, and print it. */
static void print_recorded(const char **at)
{
	size_t len = strcspn(*at, "\n");

	printf("  Linux: %.*s\n", (int)len, *at);
	*at += len + ((*at)[len] != 0);
}

/* Calls that make a process give its number. */
static void make_plain(size_t i)
{
	if ((rows[i].number == SYS_clone || rows[i].number == SYS_fork) && results[i] > 0)
		results[i] = 1;
}

int main(int argc, char **argv)
{
	bool list = argc > 1 && strcmp(argv[1], "list") == 0;
	const char *at = recorded;
	size_t nr_other = 0;

	snprintf(path, sizeof(path), "/tmp/semantics.%d", (int)getpid());
	results = mmap(NULL, sizeof(long) * NR_ROWS, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(results != MAP_FAILED);
	for (size_t i = 0; i < NR_ROWS;)
		i = run_group(i);
	unlink(path);
	for (size_t i = 0; i < NR_ROWS; i++) {
		char line[256];

		make_plain(i);
		snprintf(line, sizeof(line), "%s = %s\n", rows[i].text, name_of(results[i]));
		if (list) {
			fputs(line, stdout);
		} else if (!is_recorded(&at, line)) {
			nr_other++;
			printf("here:    %s", line);
			print_recorded(&at);
		}
	}
	if (!list)
		printf("%zu calls, %zu answered otherwise than on Linux\n", NR_ROWS, nr_other);
	return nr_other > 0;
}
