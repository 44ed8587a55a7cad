/*
 * Files: inodes in memory, open files, descriptors, paths.
 */
#ifndef KERNEL_FS_H
#define KERNEL_FS_H

#include <kernel/base.h>
#include <kernel/errno.h>

struct inode;   /* a file, directory, symlink, device or pipe; counted */
struct file;    /* an open file: inode, position, flags; counted */
struct files;   /* the descriptors of a process; counted, shared by CLONE_FILES */
struct fs_dirs; /* current directory and umask; counted, shared by CLONE_FS */

/* Start the file system and fill it from a newc cpio archive. -errno after saying what is wrong with it. */
long fs_init(const void *archive, uint64_t len);
/* always, madvise or never: who gets pages of 2 MiB. False: none of these. */
bool huge_policy_set(const char *name);
/* Free every inode, for the books. Nothing may be open. */
void fs_fini(void);

/* When memory is short: forget pages of files that can be had again from the archive. How many. */
uint64_t files_drop_clean(void);

void file_get(struct file *file);
void file_put(struct file *file);
/* Open a path of the current process: -errno or 0. Flags and mode as Linux's open. */
long file_open(const char *path, int flags, uint32_t mode, struct file **file);
/* Read into kernel memory at an offset, without moving the position. Bytes, or -errno. */
long file_read_at(struct file *file, void *to, uint64_t len, uint64_t offset);
bool file_is_regular(struct file *file);
bool file_is_executable(struct file *file);
uint64_t file_size(struct file *file);
bool file_can_read(struct file *file);
bool file_can_write(struct file *file);
bool file_is_sealed(struct file *file); /* against writing */
/* The path it has now, "(deleted)" and the like included; for /proc/self/maps and exec. */
void file_path(struct file *file, char *to, size_t size);
uint64_t file_inode_number(struct file *file);

struct files *files_new(void);                /* with nothing open; NULL */
struct files *files_copy(struct files *from); /* NULL: no memory */
void files_get(struct files *files);
void files_put(struct files *files);
void files_close_on_exec(struct files *files);
long files_open_console(struct files *files);           /* descriptors 0, 1, 2 */
struct file *files_lookup(struct files *files, int fd); /* with a reference; NULL */

struct fs_dirs *dirs_new(void); /* at "/" */
struct fs_dirs *dirs_copy(struct fs_dirs *from);
void dirs_get(struct fs_dirs *dirs);
void dirs_put(struct fs_dirs *dirs);

/* Console input, from the UART's interrupt. */
void tty_input(char c);

#endif
