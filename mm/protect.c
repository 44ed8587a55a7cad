/*
 * mprotect and madvise: ranges that have something keep it, with other rights or without their pages.
 *
 * Both work through a range slot by slot and, as on Linux, do what they can before a hole makes them fail.
 */
#include "internal.h"

/* What happens to one slot at the cursor's position; `len` bytes of it are in the range. */
typedef long slot_work(struct mm *mm, struct vms_cursor *cursor, const struct vms_item *item, uint64_t len,
		       uint32_t argument);

/* Every slot of [va, va + len); -ENOMEM if there are holes. */
static long range_work(struct mm *mm, vms_va va, uint64_t len, slot_work *work, uint32_t argument)
{
	struct vms_cursor cursor;
	struct vms_guard guard;
	struct vms_item item;
	vms_va at = va;
	bool holes = false;
	long result;

	vms_guard_enter(&guard);
	result = mm_errno(vms_cursor_open(&cursor, &mm->space, &guard, va, va + len, VMS_EDITING));
	if (result < 0) {
		vms_guard_leave(&guard);
		return result;
	}
	while (result == 0 && at < va + len) {
		uint64_t left = va + len - at;

		if (vms_cursor_find_next(&cursor, left, VMS_FIND_ANY, &item) != VMS_OK) {
			holes = true;
			break;
		}
		holes = holes || vms_cursor_at(&cursor) != at;
		at = vms_cursor_at(&cursor);
		left = item.va + item.len - at < va + len - at ? item.va + item.len - at : va + len - at;
		result = work(mm, &cursor, &item, left, argument);
		at += left;
		if (result == 0)
			result = mm_errno(vms_cursor_jump(&cursor, at));
	}
	vms_cursor_close(&cursor);
	vms_guard_leave(&guard);
	return result < 0 ? result : holes ? -ENOMEM : 0;
}

/* The change that gives a mapped page these rights. */
static struct vms_change change_to(const struct vms_item *item, bool shared, uint32_t prot)
{
	struct vms_change change = {.clear = VMS_R + VMS_W + VMS_X + MM_COW, .set = prot};

	/* Private pages that others hold too are copied at the first write. */
	if (vms_has(prot, VMS_W) && !shared && (item->what != VMS_MAPPED || vms_frame_refs(item->frame) != 1))
		change.set = prot - VMS_W + MM_COW;
	return change;
}

static long protect_slot(struct mm *mm, struct vms_cursor *cursor, const struct vms_item *item, uint64_t len,
			 uint32_t prot)
{
	struct mm_place place = {0};
	struct vms_item changed;

	if (item->what == VMS_MARKED || vms_has(item->prop.flags, MM_FILE))
		place = mm_place_of(mm, item, vms_cursor_at(cursor));
	if (place.is_file && place.record.shared && place.record.read_only && vms_has(prot, VMS_W))
		return -EACCES;
	if (item->what == VMS_MARKED)
		return mm_errno(vms_cursor_mark(cursor, len, mm_token(prot, place.is_file, place.number)));
	return mm_errno(vms_cursor_protect_next(cursor, len,
						change_to(item, place.is_file && place.record.shared, prot), &changed));
}

long mm_protect(struct mm *mm, vms_va va, uint64_t len, uint32_t prot)
{
	uint64_t size = len <= VMS_USER_END ? (len + VMS_PAGE - 1) / VMS_PAGE * VMS_PAGE : len;

	if (va % VMS_PAGE != 0 || prot > (MM_PROT_READ | MM_PROT_WRITE | MM_PROT_EXEC))
		return -EINVAL;
	if (len == 0)
		return 0;
	if (!mm_range_valid(va, size))
		return -ENOMEM;
	return range_work(mm, va, size, protect_slot, mm_rights(prot));
}

/* Forget the contents: what is behind the address is what it was before it was touched. */
static long discard_slot(struct mm *mm, struct vms_cursor *cursor, const struct vms_item *item, uint64_t len,
			 uint32_t argument)
{
	struct mm_place place;

	(void)argument;
	if (item->what != VMS_MAPPED)
		return 0;
	place = mm_place_of(mm, item, vms_cursor_at(cursor));
	return mm_errno(vms_cursor_mark(cursor, len, mm_token(place.prot, place.is_file, place.number)));
}

static long keep_slot(struct mm *mm, struct vms_cursor *cursor, const struct vms_item *item, uint64_t len,
		      uint32_t argument)
{
	(void)mm, (void)cursor, (void)item, (void)len, (void)argument;
	return 0;
}

long mm_advise(struct mm *mm, vms_va va, uint64_t len, int advice)
{
	enum {
		NORMAL,
		RANDOM,
		SEQUENTIAL,
		WILLNEED,
		DONTNEED,
		FREE = 8,
		DONTFORK = 10,
		DOFORK,
		MERGEABLE,
		UNMERGEABLE,
		HUGEPAGE,
		NOHUGEPAGE,
		DONTDUMP,
		DODUMP,
		COLD = 20,
		PAGEOUT
	};
	uint64_t size = len <= VMS_USER_END ? (len + VMS_PAGE - 1) / VMS_PAGE * VMS_PAGE : len;
	slot_work *work;

	switch (advice) {
	case DONTNEED:
	case FREE: /* at once, which it may be */
		work = discard_slot;
		break;
	case NORMAL:
	case RANDOM:
	case SEQUENTIAL:
	case WILLNEED:
	case MERGEABLE:
	case UNMERGEABLE:
	case HUGEPAGE:
	case NOHUGEPAGE:
	case DONTDUMP:
	case DODUMP:
	case COLD:
	case PAGEOUT:
		work = keep_slot; /* hints: only the range is checked */
		break;
	default:
		return -EINVAL; /* DONTFORK changes what fork means: refused rather than ignored */
	}
	if (va % VMS_PAGE != 0 || (len != 0 && size == 0))
		return -EINVAL;
	if (len == 0)
		return 0;
	if (!mm_range_valid(va, size))
		return -ENOMEM;
	return range_work(mm, va, size, work, 0);
}
