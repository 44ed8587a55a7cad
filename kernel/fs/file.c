/*
 * Open files: counted, so that one may be closed while another thread reads from it.
 */
#include <kernel/fs/fs.h>
#include <kernel/fs/epoll.h>
#include <kernel/fs/inode.h>
#include <kernel/fs/records.h>
#include <kernel/memory.h>
#include <mm/mm.h>

static struct lock flock_lock;
static struct waitq flock_waiters = {{&flock_waiters.threads, &flock_waiters.threads}};

long file_new(struct entry *entry, int flags, struct file **made)
{
	struct file *file = heap_zalloc(sizeof(*file));
	long error = 0;

	if (!file)
		return -ENOMEM;
	file->refs = 1;
	file->flags = (flags & O_STATUS) | (flags & O_PATH ? 0 : O_LARGEFILE);
	file->entry = entry;
	file->inode = entry->inode;
	file->ops = entry->inode->ops;
	mutex_init(&file->mutex);
	list_init(&file->interests);
	entry_get(entry);
	if (file->ops->open && !(flags & O_PATH))
		error = file->ops->open(file);
	if (error) {
		entry_put(entry);
		heap_free(file);
		return error;
	}
	*made = file;
	return 0;
}

long file_new_nameless(struct inode *inode, const char *name, int flags, struct file **file)
{
	struct entry *entry = entry_new(NULL, name, inode);
	long error;

	if (!entry)
		return -ENOMEM;
	error = file_new(entry, flags, file);
	entry_put(entry);
	return error;
}

void file_get(struct file *file)
{
	__atomic_fetch_add(&file->refs, 1, __ATOMIC_RELAXED);
}

void file_put(struct file *file)
{
	if (__atomic_sub_fetch(&file->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	epoll_forget(file);
	file_flock(file, LOCK_UN);
	records_closed(file->inode, file);
	if (file->ops->close && !(file->flags & O_PATH))
		file->ops->close(file);
	entry_put(file->entry);
	heap_free(file);
}

bool file_can_read(struct file *file)
{
	return !(file->flags & O_PATH) && (file->flags & O_ACCMODE) != O_WRONLY;
}

bool file_can_write(struct file *file)
{
	int access = file->flags & O_ACCMODE;

	return !(file->flags & O_PATH) && (access == O_WRONLY || access == O_RDWR);
}

static long transfer(struct file *file, struct io *io, uint64_t *position, bool write)
{
	if (write ? !file_can_write(file) : !file_can_read(file))
		return -EBADF;
	if (write ? !file->ops->write : !file->ops->read)
		return -EINVAL;
	if (file->ops->seekable && *position > INT64_MAX - io->left)
		return write ? -EFBIG : -EINVAL;
	return write ? file->ops->write(file, io, position) : file->ops->read(file, io, position);
}

static long transfer_here(struct file *file, struct io *io, bool write)
{
	uint64_t none = 0;
	long result;

	if (!file->ops->seekable)
		return transfer(file, io, &none, write);
	mutex_take(&file->mutex);
	result = transfer(file, io, &file->position, write);
	mutex_drop(&file->mutex);
	return result;
}

long file_read(struct file *file, struct io *io)
{
	return transfer_here(file, io, false);
}

long file_write(struct file *file, struct io *io)
{
	return transfer_here(file, io, true);
}

long file_read_from(struct file *file, struct io *io, uint64_t offset)
{
	if (!file->ops->seekable)
		return file_can_read(file) ? -ESPIPE : -EBADF;
	return transfer(file, io, &offset, false);
}

long file_write_to(struct file *file, struct io *io, uint64_t offset)
{
	if (!file->ops->seekable)
		return file_can_write(file) ? -ESPIPE : -EBADF;
	return transfer(file, io, &offset, true);
}

uint32_t file_poll(struct file *file)
{
	if (file->flags & O_PATH)
		return POLLNVAL;
	return file->ops->poll ? file->ops->poll(file) : POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM;
}

long file_read_at(struct file *file, void *to, uint64_t len, uint64_t offset)
{
	struct io io = io_kernel(to, min_u64(len, IO_MAX));

	return file_read_from(file, &io, offset);
}

bool file_is_regular(struct file *file)
{
	return file->ops == &regular_ops && !(file->flags & O_PATH);
}

bool file_is_executable(struct file *file)
{
	return file->ops == &regular_ops && (file->inode->mode & 0111);
}

uint64_t file_size(struct file *file)
{
	return file->inode->size;
}

void file_path(struct file *file, char *to, size_t size)
{
	entry_path(file->entry, to, size);
}

uint64_t file_inode_number(struct file *file)
{
	return file->inode->number;
}

/* flock_lock held. The file's own lock may be there: it is replaced. */
static bool flock_free(struct file *file, int how)
{
	struct inode *inode = file->inode;
	uint32_t others = inode->nr_flock - (file->flock == LOCK_SH);

	if (inode->flock_owner && inode->flock_owner != file)
		return false;
	return how != LOCK_EX || others == 0;
}

static void flock_set(struct file *file, int how)
{
	struct inode *inode = file->inode;

	if (file->flock == LOCK_SH)
		inode->nr_flock--;
	if (file->flock == LOCK_EX)
		inode->flock_owner = NULL;
	if (how == LOCK_SH)
		inode->nr_flock++;
	if (how == LOCK_EX)
		inode->flock_owner = file;
	file->flock = how;
	wake_all(&flock_waiters);
}

long file_flock(struct file *file, int how)
{
	int kind = how & ~LOCK_NB;
	long error = 0;

	if (kind != LOCK_SH && kind != LOCK_EX && kind != LOCK_UN)
		return -EINVAL;
	if (kind == LOCK_UN && !file->flock)
		return 0;
	lock_take(&flock_lock);
	while (!error && kind != LOCK_UN && !flock_free(file, kind))
		error = how & LOCK_NB ? -EAGAIN : wait_on(&flock_waiters, &flock_lock, WAIT_PLAIN, true, 0);
	if (!error)
		flock_set(file, kind == LOCK_UN ? 0 : kind);
	lock_drop(&flock_lock);
	return error == -EINTR ? -ERESTART : error;
}
