/*
 * Names: the tree of directories. A linked entry is in its directory's list and in one hash table over all
 * directories, and both together hold one reference, so an entry found under tree_lock can always be taken.
 */
#include <kernel/fs/inode.h>
#include <kernel/memory.h>

#define NR_BUCKETS 2048u

struct lock tree_lock;
struct entry *root_entry;
static struct list buckets[NR_BUCKETS];

static struct list *bucket_of(const struct inode *dir, const char *name)
{
	uint64_t hash = dir->number;

	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * 0x100000001b3ull;
	return &buckets[(hash >> 20) % NR_BUCKETS];
}

void entry_get(struct entry *entry)
{
	__atomic_fetch_add(&entry->refs, 1, __ATOMIC_RELAXED);
}

void entry_put(struct entry *entry)
{
	while (entry && __atomic_sub_fetch(&entry->refs, 1, __ATOMIC_ACQ_REL) == 0) {
		struct entry *parent = entry->parent;

		inode_put(entry->inode);
		heap_free(entry->name);
		heap_free(entry);
		entry = parent;
	}
}

struct entry *entry_new(struct entry *parent, const char *name, struct inode *inode)
{
	size_t size = strlen(name) + 1;
	struct entry *entry = heap_zalloc(sizeof(*entry));

	if (entry)
		entry->name = heap_alloc(size);
	if (!entry || !entry->name) {
		heap_free(entry);
		inode_put(inode);
		return NULL;
	}
	memcpy(entry->name, name, size);
	entry->refs = 1;
	entry->inode = inode;
	entry->parent = parent;
	if (parent)
		entry_get(parent);
	list_init(&entry->in_dir);
	list_init(&entry->in_hash);
	return entry;
}

/* tree_lock held. */
static struct entry *find(const struct entry *dir, const char *name)
{
	list_for(pos, bucket_of(dir->inode, name)) {
		struct entry *entry = list_entry(pos, struct entry, in_hash);

		if (entry->parent->inode == dir->inode && strcmp(entry->name, name) == 0)
			return entry;
	}
	return NULL;
}

long dir_lookup(struct entry *dir, const char *name, struct entry **found)
{
	struct entry *entry;

	if (!inode_is(dir->inode, S_IFDIR))
		return -ENOTDIR;
	lock_take(&tree_lock);
	if (strcmp(name, ".") == 0 || name[0] == 0)
		entry = dir;
	else if (strcmp(name, "..") == 0)
		entry = dir->parent ? dir->parent : dir;
	else
		entry = find(dir, name);
	if (entry)
		entry_get(entry);
	lock_drop(&tree_lock);
	if (!entry && dir->inode->ops->lookup)
		return dir->inode->ops->lookup(dir, name, found);
	*found = entry;
	return entry ? 0 : -ENOENT;
}

/* tree_lock held, for these three. The list's reference is the caller's to give and to take. */
static void link_entry(struct entry *dir, struct entry *entry)
{
	entry->linked = true;
	entry->cookie = dir->inode->next_cookie++;
	list_add(&entry->in_dir, &dir->inode->children);
	list_add(&entry->in_hash, bucket_of(dir->inode, entry->name));
	if (inode_is(entry->inode, S_IFDIR))
		dir->inode->nr_links++;
	dir->inode->size += 32;
	inode_touch(dir->inode);
}

static void unlink_entry(struct entry *entry)
{
	struct inode *dir = entry->parent->inode;

	entry->linked = false;
	list_remove(&entry->in_dir);
	list_remove(&entry->in_hash);
	if (inode_is(entry->inode, S_IFDIR))
		dir->nr_links--;
	dir->size -= 32;
	inode_touch(dir);
}

/* Its inode loses a name for good. */
static void drop_link(struct inode *inode)
{
	inode->nr_links -= inode_is(inode, S_IFDIR) ? 2 : 1;
	inode->ctime = realtime_ns();
}

static bool is_gone(const struct entry *dir)
{
	return !dir->linked && dir != root_entry;
}

long dir_add(struct entry *dir, const char *name, struct inode *inode, struct entry **made)
{
	struct entry *entry;
	long error = 0;

	if (!inode_is(dir->inode, S_IFDIR))
		return -ENOTDIR;
	if (dir->inode->ops->lookup)
		return -EROFS;
	inode_get(inode);
	entry = entry_new(dir, name, inode);
	if (!entry)
		return -ENOMEM;
	lock_take(&tree_lock);
	if (is_gone(dir))
		error = -ENOENT;
	else if (find(dir, name))
		error = -EEXIST;
	if (!error) {
		link_entry(dir, entry);
		if (!inode_is(inode, S_IFDIR))
			inode->nr_links++;
		inode->ctime = realtime_ns();
		entry_get(entry);
	}
	lock_drop(&tree_lock);
	if (error || !made)
		entry_put(entry);
	else
		*made = entry;
	return error;
}

long dir_remove(struct entry *dir, const char *name, bool directory)
{
	struct entry *entry;
	long error = 0;

	if (!inode_is(dir->inode, S_IFDIR))
		return -ENOTDIR;
	if (dir->inode->ops->lookup)
		return -EROFS;
	lock_take(&tree_lock);
	entry = find(dir, name);
	if (!entry)
		error = -ENOENT;
	else if (directory && !inode_is(entry->inode, S_IFDIR))
		error = -ENOTDIR;
	else if (!directory && inode_is(entry->inode, S_IFDIR))
		error = -EISDIR;
	else if (directory && entry->inode->ops->lookup)
		error = -EBUSY;
	else if (directory && !list_empty(&entry->inode->children))
		error = -ENOTEMPTY;
	if (!error) {
		unlink_entry(entry);
		drop_link(entry->inode);
	}
	lock_drop(&tree_lock);
	if (!error)
		entry_put(entry);
	return error;
}

/* Is `below` the same as `above`, or in it? tree_lock held. */
static bool is_below(const struct entry *below, const struct entry *above)
{
	for (; below; below = below->parent)
		if (below == above)
			return true;
	return false;
}

/* May `entry`, of another directory perhaps, take the place of `target` (NULL: a free name)? */
static long may_replace(const struct entry *entry, const struct entry *target)
{
	if (!target)
		return 0;
	if (inode_is(entry->inode, S_IFDIR)) {
		if (!inode_is(target->inode, S_IFDIR))
			return -ENOTDIR;
		if (target->inode->ops->lookup)
			return -EBUSY;
		return list_empty(&target->inode->children) ? 0 : -ENOTEMPTY;
	}
	return inode_is(target->inode, S_IFDIR) ? -EISDIR : 0;
}

static long check_rename(const struct entry *from, struct entry *entry, const struct entry *to, struct entry *target,
			 uint32_t flags)
{
	if (!entry || is_gone(to) || is_gone(from))
		return -ENOENT;
	if (entry->inode->ops->lookup)
		return -EBUSY;
	if (target && (flags & RENAME_NOREPLACE))
		return -EEXIST;
	if (target && target->inode == entry->inode && !(flags & RENAME_EXCHANGE))
		return 0; /* two names of one inode: nothing to do, says POSIX */
	if (is_below(to, entry))
		return -EINVAL;
	if (flags & RENAME_EXCHANGE) {
		if (!target)
			return -ENOENT;
		return target->inode->ops->lookup ? -EBUSY : is_below(from, target) ? -EINVAL : 0;
	}
	if (target && is_below(from, target))
		return -ENOTEMPTY;
	return may_replace(entry, target);
}

/* Give an unlinked entry its new place and name. *name becomes the old name, *dir the old parent: to be freed. */
static void move_entry(struct entry *entry, struct entry **dir, char **name)
{
	struct entry *parent = entry->parent;
	char *old = entry->name;

	entry->parent = *dir;
	entry->name = *name;
	link_entry(entry->parent, entry);
	entry->inode->ctime = realtime_ns();
	*dir = parent;
	*name = old;
}

long dir_rename(struct entry *from, const char *old, struct entry *to, const char *name, uint32_t flags)
{
	struct entry *entry, *target, *parents[2] = {to, from}, *dropped = NULL;
	char *names[2] = {heap_alloc(NAME_BYTES), heap_alloc(NAME_BYTES)};
	long error = -ENOMEM;

	if (!inode_is(from->inode, S_IFDIR) || !inode_is(to->inode, S_IFDIR))
		error = -ENOTDIR;
	else if (from->inode->ops->lookup || to->inode->ops->lookup)
		error = from->inode->ops->lookup == to->inode->ops->lookup ? -EROFS : -EXDEV;
	else if (names[0] && names[1])
		error = 0;
	if (error)
		goto out;
	strcopy(names[0], name, NAME_BYTES);
	strcopy(names[1], old, NAME_BYTES);
	entry_get(to);
	entry_get(from);
	lock_take(&tree_lock);
	entry = find(from, old);
	target = find(to, name);
	error = check_rename(from, entry, to, target, flags);
	if (!error && !(target && target->inode == entry->inode)) {
		unlink_entry(entry);
		if (target)
			unlink_entry(target);
		move_entry(entry, &parents[0], &names[0]);
		if (target && (flags & RENAME_EXCHANGE)) {
			move_entry(target, &parents[1], &names[1]);
		} else if (target) {
			drop_link(target->inode);
			dropped = target;
		}
	}
	lock_drop(&tree_lock);
	entry_put(dropped);
	entry_put(parents[0]);
	entry_put(parents[1]);
out:
	heap_free(names[0]);
	heap_free(names[1]);
	return error;
}

/* Write the path backwards from the end of `to`; where it begins, or NULL. tree_lock held. */
static char *path_back(const struct entry *entry, char *to, size_t size, bool gone)
{
	static const char deleted[] = " (deleted)";
	char *at = to + size;

	if (size < sizeof(deleted) + 1)
		return NULL;
	*--at = 0;
	if (gone) {
		at -= sizeof(deleted) - 1;
		memcpy(at, deleted, sizeof(deleted) - 1);
	}
	if (!entry->parent && entry != root_entry) {
		size_t len = strlen(entry->name);

		if ((size_t)(at - to) < len)
			return NULL;
		return memcpy(at - len, entry->name, len);
	}
	if (entry == root_entry)
		*--at = '/';
	for (; entry->parent; entry = entry->parent) {
		size_t len = strlen(entry->name);

		if ((size_t)(at - to) < len + 1)
			return NULL;
		at -= len;
		memcpy(at, entry->name, len);
		*--at = '/';
	}
	return at;
}

long entry_path_exact(struct entry *entry, char *to, size_t size)
{
	long result = -ERANGE;
	char *start;

	lock_take(&tree_lock);
	/* What /proc made up is not linked, but it is there. */
	if (is_gone(entry) && entry->parent && !entry->parent->inode->ops->lookup)
		result = -ENOENT;
	start = result == -ENOENT ? NULL : path_back(entry, to, size, false);
	lock_drop(&tree_lock);
	if (start) {
		result = to + size - start;
		memmove(to, start, (size_t)result);
	}
	return result;
}

void entry_path(struct entry *entry, char *to, size_t size)
{
	char *start;

	lock_take(&tree_lock);
	start = path_back(entry, to, size, is_gone(entry) && entry->parent && !entry->parent->inode->ops->lookup);
	lock_drop(&tree_lock);
	if (start)
		memmove(to, start, (size_t)(to + size - start));
	else
		strcopy(to, "(too long)", size);
}

long entry_init(void)
{
	struct inode *inode = inode_new_dir(0755);

	for (uint32_t i = 0; i < NR_BUCKETS; i++)
		list_init(&buckets[i]);
	root_entry = inode ? entry_new(NULL, "/", inode) : NULL;
	return root_entry ? 0 : -ENOMEM;
}

/* Always the first name of the deepest directory that is reached so: no recursion, however deep the tree. */
void entry_fini(void)
{
	struct entry *at = root_entry;

	while (at) {
		struct entry *parent = at->parent;

		if (!list_empty(&at->inode->children)) {
			at = list_entry(at->inode->children.next, struct entry, in_dir);
			continue;
		}
		if (parent) {
			lock_take(&tree_lock);
			unlink_entry(at);
			lock_drop(&tree_lock);
		}
		entry_put(at);
		at = parent;
	}
	root_entry = NULL;
}
