/*
 * System calls that make, move and remove names.
 */
#include <kernel/fs/fs.h>
#include <kernel/fs/path.h>
#include <kernel/memory.h>
#include <kernel/process.h>
#include <kernel/syscall.h>

static long walk_user(struct walk *walk, int at, vms_va from)
{
	char *path;
	long error = path_from_user(from, &path);

	if (error)
		return error;
	error = walk_begin(walk, at, path);
	heap_free(path);
	return error;
}

/* Give an inode (whose reference is used up; NULL: there was no memory) a name at the end of a walk. */
static long name_inode(struct walk *walk, struct inode *inode)
{
	long error;

	if (!inode)
		return -ENOMEM;
	error = walk_check_new(walk, inode_is(inode, S_IFDIR));
	if (!error)
		error = dir_add(walk->dir, walk->name, inode, NULL);
	inode_put(inode);
	return error;
}

static long mkdir_user(int at, vms_va path, uint32_t mode)
{
	struct walk walk;
	long error = walk_user(&walk, at, path);

	if (error)
		return error;
	error = name_inode(&walk, inode_new_dir(mode & ~dirs_umask() & 01777));
	walk_end(&walk);
	return error;
}

long sys_mkdir(const uint64_t a[6])
{
	return mkdir_user(AT_FDCWD, a[0], (uint32_t)a[1]);
}

long sys_mkdirat(const uint64_t a[6])
{
	return mkdir_user((int)a[0], a[1], (uint32_t)a[2]);
}

static long mknod_user(int at, vms_va path, uint32_t mode, uint32_t rdev)
{
	struct inode *inode;
	struct walk walk;
	long error;

	if ((mode & S_IFMT) == S_IFDIR)
		return -EPERM;
	error = walk_user(&walk, at, path);
	if (error)
		return error;
	error = inode_new_node((mode & S_IFMT) | (mode & MODE_BITS & ~dirs_umask()), rdev, &inode);
	if (!error)
		error = name_inode(&walk, inode);
	walk_end(&walk);
	return error;
}

long sys_mknod(const uint64_t a[6])
{
	return mknod_user(AT_FDCWD, a[0], (uint32_t)a[1], (uint32_t)a[2]);
}

long sys_mknodat(const uint64_t a[6])
{
	return mknod_user((int)a[0], a[1], (uint32_t)a[2], (uint32_t)a[3]);
}

static long symlink_user(vms_va target, int at, vms_va path)
{
	struct walk walk;
	char *to;
	long error = path_from_user(target, &to);

	if (error)
		return error;
	error = to[0] ? walk_user(&walk, at, path) : -ENOENT;
	if (!error) {
		error = name_inode(&walk, inode_new_symlink(to));
		walk_end(&walk);
	}
	heap_free(to);
	return error;
}

long sys_symlink(const uint64_t a[6])
{
	return symlink_user(a[0], AT_FDCWD, a[1]);
}

long sys_symlinkat(const uint64_t a[6])
{
	return symlink_user(a[0], (int)a[1], a[2]);
}

static long link_user(int from, vms_va old, int at, vms_va path, int flags)
{
	uint32_t how = (flags & AT_SYMLINK_FOLLOW ? 0 : PATH_NOFOLLOW) | (flags & AT_EMPTY_PATH ? PATH_EMPTY : 0);
	struct entry *entry;
	struct walk walk;
	long error;

	if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	error = path_find_user(from, old, how, &entry);
	if (error)
		return error;
	error = walk_user(&walk, at, path);
	if (!error) {
		if (inode_is(entry->inode, S_IFDIR)) {
			error = -EPERM;
		} else if (entry->inode->key) {
			error = -EXDEV;
		} else {
			inode_get(entry->inode);
			error = name_inode(&walk, entry->inode);
		}
		walk_end(&walk);
	}
	entry_put(entry);
	return error;
}

long sys_link(const uint64_t a[6])
{
	return link_user(AT_FDCWD, a[0], AT_FDCWD, a[1], 0);
}

long sys_linkat(const uint64_t a[6])
{
	return link_user((int)a[0], a[1], (int)a[2], a[3], (int)a[4]);
}

static long remove_user(int at, vms_va path, bool directory)
{
	struct walk walk;
	long error = walk_user(&walk, at, path);

	if (error)
		return error;
	if (strcmp(walk.name, "..") == 0)
		error = directory ? -ENOTEMPTY : -EISDIR;
	else if (strcmp(walk.name, ".") == 0)
		error = directory ? -EINVAL : -EISDIR;
	else if (walk.name[0] == 0)
		error = directory ? -EBUSY : -EISDIR;
	else if (walk.slash && !directory)
		error = -ENOTDIR;
	else
		error = dir_remove(walk.dir, walk.name, directory);
	walk_end(&walk);
	return error;
}

long sys_unlink(const uint64_t a[6])
{
	return remove_user(AT_FDCWD, a[0], false);
}

long sys_rmdir(const uint64_t a[6])
{
	return remove_user(AT_FDCWD, a[0], true);
}

long sys_unlinkat(const uint64_t a[6])
{
	if ((int)a[2] & ~AT_REMOVEDIR)
		return -EINVAL;
	return remove_user((int)a[0], a[1], a[2] & AT_REMOVEDIR);
}

/* A trailing slash on either name asks for a directory to be moved. */
static long check_slash(struct walk *from, const struct walk *to)
{
	struct entry *entry;
	bool is_dir;

	if (!from->slash && !to->slash)
		return 0;
	if (dir_lookup(from->dir, from->name, &entry) != 0)
		return -ENOENT;
	is_dir = inode_is(entry->inode, S_IFDIR);
	entry_put(entry);
	return is_dir ? 0 : -ENOTDIR;
}

static long rename_user(int from, vms_va old, int to, vms_va new, uint32_t flags)
{
	struct walk source, target;
	long error;

	if (flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE) || flags == (RENAME_NOREPLACE | RENAME_EXCHANGE))
		return -EINVAL;
	error = walk_user(&source, from, old);
	if (error)
		return error;
	error = walk_user(&target, to, new);
	if (!error) {
		if (walk_check_new(&source, true) || walk_check_new(&target, true))
			error = -EBUSY;
		else
			error = check_slash(&source, &target);
		if (!error)
			error = dir_rename(source.dir, source.name, target.dir, target.name, flags);
		walk_end(&target);
	}
	walk_end(&source);
	return error;
}

long sys_rename(const uint64_t a[6])
{
	return rename_user(AT_FDCWD, a[0], AT_FDCWD, a[1], 0);
}

long sys_renameat(const uint64_t a[6])
{
	return rename_user((int)a[0], a[1], (int)a[2], a[3], 0);
}

long sys_renameat2(const uint64_t a[6])
{
	return rename_user((int)a[0], a[1], (int)a[2], a[3], (uint32_t)a[4]);
}

static long change_dir(struct entry *entry)
{
	if (!inode_is(entry->inode, S_IFDIR))
		return -ENOTDIR;
	dirs_change(entry);
	return 0;
}

long sys_chdir(const uint64_t a[6])
{
	struct entry *entry;
	long error = path_find_user(AT_FDCWD, a[0], 0, &entry);

	if (error)
		return error;
	error = change_dir(entry);
	entry_put(entry);
	return error;
}

long sys_fchdir(const uint64_t a[6])
{
	struct file *file = fd_file((int)a[0]);
	long error;

	if (!file)
		return -EBADF;
	error = change_dir(file->entry);
	file_put(file);
	return error;
}

long sys_umask(const uint64_t a[6])
{
	return dirs_set_umask((uint32_t)a[0]);
}
