/*
 * Operation strings: the bytes say which calls are made on the library, and every answer is compared with a flat
 * array that says for each page what must be there. Between the calls two CPUs use the memory, and allocations fail.
 */
#include <string.h>

#include <sim/sim.h>

#include "fuzz.h"

#define P VMS_PAGE
#define NR_CPUS 2u
#define NR_PAGES 1536u
#define LARGE 512u
/* Over the edge of a 1 GiB slot, and of two of 2 MiB. */
#define BASE (512 * 512 * P - 512 * P)

struct page {
	enum vms_what what;
	vms_pfn frame;
	struct vms_prop prop;
	vms_token token;
};

static struct page page[NR_PAGES];
static struct bytes in;
static struct vms_space space;
static struct vms_cursor cursor;
static uint64_t first, end; /* pages of the cursor's range */

static void on_failure(const char *message)
{
	fprintf(stderr, "sim: %s\n", message);
	abort();
}

static uint64_t at(void)
{
	return (vms_cursor_at(&cursor) - BASE) / P;
}

static bool is_mapped(const struct page *this)
{
	return this->what == VMS_MAPPED || this->what == VMS_DEVICE;
}

static bool any_mapped(uint64_t from, uint64_t nr)
{
	for (uint64_t i = from; i < from + nr; i++) {
		if (is_mapped(&page[i]))
			return true;
	}
	return false;
}

static void pages_set(uint64_t from, uint64_t nr, struct page to)
{
	for (uint64_t i = from; i < from + nr; i++) {
		page[i] = to;
		to.frame += is_mapped(&to);
	}
}

/* The item is what the array says, for all pages of it that the cursor owns. Hardware may have set two bits more. */
static void item_check(const struct vms_item *item)
{
	uint64_t from = item->va < BASE + first * P ? first : (item->va - BASE) / P;

	for (uint64_t i = from; i < end && BASE + i * P - item->va < item->len; i++) {
		uint64_t k = (BASE + i * P - item->va) / P;

		MUST(item->what == page[i].what);
		MUST(item->what != VMS_MARKED || item->token == page[i].token);
		if (is_mapped(&page[i])) {
			MUST(item->frame + k == page[i].frame && item->prop.cache == page[i].prop.cache);
			MUST((item->prop.flags & ~(VMS_ACCESSED | VMS_DIRTY)) == page[i].prop.flags);
		}
	}
}

/* An operation that needed memory and found none: then it must say so, and nothing has moved. */
static bool no_memory(enum vms_status status, uint64_t before)
{
	bool failed = sim_alloc_failed();

	sim_alloc_fail(0);
	MUST(failed == (status == VMS_NO_MEMORY));
	MUST(!failed || at() == before);
	return failed;
}

static struct vms_prop take_prop(void)
{
	static const uint32_t rights[] = {0, VMS_R, VMS_R | VMS_W, VMS_R | VMS_X, VMS_R | VMS_W | VMS_X};
	uint64_t byte = take(&in, 1);

	return (struct vms_prop){rights[byte % 5] + (uint32_t)(byte / 8 % 4) * VMS_SOFT0, byte / 32 % VMS_NR_CACHE};
}

static uint64_t take_len(void)
{
	uint64_t rest = end - at();

	return rest == 0 ? 0 : 1 + take_below(&in, rest);
}

static void do_map(void)
{
	struct page new = {.what = VMS_MAPPED, .prop = take_prop()};
	uint32_t level = take(&in, 1) % 4 == 0 ? 2 : 1;
	uint64_t nr = level == 1 ? 1 : LARGE, before = at();
	enum vms_status status;
	bool fits = before + nr <= end && before % nr == 0 && level <= cursor.top_level;

	new.frame = sim_frame_try(level);
	if (new.frame == VMS_NO_FRAME)
		return;
	status = vms_cursor_map(&cursor, new.frame, new.prop);
	if (status == VMS_OK)
		sim_handle_gone(new.frame);
	else
		sim_frame_put(new.frame);
	if (no_memory(status, before))
		return;
	if (!fits) {
		MUST(status == VMS_OUT_OF_RANGE);
	} else if (any_mapped(before, nr)) {
		MUST(status == VMS_EXISTS && at() == before);
	} else {
		MUST(status == VMS_OK && at() == before + nr);
		pages_set(before, nr, new);
	}
}

static void do_map_device(void)
{
	struct page new = {.what = VMS_DEVICE, .prop = take_prop(), .frame = sim_device()};
	uint64_t len = take_len(), before = at();
	enum vms_status status;

	new.frame += (vms_pfn)take_below(&in, SIM_DEVICE_FRAMES);
	if (len > sim_device() + SIM_DEVICE_FRAMES - new.frame)
		len = sim_device() + SIM_DEVICE_FRAMES - new.frame;
	status = vms_cursor_map_device(&cursor, new.frame, len * P, new.prop);
	if (no_memory(status, before))
		return;
	if (len == 0 || before == end) {
		MUST(status == VMS_OUT_OF_RANGE);
	} else if (any_mapped(before, len)) {
		MUST(status == VMS_EXISTS && at() == before);
	} else {
		MUST(status == VMS_OK && at() == before + len);
		pages_set(before, len, new);
	}
}

static void do_fill(bool mark)
{
	struct page new = {.what = mark ? VMS_MARKED : VMS_ABSENT, .token = mark ? (vms_token)take(&in, 4) : 0};
	uint64_t len = take_len(), before = at(), nr = 0, removed = 0;
	enum vms_status status =
		mark ? vms_cursor_mark(&cursor, len * P, new.token) : vms_cursor_unmap(&cursor, len * P, &removed);

	if (no_memory(status, before))
		return;
	if (len == 0) {
		MUST(status == VMS_OUT_OF_RANGE);
		return;
	}
	for (uint64_t i = before; i < before + len; i++)
		nr += is_mapped(&page[i]);
	MUST(status == VMS_OK && at() == before + len && (mark || removed == nr));
	pages_set(before, len, new);
}

/* A page's flags after a change. */
static uint32_t flags_after(const struct page *this, struct vms_change change)
{
	uint32_t flags = (this->prop.flags & ~change.clear) | change.set;

	if (change.cow == 0 || !vms_has(flags, VMS_W) || (this->what == VMS_MAPPED && vms_frame_refs(this->frame) == 1))
		return flags;
	return (flags & ~VMS_W) | change.cow;
}

static void do_protect_run(uint64_t len, struct vms_change change)
{
	uint64_t before = at(), i = before;
	bool all = vms_has(change.set, VMS_R) ||
		   (!(change.set & (VMS_W | VMS_X)) &&
		    (!vms_has(change.clear, VMS_R) || (change.clear & (VMS_W | VMS_X)) == (VMS_W | VMS_X)));
	enum vms_status status = vms_cursor_protect_run(&cursor, len * P, change);

	if (no_memory(status, before))
		return;
	MUST(status == (len == 0 ? VMS_OUT_OF_RANGE : all ? VMS_OK : VMS_BAD_PROP));
	for (; status == VMS_OK && i < before + len && is_mapped(&page[i]); i++)
		page[i].prop.flags = flags_after(&page[i], change);
	MUST(at() == i);
}

static void do_protect(void)
{
	uint64_t byte = take(&in, 2), len = take_len(), before = at(), i = before;
	uint32_t rights = VMS_R | VMS_W | VMS_X | VMS_SOFT0 | VMS_SOFT1;
	struct vms_change change = {.clear = (uint32_t)byte & rights, .set = (uint32_t)(byte >> 8) & rights};
	enum vms_status status;
	struct vms_item item;
	struct vms_prop prop;

	/* Bits that are no rights say the rest. */
	change.cow = byte & VMS_ACCESSED ? VMS_SOFT0 : byte & VMS_DIRTY ? VMS_SOFT1 : 0;
	if (byte & VMS_GLOBAL) {
		do_protect_run(len, change);
		return;
	}
	status = vms_cursor_protect_next(&cursor, len * P, change, &item);
	if (no_memory(status, before))
		return;
	while (i < before + len && !is_mapped(&page[i]))
		i++;
	if (len == 0) {
		MUST(status == VMS_OUT_OF_RANGE);
		return;
	}
	if (i == before + len) {
		MUST(status == VMS_NOT_FOUND && at() == i);
		return;
	}
	prop = page[i].prop;
	prop.flags = (prop.flags & ~change.clear) | change.set;
	if (!vms_prop_valid(prop)) {
		MUST(status == VMS_BAD_PROP && at() == before);
		return;
	}
	MUST(status == VMS_OK && item.va <= BASE + i * P && item.va >= BASE && item.va + item.len == BASE + at() * P);
	for (i = (item.va - BASE) / P; i < at(); i++) {
		MUST(is_mapped(&page[i]));
		page[i].prop.flags = flags_after(&page[i], change);
	}
	item_check(&item);
}

static void do_find(void)
{
	bool any = take(&in, 1) % 2;
	uint64_t len = take_len(), i = at(), stop = i + len;
	struct vms_item item;
	enum vms_status status = vms_cursor_find_next(&cursor, len * P, any ? VMS_FIND_ANY : VMS_FIND_MAPPED, &item);

	while (i < stop && !is_mapped(&page[i]) && !(any && page[i].what == VMS_MARKED))
		i++;
	if (len == 0) {
		MUST(status == VMS_OUT_OF_RANGE);
	} else {
		MUST(at() == i && status == (i < stop ? VMS_OK : VMS_NOT_FOUND));
		if (status == VMS_OK)
			item_check(&item);
	}
}

static void do_query(void)
{
	struct vms_item item;
	enum vms_status status = vms_cursor_query(&cursor, &item);

	MUST(status == (at() == end ? VMS_OUT_OF_RANGE : VMS_OK));
	if (status == VMS_OK)
		item_check(&item);
}

static void do_jump(void)
{
	uint64_t to = take_below(&in, NR_PAGES + 1), before = at();
	bool inside = to >= first && to <= end;

	MUST(vms_cursor_jump(&cursor, BASE + to * P) == (inside ? VMS_OK : VMS_OUT_OF_RANGE));
	MUST(at() == (inside ? to : before));
}

/* A range that may be any. */
static void do_wild(void)
{
	uint64_t len = take(&in, 8), va = take(&in, 8), before = at();
	struct vms_change change = {.clear = (uint32_t)take(&in, 4), .set = (uint32_t)take(&in, 4)};
	struct vms_item item;

	if (len == 0 || len % P != 0 || len > (end - before) * P) {
		MUST(vms_cursor_unmap(&cursor, len, NULL) == VMS_OUT_OF_RANGE);
		MUST(vms_cursor_mark(&cursor, len, 1) == VMS_OUT_OF_RANGE);
		MUST(vms_cursor_find_next(&cursor, len, VMS_FIND_ANY, &item) == VMS_OUT_OF_RANGE);
		MUST(vms_cursor_protect_next(&cursor, len, change, &item) != VMS_OK);
		MUST(vms_cursor_map_device(&cursor, (vms_pfn)va, len, (struct vms_prop){0, 0}) != VMS_OK);
	}
	if (va % P != 0 || va < BASE + first * P || va > BASE + end * P)
		MUST(vms_cursor_jump(&cursor, va) == VMS_OUT_OF_RANGE);
	MUST(at() == before);
}

static void session(void)
{
	struct vms_guard guard;
	enum vms_status status;
	uint64_t nr = 1 + take(&in, 1) % 16;

	first = take_below(&in, NR_PAGES);
	end = first + 1 + take_below(&in, NR_PAGES - first);
	sim_run_on((uint32_t)take(&in, 1) % NR_CPUS);
	vms_guard_enter(&guard);
	sim_alloc_fail((uint32_t)take(&in, 1) % 16);
	status = vms_cursor_open(&cursor, &space, &guard, BASE + first * P, BASE + end * P, VMS_EDITING);
	MUST(sim_alloc_failed() == (status == VMS_NO_MEMORY));
	for (; status == VMS_OK && nr > 0; nr--) {
		static void (*const operation[])(void) = {do_map,   do_map_device, do_protect, do_find,
							  do_query, do_jump,       do_wild};
		uint64_t which = take_below(&in, 10);

		if (take(&in, 1) < 32)
			sim_alloc_fail(1 + (uint32_t)take(&in, 1) % 4);
		if (which >= 7)
			do_fill(which == 7);
		else
			operation[which]();
		sim_alloc_fail(0);
	}
	sim_alloc_fail(0);
	if (status == VMS_OK)
		vms_cursor_close(&cursor);
	vms_guard_leave(&guard);
}

/* A program on some CPU: its access succeeds exactly if the page permits it. */
static void program(void)
{
	uint64_t i = take_below(&in, NR_PAGES);
	uint8_t byte;

	sim_run_on((uint32_t)take(&in, 1) % NR_CPUS);
	MUST(sim_read(BASE + i * P, &byte) == (is_mapped(&page[i]) && vms_has(page[i].prop.flags, VMS_R)));
	MUST(sim_execute(BASE + i * P) == (is_mapped(&page[i]) && vms_has(page[i].prop.flags, VMS_X)));
	MUST(sim_write(BASE + i * P + 5, 1) == (is_mapped(&page[i]) && vms_has(page[i].prop.flags, VMS_W)));
}

/* Powered on once: that takes longer than most inputs. Its state is the same again after each of them. */
static void power_on(void)
{
	static bool on;

	if (on)
		return;
	on = true;
	sim_on_failure = on_failure;
	sim_start(&(struct sim_options){.nr_cpus = NR_CPUS, .nr_frames = 1500, .nr_large = 3});
}

static void activate(struct vms_space *now)
{
	for (uint32_t cpu = NR_CPUS; cpu-- > 0;) {
		sim_run_on(cpu);
		sim_activate(now);
	}
}

static void compare(void)
{
	struct sim_snapshot snapshot;

	sim_snapshot_take(&snapshot, &space);
	for (uint64_t i = 0; i < NR_PAGES; i++)
		MUST(sim_snapshot_at(&snapshot, BASE + i * P).what == page[i].what);
	sim_snapshot_free(&snapshot);
	sim_check_tlbs();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t used;
	bool check;

	in = (struct bytes){data, size};
	power_on();
	used = sim_frames_used();
	memset(page, 0, sizeof(page));
	MUST(vms_space_create(&space) == VMS_OK);
	activate(&space);
	check = take(&in, 1) % 8 == 0;
	while (in.left > 0) {
		if (take(&in, 1) % 4 == 0)
			program();
		else
			session();
	}
	compare();
	if (check)
		sim_check((struct vms_space *const[]){&space}, 1);
	activate(&vms_machine.kernel);
	vms_space_put(&space);
	for (uint32_t cpu = NR_CPUS; cpu-- > 0;) {
		sim_run_on(cpu);
		vms_port_preempt_off();
		MUST(vms_reclaim());
		vms_port_preempt_on();
	}
	MUST(sim_frames_used() == used);
	return 0;
}
