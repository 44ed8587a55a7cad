/*
 * What the files of the simulated machine share. Tests use sim.h.
 */
#ifndef VMS_SIM_INSIDE_H
#define VMS_SIM_INSIDE_H

#include <mmu.h>
#include <sim/sim.h>

#define SIM_TLB_ENTRIES 256u
#define SIM_UPPER_ENTRIES 32u

/* A translation as the CPU remembers it. level 0: empty. */
struct sim_tlb_entry {
	vms_va va;
	uint32_t level;
	uint32_t rights; /* VMS_R, W, X */
	bool user;
	bool global;
	bool dirty;
	uint32_t tag;
	vms_pfn frame;
};

/* A table that the CPU remembers for an aligned stretch of addresses (SDM 4.10.3). level 0: empty. */
struct sim_upper_entry {
	vms_va va;
	uint32_t level; /* of the table */
	vms_pfn table;
	bool write; /* allowed by every entry on the way */
	bool user;
	bool execute;
	uint32_t tag;
};

struct sim_cpu {
	uint32_t driven;  /* 1: a thread runs on it */
	uint32_t pending; /* 1: interrupted */
	bool irq_off;
	uint32_t preempt_off;
	vms_pfn root;
	uint32_t tag;
	uint32_t next; /* the TLB entry to be replaced next */
	struct sim_tlb_entry tlb[SIM_TLB_ENTRIES];
	struct sim_upper_entry upper[SIM_UPPER_ENTRIES];
	uint64_t random;
};

struct sim {
	bool on;
	struct sim_options options;
	struct sim_cpu cpu[VMS_MAX_CPUS];
	struct sim_counts counts;
	uint32_t waits; /* relaxes in which nothing happened */
	vms_pfn device;
	vms_pfn large; /* the first 2 MiB frame */
	vms_pfn giant;
	uint32_t nr_frames; /* with all kinds */
	uint8_t *used;      /* a byte a frame: allocated */
	uint32_t *handles;  /* of the test, a word a frame */
};

extern struct sim sim;

struct sim_cpu *sim_cpu_current(void);
bool sim_cpu_take(uint32_t cpu); /* drive it, if nobody does */
void sim_cpu_give(uint32_t cpu);
uint32_t sim_nr_driven(void);

/* frames.c */
void sim_frames_start(void);
uint32_t sim_handles(vms_pfn frame);

/* mmu.c */
static inline uint64_t sim_level_pages(uint32_t level)
{
	return level == 1 ? 1 : level == 2 ? VMS_ENTRIES : level == 3 ? VMS_ENTRIES * VMS_ENTRIES : 1ul << 27;
}
static inline uint64_t sim_level_size(uint32_t level)
{
	return sim_level_pages(level) * VMS_PAGE;
}
static inline uint64_t sim_index(vms_va va, uint32_t level)
{
	return va / sim_level_size(level) % VMS_ENTRIES;
}
/* What the tables say about va now, without changing anything. False: nothing present. */
bool sim_look(vms_pfn root, vms_va va, struct sim_tlb_entry *entry);
/* Fill or drop something, perhaps: called wherever time passes. */
void sim_disturb(void);
/* One access of the current CPU, without a handler. */
bool sim_translate(vms_va va, uint32_t access, bool user, vms_pa *pa);
/* The same, with the handler. */
bool sim_access(vms_va va, uint32_t access, bool user, vms_pa *pa);
/* RAM at a physical address; NULL if there is none. */
uint8_t *sim_byte(vms_pa pa);

#endif
