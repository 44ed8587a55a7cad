/*
 * Addresses for those who ask for none in particular. They are given out upwards, so that the next request finds
 * its range empty at first try. Each CPU takes from a piece of its own, so that two of them meet in no table of
 * pages; large requests take from what all have in common, at a table's boundary.
 */
#include "internal.h"

#define TABLE_BYTES (VMS_ENTRIES * VMS_PAGE)
#define PIECE (8 * TABLE_BYTES)

static vms_va table_up(vms_va va)
{
	return (va + TABLE_BYTES - 1) / TABLE_BYTES * TABLE_BYTES;
}

/* Fresh addresses for all: where they begin; MM_AREA_END or more if there are none left. */
static vms_va fresh(struct mm *mm, uint64_t len)
{
	vms_va from = __atomic_load_n(&mm->next, __ATOMIC_RELAXED), start;

	do {
		start = table_up(from);
		if (start >= MM_AREA_END || len > MM_AREA_END - start)
			return MM_AREA_END;
	} while (!__atomic_compare_exchange_n(&mm->next, &from, start + len, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return start;
}

vms_va mm_addresses_take(struct mm *mm, uint64_t len)
{
	struct mm_supply *mine;
	vms_va va;

	if (len >= TABLE_BYTES)
		return fresh(mm, len);
	vms_port_preempt_off();
	mine = &mm->supply[vms_port_cpu()];
	if (len > mine->end - mine->next) {
		mine->next = fresh(mm, PIECE);
		mine->end = mine->next < MM_AREA_END ? mine->next + PIECE : mine->next;
	}
	va = mine->next;
	if (len <= mine->end - mine->next)
		mine->next += len;
	else
		va = MM_AREA_END;
	vms_port_preempt_on();
	return va;
}

void mm_addresses_skip(struct mm *mm, vms_va va)
{
	struct mm_supply *mine;
	vms_va next = __atomic_load_n(&mm->next, __ATOMIC_RELAXED);

	vms_port_preempt_off();
	mine = &mm->supply[vms_port_cpu()];
	mine->next = mine->end = 0;
	vms_port_preempt_on();
	/* Back to a lower address too: those above are used up, and others were found free. */
	(void)__atomic_compare_exchange_n(&mm->next, &next, va, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

void mm_addresses_return(struct mm *mm, vms_va va, uint64_t len)
{
	vms_va end = va + len;
	struct mm_supply *mine;

	if (va < MM_AREA_START)
		return;
	vms_port_preempt_off();
	mine = &mm->supply[vms_port_cpu()];
	if (mine->next == end && mine->end >= end && mine->end - va <= PIECE)
		mine->next = va;
	else
		(void)__atomic_compare_exchange_n(&mm->next, &end, va, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
	vms_port_preempt_on();
}

bool mm_addresses_are_next(struct mm *mm, vms_va va)
{
	vms_va next = mm->supply[vms_port_cpu()].next;

	return va / TABLE_BYTES == next / TABLE_BYTES || (next > 0 && va / TABLE_BYTES == (next - 1) / TABLE_BYTES);
}
