/*
 * System calls that change what a file is: its mode, owner, times and size; and those that would flush it, if it
 * were anywhere but in memory.
 */
#include <kernel/fs/fs.h>
#include <kernel/fs/path.h>
#include <kernel/memory.h>
#include <kernel/process.h>
#include <kernel/syscall.h>

/* What is to be changed: by descriptor, or by path. */
static long entry_of_fd(int fd, struct entry **entry)
{
	struct file *file = fd_file(fd);

	if (!file)
		return -EBADF;
	*entry = file->entry;
	entry_get(*entry);
	file_put(file);
	return 0;
}

/* These use up the reference in *found, and pass on the error of finding it. */
static long change_mode(long error, struct entry **found, uint32_t mode)
{
	struct entry *entry;

	if (error)
		return error;
	entry = *found;
	if (entry->inode->key) {
		error = -EPERM;
	} else if (inode_is(entry->inode, S_IFLNK)) {
		error = -EOPNOTSUPP;
	} else {
		entry->inode->mode = (entry->inode->mode & S_IFMT) | (mode & MODE_BITS);
		entry->inode->ctime = realtime_ns();
	}
	entry_put(entry);
	return error;
}

static long change_owner(long error, struct entry **found, uint32_t uid, uint32_t gid)
{
	struct entry *entry;

	if (error)
		return error;
	entry = *found;
	if (entry->inode->key) {
		error = -EPERM;
	} else {
		if (uid != UINT32_MAX)
			entry->inode->uid = uid;
		if (gid != UINT32_MAX)
			entry->inode->gid = gid;
		entry->inode->ctime = realtime_ns();
	}
	entry_put(entry);
	return error;
}

long sys_chmod(const uint64_t a[6])
{
	struct entry *entry;

	return change_mode(path_find_user(AT_FDCWD, a[0], 0, &entry), &entry, (uint32_t)a[1]);
}

long sys_fchmod(const uint64_t a[6])
{
	struct entry *entry;

	return change_mode(entry_of_fd((int)a[0], &entry), &entry, (uint32_t)a[1]);
}

long sys_fchmodat(const uint64_t a[6])
{
	struct entry *entry;

	return change_mode(path_find_user((int)a[0], a[1], 0, &entry), &entry, (uint32_t)a[2]);
}

long sys_chown(const uint64_t a[6])
{
	struct entry *entry;

	return change_owner(path_find_user(AT_FDCWD, a[0], 0, &entry), &entry, (uint32_t)a[1], (uint32_t)a[2]);
}

long sys_lchown(const uint64_t a[6])
{
	struct entry *entry;

	return change_owner(path_find_user(AT_FDCWD, a[0], PATH_NOFOLLOW, &entry), &entry, (uint32_t)a[1],
			    (uint32_t)a[2]);
}

long sys_fchown(const uint64_t a[6])
{
	struct entry *entry;

	return change_owner(entry_of_fd((int)a[0], &entry), &entry, (uint32_t)a[1], (uint32_t)a[2]);
}

long sys_fchownat(const uint64_t a[6])
{
	uint32_t how = (a[4] & AT_SYMLINK_NOFOLLOW ? PATH_NOFOLLOW : 0) | (a[4] & AT_EMPTY_PATH ? PATH_EMPTY : 0);
	struct entry *entry;

	if ((int)a[4] & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	return change_owner(path_find_user((int)a[0], a[1], how, &entry), &entry, (uint32_t)a[2], (uint32_t)a[3]);
}

/* One time in ns since 1970, or that it stays as it is. */
struct new_time {
	bool keep;
	uint64_t ns;
};

static long change_times(long error, struct entry **found, const struct new_time times[2])
{
	struct entry *entry;

	if (error)
		return error;
	entry = *found;
	if (entry->inode->key) {
		error = -EPERM;
	} else {
		if (!times[0].keep)
			entry->inode->atime = times[0].ns;
		if (!times[1].keep)
			entry->inode->mtime = times[1].ns;
		entry->inode->ctime = realtime_ns();
	}
	entry_put(entry);
	return error;
}

/* Two times from user memory; the unit of their second field in ns. A null pointer means now. */
static long times_from_user(vms_va from, int64_t unit, struct new_time times[2])
{
	struct abi_time pair[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}};

	if (from && user_read(pair, from, sizeof(pair)))
		return -EFAULT;
	for (int i = 0; i < 2; i++) {
		bool special = !from || unit == 1;

		times[i] = (struct new_time){.keep = special && pair[i].nsec == UTIME_OMIT};
		if (times[i].keep)
			continue;
		if (special && pair[i].nsec == UTIME_NOW)
			times[i].ns = realtime_ns();
		else if (pair[i].nsec < 0 || pair[i].nsec >= 1000000000 / unit)
			return -EINVAL;
		else
			times[i].ns = min_u64(pair[i].sec < 0 ? 0 : (uint64_t)pair[i].sec, 1ull << 34) * 1000000000u +
				      (uint64_t)(pair[i].nsec * unit);
	}
	return 0;
}

long sys_utimensat(const uint64_t a[6])
{
	uint32_t how = (a[3] & AT_SYMLINK_NOFOLLOW ? PATH_NOFOLLOW : 0) | (a[3] & AT_EMPTY_PATH ? PATH_EMPTY : 0);
	struct new_time times[2];
	struct entry *entry;
	long error = times_from_user(a[2], 1, times);

	if (error)
		return error;
	if ((int)a[3] & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (!a[1])
		error = entry_of_fd((int)a[0], &entry);
	else
		error = path_find_user((int)a[0], a[1], how, &entry);
	return change_times(error, &entry, times);
}

static long utimes_user(int at, vms_va path, vms_va from)
{
	struct new_time times[2];
	struct entry *entry;
	long error = times_from_user(from, 1000, times);

	return error ? error : change_times(path_find_user(at, path, 0, &entry), &entry, times);
}

long sys_utimes(const uint64_t a[6])
{
	return utimes_user(AT_FDCWD, a[0], a[1]);
}

long sys_futimesat(const uint64_t a[6])
{
	return utimes_user((int)a[0], a[1], a[2]);
}

long sys_utime(const uint64_t a[6])
{
	struct new_time times[2];
	struct entry *entry;
	int64_t seconds[2];

	if (a[1] && user_read(seconds, a[1], sizeof(seconds)))
		return -EFAULT;
	for (int i = 0; i < 2; i++) {
		times[i] = (struct new_time){.ns = realtime_ns()};
		if (a[1])
			times[i].ns = min_u64(seconds[i] < 0 ? 0 : (uint64_t)seconds[i], 1ull << 34) * 1000000000u;
	}
	return change_times(path_find_user(AT_FDCWD, a[0], 0, &entry), &entry, times);
}

static long resize(struct inode *inode, int64_t size)
{
	if (size < 0)
		return -EINVAL;
	if (inode_is(inode, S_IFDIR))
		return -EISDIR;
	if (inode->ops != &regular_ops)
		return inode->key ? -EACCES : -EINVAL;
	return regular_truncate(inode, (uint64_t)size);
}

long sys_truncate(const uint64_t a[6])
{
	struct entry *entry;
	long error = path_find_user(AT_FDCWD, a[0], 0, &entry);

	if (error)
		return error;
	error = resize(entry->inode, (int64_t)a[1]);
	entry_put(entry);
	return error;
}

long sys_ftruncate(const uint64_t a[6])
{
	struct file *file = fd_file((int)a[0]);
	long error;

	if (!file)
		return -EBADF;
	if (file->flags & O_PATH)
		error = -EBADF;
	else
		error = file_can_write(file) ? resize(file->inode, (int64_t)a[1]) : -EINVAL;
	file_put(file);
	return error;
}

/* Have every page of the range there. One by one, so that a failure leaves no lock held long. */
static long reserve(struct inode *inode, uint64_t offset, uint64_t len, bool keep_size)
{
	long error = 0;

	if (len > FILE_MAX || offset > FILE_MAX - len)
		return -EFBIG;
	if (page_up(len) / VMS_PAGE > memory_use().free)
		return -ENOSPC;
	mutex_take(&inode->mutex);
	if (!keep_size && offset + len > inode->size && (inode->seals & F_SEAL_GROW))
		error = -EPERM;
	for (uint64_t i = offset / VMS_PAGE; i < page_up(offset + len) / VMS_PAGE && !error; i++) {
		lock_take(&inode->lock);
		if (regular_page(inode, i) == VMS_NO_FRAME)
			error = -ENOSPC;
		lock_drop(&inode->lock);
	}
	lock_take(&inode->lock);
	if (!error && !keep_size)
		inode->size = max_u64(inode->size, offset + len);
	lock_drop(&inode->lock);
	mutex_drop(&inode->mutex);
	return error;
}

long sys_fallocate(const uint64_t a[6])
{
	struct file *file = fd_file((int)a[0]);
	long error;

	if (!file)
		return -EBADF;
	if (!file_can_write(file))
		error = -EBADF;
	else if ((int64_t)a[2] < 0 || (int64_t)a[3] <= 0)
		error = -EINVAL;
	else if (((int)a[1] & ~FALLOC_KEEP_SIZE) && (int)a[1] != (FALLOC_KEEP_SIZE | FALLOC_PUNCH_HOLE))
		error = -EOPNOTSUPP;
	else if (file->ops != &regular_ops)
		error = file->ops->seekable ? -ENODEV : -ESPIPE;
	else if (a[2] + a[3] > INT64_MAX)
		error = -EFBIG;
	else if ((int)a[1] & FALLOC_PUNCH_HOLE)
		error = regular_punch(file->inode, a[2], a[2] + a[3]);
	else
		error = reserve(file->inode, a[2], a[3], (int)a[1] & FALLOC_KEEP_SIZE);
	file_put(file);
	return error;
}

/* Memory is all there is: what is written is where it will ever be. */
static long flush(uint64_t fd)
{
	struct file *file = fd_file((int)fd);
	long error = 0;

	if (!file)
		return -EBADF;
	if (file->flags & O_PATH)
		error = -EBADF;
	else if (!file->ops->seekable)
		error = -EINVAL;
	file_put(file);
	return error;
}

long sys_fsync(const uint64_t a[6])
{
	return flush(a[0]);
}

long sys_fdatasync(const uint64_t a[6])
{
	return flush(a[0]);
}

long sys_syncfs(const uint64_t a[6])
{
	return fd_flags((int)a[0]) < 0 ? -EBADF : 0;
}

long sys_sync_file_range(const uint64_t a[6])
{
	if ((int64_t)a[1] < 0 || (int64_t)a[2] < 0 || a[3] > 7)
		return -EINVAL;
	return flush(a[0]);
}

long sys_sync(const uint64_t a[6])
{
	(void)a;
	return 0;
}

long sys_fadvise64(const uint64_t a[6])
{
	struct file *file = fd_file((int)a[0]);
	long error = 0;

	if (!file)
		return -EBADF;
	if (inode_is(file->inode, S_IFIFO))
		error = -ESPIPE;
	else if ((int64_t)a[2] < 0 || a[3] > 5)
		error = -EINVAL;
	file_put(file);
	return error;
}
