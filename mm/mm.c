/*
 * Address spaces of programs: made, ended, described; and what a place in one is.
 */
#include "internal.h"

struct mm_counters mm_counters[VMS_MAX_CPUS];

struct mm *mm_create(void)
{
	struct mm *mm = mm_port_alloc(sizeof(*mm));

	if (mm == NULL)
		return NULL;
	mm->next = MM_AREA_START;
	if (vms_space_create(&mm->space) != VMS_OK) {
		mm_port_free(mm);
		return NULL;
	}
	vms_space_set_fault_handler(&mm->space, mm_fault);
	return mm;
}

void mm_get(struct mm *mm)
{
	vms_space_get(&mm->space);
}

void mm_put(struct mm *mm)
{
	vms_space_put(&mm->space);
}

void vms_port_space_free(struct vms_space *space)
{
	struct mm *mm = mm_of(space);

	mm_records_drop(mm);
	mm_port_free(mm);
}

struct vms_space *mm_space(struct mm *mm)
{
	return &mm->space;
}

long mm_errno(enum vms_status status)
{
	return status == VMS_OK ? 0 : status == VMS_BAD_RANGE ? -EINVAL : -ENOMEM;
}

uint32_t mm_rights(uint32_t prot)
{
	bool write = prot & MM_PROT_WRITE, execute = prot & MM_PROT_EXEC;

	return ((prot & MM_PROT_READ) || write || execute ? VMS_R : 0) + (write ? VMS_W : 0) + (execute ? VMS_X : 0);
}

vms_token mm_token(uint32_t prot, bool is_file, uint32_t number)
{
	return prot + (is_file ? MM_TOKEN_FILE + number * MM_TOKEN_RECORD : 0);
}

struct mm_place mm_place_of(struct mm *mm, const struct vms_item *item, vms_va va)
{
	struct mm_place place = {0};

	if (item->what == VMS_MARKED) {
		place.prot = item->token % MM_TOKEN_FILE;
		place.is_file = vms_has(item->token, MM_TOKEN_FILE);
		place.number = item->token / MM_TOKEN_RECORD;
		if (place.is_file)
			place.record = mm_record_get(mm, place.number);
		return place;
	}
	place.prot = item->prop.flags & (VMS_R + VMS_W + VMS_X);
	if (vms_has(item->prop.flags, MM_COW))
		place.prot |= VMS_W;
	if (vms_has(item->prop.flags, MM_FILE))
		place.is_file = mm_record_at(mm, va, &place.record, &place.number);
	return place;
}

struct mm_stats mm_stats(void)
{
	struct mm_stats sum = {0};

	for (uint32_t i = 0; i < VMS_MAX_CPUS; i++) {
		const struct mm_stats *one = &mm_counters[i].stats;

		sum.nr_faults += one->nr_faults;
		sum.nr_zeroed += one->nr_zeroed;
		sum.nr_copied += one->nr_copied;
		sum.nr_file += one->nr_file;
	}
	return sum;
}

/* A place's page `va` inside its record, seen from the file: which byte. */
static uint64_t file_offset(const struct mm_place *place, vms_va va)
{
	return place->record.offset + (va - place->record.start);
}

/* Does the page at va continue what the area shows? */
static bool area_continues(const struct mm_area *area, const struct mm_place *place, vms_va va)
{
	if (va != area->end || area->prot != place->prot || place->is_file != (area->file != NULL))
		return false;
	return !place->is_file || (area->file == place->record.file && area->shared == place->record.shared &&
				   area->read_only == place->record.read_only &&
				   area->offset + (va - area->start) == file_offset(place, va));
}

/* Grow the area from what an open cursor finds, until something else begins. */
static void area_collect(struct mm *mm, struct vms_cursor *cursor, struct mm_area *area)
{
	struct vms_item item;

	while (cursor->at < cursor->end &&
	       vms_cursor_find_next(cursor, cursor->end - cursor->at, VMS_FIND_ANY, &item) == VMS_OK) {
		vms_va va = vms_cursor_at(cursor);
		struct mm_place place = mm_place_of(mm, &item, va);

		if (area->end == 0) {
			area->start = va;
			area->end = va;
			area->prot = place.prot;
			area->shared = place.is_file && place.record.shared;
			area->read_only = place.is_file && place.record.read_only;
			area->file = place.is_file ? place.record.file : NULL;
			area->offset = place.is_file ? file_offset(&place, va) : 0;
		} else if (!area_continues(area, &place, va)) {
			return;
		}
		area->end = item.va + item.len < cursor->end ? item.va + item.len : cursor->end;
		if (item.what != VMS_MARKED)
			area->nr_mapped += (area->end - va) / VMS_PAGE;
		if (vms_cursor_jump(cursor, area->end) != VMS_OK)
			return;
	}
}

static bool next_area(struct mm *mm, vms_va from, struct mm_area *area, bool hold)
{
	struct vms_cursor cursor;
	struct vms_guard guard;

	*area = (struct mm_area){0};
	from = from - from % VMS_PAGE;
	if (from >= VMS_USER_END)
		return false;
	vms_guard_enter(&guard);
	if (vms_cursor_open(&cursor, &mm->space, &guard, from, VMS_USER_END, VMS_READING) == VMS_OK) {
		area_collect(mm, &cursor, area);
		if (hold && area->file)
			mm_port_file_get(area->file);
		vms_cursor_close(&cursor);
	}
	vms_guard_leave(&guard);
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
