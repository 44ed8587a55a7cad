/*
 * The contracts of what readers and writers do, executed.
 *
 * The C interface has no end of a reader's life, so each access goes through all of it: create, activate, use,
 * dispose, remove, with the owner state checked while the view is held. A fault handler may map pages meanwhile:
 * what was accessed is therefore judged by what the space is afterwards.
 */
#include <spec/check.h>

#include <string.h>

#define REAL(name) __real_##name
#define WRAP(name) __wrap_##name

/* An access in progress. */
struct io {
	struct spec_owner *owner; /* NULL: not followed */
	enum spec_io_kind kind;
	uint32_t id;
	vms_va at;
	const char *operation;
};

static void must(const struct io *io, bool holds, const char *what, vms_va where)
{
	if (io->owner != NULL && !holds)
		spec_failed(io->operation, what, where);
}

static void clauses_hold(const struct io *io)
{
	const char *broken = spec_owner_broken(io->owner);

	must(io, broken == NULL, broken, io->at);
}

/* Its owner holds a view of the range, and the clauses hold meanwhile. */
static struct io begin(enum spec_io_kind kind, vms_va at, uint64_t len, const char *operation)
{
	struct io io = {.owner = spec_owner_of(spec_current_space()), .kind = kind, .at = at, .operation = operation};

	if (io.owner == NULL)
		return io;
	spec_owner_refresh(io.owner);
	must(&io, spec_io_create(io.owner, kind, at, len, &io.id) && spec_io_activate(io.owner, io.id),
	     "a view cannot be had", at);
	clauses_hold(&io);
	return io;
}

/* `done` bytes of `len` were accessed. */
static void end(const struct io *io, uint64_t len, uint64_t done)
{
	if (io->owner == NULL)
		return;
	must(io, done <= len, "more was done than was asked", io->at + done);
	must(io,
	     spec_io_advance(io->owner, io->id, done) && spec_io_dispose(io->owner, io->id) &&
		     spec_io_remove(io->owner, io->id),
	     "a view cannot be given back", io->at);
	spec_operation_checked();
	spec_owner_refresh(io->owner);
	clauses_hold(io);
}

/* Does the page of va grant what this access needs? */
static bool granted(const struct io *io, vms_va va)
{
	const struct spec_mapping *mapping = spec_view_at(&io->owner->total, va);

	return mapping != NULL && spec_is_mapping(mapping) &&
	       vms_has(mapping->prop.flags, io->kind == SPEC_READER ? VMS_R : VMS_W);
}

/* Every page of [va, va + len) grants it; or one does not, if it is said that one does not. */
static void all_granted(const struct io *io, vms_va va, uint64_t len, bool all)
{
	for (vms_va page = va; io->owner != NULL && page < va + len; page += VMS_PAGE - page % VMS_PAGE) {
		if (granted(io, page))
			continue;
		must(io, !all, "it succeeds, but a page does not grant the access", page);
		return;
	}
	must(io, all, "it ends early, but the page grants the access", va);
}

/* The bytes at va are those in the kernel's buffer; NULL: zeros. Device memory is as it likes. */
static void bytes_equal(const struct io *io, vms_va va, const uint8_t *kernel, uint64_t len)
{
	for (uint64_t i = 0; io->owner != NULL && i < len; i++) {
		vms_pa pa;

		must(io, spec_addr_transl(&io->owner->total, va + i, &pa), "a byte is nowhere", va + i);
		if (pa / VMS_PAGE < vms_machine.nr_frames)
			must(io,
			     ((const uint8_t *)&vms_machine.ram[pa / VMS_PAGE])[pa % VMS_PAGE] ==
				     (kernel != NULL ? kernel[i] : 0),
			     "a byte differs", va + i);
	}
}

/* A copy of `want` bytes came to `done`, and the position moved by `moved`. */
static void copied(const struct io *io, uint64_t want, uint64_t done, uint64_t moved, enum vms_status status,
		   const void *kernel)
{
	end(io, want, done);
	must(io, moved == done && status == (done == want ? VMS_OK : VMS_PAGE_FAULT),
	     "count, position and status do not fit", io->at + done);
	all_granted(io, io->at, done, true);
	if (status == VMS_PAGE_FAULT)
		all_granted(io, io->at + done, 1, false);
	bytes_equal(io, io->at, kernel, done);
}

static uint64_t less(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

enum vms_status REAL(vms_reader_copy)(struct vms_reader *reader, void *to, uint64_t len, uint64_t *done);
enum vms_status WRAP(vms_reader_copy)(struct vms_reader *reader, void *to, uint64_t len, uint64_t *done);
enum vms_status WRAP(vms_reader_copy)(struct vms_reader *reader, void *to, uint64_t len, uint64_t *done)
{
	vms_va at = reader->at;
	uint64_t want = less(len, reader->end - at);
	struct io io = begin(SPEC_READER, at, want, "reader_copy");
	enum vms_status status = REAL(vms_reader_copy)(reader, to, len, done);

	copied(&io, want, *done, reader->at - at, status, to);
	return status;
}

enum vms_status REAL(vms_writer_copy)(struct vms_writer *writer, const void *from, uint64_t len, uint64_t *done);
enum vms_status WRAP(vms_writer_copy)(struct vms_writer *writer, const void *from, uint64_t len, uint64_t *done);
enum vms_status WRAP(vms_writer_copy)(struct vms_writer *writer, const void *from, uint64_t len, uint64_t *done)
{
	vms_va at = writer->at;
	uint64_t want = less(len, writer->end - at);
	struct io io = begin(SPEC_WRITER, at, want, "writer_copy");
	enum vms_status status = REAL(vms_writer_copy)(writer, from, len, done);

	copied(&io, want, *done, writer->at - at, status, from);
	return status;
}

enum vms_status REAL(vms_writer_fill_zeros)(struct vms_writer *writer, uint64_t len, uint64_t *done);
enum vms_status WRAP(vms_writer_fill_zeros)(struct vms_writer *writer, uint64_t len, uint64_t *done);
enum vms_status WRAP(vms_writer_fill_zeros)(struct vms_writer *writer, uint64_t len, uint64_t *done)
{
	vms_va at = writer->at;
	uint64_t want = less(len, writer->end - at);
	struct io io = begin(SPEC_WRITER, at, want, "writer_fill_zeros");
	enum vms_status status = REAL(vms_writer_fill_zeros)(writer, len, done);

	copied(&io, want, *done, writer->at - at, status, NULL);
	return status;
}

/* All of a value or nothing; on a fault part of it may have been written. */
static void value_done(const struct io *io, uint64_t size, uint64_t left, uint64_t moved, enum vms_status status,
		       const void *kernel)
{
	end(io, size <= left ? size : 0, moved);
	must(io, (status == VMS_INVALID) == (size > left), "the length is judged wrongly", io->at);
	must(io, moved == (status == VMS_OK ? size : 0), "the position is wrong", io->at + moved);
	if (status == VMS_INVALID)
		return;
	all_granted(io, io->at, size, status == VMS_OK);
	if (status == VMS_OK)
		bytes_equal(io, io->at, kernel, size);
}

enum vms_status REAL(vms_reader_value)(struct vms_reader *reader, void *to, uint64_t size);
enum vms_status WRAP(vms_reader_value)(struct vms_reader *reader, void *to, uint64_t size);
enum vms_status WRAP(vms_reader_value)(struct vms_reader *reader, void *to, uint64_t size)
{
	vms_va at = reader->at;
	uint64_t left = reader->end - at;
	struct io io = begin(SPEC_READER, at, size <= left ? size : 0, "reader_value");
	enum vms_status status = REAL(vms_reader_value)(reader, to, size);

	value_done(&io, size, left, reader->at - at, status, to);
	return status;
}

enum vms_status REAL(vms_writer_value)(struct vms_writer *writer, const void *from, uint64_t size);
enum vms_status WRAP(vms_writer_value)(struct vms_writer *writer, const void *from, uint64_t size);
enum vms_status WRAP(vms_writer_value)(struct vms_writer *writer, const void *from, uint64_t size)
{
	vms_va at = writer->at;
	uint64_t left = writer->end - at;
	struct io io = begin(SPEC_WRITER, at, size <= left ? size : 0, "writer_value");
	enum vms_status status = REAL(vms_writer_value)(writer, from, size);

	value_done(&io, size, left, writer->at - at, status, from);
	return status;
}

/* What the word at the position is, if the access needs nobody's help and the memory is RAM. */
static bool word_known(const struct io *io, uint64_t size, uint64_t left, void *word)
{
	vms_pa pa;

	if (io->owner == NULL || left < size || io->at % size != 0 || !granted(io, io->at))
		return false;
	if (!spec_addr_transl(&io->owner->total, io->at, &pa) || pa / VMS_PAGE >= vms_machine.nr_frames)
		return false;
	memcpy(word, (const uint8_t *)&vms_machine.ram[pa / VMS_PAGE] + pa % VMS_PAGE, size);
	return true;
}

/* One word of `size` bytes at the position, which does not move: refused, faulted, or its bytes are `now`. */
static void word_done(const struct io *io, uint64_t size, uint64_t left, enum vms_status status, const void *now)
{
	bool valid = io->at % size == 0 && left >= size;

	end(io, valid ? size : 0, 0);
	must(io, (status == VMS_INVALID) == !valid, "the address is judged wrongly", io->at);
	if (!valid)
		return;
	all_granted(io, io->at, size, status == VMS_OK);
	if (status == VMS_OK)
		bytes_equal(io, io->at, now, size);
}

enum vms_status REAL(vms_reader_atomic_load32)(const struct vms_reader *reader, uint32_t *value);
enum vms_status WRAP(vms_reader_atomic_load32)(const struct vms_reader *reader, uint32_t *value);
enum vms_status WRAP(vms_reader_atomic_load32)(const struct vms_reader *reader, uint32_t *value)
{
	uint64_t left = reader->end - reader->at;
	struct io io = begin(SPEC_READER, reader->at, less(left, 4), "reader_atomic_load32");
	enum vms_status status = REAL(vms_reader_atomic_load32)(reader, value);

	word_done(&io, 4, left, status, value);
	return status;
}

enum vms_status REAL(vms_reader_atomic_load64)(const struct vms_reader *reader, uint64_t *value);
enum vms_status WRAP(vms_reader_atomic_load64)(const struct vms_reader *reader, uint64_t *value);
enum vms_status WRAP(vms_reader_atomic_load64)(const struct vms_reader *reader, uint64_t *value)
{
	uint64_t left = reader->end - reader->at;
	struct io io = begin(SPEC_READER, reader->at, less(left, 8), "reader_atomic_load64");
	enum vms_status status = REAL(vms_reader_atomic_load64)(reader, value);

	word_done(&io, 8, left, status, value);
	return status;
}

enum vms_status REAL(vms_writer_atomic_cmpxchg32)(const struct vms_writer *writer, uint32_t expected, uint32_t desired,
						  uint32_t *seen);
enum vms_status WRAP(vms_writer_atomic_cmpxchg32)(const struct vms_writer *writer, uint32_t expected, uint32_t desired,
						  uint32_t *seen);
enum vms_status WRAP(vms_writer_atomic_cmpxchg32)(const struct vms_writer *writer, uint32_t expected, uint32_t desired,
						  uint32_t *seen)
{
	uint64_t left = writer->end - writer->at;
	struct io io = begin(SPEC_WRITER, writer->at, less(left, 4), "writer_atomic_cmpxchg32");
	enum vms_status status;
	uint32_t before, now;
	bool known = word_known(&io, 4, left, &before);

	status = REAL(vms_writer_atomic_cmpxchg32)(writer, expected, desired, seen);
	if (status == VMS_OK) {
		must(&io, !known || *seen == before, "it saw something else", writer->at);
		now = *seen == expected ? desired : *seen;
	}
	word_done(&io, 4, left, status, &now);
	return status;
}

enum vms_status REAL(vms_writer_atomic_cmpxchg64)(const struct vms_writer *writer, uint64_t expected, uint64_t desired,
						  uint64_t *seen);
enum vms_status WRAP(vms_writer_atomic_cmpxchg64)(const struct vms_writer *writer, uint64_t expected, uint64_t desired,
						  uint64_t *seen);
enum vms_status WRAP(vms_writer_atomic_cmpxchg64)(const struct vms_writer *writer, uint64_t expected, uint64_t desired,
						  uint64_t *seen)
{
	uint64_t left = writer->end - writer->at;
	struct io io = begin(SPEC_WRITER, writer->at, less(left, 8), "writer_atomic_cmpxchg64");
	enum vms_status status;
	uint64_t before, now;
	bool known = word_known(&io, 8, left, &before);

	status = REAL(vms_writer_atomic_cmpxchg64)(writer, expected, desired, seen);
	if (status == VMS_OK) {
		must(&io, !known || *seen == before, "it saw something else", writer->at);
		now = *seen == expected ? desired : *seen;
	}
	word_done(&io, 8, left, status, &now);
	return status;
}
