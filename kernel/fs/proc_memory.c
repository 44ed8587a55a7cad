/*
 * /proc/PID/maps, smaps and pagemap: a process's memory, area by area and page by page.
 */
#include <kernel/fs/fs.h>
#include <kernel/fs/proc.h>
#include <kernel/memory.h>
#include <mm/mm.h>

/* What an anonymous area is for, as far as it is known. */
static const char *area_name(const struct mm_area *area, vms_va stack, vms_va heap_end)
{
	if (area->start <= stack && stack < area->end)
		return "[stack]";
	return area->end == page_up(heap_end) ? "[heap]" : "";
}

static void put_area(struct text *text, const struct mm_area *area, const char *name)
{
	char start[96];
	int len = format(start, sizeof(start), "%08lx-%08lx %c%c%c%c %08lx 00:%02x %lu ", (unsigned long)area->start,
			 (unsigned long)area->end, area->prot & MM_PROT_READ ? 'r' : '-',
			 area->prot & MM_PROT_WRITE ? 'w' : '-', area->prot & MM_PROT_EXEC ? 'x' : '-',
			 area->shared ? 's' : 'p', (unsigned long)area->offset, area->file ? 1 : 0,
			 area->file ? (unsigned long)file_inode_number(area->file) : 0);

	/* Names are in the same column of every line that has one. */
	text_add(text, "%s%*s", start, name[0] && len < 73 ? 73 - len : 0, "");
	text_put(text, name, strlen(name));
	text_put(text, "\n", 1);
}

static void put_kib(struct text *text, const char *name, uint64_t nr_pages)
{
	text_add(text, "%-16s%8lu kB\n", name, (unsigned long)(nr_pages * (VMS_PAGE / 1024)));
}

/* What Linux says under each line of maps; of what there is not - swap, huge pages of files - there is nothing. */
static void put_details(struct text *text, const struct mm_area *area)
{
	uint64_t nr_private = area->nr_mapped - area->nr_common;
	uint64_t dirty = min_u64(area->nr_dirty, nr_private);

	put_kib(text, "Size:", (area->end - area->start) / VMS_PAGE);
	put_kib(text, "KernelPageSize:", 1);
	put_kib(text, "MMUPageSize:", 1);
	put_kib(text, "Rss:", area->nr_mapped);
	text_add(text, "%-16s%8lu kB\n", "Pss:", (unsigned long)(area->part / 1024));
	put_kib(text, "Shared_Clean:", area->nr_common - (area->nr_dirty - dirty));
	put_kib(text, "Shared_Dirty:", area->nr_dirty - dirty);
	put_kib(text, "Private_Clean:", nr_private - dirty);
	put_kib(text, "Private_Dirty:", dirty);
	put_kib(text, "Referenced:", area->nr_mapped);
	put_kib(text, "Anonymous:", area->nr_anonymous);
	put_kib(text, "AnonHugePages:", area->nr_huge);
	put_kib(text, "Swap:", 0);
	text_add(text, "%-16s%8lu kB\n", "Locked:", (unsigned long)(area->locked ? area->part / 1024 : 0));
	text_add(text, "VmFlags:%s%s%s%s%s%s%s%s\n", area->prot & MM_PROT_READ ? " rd" : "",
		 area->prot & MM_PROT_WRITE ? " wr" : "", area->prot & MM_PROT_EXEC ? " ex" : "",
		 area->shared ? " sh" : "", area->grows ? " gd" : "", area->locked ? " lo" : "",
		 area->huge ? " hg" : "", area->not_huge ? " nh" : "");
}

static long put_areas(struct text *text, struct proc_about about, bool details)
{
	struct mm *mm = process_mm_get(about.pid);
	char *path = heap_alloc(PATH_BYTES);
	vms_va stack = proc_arguments_at(about.pid);
	struct mm_area area;

	for (vms_va va = 0; mm && path && !text->error && mm_next_area_hold(mm, va, &area); va = area.end) {
		const char *name = area.file ? path : area_name(&area, stack, mm_brk(mm, 0));

		if (area.file) {
			file_path(area.file, path, PATH_BYTES);
			mm_port_file_put(area.file);
		}
		put_area(text, &area, name);
		if (details)
			put_details(text, &area);
	}
	if (mm)
		mm_put(mm);
	heap_free(path);
	return path ? 0 : -ENOMEM;
}

long proc_maps(struct text *text, struct proc_about about)
{
	return put_areas(text, about, false);
}

long proc_smaps(struct text *text, struct proc_about about)
{
	return put_areas(text, about, true);
}

#define PAGEMAP_PRESENT (1ull << 63)
#define PAGEMAP_FILE (1ull << 61)
#define PAGEMAP_ONLY (1ull << 56)

static uint64_t pagemap_word(const struct mm_page *page)
{
	if (!page->is_mapped)
		return 0;
	return PAGEMAP_PRESENT | (page->is_file ? PAGEMAP_FILE : 0) | (page->is_only ? PAGEMAP_ONLY : 0) | page->frame;
}

/* A word of eight bytes for each page of the user's addresses. */
long proc_pagemap(struct proc_about about, struct io *io, uint64_t *position)
{
	struct mm *mm;
	uint64_t done = 0;
	long result = 0;

	if (*position % 8 != 0 || io->left % 8 != 0)
		return -EINVAL;
	mm = process_mm_get(about.pid);
	if (!mm)
		return 0;
	while (io->left > 0 && !io->fault && result == 0 && *position / 8 < VMS_USER_END / VMS_PAGE) {
		struct mm_page page[32];
		uint64_t word[ARRAY_LEN(page)], first = *position / 8;
		uint64_t nr = min_u64(min_u64(io->left / 8, ARRAY_LEN(page)), VMS_USER_END / VMS_PAGE - first), moved;

		result = mm_look(mm, first * VMS_PAGE, nr, page);
		if (result != 0)
			break;
		for (uint64_t i = 0; i < nr; i++)
			word[i] = pagemap_word(&page[i]);
		moved = io_put(io, word, nr * 8);
		done += moved;
		*position += moved;
	}
	mm_put(mm);
	return io_result(io, done, result);
}
