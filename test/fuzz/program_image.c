/*
 * An archive of a few files: the program, scripts that name it as their interpreter, programs that are none, links.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "program.h"

#define PAGE 4096u
#define DATA_PAGES 3u /* of the file: paths, parts, room */
#define ROOM PROGRAM_ROOM
#define PART(i) (PROGRAM_PARTS + (i)*PART_BYTES)
#define PATH(i) (PROGRAM_PATHS + (i)*PART_BYTES)
#define KERNEL 0xffff888000001000ul

static const char *const paths[] = {
	"/",
	".",
	"..",
	"",
	"/tmp",
	"/tmp/a",
	"/tmp/b",
	"/tmp/d",
	"/tmp/d/a",
	"/tmp/d/d",
	"a",
	"b",
	"d",
	"d/a",
	"../tmp",
	"a/",
	"/init",
	"/script",
	"/script2",
	"/bad",
	"/text",
	"/link",
	"/loop",
	"/dir",
	"/dir/f",
	"/dev",
	"/dev/null",
	"/dev/zero",
	"/dev/full",
	"/dev/random",
	"/dev/tty",
	"/dev/console",
	"/dev/fd/0",
	"/dev/stdin",
	"/proc",
	"/proc/self",
	"/proc/self/fd",
	"/proc/self/fd/3",
	"/proc/self/maps",
	"/proc/self/stat",
	"/proc/self/status",
	"/proc/self/statm",
	"/proc/self/cmdline",
	"/proc/self/comm",
	"/proc/self/cwd",
	"/proc/self/cwd/a",
	"/proc/self/root/proc",
	"/proc/self/exe",
	"/proc/self/mounts",
	"/proc/meminfo",
	"/proc/stat",
	"/proc/loadavg",
	"/proc/sys/kernel/hostname",
	"/proc/uptime",
	"/proc/cpuinfo",
	"/proc/1",
	"/tmp/../init",
	"//tmp//a",
	"/tmp/fifo",
	"user.name",
	"security.x",
	"/pie",
	"/etc/none",
	"tmp/./d/../a",
};

/* The parts: kinds of structs, eight of each, as words of 64 bits. */
static const uint64_t parts[NR_PARTS][PART_BYTES / 8] = {
	/* Times: two timespecs, an itimerval, a utimbuf. */
	{0, 0, 0, 0},
	{0, 1000, 0, 1000},
	{1, 0, 1, 0},
	{~0ul, 0, ~0ul, 0},
	{0, 999999999, 0, 0x3fffffff /* UTIME_NOW */},
	{0, 1000000000, 5, 0x3ffffffe /* UTIME_OMIT */},
	{1ul << 62, 1, 1ul << 62, 1},
	{0, 50000000, 0, 20000000},
	/* Scatter lists. */
	{ROOM, 64, ROOM + 100, 10, ROOM + 4000, 200, ROOM + 64, 1},
	{ROOM, 0, ROOM, 4096, 0, 0, ROOM + 1, 3},
	{ROOM, PROGRAM_END - ROOM, PROGRAM_END - 8, 16},
	{ROOM, ~0ul, ROOM, 1},
	{ROOM, 1ul << 62, ROOM, 1ul << 62},
	{0, 10, ROOM, 10},
	{ROOM, 8, KERNEL, 8, PROGRAM_CODE, 8},
	{PROGRAM_CODE, 4096, PROGRAM_CODE - 1, 4, PROGRAM_END, 1},
	/* Actions of signals: handler, flags, restorer, mask. */
	{0, 0, 0, 0},
	{1, 0, 0, 0},
	{PROGRAM_CODE + 64, 0x04000000, PROGRAM_CODE + 128, 0},
	{PROGRAM_CODE + 64, 0x14000004, PROGRAM_CODE + 128, ~0ul},
	{PROGRAM_CODE + 64, 0xcc000004, PROGRAM_CODE + 128, 0x4000},
	{PROGRAM_CODE + 64, 0, 0, 0},
	{KERNEL, 0x04000000, KERNEL, 0},
	{0, 2, 0, 0},
	/* Sets: of signals, of descriptors, of CPUs. */
	{0, 0},
	{~0ul, ~0ul, ~0ul, ~0ul},
	{0x4000},
	{1},
	{7},
	{0xffff},
	{1ul << 63 | 1ul << 31},
	{0, 1},
	/* Descriptors to poll: number, events. */
	{0x0000000100000000, 0x0000000400000001, 0x0000000500000003, 0x0000000100000004},
	{0x00000005ffffffff, 0x0000ffff00000001, 0x0000000000000002, 0x0000000500000064},
	{0x0000000500000003, 0x0000000500000004, 0x0000000500000005, 0x0000000500000006},
	{0},
	/* Where pselect has its set; a stack for signals; a list of robust mutexes and one that it names. */
	{PART(26), 8},
	{ROOM + 8192, 0, 16384},
	{PART(38), ~0ul - 31, 0},
	{PART(38) + 16, ~0ul - 7, PART(39), ROOM},
	/* Lists of strings. */
	{PATH(16), PATH(5), PATH(10), 0},
	{PATH(5), PATH(3), 0, PATH(6), 0},
	{0},
	{PATH(0), PATH(1), PATH(2), PATH(3), PATH(4), PATH(5), PATH(6), PATH(7)}, /* goes on: the next is no string */
	{KERNEL, 0},
	{PATH(17), PROGRAM_END - 1, 0},
	{PROGRAM_END - 64, 0},
	{ROOM, ROOM, ROOM, ROOM, ROOM, ROOM, ROOM, 0},
	/* clone3's arguments, two parts each: flags, pidfd, tids, signal, stack and its length, tls, set_tid... */
	{0, 0, 0, 0, 17, 0, 0, 0},
	{0, 0, 0, 0, 0, 0, 0, 0},
	{0x3d0f00, 0, PART(60), PART(60), 0, ROOM + 4096, 4096, ROOM},
	{0, 0, 0},
	{0x4100, 0, 0, 0, 17, 0, 0, 0},
	{0, 0, 0},
	{0x100000000, 0, 0, 0, 9, ROOM, ~0ul, ~0ul},
	{PART(60), 1, 0},
	/* Limits; a lock on a file; a siginfo; the rest is free. */
	{1024, 4096},
	{~0ul, ~0ul},
	{1},
	{0x0000000000000001, 0, 100, 0},
	{0x0000000000000007, 0x00000000fffffff8, 0x0000000100000001, 77},
};

static uint8_t archive[8 * PAGE];
static size_t archive_len;

static void put(uint8_t *at, uint64_t value, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

static void program_header(uint8_t *at, uint32_t rights, uint64_t offset, uint64_t va, uint64_t file_len, uint64_t len)
{
	put(at, 1, 4); /* PT_LOAD */
	put(at + 4, rights, 4);
	put(at + 8, offset, 8);
	put(at + 16, va, 8);
	put(at + 32, file_len, 8);
	put(at + 40, len, 8);
	put(at + 48, PAGE, 8);
}

/* An ELF file: a page with its headers, which is the code, then the data. */
static void program_file(uint8_t *at, uint32_t type)
{
	static const uint8_t head[] = {0x7f, 'E', 'L', 'F', 2, 1, 1};

	memcpy(at, head, sizeof(head));
	put(at + 16, type, 2);
	put(at + 18, 62, 2); /* x86-64 */
	put(at + 20, 1, 4);
	put(at + 24, PROGRAM_CODE + 256, 8);
	put(at + 32, 64, 8); /* program headers */
	put(at + 52, 64, 2);
	put(at + 54, 56, 2);
	put(at + 56, 2, 2);
	program_header(at + 64, 5, 0, PROGRAM_CODE, PAGE, PAGE);
	program_header(at + 120, 6, PAGE, PROGRAM_PATHS, DATA_PAGES * PAGE, PROGRAM_END - PROGRAM_PATHS);
	for (uint32_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		strcpy((char *)at + PAGE + i * PART_BYTES, paths[i]);
	memcpy(at + 2 * PAGE, parts, sizeof(parts));
	/* A path that is too long, and whose end may be what is just short enough. */
	for (uint32_t i = 0; i < PAGE; i++)
		at[3 * PAGE + i] = i % 200 == 199 ? '/' : 'x';
}

static void archive_add(const char *name, uint32_t mode, const void *data, size_t len)
{
	static uint32_t number;
	uint8_t *at = archive + archive_len;
	int head = sprintf((char *)at, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%s", ++number, mode,
			   0, 0, 1, 1, (uint32_t)len, 0, 0, 0, 0, (uint32_t)strlen(name) + 1, 0, name);

	archive_len += ((size_t)head + 1 + 3) / 4 * 4;
	MUST(archive_len + len + 4 <= sizeof(archive));
	memcpy(archive + archive_len, data, len);
	archive_len += (len + 3) / 4 * 4;
}

static void add_text(const char *name, uint32_t mode, const char *text)
{
	archive_add(name, mode, text, strlen(text));
}

const void *archive_image(size_t *len)
{
	static uint8_t program[(1 + DATA_PAGES) * PAGE];

	if (archive_len == 0) {
		program_file(program, 2);
		archive_add("init", 0100755, program, sizeof(program));
		archive_add("bad", 0100755, program, 200);
		add_text("script", 0100755, "#!/init an option\n");
		add_text("script2", 0100755, "#! /script\n");
		add_text("text", 0100644, "a text\nof two lines\n");
		add_text("dir", 0040755, "");
		add_text("dir/f", 0100600, "f");
		add_text("link", 0120777, "dir/../tmp");
		add_text("loop", 0120777, "loop");
		add_text("TRAILER!!!", 0, "");
	}
	*len = archive_len;
	return archive;
}
