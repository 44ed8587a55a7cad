/*
 * /proc: a tree of items, made up when somebody looks. An item says what a name is; the process that it is about
 * and, for descriptors, which one, are kept with the inode. No inode outlives its last user.
 */
#ifndef KERNEL_FS_PROC_H
#define KERNEL_FS_PROC_H

#include <kernel/fs/inode.h>
#include <kernel/process.h>

/* A text that is being written into the pages of an inode. */
struct text {
	struct inode *inode;
	long error;
};
void text_put(struct text *text, const char *from, uint64_t len);
void text_add(struct text *text, const char *how, ...) __attribute__((format(printf, 2, 3)));

/* What a name is about: process 0 is none. */
struct proc_about {
	int pid;
	int fd;
};

struct proc_item {
	const char *name; /* NULL ends a list */
	uint32_t mode;
	/* A file: -ESRCH if the process is gone. */
	long (*text)(struct text *text, struct proc_about about);
	/* Or one that is not a text: bytes are made up where they are read. */
	long (*read)(struct proc_about about, struct io *io, uint64_t *position);
	/* A text that may be written: one write is the whole of it. */
	long (*write)(struct proc_about about, struct io *io);
	/* A link: where to, and if that is no name, the object. */
	long (*readlink)(struct proc_about about, char *to, uint64_t size);
	long (*follow)(struct proc_about about, struct entry **found);
	/* A directory: what is always in it, and the numbered names. */
	const struct proc_item *children;
	const struct proc_item *numbered;
	bool (*has_number)(struct proc_about about, int number);
	/* The next number at or after `from`; -1 if there is none. */
	int (*next_number)(struct proc_about about, int from);
	bool numbers_are_fds; /* else processes */
};

/* Make such a tree visible under a folder, in place of nothing. -errno. */
long proc_mount(struct entry *dir, const struct proc_item *item);

extern const struct proc_item proc_root;
extern const struct proc_item proc_process; /* of each process */
bool proc_has_process(struct proc_about about, int pid);
int proc_next_process(struct proc_about about, int from);
vms_va proc_arguments_at(int pid); /* where exec left them on the stack; 0: nowhere */
/* proc_memory.c */
long proc_maps(struct text *text, struct proc_about about);
long proc_smaps(struct text *text, struct proc_about about);
long proc_pagemap(struct proc_about about, struct io *io, uint64_t *position);
long proc_mounts(struct text *text, struct proc_about about);

#endif
