/*
 * Readers and writers over the kernel's own memory.
 *
 * Invariant of both: at <= end, in one object of the caller's.
 */
#include <vms/plain.h>

#include "atomic.h"

/*@ assigns \nothing; ensures \result == \min(a, b); */
static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

void vms_plain_reader_limit(struct vms_plain_reader *reader, uint64_t len)
{
	reader->end = reader->at + smaller(len, vms_plain_remain(reader));
}

void vms_plain_writer_limit(struct vms_plain_writer *writer, uint64_t len)
{
	writer->end = writer->at + smaller(len, vms_plain_avail(writer));
}

enum vms_status vms_plain_reader_skip(struct vms_plain_reader *reader, uint64_t len)
{
	if (len > vms_plain_remain(reader))
		return VMS_INVALID;
	reader->at += len;
	return VMS_OK;
}

enum vms_status vms_plain_writer_skip(struct vms_plain_writer *writer, uint64_t len)
{
	if (len > vms_plain_avail(writer))
		return VMS_INVALID;
	writer->at += len;
	return VMS_OK;
}

/* The two may overlap: start at the end that is not overwritten before it is read. */
/*@ requires \valid(to + (0 .. len - 1)) && \valid_read(from + (0 .. len - 1));
  @ assigns to[0 .. len - 1];
  @ ensures \forall integer k; 0 <= k < len ==> to[k] == \at(from[k], Pre); */
static void copy(unsigned char *to, const unsigned char *from, uint64_t len)
{
	if (to <= from) {
		/*@ loop invariant 0 <= i <= len && \forall integer k; 0 <= k < i ==> to[k] == \at(from[k], Pre);
		  @ loop invariant \forall integer k; i <= k < len ==> from[k] == \at(from[k], Pre);
		  @ loop assigns i, to[0 .. len - 1];
		  @ loop variant len - i; */
		for (uint64_t i = 0; i < len; i++)
			to[i] = from[i];
	} else {
		/*@ loop invariant 0 <= i <= len && \forall integer k; i <= k < len ==> to[k] == \at(from[k], Pre);
		  @ loop invariant \forall integer k; 0 <= k < i ==> from[k] == \at(from[k], Pre);
		  @ loop assigns i, to[0 .. len - 1];
		  @ loop variant i; */
		for (uint64_t i = len; i > 0; i--)
			to[i - 1] = from[i - 1];
	}
}

uint64_t vms_plain_copy(struct vms_plain_reader *from, struct vms_plain_writer *to)
{
	uint64_t len = smaller(vms_plain_remain(from), vms_plain_avail(to));

	copy(to->at, from->at, len);
	from->at += len;
	to->at += len;
	return len;
}

enum vms_status vms_plain_from_user(struct vms_reader *from, struct vms_plain_writer *to, uint64_t *done)
{
	enum vms_status status = vms_reader_copy(from, to->at, vms_plain_avail(to), done);

	to->at += *done;
	return status;
}

enum vms_status vms_plain_to_user(struct vms_plain_reader *from, struct vms_writer *to, uint64_t *done)
{
	enum vms_status status = vms_writer_copy(to, from->at, vms_plain_remain(from), done);

	from->at += *done;
	return status;
}

uint64_t vms_plain_fill_zeros(struct vms_plain_writer *writer, uint64_t len)
{
	uint64_t nr = smaller(len, vms_plain_avail(writer));

	/*@ loop invariant 0 <= i <= nr && \forall integer k; 0 <= k < i ==> writer->at[k] == 0;
	  @ loop assigns i, writer->at[0 .. nr - 1];
	  @ loop variant nr - i; */
	for (uint64_t i = 0; i < nr; i++)
		writer->at[i] = 0;
	writer->at += nr;
	return nr;
}

enum vms_status vms_plain_reader_value(struct vms_plain_reader *reader, void *to, uint64_t size)
{
	if (size > vms_plain_remain(reader))
		return VMS_INVALID;
	copy(to, reader->at, size);
	reader->at += size;
	return VMS_OK;
}

enum vms_status vms_plain_writer_value(struct vms_plain_writer *writer, const void *from, uint64_t size)
{
	if (size > vms_plain_avail(writer))
		return VMS_INVALID;
	copy(writer->at, from, size);
	writer->at += size;
	return VMS_OK;
}

/* May a word of this size be at this address, with `left` bytes from there? */
/*@ assigns \nothing; ensures \result ==> word_size(size) && size <= left; */
static bool is_word(const unsigned char *at, uint64_t left, uint32_t size)
{
	return (size == 1 || size == 2 || size == 4 || size == 8) && left >= size && (uintptr_t)at % size == 0;
}

enum vms_status vms_plain_reader_once(struct vms_plain_reader *reader, uint32_t size, uint64_t *value)
{
	if (!is_word(reader->at, vms_plain_remain(reader), size))
		return VMS_INVALID;
	*value = vms__load_once(reader->at, size);
	reader->at += size;
	return VMS_OK;
}

enum vms_status vms_plain_writer_once(struct vms_plain_writer *writer, uint32_t size, uint64_t value)
{
	if (!is_word(writer->at, vms_plain_avail(writer), size))
		return VMS_INVALID;
	vms__store_once(writer->at, size, value);
	writer->at += size;
	return VMS_OK;
}
