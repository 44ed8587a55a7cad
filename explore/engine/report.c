/*
 * What went wrong, in names: who stands where, and the steps that led there.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "inside.h"

#define PLACE 160u

static const char *const kind_name[] = {
	[OP_START] = "start",     [OP_LOAD] = "load",       [OP_STORE] = "store",    [OP_MODIFY] = "modify",
	[OP_COMPARE] = "compare", [OP_FENCE] = "fence",     [OP_WAIT_SWAP] = "take", [OP_RELAX] = "wait",
	[OP_TOUCH] = "touch",     [OP_FLUSH] = "(visible)",
};

void name_address(const void *address, char *name, size_t room)
{
	if (program->name != NULL && program->name(address, name, room))
		return;
	if (is_shared(address))
		snprintf(name, room, "shared+%zu", shared_offset(address));
	else
		snprintf(name, room, "%p", address);
}

/* Is this line of addr2line about a header of accessors, whose caller says more? */
static bool is_accessor(const char *line)
{
	return strstr(line, "atomic.h:") != NULL || strstr(line, "node.h:") != NULL ||
	       strstr(line, "cursor.h:") != NULL;
}

/* One place a caller, "function at file:line", for all of them at once. */
static void places_find(void *const *callers, uint32_t nr, char (*place)[PLACE])
{
	static char command[256 + MAX_STEPS * 20];
	char line[512], path[128];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
	int at, which = -1;
	bool settled = true;
	FILE *file;

	for (uint32_t i = 0; i < nr; i++)
		place[i][0] = '\0';
	if (length <= 0)
		return;
	path[length] = '\0';
	at = snprintf(command, sizeof(command), "addr2line -a -s -f -p -i -e '%s'", path);
	for (uint32_t i = 0; i < nr; i++)
		at += snprintf(command + at, sizeof(command) - (size_t)at, " %p",
			       callers[i] != NULL ? (void *)((char *)callers[i] - 1) : (void *)1);
	file = popen(command, "r");
	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		const char *text = line;

		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "0x", 2) == 0) {
			which++;
			settled = false;
			text = strchr(line, ' ') != NULL ? strchr(line, ' ') + 1 : line;
		} else if (strncmp(line, " (inlined by) ", 14) == 0) {
			text = line + 14;
		}
		if (which < 0 || which >= (int)nr || settled)
			continue;
		snprintf(place[which], PLACE, "%.*s", (int)PLACE - 1, text);
		settled = !is_accessor(text);
	}
	if (file != NULL)
		pclose(file);
}

static void event_print(uint32_t i, const char *place)
{
	const struct event *event = &events[i];
	const struct fiber *fiber = &fibers[event->process % MAX_FIBERS];
	bool flush = event->kind == OP_FLUSH;
	char name[96] = "", value[64] = "";

	if (event->op.address != NULL)
		name_address(event->op.address, name, sizeof(name));
	switch (event->kind) {
	case OP_LOAD:
		snprintf(value, sizeof(value), "%s0x%lx", event->choice > 0 ? "old " : "", event->seen);
		break;
	case OP_STORE:
	case OP_FLUSH:
		snprintf(value, sizeof(value), "<- 0x%lx", event->written);
		break;
	case OP_MODIFY:
	case OP_COMPARE:
	case OP_WAIT_SWAP:
		snprintf(value, sizeof(value), "0x%lx -> 0x%lx", event->seen, event->written);
		break;
	}
	printf("%5u  %-10s %-9s %-24s %-24s %s\n", i, fiber->name, kind_name[event->kind], name, value,
	       flush ? "" : place);
}

void report_trace(void)
{
	static void *callers[MAX_STEPS];
	static char place[MAX_STEPS][PLACE];

	for (uint32_t i = 0; i < nr_events; i++)
		callers[i] = events[i].op.caller;
	places_find(callers, nr_events, place);
	for (uint32_t i = 0; i < nr_events; i++)
		event_print(i, place[i]);
}

/* Nobody can go on, or somebody never ends: say where each one stands. */
void report_stuck(const char *what)
{
	static char text[1000];
	void *callers[MAX_FIBERS];
	char place[MAX_FIBERS][PLACE];
	size_t at = (size_t)snprintf(text, sizeof(text), "%s", what);

	for (uint32_t p = 0; p < nr_fibers; p++)
		callers[p] = fibers[p].op.caller;
	places_find(callers, nr_fibers, place);
	for (uint32_t p = 0; p < nr_fibers && at < sizeof(text); p++) {
		const struct fiber *fiber = &fibers[p];
		char name[96] = "";

		if (fiber->done || (fiber->daemon && !memory_enabled(p)))
			continue;
		if (fiber->op.kind == OP_RELAX && fiber->nr_watched > 0)
			name_address(locations[fiber->watch[fiber->nr_watched - 1].location].address, name,
				     sizeof(name));
		else if (fiber->op.address != NULL)
			name_address(fiber->op.address, name, sizeof(name));
		at += (size_t)snprintf(text + at, sizeof(text) - at, "; %s at %s of %s in %s", fiber->name,
				       kind_name[fiber->op.kind], name, place[p]);
	}
	explore_fail("%s", text);
}
