/*
 * The bare limit: a tree of the same shape with nothing but entries, walked by nothing but loads.
 *
 * An ordinary loop lets the processor begin a walk before the last one ended. An operation that takes a lock
 * cannot be overlapped like that, so there is also the walk that waits for the one before.
 */
#include "bare.h"

static vms_pfn root;
static uint64_t nr_built;
uint64_t bare_sum; /* so that the walks are not thrown away */

static inline uint64_t *entry_at(vms_pfn table, vms_va va, uint32_t level)
{
	return &vms_machine.ram[table].entry[(va >> (12 + 9 * (level - 1))) % VMS_ENTRIES];
}

static vms_pfn table_new(void)
{
	vms_pfn table = vms_port_frame_alloc();

	if (table == VMS_NO_FRAME)
		bench_fail("no frame for the bare tree");
	for (uint32_t i = 0; i < VMS_ENTRIES; i++)
		vms_machine.ram[table].entry[i] = 0;
	return table;
}

static inline uint64_t value_of(uint64_t i)
{
	return (bench_frames() + i) * VMS_PAGE + 0x67;
}

/* Build it for the largest number of pages asked for so far. */
void bare_build(uint64_t nr)
{
	if (nr_built == 0)
		root = table_new();
	for (; nr_built < nr; nr_built++) {
		vms_va va = BASE + nr_built * VMS_PAGE;
		vms_pfn table = root;

		for (uint32_t level = ARCH_LEVELS; level > 1; level--) {
			uint64_t *entry = entry_at(table, va, level);

			if (*entry == 0)
				*entry = arch_pte_table(table_new(), true);
			table = arch_pte_child(*entry);
		}
		*entry_at(table, va, 1) = value_of(nr_built);
	}
}

static inline vms_pfn step(vms_pfn table, vms_va va, uint32_t level)
{
	return arch_pte_child(__atomic_load_n(entry_at(table, va, level), __ATOMIC_RELAXED));
}

static inline uint64_t *walk(vms_va va)
{
	return entry_at(step(step(step(root, va, 4), va, 3), va, 2), va, 1);
}

/* Zero, but the processor does not know before it has the value. */
static inline uint64_t zero_after(uint64_t value)
{
	__asm__ volatile("and $0, %0" : "+r"(value));
	return value;
}

BENCH_RUN void bare_store(uint64_t nr)
{
	for (uint64_t i = 0; i < nr; i++)
		__atomic_store_n(walk(BASE + i * VMS_PAGE), value_of(i), __ATOMIC_RELAXED);
}

BENCH_RUN void bare_load(uint64_t nr)
{
	uint64_t sum = 0;

	for (uint64_t i = 0; i < nr; i++)
		sum += __atomic_load_n(walk(BASE + i * VMS_PAGE), __ATOMIC_RELAXED);
	bare_sum += sum;
}

BENCH_RUN void bare_store_each(uint64_t nr)
{
	uint64_t after = 0;

	for (uint64_t i = 0; i < nr; i++) {
		uint64_t *entry = walk(BASE + i * VMS_PAGE + after);

		__atomic_store_n(entry, value_of(i), __ATOMIC_RELAXED);
		after = zero_after((uint64_t)(entry - vms_machine.ram[0].entry));
	}
}

BENCH_RUN void bare_load_each(uint64_t nr)
{
	uint64_t after = 0;

	for (uint64_t i = 0; i < nr; i++)
		after = zero_after(__atomic_load_n(walk(BASE + i * VMS_PAGE + after), __ATOMIC_RELAXED));
	bare_sum += after;
}

/* What owning a place costs at least: announce the walk, fence; walk; exchange a lock; store; release. */
BENCH_RUN void bare_store_locked(uint64_t nr)
{
	static uint32_t announced, lock;

	for (uint64_t i = 0; i < nr; i++) {
		uint64_t *entry;

		__atomic_store_n(&announced, announced + 1, __ATOMIC_RELEASE);
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		entry = walk(BASE + i * VMS_PAGE);
		(void)__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE);
		__atomic_store_n(&announced, announced + 1, __ATOMIC_RELEASE);
		__atomic_store_n(entry, value_of(i), __ATOMIC_RELAXED);
		__atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
	}
}
