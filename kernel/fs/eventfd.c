/*
 * eventfd: a counter as a file. Writes add to it; a read takes all of it, or one, and waits for it to be more than 0.
 */
#include <kernel/fs/fs.h>
#include <kernel/fs/inode.h>
#include <kernel/memory.h>
#include <kernel/process.h>
#include <kernel/syscall.h>

#define EFD_SEMAPHORE 1
#define MOST (~0ull - 1)

struct counter {
	struct lock lock;
	struct waitq changed;
	uint64_t count;
	bool one_by_one;
};

static bool never_waits(struct file *file)
{
	return __atomic_load_n(&file->flags, __ATOMIC_RELAXED) & O_NONBLOCK;
}

/* Until the counter has changed. The lock is held. */
static long wait_for_change(struct counter *counter, struct file *file)
{
	if (never_waits(file))
		return -EAGAIN;
	return wait_on(&counter->changed, &counter->lock, WAIT_PLAIN, true, 0) == -EINTR ? -ERESTART : 0;
}

static long counter_read(struct file *file, struct io *io, uint64_t *position)
{
	struct counter *counter = file->inode->state;
	uint64_t taken = 0;
	long error = 0;

	(void)position;
	if (io->left < sizeof(taken))
		return -EINVAL;
	lock_take(&counter->lock);
	while (!error && counter->count == 0)
		error = wait_for_change(counter, file);
	if (!error) {
		taken = counter->one_by_one ? 1 : counter->count;
		counter->count -= taken;
		wake_all(&counter->changed);
	}
	lock_drop(&counter->lock);
	if (error)
		return error;
	poll_changed();
	return io_result(io, io_put(io, &taken, sizeof(taken)), 0);
}

static long counter_write(struct file *file, struct io *io, uint64_t *position)
{
	struct counter *counter = file->inode->state;
	uint64_t more;
	long error = 0;

	(void)position;
	if (io->left < sizeof(more))
		return -EINVAL;
	if (io_take(io, &more, sizeof(more)) != sizeof(more))
		return -EFAULT;
	if (more > MOST)
		return -EINVAL;
	lock_take(&counter->lock);
	while (!error && more > MOST - counter->count)
		error = wait_for_change(counter, file);
	if (!error) {
		counter->count += more;
		wake_all(&counter->changed);
	}
	lock_drop(&counter->lock);
	if (error)
		return error;
	poll_changed();
	return sizeof(more);
}

static uint32_t counter_poll(struct file *file)
{
	struct counter *counter = file->inode->state;
	uint64_t count;

	lock_take(&counter->lock);
	count = counter->count;
	lock_drop(&counter->lock);
	return (count > 0 ? POLLIN | POLLRDNORM : 0) | (count < MOST ? POLLOUT | POLLWRNORM : 0);
}

static void counter_free(struct inode *inode)
{
	heap_free(inode->state);
}

static const struct inode_ops counter_ops = {
	.read = counter_read,
	.write = counter_write,
	.poll = counter_poll,
	.free = counter_free,
};

static long create(uint32_t count, int flags)
{
	struct counter *counter;
	struct inode *inode;
	struct file *file;
	long error;

	if (flags & ~(EFD_SEMAPHORE | O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	counter = heap_zalloc(sizeof(*counter));
	inode = counter ? inode_new(0600, &counter_ops) : NULL;
	if (!inode) {
		heap_free(counter);
		return -ENOMEM;
	}
	waitq_init(&counter->changed);
	counter->count = count;
	counter->one_by_one = flags & EFD_SEMAPHORE;
	inode->state = counter;
	error = file_new_nameless(inode, "anon_inode:[eventfd]", O_RDWR | (flags & O_NONBLOCK), &file);
	return error ? error : fd_install(file, flags);
}

long sys_eventfd(const uint64_t a[6])
{
	return create((uint32_t)a[0], 0);
}

long sys_eventfd2(const uint64_t a[6])
{
	return create((uint32_t)a[0], (int)a[1]);
}
