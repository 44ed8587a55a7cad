/*
 * Faults: what a page becomes when it is first touched, or first written after a fork.
 */
#include "internal.h"

/* All of its bytes are zero; every space may map it, to read. */
static vms_pfn zero_page = VMS_NO_FRAME;

long mm_init(void)
{
	zero_page = mm_port_frame(true);
	return zero_page == VMS_NO_FRAME ? -ENOMEM : 0;
}

void mm_fini(void)
{
	mm_huge_fini();
	vms_frame_put(zero_page);
	zero_page = VMS_NO_FRAME;
}

bool mm_is_zero_page(vms_pfn frame)
{
	return frame == zero_page || mm_huge_is_zero(frame);
}

vms_pfn mm_frame_copy(vms_pfn from)
{
	vms_pfn copy;

	if (mm_is_zero_page(from)) {
		mm_count()->nr_zeroed++;
		return mm_port_frame(true);
	}
	copy = mm_port_frame(false);
	if (copy != VMS_NO_FRAME) {
		mm_count()->nr_copied++;
		vms_machine.ram[copy] = vms_machine.ram[from];
	}
	return copy;
}

/* Map at the position. The frame's reference is used up, whatever happens. */
static long map_here(struct vms_cursor *cursor, vms_pfn frame, uint32_t flags)
{
	enum vms_status status = vms_cursor_map(cursor, frame, (struct vms_prop){flags, VMS_WRITE_BACK});

	if (status == VMS_OK)
		return 0;
	vms_frame_put(frame);
	return mm_errno(status);
}

/* One more reference to a frame that somebody holds for us to share. */
static vms_pfn frame_share(vms_pfn frame)
{
	return vms_frame_get(frame) == VMS_OK ? frame : (vms_pfn)VMS_NO_FRAME;
}

static long fault_anonymous(struct vms_cursor *cursor, uint32_t prot, uint32_t access)
{
	bool write = access == VMS_W;
	vms_pfn frame = write ? mm_port_frame(true) : frame_share(zero_page);

	if (frame == VMS_NO_FRAME)
		return -ENOMEM;
	if (write)
		mm_count()->nr_zeroed++;
	return map_here(cursor, frame, mm_flags_of(prot, write) + (!write && vms_has(prot, VMS_W) ? MM_COW : 0));
}

VMS_APART static long fault_file(struct mm *mm, struct vms_cursor *cursor, const struct vms_item *item, uint32_t access)
{
	vms_va va = vms_cursor_at(cursor);
	struct mm_place place = mm_place_of(mm, item, va);
	bool may_write = vms_has(place.prot, VMS_W);
	vms_pfn frame, copy;
	long result;

	if (!vms_has(place.prot, access))
		return -EFAULT;
	result = mm_port_file_page(place.record.file, (place.record.offset + (va - place.record.start)) / VMS_PAGE,
				   &frame);
	if (result < 0)
		return result;
	mm_count()->nr_file++;
	if (place.shared)
		return map_here(cursor, frame, mm_flags_of(place.prot, may_write) + MM_FILE);
	if (access != VMS_W)
		return map_here(cursor, frame, mm_flags_of(place.prot, false) + MM_FILE + (may_write ? MM_COW : 0));
	copy = mm_frame_copy(frame);
	vms_frame_put(frame);
	if (copy == VMS_NO_FRAME)
		return -ENOMEM;
	return map_here(cursor, copy, mm_flags_of(place.prot, true) + MM_FILE);
}

/* A write to a page that is shared until written: keep it if nobody else has it, else replace it. */
VMS_APART static long fault_cow(struct vms_cursor *cursor, const struct vms_item *item, bool huge)
{
	vms_va va = vms_cursor_at(cursor);
	uint32_t flags = mm_flags_of(item->prop.flags, true) + (item->prop.flags & MM_FILE);
	bool alone = vms_frame_refs(item->frame) == 1;
	vms_pfn copy;

	if (huge && item->len > VMS_PAGE && (alone || mm_huge_is_zero(item->frame)))
		return MM_MAY_BE_HUGE;
	if (alone) {
		struct vms_change change = {.clear = MM_COW, .set = VMS_R + VMS_W};

		return vms_cursor_protect(cursor, VMS_PAGE, change, NULL) == VMS_OK ? 0 : -ENOMEM;
	}
	copy = mm_frame_copy(mm_frame_at(item, va));
	if (copy == VMS_NO_FRAME)
		return -ENOMEM;
	/* Other CPUs that still read the old page are told when the cursor closes, before anybody writes. */
	if (vms_cursor_unmap(cursor, VMS_PAGE, NULL) != VMS_OK || vms_cursor_jump(cursor, va) != VMS_OK) {
		vms_frame_put(copy);
		return -ENOMEM;
	}
	return map_here(cursor, copy, flags);
}

/* The first access to private memory of this token. */
static long fault_fresh(struct vms_cursor *cursor, const struct vms_item *item, uint32_t access, bool huge)
{
	if (!vms_has(item->token, access))
		return -EFAULT;
	if (huge && item->len >= MM_HUGE_BYTES && mm_huge_policy() != MM_HUGE_NEVER)
		return MM_MAY_BE_HUGE;
	return fault_anonymous(cursor, item->token, access);
}

long mm_resolve(struct mm *mm, struct vms_cursor *cursor, uint32_t access, bool huge)
{
	struct vms_item item;

	if (vms_cursor_query(cursor, &item) != VMS_OK || item.what == VMS_ABSENT)
		return -EFAULT;
	if (item.what == VMS_MARKED && !vms_has(item.token, MM_TOKEN_FILE))
		return fault_fresh(cursor, &item, access, huge);
	if (item.what == VMS_MARKED)
		return fault_file(mm, cursor, &item, access);
	if (vms_has(item.prop.flags, access))
		return 0;
	if (access == VMS_W && vms_has(item.prop.flags, MM_COW))
		return fault_cow(cursor, &item, huge);
	return -EFAULT;
}

static long fault_once(struct vms_space *space, vms_va va, uint32_t access, bool huge)
{
	struct vms_cursor cursor;
	struct vms_guard guard;
	long result;

	vms_guard_enter(&guard);
	mm_count()->nr_faults++;
	result = mm_errno(vms_cursor_open(&cursor, space, &guard, va, va + VMS_PAGE, VMS_EDITING));
	if (result == 0) {
		result = mm_resolve(mm_of(space), &cursor, access, huge);
		vms_cursor_close(&cursor);
	}
	vms_guard_leave(&guard);
	return result;
}

/* What the first look at a page did not settle: a large page, or memory that grows. */
VMS_SELDOM static long fault_further(struct mm *mm, vms_va va, uint32_t access, long result)
{
	if (result == -EFAULT && mm_grow(mm, va))
		result = fault_once(&mm->space, va, access, true);
	if (result != MM_MAY_BE_HUGE)
		return result;
	return mm_huge_resolve(mm, va, access) ? 0 : fault_once(&mm->space, va, access, false);
}

long mm_access(struct mm *mm, vms_va va, uint32_t access)
{
	long result;

	va -= va % VMS_PAGE;
	result = fault_once(&mm->space, va, access, true);
	return result == 0 ? 0 : fault_further(mm, va, access, result);
}

bool mm_fault(struct vms_space *space, const struct vms_fault *fault)
{
	return mm_access(mm_of(space), fault->va, fault->access) == 0;
}

/* Kernel memory at the other end of a copy: exactly one of the two is not NULL. */
struct other_end {
	unsigned char *to;
	const unsigned char *from;
};

static uint32_t access_of(const struct other_end *other)
{
	return other->from != NULL ? VMS_W : VMS_R;
}

/* Copy within one page of a space that need not be active; if `huge`, MM_MAY_BE_HUGE too: as mm_resolve(). */
static long page_copy_once(struct mm *mm, vms_va va, struct other_end *other, uint64_t len, bool huge)
{
	vms_va page = va - va % VMS_PAGE;
	struct vms_cursor cursor;
	struct vms_guard guard;
	struct vms_item item;
	long result;

	vms_guard_enter(&guard);
	result = mm_errno(vms_cursor_open(&cursor, &mm->space, &guard, page, page + VMS_PAGE, VMS_EDITING));
	if (result == 0) {
		result = mm_resolve(mm, &cursor, access_of(other), huge);
		if (result == 0 && vms_cursor_jump(&cursor, page) == VMS_OK &&
		    vms_cursor_query(&cursor, &item) == VMS_OK) {
			unsigned char *user =
				(unsigned char *)&vms_machine.ram[mm_frame_at(&item, page)] + va % VMS_PAGE;

			for (uint64_t i = 0; i < len && other->from != NULL; i++)
				user[i] = *other->from++;
			for (uint64_t i = 0; i < len && other->to != NULL; i++)
				*other->to++ = user[i];
		}
		vms_cursor_close(&cursor);
	}
	vms_guard_leave(&guard);
	return result == -EINVAL ? -EFAULT : result;
}

static long page_copy(struct mm *mm, vms_va va, struct other_end *other, uint64_t len)
{
	long result = page_copy_once(mm, va, other, len, true);

	if (result != MM_MAY_BE_HUGE)
		return result;
	(void)mm_huge_resolve(mm, va, access_of(other));
	return page_copy_once(mm, va, other, len, false);
}

static long copy_pages(struct mm *mm, vms_va va, struct other_end other, uint64_t len)
{
	if (len > VMS_USER_END || va > VMS_USER_END - len)
		return -EFAULT;
	while (len > 0) {
		uint64_t part = VMS_PAGE - va % VMS_PAGE < len ? VMS_PAGE - va % VMS_PAGE : len;
		long result = page_copy(mm, va, &other, part);

		if (result == -EFAULT && mm_grow(mm, va))
			result = page_copy(mm, va, &other, part);
		if (result < 0)
			return result;
		va += part;
		len -= part;
	}
	return 0;
}

long mm_write(struct mm *mm, vms_va to, const void *from, uint64_t len)
{
	return copy_pages(mm, to, (struct other_end){.from = from}, len);
}

long mm_read(struct mm *mm, void *to, vms_va from, uint64_t len)
{
	return copy_pages(mm, from, (struct other_end){.to = to}, len);
}
