/*
 * System-call arguments that point to user memory, through the library's readers and writers.
 */
#include <kernel/errno.h>
#include <kernel/user.h>

long user_read(void *to, vms_va from, uint64_t len)
{
	struct vms_reader reader;

	if (vms_space_reader(vms_space_current(), from, len, &reader) != VMS_OK ||
	    vms_reader_value(&reader, to, len) != VMS_OK)
		return -EFAULT;
	return 0;
}

long user_write(vms_va to, const void *from, uint64_t len)
{
	struct vms_writer writer;

	if (vms_space_writer(vms_space_current(), to, len, &writer) != VMS_OK ||
	    vms_writer_value(&writer, from, len) != VMS_OK)
		return -EFAULT;
	return 0;
}

long user_zero(vms_va to, uint64_t len)
{
	struct vms_writer writer;
	uint64_t done;

	if (vms_space_writer(vms_space_current(), to, len, &writer) != VMS_OK ||
	    vms_writer_fill_zeros(&writer, len, &done) != VMS_OK)
		return -EFAULT;
	return 0;
}

/* Page by page: the string may end just before memory that is not there. */
long user_string(char *to, size_t size, vms_va from)
{
	size_t len = 0;

	while (len < size) {
		uint64_t part = min_u64(VMS_PAGE - (from + len) % VMS_PAGE, size - len);

		if (user_read(to + len, from + len, part) < 0)
			return -EFAULT;
		for (uint64_t i = 0; i < part; i++) {
			if (to[len + i] == '\0')
				return (long)(len + i);
		}
		len += part;
	}
	return -ENAMETOOLONG;
}
