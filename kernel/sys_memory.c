/*
 * System calls on memory: arguments are checked here, the work is mm/'s.
 */
#include <kernel/errno.h>
#include <kernel/fs/fs.h>
#include <kernel/process.h>
#include <kernel/syscall.h>
#include <kernel/user.h>
#include <mm/mm.h>

#define PROT_ALL (MM_PROT_READ | MM_PROT_WRITE | MM_PROT_EXEC | MM_PROT_SEM | MM_PROT_GROWSDOWN | MM_PROT_GROWSUP)
/* Bits of mmap's flags that are mm/'s, and none of a program's. */
#define FLAGS_OURS (MM_FILE_READ_ONLY | 0x80000000u)

/* May this file be mapped so? */
static long file_check(struct file *file, uint32_t prot, uint32_t *flags)
{
	if (!file_is_regular(file))
		return -ENODEV;
	if (!file_can_read(file))
		return -EACCES;
	if (!(*flags & MM_SHARED))
		return 0;
	if (file_is_sealed(file)) {
		if (prot & MM_PROT_WRITE)
			return -EPERM;
		*flags |= MM_FILE_READ_ONLY;
	} else if (!file_can_write(file)) {
		if (prot & MM_PROT_WRITE)
			return -EACCES;
		*flags |= MM_FILE_READ_ONLY;
	}
	return 0;
}

static long map_file(struct mm *mm, const uint64_t a[6], uint32_t prot, uint32_t flags, struct file *file)
{
	long result = mm_map_check(a[0], a[1], flags, true, a[5]);

	if (result == 0)
		result = file_check(file, prot, &flags);
	if (result != 0)
		return result;
	result = mm_map(mm, a[0], a[1], prot, flags, file, a[5]);
	/* Sealed since the check: whoever seals has not seen this mapping, so it must not be. */
	if (result >= 0 && (flags & MM_SHARED) && !(flags & MM_FILE_READ_ONLY) && file_is_sealed(file)) {
		(void)mm_unmap(mm, (vms_va)result, a[1]);
		result = -EPERM;
	}
	return result;
}

long sys_mmap(const uint64_t a[6])
{
	uint32_t prot = (uint32_t)a[2] & PROT_ALL, flags = (uint32_t)a[3] & ~FLAGS_OURS;
	struct mm *mm = this_process()->mm;
	struct file *file;
	long result;

	if (a[5] % VMS_PAGE != 0)
		return -EINVAL;
	if (flags & MM_ANONYMOUS)
		return mm_map(mm, a[0], a[1], prot, flags, NULL, 0);
	file = files_lookup(this_process()->files, (int)a[4]);
	if (file == NULL)
		return -EBADF;
	result = map_file(mm, a, prot, flags, file);
	file_put(file);
	return result;
}

long sys_munmap(const uint64_t a[6])
{
	return mm_unmap(this_process()->mm, a[0], a[1]);
}

long sys_mprotect(const uint64_t a[6])
{
	return mm_protect(this_process()->mm, a[0], a[1], a[2] > UINT32_MAX ? ~PROT_ALL : (uint32_t)a[2]);
}

/* Protection keys: this kernel gives out none, as on a processor without them. Key -1 is: no key. */
long sys_pkey_alloc(const uint64_t a[6])
{
	return a[0] != 0 || (a[1] & ~3ull) ? -EINVAL : -ENOSPC;
}

long sys_pkey_free(const uint64_t a[6])
{
	(void)a;
	return -EINVAL;
}

long sys_pkey_mprotect(const uint64_t a[6])
{
	return (int)a[3] == -1 ? sys_mprotect(a) : -EINVAL;
}

long sys_remap_file_pages(const uint64_t a[6])
{
	return a[2] != 0 ? -EINVAL : mm_remap_file(this_process()->mm, a[0], a[1], a[3], (uint32_t)a[4]);
}

long sys_mremap(const uint64_t a[6])
{
	return mm_remap(this_process()->mm, a[0], a[1], a[2], a[3] > 7 ? ~0u : (uint32_t)a[3], a[4]);
}

long sys_madvise(const uint64_t a[6])
{
	return mm_advise(this_process()->mm, a[0], a[1], (int)a[2]);
}

long sys_mlock(const uint64_t a[6])
{
	return mm_lock(this_process()->mm, a[0], a[1], 0);
}

long sys_mlock2(const uint64_t a[6])
{
	return mm_lock(this_process()->mm, a[0], a[1], (uint32_t)a[2]);
}

long sys_munlock(const uint64_t a[6])
{
	return mm_unlock(this_process()->mm, a[0], a[1]);
}

enum { MCL_CURRENT = 1, MCL_FUTURE = 2, MCL_ONFAULT = 4 };

long sys_mlockall(const uint64_t a[6])
{
	int flags = (int)a[0];

	if (flags == 0 || (flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)) || flags == MCL_ONFAULT)
		return -EINVAL;
	return mm_lock_all(this_process()->mm, (uint32_t)flags);
}

long sys_munlockall(const uint64_t a[6])
{
	(void)a;
	return mm_lock_all(this_process()->mm, 0);
}

long sys_msync(const uint64_t a[6])
{
	return mm_sync(this_process()->mm, a[0], a[1], (uint32_t)a[2]);
}

static bool is_user(vms_va va, uint64_t len)
{
	return len <= VMS_USER_END && va <= VMS_USER_END - len;
}

long sys_mincore(const uint64_t a[6])
{
	uint64_t nr = page_up(a[1]) / VMS_PAGE;
	struct mm_page page[64];
	unsigned char in[64];

	if (a[0] % VMS_PAGE != 0)
		return -EINVAL;
	if (!is_user(a[0], a[1]))
		return -ENOMEM;
	if (!is_user(a[2], nr))
		return -EFAULT;
	for (uint64_t done = 0; done < nr; done += ARRAY_LEN(page)) {
		uint64_t part = min_u64(nr - done, ARRAY_LEN(page));
		long result = mm_look(this_process()->mm, a[0] + done * VMS_PAGE, part, page);

		if (result != 0)
			return result;
		for (uint64_t i = 0; i < part; i++) {
			if (!page[i].is_memory)
				return -ENOMEM;
			in[i] = page[i].in_memory;
		}
		result = user_write(a[2] + done, in, part);
		if (result != 0)
			return result;
	}
	return 0;
}

long sys_brk(const uint64_t a[6])
{
	return (long)mm_brk(this_process()->mm, a[0]);
}
