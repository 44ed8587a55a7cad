/*
 * Readers and writers: reach user memory through pointers that nobody vouches for.
 *
 * A reader or writer is a range of user addresses of the space that is active on this CPU, checked once
 * when it is made; after that no address derived from it leaves user space, not even speculatively. Every
 * access may fault; the space's handler is asked first, and if it does not help, the call says how far it
 * got. Nothing is locked and nothing is pinned: if the thread moves to a CPU with another space active,
 * that space's memory is what it sees, never the kernel's.
 */
#ifndef VMS_USER_H
#define VMS_USER_H

#include <vms/space.h>
#include <vms/types.h>

/* The bytes [at, end) are still to be read. */
struct vms_reader {
	vms_va at;
	vms_va end;
};

/* The bytes [at, end) are still to be written. */
struct vms_writer {
	vms_va at;
	vms_va end;
};

/**
 * Make a reader (a writer, both) of [va, va + len) in a space.
 *
 * va, len  any: no alignment, no mapping needed; 0 is fine for either.
 *
 * Returns  VMS_OK
 *          VMS_ACCESS_DENIED  the space is not the active one here, or the range leaves user space
 * Context  any.
 */
VMS_MUST_USE enum vms_status vms_space_reader(struct vms_space *space, vms_va va, uint64_t len,
					      struct vms_reader *reader);
VMS_MUST_USE enum vms_status vms_space_writer(struct vms_space *space, vms_va va, uint64_t len,
					      struct vms_writer *writer);
VMS_MUST_USE enum vms_status vms_space_reader_writer(struct vms_space *space, vms_va va, uint64_t len,
						     struct vms_reader *reader, struct vms_writer *writer);

/* Bytes still to be read, or room still to be written. */
static inline uint64_t vms_reader_remain(const struct vms_reader *reader)
{
	return reader->end - reader->at;
}
static inline uint64_t vms_writer_avail(const struct vms_writer *writer)
{
	return writer->end - writer->at;
}

/**
 * Make it at most len bytes long from the position; it never grows.
 */
void vms_reader_limit(struct vms_reader *reader, uint64_t len);
void vms_writer_limit(struct vms_writer *writer, uint64_t len);

/**
 * Step over len bytes. Returns VMS_OK, or VMS_INVALID if fewer are left; then nothing moved.
 */
VMS_MUST_USE enum vms_status vms_reader_skip(struct vms_reader *reader, uint64_t len);
VMS_MUST_USE enum vms_status vms_writer_skip(struct vms_writer *writer, uint64_t len);

/**
 * Copy min(len, remain) bytes from user memory to kernel memory, or min(len, avail) the other way.
 *
 * done  bytes copied; the position moved by as many.
 *
 * Returns  VMS_OK          done == min(len, remain)
 *          VMS_PAGE_FAULT  the byte after the first `done` could not be accessed
 * Context  where the space's fault handler may run; interrupts on if that sleeps. No cursor open on the range.
 */
VMS_MUST_USE enum vms_status vms_reader_copy(struct vms_reader *reader, void *to, uint64_t len, uint64_t *done);
VMS_MUST_USE enum vms_status vms_writer_copy(struct vms_writer *writer, const void *from, uint64_t len, uint64_t *done);

/**
 * Write min(len, avail) zeros. Otherwise as vms_writer_copy().
 */
VMS_MUST_USE enum vms_status vms_writer_fill_zeros(struct vms_writer *writer, uint64_t len, uint64_t *done);

/**
 * Read or write one value of any type and alignment, all of it or nothing.
 *
 * Returns  VMS_OK          the position moved by size
 *          VMS_INVALID     fewer than size bytes are left; nothing moved
 *          VMS_PAGE_FAULT  nothing moved; part of the value may have been written
 */
VMS_MUST_USE enum vms_status vms_reader_value(struct vms_reader *reader, void *to, uint64_t size);
VMS_MUST_USE enum vms_status vms_writer_value(struct vms_writer *writer, const void *from, uint64_t size);

/**
 * Load an aligned 32-bit or 64-bit user word at the position, in one access. The position does not move.
 *
 * Returns  VMS_OK, VMS_INVALID (unaligned, or too few bytes left), VMS_PAGE_FAULT.
 */
VMS_MUST_USE enum vms_status vms_reader_atomic_load32(const struct vms_reader *reader, uint32_t *value);
VMS_MUST_USE enum vms_status vms_reader_atomic_load64(const struct vms_reader *reader, uint64_t *value);

/**
 * If the aligned user word at the position is `expected`, make it `desired`, atomically.
 *
 * seen  what was there before; the exchange took place iff *seen == expected. The position does not move.
 *
 * Returns  VMS_OK, VMS_INVALID (unaligned, or too few bytes left), VMS_PAGE_FAULT.
 */
VMS_MUST_USE enum vms_status vms_writer_atomic_cmpxchg32(const struct vms_writer *writer, uint32_t expected,
							 uint32_t desired, uint32_t *seen);
VMS_MUST_USE enum vms_status vms_writer_atomic_cmpxchg64(const struct vms_writer *writer, uint64_t expected,
							 uint64_t desired, uint64_t *seen);

/**
 * Read or write the memory of a space that need not be active anywhere, as a debugger does: page by page
 * under a cursor, through the frames themselves. What a page does not grant to the program it does not grant
 * here either, and no fault handler is asked.
 *
 * done  bytes copied.
 *
 * Returns  VMS_OK
 *          VMS_ACCESS_DENIED  the range leaves user space, or the space is the kernel's
 *          VMS_PAGE_FAULT     the page after the first `done` bytes is not mapped so
 * Context  no cursor open on the range. Allocates nothing. Cost: one cursor a page.
 */
VMS_MUST_USE enum vms_status vms_space_read(struct vms_space *space, vms_va va, void *to, uint64_t len, uint64_t *done);
VMS_MUST_USE enum vms_status vms_space_write(struct vms_space *space, vms_va va, const void *from, uint64_t len,
					     uint64_t *done);

#endif
