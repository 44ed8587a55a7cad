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

/*@
  // The invariant of both: [at, end) is in one object.
  predicate to_read{L}(struct vms_plain_reader *r) =
    \valid(r) && r->at <= r->end && \base_addr(r->at) == \base_addr(r->end) &&
    r->end - r->at <= 0x7fffffffffffffff && \valid_read(r->at + (0 .. r->end - r->at - 1)) &&
    \separated(r, r->at + (0 .. r->end - r->at - 1));
  predicate to_write{L}(struct vms_plain_writer *w) =
    \valid(w) && w->at <= w->end && \base_addr(w->at) == \base_addr(w->end) &&
    w->end - w->at <= 0x7fffffffffffffff && \valid(w->at + (0 .. w->end - w->at - 1)) &&
    \separated(w, w->at + (0 .. w->end - w->at - 1));
  predicate word_size(integer size) = size == 1 || size == 2 || size == 4 || size == 8;
*/

/**
 * Make a reader or writer of `len` bytes that the caller may read or write until it is done with it.
 */
/*@ assigns \nothing;
  @ ensures \result.at == (const unsigned char *)at && \result.end == \result.at + len; */
static inline struct vms_plain_reader vms_plain_reader(const void *at, uint64_t len)
{
	const unsigned char *start = at;
	struct vms_plain_reader reader = {start, start + len};

	return reader;
}
/*@ assigns \nothing;
  @ ensures \result.at == (unsigned char *)at && \result.end == \result.at + len; */
static inline struct vms_plain_writer vms_plain_writer(void *at, uint64_t len)
{
	unsigned char *start = at;
	struct vms_plain_writer writer = {start, start + len};

	return writer;
}

/* Bytes still to be read, or room still to be written. */
/*@ requires to_read(reader);
  @ assigns \nothing;
  @ ensures \result == reader->end - reader->at; */
static inline uint64_t vms_plain_remain(const struct vms_plain_reader *reader)
{
	return (uint64_t)(reader->end - reader->at);
}
/*@ requires to_write(writer);
  @ assigns \nothing;
  @ ensures \result == writer->end - writer->at; */
static inline uint64_t vms_plain_avail(const struct vms_plain_writer *writer)
{
	return (uint64_t)(writer->end - writer->at);
}

/**
 * Make it at most len bytes long from the position; it never grows.
 */
/*@ requires to_read(reader);
  @ assigns reader->end;
  @ ensures reader->end == reader->at + \min(len, \old(reader->end - reader->at)) && to_read(reader); */
void vms_plain_reader_limit(struct vms_plain_reader *reader, uint64_t len);
/*@ requires to_write(writer);
  @ assigns writer->end;
  @ ensures writer->end == writer->at + \min(len, \old(writer->end - writer->at)) && to_write(writer); */
void vms_plain_writer_limit(struct vms_plain_writer *writer, uint64_t len);

/**
 * Step over len bytes. Returns VMS_OK, or VMS_INVALID if fewer are left; then nothing moved.
 */
/*@ requires to_read(reader);
  @ assigns reader->at;
  @ ensures \result == (len > \old(reader->end - reader->at) ? VMS_INVALID : VMS_OK);
  @ ensures reader->at == \old(reader->at) + (\result == VMS_OK ? len : 0) && to_read(reader); */
VMS_MUST_USE enum vms_status vms_plain_reader_skip(struct vms_plain_reader *reader, uint64_t len);
/*@ requires to_write(writer);
  @ assigns writer->at;
  @ ensures \result == (len > \old(writer->end - writer->at) ? VMS_INVALID : VMS_OK);
  @ ensures writer->at == \old(writer->at) + (\result == VMS_OK ? len : 0) && to_write(writer); */
VMS_MUST_USE enum vms_status vms_plain_writer_skip(struct vms_plain_writer *writer, uint64_t len);

/**
 * Copy min(remain, avail) bytes; the two may overlap. Both positions advance by the count, which is the
 * result.
 */
/*@ requires to_read(from) && to_write(to) && \separated(from, to);
  @ requires \separated(from, to->at + (0 .. to->end - to->at - 1));
  @ assigns from->at, to->at, to->at[0 .. \min(from->end - from->at, to->end - to->at) - 1];
  @ ensures \result == \min(\old(from->end - from->at), \old(to->end - to->at));
  @ ensures from->at == \old(from->at) + \result && to->at == \old(to->at) + \result;
  @ ensures \forall integer k; 0 <= k < \result ==> \old(to->at)[k] == \at(from->at[k], Pre);
  @ ensures to_read(from) && to_write(to); */
uint64_t vms_plain_copy(struct vms_plain_reader *from, struct vms_plain_writer *to);

/**
 * The same from or to user memory, of which a reader or writer stands for what the user named.
 *
 * done     bytes copied; both positions moved by as many.
 * Returns  VMS_OK, or VMS_PAGE_FAULT as vms_reader_copy() and vms_writer_copy(), whose context is due.
 */
/*@ requires \valid(from) && user_range(from->at, from->end) && to_write(to) && \valid(done);
  @ requires \separated(from, to, done, to->at + (0 .. to->end - to->at - 1));
  @ assigns from->at, to->at, *done, to->at[0 .. to->end - to->at - 1];
  @ ensures *done <= \min(\old(from->end - from->at), \old(to->end - to->at));
  @ ensures from->at == \old(from->at) + *done && to->at == \old(to->at) + *done;
  @ ensures \result == (*done == \min(\old(from->end - from->at), \old(to->end - to->at)) ? VMS_OK : VMS_PAGE_FAULT);
  @ ensures user_range(from->at, from->end) && to_write(to); */
VMS_MUST_USE enum vms_status vms_plain_from_user(struct vms_reader *from, struct vms_plain_writer *to, uint64_t *done);
/*@ requires to_read(from) && \valid(to) && user_range(to->at, to->end) && \valid(done);
  @ requires \separated(from, to, done, from->at + (0 .. from->end - from->at - 1));
  @ assigns from->at, to->at, *done;
  @ ensures *done <= \min(\old(from->end - from->at), \old(to->end - to->at));
  @ ensures from->at == \old(from->at) + *done && to->at == \old(to->at) + *done;
  @ ensures \result == (*done == \min(\old(from->end - from->at), \old(to->end - to->at)) ? VMS_OK : VMS_PAGE_FAULT);
  @ ensures to_read(from) && user_range(to->at, to->end); */
VMS_MUST_USE enum vms_status vms_plain_to_user(struct vms_plain_reader *from, struct vms_writer *to, uint64_t *done);

/**
 * Write min(len, avail) zeros and step past them; the result is how many.
 */
/*@ requires to_write(writer);
  @ assigns writer->at, writer->at[0 .. \min(len, writer->end - writer->at) - 1];
  @ ensures \result == \min(len, \old(writer->end - writer->at)) && writer->at == \old(writer->at) + \result;
  @ ensures \forall integer k; 0 <= k < \result ==> \old(writer->at)[k] == 0;
  @ ensures to_write(writer); */
uint64_t vms_plain_fill_zeros(struct vms_plain_writer *writer, uint64_t len);

/**
 * Read or write one value of any type and alignment. Returns VMS_OK and the position moved by size, or
 * VMS_INVALID if fewer bytes are left, and nothing moved.
 */
/*@ requires to_read(reader) && \valid((unsigned char *)to + (0 .. size - 1));
  @ requires \separated(reader, (unsigned char *)to + (0 .. size - 1));
  @ assigns reader->at, ((unsigned char *)to)[0 .. size - 1];
  @ ensures \result == (size > \old(reader->end - reader->at) ? VMS_INVALID : VMS_OK);
  @ ensures reader->at == \old(reader->at) + (\result == VMS_OK ? size : 0) && to_read(reader);
  @ ensures \result == VMS_OK ==> \forall integer k; 0 <= k < size ==>
  @   ((unsigned char *)to)[k] == \at(reader->at[k], Pre);
  @ ensures \result != VMS_OK ==> \forall integer k; 0 <= k < size ==>
  @   ((unsigned char *)to)[k] == \at(((unsigned char *)to)[k], Pre); */
VMS_MUST_USE enum vms_status vms_plain_reader_value(struct vms_plain_reader *reader, void *to, uint64_t size);
/*@ requires to_write(writer) && \valid_read((const unsigned char *)from + (0 .. size - 1));
  @ requires \separated(writer, (const unsigned char *)from + (0 .. size - 1));
  @ assigns writer->at, writer->at[0 .. size - 1];
  @ ensures \result == (size > \old(writer->end - writer->at) ? VMS_INVALID : VMS_OK);
  @ ensures writer->at == \old(writer->at) + (\result == VMS_OK ? size : 0) && to_write(writer);
  @ ensures \result == VMS_OK ==> \forall integer k; 0 <= k < size ==>
  @   \old(writer->at)[k] == \at(((const unsigned char *)from)[k], Pre);
  @ ensures \result != VMS_OK ==> \forall integer k; 0 <= k < size ==> writer->at[k] == \at(writer->at[k], Pre); */
VMS_MUST_USE enum vms_status vms_plain_writer_value(struct vms_plain_writer *writer, const void *from, uint64_t size);

/**
 * Read or write one aligned word in a single access, as memory that devices or other CPUs watch needs.
 *
 * size     1, 2, 4 or 8 bytes. A narrower value is zero-extended, or cut to its low bytes.
 * Returns  VMS_OK and the position moved by size; VMS_INVALID (another size, unaligned, too few bytes left)
 *          and nothing moved.
 */
/*@ requires to_read(reader) && \valid(value) && \separated(reader, value);
  @ assigns reader->at, *value;
  @ ensures \result == VMS_OK ==> word_size(size) && reader->at == \old(reader->at) + size;
  @ ensures \result != VMS_OK ==> \result == VMS_INVALID && reader->at == \old(reader->at) && *value == \old(*value);
  @ ensures !word_size(size) || size > \old(reader->end - reader->at) ==> \result == VMS_INVALID;
  @ ensures to_read(reader); */
VMS_MUST_USE enum vms_status vms_plain_reader_once(struct vms_plain_reader *reader, uint32_t size, uint64_t *value);
/*@ requires to_write(writer);
  @ assigns writer->at, writer->at[0 .. size - 1];
  @ ensures \result == VMS_OK ==> word_size(size) && writer->at == \old(writer->at) + size;
  @ ensures \result != VMS_OK ==> \result == VMS_INVALID && writer->at == \old(writer->at);
  @ ensures !word_size(size) || size > \old(writer->end - writer->at) ==> \result == VMS_INVALID;
  @ ensures to_write(writer); */
VMS_MUST_USE enum vms_status vms_plain_writer_once(struct vms_plain_writer *writer, uint32_t size, uint64_t value);

#endif
