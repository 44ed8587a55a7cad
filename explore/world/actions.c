/*
 * What the thread of a CPU does: each action is a cursor or a call, with a result for the oracle.
 */
#include "world.h"

/* The pages that it is about: [a, end). */
static uint32_t end_page(const struct action *action)
{
	if (action->kind == HUGE)
		return action->a + VMS_ENTRIES;
	return action->b != 0 ? action->b : action->a + 1;
}

/* The pages of its cursor. */
static uint32_t cursor_first(const struct action *action)
{
	return action->to != 0 ? action->from : action->a;
}

static uint32_t cursor_end(const struct action *action)
{
	return action->to != 0 ? action->to : end_page(action);
}

static void own(const struct action *action)
{
	for (uint32_t page = cursor_first(action); page < cursor_end(action); page++) {
		uint8_t *owner = &world.owner[action->space][page];

		if (*owner != 0)
			explore_fail("page %u is owned by CPU %u and CPU %u", page, *owner - 1u, world_cpu());
		*owner = (uint8_t)(1 + world_cpu());
	}
}

static void disown(const struct action *action)
{
	for (uint32_t page = cursor_first(action); page < cursor_end(action); page++)
		world.owner[action->space][page] = 0;
}

static struct vms_prop leaf_prop(void)
{
	uint32_t settled = scenario->settle ? 0 : VMS_ACCESSED + VMS_DIRTY;

	return (struct vms_prop){VMS_R + VMS_W + settled, VMS_WRITE_BACK};
}

/* The kernel's are global. */
static enum vms_status map_device(struct vms_cursor *cursor, const struct action *action)
{
	struct vms_prop prop = leaf_prop();

	if (action->space == KERNEL)
		prop.flags += VMS_GLOBAL;
	return vms_cursor_map_device(cursor, frame_device(action->value), (action->b - action->a) * VMS_PAGE, prop);
}

static enum vms_status map(struct vms_cursor *cursor, uint32_t number)
{
	enum vms_status status = vms_cursor_map(cursor, frame_data(number), leaf_prop());

	if (status != VMS_OK)
		vms_frame_put(frame_data(number));
	return status;
}

/* Pages whose rights were changed. */
static uint64_t protect(struct vms_cursor *cursor, const struct action *action)
{
	struct vms_change change =
		action->kind == GROW ? (struct vms_change){.set = VMS_W} : (struct vms_change){.clear = VMS_W};
	struct vms_item item;
	uint64_t nr = 0;

	while (cursor->at < action->b * VMS_PAGE &&
	       vms_cursor_protect_next(cursor, action->b * VMS_PAGE - cursor->at, change, &item) == VMS_OK)
		nr += item.len / VMS_PAGE;
	return nr;
}

/* Pages up to the first that is not mapped: they may be written where nobody else has the frame. */
static uint64_t take(struct vms_cursor *cursor, uint64_t len)
{
	struct vms_change change = {.set = VMS_R + VMS_W, .cow = VMS_SOFT0};
	vms_va before = cursor->at;

	if (vms_cursor_protect_run(cursor, len, change) != VMS_OK)
		explore_fail("a right to write cannot be given");
	return (cursor->at - before) / VMS_PAGE;
}

/* Where there is the right to write now, nobody else has the frame, in a TLB neither. */
static void taken_check(struct vms_cursor *cursor, const struct action *action)
{
	struct vms_item item;

	for (uint32_t page = action->a; page < action->b; page++) {
		if (vms_cursor_jump(cursor, page * VMS_PAGE) != VMS_OK || vms_cursor_query(cursor, &item) != VMS_OK)
			explore_fail("a query failed");
		if (item.what == VMS_MAPPED && vms_has(item.prop.flags, VMS_W))
			mmu_alone(action->space, item.frame);
	}
}

static uint64_t query(struct vms_cursor *cursor, bool borrow)
{
	struct vms_item item;

	if (vms_cursor_query(cursor, &item) != VMS_OK)
		explore_fail("a query failed");
	if (item.what == VMS_MARKED)
		return PAGE_TOKEN + item.token;
	if (item.what != VMS_MAPPED && item.what != VMS_DEVICE)
		return PAGE_ABSENT;
	if (borrow && vms_frame_get(item.frame) != VMS_OK)
		explore_fail("a mapped frame cannot be held");
	return PAGE_FRAME + item.frame + (cursor->at - item.va) / VMS_PAGE +
	       (vms_has(item.prop.flags, VMS_W) ? 0 : PAGE_READ_ONLY);
}

static uint64_t edit(struct vms_cursor *cursor, const struct action *action)
{
	uint64_t nr = 0, len = (end_page(action) - action->a) * VMS_PAGE;

	switch (action->kind) {
	case SHARE:
		if (vms_frame_get(frame_data(action->value)) != VMS_OK)
			explore_fail("a mapped frame cannot be held");
		return map(cursor, action->value);
	case MAP:
	case HUGE:
		return map(cursor, action->value);
	case DEVICE:
		return map_device(cursor, action);
	case UNMAP:
		if (vms_cursor_unmap(cursor, len, &nr) != VMS_OK)
			return 1000;
		return nr;
	case MARK:
		return vms_cursor_mark(cursor, len, action->value);
	case PROTECT:
	case GROW:
		return protect(cursor, action);
	case PROTECT_ALL:
		if (vms_cursor_protect(cursor, len, (struct vms_change){.clear = VMS_W}, &nr) != VMS_OK)
			explore_fail("a range cannot be protected");
		return nr;
	case TAKE:
		nr = take(cursor, len);
		taken_check(cursor, action);
		return nr;
	case REPLACE:
		if (vms_cursor_unmap(cursor, VMS_PAGE, &nr) != VMS_OK || vms_cursor_jump(cursor, action->a * VMS_PAGE))
			return 1000;
		if (map(cursor, action->value) != VMS_OK)
			explore_fail("what was unmapped cannot be mapped");
		return nr;
	case QUERY:
	case BORROW:
		return query(cursor, action->kind == BORROW);
	default:
		explore_fail("no action of a cursor");
	}
}

static bool is_edit(const struct action *action)
{
	return (action->kind >= MAP && action->kind <= GROW) || action->kind == REPLACE || action->kind == SHARE ||
	       action->kind == COPY || action->kind == PROTECT_ALL || action->kind == TAKE || action->kind == DEVICE;
}

/* Does only this CPU change what these pages hold, so that a flush can be checked afterwards? */
static bool is_alone(const struct action *action)
{
	for (uint32_t cpu = 0; cpu < scenario->nr_cpus; cpu++) {
		for (uint32_t i = 0; i < NR_ACTIONS && cpu != world_cpu(); i++) {
			const struct action *other = &scenario->script[cpu][i];

			if (is_edit(other) && other->space == action->space && other->a < end_page(action) &&
			    end_page(other) > action->a)
				return false;
		}
	}
	return true;
}

/* Does nobody else map anything at this page? */
static bool is_only_map(const struct action *action)
{
	for (uint32_t cpu = 0; cpu < scenario->nr_cpus; cpu++) {
		for (uint32_t i = 0; i < NR_ACTIONS; i++) {
			const struct action *other = &scenario->script[cpu][i];

			if (other != action && other->kind != UNMAP && is_edit(other) && other->a < end_page(action) &&
			    end_page(other) > action->a)
				return false;
		}
	}
	return true;
}

static uint64_t with_cursor(const struct action *action)
{
	bool reading = action->kind == QUERY || action->kind == BORROW;
	struct vms_cursor cursor;
	struct vms_guard guard;
	enum vms_status status;
	uint64_t result;

	vms_guard_enter(&guard);
	status = vms_cursor_open(&cursor, world_space(action->space), &guard, cursor_first(action) * VMS_PAGE,
				 cursor_end(action) * VMS_PAGE, reading ? VMS_READING : VMS_EDITING);
	if (status != VMS_OK) {
		vms_guard_leave(&guard);
		if (action->kind == MAP || action->kind == HUGE || action->kind == REPLACE)
			vms_frame_put(frame_data(action->value));
		return action->kind == UNMAP ? 1000 : status;
	}
	own(action);
	if (vms_cursor_jump(&cursor, action->a * VMS_PAGE) != VMS_OK)
		explore_fail("the cursor cannot go to page %u", action->a);
	result = edit(&cursor, action);
	disown(action);
	vms_cursor_close(&cursor);
	vms_guard_leave(&guard);
	if (explore_self() >= 0 && !reading && is_alone(action))
		mmu_none_stale(action->space, action->a, end_page(action));
	if (explore_self() >= 0 && action->kind == MAP && result == VMS_OK && is_only_map(action))
		mmu_only(action->space, action->a, frame_data(action->value));
	if (action->kind == BORROW && (result & PAGE_FRAME) != 0)
		vms_frame_put((vms_pfn)(result & 0xff));
	return result;
}

static uint64_t copy(const struct action *action)
{
	struct vms_cursor from, to;
	struct vms_guard guard;
	enum vms_status status;

	vms_guard_enter(&guard);
	if (vms_cursor_open(&from, &world.space[action->space], &guard, action->a * VMS_PAGE, action->b * VMS_PAGE,
			    VMS_EDITING) != VMS_OK ||
	    vms_cursor_open(&to, &world.space[action->value], &guard, action->a * VMS_PAGE, action->b * VMS_PAGE,
			    VMS_EDITING) != VMS_OK)
		explore_fail("no cursor for a copy");
	own(action);
	status = vms_cursor_copy(&from, &to, (action->b - action->a) * VMS_PAGE, VMS_SOFT0);
	disown(action);
	vms_cursor_close(&to);
	vms_cursor_close(&from);
	vms_guard_leave(&guard);
	if (is_alone(action))
		mmu_none_stale(action->space, action->a, end_page(action));
	return status;
}

static uint64_t fault(const struct action *action)
{
	struct vms_fault what = {action->a * VMS_PAGE, action->value == 1 ? VMS_W : VMS_R, true};

	return vms_space_fault(&what);
}

static uint64_t flush(const struct action *action)
{
	struct vms_tlb_flusher flusher;

	vms_port_preempt_off();
	vms_tlb_flusher_init(&flusher, world_space(action->space));
	vms_tlb_issue(&flusher, action->a * VMS_PAGE, (action->b - action->a) * VMS_PAGE);
	vms_tlb_dispatch(&flusher);
	vms_tlb_sync(&flusher);
	vms_port_preempt_on();
	return 0;
}

/* A byte that no access of the MMU's stands for. */
static uint64_t remote(const struct action *action)
{
	vms_va va = action->a * VMS_PAGE + sizeof(uint64_t);
	uint64_t done;
	uint8_t byte = 7;

	if (action->kind == POKE)
		return vms_space_write(&world.space[action->space], va, &byte, 1, &done) == VMS_OK;
	return vms_space_read(&world.space[action->space], va, &byte, 1, &done) == VMS_OK;
}

/* A reader there is for the space that this CPU has active, whatever others do. */
static void read_user(const struct action *action)
{
	struct vms_space *space = &world.space[action->space];
	bool active = vms_machine.cpu[world_cpu()].active == space;
	struct vms_reader reader;
	uint64_t done;
	uint8_t byte;
	enum vms_status status = vms_space_reader(space, action->a * VMS_PAGE, VMS_PAGE, &reader);

	if (status != (active ? VMS_OK : VMS_ACCESS_DENIED))
		explore_fail("a reader of space %u, active: %d, gives %s", action->space, active,
			     vms_status_name(status));
	if (active)
		(void)!vms_reader_copy(&reader, &byte, 1, &done);
}

static uint64_t action_run(const struct action *action)
{
	uint64_t result = 0;

	switch (action->kind) {
	case USE:
		(void)mmu_access(action->a * VMS_PAGE, action->value == 1);
		break;
	case GET:
		vms_space_get(&world.space[action->space]);
		break;
	case PUT:
		vms_space_put(&world.space[action->space]);
		break;
	case FAULT:
		(void)fault(action);
		break;
	case FLUSH:
		return flush(action);
	case PEEK:
	case POKE:
		return remote(action);
	case COPY:
		return copy(action);
	case READ:
		read_user(action);
		break;
	case ACTIVATE:
	case SERVICE:
	case RECLAIM:
	case ONLINE:
		vms_port_preempt_off();
		if (action->kind == ACTIVATE)
			vms_space_activate(world_space(action->value));
		else if (action->kind == SERVICE)
			vms_tlb_service();
		else if (action->kind == RECLAIM)
			(void)vms_reclaim();
		else
			vms_cpu_online();
		vms_port_preempt_on();
		break;
	default:
		return with_cursor(action);
	}
	return result;
}

void actions_run(uint32_t cpu)
{
	for (uint32_t i = 0; i < NR_ACTIONS && scenario->script[cpu][i].kind != NOTHING; i++)
		world.result[cpu][i] = action_run(&scenario->script[cpu][i]);
}

static void frames_need(const struct action *action)
{
	if (action->kind == MAP || action->kind == REPLACE)
		frame_make(action->value, 1);
	if (action->kind == HUGE)
		frame_make(action->value, 2);
}

void actions_before(void)
{
	for (uint32_t cpu = 0; cpu < NR_CPUS; cpu++) {
		for (uint32_t i = 0; i < NR_ACTIONS; i++)
			frames_need(&scenario->script[cpu][i]);
	}
	for (uint32_t i = 0; i < NR_BEFORE; i++) {
		frames_need(&scenario->before[i]);
		if (scenario->before[i].kind != NOTHING)
			(void)action_run(&scenario->before[i]);
	}
}
