/*
 * /proc: what is about the machine and the kernel as a whole.
 */
#include <kernel/fs/proc.h>
#include <kernel/memory.h>
#include <kernel/version.h>

#define NS 1000000000u
#define TICK_NS 10000000u /* 1/100 s: the unit of times in /proc */

static long meminfo(struct text *text, struct proc_about about)
{
	const uint64_t kib = VMS_PAGE / 1024;
	struct memory_use use = memory_use();
	uint64_t cached = pages_in_use();

	(void)about;
	text_add(text, "MemTotal:       %8lu kB\nMemFree:        %8lu kB\nMemAvailable:   %8lu kB\n",
		 (unsigned long)(use.total * kib), (unsigned long)(use.free * kib), (unsigned long)(use.free * kib));
	text_add(text, "Buffers:        %8u kB\nCached:         %8lu kB\nSwapCached:     %8u kB\n", 0,
		 (unsigned long)(cached * kib), 0);
	text_add(text, "Shmem:          %8lu kB\nSlab:           %8lu kB\nSReclaimable:   %8u kB\n",
		 (unsigned long)(cached * kib), (unsigned long)(heap_used() / 1024), 0);
	text_add(text, "SwapTotal:      %8u kB\nSwapFree:       %8u kB\n", 0, 0);
	text_add(text,
		 "AnonHugePages:  %8lu kB\nHugePages_Total:   %5u\nHugePages_Free:    %5u\nHugepagesize:   %8lu kB\n",
		 (unsigned long)(use.nr_huge * VMS_ENTRIES * kib), 0, 0, (unsigned long)(VMS_ENTRIES * kib));
	return 0;
}

static long cpuinfo(struct text *text, struct proc_about about)
{
	(void)about;
	for (uint32_t i = 0; i < nr_cpus; i++)
		text_add(text, "processor\t: %u\nmodel name\t: %s\ncpu cores\t: %u\n\n", i, KERNEL_MACHINE, nr_cpus);
	return 0;
}

/* Time that a CPU had nothing to do. */
static uint64_t idle_ns(uint32_t cpu)
{
	return cpus[cpu].idle ? cpus[cpu].idle->cpu_ns : 0;
}

static long uptime(struct text *text, struct proc_about about)
{
	uint64_t now = now_ns(), idle = 0;

	(void)about;
	for (uint32_t i = 0; i < nr_cpus; i++)
		idle += idle_ns(i);
	text_add(text, "%lu.%02lu %lu.%02lu\n", (unsigned long)(now / NS), (unsigned long)(now % NS / TICK_NS),
		 (unsigned long)(idle / NS), (unsigned long)(idle % NS / TICK_NS));
	return 0;
}

/* Processes in all, threads that run or could, and the newest process. */
static void count(uint32_t *nr_processes, uint32_t *nr_running, int *newest)
{
	uint64_t state = lock_take_irq(&proc_lock);

	*nr_processes = *nr_running = 0;
	*newest = 0;
	list_for(pos, &processes) {
		struct process *process = list_entry(pos, struct process, all);

		++*nr_processes;
		if (process->pid > *newest)
			*newest = process->pid;
		list_for(at, &process->threads) {
			struct thread *thread = list_entry(at, struct thread, in_process);

			*nr_running += thread->state == THREAD_RUNNING || thread->state == THREAD_RUNNABLE;
		}
	}
	lock_drop_irq(&proc_lock, state);
}

/* No averages are kept: the three numbers are the load at this moment. */
static long loadavg(struct text *text, struct proc_about about)
{
	uint32_t nr_processes, nr_running;
	int newest;

	(void)about;
	count(&nr_processes, &nr_running, &newest);
	text_add(text, "%u.00 %u.00 %u.00 %u/%u %d\n", nr_running, nr_running, nr_running, nr_running, nr_processes,
		 newest);
	return 0;
}

static void cpu_line(struct text *text, const char *name, uint64_t busy, uint64_t idle)
{
	text_add(text, "%s %lu 0 0 %lu 0 0 0 0 0 0\n", name, (unsigned long)(busy / TICK_NS),
		 (unsigned long)(idle / TICK_NS));
}

static long stat(struct text *text, struct proc_about about)
{
	uint64_t now = now_ns(), idle = 0;
	uint32_t nr_processes, nr_running;
	int newest;

	(void)about;
	count(&nr_processes, &nr_running, &newest);
	for (uint32_t i = 0; i < nr_cpus; i++)
		idle += min_u64(now, idle_ns(i));
	cpu_line(text, "cpu ", now * nr_cpus - idle, idle);
	for (uint32_t i = 0; i < nr_cpus; i++) {
		char name[16];

		idle = min_u64(now, idle_ns(i));
		format(name, sizeof(name), "cpu%u", i);
		cpu_line(text, name, now - idle, idle);
	}
	text_add(text, "btime %lu\nprocesses %d\nprocs_running %u\nprocs_blocked 0\n",
		 (unsigned long)((realtime_ns() - now) / NS), newest, nr_running);
	return 0;
}

static long version(struct text *text, struct proc_about about)
{
	(void)about;
	text_add(text, "%s version %s (vmspace) %s\n", KERNEL_SYSNAME, KERNEL_RELEASE, KERNEL_VERSION);
	return 0;
}

long proc_mounts(struct text *text, struct proc_about about)
{
	(void)about;
	text_add(text, "tmpfs / tmpfs rw 0 0\nproc /proc proc ro 0 0\n");
	return 0;
}

static long filesystems(struct text *text, struct proc_about about)
{
	(void)about;
	text_add(text, "nodev\ttmpfs\nnodev\tproc\n");
	return 0;
}

static long ostype(struct text *text, struct proc_about about)
{
	(void)about;
	text_add(text, "%s\n", KERNEL_SYSNAME);
	return 0;
}

static long osrelease(struct text *text, struct proc_about about)
{
	(void)about;
	text_add(text, "%s\n", KERNEL_RELEASE);
	return 0;
}

static long os_version(struct text *text, struct proc_about about)
{
	(void)about;
	text_add(text, "%s\n", KERNEL_VERSION);
	return 0;
}

static long hostname(struct text *text, struct proc_about about)
{
	char name[HOST_NAME_LEN];

	(void)about;
	host_name_get(name);
	text_add(text, "%s\n", name);
	return 0;
}

static long pid_max(struct text *text, struct proc_about about)
{
	(void)about;
	text_add(text, "%d\n", KERNEL_PID_MAX);
	return 0;
}

static long self(struct proc_about about, char *to, uint64_t size)
{
	char name[16];
	int len = format(name, sizeof(name), "%d", this_process()->pid);

	(void)about;
	size = min_u64(size, (uint64_t)len);
	memcpy(to, name, size);
	return (long)size;
}

static long self_mounts(struct proc_about about, char *to, uint64_t size)
{
	static const char target[] = "self/mounts";

	(void)about;
	size = min_u64(size, sizeof(target) - 1);
	memcpy(to, target, size);
	return (long)size;
}

#define TEXT (S_IFREG | 0444)
#define DIR (S_IFDIR | 0555)
#define LINK (S_IFLNK | 0777)

static const struct proc_item sys_kernel[] = {
	{.name = "ostype", .mode = TEXT, .text = ostype},      {.name = "osrelease", .mode = TEXT, .text = osrelease},
	{.name = "version", .mode = TEXT, .text = os_version}, {.name = "hostname", .mode = TEXT, .text = hostname},
	{.name = "pid_max", .mode = TEXT, .text = pid_max},    {0},
};
static const struct proc_item sys[] = {{.name = "kernel", .mode = DIR, .children = sys_kernel}, {0}};
static const struct proc_item top[] = {
	{.name = "self", .mode = LINK, .readlink = self},
	{.name = "mounts", .mode = LINK, .readlink = self_mounts},
	{.name = "sys", .mode = DIR, .children = sys},
	{.name = "cpuinfo", .mode = TEXT, .text = cpuinfo},
	{.name = "filesystems", .mode = TEXT, .text = filesystems},
	{.name = "loadavg", .mode = TEXT, .text = loadavg},
	{.name = "meminfo", .mode = TEXT, .text = meminfo},
	{.name = "stat", .mode = TEXT, .text = stat},
	{.name = "uptime", .mode = TEXT, .text = uptime},
	{.name = "version", .mode = TEXT, .text = version},
	{0},
};

const struct proc_item proc_root = {
	.name = "proc",
	.mode = DIR,
	.children = top,
	.numbered = &proc_process,
	.has_number = proc_has_process,
	.next_number = proc_next_process,
};
