/*
 * exec: a new program in place of the caller's.
 *
 * The new memory is made and filled completely while the old program could still go on; only when nothing
 * can fail any more do the other threads end and the memory change.
 */
#include <kernel/exec.h>
#include <kernel/arguments.h>
#include <kernel/load.h>
#include <kernel/machine.h>
#include <kernel/memory.h>
#include <kernel/process.h>
#include <kernel/syscall.h>
#include <kernel/user.h>
#include <kernel/fs/fs.h>
#include <mm/mm.h>

#define PATH_MAX 4096
#define SCRIPT_LINE 256 /* bytes of #! line that count */
#define SCRIPT_LEVELS 4 /* interpreters that are scripts themselves */

enum {
	AT_PHDR = 3,
	AT_PHENT = 4,
	AT_PHNUM = 5,
	AT_PAGESZ = 6,
	AT_BASE = 7,
	AT_FLAGS = 8,
	AT_ENTRY = 9,
	AT_UID = 11,
	AT_EUID = 12,
	AT_GID = 13,
	AT_EGID = 14,
	AT_PLATFORM = 15,
	AT_CLKTCK = 17,
	AT_SECURE = 23,
	AT_RANDOM = 25,
	AT_EXECFN = 31,
	AT_MINSIGSTKSZ = 51,
};
#define NR_AUX 18

/* Everything that a new program is, before it runs. */
struct program {
	struct file *file;
	struct mm *mm;
	struct signal_actions *actions;
	struct files *files; /* NULL: the process keeps its own */
	vms_va entry, sp;
};

static long open_program(const char *path, struct file **file)
{
	long result = file_open(path, 0, 0, file);

	if (result != 0)
		return result;
	if (file_is_regular(*file) && file_is_executable(*file))
		return 0;
	file_put(*file);
	*file = NULL;
	return -EACCES;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/*
 * Is it a script? Then *option (NULL: none) and the result, the interpreter's path, point into line, which
 * was read from the file. NULL and *bad: it begins like one but names nothing.
 */
static char *parse_script(char *line, long len, char **option, bool *bad)
{
	char *at = line + 2, *interpreter, *end;

	*option = NULL;
	*bad = false;
	if (len < 2 || line[0] != '#' || line[1] != '!')
		return NULL;
	line[len] = 0;
	end = strchr(line, '\n');
	if (end != NULL)
		*end = 0;
	while (is_blank(*at))
		at++;
	interpreter = at;
	*bad = *interpreter == 0;
	while (*at != 0 && !is_blank(*at))
		at++;
	/* A path that the line's length cut off is none. */
	if (*at == 0 && end == NULL && len == SCRIPT_LINE - 1)
		*bad = true;
	if (*bad)
		return NULL;
	if (*at == 0)
		return interpreter;
	*at++ = 0;
	while (is_blank(*at))
		at++;
	if (*at == 0)
		return interpreter;
	*option = at;
	/* All the rest is one argument, without blanks at its end. */
	at += strlen(at);
	while (is_blank(at[-1]))
		*--at = 0;
	return interpreter;
}

/* Follow #! lines until there is a binary. The arguments change on the way. */
static long find_binary(const char *path, struct arguments *arguments, struct file **file)
{
	char line[SCRIPT_LINE], previous[SCRIPT_LINE];
	const char *name = path;

	for (int level = 0;; level++) {
		long result = open_program(name, file), len;
		char *interpreter, *option;
		bool bad;

		if (result != 0)
			return result;
		len = file_read_at(*file, line, sizeof(line) - 1, 0);
		interpreter = parse_script(line, len, &option, &bad);
		if (len >= 0 && interpreter == NULL && !bad)
			return 0;
		result = len < 0 ? len : bad ? -ENOEXEC : level == SCRIPT_LEVELS ? -ELOOP : 0;
		if (result == 0)
			result = arguments_wrap(arguments, interpreter, option, name);
		file_put(*file);
		*file = NULL;
		if (result != 0)
			return result;
		strcopy(previous, interpreter, sizeof(previous));
		name = previous;
	}
}

static long write_stack(struct program *program, const char *path, const struct arguments *arguments,
			const struct loaded *loaded)
{
	uint64_t aux[2 * NR_AUX] = {
		AT_PHDR,
		loaded->headers,
		AT_PHENT,
		56,
		AT_PHNUM,
		loaded->nr_headers,
		AT_PAGESZ,
		VMS_PAGE,
		AT_BASE,
		loaded->base,
		AT_FLAGS,
		0,
		AT_ENTRY,
		loaded->own_entry,
		AT_UID,
		0,
		AT_EUID,
		0,
		AT_GID,
		0,
		AT_EGID,
		0,
		AT_PLATFORM,
		ARGUMENTS_PLATFORM,
		AT_CLKTCK,
		100,
		AT_SECURE,
		0,
		AT_RANDOM,
		ARGUMENTS_RANDOM,
		AT_EXECFN,
		ARGUMENTS_EXECFN,
		AT_MINSIGSTKSZ,
		user_fpu_size() + 1024,
		0,
		0,
	};
	uint32_t prot = MM_PROT_READ | MM_PROT_WRITE | (loaded->stack_exec ? MM_PROT_EXEC : 0);
	char random[16];
	long at = mm_map(program->mm, USER_STACK_TOP - USER_STACK_BYTES, USER_STACK_BYTES, prot,
			 MM_PRIVATE | MM_ANONYMOUS | MM_FIXED | MM_NOREPLACE | MM_GROWSDOWN, NULL, 0);

	if (at < 0)
		return at;
	random_bytes(random, sizeof(random));
	return arguments_write(arguments, program->mm, USER_STACK_TOP, path, random, aux, ARRAY_LEN(aux), &program->sp);
}

/* Make all of the new program. Undone by discard(). */
static long prepare(struct program *program, const char *path, struct arguments *arguments)
{
	struct process *process = this_process();
	struct loaded loaded;
	long result = find_binary(path, arguments, &program->file);

	if (result != 0)
		return result;
	program->mm = mm_create();
	program->actions = signal_actions_copy(process->actions);
	if (process->shares_files)
		program->files = files_copy(process->files);
	if (program->mm == NULL || program->actions == NULL || (process->shares_files && program->files == NULL))
		return -ENOMEM;
	mm_huge_refuse(program->mm, process->mm != NULL && mm_huge_is_refused(process->mm));
	signal_actions_reset(program->actions);
	result = load_program(program->mm, program->file, &loaded);
	if (result != 0)
		return result;
	mm_set_brk(program->mm, loaded.brk);
	program->entry = loaded.entry;
	return write_stack(program, path, arguments, &loaded);
}

static void discard(struct program *program)
{
	if (program->file != NULL)
		file_put(program->file);
	if (program->mm != NULL)
		mm_put(program->mm);
	if (program->actions != NULL)
		signal_actions_put(program->actions);
	if (program->files != NULL)
		files_put(program->files);
}

/* The other threads end. -EINTR: we were told to end ourselves. */
static long be_alone(void)
{
	struct thread *self = current();
	struct process *process = self->process;
	uint64_t state = lock_take_irq(&proc_lock);
	bool dying = self->dying;

	if (!dying)
		process_end_threads_locked(process, self);
	while (!dying && process->nr_threads > 1) {
		wait_on(&process->thread_event, &proc_lock, state, false, 0);
		dying = self->dying;
	}
	if (!dying)
		self->tid = process->pid;
	lock_drop_irq(&proc_lock, state);
	return dying ? -EINTR : 0;
}

static void rename(struct process *process, const char *path, struct file *file)
{
	const char *slash = strrchr(path, '/');

	strcopy(process->name, slash != NULL ? slash + 1 : path, sizeof(process->name));
	file_path(file, process->exe, sizeof(process->exe));
}

/* Nothing fails here. What was the process's is in `program` afterwards, to be discarded. */
static void commit(struct program *program, const char *path)
{
	struct thread *self = current();
	struct process *process = self->process;
	struct mm *mm;
	struct signal_actions *actions;
	uint64_t state;

	/* Robust mutexes of the old memory lose their owner. */
	futex_robust_exit(self);
	self->robust_list = 0;
	self->clear_tid = 0;
	self->alt_stack = self->alt_stack_len = 0;
	self->restart_deadline = 0;

	state = lock_take_irq(&proc_lock);
	mm = process->mm;
	process->mm = program->mm;
	actions = process->actions;
	process->actions = program->actions;
	process->has_run_exec = true;
	process->membarrier = 0;
	process->arguments_at = program->sp;
	rename(process, path, program->file);
	if (program->files != NULL) {
		struct files *files = process->files;

		process->files = program->files;
		process->shares_files = false;
		program->files = files;
	}
	lock_drop_irq(&proc_lock, state);
	vms_port_preempt_off();
	vms_space_activate(mm_space(process->mm));
	vms_port_preempt_on();
	program->mm = mm;
	program->actions = actions;
	files_close_on_exec(process->files);
	user_fpu_reset(self->fpu);
	user_regs_init(&self->regs, program->entry, program->sp);
}

static long run_program(const char *path, struct arguments *arguments)
{
	struct program program = {0};
	long result = prepare(&program, path, arguments);

	if (result == 0)
		result = be_alone();
	if (result == 0)
		commit(&program, path);
	discard(&program);
	if (result == 0)
		process_vfork_done();
	return result;
}

long process_exec(const char *path, const char *const argv[], const char *const envp[])
{
	struct arguments arguments;
	long result = arguments_init(&arguments);

	if (result != 0)
		return result;
	result = arguments_add(&arguments, argv, envp);
	if (result == 0)
		result = run_program(path, &arguments);
	arguments_fini(&arguments);
	return result;
}

long sys_execve(const uint64_t a[6])
{
	struct arguments arguments;
	char *path = heap_alloc(PATH_MAX);
	long result = path != NULL ? user_string(path, PATH_MAX, a[0]) : -ENOMEM;

	if (result < 0) {
		heap_free(path);
		return result;
	}
	result = arguments_init(&arguments);
	if (result == 0) {
		result = arguments_add_user(&arguments, a[1], a[2]);
		if (result == 0)
			result = run_program(path, &arguments);
		arguments_fini(&arguments);
	}
	heap_free(path);
	return result;
}
