/*
 * The futex call and its operations, and robust mutexes: a list in user memory of what a thread holds, whose
 * owners-to-be are told when it dies.
 */
#include <kernel/futex.h>
#include <kernel/process.h>
#include <kernel/syscall.h>
#include <kernel/time.h>
#include <kernel/user.h>
#include <mm/mm.h>

enum {
	FUTEX_WAIT = 0,
	FUTEX_WAKE = 1,
	FUTEX_REQUEUE = 3,
	FUTEX_CMP_REQUEUE = 4,
	FUTEX_WAKE_OP = 5,
	FUTEX_WAIT_BITSET = 9,
	FUTEX_WAKE_BITSET = 10,
};
#define FUTEX_PRIVATE 128u
#define FUTEX_REALTIME 256u

/* A word of a robust mutex: the owner's tid, and two flags. */
#define ROBUST_TID 0x3fffffffu
#define ROBUST_DIED 0x40000000u
#define ROBUST_WAITERS 0x80000000u
#define ROBUST_HEAD 24    /* bytes of the list's head */
#define ROBUST_LIMIT 2048 /* entries that are followed: the list may be a ring */

static long word_exchange(vms_va va, uint32_t expected, uint32_t desired, uint32_t *seen)
{
	struct vms_writer writer;

	if (vms_space_writer(mm_space(this_process()->mm), va, sizeof(expected), &writer) != VMS_OK ||
	    vms_writer_atomic_cmpxchg32(&writer, expected, desired, seen) != VMS_OK)
		return -EFAULT;
	return 0;
}

static long wait_relative(const struct futex_key *key, const uint64_t a[6])
{
	uint64_t timeout, deadline = 0;
	long result;

	if (a[3] != 0) {
		result = time_read(a[3], &timeout);
		if (result != 0)
			return result;
		deadline = call_deadline(timeout);
	}
	result = futex_sleep(key, a[0], (uint32_t)a[2], FUTEX_ALL, deadline);
	if (result == -EINTR)
		return deadline == 0 ? -ERESTART : call_interrupted(deadline);
	return result;
}

static long wait_absolute(const struct futex_key *key, bool realtime, const uint64_t a[6])
{
	uint64_t deadline = 0;
	long result;

	if ((uint32_t)a[5] == 0)
		return -EINVAL;
	if (a[3] != 0) {
		result = time_read(a[3], &deadline);
		if (result != 0)
			return result;
		deadline = realtime ? time_from_realtime(deadline) : max_u64(deadline, 1);
	}
	result = futex_sleep(key, a[0], (uint32_t)a[2], (uint32_t)a[5], deadline);
	/* The deadline is absolute: to wait again is to wait on. */
	return result == -EINTR ? -ERESTART : result;
}

static long requeue(bool compare, bool is_private, const struct futex_key *from, const uint64_t a[6])
{
	struct futex_key to;
	uint32_t value, woken, moved;
	long result = futex_key(a[4], is_private, &to);

	if (result != 0)
		return result;
	if ((int32_t)a[2] < 0 || (int32_t)a[3] < 0)
		return -EINVAL;
	/* Once before, without the lock: whoever is moved wrongly finds its mutex free and goes on. */
	if (compare) {
		result = user_read(&value, a[0], sizeof(value));
		if (result == 0 && value != (uint32_t)a[5])
			result = -EAGAIN;
		if (result != 0)
			return result;
	}
	woken = futex_requeue_key(from, &to, (uint32_t)a[2], (uint32_t)a[3], &moved);
	return woken + (compare ? moved : 0);
}

/* FUTEX_WAKE_OP's operation in four bits, operand and comparison in the others. */
static bool apply(uint32_t code, uint32_t old, uint32_t *desired)
{
	uint32_t operand = code >> 12 & 0xfff;

	operand = operand & 0x800 ? operand | 0xfffff000 : operand;
	if (code >> 31)
		operand = 1u << operand % 32;
	switch (code >> 28 & 7) {
	case 0:
		*desired = operand;
		return true;
	case 1:
		*desired = old + operand;
		return true;
	case 2:
		*desired = old | operand;
		return true;
	case 3:
		*desired = old & ~operand;
		return true;
	case 4:
		*desired = old ^ operand;
		return true;
	default:
		return false;
	}
}

static bool compare_old(uint32_t code, int32_t old)
{
	int32_t with = (int32_t)(code & 0x800 ? code | 0xfffff000 : code & 0xfff);

	switch (code >> 24 & 15) {
	case 0:
		return old == with;
	case 1:
		return old != with;
	case 2:
		return old < with;
	case 3:
		return old <= with;
	case 4:
		return old > with;
	default:
		return old >= with;
	}
}

static long wake_op(bool is_private, const struct futex_key *key, const uint64_t a[6])
{
	uint32_t code = (uint32_t)a[5], old, seen, desired;
	struct futex_key second;
	long result = futex_key(a[4], is_private, &second);

	if (result != 0)
		return result;
	if ((code >> 28 & 7) > 4 || (code >> 24 & 15) > 5)
		return -ENOSYS;
	if (user_read(&old, a[4], sizeof(old)) != 0)
		return -EFAULT;
	for (;; old = seen) {
		(void)apply(code, old, &desired);
		if (word_exchange(a[4], old, desired, &seen) != 0)
			return -EFAULT;
		if (seen == old)
			break;
	}
	result = futex_wake_key(key, (uint32_t)a[2], FUTEX_ALL);
	if (compare_old(code, (int32_t)old))
		result += futex_wake_key(&second, (uint32_t)a[3], FUTEX_ALL);
	return result;
}

long sys_futex(const uint64_t a[6])
{
	uint32_t op = (uint32_t)a[1] & ~(FUTEX_PRIVATE | FUTEX_REALTIME);
	bool is_private = ((uint32_t)a[1] & FUTEX_PRIVATE) != 0, realtime = ((uint32_t)a[1] & FUTEX_REALTIME) != 0;
	struct futex_key key;
	long result;

	switch (op) {
	case FUTEX_WAIT:
	case FUTEX_WAKE:
	case FUTEX_REQUEUE:
	case FUTEX_CMP_REQUEUE:
	case FUTEX_WAKE_OP:
	case FUTEX_WAKE_BITSET:
		if (realtime)
			return -ENOSYS;
		break;
	case FUTEX_WAIT_BITSET:
		break;
	default: /* priority inheritance is not offered */
		return -ENOSYS;
	}
	result = futex_key(a[0], is_private, &key);
	if (result != 0)
		return result;
	switch (op) {
	case FUTEX_WAIT:
		return wait_relative(&key, a);
	case FUTEX_WAIT_BITSET:
		return wait_absolute(&key, realtime, a);
	case FUTEX_WAKE:
		return futex_wake_key(&key, (uint32_t)a[2], FUTEX_ALL);
	case FUTEX_WAKE_BITSET:
		return (uint32_t)a[5] == 0 ? -EINVAL : (long)futex_wake_key(&key, (uint32_t)a[2], (uint32_t)a[5]);
	case FUTEX_WAKE_OP:
		return wake_op(is_private, &key, a);
	default:
		return requeue(op == FUTEX_CMP_REQUEUE, is_private, &key, a);
	}
}

/* One mutex that the thread may have held. */
static void owner_died(const struct thread *thread, vms_va va)
{
	uint32_t value, seen;

	if (va % 4 != 0 || user_read(&value, va, sizeof(value)) != 0)
		return;
	while ((value & ROBUST_TID) == (uint32_t)thread->tid) {
		if (word_exchange(va, value, (value & ROBUST_WAITERS) | ROBUST_DIED, &seen) != 0)
			return;
		if (seen == value) {
			if (value & ROBUST_WAITERS)
				(void)futex_wake(va, 1);
			return;
		}
		value = seen;
	}
}

void futex_robust_exit(struct thread *thread)
{
	struct {
		uint64_t next;
		int64_t offset;
		uint64_t pending;
	} head;
	vms_va entry;

	if (thread->robust_list == 0 || user_read(&head, thread->robust_list, sizeof(head)) != 0)
		return;
	/* Bit 0 of a pointer marks a kind of mutex that is not offered here. */
	entry = head.next & ~1ull;
	for (int i = 0; i < ROBUST_LIMIT && entry != thread->robust_list; i++) {
		uint64_t next;

		/* Read before its owner is told: it may be gone after. */
		if (user_read(&next, entry, sizeof(next)) != 0)
			next = thread->robust_list;
		if (entry != (head.pending & ~1ull))
			owner_died(thread, entry + (uint64_t)head.offset);
		entry = next & ~1ull;
	}
	if ((head.pending & ~1ull) != 0)
		owner_died(thread, (head.pending & ~1ull) + (uint64_t)head.offset);
}

long sys_set_robust_list(const uint64_t a[6])
{
	if (a[1] != ROBUST_HEAD)
		return -EINVAL;
	current()->robust_list = a[0];
	return 0;
}

long sys_get_robust_list(const uint64_t a[6])
{
	uint64_t list = current()->robust_list, len = ROBUST_HEAD;

	if (a[0] != 0) {
		uint64_t state = lock_take_irq(&proc_lock);
		struct thread *thread = thread_find((int)a[0]);

		if (thread != NULL)
			list = thread->robust_list;
		lock_drop_irq(&proc_lock, state);
		if (thread == NULL)
			return -ESRCH;
	}
	return user_write(a[1], &list, sizeof(list)) != 0 || user_write(a[2], &len, sizeof(len)) != 0 ? -EFAULT : 0;
}
