/*
 * poll, select and their kin.
 */
#include <kernel/errno.h>
#include <kernel/fs/abi.h>
#include <kernel/fs/poll.h>
#include <kernel/memory.h>
#include <kernel/process.h>
#include <kernel/syscall.h>
#include <kernel/user.h>

#define FD_LIMIT 1024u

long poll_deadline_from_user(vms_va from, int64_t unit, uint64_t *deadline)
{
	struct abi_time time;

	*deadline = 0;
	if (!from)
		return 0;
	if (user_read(&time, from, sizeof(time)))
		return -EFAULT;
	if (time.sec < 0 || time.nsec < 0 || (unit == 1 && time.nsec >= 1000000000))
		return -EINVAL;
	if (time.sec == 0 && time.nsec == 0)
		*deadline = POLL_NOW;
	else if (time.sec < 1000000000 && time.nsec / 1000000000 < 1000000000)
		*deadline = call_deadline((uint64_t)time.sec * 1000000000u + (uint64_t)time.nsec * (uint64_t)unit);
	return 0;
}

/* Linux tells how much of the time was left. It cannot fail: the call has done its work. */
static void left_to_user(vms_va to, int64_t unit, uint64_t deadline)
{
	uint64_t now = now_ns(), left = deadline == POLL_NOW || deadline < now ? 0 : deadline - now;
	struct abi_time time = {(int64_t)(left / 1000000000), (int64_t)(left % 1000000000) / unit};

	if (to && deadline && user_write(to, &time, sizeof(time)) != 0)
		return;
}

long poll_mask_from_user(vms_va from, uint64_t size)
{
	uint64_t mask;

	if (!from)
		return 0;
	if (size != sizeof(mask))
		return -EINVAL;
	if (user_read(&mask, from, sizeof(mask)))
		return -EFAULT;
	signal_mask_for_call(mask);
	return 0;
}

static long poll_user(vms_va at, uint64_t nr, uint64_t deadline)
{
	struct abi_pollfd *fds = NULL;
	struct polled *polled = NULL;
	long result;

	if (nr > FD_LIMIT)
		return -EINVAL;
	fds = heap_alloc((nr + 1) * sizeof(*fds));
	polled = heap_alloc((nr + 1) * sizeof(*polled));
	result = fds && polled ? user_read(fds, at, nr * sizeof(*fds)) : -ENOMEM;
	if (!result) {
		for (uint64_t i = 0; i < nr; i++)
			polled[i] = (struct polled){.fd = fds[i].fd, .wanted = (uint16_t)fds[i].events};
		result = poll_wait(polled, (uint32_t)nr, deadline);
		if (result == -ERESTARTNOHAND && deadline)
			result = call_interrupted(deadline);
	}
	if (result >= 0) {
		for (uint64_t i = 0; i < nr; i++)
			fds[i].revents = (int16_t)polled[i].found;
		if (user_write(at, fds, nr * sizeof(*fds)))
			result = -EFAULT;
	}
	heap_free(polled);
	heap_free(fds);
	return result;
}

long sys_poll(const uint64_t a[6])
{
	int timeout = (int)a[2];
	uint64_t deadline = timeout < 0 ? 0 : timeout == 0 ? POLL_NOW : call_deadline((uint64_t)timeout * 1000000);

	return poll_user(a[0], (uint32_t)a[1], deadline);
}

long sys_ppoll(const uint64_t a[6])
{
	uint64_t deadline;
	long result = poll_deadline_from_user(a[2], 1, &deadline);

	if (!result)
		result = poll_mask_from_user(a[3], a[4]);
	if (result)
		return result;
	result = poll_user(a[0], (uint32_t)a[1], deadline);
	left_to_user(a[2], 1, deadline);
	return result;
}

/* Three sets of descriptors, a bit each: read, write, exceptions. */
struct fd_sets {
	uint64_t bits[3][FD_LIMIT / 64];
};

static const uint32_t select_wants[3] = {POLLIN | POLLRDNORM, POLLOUT | POLLWRNORM, POLLPRI};
static const uint32_t select_gets[3] = {POLLIN | POLLRDNORM | POLLHUP | POLLERR, POLLOUT | POLLWRNORM | POLLERR,
					POLLPRI};

static long select_sets(struct fd_sets *sets, struct polled *polled, uint32_t nr, uint64_t deadline)
{
	long ready = 0, result;

	for (uint32_t fd = 0; fd < nr; fd++) {
		polled[fd] = (struct polled){.fd = -1};
		for (int set = 0; set < 3; set++)
			if (sets->bits[set][fd / 64] >> fd % 64 & 1) {
				polled[fd].fd = (int)fd;
				polled[fd].wanted |= select_wants[set];
			}
	}
	result = poll_wait(polled, nr, deadline);
	if (result == -ERESTARTNOHAND && deadline)
		result = call_interrupted(deadline);
	if (result < 0)
		return result;
	for (uint32_t fd = 0; fd < nr; fd++) {
		if (polled[fd].found & POLLNVAL)
			return -EBADF;
		for (int set = 0; set < 3; set++) {
			uint64_t bit = 1ull << fd % 64, *word = &sets->bits[set][fd / 64];

			if (*word & bit && polled[fd].found & select_gets[set])
				ready++;
			else
				*word &= ~bit;
		}
	}
	return ready;
}

static long select_user(uint64_t nr, const uint64_t at[3], uint64_t deadline)
{
	uint64_t bytes;
	struct fd_sets *sets;
	struct polled *polled;
	long result = 0;

	if ((int)nr < 0)
		return -EINVAL;
	nr = min_u64((uint32_t)nr, FD_LIMIT);
	bytes = (nr + 63) / 64 * 8;
	sets = heap_zalloc(sizeof(*sets));
	polled = heap_alloc((nr + 1) * sizeof(*polled));
	if (!sets || !polled)
		result = -ENOMEM;
	for (int set = 0; set < 3 && !result; set++)
		if (at[set])
			result = user_read(sets->bits[set], at[set], bytes);
	if (!result)
		result = select_sets(sets, polled, (uint32_t)nr, deadline);
	for (int set = 0; set < 3 && result >= 0; set++)
		if (at[set] && user_write(at[set], sets->bits[set], bytes))
			result = -EFAULT;
	heap_free(polled);
	heap_free(sets);
	return result;
}

long sys_select(const uint64_t a[6])
{
	uint64_t deadline;
	long result = poll_deadline_from_user(a[4], 1000, &deadline);

	if (result)
		return result;
	result = select_user(a[0], &a[1], deadline);
	left_to_user(a[4], 1000, deadline);
	return result;
}

long sys_pselect6(const uint64_t a[6])
{
	uint64_t deadline, mask[2] = {0, 0}; /* where the set is, and its size */
	long result = poll_deadline_from_user(a[4], 1, &deadline);

	if (!result && a[5] && user_read(mask, a[5], sizeof(mask)))
		result = -EFAULT;
	if (!result)
		result = poll_mask_from_user(mask[0], mask[1]);
	if (result)
		return result;
	result = select_user(a[0], &a[1], deadline);
	left_to_user(a[4], 1, deadline);
	return result;
}
