/*
 * Inodes, names and open files: the three counted objects that the file system is made of.
 *
 *     inode   what a file is: kind, mode, contents. Held by the names of it, and by nothing else.
 *     entry   a name: of an inode, in the directory that the parent entry names. Linked in its directory it
 *             holds one reference; an unlinked one lives on while a file or a walk holds it. It holds its
 *             inode and its parent.
 *     file    an open file: an entry, a position, flags. Held by descriptors, mappings and running calls.
 *
 * Locks, outermost first: file->mutex (the position), inode->mutex (size changes), tree_lock (names, links,
 * parents, directories' lists), inode->lock (pages and size), proc_lock. References need no lock.
 */
#ifndef KERNEL_FS_INODE_H
#define KERNEL_FS_INODE_H

#include <kernel/errno.h>
#include <kernel/fs/abi.h>
#include <kernel/fs/io.h>
#include <kernel/fs/mutex.h>
#include <kernel/fs/pages.h>

struct entry;
struct file;
struct files;
struct fs_dirs;
struct inode;
struct listing;

/* What a kind of inode can do; NULL where it cannot. */
struct inode_ops {
	/* A file was made for it; may refuse. What it sets up, close undoes. */
	long (*open)(struct file *file);
	void (*close)(struct file *file);
	/* Bytes moved, or -errno. A seekable file starts at *position and moves it. */
	long (*read)(struct file *file, struct io *io, uint64_t *position);
	long (*write)(struct file *file, struct io *io, uint64_t *position);
	uint32_t (*poll)(struct file *file); /* POLL bits now; NULL: always ready */
	long (*ioctl)(struct file *file, uint32_t command, uint64_t argument);
	/* The last name or file is gone: free what hangs on it. */
	void (*free)(struct inode *inode);
	/* Directories whose contents are made up when somebody looks. A new entry, not linked anywhere. */
	long (*lookup)(struct entry *dir, const char *name, struct entry **found);
	void (*list)(struct entry *dir, struct listing *listing);
	/* Symbolic links that lead to an object rather than to a name: a reference to it. */
	long (*follow)(struct entry *link, struct entry **found);
	/* Symbolic links: the target, as readlink gives it: its length, or -errno. */
	long (*readlink)(struct entry *link, char *to, uint64_t size);
	bool seekable;
};

struct inode {
	uint32_t refs;     /* atomic */
	uint32_t mode;     /* S_IFMT and mode bits */
	uint32_t nr_links; /* under tree_lock */
	uint32_t uid, gid;
	uint32_t rdev;
	uint64_t number;
	uint64_t atime, mtime, ctime; /* ns since 1970 */
	const struct inode_ops *ops;
	struct mutex mutex; /* writes and truncation: one at a time */
	struct lock lock;   /* pages, size */
	uint64_t size;      /* under lock; read alone by others */
	struct pages pages; /* regular files, and what /proc made up */
	uint32_t seals;     /* F_SEAL_, and SEALABLE; under mutex, read by others too */
	bool mapped;        /* some page was given to a mapping, ever */
	/*
	 * What a page that is not there holds, up to backed_len: memory that stays, of the initial archive. Beyond it,
	 * zeros. Under lock; only shrinks.
	 */
	const uint8_t *backing;
	uint64_t backed_len;
	struct list in_backed; /* of all that were given any */
	struct list children;  /* directories: entries in the order of their cookies; under tree_lock */
	uint64_t next_cookie;
	char *target;             /* symbolic links */
	void *state;              /* pipes */
	uint64_t key;             /* /proc: what it shows */
	struct file *flock_owner; /* LOCK_EX; under flock's lock */
	uint32_t nr_flock;        /* LOCK_SH */
	struct list records;      /* fcntl's locks; under records.c's lock */
};

struct entry {
	uint32_t refs;        /* atomic */
	bool linked;          /* in its directory; under tree_lock */
	struct entry *parent; /* held; NULL: the root, or no directory has it. Under tree_lock */
	struct inode *inode;  /* held */
	char *name;           /* under tree_lock */
	struct list in_dir;
	struct list in_hash;
	uint64_t cookie; /* getdents' offset of it */
};

struct file {
	uint32_t refs;       /* atomic */
	int flags;           /* O_ status flags; atomic */
	struct entry *entry; /* held */
	struct inode *inode; /* the entry's */
	const struct inode_ops *ops;
	struct mutex mutex; /* the position */
	uint64_t position;
	int flock;             /* 0, LOCK_SH or LOCK_EX */
	struct list interests; /* of epoll instances in this file; under epoll.c's lock */
};

extern struct lock tree_lock;
extern struct entry *root_entry;

static inline bool inode_is(const struct inode *inode, uint32_t kind)
{
	return (inode->mode & S_IFMT) == kind;
}

/* inode.c */
struct inode *inode_new(uint32_t mode, const struct inode_ops *ops); /* one reference; NULL: no memory */
void inode_get(struct inode *inode);
void inode_put(struct inode *inode);
struct inode *inode_new_regular(uint32_t mode);
struct inode *inode_new_dir(uint32_t mode);
struct inode *inode_new_symlink(const char *target);
/* By kind of `mode`, as mknod has it: regular, FIFO, character device. -errno. */
long inode_new_node(uint32_t mode, uint32_t rdev, struct inode **inode);
void inode_touch(struct inode *inode); /* its contents changed now */

/* entry.c */
void entry_get(struct entry *entry);
void entry_put(struct entry *entry);
/* A name that no directory lists. Takes over the reference to the inode, also on failure (NULL). */
struct entry *entry_new(struct entry *parent, const char *name, struct inode *inode);
/* Names in a directory. All may fail with -ENOMEM, -ENOENT (the directory is gone), -EROFS (/proc). */
long dir_lookup(struct entry *dir, const char *name, struct entry **found); /* also "." and ".." */
long dir_add(struct entry *dir, const char *name, struct inode *inode, struct entry **made);
long dir_remove(struct entry *dir, const char *name, bool directory);
/* The path from the root as it is now; entries that are not linked any more end in " (deleted)". */
void entry_path(struct entry *entry, char *to, size_t size);
/* The same, -ERANGE if it does not fit, -ENOENT if the entry is gone. Its length with the NUL. */
long entry_path_exact(struct entry *entry, char *to, size_t size);
long entry_init(void); /* the root; -ENOMEM */
void entry_fini(void); /* and every name */
/* Flags as renameat2's. */
long dir_rename(struct entry *from, const char *old, struct entry *to, const char *name, uint32_t flags);

/* list.c: what a directory lists, and the plain directories and links.
   A getdents in progress: names go in while there is room. */
struct listing {
	char *at;
	uint64_t room;
	uint64_t used;
	uint64_t from; /* the offset that it starts at */
	uint64_t last; /* where in the buffer the last record is */
	bool full;
};
/* One name at `offset`, if that is not before the start. False: there is no more room. */
bool listing_add(struct listing *listing, uint64_t offset, const char *name, uint64_t inode, uint32_t mode);
long dir_list(struct entry *dir, struct listing *listing);
extern const struct inode_ops dir_ops;
extern const struct inode_ops symlink_ops;

/* regular.c */
extern const struct inode_ops regular_ops;
long regular_truncate(struct inode *inode, uint64_t size);
/* From now on its contents are these bytes, which stay where they are. It is empty, and nobody else's yet. */
void regular_back(struct inode *inode, const void *bytes, uint64_t len);
/* A page with its contents, made if need be; VMS_NO_FRAME: no memory. The inode's lock is held, index < PAGES_MAX. */
vms_pfn regular_page(struct inode *inode, uint64_t index);
void regular_free(struct inode *inode); /* the last use of it */
/* Make zeros of [from, to), and give back whole pages of it. */
long regular_punch(struct inode *inode, uint64_t from, uint64_t to);
/* fcntl's F_ADD_SEALS and F_GET_SEALS. */
long regular_add_seals(struct file *file, uint32_t seals);
long regular_seals(struct file *file);
long regular_read(struct inode *inode, struct io *io, uint64_t *position);
long regular_write(struct inode *inode, struct io *io, uint64_t *position, bool append);

/* file.c: an open file on an entry (a reference of which it takes), or -errno. Flags as open's. */
long file_new(struct entry *entry, int flags, struct file **file);
/* A file that no directory lists: its name as /proc shows it. Takes over the reference to the inode. */
long file_new_nameless(struct inode *inode, const char *name, int flags, struct file **file);
long file_read(struct file *file, struct io *io);
long file_write(struct file *file, struct io *io);
long file_read_from(struct file *file, struct io *io, uint64_t offset);
long file_write_to(struct file *file, struct io *io, uint64_t offset);
uint32_t file_poll(struct file *file);
long file_flock(struct file *file, int how);

/* fd.c */
long fd_add(struct file *file, int from, bool close_on_exec); /* takes over the reference if it succeeds */
long fd_install(struct file *file, int flags);                /* the lowest descriptor; the reference is used up */
struct file *fd_file(int fd);                                 /* of the current process, with a reference; NULL */
/* The first descriptor that is open at or after `from`; -1. */
int files_next(struct files *files, int from);
long fd_close(int fd);
long fd_set(int fd, struct file *file, bool close_on_exec); /* dup3; takes a reference of its own */
long fd_flags(int fd);                                      /* FD_CLOEXEC or 0, or -EBADF */
long fd_set_flags(int fd, bool close_on_exec);
bool files_is_open(struct files *files, int fd);

/* dirs.c */
struct entry *dirs_current(struct fs_dirs *dirs); /* with a reference */
void dirs_change(struct entry *to);               /* of the current process */
uint32_t dirs_umask(void);
uint32_t dirs_set_umask(uint32_t mask);

/* pipe.c */
extern const struct inode_ops pipe_ops;
long pipe_create(int flags, struct file *ends[2]);
long pipe_size(struct file *file); /* -EBADF: it is none */

/* dev.c, tty.c, proc.c, unpack.c */
extern const struct inode_ops device_ops;
extern const struct inode_ops tty_ops;
long dev_init(void);
long proc_init(void);
/* The folder with this path, made if it is not there: NULL, no memory. */
struct entry *fs_folder(const char *path);
long sys_init(void); /* sys.c */
void tty_init(void);
#define DEVICE(major, minor) ((uint32_t)((major)*256 + (minor)))
const struct inode_ops *device_find(uint32_t rdev); /* NULL: there is none */
struct process;
void tty_own(int sid, int pgid); /* the console becomes this session's */
int tty_session(void);
int tty_foreground(void);

/* poll.c: something that poll() looks at may have changed. Any context. */
void poll_changed(void);

#endif
