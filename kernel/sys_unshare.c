/*
 * unshare: a process that shares its descriptors, or its directory and mask, with another gets copies of its own.
 * Threads of one process always share these here, so one with several threads is refused; and there are no namespaces.
 */
#include <kernel/clone.h>
#include <kernel/process.h>
#include <kernel/syscall.h>
#include <kernel/fs/fs.h>

#define KNOWN (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM)
/* What every process has to itself, so that there is nothing to do, unless it has several threads. */
#define AS_A_PROCESS (CLONE_VM | CLONE_SIGHAND | CLONE_THREAD)

/* May the calling process part from what these flags name? */
static long check(struct process *process, uint64_t flags)
{
	if (flags & ~KNOWN)
		return -EINVAL;
	return (flags & (AS_A_PROCESS | CLONE_FS | CLONE_FILES)) && process->nr_threads > 1 ? -EINVAL : 0;
}

long sys_unshare(const uint64_t a[6])
{
	struct process *process = this_process();
	struct files *files = NULL;
	struct fs_dirs *dirs = NULL;
	long result = check(process, a[0]);
	uint64_t state;

	if (result != 0)
		return result;
	if ((a[0] & CLONE_FILES) && process->shares_files)
		files = files_copy(process->files);
	if (a[0] & CLONE_FS)
		dirs = dirs_copy(process->dirs);
	if (((a[0] & CLONE_FILES) && process->shares_files && files == NULL) || ((a[0] & CLONE_FS) && dirs == NULL))
		result = -ENOMEM;
	state = lock_take_irq(&proc_lock);
	if (result == 0 && files != NULL) {
		struct files *old = process->files;

		process->files = files;
		process->shares_files = false;
		files = old;
	}
	if (result == 0 && dirs != NULL) {
		struct fs_dirs *old = process->dirs;

		process->dirs = dirs;
		dirs = old;
	}
	lock_drop_irq(&proc_lock, state);
	if (files != NULL)
		files_put(files);
	if (dirs != NULL)
		dirs_put(dirs);
	return result;
}
