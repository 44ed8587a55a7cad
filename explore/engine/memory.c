/*
 * The memory models: what a step may read, and when others see what it wrote.
 *
 * SC: memory is an array. TSO: a store goes into the buffer of its fiber, and from there to memory as a step
 * of the buffer's own; loads look into their own buffer first; what modifies, and fences, wait until it is
 * empty. Weak: each location keeps all its values in order (*messages*); an agent has a view that says how
 * far back it may still read, which acquiring a message's view narrows.
 *
 * In all three, clocks say what happens before what by C11's rules, for race.c.
 */
#include <string.h>

#include "inside.h"

struct agent agents[MAX_AGENTS];
struct location locations[MAX_LOCATIONS];
uint32_t nr_locations;

static struct message messages[MAX_LOCATIONS][MAX_MESSAGES];
static uint16_t location_at[NR_GRANULES];
static struct view sc_view;

static struct pending {
	void *address;
	size_t size;
} pending[4];
static uint32_t nr_pending;

void clock_join(struct clock *to, const struct clock *from)
{
	for (uint32_t i = 0; i < MAX_AGENTS; i++) {
		if (to->at[i] < from->at[i])
			to->at[i] = from->at[i];
	}
}

static void view_join(struct view *to, const struct view *from)
{
	for (uint32_t i = 0; i < nr_locations; i++) {
		if (to->oldest[i] < from->oldest[i])
			to->oldest[i] = from->oldest[i];
	}
}

uint64_t memory_get(const void *address, size_t size)
{
	uint64_t value = 0;

	memcpy(&value, address, size);
	return value;
}

void memory_put(void *address, size_t size, uint64_t value)
{
	memcpy(address, &value, size);
}

static void location_init(struct location *location, void *address)
{
	location->address = address;
	location->last_write = -1;
	for (uint32_t i = 0; i < MAX_PROCESSES; i++)
		location->last_read[i] = -1;
	location->message = messages[location - locations];
	location->nr_messages = 1;
	memset(&location->message[0], 0,
	       options.model == EXPLORE_WEAK ? sizeof(struct message) : offsetof(struct message, view));
}

static uint16_t location_of(void *address, size_t size)
{
	uint16_t *number = &location_at[shared_offset(address) / GRANULE];

	if (*number != 0)
		return *number;
	if (nr_locations == MAX_LOCATIONS)
		explore_fail("limit: more than %u words are accessed atomically", MAX_LOCATIONS);
	*number = (uint16_t)nr_locations++;
	location_init(&locations[*number], address);
	locations[*number].message[0].value = memory_get(address, size);
	return *number;
}

void memory_reset(void)
{
	for (uint32_t i = SC_LOCATION + 1; i < nr_locations; i++)
		location_at[shared_offset(locations[i].address) / GRANULE] = 0;
	nr_locations = SC_LOCATION + 1;
	location_init(&locations[SC_LOCATION], NULL);
	for (uint32_t i = 0; i < MAX_AGENTS; i++)
		memset(&agents[i], 0, options.model == EXPLORE_WEAK ? sizeof(agents[i]) : offsetof(struct agent, view));
	memset(&sc_view, 0, sizeof(sc_view));
	nr_pending = 0;
}

/* --- Store buffers --- */

/* The newest of the fiber's own stores to this address that still waits, or NULL. */
static struct buffered *buffer_find(struct fiber *fiber, const void *address)
{
	for (uint32_t i = fiber->nr_buffered; i > 0; i--) {
		if (fiber->buffer[i - 1].address == address)
			return &fiber->buffer[i - 1];
	}
	return NULL;
}

/* While a fiber runs, its plain accesses see its own stores. */
void buffer_show(struct fiber *fiber)
{
	for (uint32_t i = 0; i < fiber->nr_buffered; i++) {
		struct buffered *store = &fiber->buffer[i];

		store->hidden = memory_get(store->address, store->size);
		memory_put(store->address, store->size, store->value);
	}
}

void buffer_hide(struct fiber *fiber)
{
	for (uint32_t i = fiber->nr_buffered; i > 0; i--) {
		struct buffered *store = &fiber->buffer[i - 1];

		memory_put(store->address, store->size, store->hidden);
	}
}

static uint64_t own_value(struct fiber *fiber, const struct watch *watch)
{
	const struct location *location = &locations[watch->location];
	const struct buffered *store = buffer_find(fiber, location->address);

	return store != NULL ? store->value : memory_get(location->address, watch->size);
}

/* --- Can this process take a step, and what would it touch? --- */

/* The place where the fiber waits; a new one if it was never there. */
static struct site *site_find(struct fiber *fiber)
{
	for (uint32_t i = 0; i < MAX_SITES; i++) {
		struct site *site = &fiber->site[i];

		if (site->caller == NULL)
			site->caller = fiber->op.caller;
		if (site->caller == fiber->op.caller)
			return site;
	}
	explore_fail("limit: a fiber waits in more than %u places", MAX_SITES);
}

/* The words that a wait looks at: those read since the last wait at the same place. */
static uint32_t watched(struct fiber *fiber, struct watch **list)
{
	uint32_t since = site_find(fiber)->when, nr = 0;

	for (uint32_t i = 0; i < fiber->nr_watched; i++) {
		if (fiber->watch[i].when > since)
			list[nr++] = &fiber->watch[i];
	}
	return nr;
}

static bool relax_enabled(struct fiber *fiber)
{
	struct watch *list[MAX_WATCHED];
	uint32_t nr = watched(fiber, list);

	for (uint32_t i = 0; i < nr; i++) {
		if (options.model == EXPLORE_WEAK ? locations[list[i]->location].nr_messages - 1 > list[i]->message
						  : own_value(fiber, list[i]) != list[i]->value)
			return true;
	}
	return false;
}

bool memory_enabled(uint32_t process)
{
	struct fiber *fiber = &fibers[process % MAX_FIBERS];
	const struct op *op = &fiber->op;

	if (process >= MAX_FIBERS)
		return fiber->nr_buffered > 0;
	if (fiber->done || (op_drains(op) && fiber->nr_buffered > 0))
		return false;
	if (fiber->gate != NULL && memory_get(fiber->gate, sizeof(*fiber->gate)) == GATE_CLOSED)
		return false;
	switch (op->kind) {
	case OP_STORE:
		return fiber->nr_buffered < MAX_BUFFERED;
	case OP_WAIT_SWAP:
		return memory_get(op->address, op->size) == op->expected;
	case OP_RELAX:
		return relax_enabled(fiber);
	}
	return true;
}

/* Does this store go into a buffer? Then nobody sees it yet. */
bool memory_buffered(const struct op *op)
{
	return op->kind == OP_STORE && options.model == EXPLORE_TSO && op->order != __ATOMIC_SEQ_CST;
}

static void op_footprint(uint32_t process, struct footprint *footprint)
{
	struct fiber *fiber = &fibers[process % MAX_FIBERS];
	const struct op *op = &fiber->op;

	if (process >= MAX_FIBERS) {
		footprint->write = true;
		footprint->location[footprint->nr++] = location_of(fiber->buffer[0].address, fiber->buffer[0].size);
		return;
	}
	if (op->kind == OP_RELAX) {
		struct watch *list[MAX_WATCHED];
		uint32_t nr = watched(fiber, list);

		for (uint32_t i = 0; i < nr; i++)
			footprint->location[footprint->nr++] = list[i]->location;
		return;
	}
	if (op->kind == OP_START || memory_buffered(op))
		return;
	footprint->write = op->kind == OP_TOUCH ? op->write : op->kind != OP_LOAD && op->kind != OP_FENCE;
	if (op->kind != OP_FENCE)
		footprint->location[footprint->nr++] = location_of(op->address, op->size);
	if (options.model == EXPLORE_WEAK && op->order == __ATOMIC_SEQ_CST && op->kind != OP_TOUCH) {
		footprint->write = true;
		footprint->location[footprint->nr++] = SC_LOCATION;
	}
}

uint32_t memory_footprint(uint32_t process, struct footprint *footprint)
{
	uint32_t *gate = process < MAX_FIBERS ? fibers[process].gate : NULL;

	footprint->nr = 0;
	footprint->write = false;
	op_footprint(process, footprint);
	if (gate != NULL)
		footprint->location[footprint->nr++] = location_of(gate, sizeof(*gate));
	return footprint->nr;
}

uint32_t memory_choices(uint32_t process)
{
	const struct fiber *fiber = &fibers[process % MAX_FIBERS];
	uint16_t number;

	if (options.model != EXPLORE_WEAK || process >= MAX_FIBERS || fiber->op.kind != OP_LOAD ||
	    fiber->op.order == __ATOMIC_SEQ_CST)
		return 1;
	number = location_of(fiber->op.address, fiber->op.size);
	return locations[number].nr_messages - agents[fiber->agent].view.oldest[number];
}

/* --- Taking the step --- */

static uint64_t location_read(struct fiber *fiber, uint16_t number, int order, uint32_t back, size_t size)
{
	struct location *location = &locations[number];
	struct agent *agent = &agents[fiber->agent];
	uint32_t which = options.model == EXPLORE_WEAK ? location->nr_messages - 1 - back : 0;
	struct message *message = &location->message[which];

	clock_join(&agent->acquired, &message->sync);
	if (order_acquires(order))
		clock_join(&agent->now, &message->sync);
	if (options.model != EXPLORE_WEAK)
		return memory_get(location->address, size);
	if (agent->view.oldest[number] < which)
		agent->view.oldest[number] = (uint8_t)which;
	view_join(&agent->view_acquired, &message->view);
	if (order_acquires(order))
		view_join(&agent->view, &message->view);
	return message->value;
}

/* What the store tells to those who acquire it. */
static struct clock store_sync(struct fiber *fiber, int order)
{
	struct agent *agent = &agents[fiber->agent];
	struct clock sync = order_releases(order) ? agent->now : agent->released;

	if (order_releases(order))
		agent->now.at[fiber->agent]++;
	return sync;
}

/* A modification continues the release of the store that it read. */
static void location_write(struct fiber *fiber, uint16_t number, size_t size, uint64_t value, int order, bool modify,
			   struct clock sync)
{
	struct location *location = &locations[number];
	struct message *old = &location->message[location->nr_messages - 1], *message = old;
	struct agent *agent = &agents[fiber->agent];

	if (modify)
		clock_join(&sync, &old->sync);
	if (options.model == EXPLORE_WEAK) {
		if (location->nr_messages == MAX_MESSAGES)
			explore_fail("limit: a word has more than %u values in one run", MAX_MESSAGES);
		message = &location->message[location->nr_messages];
		agent->view.oldest[number] = (uint8_t)location->nr_messages++;
		message->view = order_releases(order) ? agent->view : agent->view_released;
		message->view.oldest[number] = agent->view.oldest[number];
		if (modify)
			view_join(&message->view, &old->view);
	}
	message->sync = sync;
	message->value = value;
	memory_put(location->address, size, value);
}

static void fence(struct fiber *fiber, int order)
{
	struct agent *agent = &agents[fiber->agent];
	bool weak = options.model == EXPLORE_WEAK;

	if (order_acquires(order)) {
		clock_join(&agent->now, &agent->acquired);
		if (weak)
			view_join(&agent->view, &agent->view_acquired);
	}
	if (weak && order == __ATOMIC_SEQ_CST) {
		view_join(&agent->view, &sc_view);
		sc_view = agent->view;
	}
	if (order_releases(order)) {
		agent->released = agent->now;
		if (weak)
			agent->view_released = agent->view;
		agent->now.at[fiber->agent]++;
	}
}

/* A sequentially consistent access lies between two fences. */
static void fence_if_sc(struct fiber *fiber, int order)
{
	if (order == __ATOMIC_SEQ_CST)
		fence(fiber, order);
}

/* Remember what was seen or written last: a wait ends when it changes. */
static void watch(struct fiber *fiber, uint16_t number, uint64_t value, uint8_t size, uint32_t back, bool add)
{
	uint16_t message = (uint16_t)(locations[number].nr_messages - 1 - back);
	uint32_t i = 0, when = ++fiber->nr_reads;

	while (i < fiber->nr_watched && fiber->watch[i].location != number)
		i++;
	if (i == fiber->nr_watched && !add)
		return;
	if (!add)
		when = fiber->watch[i].when;
	/* The list is in the order of reading; the oldest goes if there are too many. */
	if (i == MAX_WATCHED)
		i = 0;
	if (i < fiber->nr_watched) {
		fiber->nr_watched--;
		memmove(fiber->watch + i, fiber->watch + i + 1, (fiber->nr_watched - i) * sizeof(fiber->watch[0]));
	}
	fiber->watch[fiber->nr_watched++] = (struct watch){number, message, size, when, value};
}

uint64_t memory_changed(const struct op *op, uint64_t old)
{
	if (op->kind == OP_COMPARE)
		return old == op->expected ? op->value : old;
	switch (op->how) {
	case HOW_ADD:
		return old + op->value;
	case HOW_SUB:
		return old - op->value;
	case HOW_AND:
		return old & op->value;
	case HOW_OR:
		return old | op->value;
	case HOW_XOR:
		return old ^ op->value;
	}
	return op->value;
}

static uint64_t cut(uint64_t value, size_t size)
{
	return size < 8 ? value & ((1ul << (8 * size)) - 1) : value;
}

static void apply_flush(struct fiber *fiber, struct event *event)
{
	struct buffered store = fiber->buffer[0];

	fiber->nr_buffered--;
	memmove(fiber->buffer, fiber->buffer + 1, fiber->nr_buffered * sizeof(fiber->buffer[0]));
	event->op = (struct op){.kind = OP_FLUSH, .address = store.address, .size = store.size};
	event->written = store.value;
	location_write(fiber, event->location[0], store.size, store.value, __ATOMIC_RELAXED, false, store.sync);
}

static void apply_load(struct fiber *fiber, struct event *event)
{
	const struct op *op = &fiber->op;
	struct buffered *own = buffer_find(fiber, op->address);

	if (own != NULL) {
		event->seen = own->value;
	} else {
		fence_if_sc(fiber, op->order);
		event->seen =
			cut(location_read(fiber, event->location[0], op->order, event->choice, op->size), op->size);
	}
	watch(fiber, event->location[0], event->seen, op->size, event->choice, true);
}

static void apply_store(struct fiber *fiber, struct event *event)
{
	const struct op *op = &fiber->op;
	uint16_t number = location_of(op->address, op->size);

	event->written = cut(op->value, op->size);
	if (memory_buffered(op)) {
		struct buffered *store = &fiber->buffer[fiber->nr_buffered++];

		store->address = op->address;
		store->size = op->size;
		store->value = event->written;
		store->sync = store_sync(fiber, op->order);
	} else {
		fence_if_sc(fiber, op->order);
		location_write(fiber, number, op->size, event->written, op->order, false, store_sync(fiber, op->order));
		fence_if_sc(fiber, op->order);
	}
	watch(fiber, number, event->written, op->size, 0, false);
}

static void apply_modify(struct fiber *fiber, struct event *event)
{
	const struct op *op = &fiber->op;
	int order = op->kind == OP_WAIT_SWAP ? __ATOMIC_ACQUIRE : op->order;
	bool fails;

	fence_if_sc(fiber, order);
	event->seen = cut(location_read(fiber, event->location[0], order, 0, op->size), op->size);
	event->written = cut(op->kind == OP_WAIT_SWAP ? op->value : memory_changed(op, event->seen), op->size);
	fails = op->kind == OP_COMPARE && event->seen != cut(op->expected, op->size);
	if (!fails)
		location_write(fiber, event->location[0], op->size, event->written, order, true,
			       store_sync(fiber, order));
	fence_if_sc(fiber, order);
	watch(fiber, event->location[0], event->written, op->size, 0, op->kind != OP_WAIT_SWAP);
}

/* Who waited for a newer value sees it now. */
static void apply_relax(struct fiber *fiber, struct event *event)
{
	struct watch *list[MAX_WATCHED];
	uint32_t nr = watched(fiber, list);

	for (uint32_t i = 0; options.model == EXPLORE_WEAK && i < nr; i++) {
		uint8_t *oldest = &agents[fiber->agent].view.oldest[list[i]->location];

		if (locations[list[i]->location].nr_messages - 1 > list[i]->message && *oldest <= list[i]->message)
			*oldest = (uint8_t)(list[i]->message + 1);
	}
	event->op.address = nr > 0 ? locations[list[0]->location].address : NULL;
	site_find(fiber)->when = fiber->nr_reads;
}

void memory_apply(uint32_t process, struct event *event)
{
	struct fiber *fiber = &fibers[process % MAX_FIBERS];
	struct footprint footprint;

	event->nr_locations = (uint8_t)memory_footprint(process, &footprint);
	memcpy(event->location, footprint.location, footprint.nr * sizeof(footprint.location[0]));
	event->write = footprint.write;
	event->op = fiber->op;
	event->kind = process >= MAX_FIBERS ? OP_FLUSH : fiber->op.kind;
	event->seen = event->written = 0;
	if (event->kind == OP_LOAD || event->kind == OP_STORE || event->kind == OP_MODIFY ||
	    event->kind == OP_COMPARE || event->kind == OP_WAIT_SWAP)
		race_check(fiber, fiber->op.address, fiber->op.size, event->kind != OP_LOAD, true, NULL);
	switch (event->kind) {
	case OP_LOAD:
		apply_load(fiber, event);
		break;
	case OP_STORE:
		apply_store(fiber, event);
		break;
	case OP_MODIFY:
	case OP_COMPARE:
	case OP_WAIT_SWAP:
		apply_modify(fiber, event);
		break;
	case OP_FENCE:
		fence(fiber, fiber->op.order);
		break;
	case OP_RELAX:
		apply_relax(fiber, event);
		break;
	case OP_FLUSH:
		apply_flush(fiber, event);
		break;
	}
	fiber->result = event->seen;
}

/* --- Plain stores to words that are accessed atomically too --- */

/* Weak model: such a store is a message, once its value is there. TSO: the buffer would undo it. */
void memory_plain_store(void *address, size_t size)
{
	if (running == NULL || !is_shared(address))
		return;
	if (buffer_find(running, address) != NULL)
		explore_fail("a plain store to a word whose atomic store is still in the buffer");
	if (options.model != EXPLORE_WEAK || location_at[shared_offset(address) / GRANULE] == 0)
		return;
	if (nr_pending == sizeof(pending) / sizeof(pending[0]))
		memory_plain_commit();
	pending[nr_pending++] = (struct pending){address, size};
}

void memory_plain_commit(void)
{
	for (uint32_t i = 0; i < nr_pending; i++) {
		uint16_t number = location_of(pending[i].address, pending[i].size);

		location_write(running, number, pending[i].size, memory_get(pending[i].address, pending[i].size),
			       __ATOMIC_RELAXED, false, store_sync(running, __ATOMIC_RELAXED));
	}
	nr_pending = 0;
}

/* Outside of a run an atomic access is an access. */
uint64_t memory_direct(const struct op *op)
{
	uint64_t old = memory_get(op->address, op->size);

	if (op->kind == OP_STORE)
		memory_put(op->address, op->size, op->value);
	else if (op->kind != OP_LOAD)
		memory_put(op->address, op->size, memory_changed(op, old));
	return old;
}
