/*
 * The contracts of cursors, executed: M is what the space translated (and marked) before, and each operation is
 * held against what M' must be then.
 */
#include <spec/check.h>

#define REAL(name) __real_##name
#define WRAP(name) __wrap_##name

/* What an operation starts from. */
struct before {
	struct spec_owner *owner; /* NULL: not followed */
	struct spec_view view;
	vms_va at;
	const char *operation;
};

static struct before before(const struct vms_cursor *cursor, const char *operation)
{
	struct before start = {.owner = spec_owner_of(cursor->space), .at = cursor->at, .operation = operation};

	if (start.owner != NULL)
		start.view = spec_view_take(&start.owner->total);
	return start;
}

static void must(const struct before *start, bool holds, const char *what, vms_va where)
{
	if (start->owner != NULL && !holds)
		spec_failed(start->operation, what, where);
}

static void after(struct before *start)
{
	if (start->owner != NULL)
		spec_settle(start->owner, start->operation, &start->view);
}

/* The position after an operation over `len` bytes that gave this status. */
static void moved(const struct before *start, const struct vms_cursor *cursor, enum vms_status status, uint64_t len)
{
	must(start, cursor->at == (status == VMS_OK ? start->at + len : start->at), "the position is wrong",
	     cursor->at);
	must(start, cursor->at >= cursor->start && cursor->at <= cursor->end, "the position left the range",
	     cursor->at);
}

/* Cursors that are open: what they queued may not be flushed yet. */
static uint32_t nr_open;

void spec_cursors_forget(void)
{
	nr_open = 0;
}

/* Is a page of [va, va + len) mapped? The first that is, or va + len. */
static vms_va first_mapped(const struct spec_view *view, vms_va va, uint64_t len, bool marks)
{
	for (uint32_t i = spec_view_find(view, va); i < view->nr && view->mapping[i].va < va + len; i++) {
		if (spec_is_mapping(&view->mapping[i]) || marks)
			return view->mapping[i].va > va ? view->mapping[i].va : va;
	}
	return va + len;
}

static uint64_t pages_mapped(const struct spec_view *view, vms_va va, uint64_t len)
{
	uint64_t nr = 0;

	for (uint32_t i = spec_view_find(view, va); i < view->nr && view->mapping[i].va < va + len; i++) {
		const struct spec_mapping *mapping = &view->mapping[i];
		vms_va from = mapping->va > va ? mapping->va : va;
		vms_va to = mapping->va + mapping->size < va + len ? mapping->va + mapping->size : va + len;

		if (spec_is_mapping(mapping) && from < to)
			nr += (to - from) / VMS_PAGE;
	}
	return nr;
}

enum vms_status REAL(vms_cursor_open)(struct vms_cursor *cursor, struct vms_space *space, const struct vms_guard *guard,
				      vms_va start, vms_va end, enum vms_mode mode);
enum vms_status WRAP(vms_cursor_open)(struct vms_cursor *cursor, struct vms_space *space, const struct vms_guard *guard,
				      vms_va start, vms_va end, enum vms_mode mode);
enum vms_status WRAP(vms_cursor_open)(struct vms_cursor *cursor, struct vms_space *space, const struct vms_guard *guard,
				      vms_va start, vms_va end, enum vms_mode mode)
{
	bool valid = start < end && start % VMS_PAGE == 0 && end % VMS_PAGE == 0 && start >= space->start &&
		     end <= space->end && guard->entered;
	enum vms_status status = REAL(vms_cursor_open)(cursor, space, guard, start, end, mode);
	struct before none = {.owner = spec_owner_of(space), .operation = "open"};

	must(&none, none.owner == NULL || spec_page_table_is_view(none.owner), "page_table_is_view", start);
	must(&none, (status == VMS_BAD_RANGE) == !valid, "a range is judged wrongly", start);
	must(&none, status != VMS_NO_MEMORY || mode == VMS_EDITING, "reading allocates", start);
	nr_open += status == VMS_OK;
	if (status == VMS_OK && none.owner != NULL) {
		none = before(cursor, "open");
		must(&none, cursor->at == start, "the position is not the start", start);
		after(&none);
	}
	return status;
}

void REAL(vms_cursor_close)(struct vms_cursor *cursor);
void WRAP(vms_cursor_close)(struct vms_cursor *cursor);
void WRAP(vms_cursor_close)(struct vms_cursor *cursor)
{
	struct before start = before(cursor, "close");

	REAL(vms_cursor_close)(cursor);
	after(&start);
	nr_open--;
	if (start.owner != NULL && nr_open == 0)
		spec_check_tlbs();
}

/* An item says of its address what M says. */
static void item_agrees(const struct before *start, const struct vms_item *item, vms_va at)
{
	const struct spec_mapping *mapping = start->owner == NULL ? NULL : spec_view_at(&start->view, at);

	if (start->owner == NULL)
		return;
	must(start, item->va <= at && at - item->va < item->len, "the item does not contain the position", at);
	if (mapping == NULL) {
		must(start, item->what == VMS_ABSENT, "nothing is there, but it says so", at);
		must(start, first_mapped(&start->view, item->va, item->len, true) == item->va + item->len,
		     "it says absent of a range that is not", at);
		return;
	}
	must(start, item->what == mapping->what, "it says that something else is there", at);
	if (item->what == VMS_MARKED) {
		must(start, item->token == mapping->token, "another token", at);
		return;
	}
	must(start, item->frame + (at - item->va) / VMS_PAGE == mapping->frame + (at - mapping->va) / VMS_PAGE,
	     "another frame", at);
	must(start, (item->prop.flags | VMS_ACCESSED | VMS_DIRTY) == (mapping->prop.flags | VMS_ACCESSED | VMS_DIRTY),
	     "other flags", at);
	must(start, item->prop.cache == mapping->prop.cache, "another cache policy", at);
}

enum vms_status REAL(vms_cursor_query)(struct vms_cursor *cursor, struct vms_item *item);
enum vms_status WRAP(vms_cursor_query)(struct vms_cursor *cursor, struct vms_item *item);
enum vms_status WRAP(vms_cursor_query)(struct vms_cursor *cursor, struct vms_item *item)
{
	struct before start = before(cursor, "query");
	enum vms_status status = REAL(vms_cursor_query)(cursor, item);

	must(&start, (status == VMS_OUT_OF_RANGE) == (start.at == cursor->end), "the end is judged wrongly", start.at);
	moved(&start, cursor, status, 0);
	if (status == VMS_OK)
		item_agrees(&start, item, start.at);
	after(&start);
	return status;
}

enum vms_status REAL(vms_cursor_find_next)(struct vms_cursor *cursor, uint64_t len, enum vms_find find,
					   struct vms_item *item);
enum vms_status WRAP(vms_cursor_find_next)(struct vms_cursor *cursor, uint64_t len, enum vms_find find,
					   struct vms_item *item);
enum vms_status WRAP(vms_cursor_find_next)(struct vms_cursor *cursor, uint64_t len, enum vms_find find,
					   struct vms_item *item)
{
	struct before start = before(cursor, "find_next");
	enum vms_status status = REAL(vms_cursor_find_next)(cursor, len, find, item);
	vms_va first;

	if (start.owner != NULL && status != VMS_OUT_OF_RANGE) {
		first = first_mapped(&start.view, start.at, len, find == VMS_FIND_ANY);
		must(&start, cursor->at == first, "not the first, or not the end", cursor->at);
		must(&start, (status == VMS_OK) == (first < start.at + len), "found or not is wrong", first);
		if (status == VMS_OK)
			item_agrees(&start, item, first);
	}
	after(&start);
	return status;
}

enum vms_status REAL(vms_cursor_jump)(struct vms_cursor *cursor, vms_va va);
enum vms_status WRAP(vms_cursor_jump)(struct vms_cursor *cursor, vms_va va);
enum vms_status WRAP(vms_cursor_jump)(struct vms_cursor *cursor, vms_va va)
{
	struct before start = before(cursor, "jump");
	bool valid = va % VMS_PAGE == 0 && va >= cursor->start && va <= cursor->end;
	enum vms_status status = REAL(vms_cursor_jump)(cursor, va);

	must(&start, status == (valid ? VMS_OK : VMS_OUT_OF_RANGE), "an address is judged wrongly", va);
	must(&start, cursor->at == (valid ? va : start.at), "the position is wrong", va);
	after(&start);
	return status;
}

/* M' = M with the range mapped so: nothing but marks was there. */
static void expect_mapped(struct before *start, vms_pfn frame, uint64_t size, enum vms_what what, struct vms_prop prop)
{
	struct spec_mapping mapping = {.va = start->at, .size = size, .what = what, .frame = frame, .prop = prop};

	if (start->owner == NULL)
		return;
	must(start, first_mapped(&start->view, start->at, size, false) == start->at + size,
	     "a page was mapped there, and is replaced", start->at);
	spec_view_remove(&start->view, start->at, size);
	spec_view_add(&start->view, &mapping);
}

enum vms_status REAL(vms_cursor_map)(struct vms_cursor *cursor, vms_pfn frame, struct vms_prop prop);
enum vms_status WRAP(vms_cursor_map)(struct vms_cursor *cursor, vms_pfn frame, struct vms_prop prop);
enum vms_status WRAP(vms_cursor_map)(struct vms_cursor *cursor, vms_pfn frame, struct vms_prop prop)
{
	struct before start = before(cursor, "map");
	uint32_t refs = vms_frame_refs(frame);
	enum vms_status status = REAL(vms_cursor_map)(cursor, frame, prop);
	uint64_t size = 0;

	if (status == VMS_OK) {
		size = (uint64_t)VMS_PAGE << (VMS_INDEX_BITS * (vms_machine.meta[frame].level - 1));
		expect_mapped(&start, frame, size, VMS_MAPPED, prop);
	}
	moved(&start, cursor, status, size);
	must(&start, vms_frame_refs(frame) == refs, "the frame's count changed", frame);
	after(&start);
	return status;
}

enum vms_status REAL(vms_cursor_map_device)(struct vms_cursor *cursor, vms_pfn frame, uint64_t len,
					    struct vms_prop prop);
enum vms_status WRAP(vms_cursor_map_device)(struct vms_cursor *cursor, vms_pfn frame, uint64_t len,
					    struct vms_prop prop);
enum vms_status WRAP(vms_cursor_map_device)(struct vms_cursor *cursor, vms_pfn frame, uint64_t len,
					    struct vms_prop prop)
{
	struct before start = before(cursor, "map_device");
	enum vms_status status = REAL(vms_cursor_map_device)(cursor, frame, len, prop);

	if (status == VMS_OK)
		expect_mapped(&start, frame, len, VMS_DEVICE, prop);
	moved(&start, cursor, status, len);
	after(&start);
	return status;
}

enum vms_status REAL(vms_cursor_unmap)(struct vms_cursor *cursor, uint64_t len, uint64_t *nr_removed);
enum vms_status WRAP(vms_cursor_unmap)(struct vms_cursor *cursor, uint64_t len, uint64_t *nr_removed);
enum vms_status WRAP(vms_cursor_unmap)(struct vms_cursor *cursor, uint64_t len, uint64_t *nr_removed)
{
	struct before start = before(cursor, "unmap");
	uint64_t nr = 0;
	enum vms_status status = REAL(vms_cursor_unmap)(cursor, len, &nr);

	if (status == VMS_OK) {
		if (nr_removed != NULL)
			*nr_removed = nr;
		must(&start, start.owner == NULL || nr == pages_mapped(&start.view, start.at, len),
		     "pages are counted wrongly", start.at);
		if (start.owner != NULL)
			spec_view_remove(&start.view, start.at, len);
	}
	moved(&start, cursor, status, len);
	after(&start);
	return status;
}

enum vms_status REAL(vms_cursor_mark)(struct vms_cursor *cursor, uint64_t len, vms_token token);
enum vms_status WRAP(vms_cursor_mark)(struct vms_cursor *cursor, uint64_t len, vms_token token);
enum vms_status WRAP(vms_cursor_mark)(struct vms_cursor *cursor, uint64_t len, vms_token token)
{
	struct before start = before(cursor, "mark");
	enum vms_status status = REAL(vms_cursor_mark)(cursor, len, token);

	if (status == VMS_OK && start.owner != NULL) {
		struct spec_mapping mark = {.va = start.at, .size = len, .what = VMS_MARKED, .token = token};

		spec_view_remove(&start.view, start.at, len);
		spec_view_add(&start.view, &mark);
	}
	moved(&start, cursor, status, len);
	after(&start);
	return status;
}

/* The flags of a mapping after a change, and of its first page how many more follow for which that is so. */
static uint32_t flags_after(const struct spec_mapping *mapping, struct vms_change change, uint64_t *len)
{
	uint32_t flags = (mapping->prop.flags & ~change.clear) | change.set;
	uint64_t nr = 1;

	*len = mapping->size;
	if (change.cow == 0 || !vms_has(flags, VMS_W))
		return flags;
	if (mapping->what != VMS_MAPPED)
		return (flags - VMS_W) | change.cow;
	/* The pages of one frame have their count in common. */
	for (uint32_t level = vms_machine.meta[mapping->frame].level; level > 1; level--)
		nr *= VMS_ENTRIES;
	nr -= mapping->frame % nr;
	if (nr * VMS_PAGE < *len)
		*len = nr * VMS_PAGE;
	return vms_frame_refs(mapping->frame) == 1 ? flags : (flags - VMS_W) | change.cow;
}

enum vms_status REAL(vms_cursor_protect_next)(struct vms_cursor *cursor, uint64_t len, struct vms_change change,
					      struct vms_item *changed);
enum vms_status WRAP(vms_cursor_protect_next)(struct vms_cursor *cursor, uint64_t len, struct vms_change change,
					      struct vms_item *changed);
enum vms_status WRAP(vms_cursor_protect_next)(struct vms_cursor *cursor, uint64_t len, struct vms_change change,
					      struct vms_item *changed)
{
	struct before start = before(cursor, "protect_next");
	enum vms_status status = REAL(vms_cursor_protect_next)(cursor, len, change, changed);

	if (start.owner != NULL && status == VMS_OK) {
		vms_va first = first_mapped(&start.view, start.at, len, false);
		const struct spec_mapping *old = spec_view_at(&start.view, first);
		struct spec_mapping now;
		uint64_t rest;

		must(&start, changed->va == first && changed->len <= start.at + len - first,
		     "not the next mapping, or more than the range", changed->va);
		now = *old;
		now.va = first;
		now.size = changed->len;
		now.frame += (vms_pfn)((first - old->va) / VMS_PAGE);
		now.prop.flags = flags_after(&now, change, &rest);
		must(&start, rest == now.size, "one slot, of two frames", first);
		spec_view_remove(&start.view, first, changed->len);
		spec_view_add(&start.view, &now);
		must(&start, cursor->at == first + changed->len, "the position is wrong", cursor->at);
	} else if (status == VMS_NOT_FOUND) {
		must(&start, cursor->at == start.at + len, "the position is wrong", cursor->at);
	} else {
		must(&start, status == VMS_OK || cursor->at == start.at, "the position moved", cursor->at);
	}
	after(&start);
	return status;
}

/* A part of a mapping, in pieces whose flags are the same afterwards. */
static void expect_flags(struct spec_view *view, struct spec_mapping part, struct vms_change change)
{
	while (part.size > 0) {
		struct spec_mapping now = part;

		now.prop.flags = flags_after(&part, change, &now.size);
		spec_view_remove(view, now.va, now.size);
		spec_view_add(view, &now);
		part.va += now.size;
		part.size -= now.size;
		part.frame += (vms_pfn)(now.size / VMS_PAGE);
	}
}

/* M' = M with the flags of what is mapped in the range changed: what reaches over an end is cut there. */
static void expect_changed(struct before *start, uint64_t len, struct vms_change change)
{
	struct spec_view old = spec_view_take(&start->view);

	for (uint32_t i = spec_view_find(&old, start->at); i < old.nr && old.mapping[i].va < start->at + len; i++) {
		struct spec_mapping part = old.mapping[i];
		vms_va to = part.va + part.size < start->at + len ? part.va + part.size : start->at + len;
		vms_va from = part.va > start->at ? part.va : start->at;

		if (!spec_is_mapping(&part))
			continue;
		part.frame += (vms_pfn)((from - part.va) / VMS_PAGE);
		part.va = from;
		part.size = to - from;
		expect_flags(&start->view, part, change);
	}
	spec_view_give(&old);
}

/* A change that leaves valid flags, whatever they were. */
static bool always_valid(struct vms_change change)
{
	static const uint32_t rights[] = {0, VMS_R, VMS_R | VMS_W, VMS_R | VMS_X, VMS_R | VMS_W | VMS_X};
	uint32_t may = VMS_R | VMS_W | VMS_X | VMS_SOFT0 | VMS_SOFT1;

	for (uint32_t i = 0; i < sizeof(rights) / sizeof(rights[0]); i++) {
		struct vms_prop prop = {.flags = (rights[i] & ~change.clear) | change.set};

		if (!vms_prop_valid(prop))
			return false;
	}
	return ((change.clear | change.set) & ~may) == 0 &&
	       (change.cow == 0 || change.cow == VMS_SOFT0 || change.cow == VMS_SOFT1);
}

enum vms_status REAL(vms_cursor_protect)(struct vms_cursor *cursor, uint64_t len, struct vms_change change,
					 uint64_t *nr_changed);
enum vms_status WRAP(vms_cursor_protect)(struct vms_cursor *cursor, uint64_t len, struct vms_change change,
					 uint64_t *nr_changed);
enum vms_status WRAP(vms_cursor_protect)(struct vms_cursor *cursor, uint64_t len, struct vms_change change,
					 uint64_t *nr_changed)
{
	struct before start = before(cursor, "protect");
	uint64_t nr = 0;
	enum vms_status status = REAL(vms_cursor_protect)(cursor, len, change, &nr);

	must(&start, status != VMS_OK || always_valid(change), "it makes a change that is not always valid", start.at);
	must(&start, status != VMS_BAD_PROP || !always_valid(change), "it refuses a change that is always valid",
	     start.at);
	if (status == VMS_OK) {
		if (nr_changed != NULL)
			*nr_changed = nr;
		must(&start, start.owner == NULL || nr == pages_mapped(&start.view, start.at, len),
		     "pages are counted wrongly", start.at);
		if (start.owner != NULL)
			expect_changed(&start, len, change);
	}
	moved(&start, cursor, status, len);
	after(&start);
	return status;
}

/* Where the first page of [va, va + len) is that is not mapped, or va + len. */
static vms_va first_unmapped(const struct spec_view *view, vms_va va, uint64_t len)
{
	vms_va end = va + len;

	while (va < end && spec_view_at(view, va) != NULL && spec_is_mapping(spec_view_at(view, va)))
		va = spec_view_at(view, va)->va + spec_view_at(view, va)->size;
	return va < end ? va : end;
}

enum vms_status REAL(vms_cursor_protect_run)(struct vms_cursor *cursor, uint64_t len, struct vms_change change);
enum vms_status WRAP(vms_cursor_protect_run)(struct vms_cursor *cursor, uint64_t len, struct vms_change change);
enum vms_status WRAP(vms_cursor_protect_run)(struct vms_cursor *cursor, uint64_t len, struct vms_change change)
{
	struct before start = before(cursor, "protect_run");
	enum vms_status status = REAL(vms_cursor_protect_run)(cursor, len, change);

	must(&start, status != VMS_OK || always_valid(change), "it makes a change that is not always valid", start.at);
	must(&start, status != VMS_BAD_PROP || !always_valid(change), "it refuses a change that is always valid",
	     start.at);
	if (start.owner != NULL && status == VMS_OK) {
		len = first_unmapped(&start.view, start.at, len) - start.at;
		if (len > 0)
			expect_changed(&start, len, change);
	}
	if (start.owner != NULL)
		moved(&start, cursor, status, len);
	after(&start);
	return status;
}

enum vms_status REAL(vms_cursor_copy)(struct vms_cursor *from, struct vms_cursor *to, uint64_t len, uint32_t cow);
enum vms_status WRAP(vms_cursor_copy)(struct vms_cursor *from, struct vms_cursor *to, uint64_t len, uint32_t cow);

/* The flags that a frame has on both sides after a copy. */
static void unwrite(struct spec_mapping *mapping, uint32_t cow)
{
	if (mapping->what == VMS_MAPPED && cow != 0 && vms_has(mapping->prop.flags, VMS_W))
		mapping->prop.flags = (mapping->prop.flags - VMS_W) | cow;
}

enum vms_status WRAP(vms_cursor_copy)(struct vms_cursor *from, struct vms_cursor *to, uint64_t len, uint32_t cow)
{
	struct before one = before(from, "copy"), other = before(to, "copy");
	enum vms_status status = REAL(vms_cursor_copy)(from, to, len, cow);
	struct spec_view source = {0};

	if (status == VMS_OK && one.owner != NULL && other.owner != NULL) {
		spec_view_copy(&source, &one.view);
		if (one.at > 0)
			spec_view_remove(&source, 0, one.at);
		spec_view_remove(&source, one.at + len, VMS_USER_END - (one.at + len));
		for (uint32_t i = 0; i < source.nr; i++) {
			struct spec_mapping *mapping = &source.mapping[i];

			unwrite(mapping, cow);
			spec_view_remove(&one.view, mapping->va, mapping->size);
			spec_view_add(&one.view, mapping);
			spec_view_remove(&other.view, mapping->va, mapping->size);
			spec_view_add(&other.view, mapping);
		}
		spec_view_free(&source);
	}
	moved(&one, from, status, len);
	moved(&other, to, status, len);
	after(&one);
	after(&other);
	return status;
}
