/*
 * Walking paths (path.h). Each component is looked up with a reference on its directory and no lock held in
 * between; what is renamed meanwhile is found at one of its places.
 */
#include <kernel/fs/fs.h>
#include <kernel/fs/path.h>
#include <kernel/memory.h>
#include <kernel/process.h>

#define LINKS_MAX 40

static long start_at(int at, const char *path, struct entry **start)
{
	struct file *file;

	if (path[0] == '/') {
		*start = root_entry;
		entry_get(root_entry);
		return 0;
	}
	if (at == AT_FDCWD) {
		*start = dirs_current(this_process()->dirs);
		return 0;
	}
	file = fd_file(at);
	if (!file)
		return -EBADF;
	*start = file->entry;
	entry_get(*start);
	file_put(file);
	return path[0] == 0 || inode_is((*start)->inode, S_IFDIR) ? 0 : -ENOTDIR;
}

/* Cut the next component off the path; *last: only slashes follow. */
static long next_component(struct walk *walk, bool *last)
{
	char *at = walk->todo;
	size_t len = 0;

	while (*at == '/')
		at++;
	while (at[len] && at[len] != '/')
		len++;
	if (len >= NAME_BYTES)
		return -ENAMETOOLONG;
	memcpy(walk->name, at, len);
	walk->name[len] = 0;
	at += len;
	walk->slash = *at == '/';
	while (*at == '/')
		at++;
	walk->todo = at;
	*last = *at == 0;
	return 0;
}

static void move_to(struct walk *walk, struct entry *to)
{
	entry_put(walk->dir);
	walk->dir = to;
}

/* Put the link's target in front of what is left. An object instead of a name: it is given in *found. */
static long enter_link(struct walk *walk, struct entry *link, struct entry **found)
{
	const struct inode_ops *ops = link->inode->ops;
	size_t rest = strlen(walk->todo);
	char *buffer;
	long len;

	*found = NULL;
	if (++walk->nr_links > LINKS_MAX)
		return -ELOOP;
	if (ops->follow)
		return ops->follow(link, found);
	buffer = heap_alloc(PATH_BYTES);
	if (!buffer)
		return -ENOMEM;
	len = ops->readlink(link, buffer, PATH_BYTES);
	if (len >= 0 && (size_t)len + 1 + rest + 1 > PATH_BYTES)
		len = -ENAMETOOLONG;
	if (len <= 0) {
		heap_free(buffer);
		return len < 0 ? len : -ENOENT;
	}
	if (rest > 0 || walk->slash)
		buffer[len++] = '/';
	memcpy(buffer + len, walk->todo, rest + 1);
	heap_free(walk->buffer);
	walk->buffer = walk->todo = buffer;
	if (buffer[0] == '/') {
		entry_get(root_entry);
		move_to(walk, root_entry);
	}
	return 0;
}

/* As far as the last component. */
static long advance(struct walk *walk)
{
	for (;;) {
		struct entry *found, *object;
		bool last;
		long error = next_component(walk, &last);

		if (error || last)
			return error;
		error = dir_lookup(walk->dir, walk->name, &found);
		if (error)
			return error;
		if (!inode_is(found->inode, S_IFLNK)) {
			move_to(walk, found);
			continue;
		}
		error = enter_link(walk, found, &object);
		entry_put(found);
		if (error)
			return error;
		if (object)
			move_to(walk, object);
	}
}

long walk_begin(struct walk *walk, int at, const char *path)
{
	size_t len = strlen(path);
	long error;

	if (len == 0)
		return -ENOENT;
	if (len >= PATH_BYTES)
		return -ENAMETOOLONG;
	memset(walk, 0, sizeof(*walk));
	error = start_at(at, path, &walk->dir);
	if (!error) {
		walk->buffer = walk->todo = heap_alloc(PATH_BYTES);
		error = walk->buffer ? 0 : -ENOMEM;
	}
	if (!error) {
		memcpy(walk->buffer, path, len + 1);
		error = advance(walk);
	}
	if (error)
		walk_end(walk);
	return error;
}

void walk_end(struct walk *walk)
{
	entry_put(walk->dir);
	heap_free(walk->buffer);
}

long walk_last(struct walk *walk, struct entry **found)
{
	long error = dir_lookup(walk->dir, walk->name, found);

	if (!error && walk->slash && !inode_is((*found)->inode, S_IFDIR) && !inode_is((*found)->inode, S_IFLNK)) {
		entry_put(*found);
		return -ENOTDIR;
	}
	return error;
}

long walk_follow(struct walk *walk, struct entry *link, struct entry **found)
{
	long error = enter_link(walk, link, found);

	return error || *found ? error : advance(walk);
}

long walk_check_new(const struct walk *walk, bool directory)
{
	if (walk->name[0] == 0 || strcmp(walk->name, ".") == 0 || strcmp(walk->name, "..") == 0)
		return -EEXIST;
	return walk->slash && !directory ? -ENOENT : 0;
}

static long find_last(struct walk *walk, uint32_t how, struct entry **found)
{
	for (;;) {
		struct entry *object;
		long error = walk_last(walk, found);

		if (error || !inode_is((*found)->inode, S_IFLNK) || (how & PATH_NOFOLLOW && !walk->slash))
			return error;
		error = walk_follow(walk, *found, &object);
		entry_put(*found);
		if (error)
			return error;
		if (object) {
			*found = object;
			return 0;
		}
	}
}

long path_find(int at, const char *path, uint32_t how, struct entry **found)
{
	struct walk walk;
	long error;

	if (path[0] == 0 && how & PATH_EMPTY) {
		error = start_at(at, path, found);
		return error;
	}
	error = walk_begin(&walk, at, path);
	if (error)
		return error;
	error = find_last(&walk, how, found);
	walk_end(&walk);
	return error;
}

long path_from_user(vms_va from, char **path)
{
	char *to = heap_alloc(PATH_BYTES);
	long len;

	if (!to)
		return -ENOMEM;
	len = user_string(to, PATH_BYTES, from);
	if (len < 0)
		heap_free(to);
	else
		*path = to;
	return len < 0 ? len : 0;
}

long path_find_user(int at, vms_va from, uint32_t how, struct entry **found)
{
	char *path;
	long error = path_from_user(from, &path);

	if (error)
		return error;
	error = path_find(at, path, how, found);
	heap_free(path);
	return error;
}

/* What open() checks of an existing object, and does to it. */
static long open_entry(struct entry *entry, int flags, struct file **file)
{
	struct inode *inode = entry->inode;
	bool write = (flags & O_ACCMODE) != O_RDONLY;
	long error;

	if ((flags & O_DIRECTORY) && !inode_is(inode, S_IFDIR))
		return -ENOTDIR;
	if (flags & O_PATH)
		return file_new(entry, flags & (O_PATH | O_DIRECTORY | O_NOFOLLOW), file);
	if (inode_is(inode, S_IFLNK))
		return -ELOOP;
	if (inode_is(inode, S_IFDIR) && (write || flags & (O_CREAT | O_TRUNC)))
		return -EISDIR;
	error = file_new(entry, flags, file);
	if (!error && flags & O_TRUNC && inode->ops == &regular_ops) {
		error = regular_truncate(inode, 0);
		if (error)
			file_put(*file);
	}
	return error;
}

/* Make a regular file at the end of a walk. -EEXIST: somebody was quicker. */
static long create(struct walk *walk, uint32_t mode, struct entry **made)
{
	struct inode *inode;
	long error = walk_check_new(walk, false);

	if (error)
		return -EISDIR;
	inode = inode_new_regular(mode & ~dirs_umask());
	if (!inode)
		return -ENOMEM;
	error = dir_add(walk->dir, walk->name, inode, made);
	inode_put(inode);
	return error;
}

/* The entry to be opened, made if need be. */
static long find_or_create(struct walk *walk, int flags, uint32_t mode, struct entry **entry)
{
	bool follow = !(flags & O_NOFOLLOW) && !((flags & O_CREAT) && (flags & O_EXCL));

	for (;;) {
		struct entry *object;
		long error = walk_last(walk, entry);

		if (error == -ENOENT && flags & O_CREAT) {
			error = create(walk, mode, entry);
			if (error != -EEXIST)
				return error;
			if (flags & O_EXCL)
				return -EEXIST;
			continue;
		}
		if (!error && (flags & O_CREAT) && (flags & O_EXCL)) {
			entry_put(*entry);
			return -EEXIST;
		}
		if (error || !inode_is((*entry)->inode, S_IFLNK) || !(follow || walk->slash))
			return error;
		error = walk_follow(walk, *entry, &object);
		entry_put(*entry);
		if (error)
			return error;
		if (object) {
			*entry = object;
			return 0;
		}
	}
}

long path_open(int at, const char *path, int flags, uint32_t mode, struct file **file)
{
	struct walk walk;
	struct entry *entry;
	long error;

	if ((flags & O_TMPFILE) == O_TMPFILE)
		return -EOPNOTSUPP;
	if (flags & O_PATH)
		flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW;
	if ((flags & O_CREAT) && (flags & O_DIRECTORY))
		return -EINVAL;
	error = walk_begin(&walk, at, path);
	if (error)
		return error;
	error = find_or_create(&walk, flags, mode, &entry);
	walk_end(&walk);
	if (error)
		return error;
	error = open_entry(entry, flags, file);
	entry_put(entry);
	return error;
}

long file_open(const char *path, int flags, uint32_t mode, struct file **file)
{
	return path_open(AT_FDCWD, path, flags, mode, file);
}
