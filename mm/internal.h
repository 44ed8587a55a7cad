/*
 * What the files of mm/ share: tokens, the records of file mappings, and one page's resolution.
 *
 * A mark's token is rights + (a file is behind it ? MM_TOKEN_FILE : 0); which file, its record says.
 * A mapped page's leaf says the rest in its two soft bits:
 *   MM_COW    it may be written, but not in place unless this mapping is the frame's only holder;
 *   MM_FILE   a file is behind it: the record that covers its address says which.
 */
#ifndef MM_INTERNAL_H
#define MM_INTERNAL_H

#include <mmu.h>

#include <mm/mm.h>

#define MM_COW VMS_SOFT0
#define MM_FILE VMS_SOFT1

#define MM_TOKEN_FILE 8u

/* A flag of mm_map()'s for mm/ alone: no page is made ready, though it be locked. */
#define MM_UNTOUCHED 0x80000000u

/* Programs never get the lowest 64 KiB: a null pointer plus a field must fault. */
#define MM_LOWEST 0x10000ul
/* Where mappings go that ask for no address. The stack's area is above. */
#define MM_AREA_START 0x200000000000ul
#define MM_AREA_END 0x7ff000000000ul
#define MM_AREA_32_START 0x40000000ul /* MAP_32BIT */
#define MM_AREA_32_END 0x80000000ul

/* What is special about [start, end): see record.c. The page at va is the file's page at offset + (va - start). */
struct mm_record {
	vms_va start;
	vms_va end;
	struct file *file; /* NULL: anonymous memory */
	uint64_t offset;
	uint32_t flags;
	uint32_t priority; /* in the tree */
	struct mm_record *left, *right;
};
#define MM_RECORD_SHARED 1u
#define MM_RECORD_READ_ONLY 2u /* MM_FILE_READ_ONLY */
#define MM_RECORD_LOCKED 4u
#define MM_RECORD_ON_FAULT 8u /* locked, but not touched for that: MLOCK_ONFAULT */
#define MM_RECORD_GROWS 16u   /* downwards, when the page below it is touched */
#define MM_RECORD_NOT_FORKED 32u
#define MM_RECORD_WIPED 64u /* a child finds zeros there */
#define MM_RECORD_NOT_DUMPED 128u
#define MM_RECORD_HUGE 256u /* pages of 2 MiB are wanted; or not */
#define MM_RECORD_NOT_HUGE 512u

/* Addresses that one CPU gives out next, upwards. */
struct mm_supply {
	vms_va next;
	vms_va end;
} VMS_OWN_LINE;

#define MM_HUGE_BYTES (VMS_ENTRIES * VMS_PAGE)
#define MM_HUGE_PLACES 1024u

#define MM_PIECE 0x200000ul
#define MM_NR_PIECES 4096u

struct mm {
	struct vms_space space;
	uint32_t users;            /* handles; all of them together are one of the space's references */
	struct mm *before, *after; /* in the list of all: all.c */
	uint32_t brk_lock;
	vms_va brk_start;
	vms_va brk;
	uint32_t lock_later; /* flags that new memory gets: mlockall(MCL_FUTURE) */
	vms_va next;         /* where addresses are fresh; changed atomically */
	uint32_t lock;       /* of the records' tree */
	uint32_t random;
	uint32_t no_huge;                          /* no pages of 2 MiB: mm_huge_refuse() */
	uint32_t any_huge;                         /* one was made once */
	uint64_t huge_place[MM_HUGE_PLACES / 64];  /* where such pages are or were; only grows */
	vms_va records_end;                        /* no record is above; only grows */
	uint64_t records_place[MM_NR_PIECES / 64]; /* note_place(): where records are or were; only grows */
	struct mm_record *records;
	struct mm_supply supply[]; /* one a CPU */
};

static inline struct mm *mm_of(struct vms_space *space)
{
	return (struct mm *)((char *)space - offsetof(struct mm, space));
}

/*
 * record.c. Its lock is taken with or without a cursor open; under it only the kernel's heap and files' counts are
 * used. What covers a range is changed under a cursor that owns it:
 *   mm_records_cut() before the page table is changed: it may fail (-ENOMEM), and changes no answer;
 *   mm_records_drop() or mm_record_set() after it: these cannot fail.
 */
long mm_records_cut(struct mm *mm, vms_va start, vms_va end);
void mm_records_drop(struct mm *mm, vms_va start, vms_va end);
/* One more record like this, which belongs to nobody yet; takes a reference to its file. NULL: no memory. */
struct mm_record *mm_record_new(struct mm *mm, const struct mm_record *like);
void mm_record_free(struct mm_record *record);
/* From now on this one, and it alone, covers its range. The record is the tree's then. */
void mm_record_set(struct mm *mm, struct mm_record *record);
/* Clear and set flags of all of [start, end), which has memory everywhere. -ENOMEM: of a part of it. */
long mm_records_flag(struct mm *mm, vms_va start, vms_va end, uint32_t clear, uint32_t set);
bool mm_record_at(struct mm *mm, vms_va va, struct mm_record *record);        /* the one that covers va: a copy */
bool mm_records_any(struct mm *mm, vms_va start, vms_va end, uint32_t flags); /* is one there, with these flags? */
/* The first one that ends after va and has one of these flags (0: any). */
bool mm_record_next(struct mm *mm, vms_va va, uint32_t flags, struct mm_record *record);
/* The one that starts at `start` starts at va from now on: there is nothing between. */
void mm_record_begin_at(struct mm *mm, vms_va start, vms_va va);
long mm_records_copy(struct mm *to, struct mm *from); /* what a child has of them; both spaces are owned */
void mm_records_fini(struct mm *mm);

/* What there is at a place, whether touched or not. */
struct mm_place {
	uint32_t prot; /* VMS_R, VMS_W, VMS_X: what the program may do, copy on write included */
	bool is_file;
	bool shared;
	struct mm_record record; /* if it is a file's */
};
struct mm_place mm_place_of(struct mm *mm, const struct vms_item *item, vms_va va);
vms_token mm_token(uint32_t prot, bool is_file);
uint32_t mm_rights_of(const struct vms_item *item); /* only the rights: what mm_place_of() says of them */
uint32_t mm_rights_in(uint32_t flags);              /* the same, of a leaf's flags */

/* Rights of Linux as rights of a mapping: writing and executing imply reading. */
uint32_t mm_rights(uint32_t prot);

/*
 * fault.c: make the page at an editing cursor's position ready for this access. The position may move.
 * 0, -EFAULT (the program may not do that), -ENOMEM; if `huge`, also MM_MAY_BE_HUGE: nothing was done, for
 * mm_huge_resolve() may be better.
 */
#define MM_MAY_BE_HUGE 1
long mm_resolve(struct mm *mm, struct vms_cursor *cursor, uint32_t access, bool huge);
bool mm_fault(struct vms_space *space, const struct vms_fault *fault);

/* -errno for a status of an editing call. */
long mm_errno(enum vms_status status);

bool mm_is_zero_page(vms_pfn frame); /* or a part of the huge one */

/* A copy of a frame, or VMS_NO_FRAME. */
vms_pfn mm_frame_copy(vms_pfn from);

/* Flags of a page that was just given: hardware need not set accessed, nor dirty when it is written now. */
static inline uint32_t mm_flags_of(uint32_t prot, bool writable)
{
	return (prot & (VMS_R + VMS_X)) + VMS_ACCESSED + (writable ? VMS_W + VMS_DIRTY : 0);
}

/* Is this a part of a frame of 2 MiB, or all of one? Its count is then that of all parts together. */
static inline bool mm_is_part(vms_pfn frame)
{
	return vms_machine.meta[frame].level > 1;
}

/* The frame behind va, which is in a mapped item. */
static inline vms_pfn mm_frame_at(const struct vms_item *item, vms_va va)
{
	return item->frame + (vms_pfn)((va - item->va) / VMS_PAGE);
}

/*
 * huge.c; no cursor is open but for the questions. resolve: make the slot of 2 MiB around va ready with one page; false:
 * it cannot be, a small one is due. divide: if it has such a page, which nobody else holds, there are 512 small ones
 * afterwards; so that what is cut next is frames by themselves. thin: give back what is zeros, or was unmapped, of
 * the page in this slot: frames that are free now. The spare frame is for that, when there is no other.
 */
bool mm_huge_resolve(struct mm *mm, vms_va va, uint32_t access);
void mm_huge_divide(struct mm *mm, vms_va va);
uint64_t mm_huge_thin(struct mm *mm, vms_va slot);
bool mm_huge_is_zero(vms_pfn frame);
bool mm_huge_drop_zero(void); /* if nobody maps it */
void mm_huge_note(struct mm *mm, vms_va slot);
void mm_huge_fini(void);

/* May there be a page of 2 MiB around va, whole or in parts? */
static inline bool mm_may_be_huge(const struct mm *mm, vms_va va)
{
	uint64_t place = va / MM_HUGE_BYTES % MM_HUGE_PLACES;

	return __atomic_load_n(&mm->huge_place[place / 64], __ATOMIC_RELAXED) >> place % 64 & 1;
}

/* [start, end) is to be changed: divide what reaches over an end. */
static inline void mm_huge_cut(struct mm *mm, vms_va start, vms_va end)
{
	if (!__atomic_load_n(&mm->any_huge, __ATOMIC_RELAXED))
		return;
	if (start % MM_HUGE_BYTES != 0 && mm_may_be_huge(mm, start))
		mm_huge_divide(mm, start);
	if (end % MM_HUGE_BYTES != 0 && mm_may_be_huge(mm, end))
		mm_huge_divide(mm, end);
}

/*
 * Do the limits allow `add` bytes more, `data` of them private and writable? A space without limits answers at once;
 * one with limits is counted, which costs a walk.
 */
bool mm_may_add(struct mm *mm, uint64_t add, uint64_t data);

/* Is nothing left in the lowest table that covers an open cursor's range? */
static inline bool mm_is_bare(const struct vms_cursor *cursor)
{
	return vms_machine.meta[cursor->top].nr_present == 0;
}

/* grow.c: if va lies below memory that grows downwards, let it grow that far. False: it does not. */
bool mm_grow(struct mm *mm, vms_va va);

/*
 * addresses.c. take: where `len` bytes are most likely free; MM_AREA_END: all were given out once. skip: others, up to
 * va, were used in place of those. return: a range is free again, and is given out next if it was the last one.
 * are_next: is va in the table of pages that this CPU takes from (preemption off)?
 */
vms_va mm_addresses_take(struct mm *mm, uint64_t len);
void mm_addresses_skip(struct mm *mm, vms_va va);
void mm_addresses_return(struct mm *mm, vms_va va, uint64_t len);
bool mm_addresses_are_next(struct mm *mm, vms_va va);

/* touch.c */
enum mm_touch {
	MM_TOUCH_OWN,  /* as a lock of memory wants it: write where that makes a private page, read elsewhere */
	MM_TOUCH_READ, /* all of it */
	MM_TOUCH_WRITE
};
/* Make every page of [va, va + len) ready. -ENOMEM: no memory, or a hole; -EACCES: no right; -EFAULT: no such page
   of the file. What came before is done. */
long mm_touch(struct mm *mm, vms_va va, uint64_t len, enum mm_touch how);

/* lock.c: clear and set records' flags wherever there is memory in [va, end). */
long mm_flag_area(struct mm *mm, vms_va va, vms_va end, uint32_t clear, uint32_t set);

/* all.c */
void mm_all_add(struct mm *mm);
void mm_all_remove(struct mm *mm);

/*
 * protect.c: do something to all that is in a range, run by run; -ENOMEM if there are holes, with `stop` only to the
 * first. The work finds `item` at the cursor's position, does what it can in one piece before `end`, and leaves the
 * position behind that.
 */
typedef long mm_run_work(struct mm *mm, struct vms_cursor *cursor, const struct vms_item *item, vms_va end,
			 uint32_t argument);
long mm_range_work(struct mm *mm, vms_va va, uint64_t len, mm_run_work *work, uint32_t argument, bool stop);
/*
 * Bytes from the position on, which `item` is at, up to `end` where all slots have the same rights, or are the same mark;
 * one slot if a file is behind it.
 */
uint64_t mm_run_len(struct vms_cursor *cursor, const struct vms_item *item, vms_va end);

/* area.c: is there memory in all of [va, va + len)? */
bool mm_is_whole(struct mm *mm, vms_va va, uint64_t len);

/* map.c */
uint64_t mm_page_up(uint64_t len);            /* 0 if that wraps */
bool mm_range_valid(vms_va va, uint64_t len); /* page-aligned, not empty, in user space */

/* A lock that is held for a few steps, with preemption off. Whoever waits serves flushes: the holder may wait for them. */
static inline void mm_spin_lock(uint32_t *lock)
{
	vms_port_preempt_off();
	while (__atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE) != 0) {
		vms_tlb_service();
		arch_cpu_relax();
	}
}

static inline void mm_spin_unlock(uint32_t *lock)
{
	__atomic_store_n(lock, 0, __ATOMIC_RELEASE);
	vms_port_preempt_on();
}

extern struct mm_counters {
	struct mm_stats stats;
} VMS_OWN_LINE mm_counters[VMS_MAX_CPUS];
static inline struct mm_stats *mm_count(void) /* preemption off */
{
	return &mm_counters[vms_port_cpu()].stats;
}

#endif
