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
#define MM_SHARED 0x01u
#define MM_PRIVATE 0x02u
#define MM_FIXED 0x10u
#define MM_ANONYMOUS 0x20u
#define MM_NOREPLACE 0x100000u
#define MM_POPULATE 0x8000u
#define MM_STACK 0x20000u
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
/* A file for shared anonymous memory. */
long mm_port_shared_file(uint64_t len, struct file **file);
/* A frame for a user page, kind VMS_FRAME_UNTYPED with one reference; VMS_NO_FRAME. */
vms_pfn mm_port_frame(bool zeroed);
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
long mm_unmap(struct mm *mm, vms_va va, uint64_t len);
long mm_protect(struct mm *mm, vms_va va, uint64_t len, uint32_t prot);
long mm_remap(struct mm *mm, vms_va old, uint64_t old_len, uint64_t new_len, uint32_t flags, vms_va new_va);
long mm_advise(struct mm *mm, vms_va va, uint64_t len, int advice);
vms_va mm_brk(struct mm *mm, vms_va end);     /* the break afterwards */
void mm_set_brk(struct mm *mm, vms_va start); /* where the heap begins: set by exec */

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
	bool shared;
	bool read_only;     /* MM_FILE_READ_ONLY */
	uint64_t nr_mapped; /* pages present */
	struct file *file;  /* NULL: anonymous; valid inside the call only */
	uint64_t offset;    /* bytes, in the file */
};
/* The first run at or after `from`; false if there is none. Joins neighbours that look alike. */
bool mm_next_area(struct mm *mm, vms_va from, struct mm_area *area);
/* The same, and the file is held until mm_port_file_put(): for a space whose threads may unmap it meanwhile. */
bool mm_next_area_hold(struct mm *mm, vms_va from, struct mm_area *area);

struct mm_stats {
	uint64_t nr_faults;
	uint64_t nr_zeroed; /* anonymous pages made */
	uint64_t nr_copied; /* copy on write */
	uint64_t nr_file;   /* file pages mapped */
};
struct mm_stats mm_stats(void); /* of all since boot */

#endif
