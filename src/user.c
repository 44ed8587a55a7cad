/*
 * Readers and writers over user memory.
 *
 * Invariant of both: at <= end <= VMS_USER_END, kept by every function here, so no access needs another
 * range check. The machine's copy routines clamp the address once more, against speculation.
 */
#include <vms/user.h>

#include <vms/machine.h>
#include <vms/port.h>
#include <mmu.h>

/* Is [va, va + len) user memory of the active space? */
/*@ assigns \nothing;
  @ ensures \result ==> space != &vms_machine.kernel && va + len <= VMS_USER_END; */
static bool is_user_range(struct vms_space *space, vms_va va, uint64_t len)
{
	bool active;

	vms_port_preempt_off();
	active = space == vms_space_current();
	vms_port_preempt_on();
	return active && space != &vms_machine.kernel && len <= VMS_USER_END && va <= VMS_USER_END - len;
}

enum vms_status vms_space_reader(struct vms_space *space, vms_va va, uint64_t len, struct vms_reader *reader)
{
	if (!is_user_range(space, va, len))
		return VMS_ACCESS_DENIED;
	reader->at = va;
	reader->end = va + len;
	return VMS_OK;
}

enum vms_status vms_space_writer(struct vms_space *space, vms_va va, uint64_t len, struct vms_writer *writer)
{
	if (!is_user_range(space, va, len))
		return VMS_ACCESS_DENIED;
	writer->at = va;
	writer->end = va + len;
	return VMS_OK;
}

enum vms_status vms_space_reader_writer(struct vms_space *space, vms_va va, uint64_t len, struct vms_reader *reader,
					struct vms_writer *writer)
{
	if (!is_user_range(space, va, len))
		return VMS_ACCESS_DENIED;
	reader->at = writer->at = va;
	reader->end = writer->end = va + len;
	return VMS_OK;
}

//@ assigns \nothing; ensures \result == \min(a, b);
static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

void vms_reader_limit(struct vms_reader *reader, uint64_t len)
{
	reader->end = reader->at + smaller(len, vms_reader_remain(reader));
}

void vms_writer_limit(struct vms_writer *writer, uint64_t len)
{
	writer->end = writer->at + smaller(len, vms_writer_avail(writer));
}

enum vms_status vms_reader_skip(struct vms_reader *reader, uint64_t len)
{
	if (len > vms_reader_remain(reader))
		return VMS_INVALID;
	reader->at += len;
	return VMS_OK;
}

enum vms_status vms_writer_skip(struct vms_writer *writer, uint64_t len)
{
	if (len > vms_writer_avail(writer))
		return VMS_INVALID;
	writer->at += len;
	return VMS_OK;
}

enum vms_status vms_reader_copy(struct vms_reader *reader, void *to, uint64_t len, uint64_t *done)
{
	uint64_t want = smaller(len, vms_reader_remain(reader));

	*done = arch_user_copy_in(to, reader->at, want);
	reader->at += *done;
	return *done == want ? VMS_OK : VMS_PAGE_FAULT;
}

enum vms_status vms_writer_copy(struct vms_writer *writer, const void *from, uint64_t len, uint64_t *done)
{
	uint64_t want = smaller(len, vms_writer_avail(writer));

	*done = arch_user_copy_out(writer->at, from, want);
	writer->at += *done;
	return *done == want ? VMS_OK : VMS_PAGE_FAULT;
}

enum vms_status vms_writer_fill_zeros(struct vms_writer *writer, uint64_t len, uint64_t *done)
{
	uint64_t want = smaller(len, vms_writer_avail(writer));

	*done = arch_user_zero(writer->at, want);
	writer->at += *done;
	return *done == want ? VMS_OK : VMS_PAGE_FAULT;
}

enum vms_status vms_reader_value(struct vms_reader *reader, void *to, uint64_t size)
{
	if (size > vms_reader_remain(reader))
		return VMS_INVALID;
	if (arch_user_copy_in(to, reader->at, size) != size)
		return VMS_PAGE_FAULT;
	reader->at += size;
	return VMS_OK;
}

enum vms_status vms_writer_value(struct vms_writer *writer, const void *from, uint64_t size)
{
	if (size > vms_writer_avail(writer))
		return VMS_INVALID;
	if (arch_user_copy_out(writer->at, from, size) != size)
		return VMS_PAGE_FAULT;
	writer->at += size;
	return VMS_OK;
}

/* Is there an aligned word of this size at the position? */
/*@ requires at <= end && size > 0; assigns \nothing; ensures \result <==> end - at >= size && at % size == 0; */
static bool is_word(vms_va at, vms_va end, uint64_t size)
{
	return end - at >= size && at % size == 0;
}

enum vms_status vms_reader_atomic_load32(const struct vms_reader *reader, uint32_t *value)
{
	if (!is_word(reader->at, reader->end, sizeof(*value)))
		return VMS_INVALID;
	return arch_user_load32(reader->at, value) ? VMS_OK : VMS_PAGE_FAULT;
}

enum vms_status vms_reader_atomic_load64(const struct vms_reader *reader, uint64_t *value)
{
	if (!is_word(reader->at, reader->end, sizeof(*value)))
		return VMS_INVALID;
	return arch_user_load64(reader->at, value) ? VMS_OK : VMS_PAGE_FAULT;
}

enum vms_status vms_writer_atomic_cmpxchg32(const struct vms_writer *writer, uint32_t expected, uint32_t desired,
					    uint32_t *seen)
{
	if (!is_word(writer->at, writer->end, sizeof(*seen)))
		return VMS_INVALID;
	return arch_user_cmpxchg32(writer->at, expected, desired, seen) ? VMS_OK : VMS_PAGE_FAULT;
}

enum vms_status vms_writer_atomic_cmpxchg64(const struct vms_writer *writer, uint64_t expected, uint64_t desired,
					    uint64_t *seen)
{
	if (!is_word(writer->at, writer->end, sizeof(*seen)))
		return VMS_INVALID;
	return arch_user_cmpxchg64(writer->at, expected, desired, seen) ? VMS_OK : VMS_PAGE_FAULT;
}
