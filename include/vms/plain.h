/*
 * Readers and writers over the kernel's own memory: the same bounded positions as over user memory, but no
 * access can fault. The caller vouches for the memory.
 */
#ifndef VMS_PLAIN_H
#define VMS_PLAIN_H

#include <vms/types.h>
#include <vms/user.h>

/* The bytes [at, end) are still to be read. */
struct vms_plain_reader {
	const unsigned char *at;
	const unsigned char *end;
};

/* The bytes [at, end) are still to be written. */
struct vms_plain_writer {
	unsigned char *at;
	unsigned char *end;
};

/**
 * Make a reader or writer of `len` bytes that the caller may read or write until it is done with it.
 */
static inline struct vms_plain_reader vms_plain_reader(const void *at, uint64_t len)
{
	const unsigned char *start = at;
	struct vms_plain_reader reader = {start, start + len};

	return reader;
}
static inline struct vms_plain_writer vms_plain_writer(void *at, uint64_t len)
{
	unsigned char *start = at;
	struct vms_plain_writer writer = {start, start + len};

	return writer;
}

/* Bytes still to be read, or room still to be written. */
static inline uint64_t vms_plain_remain(const struct vms_plain_reader *reader)
{
	return (uint64_t)(reader->end - reader->at);
}
static inline uint64_t vms_plain_avail(const struct vms_plain_writer *writer)
{
	return (uint64_t)(writer->end - writer->at);
}

/**
 * Make it at most len bytes long from the position; it never grows.
 */
void vms_plain_reader_limit(struct vms_plain_reader *reader, uint64_t len);
void vms_plain_writer_limit(struct vms_plain_writer *writer, uint64_t len);

/**
 * Step over len bytes. Returns VMS_OK, or VMS_INVALID if fewer are left; then nothing moved.
 */
VMS_MUST_USE enum vms_status vms_plain_reader_skip(struct vms_plain_reader *reader, uint64_t len);
VMS_MUST_USE enum vms_status vms_plain_writer_skip(struct vms_plain_writer *writer, uint64_t len);

/**
 * Copy min(remain, avail) bytes; the two may overlap. Both positions advance by the count, which is the
 * result.
 */
uint64_t vms_plain_copy(struct vms_plain_reader *from, struct vms_plain_writer *to);

/**
 * The same from or to user memory, of which a reader or writer stands for what the user named.
 *
 * done     bytes copied; both positions moved by as many.
 * Returns  VMS_OK, or VMS_PAGE_FAULT as vms_reader_copy() and vms_writer_copy(), whose context is due.
 */
VMS_MUST_USE enum vms_status vms_plain_from_user(struct vms_reader *from, struct vms_plain_writer *to, uint64_t *done);
VMS_MUST_USE enum vms_status vms_plain_to_user(struct vms_plain_reader *from, struct vms_writer *to, uint64_t *done);

/**
 * Write min(len, avail) zeros and step past them; the result is how many.
 */
uint64_t vms_plain_fill_zeros(struct vms_plain_writer *writer, uint64_t len);

/**
 * Read or write one value of any type and alignment. Returns VMS_OK and the position moved by size, or
 * VMS_INVALID if fewer bytes are left, and nothing moved.
 */
VMS_MUST_USE enum vms_status vms_plain_reader_value(struct vms_plain_reader *reader, void *to, uint64_t size);
VMS_MUST_USE enum vms_status vms_plain_writer_value(struct vms_plain_writer *writer, const void *from, uint64_t size);

/**
 * Read or write one aligned word in a single access, as memory that devices or other CPUs watch needs.
 *
 * size     1, 2, 4 or 8 bytes. A narrower value is zero-extended, or cut to its low bytes.
 * Returns  VMS_OK and the position moved by size; VMS_INVALID (another size, unaligned, too few bytes left)
 *          and nothing moved.
 */
VMS_MUST_USE enum vms_status vms_plain_reader_once(struct vms_plain_reader *reader, uint32_t size, uint64_t *value);
VMS_MUST_USE enum vms_status vms_plain_writer_once(struct vms_plain_writer *writer, uint32_t size, uint64_t value);

#endif
