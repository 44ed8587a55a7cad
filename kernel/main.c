/*
 * The life of the kernel: from the first C function to the books at the end.
 *
 * The command line: words up to `--`, of which we know
 *     init=PATH   the first program; words after `--` are its arguments
 *     cmd=TEXT    the rest of the line is a command for /bin/sh -c
 *     nopcid      keep no translations of spaces that are not active
 *     transparent_hugepage=always, madvise or never: who gets pages of 2 MiB, as Linux has it
 *     selftest    run no program but the test of the port, selftest.c
 *     check       verify programs' tables while they run, check.c
 * and without any the first program is an interactive /bin/sh. When it has ended and everything is freed, as
 * much memory must be free as before; else the machine ends with a status that is not 0.
 */
#include <kernel/check.h>
#include <kernel/fs/fs.h>
#include <kernel/machine.h>
#include <kernel/memory.h>
#include <kernel/process.h>
#include <kernel/selftest.h>
#include <mm/mm.h>

#define MAX_WORDS 64
#define HUGE_WORD "transparent_hugepage="
#define FAILED 1
#define NO_PROGRAM 127
#define SETTLE_NS 10000000ul
#define SETTLE_ROUNDS 100

static struct {
	const char *path;
	const char *argv[MAX_WORDS + 2];
} init_program = {.path = "/bin/sh", .argv = {"sh"}};

static const char *const init_environment[] = {"HOME=/root", "PATH=/bin:/sbin:/usr/bin:/usr/sbin", "TERM=linux", NULL};

static bool wants_selftest;
static bool no_pcid;
static uint64_t boot_ns; /* when the first program was about to run */

static void activate_space(struct thread *now)
{
	vms_space_activate(now->process && now->process->mm ? mm_space(now->process->mm) : &vms_machine.kernel);
}

/* Cut the next word out of the line; NULL: there is none. */
static char *next_word(char **line)
{
	char *word = *line, *end;

	while (*word == ' ')
		word++;
	if (!*word)
		return NULL;
	end = strchr(word, ' ');
	*line = end ? end + 1 : word + strlen(word);
	if (end)
		*end = '\0';
	return word;
}

static void parse_command_line(char *line)
{
	bool arguments = false;
	uint32_t nr = 1;

	for (;;) {
		char *word;

		while (*line == ' ')
			line++;
		if (!arguments && strncmp(line, "cmd=", 4) == 0) {
			init_program.argv[1] = "-c";
			init_program.argv[2] = line + 4;
			return;
		}
		word = next_word(&line);
		if (!word)
			return;
		if (arguments) {
			if (nr <= MAX_WORDS)
				init_program.argv[nr++] = word;
		} else if (strcmp(word, "--") == 0) {
			arguments = true;
		} else if (strncmp(word, "init=", 5) == 0) {
			init_program.path = word + 5;
			init_program.argv[0] = word + 5;
		} else if (strcmp(word, "selftest") == 0) {
			wants_selftest = true;
		} else if (strcmp(word, "check") == 0) {
			check_enable();
		} else if (strcmp(word, "nopcid") == 0) {
			no_pcid = true;
		} else if (strncmp(word, HUGE_WORD, strlen(HUGE_WORD)) == 0) {
			if (!huge_policy_set(word + strlen(HUGE_WORD)))
				say("vmspace: \"%s\": always, madvise or never\n", word);
		} else {
			say("vmspace: \"%s\" on the command line means nothing\n", word);
		}
	}
}

/* The records of all frames, at the end of a region that has room for them. */
static struct vms_frame *take_meta(void)
{
	uint64_t nr = page_up(boot_info.nr_frames * sizeof(struct vms_frame)) / VMS_PAGE;

	for (uint32_t i = 0; i < boot_info.nr_regions; i++) {
		struct vms_region *region = &boot_info.regions[i];

		if (region->nr_frames < nr)
			continue;
		region->nr_frames -= (uint32_t)nr;
		return (struct vms_frame *)&boot_info.ram[region->first + region->nr_frames];
	}
	panic("no memory for the records of %u frames", boot_info.nr_frames);
}

static void memory_start(void)
{
	struct vms_config config = {
		.ram = boot_info.ram,
		.meta = take_meta(),
		.nr_frames = boot_info.nr_frames,
		.nr_cpus = boot_info.nr_cpus,
		.nr_tags = no_pcid ? 1 : (uint32_t)min_u64(arch_mmu_nr_tags(), VMS_MAX_TAGS),
		.regions = boot_info.regions,
		.nr_regions = boot_info.nr_regions,
	};
	enum vms_status status = vms_init(&config);

	if (status == VMS_OK) {
		frames_init(boot_info.regions, boot_info.nr_regions);
		status = vms_kernel_create();
	}
	if (status != VMS_OK)
		panic("no memory for the kernel: %s", vms_status_name(status));
	machine_map_kernel();
	vms_cpu_online();
}

VMS_NORETURN static void finish(int status, const char *why)
{
	char line[80];

	if (why)
		say("vmspace: %s\n", why);
	format(line, sizeof(line), "status=%d", status);
	machine_report(line);
	machine_exit(status);
}

struct level {
	uint64_t frames;
	uint64_t heap;
};

static struct level level_now(void)
{
	heap_trim();
	return (struct level){.frames = memory_use().free, .heap = heap_used()};
}

static void say_statistics(const char *books)
{
	struct mm_stats mm = mm_stats();
	uint64_t tables = memory_use().nr_tables, shootdowns = 0, tasks = threads_created();
	char line[320];

	for (uint32_t i = 0; i < nr_cpus; i++)
		shootdowns += cpus[i].nr_shootdowns;
	say("vmspace: %lu faults, %lu pages zeroed, %lu copied, %lu of files, %lu tables, %lu shootdowns, %lu tasks, "
	    "boot %lu ms, books %s\n",
	    mm.nr_faults, mm.nr_zeroed, mm.nr_copied, mm.nr_file, tables, shootdowns, tasks, boot_ns / 1000000, books);
	format(line, sizeof(line),
	       "faults=%lu zeroed=%lu copied=%lu file_pages=%lu huge=%lu not_huge=%lu divided=%lu tables=%lu "
	       "shootdowns=%lu tasks=%lu boot_ms=%lu",
	       mm.nr_faults, mm.nr_zeroed, mm.nr_copied, mm.nr_file, mm.nr_huge, mm.nr_not_huge, mm.nr_divided, tables,
	       shootdowns, tasks, boot_ns / 1000000);
	machine_report(line);
	check_say();
}

/* Is as much free as before? Other CPUs first finish what they are at, and wait for each other's grace periods. */
static bool books_balance(struct level before)
{
	struct level now = before;
	char line[80];

	for (int round = 0; round < SETTLE_ROUNDS; round++) {
		sleep_until(now_ns() + SETTLE_NS, false);
		vms_reclaim();
		now = level_now();
		if (now.frames == before.frames && now.heap == before.heap) {
			say_statistics("balanced");
			machine_report("books=ok");
			return true;
		}
	}
	format(line, sizeof(line), "OFF: %ld frames and %ld bytes of the heap are missing",
	       (long)(before.frames - now.frames), (long)(now.heap - before.heap));
	say_statistics(line);
	machine_report("books=off");
	return false;
}

/* The first kernel thread: runs the first program to its end. */
static void run_init(void *unused)
{
	struct level before = level_now();
	char why[160];
	long result;
	int status;

	(void)unused;
	if (wants_selftest)
		finish(selftest() ? 0 : FAILED, NULL);
	if (boot_info.archive_len == 0)
		finish(FAILED, "no archive of files was given (QEMU: -initrd)");
	if (mm_init() != 0)
		finish(FAILED, "no memory");
	result = fs_init((const char *)boot_info.ram + boot_info.archive, boot_info.archive_len);
	if (result != 0)
		finish(FAILED, "the archive cannot be used");
	machine_console_listen();

	result = process_start_init(init_program.path, init_program.argv, init_environment);
	boot_ns = now_ns();
	if (result != 0) {
		format(why, sizeof(why), "%s cannot be run: error %ld", init_program.path, -result);
		finish(NO_PROGRAM, why);
	}
	status = process_wait_init();
	status = status % 256 == 0 ? status / 256 : 128 + status % 128;

	fs_fini();
	mm_fini();
	if (!books_balance(before))
		status = FAILED;
	finish(status, NULL);
}

void kernel_main(void)
{
	struct thread *first;

	parse_command_line(boot_info.command_line);
	sched_init();
	memory_start();
	machine_init();
	set_post_schedule(activate_space);
	machine_start_cpus();
	say("vmspace: %u CPU%s, %lu MiB free, up after %lu ms\n", nr_cpus, nr_cpus == 1 ? "" : "s",
	    memory_use().free * VMS_PAGE / 1048576, now_ns() / 1000000);
	first = thread_create(run_init, NULL);
	if (!first)
		finish(FAILED, "no memory for the first thread");
	thread_start(first);
	sched_start();
}

void kernel_cpu_main(void)
{
	sched_start();
}
