/*
 * Inodes: making and freeing them. An inode is freed when its last name and with that its last open file is gone.
 */
#include <kernel/fs/inode.h>
#include <kernel/memory.h>

static uint64_t next_number = 1;

struct inode *inode_new(uint32_t mode, const struct inode_ops *ops)
{
	struct inode *inode = heap_zalloc(sizeof(*inode));

	if (!inode)
		return NULL;
	inode->refs = 1;
	inode->mode = mode;
	inode->ops = ops;
	inode->number = __atomic_fetch_add(&next_number, 1, __ATOMIC_RELAXED);
	inode->atime = inode->mtime = inode->ctime = realtime_ns();
	inode->next_cookie = 2; /* after "." and ".." */
	mutex_init(&inode->mutex);
	list_init(&inode->children);
	list_init(&inode->records);
	return inode;
}

void inode_get(struct inode *inode)
{
	__atomic_fetch_add(&inode->refs, 1, __ATOMIC_RELAXED);
}

void inode_put(struct inode *inode)
{
	if (__atomic_sub_fetch(&inode->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	if (inode->ops->free)
		inode->ops->free(inode);
	if (inode->backing)
		regular_free(inode);
	pages_cut(&inode->pages, 0);
	heap_free(inode->target);
	heap_free(inode);
}

struct inode *inode_new_regular(uint32_t mode)
{
	return inode_new(S_IFREG | (mode & MODE_BITS), &regular_ops);
}

struct inode *inode_new_dir(uint32_t mode)
{
	struct inode *inode = inode_new(S_IFDIR | (mode & MODE_BITS), &dir_ops);

	if (inode)
		inode->nr_links = 2;
	return inode;
}

struct inode *inode_new_symlink(const char *target)
{
	size_t size = strlen(target) + 1;
	struct inode *inode = inode_new(S_IFLNK | 0777, &symlink_ops);

	if (!inode)
		return NULL;
	inode->target = heap_alloc(size);
	if (!inode->target) {
		inode_put(inode);
		return NULL;
	}
	memcpy(inode->target, target, size);
	inode->size = size - 1;
	return inode;
}

/* A device that the kernel does not have: it can be named, but not opened. */
static long no_device(struct file *file)
{
	(void)file;
	return -ENXIO;
}
static const struct inode_ops no_device_ops = {.open = no_device};

long inode_new_node(uint32_t mode, uint32_t rdev, struct inode **inode)
{
	const struct inode_ops *ops;

	switch (mode & S_IFMT) {
	case 0:
	case S_IFREG:
		*inode = inode_new_regular(mode);
		return *inode ? 0 : -ENOMEM;
	case S_IFIFO:
		ops = &pipe_ops;
		break;
	case S_IFCHR:
		ops = device_find(rdev);
		if (!ops)
			ops = &no_device_ops;
		break;
	case S_IFBLK:
	case S_IFSOCK:
		ops = &no_device_ops;
		break;
	default:
		return -EINVAL;
	}
	*inode = inode_new(mode & (S_IFMT | MODE_BITS), ops);
	if (!*inode)
		return -ENOMEM;
	(*inode)->rdev = rdev;
	return 0;
}

void inode_touch(struct inode *inode)
{
	inode->mtime = inode->ctime = realtime_ns();
}
