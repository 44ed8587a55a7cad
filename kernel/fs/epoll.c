/*
 * epoll: files whose list of what to wait for stays in the kernel.
 *
 * An *interest* is one file under one descriptor's number, in an instance. It does not hold the file: the last
 * reference's end takes it out. All lists are under one lock, and files are asked under it what they are ready for.
 * Edges are told by the generation of poll.c: an edge-triggered interest is reported again only after something, of
 * whatever file, has changed; so a report may come that a finer count would leave out, but none is lost.
 */
#include <kernel/fs/epoll.h>
#include <kernel/fs/fs.h>
#include <kernel/fs/inode.h>
#include <kernel/fs/poll.h>
#include <kernel/memory.h>
#include <kernel/process.h>
#include <kernel/syscall.h>
#include <kernel/user.h>

#define EPOLL_CTL_ADD 1
#define EPOLL_CTL_DEL 2
#define EPOLL_CTL_MOD 3
#define EPOLLEXCLUSIVE (1u << 28)
#define EPOLLONESHOT (1u << 30)
#define EPOLLET (1u << 31)
#define EXCLUSIVE_WITH (EPOLLEXCLUSIVE | EPOLLET | 1u << 29 | POLLIN | POLLOUT | POLLERR | POLLHUP)
#define MAX_NESTED 5 /* instances in instances */

struct epoll {
	struct list interests;
	uint32_t nr;
};

struct interest {
	struct list in_epoll;
	struct list in_file;
	struct epoll *epoll;
	struct file *file;
	int fd;
	uint32_t events;
	uint64_t data;
	uint64_t seen; /* edge-triggered: the generation at the last report */
	bool spent;    /* EPOLLONESHOT: reported */
};

struct abi_event {
	uint32_t events;
	uint64_t data;
} __attribute__((packed));

static struct lock epoll_lock;
static const struct inode_ops epoll_ops;

static struct epoll *epoll_of(struct file *file)
{
	return file->ops == &epoll_ops ? file->inode->state : NULL;
}

static uint32_t interest_ready(struct interest *interest, uint32_t depth);

static bool epoll_ready(struct epoll *epoll, uint32_t depth)
{
	list_for(item, &epoll->interests) {
		if (interest_ready(list_entry(item, struct interest, in_epoll), depth))
			return true;
	}
	return false;
}

/* What is to be reported of it now. Only so many levels are looked at. */
static uint32_t interest_ready(struct interest *interest, uint32_t depth)
{
	struct epoll *inner = epoll_of(interest->file);
	uint32_t events;

	if (interest->spent || (interest->events & EPOLLET && interest->seen == poll_generation()))
		return 0;
	if (inner)
		events = depth < MAX_NESTED && epoll_ready(inner, depth + 1) ? POLLIN | POLLRDNORM : 0;
	else
		events = file_poll(interest->file);
	return events & (interest->events | POLLERR | POLLHUP);
}

static uint32_t epoll_poll(struct file *file)
{
	uint32_t events;

	lock_take(&epoll_lock);
	events = epoll_ready(epoll_of(file), 1) ? POLLIN | POLLRDNORM : 0;
	lock_drop(&epoll_lock);
	return events;
}

/* The lock is held. */
static void interest_drop(struct interest *interest)
{
	list_remove(&interest->in_epoll);
	list_remove(&interest->in_file);
	interest->epoll->nr--;
	heap_free(interest);
}

static void epoll_free(struct inode *inode)
{
	struct epoll *epoll = inode->state;

	lock_take(&epoll_lock);
	list_for_safe(item, &epoll->interests)
		interest_drop(list_entry(item, struct interest, in_epoll));
	lock_drop(&epoll_lock);
	poll_watch(false);
	heap_free(epoll);
}

void epoll_forget(struct file *file)
{
	if (__atomic_load_n(&file->interests.next, __ATOMIC_RELAXED) == &file->interests)
		return;
	lock_take(&epoll_lock);
	list_for_safe(item, &file->interests)
		interest_drop(list_entry(item, struct interest, in_file));
	lock_drop(&epoll_lock);
}

static const struct inode_ops epoll_ops = {.poll = epoll_poll, .free = epoll_free};

static long epoll_create(int flags)
{
	struct epoll *epoll = heap_zalloc(sizeof(*epoll));
	struct inode *inode = epoll ? inode_new(0600, &epoll_ops) : NULL;
	struct file *file;
	long error;

	if (!inode) {
		heap_free(epoll);
		return -ENOMEM;
	}
	list_init(&epoll->interests);
	inode->state = epoll;
	poll_watch(true);
	error = file_new_nameless(inode, "anon_inode:[eventpoll]", O_RDWR, &file);
	return error ? error : fd_install(file, flags);
}

long sys_epoll_create(const uint64_t a[6])
{
	return (int)a[0] <= 0 ? -EINVAL : epoll_create(0);
}

long sys_epoll_create1(const uint64_t a[6])
{
	return (int)a[0] & ~O_CLOEXEC ? -EINVAL : epoll_create((int)a[0]);
}

static struct interest *find(struct epoll *epoll, struct file *file, int fd)
{
	list_for(item, &epoll->interests) {
		struct interest *interest = list_entry(item, struct interest, in_epoll);

		if (interest->file == file && interest->fd == fd)
			return interest;
	}
	return NULL;
}

/* Is `wanted` in `epoll`, or in one inside it? Too many levels count as a yes. */
static bool contains(struct epoll *epoll, struct epoll *wanted, uint32_t depth)
{
	if (epoll == wanted || depth >= MAX_NESTED)
		return true;
	list_for(item, &epoll->interests) {
		struct epoll *inner = epoll_of(list_entry(item, struct interest, in_epoll)->file);

		if (inner && contains(inner, wanted, depth + 1))
			return true;
	}
	return false;
}

/* The lock is held. `fresh` is used, and NULL afterwards, if the interest is new. */
static long change(struct epoll *epoll, int operation, struct file *file, int fd, const struct abi_event *event,
		   struct interest **fresh)
{
	struct interest *interest = find(epoll, file, fd);
	struct epoll *inner = epoll_of(file);

	if (operation == EPOLL_CTL_ADD) {
		if (interest)
			return -EEXIST;
		if (inner && contains(inner, epoll, 1))
			return -ELOOP;
		interest = *fresh;
		*fresh = NULL;
		interest->epoll = epoll;
		interest->file = file;
		interest->fd = fd;
		list_add(&interest->in_epoll, &epoll->interests);
		list_add(&interest->in_file, &file->interests);
		epoll->nr++;
	} else if (!interest) {
		return -ENOENT;
	} else if (operation == EPOLL_CTL_DEL) {
		interest_drop(interest);
		return 0;
	} else if (interest->events & EPOLLEXCLUSIVE) {
		return -EINVAL;
	}
	interest->events = event->events;
	interest->data = event->data;
	interest->seen = 0;
	interest->spent = false;
	return 0;
}

static long control(struct file *file, int operation, struct file *target, int fd, vms_va at)
{
	struct epoll *epoll = epoll_of(file);
	struct interest *fresh = NULL;
	struct abi_event event = {0};
	long result;

	if (operation != EPOLL_CTL_DEL && user_read(&event, at, sizeof(event)) != 0)
		return -EFAULT;
	if (target->flags & O_PATH)
		return -EBADF;
	if (!target->ops->poll)
		return -EPERM;
	if (file == target || !epoll)
		return -EINVAL;
	if (operation != EPOLL_CTL_ADD && operation != EPOLL_CTL_MOD && operation != EPOLL_CTL_DEL)
		return -EINVAL;
	if (event.events & EPOLLEXCLUSIVE &&
	    (operation == EPOLL_CTL_MOD || epoll_of(target) || event.events & ~EXCLUSIVE_WITH))
		return -EINVAL;
	if (operation == EPOLL_CTL_ADD) {
		fresh = heap_zalloc(sizeof(*fresh));
		if (!fresh)
			return -ENOMEM;
	}
	lock_take(&epoll_lock);
	result = change(epoll, operation, target, fd, &event, &fresh);
	lock_drop(&epoll_lock);
	heap_free(fresh);
	/* Who waits in this instance looks again. */
	poll_changed();
	return result;
}

long sys_epoll_ctl(const uint64_t a[6])
{
	struct file *file = fd_file((int)a[0]), *target = fd_file((int)a[2]);
	long result = file && target ? control(file, (int)a[1], target, (int)a[2], a[3]) : -EBADF;

	if (target)
		file_put(target);
	if (file)
		file_put(file);
	return result;
}

struct collection {
	struct epoll *epoll;
	struct abi_event *event;
	uint32_t nr, max;
};

/* Those that are ready, each once, first those that have waited longest for their turn. */
static int collect(void *context)
{
	struct collection *collection = context;
	struct epoll *epoll = collection->epoll;
	uint64_t generation = poll_generation();
	uint32_t left;

	lock_take(&epoll_lock);
	left = epoll->nr;
	for (struct list *item = epoll->interests.next, *next; left-- > 0 && collection->nr < collection->max;
	     item = next) {
		struct interest *interest = list_entry(item, struct interest, in_epoll);
		uint32_t events = interest_ready(interest, 1);

		next = item->next;
		if (!events)
			continue;
		collection->event[collection->nr++] = (struct abi_event){events, interest->data};
		interest->seen = generation;
		interest->spent = (interest->events & EPOLLONESHOT) != 0;
		list_remove(item);
		list_add(item, &epoll->interests);
	}
	lock_drop(&epoll_lock);
	return (int)collection->nr;
}

static long wait_user(int fd, vms_va at, int max, uint64_t deadline)
{
	struct file *file;
	struct collection collection;
	long result = -EINVAL;

	if (max <= 0 || (uint32_t)max > INT32_MAX / sizeof(struct abi_event))
		return -EINVAL;
	file = fd_file(fd);
	if (!file)
		return -EBADF;
	collection.epoll = epoll_of(file);
	if (collection.epoll) {
		collection.nr = 0;
		collection.max = (uint32_t)min_u64((uint32_t)max, 1024);
		collection.event = heap_alloc(collection.max * sizeof(struct abi_event));
		result = collection.event ? poll_until(collect, &collection, deadline) : -ENOMEM;
		if (result == -ERESTARTNOHAND)
			result = -EINTR;
		if (result > 0 && user_write(at, collection.event, collection.nr * sizeof(struct abi_event)) != 0)
			result = -EFAULT;
		heap_free(collection.event);
	}
	file_put(file);
	return result;
}

static uint64_t deadline_of(int milliseconds)
{
	return milliseconds < 0 ? 0 : milliseconds == 0 ? POLL_NOW : call_deadline((uint64_t)milliseconds * 1000000);
}

long sys_epoll_wait(const uint64_t a[6])
{
	return wait_user((int)a[0], a[1], (int)a[2], deadline_of((int)a[3]));
}

long sys_epoll_pwait(const uint64_t a[6])
{
	long result = poll_mask_from_user(a[4], a[5]);

	return result ? result : wait_user((int)a[0], a[1], (int)a[2], deadline_of((int)a[3]));
}

long sys_epoll_pwait2(const uint64_t a[6])
{
	uint64_t deadline;
	long result = poll_deadline_from_user(a[3], 1, &deadline);

	if (!result)
		result = poll_mask_from_user(a[4], a[5]);
	return result ? result : wait_user((int)a[0], a[1], (int)a[2], deadline);
}
