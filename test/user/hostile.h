/*
 * The system calls that hostile.c tries, and the addresses that it tries them with.
 */
#ifndef HOSTILE_H
#define HOSTILE_H

#include "check.h"
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

enum {
	WRITES = 1,  /* the kernel stores there: a read-only page is as bad as none */
	NULL_OK = 2, /* a null pointer means "none" */
	PARTIAL = 4, /* a call that may do the part before the fault, and say how much */
	STRING = 8,  /* a path: what lies before the fault has no end */
	ALIGNED = 16 /* EINVAL is as good an answer if it is not a multiple of 4 */
};

/* One pointer argument of one call. Descriptors are the numbers that hostile.c opens. */
enum { FILE_FD = 100, DIRECTORY_FD = 101, PIPE_FD = 102, PIPE_IN_FD = 103 };

struct call {
	const char *name;
	long number;
	int pointer; /* which argument, from 0 */
	size_t size; /* bytes that the kernel looks at, at least */
	unsigned flags;
	long args[6];
};

#define HERE ((long)AT_FDCWD)
#define TEXT(s) ((long)(s))

static const struct call calls[] = {
	{"pread", SYS_pread64, 1, 64, WRITES | PARTIAL, {FILE_FD, 0, 64, 0}},
	{"pwrite", SYS_pwrite64, 1, 64, PARTIAL, {FILE_FD, 0, 64, 0}},
	{"read pipe", SYS_read, 1, 16, WRITES | PARTIAL, {PIPE_FD, 0, 16}},
	{"write pipe", SYS_write, 1, 16, PARTIAL, {PIPE_IN_FD, 0, 16}},
	{"readv", SYS_readv, 1, 16, 0, {FILE_FD, 0, 1}},
	{"writev", SYS_writev, 1, 16, 0, {FILE_FD, 0, 1}},
	{"open", SYS_open, 0, 64, STRING, {0, O_RDONLY}},
	{"openat", SYS_openat, 1, 64, STRING, {HERE, 0, O_RDONLY}},
	{"stat path", SYS_stat, 0, 64, STRING, {0, TEXT("x")}},
	{"stat", SYS_stat, 1, 144, WRITES, {TEXT("/tmp"), 0}},
	{"lstat", SYS_lstat, 1, 144, WRITES, {TEXT("/tmp"), 0}},
	{"fstat", SYS_fstat, 1, 144, WRITES, {FILE_FD, 0}},
	{"newfstatat path", SYS_newfstatat, 1, 64, STRING, {HERE, 0, 0, 0}},
	{"newfstatat", SYS_newfstatat, 2, 144, WRITES, {HERE, TEXT("/tmp"), 0, 0}},
	{"access", SYS_access, 0, 64, STRING, {0, 0}},
	{"faccessat", SYS_faccessat, 1, 64, STRING, {HERE, 0, 0}},
	{"readlink path", SYS_readlink, 0, 64, STRING, {0, TEXT("x"), 1}},
	{"readlink", SYS_readlink, 1, 8, WRITES, {TEXT("hostile.link"), 0, 8}},
	{"getcwd", SYS_getcwd, 0, 2, WRITES, {0, 4096}},
	{"chdir", SYS_chdir, 0, 64, STRING, {0}},
	{"mkdir", SYS_mkdir, 0, 64, STRING, {0, 0755}},
	{"rmdir", SYS_rmdir, 0, 64, STRING, {0}},
	{"unlink", SYS_unlink, 0, 64, STRING, {0}},
	{"rename from", SYS_rename, 0, 64, STRING, {0, TEXT("hostile.other")}},
	{"rename to", SYS_rename, 1, 64, STRING, {TEXT("hostile.link"), 0}},
	{"symlink to", SYS_symlink, 0, 64, STRING, {0, TEXT("hostile.other")}},
	{"symlink", SYS_symlink, 1, 64, STRING, {TEXT("hostile.other"), 0}},
	{"chmod", SYS_chmod, 0, 64, STRING, {0, 0644}},
	{"truncate", SYS_truncate, 0, 64, STRING, {0, 0}},
	{"getdents64", SYS_getdents64, 1, 32, WRITES | PARTIAL, {DIRECTORY_FD, 0, 4096}},
	{"pipe", SYS_pipe, 0, 8, WRITES, {0}},
	{"pipe2", SYS_pipe2, 0, 8, WRITES, {0, O_CLOEXEC}},
	{"poll", SYS_poll, 0, 8, WRITES, {0, 1, 0}},
	{"ioctl FIONREAD", SYS_ioctl, 2, 4, WRITES, {PIPE_FD, FIONREAD, 0}},
	{"nanosleep", SYS_nanosleep, 0, 16, 0, {0, 0}},
	{"gettimeofday", SYS_gettimeofday, 0, 16, WRITES | NULL_OK, {0, 0}},
	{"clock_gettime", SYS_clock_gettime, 1, 16, WRITES, {1, 0}},
	{"time", SYS_time, 0, 8, WRITES | NULL_OK, {0}},
	{"times", SYS_times, 0, 32, WRITES | NULL_OK, {0}},
	{"getrusage", SYS_getrusage, 1, 144, WRITES, {0, 0}},
	{"uname", SYS_uname, 0, 390, WRITES, {0}},
	{"sysinfo", SYS_sysinfo, 0, 112, WRITES, {0}},
	{"prlimit new", SYS_prlimit64, 2, 16, NULL_OK, {0, 4, 0, 0}},
	{"prlimit old", SYS_prlimit64, 3, 16, WRITES | NULL_OK, {0, 3, 0, 0}},
	{"rt_sigaction new", SYS_rt_sigaction, 1, 32, NULL_OK, {SIGUSR1, 0, 0, 8}},
	{"rt_sigaction old", SYS_rt_sigaction, 2, 32, WRITES | NULL_OK, {SIGUSR1, 0, 0, 8}},
	{"rt_sigprocmask new", SYS_rt_sigprocmask, 1, 8, NULL_OK, {SIG_BLOCK, 0, 0, 8}},
	{"rt_sigprocmask old", SYS_rt_sigprocmask, 2, 8, WRITES | NULL_OK, {SIG_BLOCK, 0, 0, 8}},
	{"rt_sigpending", SYS_rt_sigpending, 0, 8, WRITES, {0, 8}},
	{"sigaltstack new", SYS_sigaltstack, 0, 24, NULL_OK, {0, 0}},
	{"sigaltstack old", SYS_sigaltstack, 1, 24, WRITES | NULL_OK, {0, 0}},
	{"futex wait", SYS_futex, 0, 4, ALIGNED, {0, 128, 12345, 0}},
	{"getrandom", SYS_getrandom, 0, 16, WRITES | PARTIAL, {0, 16, 0}},
	{"sched_getaffinity", SYS_sched_getaffinity, 2, 8, WRITES, {0, 128, 0}},
	{"sched_setaffinity", SYS_sched_setaffinity, 2, 8, 0, {0, 8, 0}},
	{"prctl name", SYS_prctl, 1, 16, WRITES, {16, 0}},
	{"arch_prctl", SYS_arch_prctl, 1, 8, WRITES, {0x1003, 0}},
};

/* Pages that make_pages() sets up: each lies just before what its name says. */
extern char *before_unmapped, *before_no_access, *before_read_only, *read_only, *no_access, *unmapped;

#endif
