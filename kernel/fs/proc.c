/*
 * /proc as a file system (proc.h): from items to inodes, and from an item's text to bytes that can be read. The
 * text is made when a reader is at the start of it, so that rewinding shows the present.
 */
#include <kernel/fs/proc.h>
#include <kernel/memory.h>

#define FIRST_NUMBERED 1024u /* getdents' offset of number n is this + n */

static const struct proc_item *item_of(const struct inode *inode)
{
	return inode->state;
}

/* Kept as the inode's key, which is never 0. */
static uint64_t key_of(struct proc_about about)
{
	return 1ull << 63 | (uint64_t)(uint32_t)about.pid << 32 | (uint32_t)about.fd;
}

static struct proc_about about_of(const struct inode *inode)
{
	return (struct proc_about){.pid = (int)(inode->key >> 32 & 0x7fffffff), .fd = (int)inode->key};
}

/* The same for the same thing every time, and far from the numbers of real files. */
static uint64_t number_of(const struct proc_item *item, struct proc_about about)
{
	return 1ull << 62 | (uint64_t)about.pid << 36 | ((uintptr_t)item / 8 % (1u << 24)) << 12 |
	       (uint32_t)(about.fd + 1);
}

void text_put(struct text *text, const char *from, uint64_t len)
{
	struct inode *inode = text->inode;

	lock_take(&inode->lock);
	while (len > 0 && !text->error) {
		vms_pfn frame = pages_make(&inode->pages, inode->size / VMS_PAGE);
		uint64_t offset = inode->size % VMS_PAGE, part = min_u64(len, VMS_PAGE - offset);

		if (frame == VMS_NO_FRAME) {
			text->error = -ENOMEM;
			break;
		}
		memcpy((char *)frame_data(frame) + offset, from, part);
		inode->size += part;
		from += part;
		len -= part;
	}
	lock_drop(&inode->lock);
}

void text_add(struct text *text, const char *how, ...)
{
	char line[512];
	va_list args;
	int len;

	va_start(args, how);
	len = format_va(line, sizeof(line), how, args);
	va_end(args);
	text_put(text, line, min_u64((uint64_t)len, sizeof(line) - 1));
}

static long proc_read(struct file *file, struct io *io, uint64_t *position)
{
	struct inode *inode = file->inode;
	struct text text = {.inode = inode};
	long result = 0;

	if (item_of(inode)->read)
		return item_of(inode)->read(about_of(inode), io, position);
	mutex_take(&inode->mutex);
	if (*position == 0) {
		lock_take(&inode->lock);
		pages_cut(&inode->pages, 0);
		inode->size = 0;
		lock_drop(&inode->lock);
		result = item_of(inode)->text(&text, about_of(inode));
		if (!result)
			result = text.error;
	}
	if (!result)
		result = regular_read(inode, io, position);
	mutex_drop(&inode->mutex);
	return result;
}

static long proc_write(struct file *file, struct io *io, uint64_t *position)
{
	(void)position;
	return item_of(file->inode)->write(about_of(file->inode), io);
}

static long proc_readlink(struct entry *link, char *to, uint64_t size)
{
	return item_of(link->inode)->readlink(about_of(link->inode), to, size);
}

static long proc_follow(struct entry *link, struct entry **found)
{
	return item_of(link->inode)->follow(about_of(link->inode), found);
}

static long proc_read_dir(struct file *file, struct io *io, uint64_t *position)
{
	(void)file, (void)io, (void)position;
	return -EISDIR;
}

static long proc_lookup(struct entry *dir, const char *name, struct entry **found);
static void proc_list(struct entry *dir, struct listing *listing);

static const struct inode_ops file_ops = {.read = proc_read, .seekable = true};
static const struct inode_ops written_ops = {.read = proc_read, .write = proc_write, .seekable = true};
static const struct inode_ops link_ops = {.readlink = proc_readlink};
static const struct inode_ops object_link_ops = {.readlink = proc_readlink, .follow = proc_follow};
static const struct inode_ops proc_dir_ops = {
	.read = proc_read_dir,
	.lookup = proc_lookup,
	.list = proc_list,
	.seekable = true,
};

static struct inode *proc_inode(const struct proc_item *item, struct proc_about about)
{
	const struct inode_ops *ops = item->write                ? &written_ops
				      : item->text || item->read ? &file_ops
				      : item->follow             ? &object_link_ops
				      : item->readlink           ? &link_ops
								 : &proc_dir_ops;
	struct inode *inode = inode_new(item->mode, ops);

	if (!inode)
		return NULL;
	inode->state = (void *)(uintptr_t)item;
	inode->key = key_of(about);
	inode->number = number_of(item, about);
	inode->nr_links = ops == &proc_dir_ops ? 2 : 1;
	return inode;
}

/* A decimal number as it would be written, or -1. */
static int number_from(const char *name)
{
	int number = 0;

	if (name[0] == 0 || (name[0] == '0' && name[1]))
		return -1;
	for (; *name; name++) {
		if (*name < '0' || *name > '9' || number > 99999999)
			return -1;
		number = number * 10 + (*name - '0');
	}
	return number;
}

static struct proc_about about_number(const struct proc_item *item, struct proc_about about, int number)
{
	if (item->numbers_are_fds)
		about.fd = number;
	else
		about.pid = number;
	return about;
}

static long proc_lookup(struct entry *dir, const char *name, struct entry **found)
{
	const struct proc_item *item = item_of(dir->inode), *child = item->children;
	struct proc_about about = about_of(dir->inode);
	struct inode *inode;

	if (about.pid && !proc_has_process(about, about.pid))
		return -ENOENT;
	while (child && child->name && strcmp(child->name, name) != 0)
		child++;
	if (!child || !child->name) {
		int number = item->numbered ? number_from(name) : -1;

		if (number < 0 || !item->has_number(about, number))
			return -ENOENT;
		child = item->numbered;
		about = about_number(item, about, number);
	}
	inode = proc_inode(child, about);
	*found = inode ? entry_new(dir, name, inode) : NULL;
	return *found ? 0 : -ENOMEM;
}

static void proc_list(struct entry *dir, struct listing *listing)
{
	const struct proc_item *item = item_of(dir->inode);
	struct proc_about about = about_of(dir->inode);
	uint64_t offset = 2;

	if (about.pid && !proc_has_process(about, about.pid))
		return;
	for (const struct proc_item *child = item->children; child && child->name; child++)
		if (!listing_add(listing, offset++, child->name, number_of(child, about), child->mode))
			return;
	if (!item->numbered)
		return;
	for (int number = listing->from > FIRST_NUMBERED ? (int)(listing->from - FIRST_NUMBERED) : 0;; number++) {
		char name[16];

		number = item->next_number(about, number);
		if (number < 0)
			return;
		format(name, sizeof(name), "%d", number);
		if (!listing_add(listing, FIRST_NUMBERED + (uint64_t)number, name,
				 number_of(item->numbered, about_number(item, about, number)), item->numbered->mode))
			return;
	}
}

long proc_mount(struct entry *dir, const struct proc_item *item)
{
	struct inode *inode = proc_inode(item, (struct proc_about){0, 0});
	long error;

	if (!inode)
		return -ENOMEM;
	error = dir_add(dir, item->name, inode, NULL);
	inode_put(inode);
	return error;
}

long proc_init(void)
{
	long error;

	/* An empty directory of the archive makes way; one with something in it stays hidden for nobody's good. */
	error = dir_remove(root_entry, "proc", true);
	if (error && error != -ENOENT)
		say("file system: the archive has a /proc that is not an empty directory\n");
	else
		error = proc_mount(root_entry, &proc_root);
	return error;
}
