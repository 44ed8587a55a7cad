/*
 * Pages of 2 MiB for private anonymous memory. Where one mark covers a whole slot of that size, the first write gets
 * such a page, if it is wanted there and a frame can be had; the first read gets one of zeros that all share. What
 * cannot be gets a page of 4 KiB, as everywhere else.
 *
 * The library counts a frame of 2 MiB as one, however small the leaves are that map parts of it: none of it is free
 * before the last of them is gone. So a leaf whose frame nobody else holds is *divided* before it is cut: its frame
 * becomes 512 frames with counts of their own. After a fork that cannot be; then the library cuts, and the frame
 * stays one.
 */
#include "internal.h"

#define NOT_THERE 0xffffu /* no flags of a leaf */

static uint32_t policy = MM_HUGE_ALWAYS;

static struct {
	uint32_t lock;
	vms_pfn zero;  /* 2 MiB of zeros, with one reference of ours; VMS_NO_FRAME: not made yet */
	vms_pfn spare; /* one frame, so that a leaf can be divided when there is no other left */
} common = {.zero = VMS_NO_FRAME, .spare = VMS_NO_FRAME};

static void common_lock(void)
{
	mm_spin_lock(&common.lock);
}

static void common_unlock(void)
{
	mm_spin_unlock(&common.lock);
}

enum mm_huge mm_huge_policy(void)
{
	return (enum mm_huge)__atomic_load_n(&policy, __ATOMIC_RELAXED);
}

void mm_huge_set_policy(enum mm_huge to)
{
	__atomic_store_n(&policy, to, __ATOMIC_RELAXED);
}

void mm_huge_refuse(struct mm *mm, bool refuse)
{
	__atomic_store_n(&mm->no_huge, refuse, __ATOMIC_RELAXED);
}

bool mm_huge_is_refused(struct mm *mm)
{
	return __atomic_load_n(&mm->no_huge, __ATOMIC_RELAXED);
}

bool mm_huge_is_zero(vms_pfn frame)
{
	vms_pfn zero = __atomic_load_n(&common.zero, __ATOMIC_RELAXED);

	return zero != VMS_NO_FRAME && frame >= zero && frame - zero < VMS_ENTRIES;
}

/* The frame of zeros with one more reference; VMS_NO_FRAME: there is none. */
static vms_pfn zero_share(void)
{
	vms_pfn frame;

	common_lock();
	frame = common.zero;
	if (frame != VMS_NO_FRAME && vms_frame_get(frame) != VMS_OK)
		frame = VMS_NO_FRAME;
	common_unlock();
	return frame;
}

/* The same, made if need be. */
static vms_pfn zero_get(void)
{
	vms_pfn frame = zero_share();

	if (frame != VMS_NO_FRAME)
		return frame;
	frame = mm_port_huge_frame(true);
	if (frame == VMS_NO_FRAME)
		return VMS_NO_FRAME;
	common_lock();
	if (common.zero == VMS_NO_FRAME) {
		__atomic_store_n(&common.zero, frame, __ATOMIC_RELAXED);
		frame = VMS_NO_FRAME;
	}
	common_unlock();
	if (frame != VMS_NO_FRAME)
		vms_frame_put(frame);
	return zero_share();
}

bool mm_huge_drop_zero(void)
{
	vms_pfn frame = VMS_NO_FRAME;

	common_lock();
	/* Under the lock nobody gets a first reference beside ours. */
	if (common.zero != VMS_NO_FRAME && vms_frame_refs(common.zero) == 1) {
		frame = common.zero;
		__atomic_store_n(&common.zero, VMS_NO_FRAME, __ATOMIC_RELAXED);
	}
	if (frame != VMS_NO_FRAME)
		vms_frame_put(frame);
	common_unlock();
	return frame != VMS_NO_FRAME;
}

static void fill_spare(void)
{
	vms_pfn frame, none = VMS_NO_FRAME;

	if (__atomic_load_n(&common.spare, __ATOMIC_RELAXED) != VMS_NO_FRAME)
		return;
	frame = mm_port_frame(false);
	if (frame != VMS_NO_FRAME &&
	    !__atomic_compare_exchange_n(&common.spare, &none, frame, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		vms_frame_put(frame);
}

static void use_spare(void)
{
	vms_pfn frame = __atomic_exchange_n(&common.spare, VMS_NO_FRAME, __ATOMIC_ACQ_REL);

	if (frame != VMS_NO_FRAME)
		vms_frame_put(frame);
}

void mm_huge_note(struct mm *mm, vms_va slot)
{
	uint64_t place = slot / MM_HUGE_BYTES % MM_HUGE_PLACES;

	__atomic_store_n(&mm->any_huge, 1, __ATOMIC_RELAXED);
	__atomic_fetch_or(&mm->huge_place[place / 64], 1ull << place % 64, __ATOMIC_RELAXED);
}

/* May a cursor's slot have a page of 2 MiB? What its record says must hold for all of it. */
static bool is_wanted(struct mm *mm, vms_va slot)
{
	enum mm_huge now = mm_huge_policy();
	struct mm_record record;

	if (now == MM_HUGE_NEVER || mm_huge_is_refused(mm))
		return false;
	if (!mm_record_next(mm, slot, 0, &record) || record.start >= slot + MM_HUGE_BYTES)
		return now == MM_HUGE_ALWAYS;
	if (record.start > slot || record.end < slot + MM_HUGE_BYTES ||
	    (record.flags & (MM_RECORD_GROWS | MM_RECORD_NOT_HUGE)))
		return false;
	return now == MM_HUGE_ALWAYS || (record.flags & MM_RECORD_HUGE);
}

enum outcome {
	DONE,
	NOT_HUGE,   /* a page of 4 KiB it is */
	NEEDS_FRAME /* to be tried again with one */
};

/* Map it over the whole of the cursor's slot; it is used up if that is done. */
static enum outcome slot_map(struct mm *mm, struct vms_cursor *cursor, vms_pfn *frame, uint32_t flags)
{
	if (vms_cursor_jump(cursor, cursor->start) != VMS_OK ||
	    vms_cursor_map(cursor, *frame, (struct vms_prop){flags, VMS_WRITE_BACK}) != VMS_OK)
		return NOT_HUGE;
	*frame = VMS_NO_FRAME;
	mm_huge_note(mm, cursor->start);
	return DONE;
}

/* The slot was never touched. */
static enum outcome slot_fresh(struct mm *mm, struct vms_cursor *cursor, vms_token token, uint32_t access,
			       vms_pfn *frame)
{
	bool write = access == VMS_W;

	if (vms_has(token, MM_TOKEN_FILE) || !vms_has(token, access) || !is_wanted(mm, cursor->start))
		return NOT_HUGE;
	if (*frame == VMS_NO_FRAME)
		return NEEDS_FRAME;
	return slot_map(mm, cursor, frame, mm_flags_of(token, write) + (!write && vms_has(token, VMS_W) ? MM_COW : 0));
}

/* A write to a leaf that is shared until written: it is this space's own by now, or it is of zeros. */
static enum outcome slot_cow(struct mm *mm, struct vms_cursor *cursor, const struct vms_item *item, vms_pfn *frame)
{
	struct vms_change change = {.clear = MM_COW, .set = VMS_R + VMS_W};

	if (vms_frame_refs(item->frame) == 1)
		return vms_cursor_protect(cursor, MM_HUGE_BYTES, change, NULL) == VMS_OK ? DONE : NOT_HUGE;
	if (!mm_huge_is_zero(item->frame) || !is_wanted(mm, cursor->start))
		return NOT_HUGE;
	if (*frame == VMS_NO_FRAME)
		return NEEDS_FRAME;
	if (vms_cursor_unmap(cursor, MM_HUGE_BYTES, NULL) != VMS_OK)
		return NOT_HUGE;
	return slot_map(mm, cursor, frame, mm_flags_of(item->prop.flags, true));
}

static enum outcome slot_owned(struct mm *mm, struct vms_cursor *cursor, uint32_t access, vms_pfn *frame)
{
	struct vms_item item;

	if (vms_cursor_query(cursor, &item) != VMS_OK || item.len < MM_HUGE_BYTES)
		return NOT_HUGE;
	if (item.what == VMS_MARKED)
		return slot_fresh(mm, cursor, item.token, access, frame);
	if (item.what != VMS_MAPPED)
		return NOT_HUGE;
	if (vms_has(item.prop.flags, access))
		return DONE;
	return access == VMS_W && vms_has(item.prop.flags, MM_COW) ? slot_cow(mm, cursor, &item, frame) : NOT_HUGE;
}

static enum outcome slot_resolve(struct mm *mm, vms_va slot, uint32_t access, vms_pfn *frame)
{
	enum outcome outcome = NOT_HUGE;
	struct vms_cursor cursor;
	struct vms_guard guard;

	vms_guard_enter(&guard);
	if (vms_cursor_open(&cursor, &mm->space, &guard, slot, slot + MM_HUGE_BYTES, VMS_EDITING) == VMS_OK) {
		outcome = slot_owned(mm, &cursor, access, frame);
		vms_cursor_close(&cursor);
	}
	vms_guard_leave(&guard);
	return outcome;
}

bool mm_huge_resolve(struct mm *mm, vms_va va, uint32_t access)
{
	vms_va slot = va - va % MM_HUGE_BYTES;
	vms_pfn frame = VMS_NO_FRAME;
	enum outcome outcome;
	bool made;

	vms_port_preempt_off();
	outcome = slot_resolve(mm, slot, access, &frame);
	made = outcome == NEEDS_FRAME;
	if (made) {
		/* Cleared with nothing owned: others may touch their slots meanwhile. */
		frame = access == VMS_W ? mm_port_huge_frame(true) : zero_get();
		outcome = frame == VMS_NO_FRAME ? NOT_HUGE : slot_resolve(mm, slot, access, &frame);
	}
	if (made && outcome == DONE && frame == VMS_NO_FRAME && access == VMS_W) {
		mm_count()->nr_huge++;
		mm_count()->nr_zeroed += VMS_ENTRIES;
		fill_spare();
	}
	mm_count()->nr_not_huge += made && outcome != DONE;
	if (frame != VMS_NO_FRAME)
		vms_frame_put(frame);
	vms_port_preempt_on();
	return outcome == DONE;
}

/* What of a frame of 2 MiB is mapped in a slot: the flags of each part, or NOT_THERE. */
struct parts {
	vms_pfn head;
	bool is_leaf; /* all of it, by one leaf */
	uint32_t nr;
	uint16_t flags[VMS_ENTRIES];
};

/* The parts of the first such frame that a cursor over a slot finds. False: there is none. */
static bool parts_find(struct vms_cursor *cursor, struct parts *parts)
{
	struct vms_item item;

	*parts = (struct parts){.head = VMS_NO_FRAME};
	for (uint32_t i = 0; i < VMS_ENTRIES; i++)
		parts->flags[i] = NOT_THERE;
	while (cursor->at < cursor->end &&
	       vms_cursor_find_next(cursor, cursor->end - cursor->at, VMS_FIND_MAPPED, &item) == VMS_OK) {
		if (item.what == VMS_MAPPED && mm_is_part(item.frame) && !mm_huge_is_zero(item.frame)) {
			if (parts->head == VMS_NO_FRAME)
				parts->head = item.frame - item.frame % (vms_pfn)VMS_ENTRIES;
			parts->is_leaf = item.len == MM_HUGE_BYTES;
			for (uint64_t i = 0; i < item.len / VMS_PAGE; i++) {
				if (item.frame - item.frame % VMS_ENTRIES != parts->head)
					break;
				parts->flags[item.frame % VMS_ENTRIES + i] = (uint16_t)item.prop.flags;
				parts->nr++;
			}
		}
		if (vms_cursor_jump(cursor, item.va + item.len) != VMS_OK)
			break;
	}
	return vms_cursor_jump(cursor, cursor->start) == VMS_OK && parts->head != VMS_NO_FRAME;
}

/* Take all parts out of a slot, and wait until no CPU can use them. Its table, if there is one, stays. */
static void parts_unmap(struct vms_cursor *cursor, const struct parts *parts)
{
	vms_va slot = cursor->start;

	if (parts->is_leaf)
		(void)!vms_cursor_unmap(cursor, MM_HUGE_BYTES, NULL);
	for (uint64_t i = 0; i < VMS_ENTRIES && !parts->is_leaf; i++)
		if (parts->flags[i] != NOT_THERE && vms_cursor_jump(cursor, slot + i * VMS_PAGE) == VMS_OK)
			(void)!vms_cursor_unmap(cursor, VMS_PAGE, NULL);
	vms_tlb_dispatch(&cursor->flusher);
	vms_tlb_sync(&cursor->flusher);
}

static bool is_all_zero(vms_pfn frame)
{
	const struct vms_table *page = &vms_machine.ram[frame];

	for (uint32_t i = 0; i < VMS_ENTRIES; i++)
		if (page->entry[i] != 0)
			return false;
	return true;
}

/* Its parts are frames now, each with a reference of ours: back to where they were, or free. Returns how many are. */
static uint64_t parts_return(struct vms_cursor *cursor, const struct parts *parts, bool drop_zeros)
{
	vms_va slot = cursor->start;
	uint64_t nr = 0;

	for (uint32_t i = 0; i < VMS_ENTRIES; i++) {
		uint32_t flags = parts->flags[i];
		vms_pfn frame = parts->head + i;
		enum vms_status status = VMS_OK;
		bool there = flags != NOT_THERE, drop = !there || (drop_zeros && is_all_zero(frame));

		if (drop) {
			vms_frame_put(frame);
			nr++;
		}
		if (there)
			status = vms_cursor_jump(cursor, slot + i * VMS_PAGE);
		if (status == VMS_OK && there && drop)
			status = vms_cursor_mark(cursor, VMS_PAGE, mm_token(mm_rights_in(flags), false));
		else if (status == VMS_OK && there)
			status = vms_cursor_map(cursor, frame, (struct vms_prop){flags, VMS_WRITE_BACK});
		if (status != VMS_OK)
			vms_port_panic("a divided page has no place");
	}
	return nr;
}

/*
 * Make single frames of one whose only holders are these parts; a cursor owns exactly their slot. Those that are not
 * mapped, or have nothing but zeros if those are not to be kept, are free then: returns how many, or 0.
 */
static uint64_t parts_divide(struct vms_cursor *cursor, const struct parts *parts, bool drop_zeros)
{
	vms_va slot = cursor->start;

	if (vms_frame_refs(parts->head) != parts->nr || vms_frame_get(parts->head) != VMS_OK)
		return 0;
	/* Whoever touches them now waits for the cursor. */
	parts_unmap(cursor, parts);
	/* What may fail: the table. */
	if (parts->is_leaf && (vms_cursor_jump(cursor, slot) != VMS_OK ||
			       vms_cursor_mark(cursor, VMS_PAGE, mm_token(0, false)) != VMS_OK)) {
		if (vms_cursor_jump(cursor, slot) != VMS_OK ||
		    vms_cursor_map(cursor, parts->head, (struct vms_prop){parts->flags[0], VMS_WRITE_BACK}) != VMS_OK)
			vms_port_panic("a page has no place where it was");
		return 0;
	}
	mm_port_frame_divide(parts->head);
	mm_count()->nr_divided++;
	return parts_return(cursor, parts, drop_zeros);
}

void mm_huge_divide(struct mm *mm, vms_va va)
{
	vms_va slot = va - va % MM_HUGE_BYTES;
	struct vms_cursor cursor;
	struct vms_guard guard;
	struct vms_item item;
	struct parts parts;

	if (slot + MM_HUGE_BYTES > VMS_USER_END)
		return;
	vms_guard_enter(&guard);
	if (vms_cursor_open(&cursor, &mm->space, &guard, slot, slot + MM_HUGE_BYTES, VMS_EDITING) == VMS_OK) {
		if (vms_cursor_query(&cursor, &item) == VMS_OK && item.what == VMS_MAPPED &&
		    item.len == MM_HUGE_BYTES && vms_frame_refs(item.frame) == 1 && parts_find(&cursor, &parts)) {
			/* One leaf counts once. */
			parts.nr = 1;
			(void)parts_divide(&cursor, &parts, false);
		}
		vms_cursor_close(&cursor);
	}
	vms_guard_leave(&guard);
}

/* Parts that have nothing but zeros. Programs may write meanwhile: an estimate. */
static uint64_t nr_zero_parts(const struct parts *parts)
{
	uint64_t nr = 0;

	for (uint32_t i = 0; i < VMS_ENTRIES; i++)
		nr += parts->flags[i] != NOT_THERE && is_all_zero(parts->head + i);
	return nr;
}

uint64_t mm_huge_thin(struct mm *mm, vms_va slot)
{
	struct vms_cursor cursor;
	struct vms_guard guard;
	struct parts parts;
	uint64_t nr = 0;

	if (slot + MM_HUGE_BYTES > VMS_USER_END)
		return 0;
	vms_guard_enter(&guard);
	if (vms_cursor_open(&cursor, &mm->space, &guard, slot, slot + MM_HUGE_BYTES, VMS_EDITING) == VMS_OK) {
		if (parts_find(&cursor, &parts)) {
			/* One frame more than the table that it takes. */
			bool worth = parts.is_leaf ? nr_zero_parts(&parts) > 1 : parts.nr < VMS_ENTRIES;

			parts.nr = parts.is_leaf ? 1 : parts.nr;
			use_spare();
			if (worth)
				nr = parts_divide(&cursor, &parts, true);
			fill_spare();
		}
		vms_cursor_close(&cursor);
	}
	vms_guard_leave(&guard);
	return nr;
}

void mm_huge_fini(void)
{
	vms_pfn zero = __atomic_exchange_n(&common.zero, VMS_NO_FRAME, __ATOMIC_RELAXED);

	use_spare();
	if (zero != VMS_NO_FRAME)
		vms_frame_put(zero);
}
