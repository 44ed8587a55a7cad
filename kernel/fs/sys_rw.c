/*
 * System calls that move bytes.
 */
#include <kernel/fs/fs.h>
#include <kernel/fs/inode.h>
#include <kernel/memory.h>
#include <kernel/syscall.h>

#define HERE (~0ull) /* at the file's own position */

static long move(int fd, struct io *io, uint64_t offset, bool write)
{
	struct file *file = fd_file(fd);
	long result;

	if (!file)
		return -EBADF;
	if (offset == HERE)
		result = write ? file_write(file, io) : file_read(file, io);
	else if ((int64_t)offset < 0)
		result = -EINVAL;
	else
		result = write ? file_write_to(file, io, offset) : file_read_from(file, io, offset);
	file_put(file);
	return result;
}

/* Linux wants the whole range there, whatever is moved in the end. */
static bool in_user_space(vms_va at, uint64_t len)
{
	return len == 0 || (at < VMS_USER_END && len <= VMS_USER_END - at);
}

static long move_buffer(const uint64_t a[6], uint64_t offset, bool write)
{
	struct user_iovec vec = {a[1], min_u64(a[2], IO_MAX)};
	struct io io = io_user(&vec, vec.len);

	if (!in_user_space(a[1], a[2]))
		return -EFAULT;
	return move((int)a[0], &io, offset, write);
}

/* The lists of readv and writev: the sum of the lengths in *total. The list is on the heap. */
static long vec_from_user(vms_va from, uint64_t nr, struct user_iovec **vec, uint64_t *total)
{
	struct user_iovec *list;
	long error;

	if (nr > USER_IOV_MAX)
		return -EINVAL;
	list = heap_alloc((nr + 1) * sizeof(*list));
	if (!list)
		return -ENOMEM;
	error = user_read(list, from, nr * sizeof(*list));
	*total = 0;
	for (uint64_t i = 0; i < nr && !error; i++) {
		if (list[i].len > INT64_MAX)
			error = -EINVAL;
		else if (!in_user_space(list[i].base, list[i].len))
			error = -EFAULT;
		list[i].len = min_u64(list[i].len, IO_MAX - *total);
		*total += list[i].len;
	}
	if (error)
		heap_free(list);
	else
		*vec = list;
	return error;
}

static long move_vec(const uint64_t a[6], uint64_t offset, bool write)
{
	struct user_iovec *vec;
	uint64_t total;
	struct io io;
	long result = vec_from_user(a[1], a[2], &vec, &total);

	if (result)
		return result;
	io = io_user(vec, total);
	result = move((int)a[0], &io, offset, write);
	heap_free(vec);
	return result;
}

long sys_read(const uint64_t a[6])
{
	return move_buffer(a, HERE, false);
}

long sys_write(const uint64_t a[6])
{
	return move_buffer(a, HERE, true);
}

/* An offset that a program gave: a negative one is none of ours. */
static uint64_t offset_of(uint64_t argument)
{
	return argument == HERE ? HERE - 1 : argument;
}

long sys_pread64(const uint64_t a[6])
{
	return move_buffer(a, offset_of(a[3]), false);
}

long sys_pwrite64(const uint64_t a[6])
{
	return move_buffer(a, offset_of(a[3]), true);
}

long sys_readv(const uint64_t a[6])
{
	return move_vec(a, HERE, false);
}

long sys_writev(const uint64_t a[6])
{
	return move_vec(a, HERE, true);
}

enum { SPLICE_F_NONBLOCK = 2, SPLICE_F_ALL = 15 };

/* Into or out of a pipe, as writev and readv: a pipe has bytes here, and no pages that could be given to it. */
long sys_vmsplice(const uint64_t a[6])
{
	struct file *file;
	bool is_pipe, write, waits;

	if (a[3] & ~(uint64_t)SPLICE_F_ALL)
		return -EINVAL;
	file = fd_file((int)a[0]);
	if (file == NULL)
		return -EBADF;
	is_pipe = pipe_size(file) >= 0;
	write = file_can_write(file);
	waits = (file_poll(file) & (write ? POLLOUT : POLLIN)) == 0;
	file_put(file);
	if (!is_pipe)
		return -EBADF;
	return waits && (a[3] & SPLICE_F_NONBLOCK) ? -EAGAIN : move_vec(a, HERE, write);
}

long sys_preadv(const uint64_t a[6])
{
	return move_vec(a, offset_of(a[3]), false);
}

long sys_pwritev(const uint64_t a[6])
{
	return move_vec(a, offset_of(a[3]), true);
}

/* Offset -1 means the position; flags are hints that we do not know. */
long sys_preadv2(const uint64_t a[6])
{
	return a[5] ? -EOPNOTSUPP : move_vec(a, a[3], false);
}

long sys_pwritev2(const uint64_t a[6])
{
	return a[5] ? -EOPNOTSUPP : move_vec(a, a[3], true);
}

/* From SEEK_DATA and SEEK_HOLE: the next place that is there, or is not; the end counts as a hole. */
static int64_t seek_pages(struct inode *inode, int64_t offset, bool data)
{
	uint64_t size, index = offset < 0 ? 0 : (uint64_t)offset / VMS_PAGE, backed;

	lock_take(&inode->lock);
	size = inode->size;
	backed = page_up(inode->backed_len) / VMS_PAGE;
	if (index >= backed || !data)
		index = pages_next(&inode->pages, max_u64(index, backed), data);
	lock_drop(&inode->lock);
	if (offset < 0 || (uint64_t)offset >= size)
		return -ENXIO;
	if (index * VMS_PAGE >= size)
		return data ? -ENXIO : (int64_t)size;
	return (int64_t)max_u64(index * VMS_PAGE, (uint64_t)offset);
}

static long seek(struct file *file, int64_t offset, int whence)
{
	struct inode *inode = file->inode;
	int64_t base = 0;

	switch (whence) {
	case SEEK_SET:
		break;
	case SEEK_CUR:
		base = (int64_t)file->position;
		break;
	case SEEK_END:
		base = inode_is(inode, S_IFDIR) ? INT64_MAX / 2 : (int64_t)inode->size;
		break;
	case SEEK_DATA:
	case SEEK_HOLE:
		if (!inode_is(inode, S_IFREG))
			return -EINVAL;
		offset = seek_pages(inode, offset, whence == SEEK_DATA);
		if (offset < 0)
			return offset;
		break;
	default:
		return -EINVAL;
	}
	if (__builtin_add_overflow(base, offset, &base))
		return -EOVERFLOW;
	if (base < 0)
		return -EINVAL;
	file->position = (uint64_t)base;
	return base;
}

long sys_lseek(const uint64_t a[6])
{
	struct file *file = fd_file((int)a[0]);
	long result = -ESPIPE;

	if (!file)
		return -EBADF;
	if (file->flags & O_PATH) {
		result = -EBADF;
	} else if (file->ops->seekable) {
		mutex_take(&file->mutex);
		result = seek(file, (int64_t)a[1], (int)a[2]);
		mutex_drop(&file->mutex);
	}
	file_put(file);
	return result;
}

long sys_ioctl(const uint64_t a[6])
{
	struct file *file = fd_file((int)a[0]);
	uint32_t command = (uint32_t)a[1];
	int on;
	long result = -ENOTTY;

	if (!file)
		return -EBADF;
	if (file->flags & O_PATH) {
		result = -EBADF;
	} else if (command == FIOCLEX || command == FIONCLEX) {
		result = fd_set_flags((int)a[0], command == FIOCLEX);
	} else if (command == FIONBIO) {
		result = user_read(&on, a[2], sizeof(on));
		if (!result && on)
			__atomic_fetch_or(&file->flags, O_NONBLOCK, __ATOMIC_RELAXED);
		else if (!result)
			__atomic_fetch_and(&file->flags, ~O_NONBLOCK, __ATOMIC_RELAXED);
	} else if (file->ops->ioctl) {
		result = file->ops->ioctl(file, command, a[2]);
	}
	file_put(file);
	return result;
}

/* Copy between two files through one page. Offsets are HERE or where to begin, and move. */
static long copy(struct file *in, uint64_t *from, struct file *out, uint64_t *to, uint64_t len)
{
	vms_pfn frame = frame_alloc(VMS_FRAME_KERNEL, false);
	void *buffer;
	long done = 0, result = 0;

	if (frame == VMS_NO_FRAME)
		return -ENOMEM;
	buffer = frame_data(frame);
	len = min_u64(len, IO_MAX);
	while ((uint64_t)done < len) {
		struct io io = io_kernel(buffer, min_u64(VMS_PAGE, len - (uint64_t)done));
		long got = *from == HERE ? file_read(in, &io) : file_read_from(in, &io, *from);

		result = got;
		if (got <= 0)
			break;
		io = io_kernel(buffer, (uint64_t)got);
		result = *to == HERE ? file_write(out, &io) : file_write_to(out, &io, *to);
		if (result > 0) {
			done += result;
			*from += *from == HERE ? 0 : (uint64_t)result;
			*to += *to == HERE ? 0 : (uint64_t)result;
		}
		/* What was read and not written goes back where it can. */
		if (result < got && *from == HERE && in->ops->seekable) {
			mutex_take(&in->mutex);
			in->position -= (uint64_t)(got - (result > 0 ? result : 0));
			mutex_drop(&in->mutex);
		}
		if (result < got)
			break;
	}
	vms_port_preempt_off();
	vms_frame_put(frame);
	vms_port_preempt_on();
	return done ? done : result;
}

/* An offset that lives in user memory; a null pointer means the file's own position. */
static long offset_from_user(vms_va at, uint64_t *offset)
{
	*offset = HERE;
	if (!at)
		return 0;
	if (user_read(offset, at, sizeof(*offset)))
		return -EFAULT;
	return (int64_t)*offset < 0 ? -EINVAL : 0;
}

static long copy_user(int in_fd, vms_va in_at, int out_fd, vms_va out_at, uint64_t len, bool regular)
{
	struct file *in = fd_file(in_fd), *out = fd_file(out_fd);
	uint64_t from, to;
	long result = in && out ? 0 : -EBADF;

	if (!result)
		result = offset_from_user(in_at, &from);
	if (!result)
		result = offset_from_user(out_at, &to);
	if (!result && !in->ops->seekable)
		result = -EINVAL;
	if (!result && regular && (!file_is_regular(in) || !file_is_regular(out) || in->inode == out->inode))
		result = -EINVAL;
	if (!result)
		result = copy(in, &from, out, &to, len);
	if (result > 0 && in_at && user_write(in_at, &from, sizeof(from)))
		result = -EFAULT;
	if (result > 0 && out_at && user_write(out_at, &to, sizeof(to)))
		result = -EFAULT;
	if (in)
		file_put(in);
	if (out)
		file_put(out);
	return result;
}

long sys_sendfile(const uint64_t a[6])
{
	return copy_user((int)a[1], a[2], (int)a[0], 0, a[3], false);
}

long sys_copy_file_range(const uint64_t a[6])
{
	if (a[5])
		return -EINVAL;
	return copy_user((int)a[0], a[1], (int)a[2], a[3], a[4], true);
}

long sys_getdents64(const uint64_t a[6])
{
	struct file *file = fd_file((int)a[0]);
	struct listing listing = {.room = min_u64((uint32_t)a[2], VMS_PAGE)};
	long result;

	if (!file)
		return -EBADF;
	listing.at = heap_alloc(VMS_PAGE);
	mutex_take(&file->mutex);
	listing.from = file->position;
	result = !listing.at ? -ENOMEM : file->flags & O_PATH ? -EBADF : dir_list(file->entry, &listing);
	if (result > 0 && user_write(a[1], listing.at, (uint64_t)result))
		result = -EFAULT;
	if (result > 0)
		file->position = listing.from;
	mutex_drop(&file->mutex);
	heap_free(listing.at);
	file_put(file);
	return result;
}
