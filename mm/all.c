/*
 * Every address space: to find those that map a file, or have memory that they do not need. One is in the list as long as somebody has a handle of it.
 *
 * Whoever looks through the list holds the space that it is at, so that it may do so without the list's lock.
 */
#include "internal.h"

static struct {
	uint32_t lock;
	struct mm *first;
} all;

static void all_lock(void)
{
	mm_spin_lock(&all.lock);
}

static void all_unlock(void)
{
	mm_spin_unlock(&all.lock);
}

void mm_all_add(struct mm *mm)
{
	all_lock();
	mm->before = NULL;
	mm->after = all.first;
	if (all.first != NULL)
		all.first->before = mm;
	all.first = mm;
	all_unlock();
}

void mm_all_remove(struct mm *mm)
{
	all_lock();
	if (mm->before != NULL)
		mm->before->after = mm->after;
	else
		all.first = mm->after;
	if (mm->after != NULL)
		mm->after->before = mm->before;
	all_unlock();
}

/* A handle, unless the last one is gone and the space is about to leave the list. */
static bool try_get(struct mm *mm)
{
	uint32_t users = __atomic_load_n(&mm->users, __ATOMIC_RELAXED);

	while (users > 0)
		if (__atomic_compare_exchange_n(&mm->users, &users, users + 1, false, __ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED))
			return true;
	return false;
}

/* The space after this one (NULL: the first), with a handle; the handle of this one goes. NULL: no more. */
static struct mm *next_of(struct mm *mm)
{
	struct mm *next;

	all_lock();
	next = mm != NULL ? mm->after : all.first;
	while (next != NULL && !try_get(next))
		next = next->after;
	all_unlock();
	if (mm != NULL)
		mm_put(mm);
	return next;
}

/* Bytes of a file that go. */
struct gone {
	const void *contents;
	uint64_t from, to;
};

static bool is_gone(const struct gone *gone, const struct mm_record *record, vms_va va)
{
	uint64_t offset = record->offset + (va - record->start);

	return mm_port_file_contents(record->file) == gone->contents && offset >= gone->from && offset < gone->to;
}

/* Forget the page at va if it shows any of them. */
static void page_forget(struct mm *mm, vms_va va, const struct gone *gone)
{
	struct vms_cursor cursor;
	struct vms_guard guard;
	struct vms_item item;

	vms_guard_enter(&guard);
	/* The page was there a moment ago, so the tables are: this takes memory only if it has gone since. */
	if (vms_cursor_open(&cursor, &mm->space, &guard, va, va + VMS_PAGE, VMS_EDITING) == VMS_OK) {
		if (vms_cursor_query(&cursor, &item) == VMS_OK && item.what == VMS_MAPPED) {
			struct mm_place place = mm_place_of(mm, &item, va);

			if (place.is_file && is_gone(gone, &place.record, va))
				(void)!vms_cursor_mark(&cursor, VMS_PAGE, mm_token(place.prot, true));
		}
		vms_cursor_close(&cursor);
	}
	vms_guard_leave(&guard);
}

/* The first page in [va, end) that is mapped; false if there is none. */
static bool next_mapped(struct mm *mm, vms_va *va, vms_va end)
{
	struct vms_cursor cursor;
	struct vms_guard guard;
	struct vms_item item;
	bool found = false;

	vms_guard_enter(&guard);
	if (vms_cursor_open(&cursor, &mm->space, &guard, *va, end, VMS_READING) == VMS_OK) {
		found = vms_cursor_find_next(&cursor, end - *va, VMS_FIND_MAPPED, &item) == VMS_OK;
		*va = vms_cursor_at(&cursor);
		vms_cursor_close(&cursor);
	}
	vms_guard_leave(&guard);
	return found;
}

static void space_forget(struct mm *mm, const struct gone *gone)
{
	struct mm_record record;

	for (vms_va va = 0; mm_record_next(mm, va, 0, &record); va = record.end) {
		vms_va at = record.start;

		if (record.file == NULL || mm_port_file_contents(record.file) != gone->contents ||
		    record.offset + (record.end - record.start) <= gone->from || record.offset >= gone->to)
			continue;
		if (record.offset < gone->from)
			at += (gone->from - record.offset) / VMS_PAGE * VMS_PAGE;
		for (; at < record.end && next_mapped(mm, &at, record.end); at += VMS_PAGE)
			page_forget(mm, at, gone);
	}
}

void mm_file_forget(const void *contents, uint64_t from, uint64_t to)
{
	struct gone gone = {contents, from, to};

	for (struct mm *mm = next_of(NULL); mm != NULL; mm = next_of(mm))
		space_forget(mm, &gone);
}

/* At least nr frames of a space, if there are as many: see mm_huge_give_back(). What is locked stays. */
static uint64_t space_thin(struct mm *mm, uint64_t nr)
{
	struct mm_area area;
	uint64_t gained = 0;

	for (vms_va va = 0; gained < nr && mm_next_area(mm, va, &area); va = area.end) {
		if (area.file != NULL || area.locked || area.nr_mapped == 0)
			continue;
		for (vms_va slot = area.start - area.start % MM_HUGE_BYTES; gained < nr && slot < area.end;
		     slot += MM_HUGE_BYTES)
			if (mm_may_be_huge(mm, slot))
				gained += mm_huge_thin(mm, slot);
	}
	return gained;
}

uint64_t mm_huge_give_back(uint64_t nr)
{
	uint64_t gained;

	vms_port_preempt_off();
	gained = mm_huge_drop_zero() ? VMS_ENTRIES : 0;
	vms_port_preempt_on();
	for (struct mm *mm = next_of(NULL); mm != NULL; mm = next_of(mm))
		gained += gained < nr ? space_thin(mm, nr - gained) : 0;
	return gained;
}

bool mm_file_is_writable(const void *contents)
{
	bool found = false;

	for (struct mm *mm = next_of(NULL); mm != NULL; mm = next_of(mm)) {
		struct mm_record record;

		for (vms_va va = 0; !found && mm_record_next(mm, va, MM_RECORD_SHARED, &record); va = record.end)
			found = !(record.flags & MM_RECORD_READ_ONLY) && mm_port_file_contents(record.file) == contents;
	}
	return found;
}
