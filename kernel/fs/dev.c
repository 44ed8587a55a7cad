/*
 * Devices: /dev and what the character devices in it do. They are found by number, so one made by mknod or
 * unpacked from the archive works like those made here.
 */
#include <kernel/fs/inode.h>
#include <kernel/process.h>
#include <kernel/process.h>

static long read_nothing(struct file *file, struct io *io, uint64_t *position)
{
	(void)file, (void)io, (void)position;
	return 0;
}

static long read_zeros(struct file *file, struct io *io, uint64_t *position)
{
	uint64_t done = 0;

	(void)file, (void)position;
	/* In parts, so that a signal can end it. */
	while (io->left > 0 && !io->fault && (done == 0 || !signal_waiting(current())))
		done += io_zero(io, 16 * VMS_PAGE);
	return io_result(io, done, 0);
}

static long write_nowhere(struct file *file, struct io *io, uint64_t *position)
{
	uint64_t len = io->left;

	(void)file, (void)position;
	io->left = 0;
	return (long)len;
}

static long write_full(struct file *file, struct io *io, uint64_t *position)
{
	(void)file, (void)position;
	return io->left ? -ENOSPC : 0;
}

static long read_random(struct file *file, struct io *io, uint64_t *position)
{
	uint64_t done = 0;
	uint8_t bytes[256];

	(void)file, (void)position;
	while (io->left > 0 && !io->fault && (done == 0 || !signal_waiting(current()))) {
		random_bytes(bytes, sizeof(bytes));
		done += io_put(io, bytes, sizeof(bytes));
	}
	return io_result(io, done, 0);
}

static const struct inode_ops null_ops = {.read = read_nothing, .write = write_nowhere};
static const struct inode_ops zero_ops = {.read = read_zeros, .write = write_nowhere};
static const struct inode_ops full_ops = {.read = read_zeros, .write = write_full};
static const struct inode_ops random_ops = {.read = read_random, .write = write_nowhere};

static const struct {
	const char *name;
	uint32_t rdev;
	const struct inode_ops *ops;
} devices[] = {
	{"null", DEVICE(1, 3), &null_ops},      {"zero", DEVICE(1, 5), &zero_ops},
	{"full", DEVICE(1, 7), &full_ops},      {"random", DEVICE(1, 8), &random_ops},
	{"urandom", DEVICE(1, 9), &random_ops}, {"tty", DEVICE(5, 0), &tty_ops},
	{"console", DEVICE(5, 1), &tty_ops},    {"ttyS0", DEVICE(4, 64), &tty_ops},
};

static const struct {
	const char *name;
	const char *target;
} links[] = {
	{"fd", "/proc/self/fd"},
	{"stdin", "/proc/self/fd/0"},
	{"stdout", "/proc/self/fd/1"},
	{"stderr", "/proc/self/fd/2"},
};

const struct inode_ops *device_find(uint32_t rdev)
{
	for (uint32_t i = 0; i < ARRAY_LEN(devices); i++)
		if (devices[i].rdev == rdev)
			return devices[i].ops;
	return NULL;
}

/* A name that the archive brought stays as it is. Uses up the reference to the inode. */
static long add_unless_there(struct entry *dir, const char *name, struct inode *inode)
{
	long error = inode ? dir_add(dir, name, inode, NULL) : -ENOMEM;

	if (inode)
		inode_put(inode);
	return error == -EEXIST ? 0 : error;
}

static long fill_dev(struct entry *dev)
{
	long error = add_unless_there(dev, "shm", inode_new_dir(01777));

	for (uint32_t i = 0; i < ARRAY_LEN(devices) && !error; i++) {
		struct inode *inode = NULL;

		error = inode_new_node(S_IFCHR | 0666, devices[i].rdev, &inode);
		if (!error)
			error = add_unless_there(dev, devices[i].name, inode);
	}
	for (uint32_t i = 0; i < ARRAY_LEN(links) && !error; i++)
		error = add_unless_there(dev, links[i].name, inode_new_symlink(links[i].target));
	return error;
}

long dev_init(void)
{
	struct entry *dev;
	long error = add_unless_there(root_entry, "dev", inode_new_dir(0755));

	if (!error)
		error = dir_lookup(root_entry, "dev", &dev);
	if (error)
		return error;
	error = fill_dev(dev);
	entry_put(dev);
	return error;
}
