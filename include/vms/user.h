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

/*@
  // The invariant of both: a range of user addresses.
  predicate user_range(integer at, integer end) = 0 <= at <= end <= VMS_USER_END;
*/

/**
 * Make a reader (a writer, both) of [va, va + len) in a space.
 *
 * va, len  any: no alignment, no mapping needed; 0 is fine for either.
 *
 * Returns  VMS_OK
 *          VMS_ACCESS_DENIED  the space is not the active one here, or the range leaves user space
 * Context  any.
 */
/*@ requires \valid(reader) && \separated(reader, &vms_machine);
  @ assigns *reader;
  @ ensures \result == VMS_OK || \result == VMS_ACCESS_DENIED;
  @ ensures space == &vms_machine.kernel || va + len > VMS_USER_END ==> \result == VMS_ACCESS_DENIED;
  @ ensures \result == VMS_OK ==> reader->at == va && reader->end == va + len && user_range(reader->at, reader->end);
  @ ensures \result != VMS_OK ==> *reader == \old(*reader); */
VMS_MUST_USE enum vms_status vms_space_reader(struct vms_space *space, vms_va va, uint64_t len,
					      struct vms_reader *reader);
/*@ requires \valid(writer) && \separated(writer, &vms_machine);
  @ assigns *writer;
  @ ensures \result == VMS_OK || \result == VMS_ACCESS_DENIED;
  @ ensures space == &vms_machine.kernel || va + len > VMS_USER_END ==> \result == VMS_ACCESS_DENIED;
  @ ensures \result == VMS_OK ==> writer->at == va && writer->end == va + len && user_range(writer->at, writer->end);
  @ ensures \result != VMS_OK ==> *writer == \old(*writer); */
VMS_MUST_USE enum vms_status vms_space_writer(struct vms_space *space, vms_va va, uint64_t len,
					      struct vms_writer *writer);
/*@ requires \valid(reader) && \valid(writer) && \separated(reader, writer, &vms_machine);
  @ assigns *reader, *writer;
  @ ensures \result == VMS_OK || \result == VMS_ACCESS_DENIED;
  @ ensures space == &vms_machine.kernel || va + len > VMS_USER_END ==> \result == VMS_ACCESS_DENIED;
  @ ensures \result == VMS_OK ==> reader->at == writer->at == va && reader->end == writer->end == va + len &&
  @   user_range(va, va + len);
  @ ensures \result != VMS_OK ==> *reader == \old(*reader) && *writer == \old(*writer); */
VMS_MUST_USE enum vms_status vms_space_reader_writer(struct vms_space *space, vms_va va, uint64_t len,
						     struct vms_reader *reader, struct vms_writer *writer);

/* Bytes still to be read, or room still to be written. */
/*@ requires \valid_read(reader) && reader->at <= reader->end;
  @ assigns \nothing;
  @ ensures \result == reader->end - reader->at; */
static inline uint64_t vms_reader_remain(const struct vms_reader *reader)
{
	return reader->end - reader->at;
}
/*@ requires \valid_read(writer) && writer->at <= writer->end;
  @ assigns \nothing;
  @ ensures \result == writer->end - writer->at; */
static inline uint64_t vms_writer_avail(const struct vms_writer *writer)
{
	return writer->end - writer->at;
}

/**
 * Make it at most len bytes long from the position; it never grows.
 */
/*@ requires \valid(reader) && user_range(reader->at, reader->end);
  @ assigns reader->end;
  @ ensures reader->end == \min(\old(reader->end), reader->at + len) && user_range(reader->at, reader->end); */
void vms_reader_limit(struct vms_reader *reader, uint64_t len);
/*@ requires \valid(writer) && user_range(writer->at, writer->end);
  @ assigns writer->end;
  @ ensures writer->end == \min(\old(writer->end), writer->at + len) && user_range(writer->at, writer->end); */
void vms_writer_limit(struct vms_writer *writer, uint64_t len);

/**
 * Step over len bytes. Returns VMS_OK, or VMS_INVALID if fewer are left; then nothing moved.
 */
/*@ requires \valid(reader) && user_range(reader->at, reader->end);
  @ assigns reader->at;
  @ ensures \result == (len > reader->end - \old(reader->at) ? VMS_INVALID : VMS_OK);
  @ ensures reader->at == \old(reader->at) + (\result == VMS_OK ? len : 0) && user_range(reader->at, reader->end); */
VMS_MUST_USE enum vms_status vms_reader_skip(struct vms_reader *reader, uint64_t len);
/*@ requires \valid(writer) && user_range(writer->at, writer->end);
  @ assigns writer->at;
  @ ensures \result == (len > writer->end - \old(writer->at) ? VMS_INVALID : VMS_OK);
  @ ensures writer->at == \old(writer->at) + (\result == VMS_OK ? len : 0) && user_range(writer->at, writer->end); */
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
/*@ requires \valid(reader) && user_range(reader->at, reader->end) && \valid(done) && \separated(reader, done);
  @ requires \valid((unsigned char *)to + (0 .. \min(len, reader->end - reader->at) - 1));
  @ requires \separated((unsigned char *)to + (0 .. \min(len, reader->end - reader->at) - 1), reader, done);
  @ assigns ((unsigned char *)to)[0 .. \min(len, reader->end - reader->at) - 1], *done, reader->at;
  @ ensures *done <= \min(len, reader->end - \old(reader->at)) && reader->at == \old(reader->at) + *done;
  @ ensures \result == (*done == \min(len, reader->end - \old(reader->at)) ? VMS_OK : VMS_PAGE_FAULT);
  @ ensures user_range(reader->at, reader->end); */
VMS_MUST_USE enum vms_status vms_reader_copy(struct vms_reader *reader, void *to, uint64_t len, uint64_t *done);
/*@ requires \valid(writer) && user_range(writer->at, writer->end) && \valid(done) && \separated(writer, done);
  @ requires \valid_read((const unsigned char *)from + (0 .. \min(len, writer->end - writer->at) - 1));
  @ assigns *done, writer->at;
  @ ensures *done <= \min(len, writer->end - \old(writer->at)) && writer->at == \old(writer->at) + *done;
  @ ensures \result == (*done == \min(len, writer->end - \old(writer->at)) ? VMS_OK : VMS_PAGE_FAULT);
  @ ensures user_range(writer->at, writer->end); */
VMS_MUST_USE enum vms_status vms_writer_copy(struct vms_writer *writer, const void *from, uint64_t len, uint64_t *done);

/**
 * Write min(len, avail) zeros. Otherwise as vms_writer_copy().
 */
/*@ requires \valid(writer) && user_range(writer->at, writer->end) && \valid(done) && \separated(writer, done);
  @ assigns *done, writer->at;
  @ ensures *done <= \min(len, writer->end - \old(writer->at)) && writer->at == \old(writer->at) + *done;
  @ ensures \result == (*done == \min(len, writer->end - \old(writer->at)) ? VMS_OK : VMS_PAGE_FAULT);
  @ ensures user_range(writer->at, writer->end); */
VMS_MUST_USE enum vms_status vms_writer_fill_zeros(struct vms_writer *writer, uint64_t len, uint64_t *done);

/**
 * Read or write one value of any type and alignment, all of it or nothing.
 *
 * Returns  VMS_OK          the position moved by size
 *          VMS_INVALID     fewer than size bytes are left; nothing moved
 *          VMS_PAGE_FAULT  nothing moved; part of the value may have been written
 */
/*@ requires \valid(reader) && user_range(reader->at, reader->end);
  @ requires \valid((unsigned char *)to + (0 .. size - 1));
  @ requires \separated((unsigned char *)to + (0 .. size - 1), reader);
  @ assigns ((unsigned char *)to)[0 .. size - 1], reader->at;
  @ ensures \result == VMS_INVALID <==> size > reader->end - \old(reader->at);
  @ ensures \result == VMS_OK || \result == VMS_INVALID || \result == VMS_PAGE_FAULT;
  @ ensures reader->at == \old(reader->at) + (\result == VMS_OK ? size : 0) && user_range(reader->at, reader->end); */
VMS_MUST_USE enum vms_status vms_reader_value(struct vms_reader *reader, void *to, uint64_t size);
/*@ requires \valid(writer) && user_range(writer->at, writer->end);
  @ requires \valid_read((const unsigned char *)from + (0 .. size - 1));
  @ assigns writer->at;
  @ ensures \result == VMS_INVALID <==> size > writer->end - \old(writer->at);
  @ ensures \result == VMS_OK || \result == VMS_INVALID || \result == VMS_PAGE_FAULT;
  @ ensures writer->at == \old(writer->at) + (\result == VMS_OK ? size : 0) && user_range(writer->at, writer->end); */
VMS_MUST_USE enum vms_status vms_writer_value(struct vms_writer *writer, const void *from, uint64_t size);

/**
 * Load an aligned 32-bit or 64-bit user word at the position, in one access. The position does not move.
 *
 * Returns  VMS_OK, VMS_INVALID (unaligned, or too few bytes left), VMS_PAGE_FAULT.
 */
/*@ requires \valid_read(reader) && user_range(reader->at, reader->end) && \valid(value) && \separated(reader, value);
  @ assigns *value;
  @ ensures \result == VMS_INVALID <==> reader->end - reader->at < 4 || reader->at % 4 != 0;
  @ ensures \result == VMS_OK || \result == VMS_INVALID || \result == VMS_PAGE_FAULT;
  @ ensures \result != VMS_OK ==> *value == \old(*value); */
VMS_MUST_USE enum vms_status vms_reader_atomic_load32(const struct vms_reader *reader, uint32_t *value);
/*@ requires \valid_read(reader) && user_range(reader->at, reader->end) && \valid(value) && \separated(reader, value);
  @ assigns *value;
  @ ensures \result == VMS_INVALID <==> reader->end - reader->at < 8 || reader->at % 8 != 0;
  @ ensures \result == VMS_OK || \result == VMS_INVALID || \result == VMS_PAGE_FAULT;
  @ ensures \result != VMS_OK ==> *value == \old(*value); */
VMS_MUST_USE enum vms_status vms_reader_atomic_load64(const struct vms_reader *reader, uint64_t *value);

/**
 * If the aligned user word at the position is `expected`, make it `desired`, atomically.
 *
 * seen  what was there before; the exchange took place iff *seen == expected. The position does not move.
 *
 * Returns  VMS_OK, VMS_INVALID (unaligned, or too few bytes left), VMS_PAGE_FAULT.
 */
/*@ requires \valid_read(writer) && user_range(writer->at, writer->end) && \valid(seen) && \separated(writer, seen);
  @ assigns *seen;
  @ ensures \result == VMS_INVALID <==> writer->end - writer->at < 4 || writer->at % 4 != 0;
  @ ensures \result == VMS_OK || \result == VMS_INVALID || \result == VMS_PAGE_FAULT;
  @ ensures \result != VMS_OK ==> *seen == \old(*seen); */
VMS_MUST_USE enum vms_status vms_writer_atomic_cmpxchg32(const struct vms_writer *writer, uint32_t expected,
							 uint32_t desired, uint32_t *seen);
/*@ requires \valid_read(writer) && user_range(writer->at, writer->end) && \valid(seen) && \separated(writer, seen);
  @ assigns *seen;
  @ ensures \result == VMS_INVALID <==> writer->end - writer->at < 8 || writer->at % 8 != 0;
  @ ensures \result == VMS_OK || \result == VMS_INVALID || \result == VMS_PAGE_FAULT;
  @ ensures \result != VMS_OK ==> *seen == \old(*seen); */
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
