/*
 * System calls on memory: arguments are checked here, the work is mm/'s.
 */
#include <kernel/errno.h>
#include <kernel/fs/fs.h>
#include <kernel/process.h>
#include <kernel/syscall.h>
#include <mm/mm.h>

/* May this file be mapped so? */
static long file_check(struct file *file, uint32_t prot, uint32_t *flags)
{
	if (!file_is_regular(file))
		return -ENODEV;
	if (!file_can_read(file))
		return -EACCES;
	if ((*flags & MM_SHARED) && !file_can_write(file)) {
		if (prot & MM_PROT_WRITE)
			return -EACCES;
		*flags |= MM_FILE_READ_ONLY;
	}
	return 0;
}

long sys_mmap(const uint64_t a[6])
{
	uint32_t prot = (uint32_t)a[2], flags = (uint32_t)a[3] & ~MM_FILE_READ_ONLY;
	struct mm *mm = this_process()->mm;
	struct file *file;
	long result;

	if (flags & MM_ANONYMOUS)
		return mm_map(mm, a[0], a[1], prot, flags, NULL, 0);
	file = files_lookup(this_process()->files, (int)a[4]);
	if (file == NULL)
		return -EBADF;
	result = file_check(file, prot, &flags);
	if (result == 0)
		result = mm_map(mm, a[0], a[1], prot, flags, file, a[5]);
	file_put(file);
	return result;
}

long sys_munmap(const uint64_t a[6])
{
	return mm_unmap(this_process()->mm, a[0], a[1]);
}

long sys_mprotect(const uint64_t a[6])
{
	return mm_protect(this_process()->mm, a[0], a[1], a[2] > 7 ? ~0u : (uint32_t)a[2]);
}

long sys_mremap(const uint64_t a[6])
{
	return mm_remap(this_process()->mm, a[0], a[1], a[2], a[3] > 3 ? ~0u : (uint32_t)a[3], a[4]);
}

long sys_madvise(const uint64_t a[6])
{
	return mm_advise(this_process()->mm, a[0], a[1], (int)a[2]);
}

long sys_brk(const uint64_t a[6])
{
	return (long)mm_brk(this_process()->mm, a[0]);
}
