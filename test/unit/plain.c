/*
 * Readers and writers over the kernel's own memory, and between it and user memory.
 */
#include <string.h>

#include "unit.h"

static void limit_and_skip_stay_inside(void **state)
{
	uint8_t bytes[100] = {0};
	struct vms_plain_reader in = vms_plain_reader(bytes, sizeof(bytes));
	struct vms_plain_writer out = vms_plain_writer(bytes, sizeof(bytes));

	(void)state;
	vms_plain_reader_limit(&in, ~0ul);
	vms_plain_writer_limit(&out, 101);
	assert_int_equal(vms_plain_remain(&in), 100);
	assert_int_equal(vms_plain_avail(&out), 100);
	vms_plain_reader_limit(&in, 60);
	vms_plain_writer_limit(&out, 50);
	assert_int_equal(vms_plain_remain(&in), 60);
	assert_int_equal(vms_plain_avail(&out), 50);
	IS(vms_plain_reader_skip(&in, 61), VMS_INVALID);
	IS(vms_plain_reader_skip(&in, ~0ul), VMS_INVALID);
	IS(vms_plain_writer_skip(&out, 51), VMS_INVALID);
	OK(vms_plain_reader_skip(&in, 60));
	OK(vms_plain_writer_skip(&out, 20));
	assert_int_equal(vms_plain_remain(&in), 0);
	assert_int_equal(vms_plain_avail(&out), 30);
	assert_ptr_equal(out.at, bytes + 20);
	OK(vms_plain_writer_skip(&out, 30));
	assert_int_equal(vms_plain_avail(&out), 0);
	OK(vms_plain_writer_skip(&out, 0));
	IS(vms_plain_writer_skip(&out, 1), VMS_INVALID);
	OK(vms_plain_reader_skip(&in, 0));
	IS(vms_plain_reader_skip(&in, 1), VMS_INVALID);
}

static void copies_may_overlap(void **state)
{
	(void)state;
	for (uint32_t from = 0; from < 20; from++) {
		for (uint32_t to = 0; to < 20; to++) {
			uint8_t bytes[64], wanted[64];
			struct vms_plain_reader in = vms_plain_reader(bytes + from, 30);
			struct vms_plain_writer out = vms_plain_writer(bytes + to, 25);

			for (uint32_t i = 0; i < sizeof(bytes); i++)
				bytes[i] = wanted[i] = (uint8_t)(i * 3);
			memmove(wanted + to, wanted + from, 25);
			assert_int_equal(vms_plain_copy(&in, &out), 25);
			assert_memory_equal(bytes, wanted, sizeof(bytes));
			assert_int_equal(vms_plain_remain(&in), 5);
			assert_int_equal(vms_plain_avail(&out), 0);
			assert_int_equal(vms_plain_copy(&in, &out), 0);
		}
	}
}

static void values_and_zeros(void **state)
{
	uint8_t bytes[32];
	struct vms_plain_writer out = vms_plain_writer(bytes, sizeof(bytes));
	struct vms_plain_reader in = vms_plain_reader(bytes, sizeof(bytes));
	uint64_t value = 0x1122334455667788ul, seen;

	(void)state;
	memset(bytes, 0xff, sizeof(bytes));
	OK(vms_plain_writer_skip(&out, 3));
	OK(vms_plain_writer_value(&out, &value, sizeof(value)));
	OK(vms_plain_reader_skip(&in, 3));
	OK(vms_plain_reader_value(&in, &seen, sizeof(seen)));
	assert_int_equal(seen, value);
	assert_int_equal(vms_plain_remain(&in), 21);
	assert_int_equal(vms_plain_fill_zeros(&out, 5), 5);
	for (uint32_t i = 11; i < 16; i++)
		assert_int_equal(bytes[i], 0);
	assert_int_equal(bytes[16], 0xff);
	assert_int_equal(vms_plain_fill_zeros(&out, ~0ul), 16);
	assert_int_equal(vms_plain_fill_zeros(&out, 1), 0);
	IS(vms_plain_writer_value(&out, &value, 1), VMS_INVALID);
	vms_plain_reader_limit(&in, 7);
	IS(vms_plain_reader_value(&in, &seen, 8), VMS_INVALID);
	assert_int_equal(vms_plain_remain(&in), 7);
	/* Exactly what is there. */
	in = vms_plain_reader(bytes, 4);
	out = vms_plain_writer(bytes + 8, 4);
	OK(vms_plain_writer_value(&out, &value, 4));
	assert_int_equal(vms_plain_avail(&out), 0);
	OK(vms_plain_reader_value(&in, &seen, 4));
	assert_int_equal(vms_plain_remain(&in), 0);
}

static void words_at_once(void **state)
{
	union {
		uint64_t word[4];
		uint8_t byte[32];
	} memory;
	static const uint32_t bad[] = {0, 3, 5, 6, 7, 9, 16, 0xffffffffu};
	uint64_t seen = 0;

	(void)state;
	for (uint32_t size = 1; size <= 8; size *= 2) {
		struct vms_plain_writer out = vms_plain_writer(memory.byte + 8, 16);
		struct vms_plain_reader in = vms_plain_reader(memory.byte + 8, 16);
		uint64_t cut = size == 8 ? ~0ul : (1ul << size * 8) - 1;

		memset(memory.byte, 0xff, sizeof(memory));
		OK(vms_plain_writer_once(&out, size, 0x1122334455667788ul));
		assert_int_equal(vms_plain_avail(&out), 16 - size);
		assert_int_equal(memory.byte[7], 0xff);
		assert_int_equal(memory.byte[8 + size], 0xff);
		OK(vms_plain_reader_once(&in, size, &seen));
		assert_int_equal(seen, 0x1122334455667788ul & cut);
		assert_int_equal(vms_plain_remain(&in), 16 - size);
		if (size == 1)
			continue;
		/* Unaligned, or too short. */
		in = vms_plain_reader(memory.byte + 8 + size / 2, 16);
		IS(vms_plain_reader_once(&in, size, &seen), VMS_INVALID);
		assert_int_equal(vms_plain_remain(&in), 16);
		in = vms_plain_reader(memory.byte + 8, size - 1);
		IS(vms_plain_reader_once(&in, size, &seen), VMS_INVALID);
		out = vms_plain_writer(memory.byte + 8, size - 1);
		IS(vms_plain_writer_once(&out, size, 0), VMS_INVALID);
		assert_int_equal(vms_plain_avail(&out), size - 1);
		/* Just long enough. */
		in = vms_plain_reader(memory.byte + 8, size);
		OK(vms_plain_reader_once(&in, size, &seen));
		assert_int_equal(vms_plain_remain(&in), 0);
		out = vms_plain_writer(memory.byte + 8, size);
		OK(vms_plain_writer_once(&out, size, 0));
		assert_int_equal(vms_plain_avail(&out), 0);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct vms_plain_writer out = vms_plain_writer(memory.byte, 32);
		struct vms_plain_reader in = vms_plain_reader(memory.byte, 32);

		IS(vms_plain_writer_once(&out, bad[i], 0), VMS_INVALID);
		IS(vms_plain_reader_once(&in, bad[i], &seen), VMS_INVALID);
	}
}

static void user_memory_at_the_other_end(void **state)
{
	static uint8_t bytes[3 * P], back[3 * P];
	struct vms_plain_reader from;
	struct vms_plain_writer to;
	struct vms_space *space;
	struct vms_writer out;
	struct vms_reader in;
	uint64_t done;

	(void)state;
	machine_start(1);
	space = space_new_active();
	map_pages(space, P, 2, RW_);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 5 + i / 256);
	/* The shorter of the two decides. */
	OK(vms_space_writer(space, P + 10, 100, &out));
	from = vms_plain_reader(bytes, 60);
	OK(vms_plain_to_user(&from, &out, &done));
	assert_int_equal(done, 60);
	assert_int_equal(vms_plain_remain(&from), 0);
	assert_int_equal(vms_writer_avail(&out), 40);
	OK(vms_space_reader(space, P + 10, 60, &in));
	to = vms_plain_writer(back, 1000);
	OK(vms_plain_from_user(&in, &to, &done));
	assert_int_equal(done, 60);
	assert_memory_equal(back, bytes, 60);
	assert_int_equal(vms_plain_avail(&to), 940);
	/* A fault: both stand behind what was done. */
	OK(vms_space_writer(space, 3 * P - 77, 500, &out));
	from = vms_plain_reader(bytes, 3 * P);
	IS(vms_plain_to_user(&from, &out, &done), VMS_PAGE_FAULT);
	assert_int_equal(done, 77);
	assert_int_equal(vms_plain_remain(&from), 3 * P - 77);
	assert_int_equal(out.at, 3 * P);
	OK(vms_space_reader(space, 3 * P - 77, 500, &in));
	to = vms_plain_writer(back, 3 * P);
	IS(vms_plain_from_user(&in, &to, &done), VMS_PAGE_FAULT);
	assert_int_equal(done, 77);
	assert_int_equal(vms_plain_avail(&to), 3 * P - 77);
	assert_memory_equal(back, bytes, 77);
	space_end(space);
	sim_stop();
}

int group_plain(void)
{
	const struct CMUnitTest test[] = {
		cmocka_unit_test(limit_and_skip_stay_inside),
		cmocka_unit_test(copies_may_overlap),
		cmocka_unit_test(values_and_zeros),
		cmocka_unit_test(words_at_once),
		cmocka_unit_test(user_memory_at_the_other_end),
	};

	return cmocka_run_group_tests_name("plain", test, NULL, NULL);
}
