/*
 * The contracts of spaces and of readers and writers, executed.
 *
 * The C interface has no end of a reader's life, so each copy goes through all of it: create, activate, use,
 * dispose, remove, with the owner state checked while the view is held.
 */
#include <spec/check.h>

/* The space active here; whoever asks may be anywhere. */
static struct vms_space *current_space(void)
{
	struct vms_space *space;

	vms_port_preempt_off();
	space = vms_space_current();
	vms_port_preempt_on();
	return space;
}

#define REAL(name) __real_##name
#define WRAP(name) __wrap_##name

enum vms_status REAL(vms_init)(const struct vms_config *config);
enum vms_status WRAP(vms_init)(const struct vms_config *config);
enum vms_status WRAP(vms_init)(const struct vms_config *config)
{
	spec_owner_forget_all();
	return REAL(vms_init)(config);
}

enum vms_status REAL(vms_space_create)(struct vms_space *space);
enum vms_status WRAP(vms_space_create)(struct vms_space *space);
enum vms_status WRAP(vms_space_create)(struct vms_space *space)
{
	enum vms_status status = REAL(vms_space_create)(space);
	struct spec_owner *owner;

	if (status != VMS_OK)
		return status;
	spec_owner_add(space);
	owner = spec_owner_of(space);
	if (owner != NULL && (owner->total.nr != 0 || space->refs != 1 || space->active != 0))
		spec_failed("create", "a new space is not empty, or not the caller's alone", 0);
	return status;
}

void REAL(vms_port_space_free)(struct vms_space *space);
void WRAP(vms_port_space_free)(struct vms_space *space);
void WRAP(vms_port_space_free)(struct vms_space *space)
{
	if (spec_owner_of(space) != NULL && space->active != 0)
		spec_failed("put", "a space ends that is active", space->active);
	spec_owner_remove(space);
	REAL(vms_port_space_free)(space);
}

void REAL(vms_space_activate)(struct vms_space *space);
void WRAP(vms_space_activate)(struct vms_space *space);
void WRAP(vms_space_activate)(struct vms_space *space)
{
	struct spec_owner *owner;

	REAL(vms_space_activate)(space);
	owner = spec_owner_of(space);
	if (current_space() != space)
		spec_failed("activate", "another space is active", 0);
	if (owner != NULL && !spec_active_is_known(owner))
		spec_failed("activate", "active_is_known", space->active);
}

/* reader_success_cond, writer_success_cond. */
static bool success_cond(const struct vms_space *space, vms_va va, uint64_t len)
{
	return space == current_space() && space != &vms_machine.kernel && len <= VMS_USER_END &&
	       va <= VMS_USER_END - len;
}

static enum vms_status judged(const struct vms_space *space, vms_va va, uint64_t len, enum vms_status status,
			      const char *operation)
{
	if (spec_owner_of(space) != NULL && (status == VMS_OK) != success_cond(space, va, len))
		spec_failed(operation, "a range is judged wrongly", va);
	return status;
}

enum vms_status REAL(vms_space_reader)(struct vms_space *space, vms_va va, uint64_t len, struct vms_reader *reader);
enum vms_status WRAP(vms_space_reader)(struct vms_space *space, vms_va va, uint64_t len, struct vms_reader *reader);
enum vms_status WRAP(vms_space_reader)(struct vms_space *space, vms_va va, uint64_t len, struct vms_reader *reader)
{
	return judged(space, va, len, REAL(vms_space_reader)(space, va, len, reader), "reader");
}

enum vms_status REAL(vms_space_writer)(struct vms_space *space, vms_va va, uint64_t len, struct vms_writer *writer);
enum vms_status WRAP(vms_space_writer)(struct vms_space *space, vms_va va, uint64_t len, struct vms_writer *writer);
enum vms_status WRAP(vms_space_writer)(struct vms_space *space, vms_va va, uint64_t len, struct vms_writer *writer)
{
	return judged(space, va, len, REAL(vms_space_writer)(space, va, len, writer), "writer");
}

/* A reader or writer in use: its owner holds a view, and the clauses hold meanwhile. */
static void io_begin(struct spec_owner *owner, enum spec_io_kind kind, vms_va at, uint64_t len, uint32_t *id)
{
	const char *broken;

	spec_owner_refresh(owner);
	if (!spec_io_create(owner, kind, at, len, id) || !spec_io_activate(owner, *id))
		spec_failed("io", "a view cannot be had", at);
	broken = spec_owner_broken(owner);
	if (broken != NULL)
		spec_failed("io", broken, at);
}

static void io_end(struct spec_owner *owner, uint32_t id, uint64_t done)
{
	const char *broken;

	if (!spec_io_advance(owner, id, done) || !spec_io_dispose(owner, id) || !spec_io_remove(owner, id))
		spec_failed("io", "a view cannot be given back", 0);
	/* A fault handler may have mapped pages meanwhile. */
	spec_owner_refresh(owner);
	broken = spec_owner_broken(owner);
	if (broken != NULL)
		spec_failed("io", broken, 0);
}

/* The byte at a user address, as the view translates it; NULL: not at all, or device memory. */
static const uint8_t *byte_at(const struct spec_owner *owner, vms_va va)
{
	vms_pa pa;

	if (!spec_addr_transl(&owner->total, va, &pa) || pa / VMS_PAGE >= vms_machine.nr_frames)
		return NULL;
	return (const uint8_t *)&vms_machine.ram[pa / VMS_PAGE] + pa % VMS_PAGE;
}

/* A copy may end early only where the next page does not grant the access. */
static void end_is_due(const struct spec_owner *owner, vms_va at, uint32_t access, const char *operation)
{
	const struct spec_mapping *mapping = spec_view_at(&owner->total, at);

	if (mapping != NULL && spec_is_mapping(mapping) && vms_has(mapping->prop.flags, access))
		spec_failed(operation, "it ends early, but the page grants the access", at);
}

static void bytes_equal(const struct spec_owner *owner, vms_va va, const uint8_t *kernel, uint64_t done,
			const char *operation)
{
	for (uint64_t i = 0; i < done; i++) {
		const uint8_t *user = byte_at(owner, va + i);

		if (user == NULL || *user != kernel[i])
			spec_failed(operation, "a byte differs", va + i);
	}
}

/* The positions, the count and the status fit. */
static void counts_fit(uint64_t want, uint64_t done, vms_va moved, enum vms_status status, const char *operation)
{
	if (done > want || moved != done || (status == VMS_OK) != (done == want))
		spec_failed(operation, "count, position and status do not fit", done);
}

enum vms_status REAL(vms_reader_copy)(struct vms_reader *reader, void *to, uint64_t len, uint64_t *done);
enum vms_status WRAP(vms_reader_copy)(struct vms_reader *reader, void *to, uint64_t len, uint64_t *done);
enum vms_status WRAP(vms_reader_copy)(struct vms_reader *reader, void *to, uint64_t len, uint64_t *done)
{
	struct spec_owner *owner = spec_owner_of(current_space());
	vms_va at = reader->at;
	uint64_t want = len < reader->end - at ? len : reader->end - at;
	enum vms_status status;
	uint32_t id;

	if (owner == NULL)
		return REAL(vms_reader_copy)(reader, to, len, done);
	io_begin(owner, SPEC_READER, at, want, &id);
	status = REAL(vms_reader_copy)(reader, to, len, done);
	io_end(owner, id, *done);
	counts_fit(want, *done, reader->at - at, status, "reader_copy");
	bytes_equal(owner, at, to, *done, "reader_copy");
	if (status == VMS_PAGE_FAULT)
		end_is_due(owner, at + *done, VMS_R, "reader_copy");
	return status;
}

enum vms_status REAL(vms_writer_copy)(struct vms_writer *writer, const void *from, uint64_t len, uint64_t *done);
enum vms_status WRAP(vms_writer_copy)(struct vms_writer *writer, const void *from, uint64_t len, uint64_t *done);
enum vms_status WRAP(vms_writer_copy)(struct vms_writer *writer, const void *from, uint64_t len, uint64_t *done)
{
	struct spec_owner *owner = spec_owner_of(current_space());
	vms_va at = writer->at;
	uint64_t want = len < writer->end - at ? len : writer->end - at;
	enum vms_status status;
	uint32_t id;

	if (owner == NULL)
		return REAL(vms_writer_copy)(writer, from, len, done);
	io_begin(owner, SPEC_WRITER, at, want, &id);
	status = REAL(vms_writer_copy)(writer, from, len, done);
	io_end(owner, id, *done);
	counts_fit(want, *done, writer->at - at, status, "writer_copy");
	bytes_equal(owner, at, from, *done, "writer_copy");
	if (status == VMS_PAGE_FAULT)
		end_is_due(owner, at + *done, VMS_W, "writer_copy");
	return status;
}
