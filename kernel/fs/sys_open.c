/*
 * System calls that open and close, and that change what a descriptor is.
 */
#include <kernel/fs/fs.h>
#include <kernel/fs/path.h>
#include <kernel/fs/records.h>
#include <kernel/memory.h>
#include <kernel/process.h>
#include <kernel/syscall.h>

static long open_user(int at, vms_va from, int flags, uint32_t mode)
{
	struct file *file;
	char *path;
	long error = path_from_user(from, &path);

	if (error)
		return error;
	error = path_open(at, path, flags, mode & MODE_BITS, &file);
	heap_free(path);
	return error ? error : fd_install(file, flags);
}

long sys_open(const uint64_t a[6])
{
	return open_user(AT_FDCWD, a[0], (int)a[1], (uint32_t)a[2]);
}

long sys_openat(const uint64_t a[6])
{
	return open_user((int)a[0], a[1], (int)a[2], (uint32_t)a[3]);
}

long sys_creat(const uint64_t a[6])
{
	return open_user(AT_FDCWD, a[0], O_CREAT | O_WRONLY | O_TRUNC, (uint32_t)a[1]);
}

long sys_close(const uint64_t a[6])
{
	return fd_close((int)a[0]);
}

long sys_close_range(const uint64_t a[6])
{
	uint32_t first = (uint32_t)a[0], last = (uint32_t)a[1], flags = (uint32_t)a[2];
	struct files *files = this_process()->files;

	if (first > last || flags & ~(CLOSE_RANGE_CLOEXEC | CLOSE_RANGE_UNSHARE))
		return -EINVAL;
	if (flags & CLOSE_RANGE_UNSHARE)
		return -EINVAL;
	if (first > INT32_MAX)
		return 0;
	for (int fd = files_next(files, (int)first); fd >= 0 && (uint32_t)fd <= last; fd = files_next(files, fd + 1)) {
		if (flags & CLOSE_RANGE_CLOEXEC)
			fd_set_flags(fd, true);
		else
			fd_close(fd);
	}
	return 0;
}

static long dup_from(int old, int from, bool close_on_exec)
{
	struct file *file = fd_file(old);
	long fd;

	if (!file)
		return -EBADF;
	fd = fd_add(file, from, close_on_exec);
	if (fd < 0)
		file_put(file);
	return fd;
}

static long dup_to(int old, int fd, bool close_on_exec)
{
	struct file *file = fd_file(old);
	long result;

	if (!file)
		return -EBADF;
	result = fd_set(fd, file, close_on_exec);
	file_put(file);
	return result;
}

long sys_dup(const uint64_t a[6])
{
	return dup_from((int)a[0], 0, false);
}

long sys_dup2(const uint64_t a[6])
{
	if ((int)a[0] == (int)a[1])
		return fd_flags((int)a[0]) < 0 ? -EBADF : (int)a[1];
	return dup_to((int)a[0], (int)a[1], false);
}

long sys_dup3(const uint64_t a[6])
{
	if ((int)a[0] == (int)a[1] || (int)a[2] & ~O_CLOEXEC)
		return -EINVAL;
	return dup_to((int)a[0], (int)a[1], (int)a[2] & O_CLOEXEC);
}

static long set_status(struct file *file, int flags)
{
	int old = __atomic_load_n(&file->flags, __ATOMIC_RELAXED);

	while (!__atomic_compare_exchange_n(&file->flags, &old, (old & ~O_SETFL) | (flags & O_SETFL), false,
					    __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
	return 0;
}

static long lock_records(struct file *file, int fd, int command, uint64_t at)
{
	struct file *now;
	long result = file->flags & O_PATH ? -EBADF : records_fcntl(file, command, at);

	if (result != 0 || command == F_GETLK || command >= F_OFD_GETLK)
		return result;
	/* Another thread may have closed the descriptor meanwhile, and what closing does has been done too early. */
	now = fd_file(fd);
	if (now != file)
		records_closed(file->inode, this_process()->files);
	if (now)
		file_put(now);
	return result;
}

long sys_fcntl(const uint64_t a[6])
{
	int fd = (int)a[0];
	struct file *file = fd_file(fd);
	long result;

	if (!file)
		return -EBADF;
	switch ((int)a[1]) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		result = (int64_t)a[2] < 0 || a[2] >= 1024 ? -EINVAL : dup_from(fd, (int)a[2], a[1] != F_DUPFD);
		break;
	case F_GETFD:
		result = fd_flags(fd);
		break;
	case F_SETFD:
		result = fd_set_flags(fd, a[2] & FD_CLOEXEC);
		break;
	case F_GETFL:
		result = __atomic_load_n(&file->flags, __ATOMIC_RELAXED);
		break;
	case F_SETFL:
		result = set_status(file, (int)a[2]);
		break;
	case F_GETPIPE_SZ:
		result = pipe_size(file);
		break;
	case F_SETPIPE_SZ:
		result = pipe_size(file);
		if (result >= 0 && (int64_t)a[2] > result)
			result = -EPERM;
		break;
	case F_ADD_SEALS:
		result = regular_add_seals(file, (uint32_t)a[2]);
		break;
	case F_GET_SEALS:
		result = regular_seals(file);
		break;
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
	case F_OFD_GETLK:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		result = lock_records(file, fd, (int)a[1], a[2]);
		break;
	default:
		result = -EINVAL;
	}
	file_put(file);
	return result;
}

long sys_flock(const uint64_t a[6])
{
	struct file *file = fd_file((int)a[0]);
	long result;

	if (!file)
		return -EBADF;
	result = file_flock(file, (int)a[1]);
	file_put(file);
	return result;
}

static long pipe_user(vms_va to, int flags)
{
	struct file *ends[2];
	int fd[2];
	long error;

	if (flags & ~(O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	error = pipe_create(flags, ends);
	if (error)
		return error;
	error = fd_install(ends[0], flags);
	if (error < 0) {
		file_put(ends[1]);
		return error;
	}
	fd[0] = (int)error;
	error = fd_install(ends[1], flags);
	if (error < 0) {
		fd_close(fd[0]);
		return error;
	}
	fd[1] = (int)error;
	error = user_write(to, fd, sizeof(fd));
	if (error) {
		fd_close(fd[0]);
		fd_close(fd[1]);
	}
	return error;
}

long sys_pipe(const uint64_t a[6])
{
	return pipe_user(a[0], 0);
}

long sys_pipe2(const uint64_t a[6])
{
	return pipe_user(a[0], (int)a[1]);
}

long sys_memfd_create(const uint64_t a[6])
{
	static const char prefix[] = "/memfd:", suffix[] = " (deleted)";
	char name[NAME_BYTES + sizeof(prefix) + sizeof(suffix)];
	struct inode *inode;
	struct file *file;
	long len, error;

	if ((uint32_t)a[1] & ~(MFD_CLOEXEC | MFD_ALLOW_SEALING))
		return -EINVAL;
	memcpy(name, prefix, sizeof(prefix));
	len = user_string(name + sizeof(prefix) - 1, 250, a[0]);
	if (len < 0)
		return len == -ENAMETOOLONG ? -EINVAL : len;
	memcpy(name + sizeof(prefix) - 1 + len, suffix, sizeof(suffix));
	inode = inode_new_regular(0777);
	if (!inode)
		return -ENOMEM;
	inode->seals = SEALABLE | (a[1] & MFD_ALLOW_SEALING ? 0 : F_SEAL_SEAL);
	error = file_new_nameless(inode, name, O_RDWR, &file);
	return error ? error : fd_install(file, a[1] & MFD_CLOEXEC ? O_CLOEXEC : 0);
}
