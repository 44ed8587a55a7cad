/*
 * Regular files: contents in frames that reads, writes and mappings share.
 *
 * A transfer takes a reference to one page under the inode's lock and copies without it, so it may fault; a
 * page that truncation drops meanwhile stays valid for whoever holds it. The size grows only after the bytes
 * are there, and everything past the size is zero.
 */
#include <kernel/fs/inode.h>
#include <kernel/fs/fs.h>
#include <kernel/memory.h>
#include <mm/mm.h>

static struct {
	struct lock lock; /* outside of every inode's */
	struct list inodes;
	bool started;
} backed;

void regular_back(struct inode *inode, const void *bytes, uint64_t len)
{
	inode->backing = bytes;
	inode->backed_len = inode->size = len;
	lock_take(&backed.lock);
	if (!backed.started)
		list_init(&backed.inodes);
	backed.started = true;
	list_add(&inode->in_backed, &backed.inodes);
	lock_drop(&backed.lock);
}

void regular_free(struct inode *inode)
{
	lock_take(&backed.lock);
	list_remove(&inode->in_backed);
	lock_drop(&backed.lock);
}

/* Bytes of a page that its backing has. */
static uint64_t backed_bytes(const struct inode *inode, uint64_t index)
{
	return inode->backed_len > index * VMS_PAGE ? min_u64(VMS_PAGE, inode->backed_len - index * VMS_PAGE) : 0;
}

vms_pfn regular_page(struct inode *inode, uint64_t index)
{
	uint64_t len = backed_bytes(inode, index);
	vms_pfn frame = len > 0 ? pages_find(&inode->pages, index) : VMS_NO_FRAME;

	if (frame != VMS_NO_FRAME)
		return frame;
	frame = pages_make(&inode->pages, index);
	if (frame != VMS_NO_FRAME && len > 0)
		memcpy(frame_data(frame), inode->backing + index * VMS_PAGE, len);
	return frame;
}

/* Is the page what would be there without it? */
static bool is_clean(const struct inode *inode, uint64_t index, vms_pfn frame)
{
	uint64_t len = backed_bytes(inode, index);
	const char *bytes = frame_data(frame);

	if (memcmp(bytes, inode->backing + index * VMS_PAGE, len) != 0)
		return false;
	while (len < VMS_PAGE && bytes[len] == 0)
		len++;
	return len == VMS_PAGE;
}

/* Pages that nobody maps or reads just now, and that can be had again. */
static uint64_t drop_clean(struct inode *inode)
{
	uint64_t nr = 0, end = page_up(inode->backed_len) / VMS_PAGE;

	lock_take(&inode->lock);
	for (uint64_t i = pages_next(&inode->pages, 0, true); i < end; i = pages_next(&inode->pages, i + 1, true)) {
		vms_pfn frame = pages_find(&inode->pages, i);

		if (vms_frame_refs(frame) != 1 || !is_clean(inode, i, frame))
			continue;
		pages_drop(&inode->pages, i);
		nr++;
	}
	lock_drop(&inode->lock);
	return nr;
}

uint64_t files_drop_clean(void)
{
	uint64_t nr = 0;

	lock_take(&backed.lock);
	for (struct list *at = backed.inodes.next; backed.started && at != &backed.inodes; at = at->next)
		nr += drop_clean(list_entry(at, struct inode, in_backed));
	lock_drop(&backed.lock);
	return nr;
}

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
		const uint8_t *from = NULL;
		vms_pfn frame = VMS_NO_FRAME;

		lock_take(&inode->lock);
		if (at < inode->size) {
			len = min_u64(min_u64(VMS_PAGE - offset, io->left), inode->size - at);
			frame = pages_find(&inode->pages, at / VMS_PAGE);
			if (frame != VMS_NO_FRAME && vms_frame_get(frame) != VMS_OK)
				error = -ENOMEM;
			if (frame == VMS_NO_FRAME && at < inode->backed_len) {
				from = inode->backing + at;
				len = min_u64(len, inode->backed_len - at);
			}
		}
		lock_drop(&inode->lock);
		if (len == 0 || error)
			break;
		if (from) {
			moved = io_put(io, from, len);
		} else if (frame == VMS_NO_FRAME) {
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
	*frame = regular_page(inode, index);
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
	if ((inode->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) && io->left > 0)
		error = -EPERM;
	while (io->left > 0 && !io->fault && !error && *position < FILE_MAX) {
		uint64_t offset = *position % VMS_PAGE, moved;
		vms_pfn frame;

		/* Page by page, as Linux: what does not make it longer is written before one that would. */
		if ((inode->seals & F_SEAL_GROW) && *position + min_u64(VMS_PAGE - offset, io->left) > inode->size)
			error = -EPERM;
		else
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

/* Zeros in a part of one page, if it is there. The inode's lock is held. */
static void clear_part(struct inode *inode, uint64_t from, uint64_t to)
{
	vms_pfn frame = from < to ? pages_find(&inode->pages, from / VMS_PAGE) : VMS_NO_FRAME;

	if (frame != VMS_NO_FRAME)
		memset((char *)frame_data(frame) + from % VMS_PAGE, 0, to - from);
}

/*
 * In this order: the size, so that no page past it is mapped any more; then the mappings of those pages; then the
 * pages themselves. The inode's mutex is held.
 */
static long cut(struct inode *inode, uint64_t size)
{
	lock_take(&inode->lock);
	/* What is left of the last page is a page of its own from now on. */
	if (size < inode->backed_len && size % VMS_PAGE != 0 && regular_page(inode, size / VMS_PAGE) == VMS_NO_FRAME) {
		lock_drop(&inode->lock);
		return -ENOMEM;
	}
	inode->backed_len = min_u64(inode->backed_len, size / VMS_PAGE * VMS_PAGE);
	inode->size = size;
	clear_part(inode, size, page_up(size));
	lock_drop(&inode->lock);
	if (inode->mapped)
		mm_file_forget(inode, page_up(size), ~0ull);
	lock_take(&inode->lock);
	pages_cut(&inode->pages, page_up(size) / VMS_PAGE);
	lock_drop(&inode->lock);
	return 0;
}

long regular_truncate(struct inode *inode, uint64_t size)
{
	long error = 0;

	if (size > FILE_MAX)
		return -EFBIG;
	mutex_take(&inode->mutex);
	if ((size < inode->size && (inode->seals & F_SEAL_SHRINK)) ||
	    (size > inode->size && (inode->seals & F_SEAL_GROW))) {
		error = -EPERM;
	} else if (size < inode->size) {
		error = cut(inode, size);
	} else {
		lock_take(&inode->lock);
		inode->size = size;
		lock_drop(&inode->lock);
	}
	if (!error)
		inode_touch(inode);
	mutex_drop(&inode->mutex);
	return error;
}

/* Whoever writes to a page while it goes writes to one that is the file's no more, or after it. */
static void drop_pages(struct inode *inode, uint64_t first, uint64_t end)
{
	if (inode->mapped)
		mm_file_forget(inode, first * VMS_PAGE, end * VMS_PAGE);
	lock_take(&inode->lock);
	for (uint64_t i = pages_next(&inode->pages, first, true); i < end; i = pages_next(&inode->pages, i, true)) {
		/* Mapped again meanwhile: then it is emptied in its place. */
		if (vms_frame_refs(pages_find(&inode->pages, i)) > 1)
			clear_part(inode, i * VMS_PAGE, (i + 1) * VMS_PAGE);
		else
			pages_drop(&inode->pages, i);
		i++;
	}
	lock_drop(&inode->lock);
}

/* Have all of it in pages of its own, none behind them. */
static long unback(struct inode *inode)
{
	long error = 0;

	lock_take(&inode->lock);
	for (uint64_t i = 0; i * VMS_PAGE < inode->backed_len && !error; i++)
		error = regular_page(inode, i) == VMS_NO_FRAME ? -ENOMEM : 0;
	if (!error)
		inode->backed_len = 0;
	lock_drop(&inode->lock);
	return error;
}

long regular_punch(struct inode *inode, uint64_t from, uint64_t to)
{
	uint64_t first = page_up(from), end = to / VMS_PAGE * VMS_PAGE;
	long error;

	mutex_take(&inode->mutex);
	error = inode->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE) ? -EPERM : unback(inode);
	if (!error) {
		lock_take(&inode->lock);
		clear_part(inode, from, min_u64(first, to));
		if (end >= first)
			clear_part(inode, end, to);
		lock_drop(&inode->lock);
		if (first < end)
			drop_pages(inode, first / VMS_PAGE, min_u64(end / VMS_PAGE, PAGES_MAX));
		inode_touch(inode);
	}
	mutex_drop(&inode->mutex);
	return error;
}

bool file_is_sealed(struct file *file)
{
	return __atomic_load_n(&file->inode->seals, __ATOMIC_SEQ_CST) & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE);
}

long regular_seals(struct file *file)
{
	if (file->ops != &regular_ops || !(file->inode->seals & SEALABLE))
		return -EINVAL;
	return file->inode->seals & F_SEALS;
}

/* A mapping that is being made meanwhile is refused, or seen here: sys_mmap looks again when it is made. */
long regular_add_seals(struct file *file, uint32_t seals)
{
	struct inode *inode = file->inode;
	long error = 0;

	if (!file_can_write(file))
		return -EPERM;
	if (file->ops != &regular_ops || !(inode->seals & SEALABLE) || (seals & ~F_SEALS))
		return -EINVAL;
	mutex_take(&inode->mutex);
	if (inode->seals & F_SEAL_SEAL) {
		error = -EPERM;
	} else {
		uint32_t before = __atomic_fetch_or(&inode->seals, seals, __ATOMIC_SEQ_CST);

		if ((seals & F_SEAL_WRITE) && !(before & F_SEAL_WRITE) && mm_file_is_writable(inode)) {
			__atomic_store_n(&inode->seals, before, __ATOMIC_SEQ_CST);
			error = -EBUSY;
		}
	}
	mutex_drop(&inode->mutex);
	return error;
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
