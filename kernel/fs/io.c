/*
 * Transfers (io.h): the only place of the file system that touches user memory in bulk.
 */
#include <kernel/fs/io.h>
#include <kernel/process.h>
#include <mm/mm.h>

struct io io_kernel(void *at, uint64_t len)
{
	return (struct io){.kernel = at, .left = len};
}

struct io io_user(const struct user_iovec *vec, uint64_t total)
{
	return (struct io){.vec = vec, .left = total};
}

enum direction { PUT, ZERO, TAKE };

/* Copy at most len bytes to or from one piece of the user's list. */
static uint64_t user_piece(struct io *io, char *memory, uint64_t len, enum direction direction)
{
	struct vms_space *space = mm_space(this_process()->mm);
	enum vms_status status;
	struct vms_reader reader;
	struct vms_writer writer;
	uint64_t done = 0;

	while (io->at == io->vec->len) {
		io->vec++;
		io->at = 0;
	}
	len = min_u64(len, io->vec->len - io->at);
	if (direction == TAKE) {
		status = vms_space_reader(space, io->vec->base + io->at, len, &reader);
		if (status == VMS_OK)
			status = vms_reader_copy(&reader, memory, len, &done);
	} else {
		status = vms_space_writer(space, io->vec->base + io->at, len, &writer);
		if (status == VMS_OK)
			status = direction == PUT ? vms_writer_copy(&writer, memory, len, &done)
						  : vms_writer_fill_zeros(&writer, len, &done);
	}
	io->at += done;
	io->fault = status != VMS_OK;
	return done;
}

static uint64_t io_move(struct io *io, char *memory, uint64_t len, enum direction direction)
{
	uint64_t done = 0;

	len = min_u64(len, io->left);
	if (!io->vec) {
		if (direction == PUT)
			memcpy(io->kernel, memory, len);
		else if (direction == TAKE)
			memcpy(memory, io->kernel, len);
		else
			memset(io->kernel, 0, len);
		io->kernel += len;
		done = len;
	}
	while (done < len && !io->fault)
		done += user_piece(io, memory ? memory + done : NULL, len - done, direction);
	io->left -= done;
	return done;
}

uint64_t io_put(struct io *io, const void *from, uint64_t len)
{
	return io_move(io, (char *)(uintptr_t)from, len, PUT);
}

uint64_t io_zero(struct io *io, uint64_t len)
{
	return io_move(io, NULL, len, ZERO);
}

uint64_t io_take(struct io *io, void *to, uint64_t len)
{
	return io_move(io, to, len, TAKE);
}
