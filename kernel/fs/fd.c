/*
 * Descriptors: small numbers for open files. The table grows up to a limit, and is guarded by its own lock;
 * a file found in it is taken before the lock is dropped, so closing never pulls it from under a call.
 */
#include <kernel/fs/fs.h>
#include <kernel/fs/inode.h>
#include <kernel/fs/records.h>
#include <kernel/memory.h>
#include <kernel/process.h>

#define FD_LIMIT 1024
#define FD_FIRST 32 /* room that a new table has */

struct slot {
	struct file *file; /* held; NULL: free */
	bool close_on_exec;
};

struct files {
	uint32_t refs; /* atomic */
	struct lock lock;
	int nr; /* slots there are */
	struct slot *slot;
};

static struct files *files_make(int nr)
{
	struct files *files = heap_zalloc(sizeof(*files));

	if (!files)
		return NULL;
	files->refs = 1;
	files->nr = nr;
	files->slot = heap_zalloc((size_t)nr * sizeof(struct slot));
	if (files->slot)
		return files;
	heap_free(files);
	return NULL;
}

struct files *files_new(void)
{
	return files_make(FD_FIRST);
}

struct files *files_copy(struct files *from)
{
	int nr = __atomic_load_n(&from->nr, __ATOMIC_RELAXED);
	struct files *files = files_make(nr);

	if (!files)
		return NULL;
	lock_take(&from->lock);
	if (from->nr > nr) {
		/* It grew: another thread opens files while we fork. */
		lock_drop(&from->lock);
		files_put(files);
		return files_copy(from);
	}
	for (int fd = 0; fd < from->nr; fd++) {
		files->slot[fd] = from->slot[fd];
		if (files->slot[fd].file)
			file_get(files->slot[fd].file);
	}
	lock_drop(&from->lock);
	return files;
}

void files_get(struct files *files)
{
	__atomic_fetch_add(&files->refs, 1, __ATOMIC_RELAXED);
}

/* A file that a slot held no more. */
static void slot_put(struct files *files, struct file *file)
{
	records_closed(file->inode, files);
	file_put(file);
}

void files_put(struct files *files)
{
	if (__atomic_sub_fetch(&files->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	for (int fd = 0; fd < files->nr; fd++)
		if (files->slot[fd].file)
			slot_put(files, files->slot[fd].file);
	heap_free(files->slot);
	heap_free(files);
}

/* Empty a slot; the file is the caller's to put once the lock is dropped. */
static struct file *slot_take(struct files *files, int fd)
{
	struct file *file = NULL;

	lock_take(&files->lock);
	if (fd >= 0 && fd < files->nr) {
		file = files->slot[fd].file;
		files->slot[fd].file = NULL;
	}
	lock_drop(&files->lock);
	return file;
}

/* exec() has the table to itself. */
void files_close_on_exec(struct files *files)
{
	for (int fd = files_next(files, 0); fd >= 0; fd = files_next(files, fd + 1))
		if (files->slot[fd].close_on_exec)
			slot_put(files, slot_take(files, fd));
}

struct file *files_lookup(struct files *files, int fd)
{
	struct file *file = NULL;

	lock_take(&files->lock);
	if (fd >= 0 && fd < files->nr)
		file = files->slot[fd].file;
	if (file)
		file_get(file);
	lock_drop(&files->lock);
	return file;
}

struct file *fd_file(int fd)
{
	return files_lookup(this_process()->files, fd);
}

int files_next(struct files *files, int from)
{
	int fd;

	lock_take(&files->lock);
	for (fd = from; fd < files->nr && !files->slot[fd].file; fd++)
		;
	if (fd >= files->nr)
		fd = -1;
	lock_drop(&files->lock);
	return fd;
}

bool files_is_open(struct files *files, int fd)
{
	return fd >= 0 && files_next(files, fd) == fd;
}

/* Make room for descriptor fd. */
static long files_grow(struct files *files, int fd)
{
	int nr = FD_FIRST;
	struct slot *slot, *old = NULL;

	while (nr <= fd)
		nr *= 2;
	slot = heap_zalloc((size_t)nr * sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	lock_take(&files->lock);
	if (files->nr < nr) {
		memcpy(slot, files->slot, (size_t)files->nr * sizeof(*slot));
		old = files->slot;
		files->slot = slot;
		files->nr = nr;
		slot = NULL;
	}
	lock_drop(&files->lock);
	heap_free(old);
	heap_free(slot);
	return 0;
}

static long files_add(struct files *files, struct file *file, int from, bool close_on_exec)
{
	int fd = from;
	long error;

	for (;;) {
		lock_take(&files->lock);
		while (fd < files->nr && files->slot[fd].file)
			fd++;
		if (fd >= FD_LIMIT) {
			lock_drop(&files->lock);
			return -EMFILE;
		}
		if (fd < files->nr) {
			files->slot[fd] = (struct slot){file, close_on_exec};
			lock_drop(&files->lock);
			return fd;
		}
		lock_drop(&files->lock);
		error = files_grow(files, fd);
		if (error)
			return error;
		fd = from;
	}
}

long fd_add(struct file *file, int from, bool close_on_exec)
{
	return files_add(this_process()->files, file, from, close_on_exec);
}

long fd_install(struct file *file, int flags)
{
	long fd = fd_add(file, 0, flags & O_CLOEXEC);

	if (fd < 0)
		file_put(file);
	return fd;
}

long fd_close(int fd)
{
	struct files *files = this_process()->files;
	struct file *file = slot_take(files, fd);

	if (!file)
		return -EBADF;
	slot_put(files, file);
	return 0;
}

long fd_set(int fd, struct file *file, bool close_on_exec)
{
	struct files *files = this_process()->files;
	struct file *old;
	long error = 0;

	if (fd < 0 || fd >= FD_LIMIT)
		return -EBADF;
	if (fd >= __atomic_load_n(&files->nr, __ATOMIC_RELAXED))
		error = files_grow(files, fd);
	if (error)
		return error;
	file_get(file);
	lock_take(&files->lock);
	old = files->slot[fd].file;
	files->slot[fd] = (struct slot){file, close_on_exec};
	lock_drop(&files->lock);
	if (old)
		slot_put(files, old);
	return fd;
}

long fd_flags(int fd)
{
	struct files *files = this_process()->files;
	long flags = -EBADF;

	lock_take(&files->lock);
	if (fd >= 0 && fd < files->nr && files->slot[fd].file)
		flags = files->slot[fd].close_on_exec ? FD_CLOEXEC : 0;
	lock_drop(&files->lock);
	return flags;
}

long fd_set_flags(int fd, bool close_on_exec)
{
	struct files *files = this_process()->files;
	long error = -EBADF;

	lock_take(&files->lock);
	if (fd >= 0 && fd < files->nr && files->slot[fd].file) {
		files->slot[fd].close_on_exec = close_on_exec;
		error = 0;
	}
	lock_drop(&files->lock);
	return error;
}

long files_open_console(struct files *files)
{
	struct entry *dev, *entry;
	struct file *file = NULL;
	long error = dir_lookup(root_entry, "dev", &dev);

	if (error)
		return error;
	error = dir_lookup(dev, "console", &entry);
	entry_put(dev);
	if (error)
		return error;
	error = file_new(entry, O_RDWR, &file);
	entry_put(entry);
	/* The first process leads a session of its own, with the console as its terminal. */
	tty_own(1, 1);
	for (int fd = 0; fd < 3 && !error; fd++) {
		long added;

		file_get(file);
		added = files_add(files, file, fd, false);
		if (added < 0) {
			file_put(file);
			error = added;
		}
	}
	if (file)
		file_put(file);
	return error;
}
