/*
 * Paths: from a string to an entry, or to the directory that a name is to appear in.
 */
#ifndef KERNEL_FS_PATH_H
#define KERNEL_FS_PATH_H

#include <kernel/fs/inode.h>

/* A path being walked. */
struct walk {
	struct entry *dir;     /* held: where `name` is */
	char name[NAME_BYTES]; /* the last component; empty, "." or "..": the directory itself is meant */
	bool slash;            /* a slash followed it: it must be a directory */
	char *todo;            /* what is left of the path */
	char *buffer;          /* PATH_BYTES, on the heap: todo points into it */
	uint32_t nr_links;     /* symbolic links gone through */
};

/*
 * Begin at the directory `at` (a descriptor, or AT_FDCWD; not used if the path is absolute) and go as far as the
 * last component. 0: walk_end() is due. -ENOENT for an empty path.
 */
long walk_begin(struct walk *walk, int at, const char *path);
void walk_end(struct walk *walk);
/* The last component, which may be a symbolic link. */
long walk_last(struct walk *walk, struct entry **found);
/* It is this symbolic link: go where it leads, again as far as the last component. A link to an object rather than
   to a name gives that in *found (else NULL), and the walk is over. */
long walk_follow(struct walk *walk, struct entry *link, struct entry **found);
/* May an object be made at the last component? -EEXIST for ".", "..", "/". */
long walk_check_new(const struct walk *walk, bool directory);

#define PATH_NOFOLLOW 1u /* the last component may be a symbolic link */
#define PATH_EMPTY 2u    /* an empty path means `at` itself */

/* The entry that a path names, with a reference. */
long path_find(int at, const char *path, uint32_t how, struct entry **found);
/* The same, of a path in user memory. */
long path_find_user(int at, vms_va path, uint32_t how, struct entry **found);
/* A path in user memory, on the heap: heap_free() it. */
long path_from_user(vms_va from, char **path);
/* As open(2). */
long path_open(int at, const char *path, int flags, uint32_t mode, struct file **file);

#endif
