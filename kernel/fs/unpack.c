/*
 * Start and end of the file system: the tree from the initial archive, and what is always there (/dev, /proc, /sys, /tmp).
 */
#include <kernel/fs/cpio.h>
#include <kernel/fs/fs.h>
#include <kernel/fs/inode.h>
#include <kernel/memory.h>
#include <kernel/sched.h>

/* Files of the archive with several names: the data comes with the last of them. */
struct linked {
	struct linked *next;
	uint32_t inode, dev_major, dev_minor;
	struct inode *file; /* held */
};

struct unpacking {
	struct linked *links;
	bool stays; /* the memory that holds the contents */
};

/* The directory `name`, made if it is not there. Uses up `dir`, also on failure. */
static long enter_dir(struct entry *dir, const char *name, struct entry **found)
{
	struct inode *inode;
	long error = dir_lookup(dir, name, found);

	if (error == -ENOENT) {
		inode = inode_new_dir(0755);
		error = inode ? dir_add(dir, name, inode, found) : -ENOMEM;
		if (inode)
			inode_put(inode);
	} else if (!error && !inode_is((*found)->inode, S_IFDIR)) {
		entry_put(*found);
		error = -ENOTDIR;
	}
	entry_put(dir);
	return error;
}

/* All directories of a path; the last component is left in `name`: empty for the root. */
static long enter_parent(const char *path, char name[NAME_BYTES], struct entry **dir)
{
	struct entry *at = root_entry;
	long error;

	entry_get(at);
	name[0] = 0;
	for (;;) {
		size_t len = 0;

		while (*path == '/')
			path++;
		while (path[len] && path[len] != '/')
			len++;
		if (len == 0)
			break;
		if (len >= NAME_BYTES) {
			entry_put(at);
			return -ENAMETOOLONG;
		}
		if (name[0]) {
			error = enter_dir(at, name, &at);
			if (error)
				return error;
		}
		memcpy(name, path, len);
		name[len] = 0;
		path += len;
	}
	if (strcmp(name, ".") == 0)
		name[0] = 0;
	*dir = at;
	return 0;
}

static long fill(struct inode *inode, const struct cpio_entry *entry, bool stays)
{
	struct io io = io_kernel((void *)(uintptr_t)entry->data, entry->len);
	uint64_t position = 0;
	long written;

	if (stays && entry->len > 0 && !inode->backing && inode->size == 0) {
		regular_back(inode, entry->data, entry->len);
		return 0;
	}
	written = regular_write(inode, &io, &position, false);

	return written < 0 ? written : (uint64_t)written < entry->len ? -ENOMEM : 0;
}

/* The inode of an earlier name of the same file, with a reference; NULL. */
static struct inode *find_linked(struct unpacking *unpacking, const struct cpio_entry *entry)
{
	for (struct linked *linked = unpacking->links; linked; linked = linked->next)
		if (linked->inode == entry->inode && linked->dev_major == entry->dev_major &&
		    linked->dev_minor == entry->dev_minor) {
			inode_get(linked->file);
			return linked->file;
		}
	return NULL;
}

static long remember_linked(struct unpacking *unpacking, const struct cpio_entry *entry, struct inode *inode)
{
	struct linked *linked = heap_alloc(sizeof(*linked));

	if (!linked)
		return -ENOMEM;
	*linked = (struct linked){unpacking->links, entry->inode, entry->dev_major, entry->dev_minor, inode};
	inode_get(inode);
	unpacking->links = linked;
	return 0;
}

static long make_regular(struct unpacking *unpacking, const struct cpio_entry *entry, struct inode **inode)
{
	long error = 0;

	*inode = entry->nr_links > 1 ? find_linked(unpacking, entry) : NULL;
	if (!*inode) {
		*inode = inode_new_regular(entry->mode);
		if (!*inode)
			return -ENOMEM;
		if (entry->nr_links > 1)
			error = remember_linked(unpacking, entry, *inode);
	}
	if (!error && entry->len)
		error = fill(*inode, entry, unpacking->stays);
	if (error)
		inode_put(*inode);
	return error;
}

static long make_symlink(const struct cpio_entry *entry, struct inode **inode)
{
	char *target;

	if (entry->len == 0 || entry->len >= PATH_BYTES)
		return -EINVAL;
	target = heap_zalloc(entry->len + 1);
	if (!target)
		return -ENOMEM;
	memcpy(target, entry->data, entry->len);
	*inode = inode_new_symlink(target);
	heap_free(target);
	return *inode ? 0 : -ENOMEM;
}

static long make_inode(struct unpacking *unpacking, const struct cpio_entry *entry, struct inode **inode)
{
	switch (entry->mode & S_IFMT) {
	case S_IFREG:
		return make_regular(unpacking, entry, inode);
	case S_IFLNK:
		return make_symlink(entry, inode);
	case S_IFDIR:
		*inode = inode_new_dir(entry->mode);
		return *inode ? 0 : -ENOMEM;
	default:
		return inode_new_node(entry->mode, DEVICE(entry->rdev_major, entry->rdev_minor), inode);
	}
}

static void set_attributes(struct inode *inode, const struct cpio_entry *entry)
{
	inode->mode = (inode->mode & S_IFMT) | (entry->mode & MODE_BITS);
	inode->uid = entry->uid;
	inode->gid = entry->gid;
	inode->mtime = entry->mtime * 1000000000ull;
}

/* A later entry of one name takes the place of the earlier; a directory stays and gets the new mode. */
static long add_entry(struct unpacking *unpacking, struct entry *dir, const char *name, const struct cpio_entry *entry)
{
	struct entry *old = NULL;
	struct inode *inode;
	long error = dir_lookup(dir, name, &old);

	if (!error && inode_is(old->inode, S_IFDIR)) {
		if ((entry->mode & S_IFMT) == S_IFDIR)
			set_attributes(old->inode, entry);
		else
			error = -EISDIR;
		entry_put(old);
		return error;
	}
	if (!error) {
		entry_put(old);
		error = dir_remove(dir, name, false);
		if (error)
			return error;
	}
	error = make_inode(unpacking, entry, &inode);
	if (error)
		return error;
	set_attributes(inode, entry);
	error = dir_add(dir, name, inode, NULL);
	inode_put(inode);
	return error;
}

static long unpack_entry(void *context, const struct cpio_entry *entry)
{
	char name[NAME_BYTES];
	struct entry *dir;
	long error = enter_parent(entry->name, name, &dir);

	if (!error) {
		if (name[0])
			error = add_entry(context, dir, name, entry);
		entry_put(dir);
	}
	if (error)
		say("archive: entry \"%.200s\" at offset %lu: %s\n", entry->name, (unsigned long)entry->offset,
		    error == -ENOMEM         ? "no memory left for it; give the machine more"
		    : error == -ENAMETOOLONG ? "a name is too long"
		    : error == -ENOTDIR      ? "a file is where a directory should be"
		    : error == -EISDIR       ? "a directory has its name"
					     : "it cannot be made");
	return error;
}

static void forget_links(void *context)
{
	struct unpacking *unpacking = context;

	while (unpacking->links) {
		struct linked *linked = unpacking->links;

		unpacking->links = linked->next;
		inode_put(linked->file);
		heap_free(linked);
	}
}

static long unpack(const void *archive, uint64_t len)
{
	struct unpacking unpacking = {NULL, true};
	struct cpio_reader reader = {.entry = unpack_entry, .end = forget_links, .context = &unpacking};
	long error = cpio_read(&reader, archive, len);

	forget_links(&unpacking);
	if (reader.wrong)
		say("archive: offset %lu%s%.200s%s: %s\n", (unsigned long)reader.offset,
		    reader.name[0] ? ", entry \"" : "", reader.name, reader.name[0] ? "\"" : "", reader.wrong);
	return error;
}

/* A directory under another, made if it is not there; uses up `dir`. NULL afterwards: no memory. */
static struct entry *under(struct entry *dir, const char *name)
{
	struct entry *found;

	return dir && enter_dir(dir, name, &found) == 0 ? found : NULL;
}

struct entry *fs_folder(const char *path)
{
	struct entry *folder = root_entry;
	char name[32];

	entry_get(folder);
	while (folder && *path) {
		uint64_t len = 0;

		for (; *path && *path != '/'; path++)
			name[len++] = *path;
		name[len] = 0;
		path += *path == '/';
		folder = under(folder, name);
	}
	return folder;
}

static long add_text(struct entry *dir, const char *name, const char *text)
{
	struct cpio_entry entry = {
		.mode = S_IFREG | 0444, .nr_links = 1, .data = (const uint8_t *)text, .len = strlen(text)};
	struct unpacking unpacking = {NULL, false};

	return add_entry(&unpacking, dir, name, &entry);
}

/* /sys/devices/system/cpu: where programs count CPUs. */
static long add_cpus(void)
{
	static const char *const sets[] = {"online", "possible", "present"};
	struct entry *folder;
	long error = 0;
	char text[32];

	folder = fs_folder("sys/devices/system/cpu");
	if (!folder)
		return -ENOMEM;
	for (uint32_t i = 0; i < nr_cpus && !error; i++) {
		struct entry *one;

		format(text, sizeof(text), "cpu%u", i);
		entry_get(folder);
		one = under(folder, text);
		if (one)
			entry_put(one);
		else
			error = -ENOMEM;
	}
	format(text, sizeof(text), nr_cpus == 1 ? "0\n" : "0-%u\n", nr_cpus - 1);
	for (uint32_t i = 0; i < ARRAY_LEN(sets) && !error; i++)
		error = add_text(folder, sets[i], text);
	entry_put(folder);
	return error;
}

long fs_init(const void *archive, uint64_t len)
{
	struct entry *tmp;
	long error = entry_init();

	if (!error)
		tty_init();
	if (!error)
		error = unpack(archive, len);
	if (!error)
		error = dev_init();
	if (!error)
		error = proc_init();
	if (!error)
		error = add_cpus();
	if (!error)
		error = sys_init();
	if (!error) {
		entry_get(root_entry);
		error = enter_dir(root_entry, "tmp", &tmp);
	}
	if (error) {
		say("file system: cannot start (error %ld)\n", -error);
		return error;
	}
	tmp->inode->mode = S_IFDIR | 01777;
	entry_put(tmp);
	return 0;
}

void fs_fini(void)
{
	entry_fini();
}
