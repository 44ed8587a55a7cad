/*
 * Sockets: there are none. As on a Linux without any network protocol, a socket of no family can be made; what is
 * asked of a descriptor is answered by whether it is open.
 */
#include <kernel/errno.h>
#include <kernel/fs/fs.h>
#include <kernel/fs/inode.h>
#include <kernel/syscall.h>

#define SOCK_TYPE 15
#define SOCK_FLAGS (O_CLOEXEC | O_NONBLOCK)
#define SOCK_MAX 11

static long no_family(int type)
{
	if (type & ~(SOCK_TYPE | SOCK_FLAGS) || (type & SOCK_TYPE) >= SOCK_MAX)
		return -EINVAL;
	return -EAFNOSUPPORT;
}

long sys_socket(const uint64_t a[6])
{
	return no_family((int)a[1]);
}

long sys_socketpair(const uint64_t a[6])
{
	return no_family((int)a[1]);
}

static long no_socket(int fd)
{
	struct file *file = fd_file(fd);
	long result = !file || file->flags & O_PATH ? -EBADF : -ENOTSOCK;

	if (file)
		file_put(file);
	return result;
}

#define NO_SOCKET(name)                      \
	long sys_##name(const uint64_t a[6]) \
	{                                    \
		return no_socket((int)a[0]); \
	}
NO_SOCKET(connect)
NO_SOCKET(accept)
NO_SOCKET(accept4)
NO_SOCKET(sendto)
NO_SOCKET(recvfrom)
NO_SOCKET(sendmsg)
NO_SOCKET(recvmsg)
NO_SOCKET(sendmmsg)
NO_SOCKET(recvmmsg)
NO_SOCKET(shutdown)
NO_SOCKET(bind)
NO_SOCKET(listen)
NO_SOCKET(getsockname)
NO_SOCKET(getpeername)
NO_SOCKET(setsockopt)
NO_SOCKET(getsockopt)
