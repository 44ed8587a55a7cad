/*
 * fcntl's locks on parts of files. A lock belongs to a process's descriptors (POSIX) or to an open file. In an inode's
 * list one owner's locks never overlap, and neighbours of one type are one lock. All lists, and who waits for whom,
 * are under one lock.
 */
#include <kernel/fs/fs.h>
#include <kernel/fs/records.h>
#include <kernel/memory.h>
#include <kernel/process.h>
#include <kernel/user.h>

struct record {
	struct list in_inode;
	const void *owner; /* struct files or struct file */
	int pid;           /* -1: an open file's */
	int16_t type;
	uint64_t start, end; /* bytes start to end, both included */
};

/* A process that waits, and for whom. */
struct waiting {
	struct list all;
	const void *owner, *for_owner;
};

static struct lock records_lock;
static struct waitq waiters = {{&waiters.threads, &waiters.threads}};
static struct list blocked = {&blocked, &blocked};

static struct record *record_of(struct list *item)
{
	return list_entry(item, struct record, in_inode);
}

static bool overlaps(const struct record *a, const struct record *b)
{
	return a->start <= b->end && b->start <= a->end;
}

/* The first lock of another owner that `wanted` must wait for; NULL. */
static struct record *conflict(struct inode *inode, const struct record *wanted)
{
	list_for(item, &inode->records) {
		struct record *record = record_of(item);

		if (record->owner != wanted->owner && overlaps(record, wanted) &&
		    (record->type == F_WRLCK || wanted->type == F_WRLCK))
			return record;
	}
	return NULL;
}

/* Do wanted's and record's ranges touch or overlap? */
static bool adjoins(const struct record *record, const struct record *wanted)
{
	return (record->start == 0 || record->start - 1 <= wanted->end) &&
	       (wanted->start == 0 || wanted->start - 1 <= record->end);
}

static void record_drop(struct record *record)
{
	list_remove(&record->in_inode);
	heap_free(record);
}

/* Take wanted's range out of one lock of the same owner; if its middle goes, `spare` becomes its end. */
static void record_cut(struct inode *inode, struct record *record, const struct record *wanted, struct record **spare)
{
	bool before = record->start<wanted->start, after = record->end> wanted->end;

	if (before && after) {
		**spare = *record;
		(*spare)->start = wanted->end + 1;
		list_add(&(*spare)->in_inode, &inode->records);
		*spare = NULL;
	}
	if (before)
		record->end = wanted->start - 1;
	else if (after)
		record->start = wanted->end + 1;
	else
		record_drop(record);
}

/* What wanted says holds from now on. Uses `fresh` for it and `spare`, or leaves them: it cannot fail. */
static void record_apply(struct inode *inode, const struct record *wanted, struct record **fresh, struct record **spare)
{
	struct record whole = *wanted;

	list_for_safe(item, &inode->records) {
		struct record *record = record_of(item);

		if (record->owner != wanted->owner)
			continue;
		if (record->type == whole.type && adjoins(record, &whole)) {
			whole.start = min_u64(whole.start, record->start);
			whole.end = max_u64(whole.end, record->end);
			record_drop(record);
		} else if (overlaps(record, wanted)) {
			record_cut(inode, record, wanted, spare);
		}
	}
	if (whole.type != F_UNLCK) {
		**fresh = whole;
		list_add(&(*fresh)->in_inode, &inode->records);
		*fresh = NULL;
	}
	wake_all(&waiters);
}

/* Would `owner` wait for itself, through others that wait? Only processes do: open files may be shared. */
static bool is_deadlock(const void *owner, const void *for_owner)
{
	for (int steps = 0; for_owner && steps < 64; steps++) {
		const void *next = NULL;

		if (for_owner == owner)
			return true;
		list_for(item, &blocked) {
			struct waiting *waiting = list_entry(item, struct waiting, all);

			if (waiting->owner == for_owner)
				next = waiting->for_owner;
		}
		for_owner = next;
	}
	return false;
}

/* Until nobody else's lock is in the way. The lock is held. */
static long record_wait(struct inode *inode, const struct record *wanted, bool wait)
{
	struct record *other;

	while ((other = conflict(inode, wanted)) != NULL) {
		struct waiting waiting = {.owner = wanted->owner, .for_owner = other->owner};
		int result;

		if (!wait)
			return -EAGAIN;
		if (wanted->pid >= 0 && is_deadlock(wanted->owner, other->owner))
			return -EDEADLK;
		if (wanted->pid >= 0)
			list_add(&waiting.all, &blocked);
		result = wait_on(&waiters, &records_lock, WAIT_PLAIN, true, 0);
		if (wanted->pid >= 0)
			list_remove(&waiting.all);
		if (result == -EINTR)
			return -ERESTART;
	}
	return 0;
}

static long record_set(struct inode *inode, const struct record *wanted, bool wait)
{
	struct record *fresh = heap_alloc(sizeof(*fresh)), *spare = heap_alloc(sizeof(*spare));
	long result = fresh && spare ? 0 : -ENOLCK;

	lock_take(&records_lock);
	if (result == 0 && wanted->type != F_UNLCK)
		result = record_wait(inode, wanted, wait);
	if (result == 0)
		record_apply(inode, wanted, &fresh, &spare);
	lock_drop(&records_lock);
	heap_free(fresh);
	heap_free(spare);
	return result;
}

static long record_get(struct inode *inode, const struct record *wanted, struct abi_flock *flock)
{
	struct record *other;

	lock_take(&records_lock);
	other = conflict(inode, wanted);
	if (other) {
		flock->type = other->type;
		flock->whence = SEEK_SET;
		flock->start = (int64_t)other->start;
		flock->len = other->end == INT64_MAX ? 0 : (int64_t)(other->end - other->start + 1);
		flock->pid = other->pid;
	} else {
		flock->type = F_UNLCK;
	}
	lock_drop(&records_lock);
	return 0;
}

/* The bytes that a struct flock names. -EINVAL, -EOVERFLOW. */
static long range_of(struct file *file, const struct abi_flock *flock, struct record *wanted)
{
	uint64_t base = flock->whence == SEEK_SET ? 0 : flock->whence == SEEK_CUR ? file->position : file->inode->size;
	int64_t start, end = INT64_MAX;

	if (flock->whence != SEEK_SET && flock->whence != SEEK_CUR && flock->whence != SEEK_END)
		return -EINVAL;
	if (__builtin_add_overflow((int64_t)base, flock->start, &start))
		return -EOVERFLOW;
	if (start < 0)
		return -EINVAL;
	if (flock->len > 0) {
		if (__builtin_add_overflow(start, flock->len - 1, &end))
			return -EOVERFLOW;
	} else if (flock->len < 0) {
		end = start - 1;
		if (__builtin_add_overflow(start, flock->len, &start) || start < 0)
			return -EINVAL;
	}
	wanted->start = (uint64_t)start;
	wanted->end = (uint64_t)end;
	return 0;
}

long records_fcntl(struct file *file, int command, uint64_t at)
{
	bool of_file = command >= F_OFD_GETLK, get = command == F_GETLK || command == F_OFD_GETLK;
	struct record wanted = {.owner = of_file ? (void *)file : (void *)this_process()->files,
				.pid = of_file ? -1 : this_process()->pid};
	struct abi_flock flock;
	long result;

	if (user_read(&flock, at, sizeof(flock)) != 0)
		return -EFAULT;
	if (flock.type != F_RDLCK && flock.type != F_WRLCK && (get || flock.type != F_UNLCK))
		return -EINVAL;
	if (of_file && flock.pid != 0)
		return -EINVAL;
	result = range_of(file, &flock, &wanted);
	if (result != 0)
		return result;
	wanted.type = flock.type;
	if (get) {
		record_get(file->inode, &wanted, &flock);
		return user_write(at, &flock, sizeof(flock));
	}
	if ((flock.type == F_RDLCK && !file_can_read(file)) || (flock.type == F_WRLCK && !file_can_write(file)))
		return -EBADF;
	return record_set(file->inode, &wanted, command == F_SETLKW || command == F_OFD_SETLKW);
}

void records_closed(struct inode *inode, const void *owner)
{
	if (__atomic_load_n(&inode->records.next, __ATOMIC_RELAXED) == &inode->records)
		return;
	lock_take(&records_lock);
	list_for_safe(item, &inode->records) {
		if (record_of(item)->owner == owner)
			record_drop(record_of(item));
	}
	wake_all(&waiters);
	lock_drop(&records_lock);
}
