/*
 * What is where, for those who ask: runs of pages that look alike, their sums, and single pages.
 */
#include "internal.h"

static uint64_t file_offset(const struct mm_record *record, vms_va va)
{
	return record->file == NULL ? 0 : record->offset + (va - record->start);
}

/* Does a page at va, with these rights and that record, continue what the area shows? */
static bool area_continues(const struct mm_area *area, uint32_t prot, const struct mm_record *record, vms_va va)
{
	if (va != area->end || area->prot != prot || area->file != record->file || area->flags != record->flags)
		return false;
	return area->file == NULL || area->offset + (va - area->start) == file_offset(record, va);
}

static void area_begin(struct mm_area *area, uint32_t prot, const struct mm_record *record, vms_va va)
{
	area->start = area->end = va;
	area->prot = prot;
	area->flags = record->flags;
	area->file = record->file;
	area->offset = file_offset(record, va);
	area->shared = record->flags & MM_RECORD_SHARED;
	area->read_only = record->flags & MM_RECORD_READ_ONLY;
	area->locked = record->flags & MM_RECORD_LOCKED;
	area->grows = record->flags & MM_RECORD_GROWS;
	area->huge = record->flags & MM_RECORD_HUGE;
	area->not_huge = record->flags & MM_RECORD_NOT_HUGE;
}

/*
 * How many hold what an item maps. Small leaves of a large frame count as one for all of its parts: then it is as
 * near as can be told.
 */
static uint32_t holders_of(const struct vms_item *item)
{
	uint32_t refs = vms_frame_refs(item->frame);

	return item->len == VMS_PAGE && mm_is_part(item->frame) ? (refs + VMS_ENTRIES - 1) / VMS_ENTRIES : refs;
}

/* Count the pages of a leaf that is in the area. */
static void area_count(struct mm_area *area, const struct vms_item *item, uint64_t nr)
{
	uint32_t refs;

	if (item->what != VMS_MAPPED) {
		area->nr_mapped += nr;
		return;
	}
	/* Linux does not count the page of zeros that all share. */
	if (mm_is_zero_page(item->frame)) {
		area->nr_zero += nr;
		return;
	}
	area->nr_mapped += nr;
	area->nr_huge += item->len >= MM_HUGE_BYTES ? nr : 0;
	/* A file's page has the file as one more holder; one that was copied on a write has only its mappings. */
	refs = holders_of(item);
	if (vms_has(item->prop.flags, MM_FILE) && (area->shared || !vms_has(item->prop.flags, VMS_W)))
		refs -= refs > 1 ? 1 : 0;
	else
		area->nr_anonymous += nr;
	if (refs > 1)
		area->nr_common += nr;
	area->part += nr * VMS_PAGE / (refs > 0 ? refs : 1);
	if (vms_has(item->prop.flags, VMS_W))
		area->nr_dirty += nr;
}

/* The record behind va; where there is none, one that says so up to the next. */
static struct mm_record record_around(struct mm *mm, vms_va va)
{
	struct mm_record record, none = {.start = va, .end = VMS_USER_END};

	if (!mm_record_next(mm, va, 0, &record))
		return none;
	if (record.start <= va)
		return record;
	none.end = record.start;
	return none;
}

/* Grow the area from what an open cursor finds. True: something else, or nothing, follows it. */
static bool area_collect(struct mm *mm, struct vms_cursor *cursor, struct mm_area *area)
{
	struct mm_record record = {0};
	struct vms_item item;

	while (cursor->at < cursor->end &&
	       vms_cursor_find_next(cursor, cursor->end - cursor->at, VMS_FIND_ANY, &item) == VMS_OK) {
		vms_va va = vms_cursor_at(cursor), end = item.va + item.len;
		uint32_t prot = mm_rights_of(&item);

		if (va < record.start || va >= record.end)
			record = record_around(mm, va);
		if (area->end == 0)
			area_begin(area, prot, &record, va);
		else if (!area_continues(area, prot, &record, va))
			return true;
		end = end < cursor->end ? end : cursor->end;
		area->end = end < record.end ? end : record.end;
		if (item.what != VMS_MARKED)
			area_count(area, &item, (area->end - va) / VMS_PAGE);
		if (vms_cursor_jump(cursor, area->end) != VMS_OK)
			return true;
	}
	return area->end != 0 && area->end != cursor->end;
}

#define FIRST_WINDOW 0x200000ul

/* In windows that grow, so that what is near does not cost a look at all that is far. */
static bool next_area(struct mm *mm, vms_va from, struct mm_area *area, bool hold)
{
	uint64_t window = FIRST_WINDOW;
	bool stop = false;

	*area = (struct mm_area){0};
	for (from -= from % VMS_PAGE; from < VMS_USER_END && !stop; window *= 2) {
		vms_va end = window < VMS_USER_END - from ? from + window : VMS_USER_END;
		bool had_some = area->end != 0;
		struct vms_cursor cursor;
		struct vms_guard guard;

		vms_guard_enter(&guard);
		stop = vms_cursor_open(&cursor, &mm->space, &guard, from, end, VMS_READING) != VMS_OK;
		if (!stop) {
			stop = area_collect(mm, &cursor, area);
			if (hold && !had_some && area->file)
				mm_port_file_get(area->file);
			vms_cursor_close(&cursor);
		}
		vms_guard_leave(&guard);
		from = end;
	}
	return area->end != 0;
}

bool mm_next_area(struct mm *mm, vms_va from, struct mm_area *area)
{
	return next_area(mm, from, area, false);
}

bool mm_next_area_hold(struct mm *mm, vms_va from, struct mm_area *area)
{
	return next_area(mm, from, area, true);
}

bool mm_is_whole(struct mm *mm, vms_va va, uint64_t len)
{
	struct mm_area area;
	vms_va end = va + len;

	while (va < end && mm_next_area(mm, va, &area) && area.start == va)
		va = area.end;
	return va >= end;
}

struct mm_sizes mm_sizes(struct mm *mm)
{
	struct mm_sizes sizes = {0};
	struct mm_area area;

	for (vms_va va = 0; mm_next_area(mm, va, &area); va = area.end) {
		uint64_t nr = (area.end - area.start) / VMS_PAGE;

		sizes.nr_pages += nr;
		sizes.nr_mapped += area.nr_mapped;
		sizes.nr_of_files += area.nr_mapped - area.nr_anonymous;
		if (area.locked)
			sizes.nr_locked += nr;
		if (vms_has(area.prot, VMS_X) && area.file != NULL)
			sizes.nr_code += nr;
		if (vms_has(area.prot, VMS_W) && !area.shared && !area.grows)
			sizes.nr_data += nr;
		if (area.grows)
			sizes.nr_stack += nr;
	}
	return sizes;
}

/* Is a page that was not touched in the file's memory all the same? */
static bool in_file(const struct mm_record *record, vms_va va)
{
	return record->file != NULL && mm_port_file_has_page(record->file, file_offset(record, va) / VMS_PAGE);
}

long mm_look(struct mm *mm, vms_va va, uint64_t nr, struct mm_page *page)
{
	struct vms_cursor cursor;
	struct vms_guard guard;
	struct vms_item item;
	long result;

	vms_guard_enter(&guard);
	result = mm_errno(vms_cursor_open(&cursor, &mm->space, &guard, va, va + nr * VMS_PAGE, VMS_READING));
	for (uint64_t i = 0; i < nr && result == 0; i++, va += VMS_PAGE) {
		page[i] = (struct mm_page){0};
		if (vms_cursor_jump(&cursor, va) != VMS_OK || vms_cursor_query(&cursor, &item) != VMS_OK)
			break;
		if (item.what == VMS_ABSENT)
			continue;
		page[i].is_memory = true;
		page[i].is_mapped = item.what != VMS_MARKED;
		page[i].is_file = mm_place_of(mm, &item, va).is_file;
		if (page[i].is_mapped) {
			page[i].frame = item.frame + (vms_pfn)((va - item.va) / VMS_PAGE);
			page[i].is_only = item.what == VMS_MAPPED && holders_of(&item) == 1;
			page[i].in_memory = true;
		} else if (page[i].is_file) {
			struct mm_record record = record_around(mm, va);

			page[i].in_memory = in_file(&record, va);
		}
	}
	if (result == 0)
		vms_cursor_close(&cursor);
	vms_guard_leave(&guard);
	return result;
}
