/*
 * What the files of the conformance test share. conform.c has the list of checks and says what they found;
 * others.c drives the other CPUs; the rest are the checks and, in memory.c, what they do to memory.
 */
#ifndef VMS_CONFORM_INSIDE_H
#define VMS_CONFORM_INSIDE_H

#include <vms/conform.h>
#include <vms/port.h>
#include <mmu.h>

#define CONFORM_VA 0x40000000ul /* user pages from here on */
#define CONFORM_ROUNDS 24u

/* A CPU that is not the calling one, and the thread there. */
struct conform_other {
	uint32_t cpu;
	uint32_t number; /* what vms_port_cpu() says there */
	uint32_t up;
	uint32_t stop;
	uint32_t posted; /* commands so far, and how many of them are done */
	uint32_t done;
	uint32_t entered; /* the command is at its critical place */
	void (*command)(struct conform_other *other);
	enum vms_status status; /* what came of the command */
	uint64_t word;
	struct vms_tlb_flusher flusher;
};

enum conform_verdict { CONFORM_FINE, CONFORM_WRONG, CONFORM_NOT_RUN };

struct conform {
	const struct vms_conform_hooks *hooks;
	enum conform_verdict verdict; /* on the check that runs */
	bool lost;                    /* a CPU does not answer: the library would wait for it for ever */
	uint32_t nr_others;
	struct vms_space *space; /* active wherever a check needs one */
	struct conform_other other[VMS_MAX_CPUS];
};
extern struct conform conform;

/* Only the first thing that a check finds is said: the rest follows from it. # stands for the next number. */
void conform_wrong(const char *text, uint64_t a, uint64_t b);
void conform_not_run(const char *why);

static inline uint32_t conform_load(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}
static inline void conform_store(uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_SEQ_CST);
}

/* Waiting: false after the kernel's patience. A pause waits for nothing. */
bool conform_wait(const uint32_t *word, uint32_t value);
bool conform_is_flushed(uint32_t cpu); /* it did all that it was asked to */
bool conform_wait_flushed(uint32_t cpu);
void conform_pause(uint64_t ns);

/* Have a command done elsewhere. False if that CPU is lost, which is said. */
void conform_post(struct conform_other *other, void (*command)(struct conform_other *other));
bool conform_await(struct conform_other *other);
bool conform_call(struct conform_other *other, void (*command)(struct conform_other *other));
/* On all others at once. */
void conform_call_all(void (*command)(struct conform_other *other));
void conform_enter_space(struct conform_other *other);

/* A flush of one page on every CPU that has the space active, not waited for. */
void conform_flush(struct vms_tlb_flusher *flusher, struct vms_space *space);

/* --- Memory. What fails is said, and the result is VMS_NO_FRAME, or nothing is done. --- */
uint64_t *conform_words(vms_pfn frame);
void conform_fill(vms_pfn frame, uint64_t word);
vms_pfn conform_frame(enum vms_frame_kind kind, uint64_t word); /* filled with it; one reference */

/* Own a range with the test's one cursor; close it if this says true. */
bool conform_open(struct vms_space *space, vms_va va, uint64_t len, enum vms_mode mode);
struct vms_cursor *conform_cursor(void);
void conform_close(void);

vms_pfn conform_map(struct vms_space *space, vms_va va, struct vms_prop prop, uint64_t word); /* a new frame */
vms_pfn conform_map_flags(vms_va va, uint32_t flags, uint64_t word);                          /* in conform.space */
void conform_unmap(struct vms_space *space, vms_va va, uint64_t nr_pages);
void conform_protect(vms_va va, struct vms_change change);
struct vms_item conform_query(vms_va va);

/* User memory of conform.space, which is active. */
struct vms_reader conform_reader(vms_va va, uint64_t len);
struct vms_writer conform_writer(vms_va va, uint64_t len);
enum vms_status conform_read(vms_va va, uint64_t *word);
enum vms_status conform_write(vms_va va, uint64_t word);

/* --- Checks. Preemption is off, interrupts are on. --- */
void conform_check_cpu(void);
void conform_check_interrupt_idle(void);
void conform_check_cpus(void);
void conform_check_preempt(void);
void conform_check_interrupt(void);
void conform_check_irq(void);
void conform_check_lock(void);
void conform_check_each_other(void);

void conform_check_frames(void);
void conform_check_exhaust(void);
void conform_check_tables(void);

void conform_check_copy_in(void);
void conform_check_copy_out(void);
void conform_check_zero(void);
void conform_check_words(void);
void conform_check_exchange(void);
void conform_check_handler(void);
void conform_check_rights(void);
void conform_check_user_rights(void);
void conform_check_accessed(void);
void conform_check_cache(void);

void conform_check_activate(void);
void conform_check_stale(void);
void conform_check_stale_others(void);
void conform_check_kernel_half(void);
void conform_check_kernel_flush(void);

#endif
