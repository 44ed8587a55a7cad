/*
 * The pages of a file: a sparse array of frames by page index, in a tree of frames of 1024 numbers each.
 * These frames are the page cache: reads, writes and mappings all see them. The owner's lock guards it.
 */
#ifndef KERNEL_FS_PAGES_H
#define KERNEL_FS_PAGES_H

#include <kernel/base.h>

/* 2^30 pages is the most that three levels hold. */
#define PAGES_MAX (1ull << 30)
#define FILE_MAX (PAGES_MAX * VMS_PAGE)

struct pages {
	uint32_t root;   /* 0: nothing; else a frame + 1: page 0 itself if height is 0, else a node */
	uint32_t height; /* levels of nodes: it covers 1024^height pages */
	uint64_t nr;     /* pages present */
};

/* The frame of a page, or VMS_NO_FRAME. No reference is taken. */
vms_pfn pages_find(const struct pages *pages, uint64_t index);
/* The same, with a zeroed frame put in if there was none: VMS_NO_FRAME only if memory is short. index < PAGES_MAX. */
vms_pfn pages_make(struct pages *pages, uint64_t index);
/* Drop every page from `first` on; whoever holds one keeps it. */
void pages_cut(struct pages *pages, uint64_t first);
/* Drop one page, if it is there. */
void pages_drop(struct pages *pages, uint64_t index);
/* The first index at or after `index` that is present (or absent); PAGES_MAX if there is none. */
uint64_t pages_next(const struct pages *pages, uint64_t index, bool present);
/* Pages of all files together. */
uint64_t pages_in_use(void);

#endif
