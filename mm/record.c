/*
 * Records of file mappings: which file is behind an address. A record stays until its space ends, because
 * marks name it by number; mapping the same part of a file at the same place again uses it again.
 *
 * Invariant: the newest record that covers the address of a page of a file mapping is that mapping's.
 */
#include <mmu.h>

#include "internal.h"

static void records_lock(struct mm *mm)
{
	vms_port_preempt_off();
	while (__atomic_exchange_n(&mm->lock, 1, __ATOMIC_ACQUIRE) != 0) {
		vms_tlb_service();
		arch_cpu_relax();
	}
}

static void records_unlock(struct mm *mm)
{
	__atomic_store_n(&mm->lock, 0, __ATOMIC_RELEASE);
	vms_port_preempt_on();
}

static bool is_same(const struct mm_record *a, const struct mm_record *b)
{
	return a->file == b->file && a->shared == b->shared && a->read_only == b->read_only &&
	       a->start - a->offset == b->start - b->offset;
}

/* Is another record, that is newer, behind some of its addresses? */
static bool is_hidden(const struct mm *mm, const struct mm_record *record)
{
	for (uint32_t i = 0; i < mm->nr_records; i++) {
		const struct mm_record *it = &mm->record[i];

		if (it->age > record->age && it->start < record->end && record->start < it->end)
			return true;
	}
	return false;
}

/*
 * May the old record stand for the new one too, as the newest behind all addresses of both? Not if there are others
 * between them, nor if that would take addresses from a record that is newer than the old one.
 */
static bool may_grow(const struct mm *mm, const struct mm_record *old, const struct mm_record *record)
{
	if (!is_same(old, record))
		return false;
	if (old->start >= old->end || (record->start <= old->start && old->end <= record->end))
		return true;
	return record->start <= old->end && old->start <= record->end && !is_hidden(mm, old);
}

/* The number of a record that may grow, or nr_records. */
static uint32_t record_reusable(const struct mm *mm, const struct mm_record *record)
{
	uint32_t number = 0;

	while (number < mm->nr_records && !may_grow(mm, &mm->record[number], record))
		number++;
	return number;
}

static void record_grow(struct mm_record *old, const struct mm_record *record)
{
	bool empty = old->start >= old->end;

	if (empty || record->start < old->start) {
		old->offset = record->offset;
		old->start = record->start;
	}
	if (empty || record->end > old->end)
		old->end = record->end;
}

/* An array with room for one more, or NULL if there is room. */
static bool records_grow(struct mm *mm)
{
	uint32_t room = mm->room == 0 ? 16 : mm->room * 2;
	struct mm_record *bigger;

	if (mm->nr_records < mm->room)
		return true;
	bigger = mm_port_alloc(room * sizeof(*bigger));
	if (bigger == NULL)
		return false;
	for (uint32_t i = 0; i < mm->nr_records; i++)
		bigger[i] = mm->record[i];
	mm_port_free(mm->record);
	mm->record = bigger;
	mm->room = room;
	return true;
}

long mm_record_add(struct mm *mm, const struct mm_record *record, struct mm_record *before)
{
	uint32_t number;
	bool fits = true;

	records_lock(mm);
	number = record_reusable(mm, record);
	if (number == mm->nr_records) {
		fits = number < MM_RECORDS_MAX && records_grow(mm);
		if (fits) {
			mm->record[number] = *record;
			mm->record[number].end = record->start;
			mm->nr_records++;
			mm_port_file_get(record->file);
		}
	}
	if (fits) {
		*before = mm->record[number];
		record_grow(&mm->record[number], record);
		mm->record[number].age = before->age = ++mm->age;
	}
	records_unlock(mm);
	return fits ? (long)number : -ENOMEM;
}

void mm_record_undo(struct mm *mm, uint32_t number, const struct mm_record *before)
{
	records_lock(mm);
	if (mm->record[number].age == before->age)
		mm->record[number] = *before;
	records_unlock(mm);
}

struct mm_record mm_record_get(struct mm *mm, uint32_t number)
{
	struct mm_record record;

	records_lock(mm);
	record = mm->record[number];
	records_unlock(mm);
	return record;
}

bool mm_record_at(struct mm *mm, vms_va va, struct mm_record *record, uint32_t *number)
{
	bool found = false;

	records_lock(mm);
	for (uint32_t i = 0; i < mm->nr_records; i++) {
		const struct mm_record *it = &mm->record[i];

		if (va >= it->start && va < it->end && (!found || it->age > record->age)) {
			*record = *it;
			*number = i;
			found = true;
		}
	}
	records_unlock(mm);
	return found;
}

void mm_record_shared(struct mm *mm, vms_va va, vms_va *start, vms_va *end)
{
	*start = *end = VMS_USER_END;
	records_lock(mm);
	for (uint32_t i = 0; i < mm->nr_records; i++) {
		const struct mm_record *it = &mm->record[i];

		if (it->shared && it->end > va && it->start < *start) {
			*start = it->start > va ? it->start : va;
			*end = it->end;
		}
	}
	records_unlock(mm);
}

long mm_records_copy(struct mm *to, struct mm *from)
{
	long result = 0;

	records_lock(from);
	if (from->nr_records > 0) {
		to->record = mm_port_alloc(from->room * sizeof(*to->record));
		if (to->record == NULL) {
			result = -ENOMEM;
		} else {
			to->room = from->room;
			to->nr_records = from->nr_records;
			to->age = from->age;
			for (uint32_t i = 0; i < from->nr_records; i++) {
				to->record[i] = from->record[i];
				mm_port_file_get(to->record[i].file);
			}
		}
	}
	records_unlock(from);
	return result;
}

void mm_records_drop(struct mm *mm)
{
	for (uint32_t i = 0; i < mm->nr_records; i++)
		mm_port_file_put(mm->record[i].file);
	mm_port_free(mm->record);
	mm->record = NULL;
	mm->nr_records = 0;
}
