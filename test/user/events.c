/*
 * epoll, eventfd, and fcntl's locks on parts of files, as Linux has them.
 */
#define _GNU_SOURCE
#include "check.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>

static void control(int epoll, int operation, int fd, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.fd = fd};

	CHECK(epoll_ctl(epoll, operation, fd, &event) == 0);
}

/* Exactly this descriptor is ready, with these events; none: nothing is. */
static bool is_ready(int epoll, int fd, uint32_t events)
{
	struct epoll_event found[4];
	int nr = epoll_wait(epoll, found, 4, 0);

	if (nr != (fd >= 0))
		return false;
	return fd < 0 || (found[0].data.fd == fd && found[0].events == events);
}
#define NOTHING (-1), 0

static void levels_and_edges(void)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC), ends[2];
	char byte;

	CHECK(epoll >= 0 && pipe(ends) == 0);
	control(epoll, EPOLL_CTL_ADD, ends[0], EPOLLIN);
	CHECK(is_ready(epoll, NOTHING));
	CHECK(write(ends[1], "ab", 2) == 2);
	CHECK(is_ready(epoll, ends[0], EPOLLIN) && is_ready(epoll, ends[0], EPOLLIN));
	control(epoll, EPOLL_CTL_MOD, ends[0], EPOLLIN | EPOLLET);
	CHECK(is_ready(epoll, ends[0], EPOLLIN) && is_ready(epoll, NOTHING));
	CHECK(write(ends[1], "c", 1) == 1);
	CHECK(is_ready(epoll, ends[0], EPOLLIN) && is_ready(epoll, NOTHING));
	control(epoll, EPOLL_CTL_MOD, ends[0], EPOLLIN | EPOLLONESHOT);
	CHECK(is_ready(epoll, ends[0], EPOLLIN) && is_ready(epoll, NOTHING));
	CHECK(write(ends[1], "d", 1) == 1);
	CHECK(is_ready(epoll, NOTHING));
	control(epoll, EPOLL_CTL_MOD, ends[0], EPOLLIN);
	CHECK(is_ready(epoll, ends[0], EPOLLIN));
	for (int i = 0; i < 4; i++)
		CHECK(read(ends[0], &byte, 1) == 1);
	CHECK(is_ready(epoll, NOTHING));
	CHECK(close(ends[1]) == 0);
	CHECK(is_ready(epoll, ends[0], EPOLLHUP));
	/* The last descriptor of a file takes it out. */
	CHECK(close(ends[0]) == 0);
	CHECK(is_ready(epoll, NOTHING));
	CHECK(close(epoll) == 0);
	done("levels and edges");
}

static void refusals(void)
{
	int epoll = epoll_create(1), inner = epoll_create(1), counter = eventfd(0, 0), file;
	struct epoll_event event = {.events = EPOLLIN};
	char name[] = "events.XXXXXX";

	file = mkstemp(name);
	CHECK(epoll >= 0 && inner >= 0 && counter >= 0 && file >= 0 && unlink(name) == 0);
	CHECK(syscall(SYS_epoll_create, 0) == -1 && errno == EINVAL);
	CHECK(epoll_create1(1) == -1 && errno == EINVAL);
	CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, 1000, &event) == -1 && errno == EBADF);
	CHECK(epoll_ctl(counter, EPOLL_CTL_ADD, epoll, &event) == -1 && errno == EINVAL);
	CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, epoll, &event) == -1 && errno == EINVAL);
	CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, file, &event) == -1 && errno == EPERM);
	CHECK(epoll_ctl(epoll, EPOLL_CTL_MOD, counter, &event) == -1 && errno == ENOENT);
	CHECK(epoll_ctl(epoll, EPOLL_CTL_DEL, counter, NULL) == -1 && errno == ENOENT);
	CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, counter, (void *)8) == -1 && errno == EFAULT);
	CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, counter, &event) == 0);
	CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, counter, &event) == -1 && errno == EEXIST);
	CHECK(epoll_ctl(epoll, 9, counter, &event) == -1 && errno == EINVAL);
	CHECK(epoll_wait(epoll, &event, 0, 0) == -1 && errno == EINVAL);
	CHECK(epoll_wait(counter, &event, 1, 0) == -1 && errno == EINVAL);
	/* One in another, but not in a ring. */
	control(inner, EPOLL_CTL_ADD, epoll, EPOLLIN);
	CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, inner, &event) == -1 && errno == ELOOP);
	CHECK(is_ready(inner, NOTHING));
	CHECK(eventfd_write(counter, 1) == 0);
	CHECK(is_ready(inner, epoll, EPOLLIN));
	CHECK(close(epoll) == 0 && close(inner) == 0 && close(counter) == 0 && close(file) == 0);
	CHECK(socket(45, SOCK_STREAM, 0) == -1 && errno == EAFNOSUPPORT);
	CHECK(getpeername(0, NULL, NULL) == -1 && errno == ENOTSOCK);
	CHECK(getpeername(1000, NULL, NULL) == -1 && errno == EBADF);
	done("refusals");
}

static void counters(void)
{
	int counter = eventfd(3, EFD_NONBLOCK), one_by_one = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK), waits, epoll;
	struct pollfd polled = {.fd = counter, .events = POLLIN | POLLOUT};
	uint64_t value;
	pid_t child;

	CHECK(counter >= 0 && one_by_one >= 0);
	CHECK(poll(&polled, 1, 0) == 1 && polled.revents == (POLLIN | POLLOUT));
	CHECK(read(counter, &value, 8) == 8 && value == 3);
	CHECK(poll(&polled, 1, 0) == 1 && polled.revents == POLLOUT);
	CHECK(read(counter, &value, 8) == -1 && errno == EAGAIN);
	CHECK(read(counter, &value, 7) == -1 && errno == EINVAL);
	CHECK(eventfd_write(counter, ~0ull) == -1 && errno == EINVAL);
	CHECK(eventfd_write(counter, ~0ull - 1) == 0);
	CHECK(poll(&polled, 1, 0) == 1 && polled.revents == POLLIN);
	CHECK(eventfd_write(counter, 1) == -1 && errno == EAGAIN);
	for (int i = 0; i < 2; i++)
		CHECK(read(one_by_one, &value, 8) == 8 && value == 1);
	CHECK(read(one_by_one, &value, 8) == -1 && errno == EAGAIN);
	CHECK(eventfd(0, 2) == -1 && errno == EINVAL);
	/* A reader, and a wait in epoll, end when another process writes. */
	waits = eventfd(0, 0);
	epoll = epoll_create(1);
	control(epoll, EPOLL_CTL_ADD, waits, EPOLLIN);
	child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		usleep(20000);
		_exit(eventfd_write(waits, 7) == 0 ? 0 : 1);
	}
	CHECK(epoll_wait(epoll, &(struct epoll_event){0}, 1, 20000) == 1);
	CHECK(read(waits, &value, 8) == 8 && value == 7);
	CHECK(exited_with(child, 0));
	CHECK(close(waits) == 0 && close(epoll) == 0 && close(counter) == 0 && close(one_by_one) == 0);
	done("counters");
}

static int lock(int fd, int command, short type, off_t start, off_t len)
{
	struct flock flock = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = len};

	return fcntl(fd, command, &flock);
}

/* What keeps another owner from a write lock on one byte: its type, range and owner. */
static bool finds(int fd, off_t at, short type, off_t start, off_t len, pid_t pid)
{
	struct flock flock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = at, .l_len = 1};

	CHECK(fcntl(fd, F_GETLK, &flock) == 0);
	if (type == F_UNLCK)
		return flock.l_type == F_UNLCK;
	return flock.l_type == type && flock.l_start == start && flock.l_len == len && flock.l_pid == pid;
}

/* In a child: another owner. */
static void look_from_outside(int fd, pid_t parent)
{
	pid_t child = fork();

	CHECK(child >= 0);
	if (child == 0) {
		CHECK(finds(fd, 5, F_UNLCK, 0, 0, 0) && finds(fd, 12, F_WRLCK, 10, 5, parent));
		CHECK(finds(fd, 15, F_UNLCK, 0, 0, 0) && finds(fd, 17, F_RDLCK, 16, 4, parent));
		CHECK(finds(fd, 100, F_WRLCK, 100, 0, parent));
		CHECK(lock(fd, F_SETLK, F_RDLCK, 16, 4) == 0);
		CHECK(lock(fd, F_SETLK, F_WRLCK, 16, 1) == -1 && (errno == EAGAIN || errno == EACCES));
		CHECK(lock(fd, F_OFD_SETLK, F_WRLCK, 12, 1) == -1 && errno == EAGAIN);
		_exit(0);
	}
	CHECK(exited_with(child, 0));
}

static void locks(void)
{
	char name[] = "events.XXXXXX";
	int fd = mkstemp(name), another = open(name, O_RDONLY);
	pid_t child;

	CHECK(fd >= 0 && another >= 0 && unlink(name) == 0);
	/* Ranges are cut and joined. */
	CHECK(lock(fd, F_SETLK, F_WRLCK, 10, 10) == 0 && lock(fd, F_SETLK, F_UNLCK, 15, 1) == 0);
	CHECK(lock(fd, F_SETLK, F_RDLCK, 16, 2) == 0 && lock(fd, F_SETLK, F_RDLCK, 18, 2) == 0);
	CHECK(lock(fd, F_SETLK, F_WRLCK, 100, 0) == 0);
	look_from_outside(fd, getpid());
	CHECK(lock(another, F_SETLK, F_WRLCK, 0, 1) == -1 && errno == EBADF);
	CHECK(lock(fd, F_SETLK, 7, 0, 1) == -1 && errno == EINVAL);
	CHECK(lock(fd, F_SETLK, F_WRLCK, -1, 1) == -1 && errno == EINVAL);
	/* Closing any descriptor of the file gives a process's locks back. */
	CHECK(close(another) == 0);
	child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		CHECK(finds(fd, 12, F_UNLCK, 0, 0, 0));
		CHECK(lock(fd, F_SETLK, F_WRLCK, 0, 0) == 0);
		usleep(20000);
		_exit(0);
	}
	CHECK(exited_with(child, 0));
	CHECK(lock(fd, F_SETLKW, F_WRLCK, 0, 0) == 0);
	CHECK(close(fd) == 0);
	done("locks");
}

/* Two processes, each with a byte that the other wants: one is told. */
static void deadlock(void)
{
	char name[] = "events.XXXXXX", byte;
	int fd = mkstemp(name), ends[2], refused;
	pid_t child;

	CHECK(fd >= 0 && unlink(name) == 0 && pipe(ends) == 0);
	CHECK(lock(fd, F_SETLK, F_WRLCK, 0, 1) == 0);
	child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		CHECK(lock(fd, F_SETLK, F_WRLCK, 1, 1) == 0 && write(ends[1], "", 1) == 1);
		refused = lock(fd, F_SETLKW, F_WRLCK, 0, 1) == -1 && errno == EDEADLK;
		_exit(refused);
	}
	CHECK(read(ends[0], &byte, 1) == 1);
	refused = lock(fd, F_SETLKW, F_WRLCK, 1, 1) == -1 && errno == EDEADLK;
	CHECK(lock(fd, F_SETLK, F_UNLCK, 0, 2) == 0);
	CHECK(exited_with(child, !refused));
	CHECK(close(fd) == 0);
	done("deadlock");
}

int main(void)
{
	levels_and_edges();
	refusals();
	counters();
	locks();
	deadlock();
	done("events: ok");
	return 0;
}
