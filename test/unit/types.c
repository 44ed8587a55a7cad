/*
 * Statuses, properties, and the entry codec of the machine: every combination of properties in every kind of leaf.
 */
#include <string.h>

#include <pte.h>

#include "unit.h"

/* Physical addresses under this may be cacheable RAM on some machine with 32-bit frame numbers. */
#define RAM_FRAMES 0x100000000ul

static void statuses_have_distinct_names(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < VMS_NR_STATUS; i++) {
		assert_non_null(vms_status_name(i));
		assert_memory_equal(vms_status_name(i), "VMS_", 4);
		for (unsigned int k = 0; k < i; k++)
			assert_string_not_equal(vms_status_name(i), vms_status_name(k));
	}
	assert_string_equal(vms_status_name(VMS_OK), "VMS_OK");
	assert_string_equal(vms_status_name(VMS_NR_STATUS), "VMS_?");
	assert_string_equal(vms_status_name((enum vms_status) - 1), "VMS_?");
}

static void properties_need_read_for_more(void **state)
{
	(void)state;
	for (uint32_t flags = 0; flags < 2 * VMS_FLAGS_END; flags++) {
		for (uint32_t cache = 0; cache <= VMS_NR_CACHE; cache++) {
			bool valid = flags < VMS_FLAGS_END && cache < VMS_NR_CACHE &&
				     ((flags & VMS_R) || !(flags & (VMS_W | VMS_X)));

			assert_int_equal(vms_prop_valid((struct vms_prop){flags, cache}), valid);
		}
	}
	assert_false(vms_prop_valid((struct vms_prop){0x80000000u, 0}));
	assert_false(vms_prop_valid((struct vms_prop){VMS_R, 0xffffffffu}));
}

/* What hardware would use of this entry if it ignored the present bit (L1 terminal fault): never RAM. */
static void assert_names_no_ram(uint64_t pte)
{
	assert_true(pte / P % ARCH_PTE_FRAMES >= RAM_FRAMES);
}

static void leaf_round_trip(vms_pfn frame, uint32_t level, struct vms_prop prop, bool user)
{
	uint64_t pte = arch_pte_leaf(frame, level, prop, user);
	struct vms_prop back = arch_pte_prop(pte, level);

	assert_int_equal(arch_pte_kind(pte, level), ARCH_PTE_LEAF);
	assert_int_equal(arch_pte_frame(pte, level), frame);
	assert_int_equal(back.flags, prop.flags);
	assert_int_equal(back.cache, prop.cache);
	assert_int_equal(arch_pte_leaf(frame, level, back, user), pte);
	assert_int_equal(arch_pte_rest(pte), pte & 0x8000000000000fff);
	assert_int_equal(arch_pte_may_write(pte), (prop.flags & VMS_W) != 0);
	for (uint32_t soft = VMS_SOFT0; soft <= VMS_SOFT1; soft *= 2) {
		struct vms_prop without = {(prop.flags & ~(uint32_t)VMS_W) | soft, prop.cache};
		uint64_t shared = prop.flags & VMS_W ? arch_pte_leaf(frame, level, without, user) : pte;

		assert_int_equal(arch_pte_unwrite(pte, soft), shared);
	}
	assert_int_equal(pte & 1, (prop.flags & VMS_R) != 0);
	assert_int_equal(arch_pte_has(pte, ARCH_PTE_U), user);
	if (!(prop.flags & VMS_R)) {
		assert_names_no_ram(pte);
		return;
	}
	/* As hardware reads it: SDM 4.5, tables 4-17 to 4-20. */
	assert_int_equal((pte & 2) != 0, (prop.flags & VMS_W) != 0);
	assert_int_equal(pte >> 63, !(prop.flags & VMS_X));
	assert_int_equal((pte & 0x20) != 0, (prop.flags & VMS_ACCESSED) != 0);
	assert_int_equal((pte & 0x40) != 0, (prop.flags & VMS_DIRTY) != 0);
	assert_int_equal((pte & 0x100) != 0, (prop.flags & VMS_GLOBAL) != 0);
	if (level > 1) {
		assert_int_equal(pte & 0x80, 0x80);
		assert_int_equal(pte / P % ARCH_PTE_FRAMES / 2 * 2, frame);
	} else {
		assert_int_equal(pte / P % ARCH_PTE_FRAMES, frame);
	}
}

static void leaves_come_back_from_the_codec(void **state)
{
	static const vms_pfn base[] = {0,       1,       2,           511,         512,        0x12345,
				       0x3ffff, 0x40000, 0x80000000u, 0xc0000000u, 0xfffffffeu};

	(void)state;
	for (uint32_t flags = 0; flags < VMS_FLAGS_END; flags++) {
		for (uint32_t cache = 0; cache < VMS_NR_CACHE; cache++) {
			struct vms_prop prop = {flags, cache};

			for (size_t i = 0; vms_prop_valid(prop) && i < sizeof(base) / sizeof(base[0]); i++) {
				leaf_round_trip(base[i], 1, prop, true);
				leaf_round_trip(base[i], 1, prop, false);
				leaf_round_trip(base[i] & ~0x1ffu, 2, prop, true);
				leaf_round_trip(base[i] & ~0x3ffffu, 3, prop, true);
				leaf_round_trip(base[i] & ~0x3ffffu, 3, prop, false);
			}
		}
	}
}

static void marks_come_back_from_the_codec(void **state)
{
	uint64_t seed = 7;

	(void)state;
	for (uint32_t i = 0; i < 100000; i++) {
		vms_token token = i < 1000 ? i : i < 2000 ? 0u - (i - 999) : (vms_token)sim_random(&seed);
		uint64_t pte = arch_pte_mark(token);

		for (uint32_t level = 1; level <= ARCH_LEVELS; level++)
			assert_int_equal(arch_pte_kind(pte, level), ARCH_PTE_MARK);
		assert_int_equal(arch_pte_token(pte), token);
		assert_int_equal(pte & 1, 0);
		assert_names_no_ram(pte);
		assert_true(arch_pte_settled(pte));
		assert_false(arch_pte_may_write(pte));
		assert_int_equal(arch_pte_unwrite(pte, VMS_SOFT0), pte);
	}
}

static void tables_come_back_from_the_codec(void **state)
{
	uint64_t seed = 9;

	(void)state;
	for (uint32_t i = 0; i < 10000; i++) {
		vms_pfn child = i ? (vms_pfn)sim_random(&seed) : 0;
		uint64_t pte = arch_pte_table(child, i % 2);

		for (uint32_t level = 2; level <= ARCH_LEVELS; level++)
			assert_int_equal(arch_pte_kind(pte, level), ARCH_PTE_TABLE);
		assert_int_equal(arch_pte_child(pte), child);
		assert_int_equal(arch_pte_has(pte, ARCH_PTE_U), i % 2);
		/* Accessed, as hardware will set it, changes nothing. */
		assert_int_equal(arch_pte_child(pte | ARCH_PTE_A), child);
		assert_int_equal(arch_pte_kind(pte | ARCH_PTE_A, 3), ARCH_PTE_TABLE);
	}
	assert_int_equal(arch_pte_kind(0, 1), ARCH_PTE_ABSENT);
	assert_int_equal(arch_pte_kind(0, 4), ARCH_PTE_ABSENT);
}

/* settled: hardware has nothing left to set in the entry. */
static void entries_settle_when_hardware_is_done(void **state)
{
	const uint32_t ad = VMS_ACCESSED | VMS_DIRTY;

	(void)state;
	assert_false(arch_pte_settled(arch_pte_leaf(5, 1, R_, true)));
	assert_true(arch_pte_settled(arch_pte_leaf(5, 1, (struct vms_prop){VMS_R | VMS_ACCESSED, 0}, true)));
	assert_false(arch_pte_settled(arch_pte_leaf(5, 1, (struct vms_prop){VMS_R | VMS_W | VMS_ACCESSED, 0}, true)));
	assert_true(arch_pte_settled(arch_pte_leaf(5, 1, (struct vms_prop){VMS_R | VMS_W | ad, 0}, true)));
	assert_true(arch_pte_settled(arch_pte_leaf(5, 1, NONE, true)));
	assert_true(arch_pte_settled(0));
	/* What is not present grants nothing, whatever its other bits are. */
	assert_false(arch_pte_may_write(ARCH_PTE_W));
}

int group_types(void)
{
	const struct CMUnitTest test[] = {
		cmocka_unit_test(statuses_have_distinct_names),
		cmocka_unit_test(properties_need_read_for_more),
		cmocka_unit_test(leaves_come_back_from_the_codec),
		cmocka_unit_test(marks_come_back_from_the_codec),
		cmocka_unit_test(tables_come_back_from_the_codec),
		cmocka_unit_test(entries_settle_when_hardware_is_done),
	};

	return cmocka_run_group_tests_name("types", test, NULL, NULL);
}
