/*
 * The contracts of spaces, executed: creation, end, activation, and who may make readers and writers.
 */
#include <spec/check.h>

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
	if (spec_current_space() != space)
		spec_failed("activate", "another space is active", 0);
	if (owner != NULL && !spec_active_is_known(owner))
		spec_failed("activate", "active_is_known", space->active);
}

/* reader_success_cond, writer_success_cond. */
static bool success_cond(const struct vms_space *space, vms_va va, uint64_t len)
{
	return space == spec_current_space() && space != &vms_machine.kernel && len <= VMS_USER_END &&
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

enum vms_status REAL(vms_space_reader_writer)(struct vms_space *space, vms_va va, uint64_t len,
					      struct vms_reader *reader, struct vms_writer *writer);
enum vms_status WRAP(vms_space_reader_writer)(struct vms_space *space, vms_va va, uint64_t len,
					      struct vms_reader *reader, struct vms_writer *writer);
enum vms_status WRAP(vms_space_reader_writer)(struct vms_space *space, vms_va va, uint64_t len,
					      struct vms_reader *reader, struct vms_writer *writer)
{
	return judged(space, va, len, REAL(vms_space_reader_writer)(space, va, len, reader, writer), "reader_writer");
}
