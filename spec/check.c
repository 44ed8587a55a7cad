/*
 * Which spaces are followed, and what is verified after each operation on one.
 */
#include <spec/check.h>

#include <stdlib.h>

#define OWNERS_MAX 64u

static struct spec_owner owners[OWNERS_MAX];
static uint32_t nr_owners;
static uint64_t nr_checked;
static bool enabled;

static void forget(uint32_t i)
{
	spec_owner_fini(&owners[i]);
	owners[i] = owners[--nr_owners];
}

void spec_enable(bool on)
{
	enabled = on;
	spec_owner_forget_all();
}

void spec_owner_forget_all(void)
{
	while (nr_owners > 0)
		forget(0);
	spec_cursors_forget();
}

uint64_t spec_nr_checked(void)
{
	return nr_checked;
}

struct spec_owner *spec_owner_of(const struct vms_space *space)
{
	for (uint32_t i = 0; i < nr_owners; i++) {
		if (owners[i].space == space)
			return &owners[i];
	}
	return NULL;
}

struct vms_space *spec_current_space(void)
{
	struct vms_space *space;

	vms_port_preempt_off();
	space = vms_space_current();
	vms_port_preempt_on();
	return space;
}

void spec_owner_add(struct vms_space *space)
{
	if (enabled && nr_owners < OWNERS_MAX)
		spec_owner_init(&owners[nr_owners++], space);
}

void spec_owner_remove(const struct vms_space *space)
{
	for (uint32_t i = 0; i < nr_owners; i++) {
		if (owners[i].space == space) {
			forget(i);
			return;
		}
	}
}

/* Views that were used up, with the memory that they have: operations come by the million. */
static struct spec_view spare[8];
static uint32_t nr_spare;

struct spec_view spec_view_take(const struct spec_view *copy_of)
{
	struct spec_view view = {0};

	if (nr_spare > 0)
		view = spare[--nr_spare];
	spec_view_copy(&view, copy_of);
	return view;
}

void spec_view_give(struct spec_view *view)
{
	if (nr_spare < sizeof(spare) / sizeof(spare[0]))
		spare[nr_spare++] = *view;
	else
		spec_view_free(view);
	*view = (struct spec_view){0};
}

void spec_operation_checked(void)
{
	nr_checked++;
}

void spec_settle(struct spec_owner *owner, const char *operation, struct spec_view *expected)
{
	const char *broken;
	vms_va where = 0;

	spec_operation_checked();
	spec_owner_refresh(owner);
	if (!spec_view_same(expected, &owner->total, &where))
		spec_failed(operation, "the space is not what the contract says", where);
	spec_view_give(expected);
	broken = spec_owner_broken(owner);
	if (broken != NULL)
		spec_failed(operation, broken, 0);
}
