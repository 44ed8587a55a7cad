/*
 * System calls that tell about files and file systems.
 */
#include <kernel/fs/fs.h>
#include <kernel/fs/path.h>
#include <kernel/memory.h>
#include <kernel/process.h>
#include <kernel/syscall.h>

#define NS 1000000000u
#define DEVICE_NUMBER 1 /* of the file system */

static bool is_made_up(const struct inode *inode)
{
	return inode->key != 0;
}

static void stat_inode(const struct inode *inode, struct abi_stat *stat)
{
	*stat = (struct abi_stat){
		.dev = is_made_up(inode) ? DEVICE_NUMBER + 1 : DEVICE_NUMBER,
		.ino = inode->number,
		.nlink = inode->nr_links,
		.mode = inode->mode,
		.uid = inode->uid,
		.gid = inode->gid,
		.rdev = inode->rdev,
		.size = is_made_up(inode) ? 0 : (int64_t)inode->size,
		.blksize = VMS_PAGE,
		.blocks = (int64_t)(max_u64(page_up(inode->backed_len), inode->pages.nr * VMS_PAGE) / 512),
		.atime = {(int64_t)(inode->atime / NS), (int64_t)(inode->atime % NS)},
		.mtime = {(int64_t)(inode->mtime / NS), (int64_t)(inode->mtime % NS)},
		.ctime = {(int64_t)(inode->ctime / NS), (int64_t)(inode->ctime % NS)},
	};
}

static long stat_user(int at, vms_va path, uint32_t how, vms_va to)
{
	struct abi_stat stat;
	struct entry *entry;
	long error = path_find_user(at, path, how, &entry);

	if (error)
		return error;
	stat_inode(entry->inode, &stat);
	entry_put(entry);
	return user_write(to, &stat, sizeof(stat));
}

long sys_stat(const uint64_t a[6])
{
	return stat_user(AT_FDCWD, a[0], 0, a[1]);
}

long sys_lstat(const uint64_t a[6])
{
	return stat_user(AT_FDCWD, a[0], PATH_NOFOLLOW, a[1]);
}

long sys_fstat(const uint64_t a[6])
{
	struct file *file = fd_file((int)a[0]);
	struct abi_stat stat;

	if (!file)
		return -EBADF;
	stat_inode(file->inode, &stat);
	file_put(file);
	return user_write(a[1], &stat, sizeof(stat));
}

/* What AT_ flags say of a walk. */
static uint32_t how_of(uint64_t flags)
{
	return (flags & AT_SYMLINK_NOFOLLOW ? PATH_NOFOLLOW : 0) | (flags & AT_EMPTY_PATH ? PATH_EMPTY : 0);
}

long sys_newfstatat(const uint64_t a[6])
{
	if ((int)a[3] & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH))
		return -EINVAL;
	return stat_user((int)a[0], a[1], how_of(a[3]), a[2]);
}

static struct abi_statx_time statx_time(uint64_t ns)
{
	return (struct abi_statx_time){(int64_t)(ns / NS), (uint32_t)(ns % NS), 0};
}

long sys_statx(const uint64_t a[6])
{
	struct entry *entry;
	struct abi_statx statx;
	struct abi_stat stat;
	long error;

	if ((int)a[2] & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC))
		return -EINVAL;
	error = path_find_user((int)a[0], a[1], how_of(a[2]), &entry);
	if (error)
		return error;
	stat_inode(entry->inode, &stat);
	statx = (struct abi_statx){
		.mask = STATX_BASIC_STATS,
		.blksize = (uint32_t)stat.blksize,
		.nlink = (uint32_t)stat.nlink,
		.uid = stat.uid,
		.gid = stat.gid,
		.mode = (uint16_t)stat.mode,
		.ino = stat.ino,
		.size = (uint64_t)stat.size,
		.blocks = (uint64_t)stat.blocks,
		.atime = statx_time(entry->inode->atime),
		.ctime = statx_time(entry->inode->ctime),
		.mtime = statx_time(entry->inode->mtime),
		.rdev_major = (uint32_t)(stat.rdev >> 8),
		.rdev_minor = (uint32_t)(stat.rdev & 255),
		.dev_minor = (uint32_t)stat.dev,
	};
	entry_put(entry);
	return user_write(a[4], &statx, sizeof(statx));
}

static long access_user(int at, vms_va path, int mode, uint64_t flags)
{
	struct entry *entry;
	long error;

	if (mode & ~(R_OK | W_OK | X_OK) || (int)flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	error = path_find_user(at, path, how_of(flags), &entry);
	if (error)
		return error;
	/* The superuser may do everything but run what nobody may run. */
	if (mode & X_OK && !inode_is(entry->inode, S_IFDIR) && !(entry->inode->mode & 0111))
		error = -EACCES;
	entry_put(entry);
	return error;
}

long sys_access(const uint64_t a[6])
{
	return access_user(AT_FDCWD, a[0], (int)a[1], 0);
}

long sys_faccessat(const uint64_t a[6])
{
	return access_user((int)a[0], a[1], (int)a[2], 0);
}

long sys_faccessat2(const uint64_t a[6])
{
	return access_user((int)a[0], a[1], (int)a[2], a[3]);
}

static long readlink_user(int at, vms_va path, vms_va to, uint64_t size)
{
	struct entry *entry;
	char *buffer;
	long result;

	if ((int)size <= 0)
		return -EINVAL;
	result = path_find_user(at, path, PATH_NOFOLLOW | PATH_EMPTY, &entry);
	if (result)
		return result;
	buffer = heap_alloc(PATH_BYTES);
	if (!buffer)
		result = -ENOMEM;
	else if (!entry->inode->ops->readlink)
		result = -EINVAL;
	else
		result = entry->inode->ops->readlink(entry, buffer, min_u64(size, PATH_BYTES));
	entry_put(entry);
	if (result > 0 && user_write(to, buffer, (uint64_t)result))
		result = -EFAULT;
	heap_free(buffer);
	return result;
}

long sys_readlink(const uint64_t a[6])
{
	return readlink_user(AT_FDCWD, a[0], a[1], a[2]);
}

long sys_readlinkat(const uint64_t a[6])
{
	return readlink_user((int)a[0], a[1], a[2], a[3]);
}

static long statfs_inode(const struct inode *inode, vms_va to)
{
	struct memory_use use = memory_use();
	struct abi_statfs statfs = {
		.type = 0x01021994, .bsize = VMS_PAGE, .namelen = NAME_BYTES - 1, .frsize = VMS_PAGE};

	if (is_made_up(inode)) {
		statfs.type = 0x9fa0;
	} else {
		statfs.blocks = use.total;
		statfs.bfree = statfs.bavail = use.free;
		statfs.files = statfs.ffree = use.total;
	}
	return user_write(to, &statfs, sizeof(statfs));
}

long sys_statfs(const uint64_t a[6])
{
	struct entry *entry;
	long error = path_find_user(AT_FDCWD, a[0], 0, &entry);

	if (error)
		return error;
	error = statfs_inode(entry->inode, a[1]);
	entry_put(entry);
	return error;
}

long sys_fstatfs(const uint64_t a[6])
{
	struct file *file = fd_file((int)a[0]);
	long error;

	if (!file)
		return -EBADF;
	error = statfs_inode(file->inode, a[1]);
	file_put(file);
	return error;
}

long sys_getcwd(const uint64_t a[6])
{
	struct entry *entry = dirs_current(this_process()->dirs);
	char *path = heap_alloc(PATH_BYTES + 16);
	long len = path ? entry_path_exact(entry, path, PATH_BYTES + 16) : -ENOMEM;

	entry_put(entry);
	if (len == -ERANGE)
		len = -ENAMETOOLONG;
	else if (len > 0 && (uint64_t)len > a[1])
		len = -ERANGE;
	if (len > 0 && user_write(a[0], path, (uint64_t)len))
		len = -EFAULT;
	heap_free(path);
	return len;
}
