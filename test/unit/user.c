/*
 * Readers and writers: which ranges they may have, exact counts at faults, values, words.
 */
#include <string.h>

#include "unit.h"

static struct vms_reader reader(struct vms_space *space, vms_va va, uint64_t len)
{
	struct vms_reader made;

	OK(vms_space_reader(space, va, len, &made));
	assert_int_equal(made.at, va);
	assert_int_equal(vms_reader_remain(&made), len);
	return made;
}

static struct vms_writer writer(struct vms_space *space, vms_va va, uint64_t len)
{
	struct vms_writer made;

	OK(vms_space_writer(space, va, len, &made));
	assert_int_equal(made.at, va);
	assert_int_equal(vms_writer_avail(&made), len);
	return made;
}

static void only_user_ranges_of_the_active_space(void **state)
{
	static const struct {
		vms_va va;
		uint64_t len;
		bool good;
	} range[] = {
		{0, 0, true},
		{0, 1, true},
		{0, VMS_USER_END, true},
		{VMS_USER_END, 0, true},
		{VMS_USER_END - 1, 1, true},
		{12345, 54321, true},
		{VMS_USER_END, 1, false},
		{VMS_USER_END + 1, 0, false},
		{0, VMS_USER_END + 1, false},
		{1, VMS_USER_END, false},
		{VMS_USER_END - 1, 2, false},
		{~0ul, 1, false},
		{~0ul, 0, false},
		{1, ~0ul, false},
		{0, ~0ul, false},
		{VMS_KERNEL_START, 1, false},
		{0x800000000000ul, 0, false},
		{VMS_USER_END / 2, ~0ul - VMS_USER_END / 2 + 2, false},
	};
	struct vms_space *space, *other;
	struct vms_reader in;
	struct vms_writer out;

	(void)state;
	machine_start(2);
	space = space_new_active();
	other = space_new();
	for (size_t i = 0; i < sizeof(range) / sizeof(range[0]); i++) {
		enum vms_status wanted = range[i].good ? VMS_OK : VMS_ACCESS_DENIED;

		IS(vms_space_reader(space, range[i].va, range[i].len, &in), wanted);
		IS(vms_space_writer(space, range[i].va, range[i].len, &out), wanted);
		IS(vms_space_reader_writer(space, range[i].va, range[i].len, &in, &out), wanted);
		if (range[i].good) {
			assert_int_equal(vms_reader_remain(&in), range[i].len);
			assert_int_equal(vms_writer_avail(&out), range[i].len);
		}
		IS(vms_space_reader(other, range[i].va, range[i].len, &in), VMS_ACCESS_DENIED);
		IS(vms_space_writer(&vms_machine.kernel, range[i].va, range[i].len, &out), VMS_ACCESS_DENIED);
	}
	/* Active, but not on this CPU. */
	sim_run_on(1);
	IS(vms_space_reader(space, 0, 1, &in), VMS_ACCESS_DENIED);
	IS(vms_space_writer(&vms_machine.kernel, 0, 1, &out), VMS_ACCESS_DENIED);
	sim_run_on(0);
	space_end(space);
	space_end(other);
	sim_stop();
}

static void limit_only_shrinks_and_skip_stops_at_the_end(void **state)
{
	struct vms_space *space;
	struct vms_reader in;
	struct vms_writer out;

	(void)state;
	machine_start(1);
	space = space_new_active();
	in = reader(space, 1000, 100);
	vms_reader_limit(&in, 200);
	assert_int_equal(vms_reader_remain(&in), 100);
	vms_reader_limit(&in, ~0ul);
	assert_int_equal(vms_reader_remain(&in), 100);
	vms_reader_limit(&in, 60);
	assert_int_equal(vms_reader_remain(&in), 60);
	IS(vms_reader_skip(&in, 61), VMS_INVALID);
	IS(vms_reader_skip(&in, ~0ul), VMS_INVALID);
	assert_int_equal(in.at, 1000);
	OK(vms_reader_skip(&in, 60));
	OK(vms_reader_skip(&in, 0));
	IS(vms_reader_skip(&in, 1), VMS_INVALID);
	out = writer(space, 1000, 100);
	vms_writer_limit(&out, 101);
	assert_int_equal(vms_writer_avail(&out), 100);
	vms_writer_limit(&out, 5);
	OK(vms_writer_skip(&out, 2));
	IS(vms_writer_skip(&out, 4), VMS_INVALID);
	assert_int_equal(vms_writer_avail(&out), 3);
	OK(vms_writer_skip(&out, 3));
	assert_int_equal(vms_writer_avail(&out), 0);
	OK(vms_writer_skip(&out, 0));
	IS(vms_writer_skip(&out, 1), VMS_INVALID);
	vms_writer_limit(&out, 0);
	assert_int_equal(vms_writer_avail(&out), 0);
	space_end(space);
	sim_stop();
}

static void copies_cross_pages(void **state)
{
	static uint8_t out_bytes[3 * P], in_bytes[3 * P];
	struct vms_space *space;
	struct vms_writer out;
	struct vms_reader in;
	uint64_t done;

	(void)state;
	machine_start(1);
	space = space_new_active();
	map_pages(space, M2 - 2 * P, 5, RW_);
	for (size_t i = 0; i < sizeof(out_bytes); i++)
		out_bytes[i] = (uint8_t)(i * 7 + i / 256);
	out = writer(space, M2 - P - 77, sizeof(out_bytes));
	OK(vms_writer_copy(&out, out_bytes, sizeof(out_bytes), &done));
	assert_int_equal(done, sizeof(out_bytes));
	assert_int_equal(vms_writer_avail(&out), 0);
	in = reader(space, M2 - P - 77, sizeof(in_bytes));
	OK(vms_reader_copy(&in, in_bytes, 1000, &done));
	assert_int_equal(done, 1000);
	/* More than remains is what remains. */
	OK(vms_reader_copy(&in, in_bytes + 1000, ~0ul, &done));
	assert_int_equal(done, sizeof(in_bytes) - 1000);
	assert_memory_equal(in_bytes, out_bytes, sizeof(in_bytes));
	OK(vms_reader_copy(&in, in_bytes, 5, &done));
	assert_int_equal(done, 0);
	in = reader(space, 0, 0);
	OK(vms_reader_copy(&in, in_bytes, 5, &done));
	assert_int_equal(done, 0);
	space_end(space);
	sim_stop();
}

static void a_fault_stops_at_the_exact_byte(void **state)
{
	static uint8_t bytes[4 * P];
	struct vms_space *space;
	struct vms_writer out;
	struct vms_reader in;
	uint64_t done;

	(void)state;
	machine_start(1);
	space = space_new_active();
	map_pages(space, P, 2, RW_);
	map_pages(space, 3 * P, 1, R_);
	map_pages(space, 4 * P, 1, NONE);
	for (uint64_t off = 1; off < 2 * P; off = off * 3 + 1) {
		out = writer(space, 3 * P - off, 4 * P);
		IS(vms_writer_copy(&out, bytes, 4 * P, &done), VMS_PAGE_FAULT);
		assert_int_equal(done, off);
		assert_int_equal(out.at, 3 * P);
		out = writer(space, 3 * P - off, 4 * P);
		IS(vms_writer_fill_zeros(&out, 3 * P, &done), VMS_PAGE_FAULT);
		assert_int_equal(done, off);
		assert_int_equal(out.at, 3 * P);
		in = reader(space, 4 * P - off, 4 * P);
		IS(vms_reader_copy(&in, bytes, 4 * P, &done), VMS_PAGE_FAULT);
		assert_int_equal(done, off);
		assert_int_equal(in.at, 4 * P);
	}
	in = reader(space, 0, P);
	IS(vms_reader_copy(&in, bytes, 1, &done), VMS_PAGE_FAULT);
	assert_int_equal(done, 0);
	assert_int_equal(in.at, 0);
	in = reader(space, VMS_USER_END - 5, 5);
	IS(vms_reader_copy(&in, bytes, 5, &done), VMS_PAGE_FAULT);
	assert_int_equal(done, 0);
	space_end(space);
	sim_stop();
}

static void zeros_are_zeros(void **state)
{
	struct vms_space *space;
	struct vms_writer out;
	uint64_t done;
	uint8_t byte;

	(void)state;
	machine_start(1);
	space = space_new_active();
	map_pages(space, 0, 3, RW_);
	for (vms_va va = 0; va < 3 * P; va++)
		assert_true(sim_write(va, 0xff));
	out = writer(space, P - 3, P + 6);
	OK(vms_writer_fill_zeros(&out, ~0ul, &done));
	assert_int_equal(done, P + 6);
	for (vms_va va = 0; va < 3 * P; va++) {
		assert_true(sim_read(va, &byte));
		assert_int_equal(byte, va >= P - 3 && va < 2 * P + 3 ? 0 : 0xff);
	}
	space_end(space);
	sim_stop();
}

static void values_are_all_or_nothing(void **state)
{
	struct vms_space *space;
	struct vms_writer out;
	struct vms_reader in;
	uint64_t value = 0x1122334455667788ul, seen = 0;

	(void)state;
	machine_start(1);
	space = space_new_active();
	map_pages(space, P, 2, RW_);
	/* Any alignment, over a page boundary too. */
	out = writer(space, 2 * P - 3, 16);
	OK(vms_writer_value(&out, &value, sizeof(value)));
	assert_int_equal(out.at, 2 * P + 5);
	in = reader(space, 2 * P - 3, 16);
	OK(vms_reader_value(&in, &seen, sizeof(seen)));
	assert_int_equal(seen, value);
	assert_int_equal(in.at, 2 * P + 5);
	/* Too short. */
	in = reader(space, P, 7);
	IS(vms_reader_value(&in, &seen, 8), VMS_INVALID);
	assert_int_equal(in.at, P);
	out = writer(space, P, 7);
	IS(vms_writer_value(&out, &value, 8), VMS_INVALID);
	assert_int_equal(out.at, P);
	/* A fault in the middle. */
	in = reader(space, 3 * P - 4, 8);
	IS(vms_reader_value(&in, &seen, 8), VMS_PAGE_FAULT);
	assert_int_equal(in.at, 3 * P - 4);
	out = writer(space, 3 * P - 4, 8);
	IS(vms_writer_value(&out, &value, 8), VMS_PAGE_FAULT);
	assert_int_equal(out.at, 3 * P - 4);
	space_end(space);
	sim_stop();
}

static void words_are_loaded_and_exchanged(void **state)
{
	struct vms_space *space;
	struct vms_writer out;
	struct vms_reader in;
	uint64_t seen64 = 7;
	uint32_t seen32 = 7;

	(void)state;
	machine_start(1);
	space = space_new_active();
	map_pages(space, P, 1, RW_);
	map_pages(space, 2 * P, 1, R_);
	out = writer(space, P + 8, 8);
	OK(vms_writer_atomic_cmpxchg32(&out, 0, 0xffffffffu, &seen32));
	assert_int_equal(seen32, 0);
	/* All ones is a value, not a fault. */
	OK(vms_writer_atomic_cmpxchg32(&out, 5, 6, &seen32));
	assert_int_equal(seen32, 0xffffffffu);
	OK(vms_writer_atomic_cmpxchg64(&out, 0xffffffffu, ~0ul, &seen64));
	assert_int_equal(seen64, 0xffffffffu);
	assert_int_equal(out.at, P + 8);
	in = reader(space, P + 8, 8);
	OK(vms_reader_atomic_load32(&in, &seen32));
	assert_int_equal(seen32, 0xffffffffu);
	OK(vms_reader_atomic_load64(&in, &seen64));
	assert_true(seen64 == ~0ul);
	assert_int_equal(in.at, P + 8);
	/* Unaligned, or too short. */
	for (uint64_t off = 1; off < 8; off++) {
		in = reader(space, P + off, 64);
		IS(vms_reader_atomic_load64(&in, &seen64), VMS_INVALID);
		IS(vms_reader_atomic_load32(&in, &seen32), off == 4 ? VMS_OK : VMS_INVALID);
		out = writer(space, P + off, 64);
		IS(vms_writer_atomic_cmpxchg64(&out, 0, 1, &seen64), VMS_INVALID);
		if (off != 4)
			IS(vms_writer_atomic_cmpxchg32(&out, 0, 1, &seen32), VMS_INVALID);
		in = reader(space, P, off);
		IS(vms_reader_atomic_load64(&in, &seen64), VMS_INVALID);
		IS(vms_reader_atomic_load32(&in, &seen32), off >= 4 ? VMS_OK : VMS_INVALID);
	}
	/* An aligned end makes no aligned word, an unaligned one does no harm. */
	for (uint64_t size = 4; size <= 8; size += 4) {
		struct vms_reader odd = reader(space, P + 1, 15), even = reader(space, P, 9);
		struct vms_writer odd_out = writer(space, P + 1, 15), even_out = writer(space, P, 9);

		IS(size == 4 ? vms_reader_atomic_load32(&odd, &seen32) : vms_reader_atomic_load64(&odd, &seen64),
		   VMS_INVALID);
		OK(size == 4 ? vms_reader_atomic_load32(&even, &seen32) : vms_reader_atomic_load64(&even, &seen64));
		IS(size == 4 ? vms_writer_atomic_cmpxchg32(&odd_out, 1, 2, &seen32)
			     : vms_writer_atomic_cmpxchg64(&odd_out, 1, 2, &seen64),
		   VMS_INVALID);
		OK(size == 4 ? vms_writer_atomic_cmpxchg32(&even_out, 1, 2, &seen32)
			     : vms_writer_atomic_cmpxchg64(&even_out, 1, 2, &seen64));
	}
	/* Faults leave what was there. */
	seen32 = 99;
	seen64 = 99;
	in = reader(space, 3 * P, 8);
	IS(vms_reader_atomic_load32(&in, &seen32), VMS_PAGE_FAULT);
	IS(vms_reader_atomic_load64(&in, &seen64), VMS_PAGE_FAULT);
	out = writer(space, 2 * P, 8);
	IS(vms_writer_atomic_cmpxchg32(&out, 0, 1, &seen32), VMS_PAGE_FAULT);
	IS(vms_writer_atomic_cmpxchg64(&out, 0, 1, &seen64), VMS_PAGE_FAULT);
	assert_int_equal(seen32, 99);
	assert_int_equal(seen64, 99);
	in = reader(space, 2 * P, 8);
	OK(vms_reader_atomic_load64(&in, &seen64));
	assert_int_equal(seen64, 0);
	space_end(space);
	sim_stop();
}

static uint32_t nr_mapped;

static bool map_on_demand(struct vms_space *space, const struct vms_fault *fault)
{
	if (fault->user || fault->va >= 8 * P)
		return false;
	nr_mapped++;
	map_at(space, fault->va / P * P, 1, RW_);
	return true;
}

static void the_handler_is_asked_for_copies_too(void **state)
{
	static uint8_t bytes[16 * P];
	struct vms_space *space;
	struct vms_writer out;
	struct vms_reader in;
	uint64_t done;
	uint32_t seen;

	(void)state;
	machine_start(1);
	space = space_new_active();
	vms_space_set_fault_handler(space, map_on_demand);
	nr_mapped = 0;
	memset(bytes, 0x5a, sizeof(bytes));
	out = writer(space, P - 10, 16 * P);
	IS(vms_writer_copy(&out, bytes, 16 * P, &done), VMS_PAGE_FAULT);
	assert_int_equal(done, 7 * P + 10);
	assert_int_equal(nr_mapped, 8);
	in = reader(space, 0, 4);
	OK(vms_reader_atomic_load32(&in, &seen));
	assert_int_equal(seen, 0);
	assert_int_equal(nr_mapped, 8);
	CHECK(space);
	space_end(space);
	sim_stop();
}

int group_user(void)
{
	const struct CMUnitTest test[] = {
		cmocka_unit_test(only_user_ranges_of_the_active_space),
		cmocka_unit_test(limit_only_shrinks_and_skip_stops_at_the_end),
		cmocka_unit_test(copies_cross_pages),
		cmocka_unit_test(a_fault_stops_at_the_exact_byte),
		cmocka_unit_test(zeros_are_zeros),
		cmocka_unit_test(values_are_all_or_nothing),
		cmocka_unit_test(words_are_loaded_and_exchanged),
		cmocka_unit_test(the_handler_is_asked_for_copies_too),
	};

	return cmocka_run_group_tests_name("user", test, NULL, NULL);
}
