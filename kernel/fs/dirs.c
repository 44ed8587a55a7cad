/*
 * Where a process is: its current directory, and the mode bits that it does not give to new files.
 */
#include <kernel/fs/fs.h>
#include <kernel/fs/inode.h>
#include <kernel/memory.h>
#include <kernel/process.h>

struct fs_dirs {
	uint32_t refs; /* atomic */
	struct lock lock;
	struct entry *current; /* held */
	uint32_t umask;
};

static struct fs_dirs *dirs_make(struct entry *at, uint32_t umask)
{
	struct fs_dirs *dirs = heap_zalloc(sizeof(*dirs));

	if (!dirs) {
		entry_put(at);
		return NULL;
	}
	dirs->refs = 1;
	dirs->current = at;
	dirs->umask = umask;
	return dirs;
}

struct fs_dirs *dirs_new(void)
{
	entry_get(root_entry);
	return dirs_make(root_entry, 022);
}

struct fs_dirs *dirs_copy(struct fs_dirs *from)
{
	return dirs_make(dirs_current(from), from->umask);
}

void dirs_get(struct fs_dirs *dirs)
{
	__atomic_fetch_add(&dirs->refs, 1, __ATOMIC_RELAXED);
}

void dirs_put(struct fs_dirs *dirs)
{
	if (__atomic_sub_fetch(&dirs->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	entry_put(dirs->current);
	heap_free(dirs);
}

struct entry *dirs_current(struct fs_dirs *dirs)
{
	struct entry *at;

	lock_take(&dirs->lock);
	at = dirs->current;
	entry_get(at);
	lock_drop(&dirs->lock);
	return at;
}

void dirs_change(struct entry *to)
{
	struct fs_dirs *dirs = this_process()->dirs;
	struct entry *old;

	entry_get(to);
	lock_take(&dirs->lock);
	old = dirs->current;
	dirs->current = to;
	lock_drop(&dirs->lock);
	entry_put(old);
}

uint32_t dirs_umask(void)
{
	return __atomic_load_n(&this_process()->dirs->umask, __ATOMIC_RELAXED);
}

uint32_t dirs_set_umask(uint32_t mask)
{
	return __atomic_exchange_n(&this_process()->dirs->umask, mask & 0777, __ATOMIC_RELAXED);
}
