/*
 * The cpio reader with any bytes as the archive: every entry it reports lies inside, and an error says where it is.
 */
#include <string.h>

#include <kernel/fs/cpio.h>
#include <mm/errno.h>

#include "fuzz.h"

struct seen {
	const uint8_t *data;
	size_t size;
	uint64_t last; /* offset of the entry before */
	uint64_t nr;
	uint64_t stop_at; /* this entry is refused */
	uint64_t sum;
};

static long on_entry(void *context, const struct cpio_entry *entry)
{
	struct seen *seen = context;
	size_t name = (size_t)((const uint8_t *)entry->name - seen->data);

	MUST(seen->nr == 0 || entry->offset > seen->last);
	MUST(name < seen->size && memchr(entry->name, 0, seen->size - name) != NULL);
	MUST(entry->name[0] != '/' && strcmp(entry->name, "..") != 0 && strncmp(entry->name, "../", 3) != 0 &&
	     strstr(entry->name, "/../") == NULL);
	MUST(entry->data >= seen->data && (size_t)(entry->data - seen->data) <= seen->size);
	MUST(entry->len <= seen->size - (size_t)(entry->data - seen->data));
	for (uint64_t i = 0; i < entry->len; i++)
		seen->sum += entry->data[i];
	seen->last = entry->offset;
	return ++seen->nr == seen->stop_at ? -ENOSPC : 0;
}

static void on_end(void *context)
{
	(void)context;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen seen = {.data = data, .size = size, .stop_at = size % 7 == 0 ? 3 : 0};
	struct cpio_reader reader = {.entry = on_entry, .end = on_end, .context = &seen};
	long result = cpio_read(&reader, data, size);

	MUST(result == 0 || result == -EINVAL || (result == -ENOSPC && seen.nr == seen.stop_at));
	if (result == -EINVAL)
		MUST(reader.wrong != NULL && reader.name != NULL && reader.offset <= size);
	return 0;
}
