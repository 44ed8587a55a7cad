/*
 * What the library keeps: records of frames, spaces, what is asked of CPUs, and the one object that everything hangs
 * on. Callers provide the storage; only the library writes it, by the calls in the other headers.
 */
#ifndef VMS_STATE_H
#define VMS_STATE_H

#include <vms/types.h>

enum vms_frame_kind {
	VMS_FRAME_RESERVED, /* not RAM, or not ours: never handed out */
	VMS_FRAME_UNUSED,   /* with the port's allocator */
	VMS_FRAME_UNTYPED,  /* may be mapped to users */
	VMS_FRAME_TABLE,    /* a page table */
	VMS_FRAME_KERNEL,   /* the kernel's own; never mapped to a user */
	VMS_FRAME_UNIQUE,   /* one holder has it to itself: segment.h */
	VMS_FRAME_TAIL      /* the rest of a huge frame: the record of its first frame speaks for it */
};

struct vms_frame {
	uint32_t kind; /* enum vms_frame_kind */
	uint32_t refs;
	uint32_t level; /* untyped: size as the level of its leaf, 1..3; table: its level */
	uint32_t next;  /* table: next in a list of detached tables; else the kernel's */

	/* Tables only. A table covers the pages [prefix, prefix + 1) * 512^level of the tree under root. */
	uint32_t root;
	uint32_t prefix;
	uint32_t nr_present; /* entries that are not absent */
	uint32_t stray;      /* no longer in a tree: whoever waited for the lock must start again */
	uint32_t lock;
	uint32_t used; /* bit b: something may be in the b-th 32nd of the entries */

	uint32_t shared_kind; /* unique only: what it becomes when it is shared again */

	/* The kernel's, untouched by this library. */
	uint32_t word[5];
} VMS_OWN_LINE;

/* What an access wanted: VMS_R, VMS_W or VMS_X; and whether user or kernel code made it. */
struct vms_fault {
	vms_va va;
	uint32_t access;
	bool user;
};

struct vms_space;

/**
 * Resolve a fault: map something at fault->va, or not.
 * Returns  true if the access can be tried again.
 * Context  the CPU and thread that faulted, preemption and interrupts as the kernel's fault handler
 *          left them. Must not be called with a cursor open on that address.
 */
typedef bool vms_fault_handler(struct vms_space *space, const struct vms_fault *fault);

/* The caller provides the storage and keeps it until vms_port_space_free(). */
struct vms_space {
	uint32_t root; /* the root table; never changes */
	vms_va start;  /* the addresses that its cursors may own */
	vms_va end;
	vms_fault_handler *on_fault;
	uint64_t id; /* never that of another space, past or present */

	/* What switches and flushes write. */
	uint64_t active VMS_OWN_LINE; /* one bit a CPU; in the kernel's space every CPU that is online */
	uint64_t generation;          /* flushes that were asked for so far, if the machine has tags */
	uint32_t refs;                /* handles + CPUs on which it is active */
};

/*
 * Ranges a flusher remembers one by one, and pages it flushes one by one, before it flushes everything; frames
 * it parks before it dispatches by itself. The explorer builds with small ones.
 */
#ifndef VMS_FLUSH_RANGES
#define VMS_FLUSH_RANGES 8u
#define VMS_FLUSH_PAGES 64u
#define VMS_FLUSH_FRAMES 64u
#endif

/* Pages [start, start + nr_pages * VMS_PAGE). */
struct vms_flush_range {
	vms_va start;
	uint64_t nr_pages;
};

/* What one caller has to flush, and the frames that wait for it: tlb.h. */
struct vms_tlb_flusher {
	struct vms_space *space;
	uint32_t nr_ranges;
	uint32_t nr_frames;
	bool all;          /* flush everything of the space: then no range is kept */
	uint64_t nr_pages; /* in all ranges */
	uint64_t waiting;  /* CPUs that were told and not yet seen to be done */
	vms_pfn tables;    /* detached tables, linked by their records; VMS_NO_FRAME ends */
	vms_pfn frames[VMS_FLUSH_FRAMES];
	struct vms_flush_range range[VMS_FLUSH_RANGES];
};

/* A frame seen as a table. Also how this library reads and zeroes any frame. */
struct vms_table {
	uint64_t entry[VMS_ENTRIES];
};

/* What is to be flushed beside a queue's ranges. */
enum vms_flush_all { VMS_FLUSH_NOT_ALL, VMS_FLUSH_ALL_USER /* all but global entries */, VMS_FLUSH_ALL };

/* Flush requests for one CPU, put there by others. */
struct vms_flush_queue {
	uint32_t lock; /* taken with interrupts off, everywhere */
	uint32_t nr_ranges;
	uint32_t all;   /* enum vms_flush_all */
	uint32_t asked; /* requests so far */
	struct vms_flush_range range[VMS_FLUSH_RANGES];
};

/* What a CPU's TLB may hold of a space under one tag (PCID, ASID) while another is active. */
struct vms_tag {
	uint64_t space;      /* its id; 0: of none */
	uint64_t generation; /* the space's, up to which this CPU has flushed the tag; not kept while it is active */
};

/* Tags a CPU uses at most, the kernel's space included: more would be colder than a walk. */
#define VMS_MAX_TAGS 8u

struct vms_cpu {
	/* Written by this CPU, read by it. */
	struct vms_space *active VMS_OWN_LINE;
	uint32_t tag;        /* of the active space: an index of tags, if it is a user's */
	uint32_t next_tag;   /* to be used for a space that has none */
	uint64_t generation; /* the active space's, up to which this CPU has flushed */
	struct vms_tag tags[VMS_MAX_TAGS - 1];
	uint64_t nr_spaces; /* that were ever created here */
	vms_pfn waiting;    /* detached tables: wait until no CPU is in the section that `snapshot` saw */
	vms_pfn young;      /* detached later: wait for the next snapshot */

	/* Odd while this CPU walks a tree without locks. Read by CPUs that reclaim tables. */
	uint32_t section VMS_OWN_LINE;

	/* Requests carried out so far. Read by CPUs that wait. */
	uint32_t flushed VMS_OWN_LINE;

	/* Written by others. */
	struct vms_flush_queue queue VMS_OWN_LINE;

	uint32_t snapshot[VMS_MAX_CPUS] VMS_OWN_LINE;
};

struct vms_machine {
	struct vms_table *ram;  /* physical memory; ram[pfn] is a frame */
	struct vms_frame *meta; /* meta[pfn] is its record */
	uint32_t nr_frames;
	uint32_t nr_cpus;
	uint32_t nr_tags;
	struct vms_space kernel; /* the kernel's space: its half is in every space */
	struct vms_cpu cpu[VMS_MAX_CPUS];
};

extern struct vms_machine vms_machine;

#endif
