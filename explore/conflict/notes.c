/*
 * What an operation touches, and the machine it runs on. src/ is compiled with -fsanitize=thread; the functions
 * here stand in for the sanitizer's and note every access. The machine does nothing by itself; what its port would
 * touch (allocators) is not counted.
 */
#include <stdio.h>
#include <stdlib.h>

#include "conflicts.h"

#define LINE 64u

struct log logs[2];
struct log *noting;
uint32_t cpu;
bool in_use[NR_FRAMES];

/* --- What an operation touches --- */

static bool is_stack(const char *at)
{
	char here;

	return at > &here - (1l << 20) && at < &here + (1l << 20);
}

static void note(const void *address, size_t size, bool write)
{
	const char *start = (const char *)((uintptr_t)address / LINE * LINE);
	uint64_t words = 0;
	struct line *line;

	if (noting == NULL || is_stack(address))
		return;
	for (size_t i = 0; i < size && (uintptr_t)address % LINE + i < LINE; i += 4)
		words |= 1ul << ((uintptr_t)address % LINE + i) / 4;
	for (line = noting->line; line < noting->line + noting->nr && line->start != start;)
		line++;
	if (line == noting->line + noting->nr) {
		if (noting->nr++ == MAX_LINES)
			exit(2);
		*line = (struct line){.start = start};
	}
	line->words |= words;
	line->written = line->written || write;
	line->words_written |= write ? words : 0;
}

#define PLAIN(name, size, write)       \
	void __tsan_##name(void *at);  \
	void __tsan_##name(void *at)   \
	{                              \
		note(at, size, write); \
	}
#define PLAIN_SIZE(size)                         \
	PLAIN(read##size, size, false)           \
	PLAIN(write##size, size, true)           \
	PLAIN(unaligned_read##size, size, false) \
	PLAIN(unaligned_write##size, size, true)
PLAIN_SIZE(1)
PLAIN_SIZE(2)
PLAIN_SIZE(4)
PLAIN_SIZE(8)
PLAIN_SIZE(16)

void __tsan_read_range(void *at, size_t size);
void __tsan_read_range(void *at, size_t size)
{
	note(at, size, false);
}

void __tsan_write_range(void *at, size_t size);
void __tsan_write_range(void *at, size_t size)
{
	note(at, size, true);
}

#define MODIFY(bits, type, name, expression)                                         \
	type __tsan_atomic##bits##_##name(volatile type *at, type value, int order); \
	type __tsan_atomic##bits##_##name(volatile type *at, type value, int order)  \
	{                                                                            \
		type old = *at;                                                      \
                                                                                     \
		(void)order;                                                         \
		note((const void *)(uintptr_t)at, sizeof(type), true);               \
		*at = (type)(expression);                                            \
		return old;                                                          \
	}
#define ATOMIC(bits, type)                                                                                          \
	type __tsan_atomic##bits##_load(const volatile type *at, int order);                                        \
	type __tsan_atomic##bits##_load(const volatile type *at, int order)                                         \
	{                                                                                                           \
		(void)order;                                                                                        \
		note((const void *)(uintptr_t)at, sizeof(type), false);                                             \
		return *at;                                                                                         \
	}                                                                                                           \
	void __tsan_atomic##bits##_store(volatile type *at, type value, int order);                                 \
	void __tsan_atomic##bits##_store(volatile type *at, type value, int order)                                  \
	{                                                                                                           \
		(void)order;                                                                                        \
		note((const void *)(uintptr_t)at, sizeof(type), true);                                              \
		*at = value;                                                                                        \
	}                                                                                                           \
	MODIFY(bits, type, exchange, value)                                                                         \
	MODIFY(bits, type, fetch_add, old + value)                                                                  \
	MODIFY(bits, type, fetch_or, old | value)                                                                   \
	MODIFY(bits, type, fetch_and, old &value)                                                                   \
	int __tsan_atomic##bits##_compare_exchange_strong(volatile type *at, type *expected, type value, int order, \
							  int fail_order);                                          \
	int __tsan_atomic##bits##_compare_exchange_strong(volatile type *at, type *expected, type value, int order, \
							  int fail_order)                                           \
	{                                                                                                           \
		(void)order, (void)fail_order;                                                                      \
		note((const void *)(uintptr_t)at, sizeof(type), true);                                              \
		if (*at != *expected) {                                                                             \
			*expected = *at;                                                                            \
			return 0;                                                                                   \
		}                                                                                                   \
		*at = value;                                                                                        \
		return 1;                                                                                           \
	}
ATOMIC(32, uint32_t)
ATOMIC(64, uint64_t)

void __tsan_atomic_thread_fence(int order);
void __tsan_atomic_thread_fence(int order)
{
	(void)order;
}

void __tsan_init(void);
void __tsan_init(void)
{
}

/* --- A machine that does nothing by itself --- */

uint32_t vms_port_cpu(void)
{
	return cpu;
}

uint64_t vms_port_irq_save(void)
{
	return 0;
}

void vms_port_irq_restore(uint64_t state)
{
	(void)state;
}

void vms_port_preempt_off(void)
{
}

void vms_port_preempt_on(void)
{
}

/* Frames for tables come from the CPU's own half. */
vms_pfn vms_port_frame_alloc(void)
{
	for (vms_pfn frame = 1 + cpu * FIRST_DATA / 2; frame < (1 + cpu) * FIRST_DATA / 2; frame++) {
		if (!in_use[frame]) {
			in_use[frame] = true;
			return frame;
		}
	}
	return VMS_NO_FRAME;
}

void vms_port_frame_free(vms_pfn frame, uint32_t level)
{
	(void)level;
	in_use[frame] = false;
}

/* The other CPU answers at once; what that touches counts for it. */
void vms_port_interrupt(uint64_t cpus)
{
	struct log *before = noting;
	uint32_t self = cpu;

	for (cpu = 0; cpu < 2; cpu++) {
		noting = before == NULL ? NULL : &logs[cpu];
		if (cpus >> cpu & 1)
			vms_tlb_service();
	}
	cpu = self;
	noting = before;
}

void vms_port_space_free(struct vms_space *gone)
{
	(void)gone;
}

void vms_port_panic(const char *what)
{
	fprintf(stderr, "conflicts: %s\n", what);
	exit(2);
}

void arch_mmu_activate(vms_pfn root)
{
	(void)root;
}

void arch_mmu_activate_tagged(vms_pfn root, uint32_t tag, bool keep)
{
	(void)root, (void)tag, (void)keep;
}

void arch_mmu_flush_page(vms_va va)
{
	(void)va;
}

void arch_mmu_flush_all(void)
{
}

void arch_mmu_flush_global(void)
{
}

uint64_t arch_user_copy_in(void *to, vms_va from, uint64_t len)
{
	(void)to, (void)from;
	return len;
}

uint64_t arch_user_copy_out(vms_va to, const void *from, uint64_t len)
{
	(void)to, (void)from;
	return len;
}

uint64_t arch_user_zero(vms_va to, uint64_t len)
{
	(void)to;
	return len;
}

bool arch_user_load32(vms_va from, uint32_t *seen)
{
	(void)from, (void)seen;
	return true;
}

bool arch_user_load64(vms_va from, uint64_t *seen)
{
	(void)from, (void)seen;
	return true;
}

bool arch_user_cmpxchg32(vms_va at, uint32_t expected, uint32_t desired, uint32_t *seen)
{
	(void)at, (void)expected, (void)desired, (void)seen;
	return true;
}

bool arch_user_cmpxchg64(vms_va at, uint64_t expected, uint64_t desired, uint64_t *seen)
{
	(void)at, (void)expected, (void)desired, (void)seen;
	return true;
}

void arch_cpu_relax(void)
{
	vms_port_panic("somebody waits");
}
