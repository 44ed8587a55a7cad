/*
 * /proc/PID: what is about one process. Its numbers are copied under proc_lock; its memory, files and directory
 * are taken under it and looked at afterwards.
 */
#include <kernel/fs/fs.h>
#include <kernel/fs/proc.h>
#include <kernel/memory.h>
#include <mm/mm.h>

#define TICK_NS 10000000u

struct snapshot {
	int pid, parent, pgid, sid;
	uint32_t nr_threads;
	char state;
	char name[16];
	char exe[256];
	uint64_t cpu_ns, start_ns;
	uint64_t pending, blocked, ignored, caught;
	vms_va arguments_at;
};

static char state_of(const struct process *process)
{
	if (process->zombie)
		return 'Z';
	if (process->stopped)
		return 'T';
	list_for(pos, &process->threads) {
		enum thread_state state = list_entry(pos, struct thread, in_process)->state;

		if (state == THREAD_RUNNING || state == THREAD_RUNNABLE)
			return 'R';
	}
	return 'S';
}

static void take_signals(struct process *process, struct snapshot *to)
{
	to->pending = process->sig_pending;
	if (!list_empty(&process->threads))
		to->blocked = list_entry(process->threads.next, struct thread, in_process)->sig_blocked;
	for (int sig = 1; sig <= NR_SIGNALS && process->actions; sig++) {
		uint64_t handler = signal_action_of(process, sig).handler;

		if (handler == SIGNAL_HANDLER_IGNORE)
			to->ignored |= SIGNAL_BIT(sig);
		else if (handler != SIGNAL_HANDLER_DEFAULT)
			to->caught |= SIGNAL_BIT(sig);
	}
}

/* False: there is no such process. */
static bool snapshot_take(int pid, struct snapshot *to)
{
	uint64_t state = lock_take_irq(&proc_lock);
	struct process *process = process_find(pid);

	if (process) {
		*to = (struct snapshot){
			.pid = pid,
			.parent = process->parent ? process->parent->pid : 0,
			.pgid = process->pgid,
			.sid = process->sid,
			.nr_threads = process->nr_threads,
			.state = state_of(process),
			.cpu_ns = process->cpu_ns,
			.start_ns = process->start_ns,
			.arguments_at = process->arguments_at,
		};
		strcopy(to->name, process->name, sizeof(to->name));
		strcopy(to->exe, process->exe, sizeof(to->exe));
		list_for(pos, &process->threads)
			to->cpu_ns += list_entry(pos, struct thread, in_process)->cpu_ns;
		take_signals(process, to);
	}
	lock_drop_irq(&proc_lock, state);
	return process != NULL;
}

vms_va proc_arguments_at(int pid)
{
	uint64_t state = lock_take_irq(&proc_lock);
	struct process *process = process_find(pid);
	vms_va at = process ? process->arguments_at : 0;

	lock_drop_irq(&proc_lock, state);
	return at;
}

bool proc_has_process(struct proc_about about, int pid)
{
	uint64_t state = lock_take_irq(&proc_lock);
	bool found = process_find(pid) != NULL;

	(void)about;
	lock_drop_irq(&proc_lock, state);
	return found;
}

int proc_next_process(struct proc_about about, int from)
{
	uint64_t state = lock_take_irq(&proc_lock);
	int next = -1;

	(void)about;
	list_for(pos, &processes) {
		int pid = list_entry(pos, struct process, all)->pid;

		if (pid >= from && (next < 0 || pid < next))
			next = pid;
	}
	lock_drop_irq(&proc_lock, state);
	return next;
}

static struct mm_sizes sizes_of(int pid)
{
	struct mm *mm = process_mm_get(pid);
	struct mm_sizes sizes = {0};

	if (mm) {
		sizes = mm_sizes(mm);
		mm_put(mm);
	}
	return sizes;
}

static long stat(struct text *text, struct proc_about about)
{
	struct snapshot shot;
	struct mm_sizes sizes;
	bool at_tty;

	if (!snapshot_take(about.pid, &shot))
		return -ESRCH;
	sizes = sizes_of(about.pid);
	at_tty = shot.sid == tty_session();
	text_add(text, "%d (%s) %c %d %d %d %d %d 0 ", shot.pid, shot.name, shot.state, shot.parent, shot.pgid,
		 shot.sid, at_tty ? (int)DEVICE(4, 64) : 0, at_tty ? tty_foreground() : -1);
	/* Faults of four kinds; user and system time, and those of children; priority, nice. */
	text_add(text, "0 0 0 0 %lu 0 0 0 20 0 %u 0 %lu %lu %lu 18446744073709551615 ",
		 (unsigned long)(shot.cpu_ns / TICK_NS), shot.nr_threads, (unsigned long)(shot.start_ns / TICK_NS),
		 (unsigned long)(sizes.nr_pages * VMS_PAGE), (unsigned long)sizes.nr_mapped);
	text_add(text, "0 0 0 0 0 %lu %lu %lu %lu 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
		 (unsigned long)(shot.pending & 0x7fffffff), (unsigned long)(shot.blocked & 0x7fffffff),
		 (unsigned long)(shot.ignored & 0x7fffffff), (unsigned long)(shot.caught & 0x7fffffff));
	return 0;
}

static long statm(struct text *text, struct proc_about about)
{
	struct mm_sizes sizes = sizes_of(about.pid);

	text_add(text, "%lu %lu %lu %lu 0 %lu 0\n", (unsigned long)sizes.nr_pages, (unsigned long)sizes.nr_mapped,
		 (unsigned long)sizes.nr_of_files, (unsigned long)sizes.nr_code,
		 (unsigned long)(sizes.nr_data + sizes.nr_stack));
	return 0;
}

/* Is it to have no pages of 2 MiB? */
static bool huge_refused(int pid)
{
	struct mm *mm = process_mm_get(pid);
	bool refused = mm && mm_huge_is_refused(mm);

	if (mm)
		mm_put(mm);
	return refused;
}

static const char *state_name(char state)
{
	return state == 'R' ? "running" : state == 'T' ? "stopped" : state == 'Z' ? "zombie" : "sleeping";
}

static long status(struct text *text, struct proc_about about)
{
	const uint64_t kib = VMS_PAGE / 1024;
	struct snapshot shot;
	struct mm_sizes sizes;

	if (!snapshot_take(about.pid, &shot))
		return -ESRCH;
	sizes = sizes_of(about.pid);
	text_add(text, "Name:\t%s\nState:\t%c (%s)\nTgid:\t%d\nPid:\t%d\nPPid:\t%d\n", shot.name, shot.state,
		 state_name(shot.state), shot.pid, shot.pid, shot.parent);
	text_add(text, "Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nVmSize:\t%8lu kB\nVmLck:\t%8lu kB\nVmRSS:\t%8lu kB\n",
		 (unsigned long)(sizes.nr_pages * kib), (unsigned long)(sizes.nr_locked * kib),
		 (unsigned long)(sizes.nr_mapped * kib));
	text_add(text, "RssAnon:\t%8lu kB\nRssFile:\t%8lu kB\nVmData:\t%8lu kB\nVmStk:\t%8lu kB\n",
		 (unsigned long)((sizes.nr_mapped - sizes.nr_of_files) * kib), (unsigned long)(sizes.nr_of_files * kib),
		 (unsigned long)(sizes.nr_data * kib), (unsigned long)(sizes.nr_stack * kib));
	text_add(text, "VmExe:\t%8lu kB\nVmSwap:\t%8lu kB\nThreads:\t%u\n", (unsigned long)(sizes.nr_code * kib), 0ul,
		 shot.nr_threads);
	text_add(text, "THP_enabled:\t%u\n", !huge_refused(about.pid));
	text_add(text, "ShdPnd:\t%016lx\nSigBlk:\t%016lx\nSigIgn:\t%016lx\nSigCgt:\t%016lx\n",
		 (unsigned long)shot.pending, (unsigned long)shot.blocked, (unsigned long)shot.ignored,
		 (unsigned long)shot.caught);
	return 0;
}

static long comm(struct text *text, struct proc_about about)
{
	struct snapshot shot;

	if (!snapshot_take(about.pid, &shot))
		return -ESRCH;
	text_add(text, "%s\n", shot.name);
	return 0;
}

/* One string from the memory of a process, with its NUL. False: it cannot be read, or does not end. */
static bool put_string(struct text *text, struct mm *mm, vms_va at, char *buffer)
{
	for (uint32_t i = 0; i < 64; i++) {
		uint64_t part = VMS_PAGE - at % VMS_PAGE, len;

		if (mm_read(mm, buffer, at, part))
			return false;
		len = strnlen(buffer, part);
		text_put(text, buffer, min_u64(len + 1, part));
		if (len < part)
			return true;
		at += part;
	}
	return false;
}

/* From the stack, where exec left a count and as many pointers: the process may have changed what they point to. */
static long cmdline(struct text *text, struct proc_about about)
{
	struct snapshot shot;
	uint64_t nr, at;
	struct mm *mm;
	char *buffer;

	if (!snapshot_take(about.pid, &shot))
		return -ESRCH;
	mm = shot.arguments_at ? process_mm_get(about.pid) : NULL;
	if (!mm)
		return 0;
	buffer = heap_alloc(VMS_PAGE);
	if (buffer && mm_read(mm, &nr, shot.arguments_at, sizeof(nr)) == 0)
		for (uint64_t i = 0; i < min_u64(nr, 4096) && !text->error; i++)
			if (mm_read(mm, &at, shot.arguments_at + 8 * (i + 1), sizeof(at)) ||
			    !put_string(text, mm, at, buffer))
				break;
	heap_free(buffer);
	mm_put(mm);
	return buffer ? 0 : -ENOMEM;
}

static long put_link(const char *target, char *to, uint64_t size)
{
	size = min_u64(size, strlen(target));
	memcpy(to, target, size);
	return (long)size;
}

static long exe(struct proc_about about, char *to, uint64_t size)
{
	struct snapshot shot;

	if (!snapshot_take(about.pid, &shot) || !shot.exe[0])
		return -ENOENT;
	return put_link(shot.exe, to, size);
}

static long follow_cwd(struct proc_about about, struct entry **found)
{
	uint64_t state = lock_take_irq(&proc_lock);
	struct process *process = process_find(about.pid);
	struct fs_dirs *dirs = process ? process->dirs : NULL;

	if (dirs)
		dirs_get(dirs);
	lock_drop_irq(&proc_lock, state);
	if (!dirs)
		return -ENOENT;
	*found = dirs_current(dirs);
	dirs_put(dirs);
	return 0;
}

static long follow_root(struct proc_about about, struct entry **found)
{
	(void)about;
	entry_get(root_entry);
	*found = root_entry;
	return 0;
}

static struct files *files_of(int pid)
{
	uint64_t state = lock_take_irq(&proc_lock);
	struct process *process = process_find(pid);
	struct files *files = process ? process->files : NULL;

	if (files)
		files_get(files);
	lock_drop_irq(&proc_lock, state);
	return files;
}

static long follow_fd(struct proc_about about, struct entry **found)
{
	struct files *files = files_of(about.pid);
	struct file *file = files ? files_lookup(files, about.fd) : NULL;

	if (files)
		files_put(files);
	if (!file)
		return -ENOENT;
	*found = file->entry;
	entry_get(*found);
	file_put(file);
	return 0;
}

/* The path of what a link leads to. */
static long put_entry(long error, struct entry **entry, char *to, uint64_t size)
{
	char *path;

	if (error)
		return error;
	path = heap_alloc(PATH_BYTES);
	if (path) {
		entry_path(*entry, path, PATH_BYTES);
		error = put_link(path, to, size);
	}
	entry_put(*entry);
	heap_free(path);
	return path ? error : -ENOMEM;
}

static long read_cwd(struct proc_about about, char *to, uint64_t size)
{
	struct entry *entry;

	return put_entry(follow_cwd(about, &entry), &entry, to, size);
}

static long read_root(struct proc_about about, char *to, uint64_t size)
{
	(void)about;
	return put_link("/", to, size);
}

static long read_fd(struct proc_about about, char *to, uint64_t size)
{
	struct entry *entry;

	return put_entry(follow_fd(about, &entry), &entry, to, size);
}

static bool has_fd(struct proc_about about, int fd)
{
	struct files *files = files_of(about.pid);
	bool found = files && files_is_open(files, fd);

	if (files)
		files_put(files);
	return found;
}

static int next_fd(struct proc_about about, int from)
{
	struct files *files = files_of(about.pid);
	int next = files ? files_next(files, from) : -1;

	if (files)
		files_put(files);
	return next;
}

#define TEXT (S_IFREG | 0444)
#define LINK (S_IFLNK | 0777)

static const struct proc_item descriptor = {.mode = S_IFLNK | 0700, .readlink = read_fd, .follow = follow_fd};

static const struct proc_item items[] = {
	{.name = "fd",
	 .mode = S_IFDIR | 0500,
	 .numbered = &descriptor,
	 .has_number = has_fd,
	 .next_number = next_fd,
	 .numbers_are_fds = true},
	{.name = "cmdline", .mode = TEXT, .text = cmdline},
	{.name = "comm", .mode = TEXT, .text = comm},
	{.name = "cwd", .mode = LINK, .readlink = read_cwd, .follow = follow_cwd},
	{.name = "exe", .mode = LINK, .readlink = exe},
	{.name = "maps", .mode = TEXT, .text = proc_maps},
	{.name = "mounts", .mode = TEXT, .text = proc_mounts},
	{.name = "pagemap", .mode = S_IFREG | 0400, .read = proc_pagemap},
	{.name = "root", .mode = LINK, .readlink = read_root, .follow = follow_root},
	{.name = "smaps", .mode = TEXT, .text = proc_smaps},
	{.name = "stat", .mode = TEXT, .text = stat},
	{.name = "statm", .mode = TEXT, .text = statm},
	{.name = "status", .mode = TEXT, .text = status},
	{0},
};

const struct proc_item proc_process = {.mode = S_IFDIR | 0555, .children = items};
