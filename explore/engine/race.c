/*
 * The shadow of the shared memory: is a word alive, and who accessed it last.
 *
 * Two accesses race if one writes, one is plain, and neither happens before the other (C11). An agent's
 * clock counts its releases; an access is known to whoever has learnt that count since.
 */
#include <stdio.h>
#include <string.h>

#include "inside.h"

extern char __start_shared[], __stop_shared[];

struct granule {
	bool touched;
	uint8_t writer;   /* agent of the last plain write */
	uint16_t written; /* when; 0: never */
	uint16_t plain_read[MAX_AGENTS];
	uint16_t atomic_write[MAX_AGENTS];
	uint16_t atomic_read[MAX_AGENTS];
};

static struct granule granules[NR_GRANULES];
static uint16_t touched[NR_GRANULES];
static uint32_t nr_touched;
static uint8_t dead[NR_GRANULES], dead_at_start[NR_GRANULES];

char *shared_start(void)
{
	return __start_shared;
}

size_t shared_size(void)
{
	return (size_t)(__stop_shared - __start_shared);
}

bool is_shared(const void *address)
{
	return (const char *)address >= __start_shared && (const char *)address < __stop_shared;
}

size_t shared_offset(const void *address)
{
	return (size_t)((const char *)address - __start_shared);
}

void race_save(void)
{
	memcpy(dead_at_start, dead, sizeof(dead));
}

void race_reset(void)
{
	for (uint32_t i = 0; i < nr_touched; i++)
		memset(&granules[touched[i]], 0, sizeof(granules[0]));
	nr_touched = 0;
	memcpy(dead, dead_at_start, shared_size() / GRANULE);
}

static struct granule *granule_touch(size_t number)
{
	struct granule *granule = &granules[number];

	if (!granule->touched) {
		granule->touched = true;
		touched[nr_touched++] = (uint16_t)number;
	}
	return granule;
}

/* The access with which this one races, or NULL. */
static const char *granule_race(const struct granule *granule, const struct fiber *fiber, bool write, bool atomic)
{
	const struct clock *now = &agents[fiber->agent].now;

	if (granule->written > now->at[granule->writer] && granule->writer != fiber->agent)
		return "plain write";
	for (uint32_t agent = 0; agent < MAX_AGENTS; agent++) {
		if (agent == fiber->agent)
			continue;
		if (write && granule->plain_read[agent] > now->at[agent])
			return "plain read";
		if (!atomic && granule->atomic_write[agent] > now->at[agent])
			return "atomic write";
		if (!atomic && write && granule->atomic_read[agent] > now->at[agent])
			return "atomic read";
	}
	return NULL;
}

static void granule_note(struct granule *granule, const struct fiber *fiber, bool write, bool atomic)
{
	uint32_t agent = fiber->agent;
	uint16_t now = agents[agent].now.at[agent];

	if (atomic && write) {
		granule->atomic_write[agent] = now;
	} else if (atomic) {
		granule->atomic_read[agent] = now;
	} else if (write) {
		granule->writer = (uint8_t)agent;
		granule->written = now;
	} else {
		granule->plain_read[agent] = now;
	}
}

void race_check(struct fiber *fiber, void *address, size_t size, bool write, bool atomic, void *caller)
{
	char name[96];

	if (!is_shared(address)) {
		if ((uintptr_t)address < 65536 || (uintptr_t)address >> 47 != 0)
			explore_fail("wild %s of %p", write ? "write" : "read", address);
		return;
	}
	if (fiber != NULL && caller != NULL)
		fiber->op.caller = caller;
	for (size_t i = shared_offset(address) / GRANULE; i <= (shared_offset(address) + size - 1) / GRANULE; i++) {
		const char *other;

		if (dead[i]) {
			name_address(address, name, sizeof(name));
			explore_fail("use after free: %s of %s", write ? "write" : "read", name);
		}
		if (fiber == NULL || options.no_races)
			continue;
		other = granule_race(granule_touch(i), fiber, write, atomic);
		if (other != NULL) {
			name_address(address, name, sizeof(name));
			explore_fail("data race on %s: %s %s against a %s", name, atomic ? "atomic" : "plain",
				     write ? "write" : "read", other);
		}
		granule_note(&granules[i], fiber, write, atomic);
	}
}

void explore_plain(void *address, size_t size, bool write)
{
	memory_plain_commit();
	race_check(running, address, size, write, false, __builtin_return_address(0));
}

void explore_free(void *address, size_t size)
{
	if (size == 0)
		return;
	if (dead[shared_offset(address) / GRANULE])
		explore_fail("freed twice");
	race_check(running, address, size, true, false, NULL);
	memset(&dead[shared_offset(address) / GRANULE], 1, size / GRANULE);
}

void explore_alloc(void *address, size_t size)
{
	memset(&dead[shared_offset(address) / GRANULE], 0, size / GRANULE);
}
