/*
 * Address spaces of programs: made and ended; and what a place in one is.
 */
#include "internal.h"

struct mm_counters mm_counters[VMS_MAX_CPUS];

struct mm *mm_create(void)
{
	struct mm *mm = mm_port_alloc(sizeof(*mm) + vms_machine.nr_cpus * sizeof(mm->supply[0]));

	if (mm == NULL)
		return NULL;
	mm->next = MM_AREA_START;
	mm->random = 1;
	mm->users = 1;
	if (vms_space_create(&mm->space) != VMS_OK) {
		mm_port_free(mm);
		return NULL;
	}
	vms_space_set_fault_handler(&mm->space, mm_fault);
	mm_all_add(mm);
	return mm;
}

void mm_get(struct mm *mm)
{
	__atomic_fetch_add(&mm->users, 1, __ATOMIC_RELAXED);
}

void mm_put(struct mm *mm)
{
	if (__atomic_sub_fetch(&mm->users, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	mm_all_remove(mm);
	vms_space_put(&mm->space);
}

void vms_port_space_free(struct vms_space *space)
{
	struct mm *mm = mm_of(space);

	mm_records_fini(mm);
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

vms_token mm_token(uint32_t prot, bool is_file)
{
	return prot + (is_file ? MM_TOKEN_FILE : 0);
}

uint32_t mm_rights_in(uint32_t flags)
{
	return (flags & (VMS_R + VMS_W + VMS_X)) | (vms_has(flags, MM_COW) ? VMS_W : 0);
}

uint32_t mm_rights_of(const struct vms_item *item)
{
	if (item->what == VMS_MARKED)
		return item->token % MM_TOKEN_FILE;
	return mm_rights_in(item->prop.flags);
}

struct mm_place mm_place_of(struct mm *mm, const struct vms_item *item, vms_va va)
{
	struct mm_place place = {0};

	place.prot = mm_rights_of(item);
	place.is_file =
		item->what == VMS_MARKED ? vms_has(item->token, MM_TOKEN_FILE) : vms_has(item->prop.flags, MM_FILE);
	if (place.is_file && mm_record_at(mm, va, &place.record))
		place.shared = place.record.flags & MM_RECORD_SHARED;
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
		sum.nr_huge += one->nr_huge;
		sum.nr_not_huge += one->nr_not_huge;
		sum.nr_divided += one->nr_divided;
	}
	return sum;
}
