/*
 * What the files of mm/ share: tokens, the records of file mappings, and one page's resolution.
 *
 * A mark's token is rights + (file mapping ? MM_TOKEN_FILE + record number * MM_TOKEN_RECORD : 0).
 * A mapped page's leaf says the rest in its two soft bits:
 *   MM_COW    it may be written, but not in place unless this mapping is the frame's only holder;
 *   MM_FILE   it belongs to a file mapping: the record is the newest one that covers its address.
 */
#ifndef MM_INTERNAL_H
#define MM_INTERNAL_H

#include <mm/mm.h>

#define MM_COW VMS_SOFT0
#define MM_FILE VMS_SOFT1

#define MM_TOKEN_FILE 8u
#define MM_TOKEN_RECORD 16u
#define MM_RECORDS_MAX 0x0fffffffu

/* Programs never get the lowest 64 KiB: a null pointer plus a field must fault. */
#define MM_LOWEST 0x10000ul
/* Where mappings go that ask for no address. The stack's area is above. */
#define MM_AREA_START 0x200000000000ul
#define MM_AREA_END 0x7ff000000000ul

/* One file mapping: page at va is the file's page at offset + (va - start). */
struct mm_record {
	struct file *file;
	vms_va start;
	vms_va end;
	uint64_t offset;
	uint64_t age; /* higher is newer */
	bool shared;
	bool read_only; /* MM_FILE_READ_ONLY */
};

struct mm {
	struct vms_space space;
	vms_va brk_start;
	vms_va brk;
	vms_va next;   /* where the search for free addresses begins; changed atomically */
	uint32_t lock; /* of what follows */
	uint32_t nr_records;
	uint32_t room;
	uint64_t age;
	struct mm_record *record;
};

static inline struct mm *mm_of(struct vms_space *space)
{
	return (struct mm *)((char *)space - offsetof(struct mm, space));
}

/* record.c. The lock is taken with or without a cursor open, and nothing else is taken under it. */
/*
 * The number of a record for this mapping, from now on the newest behind its addresses, or -ENOMEM. Takes a reference
 * to the file. If the mapping comes to nothing, undo with what add left in `before`.
 */
long mm_record_add(struct mm *mm, const struct mm_record *record, struct mm_record *before);
void mm_record_undo(struct mm *mm, uint32_t number, const struct mm_record *before);
struct mm_record mm_record_get(struct mm *mm, uint32_t number);
bool mm_record_at(struct mm *mm, vms_va va, struct mm_record *record, uint32_t *number); /* the newest over va */
/* The first range after `va` that some shared mapping was ever made of; an empty one at the end if none. */
void mm_record_shared(struct mm *mm, vms_va va, vms_va *start, vms_va *end);
long mm_records_copy(struct mm *to, struct mm *from);
void mm_records_drop(struct mm *mm);

/* What there is at a place, whether touched or not. */
struct mm_place {
	uint32_t prot; /* VMS_R, VMS_W, VMS_X: what the program may do, copy on write included */
	bool is_file;
	uint32_t number; /* of the record */
	struct mm_record record;
};
struct mm_place mm_place_of(struct mm *mm, const struct vms_item *item, vms_va va);
vms_token mm_token(uint32_t prot, bool is_file, uint32_t number);

/* Rights of Linux as rights of a mapping: writing and executing imply reading. */
uint32_t mm_rights(uint32_t prot);

/*
 * fault.c: make the page at an editing cursor's position ready for this access. The position does not move.
 * 0, -EFAULT (the program may not do that), -ENOMEM.
 */
long mm_resolve(struct mm *mm, struct vms_cursor *cursor, uint32_t access);
bool mm_fault(struct vms_space *space, const struct vms_fault *fault);

/* -errno for a status of an editing call. */
long mm_errno(enum vms_status status);

/* map.c */
bool mm_range_valid(vms_va va, uint64_t len); /* page-aligned, not empty, in user space */

extern struct mm_counters {
	struct mm_stats stats;
} VMS_OWN_LINE mm_counters[VMS_MAX_CPUS];
static inline struct mm_stats *mm_count(void) /* preemption off */
{
	return &mm_counters[vms_port_cpu()].stats;
}

#endif
