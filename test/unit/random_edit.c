/*
 * The operations of cursors, against the reference.
 */
#include <stdio.h>

#include "random.h"

static struct vms_guard guard;

static vms_va base(const struct random_session *session)
{
	return world.window[session->window].va;
}

static uint64_t at(const struct random_session *session)
{
	return (vms_cursor_at(&session->cursor) - base(session)) / P;
}

/* An item must agree with every page of it that this cursor owns. */
static void item_check(const struct random_session *session, const struct vms_item *item)
{
	vms_va start = base(session);

	assert_true(item->va <= vms_cursor_at(&session->cursor));
	for (uint64_t k = session->start; k < session->end; k++) {
		const struct random_page *this = random_page(session, k);
		vms_va va = start + k * P;

		if (va < item->va || va - item->va >= item->len)
			continue;
		assert_int_equal(item->what, this->what);
		if (this->what == VMS_MARKED)
			assert_int_equal(item->token, this->token);
		if (!random_is_mapped(this))
			continue;
		assert_int_equal(item->frame + (va - item->va) / P, this->frame);
		assert_int_equal(item->prop.flags & ~(VMS_ACCESSED | VMS_DIRTY), this->prop.flags);
		assert_int_equal(item->prop.cache, this->prop.cache);
		assert_true(!this->accessed || vms_has(item->prop.flags, VMS_ACCESSED));
		assert_true(!this->dirty || vms_has(item->prop.flags, VMS_DIRTY));
	}
}

/* Was the operation refused for lack of memory, as it must be if an allocation failed? Then nothing moved. */
static bool no_memory(const struct random_session *session, enum vms_status status, uint64_t before)
{
	bool failed = sim_alloc_failed();

	world.nr_operations++;
	sim_alloc_fail(0);
	if (!failed) {
		assert_string_not_equal(vms_status_name(status), "VMS_NO_MEMORY");
		return false;
	}
	IS(status, VMS_NO_MEMORY);
	assert_int_equal(at(session), before);
	world.nr_failures++;
	return true;
}

static struct vms_prop random_prop(void)
{
	static const uint32_t rights[] = {0, VMS_R, VMS_R | VMS_W, VMS_R | VMS_X, VMS_R | VMS_W | VMS_X};
	struct vms_prop prop = {rights[random_below(5)] | (uint32_t)random_below(4) * VMS_SOFT0,
				(uint32_t)random_below(VMS_NR_CACHE)};

	return prop;
}

/* Pages from here to the end, or fewer; sometimes a multiple of a large slot. */
static uint64_t random_len(const struct random_session *session)
{
	uint64_t rest = session->end - at(session);

	if (rest == 0)
		return 0;
	switch (random_below(4)) {
	case 0:
		return 1;
	case 1:
		return 1 + random_below(rest);
	case 2:
		return rest < 20 ? rest : 1 + random_below(20);
	default:
		return rest;
	}
}

static void pages_set(struct random_session *session, uint64_t from, uint64_t len, struct random_page first)
{
	for (uint64_t k = 0; k < len; k++) {
		*random_page(session, from + k) = first;
		if (random_is_mapped(&first))
			first.frame++;
	}
}

static bool any_mapped(const struct random_session *session, uint64_t from, uint64_t len)
{
	for (uint64_t k = 0; k < len; k++) {
		if (random_is_mapped(random_page(session, from + k)))
			return true;
	}
	return false;
}

static void do_map(struct random_session *session)
{
	uint32_t level = random_below(6) ? 1 : 2;
	uint64_t len = level == 1 ? 1 : 512;
	uint64_t before = at(session);
	struct vms_prop prop = random_prop();
	vms_pfn frame = sim_frame_try(level);
	enum vms_status status;
	bool fits;

	if (frame == VMS_NO_FRAME)
		return;
	world.first_byte[frame] = 0;
	fits = before + len <= session->end && vms_cursor_at(&session->cursor) % (len * P) == 0 &&
	       session->end - session->start > (level == 1 ? 0 : len);
	if (level == 2 && !fits && session->end - session->start == len) {
		/* Exactly the slot: it depends on whether there is a table. */
		sim_frame_put(frame);
		return;
	}
	status = vms_cursor_map(&session->cursor, frame, prop);
	TRACE("  map at %lu, %lu pages, frame %u, flags %x: %s\n", before, len, frame, prop.flags,
	      vms_status_name(status));
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
		pages_set(session, before, len, (struct random_page){.what = VMS_MAPPED, .frame = frame, .prop = prop});
		for (uint64_t k = 0; k < len; k++)
			world.first_byte[frame + k] = 0;
		return;
	}
	assert_int_equal(at(session), before);
}

static void do_map_device(struct random_session *session)
{
	uint64_t before = at(session), len = random_len(session);
	struct vms_prop prop = random_prop();
	/* Beyond all RAM; sometimes aligned with the address, for large leaves. */
	vms_pfn frame = 0x1000000u +
			(vms_pfn)(random_below(2) ? vms_cursor_at(&session->cursor) / P % 512 : random_below(1000));
	enum vms_status status = vms_cursor_map_device(&session->cursor, frame, len * P, prop);

	TRACE("  map_device at %lu, %lu pages, frame %u, flags %x: %s\n", before, len, frame, prop.flags,
	      vms_status_name(status));
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
		pages_set(session, before, len, (struct random_page){.what = VMS_DEVICE, .frame = frame, .prop = prop});
	}
}

static void do_unmap(struct random_session *session)
{
	uint64_t before = at(session), len = random_len(session), nr = 0, wanted = 0;
	enum vms_status status = vms_cursor_unmap(&session->cursor, len * P, &nr);

	TRACE("  unmap at %lu, %lu pages: %s\n", before, len, vms_status_name(status));
	if (no_memory(session, status, before))
		return;
	IS(status, len ? VMS_OK : VMS_OUT_OF_RANGE);
	for (uint64_t k = 0; k < len; k++)
		wanted += random_is_mapped(random_page(session, before + k));
	assert_int_equal(nr, wanted);
	assert_int_equal(at(session), before + len);
	pages_set(session, before, len, (struct random_page){.what = VMS_ABSENT});
}

static void do_mark(struct random_session *session)
{
	uint64_t before = at(session), len = random_len(session);
	vms_token token = (vms_token)sim_random(&world.random);
	enum vms_status status = vms_cursor_mark(&session->cursor, len * P, token);

	TRACE("  mark at %lu, %lu pages, token %u: %s\n", before, len, token, vms_status_name(status));
	if (no_memory(session, status, before))
		return;
	IS(status, len ? VMS_OK : VMS_OUT_OF_RANGE);
	assert_int_equal(at(session), before + len);
	pages_set(session, before, len, (struct random_page){.what = VMS_MARKED, .token = token});
}

/* What a change makes of a page; what one cursor does changes no count that it looks at. */
static void page_change(struct random_page *page, struct vms_change change)
{
	page->prop.flags = (page->prop.flags & ~change.clear) | change.set;
	if (change.cow != 0 && vms_has(page->prop.flags, VMS_W) &&
	    (page->what != VMS_MAPPED || vms_frame_refs(page->frame) != 1))
		page->prop.flags = (page->prop.flags & ~VMS_W) | change.cow;
}

static uint32_t random_cow(void)
{
	static const uint32_t some[] = {0, 0, VMS_SOFT0, VMS_SOFT1};

	return some[random_below(4)];
}

static void do_protect(struct random_session *session)
{
	static const uint32_t some[] = {0,         VMS_W, VMS_R | VMS_W | VMS_X, VMS_X,
					VMS_SOFT0, VMS_R, VMS_R | VMS_W,         VMS_SOFT1};
	struct vms_change change = {some[random_below(8)], some[random_below(8)], random_cow()};
	uint64_t before = at(session), len = random_len(session), k;
	struct vms_item item;
	struct vms_prop prop;
	enum vms_status status = vms_cursor_protect_next(&session->cursor, len * P, change, &item);

	TRACE("  protect_next at %lu, %lu pages, clear %x, set %x: %s\n", before, len, change.clear, change.set,
	      vms_status_name(status));
	if (no_memory(session, status, before))
		return;
	if (len == 0) {
		IS(status, VMS_OUT_OF_RANGE);
		return;
	}
	for (k = 0; k < len && !random_is_mapped(random_page(session, before + k));)
		k++;
	if (k == len) {
		IS(status, VMS_NOT_FOUND);
		assert_int_equal(at(session), before + len);
		return;
	}
	prop = random_page(session, before + k)->prop;
	prop.flags = (prop.flags & ~change.clear) | change.set;
	if (!vms_prop_valid(prop)) {
		IS(status, VMS_BAD_PROP);
		assert_int_equal(at(session), before);
		return;
	}
	OK(status);
	assert_int_equal(item.va, base(session) + (before + k) * P);
	assert_in_range(item.len, P, (len - k) * P);
	assert_int_equal(at(session), before + k + item.len / P);
	for (uint64_t n = 0; n < item.len / P; n++)
		page_change(random_page(session, before + k + n), change);
	item_check(session, &item);
}

static void do_look(struct random_session *session)
{
	struct vms_item item;
	enum vms_status status = vms_cursor_query(&session->cursor, &item);

	TRACE("  query at %lu: %s\n", at(session), vms_status_name(status));
	world.nr_operations++;
	if (at(session) == session->end) {
		IS(status, VMS_OUT_OF_RANGE);
		return;
	}
	OK(status);
	assert_true(vms_cursor_at(&session->cursor) - item.va < item.len);
	item_check(session, &item);
}

static void do_find(struct random_session *session)
{
	enum vms_find find = random_below(2) ? VMS_FIND_ANY : VMS_FIND_MAPPED;
	uint64_t before = at(session), len = random_len(session), k;
	struct vms_item item;
	enum vms_status status = vms_cursor_find_next(&session->cursor, len * P, find, &item);

	TRACE("  find_next at %lu, %lu pages: %s\n", before, len, vms_status_name(status));
	world.nr_operations++;
	if (len == 0) {
		IS(status, VMS_OUT_OF_RANGE);
		return;
	}
	for (k = 0; k < len; k++) {
		const struct random_page *this = random_page(session, before + k);

		if (random_is_mapped(this) || (find == VMS_FIND_ANY && this->what == VMS_MARKED))
			break;
	}
	IS(status, k < len ? VMS_OK : VMS_NOT_FOUND);
	assert_int_equal(at(session), before + k);
	if (k < len)
		item_check(session, &item);
}

static void do_jump(struct random_session *session)
{
	uint64_t to = session->start + random_below(session->end - session->start + 1);

	TRACE("  jump to %lu\n", to);
	world.nr_operations++;
	OK(vms_cursor_jump(&session->cursor, base(session) + to * P));
}

/* A change that leaves valid flags, whatever they were. */
static bool always_valid(struct vms_change change)
{
	if (vms_has(change.set, VMS_R))
		return true;
	if (vms_has(change.set, VMS_W) || vms_has(change.set, VMS_X))
		return false;
	return !vms_has(change.clear, VMS_R) || (vms_has(change.clear, VMS_W) && vms_has(change.clear, VMS_X));
}

static struct vms_change random_change(void)
{
	static const struct vms_change some[] = {
		{VMS_W, 0, 0},
		{VMS_R | VMS_W | VMS_X, 0, 0},
		{0, VMS_R, 0},
		{0, VMS_R | VMS_W, 0},
		{0, VMS_SOFT1, 0},
		{VMS_W | VMS_X, VMS_R | VMS_X, 0},
		{VMS_R, 0, 0},
		{0, VMS_W, 0},
		{VMS_W, VMS_SOFT0, 0},
		{VMS_R | VMS_X, 0, 0},
		{VMS_SOFT0, VMS_R | VMS_W, 0},
		{VMS_X, 0, 0},
	};
	struct vms_change change = some[random_below(sizeof(some) / sizeof(some[0]))];

	change.cow = random_cow();
	return change;
}

static void do_protect_range(struct random_session *session)
{
	struct vms_change change = random_change();
	uint64_t before = at(session), len = random_len(session), nr = 0, wanted = 0, end = before + len;
	bool run = random_below(2);
	enum vms_status status = run ? vms_cursor_protect_run(&session->cursor, len * P, change)
				     : vms_cursor_protect(&session->cursor, len * P, change, &nr);

	TRACE("  protect%s at %lu, %lu pages, clear %x, set %x, cow %x: %s\n", run ? "_run" : "", before, len,
	      change.clear, change.set, change.cow, vms_status_name(status));
	if (no_memory(session, status, before))
		return;
	if (len == 0 || !always_valid(change)) {
		IS(status, len == 0 ? VMS_OUT_OF_RANGE : VMS_BAD_PROP);
		assert_int_equal(at(session), before);
		return;
	}
	OK(status);
	for (uint64_t k = before; k < end; k++) {
		if (random_is_mapped(random_page(session, k))) {
			wanted++;
			page_change(random_page(session, k), change);
		} else if (run) {
			end = k;
		}
	}
	assert_int_equal(run ? wanted : nr, wanted);
	assert_int_equal(at(session), end);
}

/* A cursor for reading changes nothing. */
static void do_refused(struct random_session *session)
{
	uint64_t before = at(session), nr = 77;
	struct vms_change change = {.set = VMS_R};

	world.nr_operations += 3;
	IS(vms_cursor_unmap(&session->cursor, P, &nr), VMS_READ_ONLY);
	IS(vms_cursor_mark(&session->cursor, P, 1), VMS_READ_ONLY);
	IS(vms_cursor_protect(&session->cursor, P, change, NULL), VMS_READ_ONLY);
	assert_int_equal(at(session), before);
}

/* A range of pages of a window: often all, often short. */
static void random_range(struct random_session *session)
{
	uint64_t nr = world.window[session->window].nr_pages;

	session->start = random_below(4) ? random_below(nr) : 0;
	session->end = random_below(3) ? session->start + 1 + random_below(nr - session->start) : nr;
}

/* Short of memory it fails and is tried again. */
static void session_open(struct random_session *session, enum vms_mode mode)
{
	for (;;) {
		enum vms_status status =
			vms_cursor_open(&session->cursor, world.space[session->space], &guard,
					base(session) + session->start * P, base(session) + session->end * P, mode);

		world.nr_operations++;
		TRACE("cursor %s over space %u, window %u, pages %lu..%lu: %s\n",
		      mode == VMS_EDITING ? "editing" : "reading", session->space, session->window, session->start,
		      session->end, vms_status_name(status));
		if (status == VMS_OK)
			return;
		IS(status, VMS_NO_MEMORY);
		assert_int_equal(mode, VMS_EDITING);
		assert_true(sim_alloc_failed());
	}
}

static void session_close(struct random_session *session)
{
	world.nr_operations++;
	vms_cursor_close(&session->cursor);
}

void random_session_run(void)
{
	static void (*const editing[])(struct random_session *) = {
		do_map,           do_map,  do_map,  do_map_device, do_unmap, do_mark, do_protect, do_protect,
		do_protect_range, do_look, do_look, do_find,       do_find,  do_jump, do_jump,    do_jump,
	};
	static void (*const reading[])(struct random_session *) = {do_look, do_find, do_jump, do_refused};
	struct random_session session = {.space = (uint32_t)random_below(RANDOM_SPACES)};
	enum vms_mode mode = random_below(16) ? VMS_EDITING : VMS_READING;

	/* The last window is the one that large frames fit. */
	session.window = (uint32_t)(random_below(8) ? random_below(2) : 2);
	random_range(&session);
	vms_guard_enter(&guard);
	if (random_below(16) == 0)
		sim_alloc_fail(1 + (uint32_t)random_below(3));
	session_open(&session, mode);
	for (uint64_t nr = 1 + random_below(8); nr > 0; nr--) {
		sim_alloc_fail(random_below(3) ? 0 : 1 + (uint32_t)random_below(3));
		if (mode == VMS_EDITING)
			editing[random_below(sizeof(editing) / sizeof(editing[0]))](&session);
		else
			reading[random_below(sizeof(reading) / sizeof(reading[0]))](&session);
	}
	sim_alloc_fail(0);
	session_close(&session);
	vms_guard_leave(&guard);
}

/* Everything goes, with the tables: so that they are made again, and allocations can fail. */
void random_sweep_run(void)
{
	struct random_session all = {.space = (uint32_t)random_below(RANDOM_SPACES)};
	struct vms_cursor *cursor = &all.cursor;
	uint64_t nr = 0, wanted = 0;

	vms_guard_enter(&guard);
	OK(vms_cursor_open(cursor, world.space[all.space], &guard, 0, VMS_USER_END, VMS_EDITING));
	OK(vms_cursor_unmap(cursor, VMS_USER_END, &nr));
	vms_cursor_close(cursor);
	vms_guard_leave(&guard);
	world.nr_operations += 3;
	TRACE("space %u is swept: %lu pages\n", all.space, nr);
	for (; all.window < RANDOM_WINDOWS; all.window++) {
		for (uint64_t k = 0; k < world.window[all.window].nr_pages; k++) {
			wanted += random_is_mapped(random_page(&all, k));
			*random_page(&all, k) = (struct random_page){.what = VMS_ABSENT};
		}
	}
	assert_int_equal(nr, wanted);
}

/* What two sides are after a range was given: frames are shared, marks repeated. */
static void pages_give(struct random_session *from, struct random_session *to, uint64_t start, uint64_t len,
		       uint32_t cow)
{
	for (uint64_t k = start; k < start + len; k++) {
		struct random_page *mine = random_page(from, k), *theirs = random_page(to, k);

		if (mine->what == VMS_ABSENT)
			continue;
		if (mine->what == VMS_MAPPED && cow != 0 && vms_has(mine->prop.flags, VMS_W))
			mine->prop.flags = (mine->prop.flags & ~VMS_W) | cow;
		*theirs = *mine;
		theirs->accessed = theirs->dirty = false;
	}
}

/* Is something mapped on the other side of a page that is not absent? */
static bool any_replaced(struct random_session *from, struct random_session *to, uint64_t start, uint64_t len)
{
	for (uint64_t k = start; k < start + len; k++) {
		if (random_page(from, k)->what != VMS_ABSENT && random_is_mapped(random_page(to, k)))
			return true;
	}
	return false;
}

void random_copy_run(void)
{
	static const uint32_t some[] = {0, VMS_SOFT0, VMS_SOFT1};
	uint32_t cow = some[random_below(3)];
	struct random_session from = {.space = (uint32_t)random_below(RANDOM_SPACES)}, to;
	enum vms_status status;
	uint64_t start, len;

	from.window = (uint32_t)(random_below(8) ? random_below(2) : 2);
	random_range(&from);
	to = from;
	to.space = (from.space + 1 + (uint32_t)random_below(RANDOM_SPACES - 1)) % RANDOM_SPACES;
	vms_guard_enter(&guard);
	session_open(&from, VMS_EDITING);
	session_open(&to, VMS_EDITING);
	start = from.start + random_below(from.end - from.start);
	len = 1 + random_below(from.end - start);
	OK(vms_cursor_jump(&from.cursor, base(&from) + start * P));
	OK(vms_cursor_jump(&to.cursor, base(&to) + start * P));
	if (any_mapped(&to, start, len) && random_below(4)) {
		OK(vms_cursor_unmap(&to.cursor, len * P, NULL));
		OK(vms_cursor_jump(&to.cursor, base(&to) + start * P));
		pages_set(&to, start, len, (struct random_page){.what = VMS_ABSENT});
	}
	sim_alloc_fail(random_below(3) ? 0 : 1 + (uint32_t)random_below(3));
	status = vms_cursor_copy(&from.cursor, &to.cursor, len * P, cow);
	TRACE("  copy at %lu, %lu pages, cow %x: %s\n", start, len, cow, vms_status_name(status));
	if (!no_memory(&from, status, start)) {
		/* A larger slot over a table of the other side is refused too; which is which, the reference knows not. */
		if (any_replaced(&from, &to, start, len) ||
		    (status == VMS_EXISTS && world.window[to.window].nr_pages > 512)) {
			IS(status, VMS_EXISTS);
			assert_int_equal(at(&to), start);
			assert_int_equal(at(&from), start);
		} else {
			OK(status);
			assert_int_equal(at(&to), start + len);
			assert_int_equal(at(&from), start + len);
			pages_give(&from, &to, start, len, cow);
		}
	}
	session_close(&to);
	session_close(&from);
	vms_guard_leave(&guard);
}
