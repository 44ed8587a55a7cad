/*
 * Random operations against a flat reference: an array that says for each page of three windows of a space what
 * must be there. Every answer of the library is compared with it; allocations fail now and then, and then
 * nothing may change; programs on three CPUs use the memory in between. VMS_SEED=n repeats a run.
 */
#include <stdio.h>
#include <stdlib.h>

#include "unit.h"

#define NR_CPUS 3u
#define NR_WINDOWS 3u
#define NR_PAGES 1535u /* in a window */

struct page {
	enum vms_what what;
	vms_pfn frame;
	struct vms_prop prop; /* without accessed and dirty */
	vms_token token;
	bool accessed; /* by a program, since it was mapped: the entry must say so */
	bool dirty;
};

static struct page page[NR_WINDOWS][NR_PAGES];
/* Over the edge of a 1 GiB slot; the last pages of user space; the first. */
static const vms_va window_va[NR_WINDOWS] = {0, G1 - M2 - 5 * P, VMS_USER_END - NR_PAGES *P};
static uint8_t first_byte[1u << 16]; /* by frame: what a program wrote last */
static uint64_t seed;
static struct vms_space *space;
static struct vms_guard guard;
static uint64_t nr_operations, nr_failures;

static uint64_t below(uint64_t limit)
{
	return sim_random(&seed) % limit;
}

/* A cursor's session: the window and the pages of it that the cursor owns. */
struct session {
	struct vms_cursor cursor;
	uint32_t window;
	uint64_t start, end; /* pages of the window */
};

static uint64_t at(const struct session *session)
{
	return (vms_cursor_at(&session->cursor) - window_va[session->window]) / P;
}

static bool is_mapped(const struct page *this)
{
	return this->what == VMS_MAPPED || this->what == VMS_DEVICE;
}

/* An item must agree with every page of it that this cursor owns. */
static void item_check(const struct session *session, const struct vms_item *item)
{
	vms_va base = window_va[session->window];

	assert_true(item->va <= vms_cursor_at(&session->cursor));
	for (uint64_t k = session->start; k < session->end; k++) {
		const struct page *this = &page[session->window][k];
		vms_va va = base + k * P;

		if (va < item->va || va - item->va >= item->len)
			continue;
		assert_int_equal(item->what, this->what);
		if (this->what == VMS_MARKED)
			assert_int_equal(item->token, this->token);
		if (!is_mapped(this))
			continue;
		assert_int_equal(item->frame + (va - item->va) / P, this->frame);
		assert_int_equal(item->prop.flags & ~(VMS_ACCESSED | VMS_DIRTY), this->prop.flags);
		assert_int_equal(item->prop.cache, this->prop.cache);
		assert_true(!this->accessed || vms_has(item->prop.flags, VMS_ACCESSED));
		assert_true(!this->dirty || vms_has(item->prop.flags, VMS_DIRTY));
	}
}

/* Was the operation refused for lack of memory, as it must be if an allocation failed? Then nothing moved. */
static bool no_memory(const struct session *session, enum vms_status status, uint64_t before)
{
	bool failed = sim_alloc_failed();

	nr_operations++;
	sim_alloc_fail(0);
	if (!failed) {
		assert_string_not_equal(vms_status_name(status), "VMS_NO_MEMORY");
		return false;
	}
	IS(status, VMS_NO_MEMORY);
	assert_int_equal(at(session), before);
	nr_failures++;
	return true;
}

static struct vms_prop random_prop(void)
{
	static const uint32_t rights[] = {0, VMS_R, VMS_R | VMS_W, VMS_R | VMS_X, VMS_R | VMS_W | VMS_X};
	struct vms_prop prop = {rights[below(5)] | (uint32_t)below(4) * VMS_SOFT0, (uint32_t)below(VMS_NR_CACHE)};

	return prop;
}

/* Pages from here to the end, or fewer; sometimes a multiple of a large slot. */
static uint64_t random_len(const struct session *session)
{
	uint64_t rest = session->end - at(session);

	if (rest == 0)
		return 0;
	switch (below(4)) {
	case 0:
		return 1;
	case 1:
		return 1 + below(rest);
	case 2:
		return rest < 20 ? rest : 1 + below(20);
	default:
		return rest;
	}
}

static void pages_set(struct session *session, uint64_t from, uint64_t len, struct page first)
{
	for (uint64_t k = 0; k < len; k++) {
		page[session->window][from + k] = first;
		if (is_mapped(&first))
			first.frame++;
	}
}

static bool any_mapped(const struct session *session, uint64_t from, uint64_t len)
{
	for (uint64_t k = 0; k < len; k++) {
		if (is_mapped(&page[session->window][from + k]))
			return true;
	}
	return false;
}

static void do_map(struct session *session)
{
	uint32_t level = below(6) ? 1 : 2;
	uint64_t len = level == 1 ? 1 : 512;
	uint64_t before = at(session);
	struct vms_prop prop = random_prop();
	vms_pfn frame = sim_frame_try(level);
	enum vms_status status;
	bool fits;

	if (frame == VMS_NO_FRAME)
		return;
	first_byte[frame] = 0;
	fits = before + len <= session->end && vms_cursor_at(&session->cursor) % (len * P) == 0 &&
	       session->end - session->start > (level == 1 ? 0 : len);
	if (level == 2 && !fits && session->end - session->start == len) {
		/* Exactly the slot: it depends on whether there is a table. */
		sim_frame_put(frame);
		return;
	}
	status = vms_cursor_map(&session->cursor, frame, prop);
	if (status == VMS_OK)
		sim_handle_gone(frame);
	else
		sim_frame_put(frame);
	if (no_memory(session, status, before))
		return;
	if (!fits) {
		IS(status, VMS_OUT_OF_RANGE);
	} else if (any_mapped(session, before, len)) {
		IS(status, VMS_EXISTS);
	} else {
		OK(status);
		assert_int_equal(at(session), before + len);
		pages_set(session, before, len, (struct page){.what = VMS_MAPPED, .frame = frame, .prop = prop});
		for (uint64_t k = 0; k < len; k++)
			first_byte[frame + k] = 0;
		return;
	}
	assert_int_equal(at(session), before);
}

static void do_map_device(struct session *session)
{
	uint64_t before = at(session), len = random_len(session);
	struct vms_prop prop = random_prop();
	/* Beyond all RAM; sometimes aligned with the address, for large leaves. */
	vms_pfn frame = 0x1000000u + (vms_pfn)(below(2) ? vms_cursor_at(&session->cursor) / P % 512 : below(1000));
	enum vms_status status = vms_cursor_map_device(&session->cursor, frame, len * P, prop);

	if (no_memory(session, status, before))
		return;
	if (len == 0) {
		IS(status, VMS_OUT_OF_RANGE);
	} else if (any_mapped(session, before, len)) {
		IS(status, VMS_EXISTS);
		assert_int_equal(at(session), before);
	} else {
		OK(status);
		assert_int_equal(at(session), before + len);
		pages_set(session, before, len, (struct page){.what = VMS_DEVICE, .frame = frame, .prop = prop});
	}
}

static void do_unmap(struct session *session)
{
	uint64_t before = at(session), len = random_len(session), nr = 0, wanted = 0;
	enum vms_status status = vms_cursor_unmap(&session->cursor, len * P, &nr);

	if (no_memory(session, status, before))
		return;
	IS(status, len ? VMS_OK : VMS_OUT_OF_RANGE);
	for (uint64_t k = 0; k < len; k++)
		wanted += is_mapped(&page[session->window][before + k]);
	assert_int_equal(nr, wanted);
	assert_int_equal(at(session), before + len);
	pages_set(session, before, len, (struct page){.what = VMS_ABSENT});
}

static void do_mark(struct session *session)
{
	uint64_t before = at(session), len = random_len(session);
	vms_token token = (vms_token)sim_random(&seed);
	enum vms_status status = vms_cursor_mark(&session->cursor, len * P, token);

	if (no_memory(session, status, before))
		return;
	IS(status, len ? VMS_OK : VMS_OUT_OF_RANGE);
	assert_int_equal(at(session), before + len);
	pages_set(session, before, len, (struct page){.what = VMS_MARKED, .token = token});
}

static void do_protect(struct session *session)
{
	static const uint32_t some[] = {0,         VMS_W, VMS_R | VMS_W | VMS_X, VMS_X,
					VMS_SOFT0, VMS_R, VMS_R | VMS_W,         VMS_SOFT1};
	struct vms_change change = {.clear = some[below(8)], .set = some[below(8)]};
	uint64_t before = at(session), len = random_len(session), k;
	struct vms_item item;
	struct vms_prop prop;
	enum vms_status status = vms_cursor_protect_next(&session->cursor, len * P, change, &item);

	if (no_memory(session, status, before))
		return;
	if (len == 0) {
		IS(status, VMS_OUT_OF_RANGE);
		return;
	}
	for (k = 0; k < len && !is_mapped(&page[session->window][before + k]);)
		k++;
	if (k == len) {
		IS(status, VMS_NOT_FOUND);
		assert_int_equal(at(session), before + len);
		return;
	}
	prop = page[session->window][before + k].prop;
	prop.flags = (prop.flags & ~change.clear) | change.set;
	if (!vms_prop_valid(prop)) {
		IS(status, VMS_BAD_PROP);
		assert_int_equal(at(session), before);
		return;
	}
	OK(status);
	assert_int_equal(item.va, window_va[session->window] + (before + k) * P);
	assert_in_range(item.len, P, (len - k) * P);
	assert_int_equal(at(session), before + k + item.len / P);
	for (uint64_t n = 0; n < item.len / P; n++) {
		struct page *this = &page[session->window][before + k + n];

		this->prop.flags = (this->prop.flags & ~change.clear) | change.set;
	}
	item_check(session, &item);
}

static void do_look(struct session *session)
{
	struct vms_item item;
	enum vms_status status = vms_cursor_query(&session->cursor, &item);

	nr_operations++;
	if (at(session) == session->end) {
		IS(status, VMS_OUT_OF_RANGE);
		return;
	}
	OK(status);
	assert_true(vms_cursor_at(&session->cursor) - item.va < item.len);
	item_check(session, &item);
}

static void do_find(struct session *session)
{
	enum vms_find find = below(2) ? VMS_FIND_ANY : VMS_FIND_MAPPED;
	uint64_t before = at(session), len = random_len(session), k;
	struct vms_item item;
	enum vms_status status = vms_cursor_find_next(&session->cursor, len * P, find, &item);

	nr_operations++;
	if (len == 0) {
		IS(status, VMS_OUT_OF_RANGE);
		return;
	}
	for (k = 0; k < len; k++) {
		const struct page *this = &page[session->window][before + k];

		if (is_mapped(this) || (find == VMS_FIND_ANY && this->what == VMS_MARKED))
			break;
	}
	IS(status, k < len ? VMS_OK : VMS_NOT_FOUND);
	assert_int_equal(at(session), before + k);
	if (k < len)
		item_check(session, &item);
}

static void do_jump(struct session *session)
{
	uint64_t to = session->start + below(session->end - session->start + 1);

	nr_operations++;
	OK(vms_cursor_jump(&session->cursor, window_va[session->window] + to * P));
}

static void session_run(void)
{
	static void (*const operation[])(struct session *) = {
		do_map,  do_map,  do_map,  do_map_device, do_unmap, do_mark, do_protect, do_protect,
		do_look, do_look, do_find, do_find,       do_jump,  do_jump, do_jump,
	};
	struct session session = {.window = (uint32_t)below(NR_WINDOWS)};
	vms_va base = window_va[session.window];

	session.start = below(4) ? below(NR_PAGES) : 0;
	session.end = below(3) ? session.start + 1 + below(NR_PAGES - session.start) : NR_PAGES;
	sim_run_on((uint32_t)below(NR_CPUS));
	vms_guard_enter(&guard);
	if (below(16) == 0)
		sim_alloc_fail(1 + (uint32_t)below(3));
	for (;;) {
		enum vms_status status = vms_cursor_open(&session.cursor, space, &guard, base + session.start * P,
							 base + session.end * P, VMS_EDITING);

		if (status == VMS_OK)
			break;
		IS(status, VMS_NO_MEMORY);
		assert_true(sim_alloc_failed());
	}
	for (uint64_t nr = 1 + below(8); nr > 0; nr--) {
		sim_alloc_fail(below(3) ? 0 : 1 + (uint32_t)below(3));
		operation[below(sizeof(operation) / sizeof(operation[0]))](&session);
	}
	sim_alloc_fail(0);
	vms_cursor_close(&session.cursor);
	vms_guard_leave(&guard);
}

/* A program reads, writes or executes: exactly what the reference allows, and it sees what was written last. */
static void program_run(void)
{
	uint32_t window = (uint32_t)below(NR_WINDOWS);
	uint64_t k = below(NR_PAGES);
	struct page *this = &page[window][k];
	vms_va va = window_va[window] + k * P;
	uint8_t byte = (uint8_t)sim_random(&seed);
	bool done;

	sim_run_on((uint32_t)below(NR_CPUS));
	switch (below(3)) {
	case 0:
		done = sim_read(va, &byte);
		assert_int_equal(done, is_mapped(this) && vms_has(this->prop.flags, VMS_R));
		if (done && this->what == VMS_MAPPED)
			assert_int_equal(byte, first_byte[this->frame]);
		break;
	case 1:
		done = sim_write(va, byte);
		assert_int_equal(done, is_mapped(this) && vms_has(this->prop.flags, VMS_W));
		if (done && this->what == VMS_MAPPED)
			first_byte[this->frame] = byte;
		this->dirty = this->dirty || done;
		break;
	default:
		done = sim_execute(va);
		assert_int_equal(done, is_mapped(this) && vms_has(this->prop.flags, VMS_X));
	}
	this->accessed = this->accessed || done;
}

static void compare_all(void)
{
	struct sim_snapshot now;
	uint64_t nr = 0;

	CHECK(space);
	sim_snapshot_take(&now, space);
	for (uint32_t i = 0; i < now.nr; i++) {
		const struct sim_run *run = &now.run[i];

		nr += run->nr_pages;
		for (uint64_t k = 0; k < run->nr_pages; k++) {
			vms_va va = run->va + k * P;
			uint32_t window = va < window_va[1] ? 0 : va < window_va[2] ? 1 : 2;
			const struct page *this;

			assert_in_range(va - window_va[window], 0, NR_PAGES * P - 1);
			this = &page[window][(va - window_va[window]) / P];
			assert_int_equal(run->what == VMS_MARKED, this->what == VMS_MARKED);
			assert_true(this->what != VMS_ABSENT);
			assert_int_equal(run->token, this->what == VMS_MARKED ? this->token : 0);
			if (is_mapped(this))
				assert_int_equal(run->frame + k, this->frame);
		}
	}
	for (uint32_t window = 0; window < NR_WINDOWS; window++) {
		for (uint64_t k = 0; k < NR_PAGES; k++)
			nr -= page[window][k].what != VMS_ABSENT;
	}
	assert_int_equal(nr, 0);
	sim_snapshot_free(&now);
}

static void run(uint64_t start_seed, bool hostile, uint32_t nr_sessions)
{
	const char *given = getenv("VMS_SEED");

	seed = given ? strtoull(given, NULL, 0) : start_seed;
	printf("[          ] VMS_SEED=%lu%s\n", seed, hostile ? ", hostile TLBs" : "");
	fflush(stdout);
	sim_start(&(struct sim_options){
		.nr_cpus = NR_CPUS, .nr_frames = 6000, .nr_large = 10, .hostile = hostile ? seed : 0});
	space = space_new();
	for (uint32_t cpu = 0; cpu < NR_CPUS; cpu++) {
		sim_run_on(cpu);
		sim_activate(space);
	}
	for (uint32_t window = 0; window < NR_WINDOWS; window++) {
		for (uint64_t k = 0; k < NR_PAGES; k++)
			page[window][k] = (struct page){.what = VMS_ABSENT};
	}
	nr_operations = nr_failures = 0;
	for (uint32_t i = 0; i < nr_sessions; i++) {
		session_run();
		for (uint64_t k = below(12); k > 0; k--)
			program_run();
		if (i % 500 == 499)
			compare_all();
	}
	compare_all();
	printf("[          ] %lu operations, %lu of them short of memory\n", nr_operations, nr_failures);
	for (uint32_t cpu = NR_CPUS; cpu-- > 0;) {
		sim_run_on(cpu);
		sim_activate(&vms_machine.kernel);
	}
	space_end(space);
	sim_stop();
}

static void patient_tlbs(void **state)
{
	(void)state;
	run(20240601, false, 25000);
}

static void hostile_tlbs(void **state)
{
	(void)state;
	run(20240602, true, 15000);
}

int group_random(void)
{
	const struct CMUnitTest test[] = {
		cmocka_unit_test(patient_tlbs),
		cmocka_unit_test(hostile_tlbs),
	};

	return cmocka_run_group_tests_name("random", test, NULL, NULL);
}
