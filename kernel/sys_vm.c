/*
 * process_vm_readv and process_vm_writev: between the caller's memory and another process's, list by list. The
 * other side goes page by page, without switching; what was moved before something failed counts.
 */
#include <kernel/process.h>
#include <kernel/memory.h>
#include <kernel/syscall.h>
#include <kernel/user.h>
#include <mm/mm.h>

/* One list of the call's, and where in it the copy is. */
struct side {
	struct user_iovec *vector;
	uint64_t nr;
	uint64_t at;
};

/* All of a list, each length such that it can be a result. */
static long side_read(struct side *side, vms_va from, uint64_t nr, bool is_ours)
{
	long result;

	*side = (struct side){.nr = nr};
	if (nr > USER_IOV_MAX)
		return -EINVAL;
	if (nr == 0)
		return 0;
	side->vector = heap_alloc(nr * sizeof(*side->vector));
	if (side->vector == NULL)
		return -ENOMEM;
	result = user_read(side->vector, from, nr * sizeof(*side->vector));
	for (uint64_t i = 0; i < nr && result == 0; i++) {
		const struct user_iovec *it = &side->vector[i];

		if (it->len > INT64_MAX)
			result = -EINVAL;
		else if (is_ours && (it->len > VMS_USER_END || it->base > VMS_USER_END - it->len))
			result = -EFAULT;
	}
	return result;
}

/* The next part that is not empty; NULL: no more. */
static struct user_iovec *side_next(struct side *side)
{
	while (side->at < side->nr && side->vector[side->at].len == 0)
		side->at++;
	return side->at < side->nr ? &side->vector[side->at] : NULL;
}

static long copy_part(struct mm *mm, vms_va near, vms_va far, uint64_t len, bool write)
{
	char buffer[512];
	long result;

	if (write) {
		result = user_read(buffer, near, len);
		return result == 0 ? mm_write(mm, far, buffer, len) : result;
	}
	result = mm_read(mm, buffer, far, len);
	return result == 0 ? user_write(near, buffer, len) : result;
}

static long copy_all(struct mm *mm, struct side *ours, struct side *theirs, bool write)
{
	struct user_iovec *near, *far;
	long total = 0;

	while ((near = side_next(ours)) != NULL && (far = side_next(theirs)) != NULL && !signal_waiting(current())) {
		uint64_t len = min_u64(min_u64(near->len, far->len), 512);
		long result;

		/* Up to the other side's page end, so that what is there is copied before what is not. */
		len = min_u64(len, VMS_PAGE - far->base % VMS_PAGE);
		result = copy_part(mm, near->base, far->base, len, write);
		if (result != 0)
			return total > 0 ? total : result;
		near->base += len;
		near->len -= len;
		far->base += len;
		far->len -= len;
		total += (long)len;
	}
	return total;
}

static long copy_process_memory(const uint64_t a[6], bool write)
{
	struct side ours = {0}, theirs = {0};
	struct mm *mm = NULL;
	long result = a[5] != 0 ? -EINVAL : side_read(&ours, a[1], a[2], true);

	/* Nothing to copy is no error, whoever it is to come from. */
	if (result == 0 && side_next(&ours) != NULL) {
		result = side_read(&theirs, a[3], a[4], false);
		if (result == 0 && side_next(&theirs) != NULL) {
			mm = process_mm_get((int)a[0]);
			result = mm == NULL ? -ESRCH : copy_all(mm, &ours, &theirs, write);
		}
	}
	if (mm != NULL)
		mm_put(mm);
	heap_free(ours.vector);
	heap_free(theirs.vector);
	return result;
}

long sys_process_vm_readv(const uint64_t a[6])
{
	return copy_process_memory(a, false);
}

long sys_process_vm_writev(const uint64_t a[6])
{
	return copy_process_memory(a, true);
}
