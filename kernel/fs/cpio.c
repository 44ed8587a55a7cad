/*
 * cpio archives (cpio.h). A header is 6 bytes of magic and 13 numbers of 8 hexadecimal digits; the name follows,
 * then the data, each padded to a multiple of 4 from the archive's start. An entry "TRAILER!!!" ends an archive;
 * zeros may follow, and then another archive.
 */
#include <kernel/fs/cpio.h>
#include <kernel/base.h>
#include <kernel/errno.h>

#define HEADER_BYTES 110u
#define NAME_MAX 4096u

enum {
	INODE,
	MODE,
	UID,
	GID,
	NR_LINKS,
	MTIME,
	SIZE,
	DEV_MAJOR,
	DEV_MINOR,
	RDEV_MAJOR,
	RDEV_MINOR,
	NAME_SIZE,
	CHECK,
	NR_FIELDS
};

static bool hex(const uint8_t *at, uint32_t *value)
{
	*value = 0;
	for (int i = 0; i < 8; i++) {
		uint8_t c = at[i];
		uint32_t digit;

		if (c >= '0' && c <= '9')
			digit = c - '0';
		else if (c >= 'a' && c <= 'f')
			digit = c - 'a' + 10u;
		else if (c >= 'A' && c <= 'F')
			digit = c - 'A' + 10u;
		else
			return false;
		*value = *value * 16 + digit;
	}
	return true;
}

/* Does some component of the path lead upwards? */
static bool goes_up(const char *name)
{
	while (*name) {
		size_t len = 0;

		while (name[len] && name[len] != '/')
			len++;
		if (len == 2 && name[0] == '.' && name[1] == '.')
			return true;
		name += len;
		while (*name == '/')
			name++;
	}
	return false;
}

static long broken(struct cpio_reader *reader, const char *wrong)
{
	reader->wrong = wrong;
	return -EINVAL;
}

static uint64_t pad(uint64_t offset)
{
	return (offset + 3) / 4 * 4;
}

/* The header at reader->offset: its numbers, and its entry as far as they say. *next is where the next one begins. */
static long read_header(struct cpio_reader *reader, const uint8_t *bytes, uint64_t len, struct cpio_entry *entry,
			uint64_t *next)
{
	uint64_t at = reader->offset;
	uint32_t field[NR_FIELDS];

	if (len - at < HEADER_BYTES)
		return broken(reader, "the header is cut off");
	if (memcmp(bytes + at, "070701", 6) != 0 && memcmp(bytes + at, "070702", 6) != 0)
		return broken(reader, "bad magic: not a header of the newc format");
	for (uint32_t i = 0; i < NR_FIELDS; i++)
		if (!hex(bytes + at + 6 + i * 8, &field[i]))
			return broken(reader, "the header has a number that is not hexadecimal");
	at += HEADER_BYTES;
	if (field[NAME_SIZE] == 0 || field[NAME_SIZE] > NAME_MAX)
		return broken(reader, "the name has an impossible length");
	if (len - at < field[NAME_SIZE])
		return broken(reader, "the name is cut off");
	if (bytes[at + field[NAME_SIZE] - 1] != 0)
		return broken(reader, "the name does not end in a NUL");
	reader->name = (const char *)bytes + at;
	at = min_u64(pad(at + field[NAME_SIZE]), len);
	if (len - at < field[SIZE])
		return broken(reader, "the data is cut off");
	*entry = (struct cpio_entry){
		.name = reader->name,
		.inode = field[INODE],
		.mode = field[MODE],
		.uid = field[UID],
		.gid = field[GID],
		.nr_links = field[NR_LINKS],
		.mtime = field[MTIME],
		.dev_major = field[DEV_MAJOR],
		.dev_minor = field[DEV_MINOR],
		.rdev_major = field[RDEV_MAJOR],
		.rdev_minor = field[RDEV_MINOR],
		.data = bytes + at,
		.len = field[SIZE],
		.offset = reader->offset,
	};
	*next = min_u64(pad(at + field[SIZE]), len);
	return 0;
}

static const char *without_start(const char *name)
{
	while (name[0] == '/' || (name[0] == '.' && name[1] == '/'))
		name++;
	return name;
}

long cpio_read(struct cpio_reader *reader, const uint8_t *bytes, uint64_t len)
{
	uint64_t nr_archives = 0, next;
	struct cpio_entry entry;
	long error;

	reader->offset = 0;
	for (;;) {
		/* Between archives. */
		while (reader->offset < len && bytes[reader->offset] == 0)
			reader->offset++;
		reader->name = "";
		if (reader->offset == len)
			return nr_archives ? 0 : broken(reader, "the archive is empty");
		for (;;) {
			reader->name = "";
			if (reader->offset == len)
				return broken(reader, "the archive has no trailer: it is cut off");
			error = read_header(reader, bytes, len, &entry, &next);
			if (error)
				return error;
			if (strcmp(entry.name, "TRAILER!!!") == 0)
				break;
			if (goes_up(entry.name))
				return broken(reader, "the name has a component \"..\"");
			entry.name = without_start(entry.name);
			error = reader->entry(reader->context, &entry);
			if (error)
				return error;
			reader->offset = next;
		}
		nr_archives++;
		reader->end(reader->context);
		reader->offset = next;
	}
}
