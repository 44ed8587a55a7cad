/*
 * arch/x86_64 in a process: its code as the kernel has it, privileged instructions done by cpu.c. What the machine in
 * a process (sim/) has in its place, and what no program in QEMU sees: features that a processor lacks, addresses
 * that speculation alone would use, SMAP lifted too long.
 */
#define _GNU_SOURCE
#include <mmu.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cpu.h"

#define P VMS_PAGE
#define CR4_OTHER 0x620ul /* bits that are none of ours */
#define CR4_PGE 0x80ul
#define PAGES 2u /* of user memory; a hole follows them */

/* The linker's names, as in mmu.c. */
struct pair {
	uint64_t a, b;
};
extern const struct pair __start_vms_fixups[], __stop_vms_fixups[];
extern const struct pair __start_vms_smap_sites[], __stop_vms_smap_sites[];

static unsigned char *user; /* PAGES pages, a hole before and after them */
static unsigned char kernel_bytes[PAGES * P + 64];

/* --- Starting the MMU. --- */

static void text_writable(void)
{
	for (const struct pair *site = __start_vms_smap_sites; site < __stop_vms_smap_sites; site++) {
		uint64_t page = site->a / P * P;

		EXPECT(mprotect((void *)page, 2 * P, PROT_READ | PROT_WRITE | PROT_EXEC) == 0);
	}
}

static bool sites_hold(unsigned char second, unsigned char third_begin, unsigned char third_end)
{
	uint32_t nr_begin = 0, nr_end = 0, nr = 0;

	for (const struct pair *site = __start_vms_smap_sites; site < __stop_vms_smap_sites; site++, nr++) {
		const unsigned char *at = (const unsigned char *)site->a;

		nr_begin += at[0] == 0x0f && at[1] == second && at[2] == third_begin;
		nr_end += at[0] == 0x0f && at[1] == second && at[2] == third_end;
	}
	/* Seven functions; each ends with SMAP back on two ways. */
	return nr == 21 && (third_begin == third_end ? nr_begin == nr : nr_begin == 7 && nr_end == 14);
}

/* Features by bits: PCID, SMEP, SMAP, UMIP. What else CPUID says is all zeros or all ones. */
static void init_with(uint32_t features, uint32_t max_leaf, uint32_t others)
{
	uint64_t cr4 = CR4_OTHER + CR4_PGE;

	cpu_start(user, PAGES, false);
	cpu.max_leaf = max_leaf;
	cpu.leaf1_c = (others & ~(1u << 17)) | (features % 2) << 17;
	cpu.leaf7_b = (others & ~(1u << 7 | 1u << 20)) | (features / 2 % 2) << 7 | (features / 4 % 2) << 20;
	cpu.leaf7_c = (others & ~(1u << 2)) | (features / 8 % 2) << 2;
	cpu.cr0 = 0x80000011;
	cpu.cr4 = CR4_OTHER;
	cpu.efer = 0x1234567800000501; /* what is not ours stays, all 64 bits of it */
	cpu.pat = 0x0007040600070406;
	EXPECT(arch_mmu_nr_tags() == (features % 2 ? 4096 : 1));
	arch_mmu_init();
	cr4 += features % 2 ? 1ul << 17 : 0;
	if (max_leaf >= 7) {
		cr4 += features / 2 % 2 ? 1ul << 20 : 0;
		cr4 += features / 4 % 2 ? 1ul << 21 : 0;
		cr4 += features / 8 % 2 ? 1ul << 11 : 0;
	}
	EXPECT(cpu.cr4 == cr4);
	EXPECT(cpu.cr0 == 0x80010011);
	EXPECT(cpu.efer == 0x1234567800000d01);
	/* 0 write-back, 1 write-through, 2 and 3 uncached, 4 write-combining: pte.h. */
	EXPECT(cpu.pat % (1ul << 40) == 0x0100000406);
	EXPECT(cpu.pat == 0x0000040100000406);
	/* Flushed once everything is set: global entries go when PGE changes. */
	EXPECT(cpu.nr_cr4 == 3 && cpu.cr4_written[0] == cr4 && cpu.cr4_written[1] == cr4 - CR4_PGE &&
	       cpu.cr4_written[2] == cr4);
	EXPECT(cpu.pat_at_flush == cpu.pat);
}

static void init_takes_what_the_processor_has(void)
{
	static const uint32_t max_leaf[] = {1, 6, 7, 13};

	text_writable();
	for (uint32_t features = 0; features < 16; features++) {
		for (uint32_t i = 0; i < 8; i++)
			init_with(features, max_leaf[i / 2], i % 2 ? ~0u : 0);
	}
}

static void no_smap_no_patch(void)
{
	text_writable();
	EXPECT(sites_hold(0x1f, 0, 0));
	init_with(0, 7, ~0u);
	EXPECT(sites_hold(0x1f, 0, 0));
	/* Other CPUs have the same features: the text may no longer be written. */
	init_with(4, 7, 0);
	EXPECT(sites_hold(0x1f, 0, 0));
}

static void smap_is_patched_in(void)
{
	text_writable();
	init_with(4, 7, 0);
	EXPECT(sites_hold(0x01, 0xcb, 0xca));
	init_with(4, 7, 0);
	EXPECT(sites_hold(0x01, 0xcb, 0xca));
}

static void roots_and_flushes(void)
{
	static const vms_pfn roots[] = {1, 0x12345, 0xfffffffe};

	cpu_start(user, PAGES, false);
	for (uint32_t i = 0; i < 3; i++) {
		uint64_t base = roots[i] * P;

		arch_mmu_activate(roots[i]);
		EXPECT(cpu.cr3 == base && arch_mmu_root() == roots[i]);
		arch_mmu_activate_tagged(roots[i], 4095, false);
		EXPECT(cpu.cr3_written[cpu.nr_cr3 - 1] == base + 4095 && arch_mmu_root() == roots[i]);
		arch_mmu_activate_tagged(roots[i], 7, true);
		EXPECT(cpu.cr3_written[cpu.nr_cr3 - 1] == base + 7 + (1ul << 63) && arch_mmu_root() == roots[i]);
		/* Of the tag that is current, and that stays so. */
		arch_mmu_flush_all();
		EXPECT(cpu.cr3_written[cpu.nr_cr3 - 1] == base + 7);
		EXPECT(cpu.nr_cr3 == 4 * (i + 1));
	}
	arch_mmu_flush_page(0x7fffffffe000);
	arch_mmu_flush_page(0xffff800000123000);
	EXPECT(cpu.nr_flushed == 2 && cpu.flushed[0] == 0x7fffffffe000 && cpu.flushed[1] == 0xffff800000123000);
	EXPECT(cpu.nr_cr4 == 0 && cpu.nr_cr3 == 12);
	cpu.cr4 = CR4_OTHER + CR4_PGE;
	arch_mmu_flush_global();
	EXPECT(cpu.nr_cr4 == 2 && cpu.cr4_written[0] == CR4_OTHER && cpu.cr4 == CR4_OTHER + CR4_PGE);
}

static void fixups_are_of_these_instructions_only(void)
{
	uint32_t nr = 0;

	for (const struct pair *fixup = __start_vms_fixups; fixup < __stop_vms_fixups; fixup++, nr++) {
		EXPECT(arch_user_fixup(fixup->a) == fixup->b && fixup->b != 0);
		EXPECT(arch_user_fixup(fixup->a + 1) == 0 || (fixup + 1)->a == fixup->a + 1);
	}
	EXPECT(nr == 3 * 3 + 2 + 2);
	EXPECT(arch_user_fixup(0) == 0);
	EXPECT(arch_user_fixup((uint64_t)&arch_user_copy_in) == 0);
	EXPECT(arch_user_fixup(~0ul) == 0);
	/* What lies behind the table is none of it. */
	EXPECT(arch_user_fixup(__stop_vms_fixups->a) == 0);
}

/* --- Accesses to user memory. --- */

static unsigned char pattern(uint64_t i)
{
	return (unsigned char)(i * 7 + i / 256 + 3);
}

/* All user memory is `fill`, or a pattern; and the kernel's the other. */
static void fill(bool user_pattern)
{
	bool lifted = cpu.smap_lifted;

	(void)!mprotect(user, PAGES * P, PROT_READ | PROT_WRITE);
	for (uint64_t i = 0; i < PAGES * P; i++)
		user[i] = user_pattern ? pattern(i) : 0xee;
	for (uint64_t i = 0; i < sizeof(kernel_bytes); i++)
		kernel_bytes[i] = user_pattern ? 0xee : pattern(i);
	EXPECT(!lifted);
}

/* SMAP as it was; user memory as it is now. */
static void user_show(void)
{
	EXPECT(!cpu.smap_lifted);
	EXPECT(mprotect(user, PAGES * P, PROT_READ | PROT_WRITE) == 0);
}

static void user_hide(bool smap)
{
	EXPECT(mprotect(user, PAGES * P, smap ? PROT_NONE : PROT_READ | PROT_WRITE) == 0);
}

enum way { IN, OUT, ZERO };

static uint64_t copy(enum way way, uint64_t va, uint64_t shift, uint64_t len)
{
	if (way == IN)
		return arch_user_copy_in(kernel_bytes + shift, va, len);
	return way == OUT ? arch_user_copy_out(va, kernel_bytes + shift, len) : arch_user_zero(va, len);
}

/* `len` bytes from `at` on, of which `there` are mapped. */
static void copy_once(enum way way, uint64_t at, uint64_t shift, uint64_t len, uint64_t there, bool smap)
{
	uint32_t nr_faults = cpu.nr_faults;

	fill(way == IN);
	user_hide(smap);
	EXPECT(copy(way, (uint64_t)user + at, shift, len) == there);
	user_show();
	EXPECT(there == len ? cpu.nr_faults == nr_faults : cpu.nr_faults > nr_faults);
	if (there < len)
		EXPECT(cpu.fault_lifted == smap && cpu.fault_va == (uint64_t)user + at + there);
	for (uint64_t i = 0; way == IN && i < sizeof(kernel_bytes); i++)
		EXPECT(kernel_bytes[i] == (i >= shift && i - shift < there ? pattern(at + i - shift) : 0xee));
	for (uint64_t i = 0; way != IN && i < PAGES * P; i++) {
		bool copied = i >= at && i - at < there;

		EXPECT(user[i] == (!copied ? 0xee : way == ZERO ? 0 : pattern(shift + i - at)));
	}
}

static void copies(bool smap)
{
	cpu_start(user, PAGES, smap);
	for (enum way way = IN; way <= ZERO; way++) {
		for (uint64_t len = 0; len < 27; len++) {
			copy_once(way, 3, len % 5, len, len, smap);
			copy_once(way, PAGES * P - len, len % 3, len, len, smap);
			/* Into the hole: so many bytes are left when it begins. */
			copy_once(way, PAGES * P - len, 1, len + 1, len, smap);
			copy_once(way, PAGES * P - len, 0, len + 24, len, smap);
		}
		copy_once(way, 5, 2, PAGES * P - 5, PAGES * P - 5, smap);
		copy_once(way, 0, 0, PAGES * P + 40, PAGES * P, smap);
	}
}

static void copies_stop_at_the_hole(void)
{
	copies(false);
}

static void smap_patch_for_test(void)
{
	text_writable();
	init_with(4, 7, 0);
	cpu_start(user, PAGES, true);
}

static void copies_lift_smap_and_put_it_back(void)
{
	smap_patch_for_test();
	copies(true);
}

/* The same functions, with all of the register that holds their answer: compilers take what is in a bool for 0 or 1. */
uint32_t load32(const void *from, void *seen) __asm__("arch_user_load32");
uint32_t load64(const void *from, void *seen) __asm__("arch_user_load64");
uint32_t exchange32(void *at, uint32_t expected, uint32_t desired, void *seen) __asm__("arch_user_cmpxchg32");
uint32_t exchange64(void *at, uint64_t expected, uint64_t desired, void *seen) __asm__("arch_user_cmpxchg64");

/* Compare and exchange `size` bytes at user + at: there is `there`. */
static void exchange_once(uint32_t size, uint64_t there, uint64_t expected, uint64_t desired, bool smap)
{
	uint64_t mask = size == 8 ? ~0ul : (1ul << 32) - 1, seen = 0xabababababababab, now;

	fill(false);
	memcpy(user + 16, &there, 8);
	user_hide(smap);
	if (size == 8)
		EXPECT(exchange64(user + 16, expected, desired, &seen) == 1);
	else
		EXPECT(exchange32(user + 16, (uint32_t)expected, (uint32_t)desired, &seen) == 1);
	user_show();
	EXPECT(seen == ((there & mask) | (0xabababababababab & ~mask)));
	memcpy(&now, user + 16, 8);
	EXPECT(now == (((there & mask) == (expected & mask) ? desired & mask : there & mask) | (there & ~mask)));
}

static void load_once(uint64_t there, bool smap)
{
	uint64_t seen = 0xabababababababab;

	fill(false);
	memcpy(user + 24, &there, 8);
	user_hide(smap);
	EXPECT(load32(user + 24, &seen) == 1);
	EXPECT(seen == (0xabababab00000000 | (uint32_t)there));
	EXPECT(load64(user + 24, &seen) == 1);
	EXPECT(seen == there);
	user_show();
	EXPECT(memcmp(user + 24, &there, 8) == 0);
}

/* A fault is told apart from every value, and nothing is touched. */
static void word_faults(bool smap)
{
	unsigned char *hole = user + PAGES * P;
	uint64_t seen = 0x1234567812345678;

	user_hide(smap);
	EXPECT(load32(hole, &seen) == 0);
	EXPECT(load64(hole, &seen) == 0);
	EXPECT(exchange32(hole, 0, 1, &seen) == 0);
	EXPECT(*(const unsigned char *)cpu.fault_ip == 0xf0); /* lock */
	EXPECT(exchange64(hole, 0, 1, &seen) == 0);
	EXPECT(*(const unsigned char *)cpu.fault_ip == 0xf0);
	EXPECT(seen == 0x1234567812345678 && cpu.nr_faults == 4 && cpu.fault_lifted == smap);
	EXPECT(cpu.fault_va == (uint64_t)hole);
	user_show();
}

static void words(bool smap)
{
	static const uint64_t values[] = {0, 1, ~0ul, 0x8000000080000000, 0xffffffff, 0x123456789abcdef0};

	cpu_start(user, PAGES, smap);
	word_faults(smap);
	for (uint32_t i = 0; i < 6; i++) {
		load_once(values[i], smap);
		for (uint32_t k = 0; k < 6; k++) {
			exchange_once(4, values[i], values[k], 0x5555666677778888, smap);
			exchange_once(8, values[i], values[k], 0x5555666677778888, smap);
		}
	}
}

static void words_fault_or_not(void)
{
	words(false);
}

static void words_lift_smap_and_put_it_back(void)
{
	smap_patch_for_test();
	words(true);
}

/* No address of the kernel's or beyond is ever used, not even to fault on. */
static void addresses_are_clamped(void)
{
	static const uint64_t bad[] = {VMS_USER_END,       VMS_USER_END + 8,   1ul << 47,         0x8000000000000000,
				       0xffff800000000000, 0xffffffffffe00000, 0xfffffffffffffff8};
	uint64_t seen = 0;

	cpu_start(user, PAGES, false);
	for (uint32_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		for (uint64_t len = 1; len < 17; len += 7) {
			for (enum way way = IN; way <= ZERO; way++) {
				cpu.fault_va = 0;
				EXPECT(copy(way, bad[i], 0, len) == 0);
				EXPECT(cpu.fault_va == VMS_USER_END);
			}
		}
		cpu.fault_va = 0;
		EXPECT(!arch_user_load32(bad[i], (uint32_t *)&seen) && cpu.fault_va == VMS_USER_END);
		cpu.fault_va = 0;
		EXPECT(!arch_user_load64(bad[i], &seen) && cpu.fault_va == VMS_USER_END);
		cpu.fault_va = 0;
		EXPECT(!arch_user_cmpxchg32(bad[i], 0, 0, (uint32_t *)&seen) && cpu.fault_va == VMS_USER_END);
		cpu.fault_va = 0;
		EXPECT(!arch_user_cmpxchg64(bad[i], 0, 0, &seen) && cpu.fault_va == VMS_USER_END);
	}
}

int main(void)
{
	static void (*const test[])(void) = {
		init_takes_what_the_processor_has,
		no_smap_no_patch,
		smap_is_patched_in,
		roots_and_flushes,
		fixups_are_of_these_instructions_only,
		copies_stop_at_the_hole,
		copies_lift_smap_and_put_it_back,
		words_fault_or_not,
		words_lift_smap_and_put_it_back,
		addresses_are_clamped,
	};
	uint32_t nr = sizeof(test) / sizeof(test[0]);

	user = mmap(NULL, (PAGES + 2) * P, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	EXPECT(user != MAP_FAILED);
	user += P;
	EXPECT(mprotect(user, PAGES * P, PROT_READ | PROT_WRITE) == 0);
	/* Each in a process of its own: text that was patched stays so. */
	for (uint32_t i = 0; i < nr; i++) {
		pid_t child = fork();
		int status;

		if (child == 0) {
			test[i]();
			exit(0);
		}
		EXPECT(waitpid(child, &status, 0) == child);
		if (status != 0)
			return printf("arch: test %u failed\n", i + 1), 1;
	}
	printf("%u tests passed\n", nr);
	return 0;
}
