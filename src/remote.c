/*
 * Reaching into a space that need not be active, page by page under a cursor, through the frames themselves.
 */
#include <vms/user.h>

#include <vms/cursor.h>

#include "cursor.h"

/* Does the leaf over the position grant this access? If so it does while the cursor is open. */
static bool leaf_for(struct vms_cursor *cursor, uint32_t access, struct vms_item *item)
{
	return vms_cursor_query(cursor, item) == VMS_OK && item->what == VMS_MAPPED &&
	       vms_has(item->prop.flags, access);
}

/* What hardware would have set for this access is set. */
static void leaf_used(struct vms_cursor *cursor, bool written)
{
	uint32_t i = vms__index(cursor->at, cursor->level);
	struct vms_prop prop;
	uint64_t pte, next;

	do {
		pte = vms__entry(cursor->node, i);
		prop = arch_pte_prop(pte, cursor->level);
		if (!vms_has(prop.flags, VMS_ACCESSED))
			prop.flags += VMS_ACCESSED;
		if (written && !vms_has(prop.flags, VMS_DIRTY))
			prop.flags += VMS_DIRTY;
		next = arch_pte_leaf(arch_pte_frame(pte, cursor->level), cursor->level, prop, true);
	} while (pte != next && !vms__entry_swap(cursor->node, i, pte, next));
}

/* Where the byte at va is, in the frame that its leaf maps. */
/*@ requires mem_ok && \valid_read(item) && item->va <= va;
  @ requires item->frame + (va - item->va) / VMS_PAGE < vms_machine.nr_frames;
  @ assigns \nothing; */
static unsigned char *byte_at(const struct vms_item *item, vms_va va)
{
	uint64_t offset = va - item->va;

	return (unsigned char *)&vms_machine.ram[item->frame + offset / VMS_PAGE] + offset % VMS_PAGE;
}

/* Kernel memory at the other end of a copy: exactly one of the two is not NULL. */
struct other_end {
	unsigned char *to;
	const unsigned char *from;
};

/* Copy inside one page; false if the page does not grant it. */
static bool page_copy(struct vms_space *space, vms_va va, struct other_end *other, uint64_t len)
{
	vms_va page = va - va % VMS_PAGE;
	struct vms_cursor cursor;
	struct vms_guard guard;
	struct vms_item item;
	bool granted = false;

	vms_guard_enter(&guard);
	if (vms_cursor_open(&cursor, space, &guard, page, page + VMS_PAGE, VMS_READING) == VMS_OK) {
		granted = leaf_for(&cursor, other->from != NULL ? VMS_W : VMS_R, &item);
		if (granted) {
			unsigned char *theirs = byte_at(&item, va);

			leaf_used(&cursor, other->from != NULL);
			for (uint64_t i = 0; i < len && other->from != NULL; i++)
				theirs[i] = *other->from++;
			for (uint64_t i = 0; i < len && other->to != NULL; i++)
				*other->to++ = theirs[i];
		}
		vms_cursor_close(&cursor);
	}
	vms_guard_leave(&guard);
	return granted;
}

static enum vms_status range_copy(struct vms_space *space, vms_va va, struct other_end other, uint64_t len,
				  uint64_t *done)
{
	*done = 0;
	if (space == &vms_machine.kernel || len > VMS_USER_END || va > VMS_USER_END - len)
		return VMS_ACCESS_DENIED;
	while (*done < len) {
		uint64_t rest = VMS_PAGE - (va + *done) % VMS_PAGE;
		uint64_t part = rest < len - *done ? rest : len - *done;

		if (!page_copy(space, va + *done, &other, part))
			return VMS_PAGE_FAULT;
		*done += part;
	}
	return VMS_OK;
}

enum vms_status vms_space_read(struct vms_space *space, vms_va va, void *to, uint64_t len, uint64_t *done)
{
	return range_copy(space, va, (struct other_end){.to = to}, len, done);
}

enum vms_status vms_space_write(struct vms_space *space, vms_va va, const void *from, uint64_t len, uint64_t *done)
{
	return range_copy(space, va, (struct other_end){.from = from}, len, done);
}
