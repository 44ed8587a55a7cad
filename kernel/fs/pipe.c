/*
 * Pipes and FIFOs: a ring of 64 KiB between two ends.
 *
 * At most one reader and one writer copy at a time (the `reading` and `writing` flags), without the lock, since
 * user memory may fault; they work on different parts of the ring, and only the lock moves its borders. The
 * ring's pages are made when they are first written and live as long as the pipe.
 */
#include <kernel/fs/fs.h>
#include <kernel/fs/inode.h>
#include <kernel/memory.h>
#include <kernel/process.h>

#define PIPE_BYTES 65536u
#define PIPE_BUF 4096u /* a write of at most this is not mixed with others */

struct pipe {
	struct lock lock;
	struct waitq to_read;  /* readers: for bytes, for their turn, for writers to go */
	struct waitq to_write; /* writers: for room, for their turn */
	struct waitq to_open;  /* FIFOs: for the other end */
	uint32_t nr_readers, nr_writers;
	uint32_t nr_read_opens, nr_write_opens; /* ever */
	bool reading, writing;
	bool nameless; /* a pipe, which opens at once, also by way of /proc/self/fd */
	uint32_t head; /* where the bytes begin */
	uint32_t count;
	void *page[PIPE_BYTES / VMS_PAGE];
};

static struct pipe *pipe_of(struct file *file)
{
	return file->inode->state;
}

static bool never_waits(struct file *file)
{
	return __atomic_load_n(&file->flags, __ATOMIC_RELAXED) & O_NONBLOCK;
}

/* Copy `len` bytes out of or into the ring from `at`; those done: fewer if memory is short or user memory faults. */
static uint32_t ring_move(struct pipe *pipe, struct io *io, uint32_t at, uint32_t len, bool write, long *error)
{
	uint32_t done = 0;

	while (done < len && !io->fault) {
		uint32_t place = (at + done) % PIPE_BYTES, offset = place % VMS_PAGE;
		uint32_t part = (uint32_t)min_u64(VMS_PAGE - offset, len - done);
		void **page = &pipe->page[place / VMS_PAGE];

		if (!*page) {
			vms_pfn frame = frame_alloc(VMS_FRAME_KERNEL, false);

			if (frame == VMS_NO_FRAME) {
				*error = -ENOMEM;
				break;
			}
			*page = frame_data(frame);
		}
		done += (uint32_t)(write ? io_take(io, (char *)*page + offset, part)
					 : io_put(io, (char *)*page + offset, part));
	}
	return done;
}

static long pipe_read(struct file *file, struct io *io, uint64_t *position)
{
	struct pipe *pipe = pipe_of(file);
	uint32_t done = 0;
	long error = 0;

	(void)position;
	if (io->left == 0)
		return 0;
	lock_take(&pipe->lock);
	while (!error && (pipe->reading || pipe->count == 0)) {
		if (!pipe->reading && pipe->nr_writers == 0)
			break;
		if (!pipe->reading && never_waits(file))
			error = -EAGAIN;
		else if (wait_on(&pipe->to_read, &pipe->lock, WAIT_PLAIN, true, 0) == -EINTR)
			error = -ERESTART;
	}
	if (!error && pipe->count > 0) {
		uint32_t head = pipe->head, count = (uint32_t)min_u64(pipe->count, io->left);

		pipe->reading = true;
		lock_drop(&pipe->lock);
		done = ring_move(pipe, io, head, count, false, &error);
		lock_take(&pipe->lock);
		pipe->reading = false;
		pipe->head = (head + done) % PIPE_BYTES;
		pipe->count -= done;
		wake_all(&pipe->to_read);
		wake_all(&pipe->to_write);
	}
	lock_drop(&pipe->lock);
	if (done)
		poll_changed();
	return io_result(io, done, error);
}

/* Until there is room for `need` bytes and it is our turn. The lock is held. */
static long wait_for_room(struct pipe *pipe, struct file *file, uint32_t need)
{
	for (;;) {
		if (pipe->nr_readers == 0)
			return -EPIPE;
		if (!pipe->writing && PIPE_BYTES - pipe->count >= need)
			return 0;
		if (!pipe->writing && never_waits(file))
			return -EAGAIN;
		if (wait_on(&pipe->to_write, &pipe->lock, WAIT_PLAIN, true, 0) == -EINTR)
			return -ERESTART;
	}
}

static long pipe_write(struct file *file, struct io *io, uint64_t *position)
{
	struct pipe *pipe = pipe_of(file);
	uint32_t need = io->left <= PIPE_BUF ? (uint32_t)io->left : 1;
	uint64_t done = 0;
	long error = 0;

	(void)position;
	lock_take(&pipe->lock);
	while (io->left > 0 && !io->fault && !error) {
		uint32_t at, moved;

		error = wait_for_room(pipe, file, need);
		if (error)
			break;
		at = (pipe->head + pipe->count) % PIPE_BYTES;
		moved = (uint32_t)min_u64(PIPE_BYTES - pipe->count, io->left);
		pipe->writing = true;
		lock_drop(&pipe->lock);
		moved = ring_move(pipe, io, at, moved, true, &error);
		lock_take(&pipe->lock);
		pipe->writing = false;
		pipe->count += moved;
		done += moved;
		wake_all(&pipe->to_read);
		wake_all(&pipe->to_write);
		lock_drop(&pipe->lock);
		poll_changed();
		lock_take(&pipe->lock);
	}
	lock_drop(&pipe->lock);
	if (error == -EPIPE) {
		uint64_t state = lock_take_irq(&proc_lock);

		signal_thread_locked(current(), SIGPIPE);
		lock_drop_irq(&proc_lock, state);
	}
	return io_result(io, done, error);
}

static uint32_t pipe_poll(struct file *file)
{
	struct pipe *pipe = pipe_of(file);
	uint32_t events = 0;

	lock_take(&pipe->lock);
	if (file_can_read(file)) {
		if (pipe->count > 0)
			events |= POLLIN | POLLRDNORM;
		if (pipe->nr_writers == 0)
			events |= POLLHUP;
	}
	if (file_can_write(file)) {
		if (PIPE_BYTES - pipe->count >= PIPE_BUF)
			events |= POLLOUT | POLLWRNORM;
		if (pipe->nr_readers == 0)
			events |= POLLERR;
	}
	lock_drop(&pipe->lock);
	return events;
}

static long pipe_ioctl(struct file *file, uint32_t command, uint64_t argument)
{
	int count = (int)__atomic_load_n(&pipe_of(file)->count, __ATOMIC_RELAXED);

	return command == FIONREAD ? user_write(argument, &count, sizeof(count)) : -ENOTTY;
}

/* The ring of a pipe's or FIFO's inode, made when it is first opened. */
static long pipe_make(struct inode *inode)
{
	struct pipe *pipe = heap_zalloc(sizeof(*pipe));

	if (!pipe)
		return -ENOMEM;
	waitq_init(&pipe->to_read);
	waitq_init(&pipe->to_write);
	waitq_init(&pipe->to_open);
	lock_take(&inode->lock);
	if (!inode->state) {
		inode->state = pipe;
		pipe = NULL;
	}
	lock_drop(&inode->lock);
	heap_free(pipe);
	return 0;
}

static void pipe_close(struct file *file)
{
	struct pipe *pipe = pipe_of(file);

	lock_take(&pipe->lock);
	if (file_can_read(file))
		pipe->nr_readers--;
	if (file_can_write(file))
		pipe->nr_writers--;
	if (pipe->nr_readers == 0 && pipe->nr_writers == 0)
		pipe->count = 0;
	wake_all(&pipe->to_read);
	wake_all(&pipe->to_write);
	lock_drop(&pipe->lock);
	poll_changed();
}

/* POSIX, of FIFOs: each end waits until the other has been opened; not if both are, and a reader that never waits need not. */
static long pipe_open(struct file *file)
{
	bool reads = file_can_read(file), writes = file_can_write(file);
	struct pipe *pipe;
	uint32_t seen;
	long error = pipe_make(file->inode);

	if (error)
		return error;
	pipe = pipe_of(file);
	lock_take(&pipe->lock);
	pipe->nr_readers += reads;
	pipe->nr_writers += writes;
	pipe->nr_read_opens += reads;
	pipe->nr_write_opens += writes;
	wake_all(&pipe->to_open);
	seen = reads ? pipe->nr_write_opens : pipe->nr_read_opens;
	while (!error && !pipe->nameless && !(reads && writes) && (reads ? pipe->nr_writers : pipe->nr_readers) == 0 &&
	       seen == (reads ? pipe->nr_write_opens : pipe->nr_read_opens)) {
		if (never_waits(file)) {
			error = reads ? 0 : -ENXIO;
			break;
		}
		if (wait_on(&pipe->to_open, &pipe->lock, WAIT_PLAIN, true, 0) == -EINTR)
			error = -ERESTART;
	}
	lock_drop(&pipe->lock);
	if (error)
		pipe_close(file);
	return error;
}

static void pipe_free(struct inode *inode)
{
	struct pipe *pipe = inode->state;

	if (!pipe)
		return;
	vms_port_preempt_off();
	for (uint32_t i = 0; i < ARRAY_LEN(pipe->page); i++)
		if (pipe->page[i])
			vms_frame_put(frame_of(pipe->page[i]));
	vms_port_preempt_on();
	heap_free(pipe);
}

const struct inode_ops pipe_ops = {
	.open = pipe_open,
	.close = pipe_close,
	.read = pipe_read,
	.write = pipe_write,
	.poll = pipe_poll,
	.ioctl = pipe_ioctl,
	.free = pipe_free,
};

long pipe_size(struct file *file)
{
	return file->ops == &pipe_ops && !(file->flags & O_PATH) ? (long)PIPE_BYTES : -EBADF;
}

long pipe_create(int flags, struct file *ends[2])
{
	struct inode *inode = inode_new(S_IFIFO | 0600, &pipe_ops);
	struct entry *entry;
	char name[32];
	long error;

	if (!inode)
		return -ENOMEM;
	format(name, sizeof(name), "pipe:[%lu]", (unsigned long)inode->number);
	entry = entry_new(NULL, name, inode);
	if (!entry)
		return -ENOMEM;
	flags &= O_NONBLOCK;
	/* A reader that never waits opens at once, and from then on everybody does. */
	error = file_new(entry, O_RDONLY | O_NONBLOCK, &ends[0]);
	if (!error) {
		pipe_of(ends[0])->nameless = true;
		error = file_new(entry, O_WRONLY | flags, &ends[1]);
		if (error)
			file_put(ends[0]);
		else
			ends[0]->flags = O_RDONLY | flags;
	}
	entry_put(entry);
	return error;
}
