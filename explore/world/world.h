/*
 * The machine that src/ runs on under the explorer: CPUs that are fibers, an MMU with a small TLB each, a
 * frame allocator, and oracles.
 *
 * A CPU has up to three fibers. Its *thread* runs the scenario's actions. Its *interrupt* calls
 * vms_tlb_service() when it was sent one and interrupts are on; it may come between any two steps of the
 * thread. Its *walker* fills the TLB on its own, as hardware may, and sets accessed and dirty.
 *
 * A walk with its fill is atomic against invalidations of the same CPU, not against other CPUs.
 */
#ifndef EXPLORE_WORLD_H
#define EXPLORE_WORLD_H

#include <mmu.h>
#include <vms/vms.h>

#include "../engine/explore.h"

#define NR_CPUS 3u
#define NR_SPACES 2u
#define KERNEL NR_SPACES /* the kernel's space, where a space's number is expected */
#define NR_TREES (NR_SPACES + 1u)
#define NR_PAGES 64u    /* of user and kernel */
#define KERNEL_PAGE 32u /* the first of the kernel's */
#define NR_TABLES 32u   /* frames 1..NR_TABLES are for tables; half of them CPU 0's at first */
#define FIRST_DATA 36u  /* data frame k; aligned for huge ones */
#define NR_DATA 16u
#define NR_FRAMES (FIRST_DATA + NR_DATA) /* what lies beyond is a device's */
#define NR_TLB 4u
#define NR_ACTIONS 4u
#define NR_BEFORE 6u

struct tlb_entry {
	bool valid;
	uint32_t page;
	vms_pfn frame;
	uint32_t rights;
	uint32_t tag;
	vms_pfn root;
	bool global;
};

struct world_cpu {
	uint32_t gate VMS_OWN_LINE; /* 1: interrupts are off; 2: the interrupt runs */
	uint32_t pending;           /* 1: interrupted */
	uint32_t tlb_lock;          /* held for a walk, and for an invalidation */
	vms_pfn root;
	uint32_t tag;
	bool kept; /* the last activation kept what was under the tag */
	struct tlb_entry tlb[NR_TLB];
	struct tlb_entry upper[2][NR_TLB]; /* tables of level 1 and 2 on the way: `frame` is the table */
	uint32_t nr_pool;                  /* frames for tables */
	vms_pfn pool[NR_TABLES];
};

enum action_kind {
	NOTHING,
	MAP,         /* frame `value` at page a */
	HUGE,        /* huge frame `value` at page a */
	UNMAP,       /* pages [a, b) */
	MARK,        /* pages [a, b) with token `value` */
	PROTECT,     /* pages [a, b): no writing */
	GROW,        /* pages [a, b): writing again */
	QUERY,       /* page a */
	USE,         /* a user access of page a; value 1: writing */
	ACTIVATE,    /* space `value`; NR_SPACES: the kernel's */
	GET,         /* one more reference to the space */
	PUT,         /* one reference less */
	FAULT,       /* vms_space_fault() at page a */
	REPLACE,     /* unmap page a and map frame `value` there, by one cursor */
	BORROW,      /* query page a and take a reference of the frame; give it back after close */
	FLUSH,       /* flush [a, b) by hand */
	SERVICE,     /* vms_tlb_service() */
	RECLAIM,     /* vms_reclaim() */
	ONLINE,      /* vms_cpu_online() */
	READ,        /* vms_space_reader() and copy one byte of page a */
	COPY,        /* pages [a, b) of the space to space `value`, as fork does */
	PROTECT_ALL, /* as PROTECT, in one call */
	TAKE,   /* pages [a, b): writing again where nobody else has the frame; up to the first that is not mapped */
	SHARE,  /* frame `value`, which is mapped elsewhere, at page a too */
	DEVICE, /* pages [a, b): the device's from its page `value` on */
	PEEK,   /* read a byte of page a, of a space that need not be active */
	POKE    /* write it */
};

struct action {
	enum action_kind kind;
	uint32_t a, b;
	uint32_t value;
	uint32_t space;
	uint32_t from, to; /* the cursor's pages, if not [a, b) */
};

/* What a scenario is made of. Either actions, or functions of its own. */
struct scenario {
	const char *name; /* what it threatens */
	uint32_t nr_cpus;
	uint32_t interrupts;      /* a bit a CPU: it takes interrupts. Otherwise it serves while it waits, only */
	uint32_t offline;         /* a bit a CPU: not yet online */
	uint32_t active[NR_CPUS]; /* 1 + space active at the start; 0: the kernel's */
	struct action before[NR_BEFORE]; /* done before, on CPU 0 */
	struct action script[NR_CPUS][NR_ACTIONS];
	struct action walker[NR_CPUS]; /* USE: what the walker of this CPU looks at */
	bool strict;      /* the interrupt stops its thread; otherwise they may take turns, which is less to explore */
	bool real_locks;  /* node locks as they are, not as one step that waits */
	bool settle;      /* leaves begin with accessed and dirty clear */
	uint32_t nr_tags; /* of the TLBs; 0: none */
	uint32_t nr_pool; /* frames for tables a CPU; 0: enough. Few: VMS_NO_MEMORY may be a result */
	bool wrap;        /* counters of sections and of flushes begin just before they wrap */
	bool weak;        /* small enough for the weak model */
	void (*own_setup)(void);
	void (*own_body[NR_CPUS])(void);
	void (*own_finish)(void);
};

struct world {
	struct vms_table ram[NR_FRAMES];
	struct vms_frame meta[NR_FRAMES];
	struct vms_space space[NR_SPACES];
	struct world_cpu cpu[NR_CPUS];
	bool space_freed[NR_SPACES];
	bool data_free[NR_DATA];
	uint64_t settled[NR_DATA];         /* accessed and dirty, as hardware set them */
	uint8_t owner[NR_TREES][NR_PAGES]; /* 1 + CPU whose cursor is open there */
	uint64_t result[NR_CPUS][NR_ACTIONS];
	uint32_t initial[NR_TREES][NR_PAGES]; /* what the pages held at the start */
	uint32_t own[16];                     /* of scenarios with functions of their own */
} VMS_OWN_LINE;

extern struct world world;
extern const struct scenario *scenario;

/* cpu.c */
struct vms_space *world_space(uint32_t number);
uint32_t world_cpu(void);
void world_run_as(uint32_t cpu); /* outside of fibers */
void world_spawn(void);
bool cpu_uses_tlb(uint32_t cpu);

/* mmu.c */
bool mmu_access(vms_va va, bool write);     /* by the current CPU; false: fault */
bool mmu_look_ahead(vms_va va, bool write); /* the same by hardware on its own, which does not fault */
void mmu_no_translation_of(vms_pfn frame);
void mmu_none_stale(uint32_t space, uint32_t first, uint32_t end);
void mmu_only(uint32_t space, uint32_t page, vms_pfn frame); /* who translates this page, does so to this frame */
void mmu_alone(uint32_t space, vms_pfn frame);               /* nobody uses this frame but through this space */

/* frames.c */
void frames_setup(void);
vms_pfn frame_data(uint32_t number);
vms_pfn frame_device(uint32_t number);
void frame_make(uint32_t number, uint32_t level);

/* actions.c */
void actions_before(void);
void actions_run(uint32_t cpu);

/* oracle.c */
#define PAGE_ABSENT 0u
#define PAGE_FRAME 0x100u /* + frame */
#define PAGE_READ_ONLY 0x1000u
#define PAGE_TOKEN 0x200u /* + token */
void oracle_read(uint32_t pages[NR_TREES][NR_PAGES]);
void oracle_check(void);

/* names.c */
bool world_name(const void *address, char *name, size_t room);

/* The whole, as a program to be explored. */
extern const struct explore_program world_program;

extern const struct scenario scenarios[];
extern const uint32_t nr_scenarios;

#endif
