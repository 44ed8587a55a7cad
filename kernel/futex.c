/*
 * Futexes: who sleeps on which word.
 *
 * A sleeper is a record on its own stack, in the list that its key hashes to. It is entered *before* the word
 * is looked at: a waker that changed the word first and then looks for sleepers either finds the record, or
 * the sleeper finds the new value. So user memory, which may fault, is never touched under the lock.
 */
#include <kernel/futex.h>
#include <kernel/memory.h>
#include <kernel/process.h>
#include <kernel/user.h>
#include <mm/mm.h>

#define NR_LISTS 64

struct sleeper {
	struct list in;       /* the list of its key, unless woken */
	struct futex_key key; /* changes when it is moved */
	uint32_t set;
	bool woken;
	struct waitq queue; /* only this one sleeps here */
};

/* One lock for all lists: a sleeper may be moved from one to another while it sleeps. */
static struct lock futex_lock;
static struct list lists[NR_LISTS];

static struct list *list_of(const struct futex_key *key)
{
	uint64_t hash = (key->space / 64 + key->at / 4) * 0x9e3779b97f4a7c15ull;
	struct list *list = &lists[hash / (UINT64_MAX / NR_LISTS + 1)];

	if (list->next == NULL)
		list_init(list);
	return list;
}

static bool key_equal(const struct futex_key *a, const struct futex_key *b)
{
	return a->space == b->space && a->at == b->at;
}

/* The word as it is now. */
static long word_load(vms_va va, uint32_t *value)
{
	struct vms_reader reader;

	if (vms_space_reader(mm_space(this_process()->mm), va, sizeof(*value), &reader) != VMS_OK ||
	    vms_reader_atomic_load32(&reader, value) != VMS_OK)
		return -EFAULT;
	return 0;
}

long futex_key(vms_va va, bool is_private, struct futex_key *key)
{
	struct mm *mm = this_process()->mm;
	vms_pfn frame;
	uint32_t value;

	if (va % 4 != 0)
		return -EINVAL;
	if (va >= VMS_USER_END)
		return -EFAULT;
	*key = (struct futex_key){(uintptr_t)mm, va};
	if (is_private)
		return 0;
	if (word_load(va, &value) != 0)
		return -EFAULT;
	frame = mm_shared_frame(mm, va);
	if (frame != VMS_NO_FRAME)
		*key = (struct futex_key){0, frame * VMS_PAGE + va % VMS_PAGE};
	return 0;
}

static void wake_sleeper(struct sleeper *sleeper)
{
	list_remove(&sleeper->in);
	sleeper->woken = true;
	wake_all(&sleeper->queue);
}

long futex_sleep(const struct futex_key *key, vms_va va, uint32_t expected, uint32_t set, uint64_t deadline)
{
	struct sleeper sleeper = {.key = *key, .set = set};
	uint32_t value;
	long result;

	waitq_init(&sleeper.queue);
	lock_take(&futex_lock);
	list_add(&sleeper.in, list_of(key));
	lock_drop(&futex_lock);

	result = word_load(va, &value);
	if (result == 0 && value != expected)
		result = -EAGAIN;

	lock_take(&futex_lock);
	while (result == 0 && !sleeper.woken)
		result = wait_on(&sleeper.queue, &futex_lock, WAIT_PLAIN, true, deadline);
	if (sleeper.woken)
		result = 0; /* whatever else happened: somebody counted us */
	else
		list_remove(&sleeper.in);
	lock_drop(&futex_lock);
	return result;
}

uint32_t futex_wake_key(const struct futex_key *key, uint32_t nr, uint32_t set)
{
	uint32_t woken = 0;

	lock_take(&futex_lock);
	list_for_safe(item, list_of(key)) {
		struct sleeper *sleeper = list_entry(item, struct sleeper, in);

		if (woken >= nr)
			break;
		if (!key_equal(&sleeper->key, key) || !(sleeper->set & set))
			continue;
		wake_sleeper(sleeper);
		woken++;
	}
	lock_drop(&futex_lock);
	return woken;
}

uint32_t futex_requeue_key(const struct futex_key *from, const struct futex_key *to, uint32_t nr_wake, uint32_t nr_move,
			   uint32_t *moved)
{
	uint32_t woken = 0;

	*moved = 0;
	lock_take(&futex_lock);
	list_for_safe(item, list_of(from)) {
		struct sleeper *sleeper = list_entry(item, struct sleeper, in);

		if (!key_equal(&sleeper->key, from))
			continue;
		if (woken < nr_wake) {
			wake_sleeper(sleeper);
			woken++;
		} else if (*moved < nr_move && !key_equal(from, to)) {
			list_remove(item);
			sleeper->key = *to;
			list_add(item, list_of(to));
			++*moved;
		} else {
			break;
		}
	}
	lock_drop(&futex_lock);
	return woken;
}

long futex_wake(vms_va va, uint32_t nr)
{
	struct futex_key key;
	long result = futex_key(va, false, &key);

	return result != 0 ? result : (long)futex_wake_key(&key, nr, FUTEX_ALL);
}
