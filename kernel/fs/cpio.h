/*
 * Reader of cpio archives in the "newc" format, several after each other if need be. Bytes in, callbacks out: it
 * allocates nothing and believes nothing that the archive says.
 */
#ifndef KERNEL_FS_CPIO_H
#define KERNEL_FS_CPIO_H

#include <stdbool.h>
#include <stdint.h>

struct cpio_entry {
	const char *name; /* in the archive, with a NUL; as it was packed, but for leading "/" and "./" */
	uint32_t inode, mode, uid, gid, nr_links, mtime;
	uint32_t dev_major, dev_minor, rdev_major, rdev_minor;
	const uint8_t *data;
	uint64_t len;
	uint64_t offset; /* of its header, for messages */
};

struct cpio_reader {
	/* One entry; an error ends the reading and is returned. */
	long (*entry)(void *context, const struct cpio_entry *entry);
	/* An archive is over; inode numbers begin anew. */
	void (*end)(void *context);
	void *context;
	/* What was wrong, and where: set when cpio_read() gives -EINVAL. */
	const char *wrong;
	const char *name; /* of the entry, or "" */
	uint64_t offset;
};

/* 0, -EINVAL for a broken archive, or what the callback returned. */
long cpio_read(struct cpio_reader *reader, const uint8_t *bytes, uint64_t len);

#endif
