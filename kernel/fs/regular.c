/*
 * Regular files: contents in frames that reads, writes and mappings share.
 *
 * A transfer takes a reference to one page under the inode's lock and copies without it, so it may fault; a
 * page that truncation drops meanwhile stays valid for whoever holds it. The size grows only after the bytes
 * are there, and everything past the size is zero.
 */
#include <kernel/fs/inode.h>
#include <kernel/memory.h>

static void frame_put(vms_pfn frame)
{
	vms_port_preempt_off();
	vms_frame_put(frame);
	vms_port_preempt_on();
}

long regular_read(struct inode *inode, struct io *io, uint64_t *position)
{
	uint64_t done = 0;
	long error = 0;

	while (io->left > 0 && !io->fault && !error) {
		uint64_t at = *position, offset = at % VMS_PAGE, len = 0, moved;
		vms_pfn frame = VMS_NO_FRAME;

		lock_take(&inode->lock);
		if (at < inode->size) {
			len = min_u64(min_u64(VMS_PAGE - offset, io->left), inode->size - at);
			frame = pages_find(&inode->pages, at / VMS_PAGE);
			if (frame != VMS_NO_FRAME && vms_frame_get(frame) != VMS_OK)
				error = -ENOMEM;
		}
		lock_drop(&inode->lock);
		if (len == 0 || error)
			break;
		if (frame == VMS_NO_FRAME) {
			moved = io_zero(io, len);
		} else {
			moved = io_put(io, (char *)frame_data(frame) + offset, len);
			frame_put(frame);
		}
		done += moved;
		*position += moved;
	}
	inode->atime = realtime_ns();
	return io_result(io, done, error);
}

/* One page to write to, with a reference. The inode's mutex is held, so nobody truncates meanwhile. */
static long page_get(struct inode *inode, uint64_t index, vms_pfn *frame)
{
	long error = 0;

	lock_take(&inode->lock);
	*frame = pages_make(&inode->pages, index);
	if (*frame == VMS_NO_FRAME || vms_frame_get(*frame) != VMS_OK)
		error = -ENOMEM;
	lock_drop(&inode->lock);
	return error;
}

long regular_write(struct inode *inode, struct io *io, uint64_t *position, bool append)
{
	uint64_t done = 0;
	long error = 0;

	mutex_take(&inode->mutex);
	if (append)
		*position = inode->size;
	if (*position >= FILE_MAX && io->left > 0)
		error = -EFBIG;
	while (io->left > 0 && !io->fault && !error && *position < FILE_MAX) {
		uint64_t offset = *position % VMS_PAGE, moved;
		vms_pfn frame;

		error = page_get(inode, *position / VMS_PAGE, &frame);
		if (error)
			break;
		moved = io_take(io, (char *)frame_data(frame) + offset, VMS_PAGE - offset);
		frame_put(frame);
		done += moved;
		*position += moved;
		lock_take(&inode->lock);
		inode->size = max_u64(inode->size, *position);
		lock_drop(&inode->lock);
	}
	if (done)
		inode_touch(inode);
	mutex_drop(&inode->mutex);
	return io_result(io, done, error);
}

long regular_truncate(struct inode *inode, uint64_t size)
{
	if (size > FILE_MAX)
		return -EFBIG;
	mutex_take(&inode->mutex);
	lock_take(&inode->lock);
	if (size < inode->size) {
		vms_pfn frame = size % VMS_PAGE ? pages_find(&inode->pages, size / VMS_PAGE) : VMS_NO_FRAME;

		pages_cut(&inode->pages, page_up(size) / VMS_PAGE, true);
		if (frame != VMS_NO_FRAME)
			memset((char *)frame_data(frame) + size % VMS_PAGE, 0, VMS_PAGE - size % VMS_PAGE);
	}
	inode->size = size;
	lock_drop(&inode->lock);
	inode_touch(inode);
	mutex_drop(&inode->mutex);
	return 0;
}

static long read_file(struct file *file, struct io *io, uint64_t *position)
{
	return regular_read(file->inode, io, position);
}

static long write_file(struct file *file, struct io *io, uint64_t *position)
{
	bool append = __atomic_load_n(&file->flags, __ATOMIC_RELAXED) & O_APPEND;

	return regular_write(file->inode, io, position, append);
}

const struct inode_ops regular_ops = {.read = read_file, .write = write_file, .seekable = true};
