/*
 * The memory of a program, with Linux's semantics, on the public interface of the library only.
 *
 * What should be at an address is in the page table itself: a mapped page by its leaf, a page that was
 * never touched by a *mark* that says what it will be (anonymous, or which file mapping) and with which
 * rights. There is no second structure to keep in step; only a small record per file mapping.
 */
#ifndef MM_MM_H
#define MM_MM_H

#include <mm/errno.h>
#include <vms/vms.h>

struct mm;

/* Rights and flags, as Linux numbers them. */
#define MM_PROT_READ 1u
#define MM_PROT_WRITE 2u
#define MM_PROT_EXEC 4u
#define MM_PROT_SEM 8u /* means nothing */
#define MM_PROT_GROWSDOWN 0x01000000u
#define MM_PROT_GROWSUP 0x02000000u
#define MM_SHARED 0x01u
#define MM_PRIVATE 0x02u
#define MM_FIXED 0x10u
#define MM_ANONYMOUS 0x20u
#define MM_KIND 0x0fu /* MAP_SHARED, MAP_PRIVATE or, for both bits, MAP_SHARED_VALIDATE */
#define MM_32BIT 0x40u
#define MM_GROWSDOWN 0x100u
#define MM_LOCKED 0x2000u
#define MM_POPULATE 0x8000u
#define MM_NONBLOCK 0x10000u /* takes MM_POPULATE back */
#define MM_STACK 0x20000u    /* a thread's stack: touched here and there */
#define MM_HUGETLB 0x40000u
#define MM_NOREPLACE 0x100000u
/* Beside Linux's: the file is not open for writing, so a shared mapping of it never becomes writable. */
#define MM_FILE_READ_ONLY 0x40000000u

/*
 * What the kernel supplies for file mappings: an opaque counted object that has pages.
 * mm_port_file_page gives one reference to the frame of page `index` (4 KiB units), zero-filled past what
 * was written; 0, -ENOMEM, or -EFAULT if the page lies wholly past the end (SIGBUS). It never sleeps.
 */
struct file;
void mm_port_file_get(struct file *file);
void mm_port_file_put(struct file *file);
long mm_port_file_page(struct file *file, uint64_t index, vms_pfn *frame);
/* Is that page there, so that it need not be made? */
bool mm_port_file_has_page(struct file *file, uint64_t index);
/* Make zeros of a part of it again, at full pages: madvise(MADV_REMOVE). May sleep. */
long mm_port_file_remove(struct file *file, uint64_t offset, uint64_t len);
/* What stands for the contents: equal for every file that shows the same. */
const void *mm_port_file_contents(struct file *file);
/* A limit of the calling process, in bytes. */
enum mm_limit { MM_LIMIT_DATA, MM_LIMIT_STACK, MM_LIMIT_AS };
#define MM_NO_LIMIT (~0ull)
uint64_t mm_port_limit(enum mm_limit limit);
/* A file for shared anonymous memory. */
long mm_port_shared_file(uint64_t len, struct file **file);
/* A frame for a user page, kind VMS_FRAME_UNTYPED with one reference; VMS_NO_FRAME. */
vms_pfn mm_port_frame(bool zeroed);
/* The same of 2 MiB, if one can be had without harm to others. And: the caller's reference is the only one of such a
   frame; from now on it has one of each of its 512 frames of 4 KiB. */
vms_pfn mm_port_huge_frame(bool zeroed);
void mm_port_frame_divide(vms_pfn frame);
void *mm_port_alloc(uint64_t len); /* zeros; NULL */
void mm_port_free(void *at);

/*
 * mm/ itself supplies vms_port_space_free(): every user space of a kernel that links mm/ is one of its.
 */

/* Start: makes the zero page. -ENOMEM. And the end: gives it back. */
long mm_init(void);
void mm_fini(void);

/* An empty address space with one reference; NULL: no memory. */
struct mm *mm_create(void);
void mm_get(struct mm *mm);
void mm_put(struct mm *mm);
struct vms_space *mm_space(struct mm *mm);

/* A copy whose private pages are shared until one side writes. 0 or -ENOMEM. */
long mm_fork(struct mm *from, struct mm **to);

/*
 * mmap: the address, or -errno. `file` is NULL for anonymous memory, else borrowed (a reference is taken);
 * rights of the file itself are checked by the caller. offset in bytes.
 */
long mm_map(struct mm *mm, vms_va hint, uint64_t len, uint32_t prot, uint32_t flags, struct file *file,
	    uint64_t offset);
/* Its answer to arguments that no mapping can have, or 0: for a caller that has more to check. */
long mm_map_check(vms_va hint, uint64_t len, uint32_t flags, bool is_file, uint64_t offset);
long mm_unmap(struct mm *mm, vms_va va, uint64_t len);
long mm_protect(struct mm *mm, vms_va va, uint64_t len, uint32_t prot);
long mm_remap(struct mm *mm, vms_va old, uint64_t old_len, uint64_t new_len, uint32_t flags, vms_va new_va);
/* remap_file_pages: in a shared mapping of a file, [va, va + len) shows the file's pages from page `index` on. */
long mm_remap_file(struct mm *mm, vms_va va, uint64_t len, uint64_t index, uint32_t flags);
long mm_advise(struct mm *mm, vms_va va, uint64_t len, int advice);
vms_va mm_brk(struct mm *mm, vms_va end);     /* the break afterwards; several threads may */
void mm_set_brk(struct mm *mm, vms_va start); /* where the heap begins: set by exec */

/* mlock2, munlock: `flags` as mlock2's. mlockall: as its; munlockall is mm_lock_all(mm, 0). */
long mm_lock(struct mm *mm, vms_va va, uint64_t len, uint32_t flags);
long mm_unlock(struct mm *mm, vms_va va, uint64_t len);
long mm_lock_all(struct mm *mm, uint32_t flags);
long mm_sync(struct mm *mm, vms_va va, uint64_t len, uint32_t flags); /* msync */

/*
 * Bytes [from, to) of a file go (contents: mm_port_file_contents()): nobody maps one of those pages any more, private
 * copies included. If they are past a new end, call it after the file knows, so that none comes back. And: does
 * anybody have a shared mapping through which that file may be written?
 */
void mm_file_forget(const void *contents, uint64_t from, uint64_t to);
bool mm_file_is_writable(const void *contents);

/*
 * Pages of 2 MiB for private anonymous memory: everywhere that a whole slot of it is untouched (the start), where
 * madvise(MADV_HUGEPAGE) was called, or nowhere. What there is stays. And of one space: none, whatever was advised.
 */
enum mm_huge { MM_HUGE_ALWAYS, MM_HUGE_ADVISED, MM_HUGE_NEVER };
enum mm_huge mm_huge_policy(void);
void mm_huge_set_policy(enum mm_huge to);
void mm_huge_refuse(struct mm *mm, bool refuse);
bool mm_huge_is_refused(struct mm *mm);

/*
 * Memory is short: give back at least nr frames, if as many are in pages of 2 MiB and hold nothing but zeros, or
 * nobody maps them any more. How many were. No cursor is open; may take long.
 */
uint64_t mm_huge_give_back(uint64_t nr);

/* Make the page at va ready, as a fault does: 0; -EFAULT: the program may not, or the file has no such page; -ENOMEM. */
long mm_access(struct mm *mm, vms_va va, uint32_t access);

/* Reach into a space that need not be active, faulting pages in. 0 or -EFAULT, -ENOMEM. */
long mm_write(struct mm *mm, vms_va to, const void *from, uint64_t len);
long mm_read(struct mm *mm, void *to, vms_va from, uint64_t len);

/*
 * The frame behind va if it belongs to a shared mapping: the same frame for every process that maps it, for
 * as long as it is mapped. VMS_NO_FRAME if the memory is private, or the page is not there now. No reference.
 */
vms_pfn mm_shared_frame(struct mm *mm, vms_va va);

/* One run of equal pages, for /proc/self/maps. */
struct mm_area {
	vms_va start;
	vms_va end;
	uint32_t prot;
	uint32_t flags; /* mm/'s own */
	bool shared;
	bool read_only; /* MM_FILE_READ_ONLY */
	bool locked;
	bool grows;            /* MM_GROWSDOWN */
	bool huge, not_huge;   /* advised, or advised against */
	uint64_t nr_mapped;    /* pages present, without the page of zeros that all share */
	uint64_t nr_zero;      /* where that page is */
	uint64_t nr_anonymous; /* present, and no file's page */
	uint64_t nr_huge;      /* present, in pages of 2 MiB */
	uint64_t nr_common;    /* present, and mapped elsewhere too */
	uint64_t nr_dirty;     /* present, and writable now */
	uint64_t part;         /* bytes present, each page divided by its number of mappings */
	struct file *file;     /* NULL: anonymous; valid inside the call only */
	uint64_t offset;       /* bytes, in the file */
};
/* The first run at or after `from`; false if there is none. Joins neighbours that look alike. */
bool mm_next_area(struct mm *mm, vms_va from, struct mm_area *area);
/* The same, and the file is held until mm_port_file_put(): for a space whose threads may unmap it meanwhile. */
bool mm_next_area_hold(struct mm *mm, vms_va from, struct mm_area *area);

/* Pages of a space, by what they are; nr_mapped and nr_of_files are present. */
struct mm_sizes {
	uint64_t nr_pages, nr_mapped, nr_of_files, nr_locked, nr_code, nr_data, nr_stack;
};
struct mm_sizes mm_sizes(struct mm *mm); /* a walk through everything */

/* One page, for mincore and /proc/self/pagemap. */
struct mm_page {
	bool is_memory; /* the program has memory there, touched or not */
	bool is_mapped;
	bool in_memory; /* mapped, or its file has it */
	bool is_file;
	bool is_only; /* nobody else holds the frame */
	vms_pfn frame;
};
long mm_look(struct mm *mm, vms_va va, uint64_t nr, struct mm_page *page); /* `nr` pages from va on */

struct mm_stats {
	uint64_t nr_faults;
	uint64_t nr_zeroed; /* anonymous pages made */
	uint64_t nr_copied; /* copy on write */
	uint64_t nr_file;   /* file pages mapped */
	uint64_t nr_huge;   /* anonymous pages of 2 MiB made; there was no memory for one; made small pages of */
	uint64_t nr_not_huge;
	uint64_t nr_divided;
};
struct mm_stats mm_stats(void); /* of all since boot */

#endif
