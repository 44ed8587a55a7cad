/*
 * A machine in a process: src/ runs on it unmodified, and tests see and disturb what no kernel can.
 *
 * It has RAM and a frame allocator that fails on demand; CPUs with a root register, an MMU that walks the
 * real entry bits in RAM, a TLB and a cache of upper levels; and interrupts between CPUs.
 *
 * Which CPU runs. A thread *drives* at most one CPU at a time, see sim_run_on(); vms_port_cpu() is that
 * one. A CPU that no thread drives is idle. Interrupts are pending until served: a driven CPU serves its
 * own in arch_cpu_relax(), vms_port_irq_restore() and sim_poll(), if its interrupts are on; an idle CPU is
 * served by whatever CPU waits in arch_cpu_relax(), which drives it for that time. So a test of one thread
 * has working shootdowns, and a test of several threads has real races.
 *
 * Whatever the library does wrong (a context not honoured, a frame freed twice, a lock kept) ends in
 * sim_fail().
 */
#ifndef VMS_SIM_H
#define VMS_SIM_H

#include <vms/vms.h>

struct sim_options {
	uint32_t nr_cpus;   /* 0: 1 */
	uint32_t nr_frames; /* 4 KiB frames; 0: 2048 */
	uint32_t nr_large;  /* 2 MiB frames besides */
	uint32_t nr_giant;  /* 1 GiB frames besides */
	uint32_t nr_tags;   /* of the TLBs; 0: none */
	bool sticky;        /* a fault leaves what the TLB has for the address; not so on x86-64 (SDM 4.10.4.1) */
	uint64_t hostile;   /* a seed: TLBs fill speculatively and drop entries at any time. 0: they keep all */
};

/* The last frames of small RAM are a device's: reserved, never handed out. */
#define SIM_DEVICE_FRAMES 1024u

/* Power on: vms_init(), vms_kernel_create(), every CPU online; the calling thread drives CPU 0. NULL: all 0. */
void sim_start(const struct sim_options *options);

/* Power off, after a check that nothing but the kernel's own tables is left. Every CPU leaves its space. */
void sim_stop(void);

/* First frame of the device. */
vms_pfn sim_device(void);

/* Says what is wrong and does not come back; sim_on_failure, if set, is called first and may jump away. */
VMS_NORETURN void sim_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
extern void (*sim_on_failure)(const char *message);

/* Call f(argument); true if it ended in vms_port_panic() or sim_fail(). The machine can then only be restarted. */
bool sim_panics(void (*f)(void *argument), void *argument);

/* --- CPUs --- */
void sim_run_on(uint32_t cpu); /* from now on this thread drives that CPU */
void sim_run_off(void);        /* it drives none: the CPU is idle */
uint32_t sim_cpu(void);
void sim_poll(void); /* serve what is pending here */
bool sim_interrupt_pending(uint32_t cpu);
void sim_activate(struct vms_space *space); /* vms_space_activate() with preemption off */

/* Counted over all CPUs since sim_start(). */
struct sim_counts {
	uint64_t interrupts;
	uint64_t flushes_page;
	uint64_t flushes_all;
	uint64_t walks;
	uint64_t spaces_freed;
};
struct sim_counts sim_counts(void);

/* --- Frames --- */
void sim_alloc_fail(uint32_t nth); /* the nth vms_port_frame_alloc() from now fails, once; 0: none */
bool sim_alloc_failed(void);       /* it did; forgets it */
void sim_alloc_refuse(bool all);   /* every one fails until told otherwise */
uint32_t sim_frames_used(void);    /* small frames that are allocated */
uint32_t sim_large_used(void);     /* and 2 MiB frames, whole or in parts */
bool sim_frame_free(vms_pfn frame);

/*
 * An untyped frame of a level with one reference, its bytes zero. The test's *handles* are counted for
 * sim_check(): new makes one; tell when one is given to a table or back.
 */
vms_pfn sim_frame_new(uint32_t level);
vms_pfn sim_frame_try(uint32_t level); /* VMS_NO_FRAME if there is none, where new fails */
/* A 2 MiB frame of which the caller has the only reference is 512 small ones, with one each. Preemption off, one thread. */
void sim_frame_divide(vms_pfn frame);
void sim_handle_gone(vms_pfn frame);
void sim_handle_more(vms_pfn frame);
void sim_frame_put(vms_pfn frame); /* a handle goes by vms_frame_put() */

/* --- Accesses: of the current CPU, through its TLB; a fault goes to vms_space_fault() and is tried again. --- */
bool sim_read(vms_va va, uint8_t *byte);
bool sim_write(vms_va va, uint8_t byte);
bool sim_execute(vms_va va);
bool sim_read64(vms_va va, uint64_t *word); /* aligned */
/* The same access without a fault handler: would it succeed now? Fills the TLB. */
bool sim_probe(vms_va va, uint32_t access, bool user, vms_pa *pa);

/* Does this CPU's TLB translate va? No walk. */
bool sim_tlb_has(uint32_t cpu, vms_va va);

/* --- Checks --- */
/*
 * All trees of these spaces and the kernel's, and the whole memory: counts, levels, prefixes, no stray or
 * locked or lost table, no frame lost, borrowed kernel entries; then sim_check_tlbs(). Only while nothing runs and
 * no cursor is open. Frees what waits for a grace period first.
 */
void sim_check(struct vms_space *const *spaces, uint32_t nr);

/* No TLB translates what the tables do not, or allows more. */
void sim_check_tlbs(void);

/* A stretch of a space's user half in which all pages are alike. */
struct sim_run {
	vms_va va;
	uint64_t nr_pages;
	enum vms_what what;
	vms_pfn frame; /* of the first page; the others follow */
	struct vms_prop prop;
	vms_token token;
};

/* What a space translates and marks, in order, read from the raw tables. */
struct sim_snapshot {
	uint32_t nr;
	uint32_t room;
	struct sim_run *run;
};
void sim_snapshot_take(struct sim_snapshot *snapshot, const struct vms_space *space);
void sim_snapshot_free(struct sim_snapshot *snapshot);
bool sim_snapshot_same(const struct sim_snapshot *a, const struct sim_snapshot *b);
/* What is at this page: a run of one page. */
struct sim_run sim_snapshot_at(const struct sim_snapshot *snapshot, vms_va va);

/* A small generator of numbers, for tests and for hostility. */
static inline uint64_t sim_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state * 0x2545f4914f6cdd1dul;
}

#endif
