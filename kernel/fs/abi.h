/*
 * Numbers and structures of the file system calls, as Linux lays them out on x86-64.
 */
#ifndef KERNEL_FS_ABI_H
#define KERNEL_FS_ABI_H

#include <stdint.h>

#define PATH_BYTES 4096u /* with the NUL */
#define NAME_BYTES 256u  /* with the NUL */
#define IO_MAX 0x7ffff000ull

/* File kinds and mode bits. */
#define S_IFMT 0170000u
#define S_IFSOCK 0140000u
#define S_IFLNK 0120000u
#define S_IFREG 0100000u
#define S_IFBLK 0060000u
#define S_IFDIR 0040000u
#define S_IFCHR 0020000u
#define S_IFIFO 0010000u
#define MODE_BITS 07777u

/* open(2). */
#define O_ACCMODE 3
#define O_RDONLY 0
#define O_WRONLY 1
#define O_RDWR 2
#define O_CREAT 0100
#define O_EXCL 0200
#define O_NOCTTY 0400
#define O_TRUNC 01000
#define O_APPEND 02000
#define O_NONBLOCK 04000
#define O_LARGEFILE 0100000
#define O_DIRECTORY 0200000
#define O_NOFOLLOW 0400000
#define O_CLOEXEC 02000000
#define O_PATH 010000000
#define O_TMPFILE 020200000 /* with O_DIRECTORY */
/* What fcntl may change, and what it reports. */
#define O_SETFL (O_APPEND | O_NONBLOCK)
#define O_STATUS                                                                                                 \
	(O_ACCMODE | O_APPEND | O_NONBLOCK | O_LARGEFILE | O_DIRECTORY | O_NOFOLLOW | O_PATH | 010000 | 040000 | \
	 04010000)

#define AT_FDCWD (-100)
#define AT_SYMLINK_NOFOLLOW 0x100
#define AT_EACCESS 0x200
#define AT_REMOVEDIR 0x200
#define AT_SYMLINK_FOLLOW 0x400
#define AT_NO_AUTOMOUNT 0x800
#define AT_EMPTY_PATH 0x1000
#define AT_STATX_SYNC 0x6000

#define RENAME_NOREPLACE 1u
#define RENAME_EXCHANGE 2u

#define SEEK_SET 0
#define SEEK_CUR 1
#define SEEK_END 2
#define SEEK_DATA 3
#define SEEK_HOLE 4

#define X_OK 1
#define W_OK 2
#define R_OK 4

#define F_DUPFD 0
#define F_GETFD 1
#define F_SETFD 2
#define F_GETFL 3
#define F_SETFL 4
#define F_GETLK 5
#define F_SETLK 6
#define F_SETLKW 7
#define F_OFD_GETLK 36
#define F_OFD_SETLK 37
#define F_OFD_SETLKW 38
#define F_DUPFD_CLOEXEC 1030
#define F_SETPIPE_SZ 1031
#define F_GETPIPE_SZ 1032
#define F_ADD_SEALS 1033
#define F_GET_SEALS 1034
#define FD_CLOEXEC 1
#define F_RDLCK 0
#define F_WRLCK 1
#define F_UNLCK 2

/* What may not happen to a memfd any more. SEALABLE is ours: it is one. */
#define F_SEAL_SEAL 1u
#define F_SEAL_SHRINK 2u
#define F_SEAL_GROW 4u
#define F_SEAL_WRITE 8u
#define F_SEAL_FUTURE_WRITE 16u
#define F_SEALS 31u
#define SEALABLE 0x80000000u

#define LOCK_SH 1
#define LOCK_EX 2
#define LOCK_NB 4
#define LOCK_UN 8

#define POLLIN 0x001
#define POLLPRI 0x002
#define POLLOUT 0x004
#define POLLERR 0x008
#define POLLHUP 0x010
#define POLLNVAL 0x020
#define POLLRDNORM 0x040
#define POLLWRNORM 0x100

#define UTIME_NOW 0x3fffffff
#define UTIME_OMIT 0x3ffffffe

#define CLOSE_RANGE_UNSHARE 2u
#define CLOSE_RANGE_CLOEXEC 4u

#define MFD_CLOEXEC 1u
#define MFD_ALLOW_SEALING 2u

#define FALLOC_KEEP_SIZE 1
#define FALLOC_PUNCH_HOLE 2

struct abi_time {
	int64_t sec;
	int64_t nsec; /* or usec, in a timeval */
};

struct abi_stat {
	uint64_t dev;
	uint64_t ino;
	uint64_t nlink;
	uint32_t mode;
	uint32_t uid;
	uint32_t gid;
	uint32_t pad;
	uint64_t rdev;
	int64_t size;
	int64_t blksize;
	int64_t blocks;
	struct abi_time atime, mtime, ctime;
	int64_t unused[3];
};

struct abi_statx_time {
	int64_t sec;
	uint32_t nsec;
	int32_t pad;
};
struct abi_statx {
	uint32_t mask;
	uint32_t blksize;
	uint64_t attributes;
	uint32_t nlink;
	uint32_t uid;
	uint32_t gid;
	uint16_t mode;
	uint16_t pad;
	uint64_t ino;
	uint64_t size;
	uint64_t blocks;
	uint64_t attributes_mask;
	struct abi_statx_time atime, btime, ctime, mtime;
	uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
	uint64_t spare[14];
};
#define STATX_BASIC_STATS 0x7ffu

struct abi_statfs {
	int64_t type, bsize;
	uint64_t blocks, bfree, bavail, files, ffree;
	int32_t fsid[2];
	int64_t namelen, frsize, flags, spare[4];
};

/* A record of getdents64; the name and its NUL follow, the whole a multiple of 8 long. */
struct abi_dirent {
	uint64_t ino;
	int64_t off;
	uint16_t reclen;
	uint8_t type;
	char name[];
} __attribute__((packed));

struct abi_pollfd {
	int32_t fd;
	int16_t events;
	int16_t revents;
};

struct abi_winsize {
	uint16_t rows, columns, xpixel, ypixel;
};

/* Terminal modes: what the kernel's TCGETS carries. */
#define NR_CC 19
struct abi_termios {
	uint32_t iflag, oflag, cflag, lflag;
	uint8_t line;
	uint8_t cc[NR_CC];
};
enum {
	VINTR,
	VQUIT,
	VERASE,
	VKILL,
	VEOF,
	VTIME,
	VMIN,
	VSWTC,
	VSTART,
	VSTOP,
	VSUSP,
	VEOL,
	VREPRINT,
	VDISCARD,
	VWERASE,
	VLNEXT,
	VEOL2
};
#define INLCR 0000100u
#define IGNCR 0000200u
#define ICRNL 0000400u
#define ISTRIP 0000040u
#define IXON 0002000u
#define IMAXBEL 0020000u
#define IUTF8 0040000u
#define OPOST 0000001u
#define ONLCR 0000004u
#define OCRNL 0000010u
#define CS8 0000060u
#define CREAD 0000200u
#define B38400 0000017u
#define ISIG 0000001u
#define ICANON 0000002u
#define ECHO 0000010u
#define ECHOE 0000020u
#define ECHOK 0000040u
#define ECHONL 0000100u
#define NOFLSH 0000200u
#define TOSTOP 0000400u
#define ECHOCTL 0001000u
#define ECHOKE 0004000u
#define IEXTEN 0100000u

#define TCGETS 0x5401
#define TCSETS 0x5402
#define TCSETSW 0x5403
#define TCSETSF 0x5404
#define TCSBRK 0x5409
#define TCXONC 0x540a
#define TCFLSH 0x540b
#define TIOCSCTTY 0x540e
#define TIOCGPGRP 0x540f
#define TIOCSPGRP 0x5410
#define TIOCOUTQ 0x5411
#define TIOCGWINSZ 0x5413
#define TIOCSWINSZ 0x5414
#define FIONREAD 0x541b
#define FIONBIO 0x5421
#define TIOCNOTTY 0x5422
#define TCSBRKP 0x5425
#define TIOCGSID 0x5429
#define FIONCLEX 0x5450
#define FIOCLEX 0x5451

_Static_assert(sizeof(struct abi_stat) == 144, "as the C libraries have it");
_Static_assert(sizeof(struct abi_statx) == 256, "as the C libraries have it");
_Static_assert(sizeof(struct abi_statfs) == 120, "as the C libraries have it");
_Static_assert(sizeof(struct abi_termios) == 36, "as the C libraries have it");

#endif
