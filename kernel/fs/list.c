/*
 * Listing directories, and the plain kinds of them. The offset of a name is a number that only it ever had in
 * its directory, so a listing goes on at the right place whatever was removed or added meanwhile.
 */
#include <kernel/fs/inode.h>

bool listing_add(struct listing *listing, uint64_t offset, const char *name, uint64_t inode, uint32_t mode)
{
	size_t len = strlen(name) + 1;
	uint64_t size = (offsetof(struct abi_dirent, name) + len + 7) / 8 * 8;
	struct abi_dirent *record = (struct abi_dirent *)(listing->at + listing->used);

	if (offset < listing->from)
		return true;
	/* The record before this one says where to go on: here. */
	if (listing->used > 0)
		((struct abi_dirent *)(listing->at + listing->last))->off = (int64_t)offset;
	listing->from = offset;
	if (listing->full || size > listing->room - listing->used) {
		listing->full = true;
		return false;
	}
	memset(record, 0, size);
	record->ino = inode;
	record->off = (int64_t)offset + 1;
	record->reclen = (uint16_t)size;
	record->type = (uint8_t)(mode / 010000);
	memcpy(record->name, name, len);
	listing->last = listing->used;
	listing->used += size;
	listing->from = offset + 1;
	return true;
}

static void list_plain(struct entry *dir, struct listing *listing)
{
	list_for(pos, &dir->inode->children) {
		struct entry *entry = list_entry(pos, struct entry, in_dir);

		if (!listing_add(listing, entry->cookie, entry->name, entry->inode->number, entry->inode->mode))
			break;
	}
}

long dir_list(struct entry *dir, struct listing *listing)
{
	struct entry *up;
	bool more;

	if (!inode_is(dir->inode, S_IFDIR))
		return -ENOTDIR;
	if (dir_lookup(dir, "..", &up) != 0)
		return -ENOENT;
	more = listing_add(listing, 0, ".", dir->inode->number, S_IFDIR) &&
	       listing_add(listing, 1, "..", up->inode->number, S_IFDIR);
	entry_put(up);
	if (more && dir->inode->ops->list) {
		dir->inode->ops->list(dir, listing);
	} else if (more) {
		lock_take(&tree_lock);
		list_plain(dir, listing);
		lock_drop(&tree_lock);
	}
	return listing->full && listing->used == 0 ? -EINVAL : (long)listing->used;
}

static long read_dir(struct file *file, struct io *io, uint64_t *position)
{
	(void)file, (void)io, (void)position;
	return -EISDIR;
}

const struct inode_ops dir_ops = {.read = read_dir, .seekable = true};

static long read_target(struct entry *link, char *to, uint64_t size)
{
	uint64_t len = min_u64(size, strlen(link->inode->target));

	memcpy(to, link->inode->target, len);
	return (long)len;
}

const struct inode_ops symlink_ops = {.readlink = read_target};
