/*
 * Putting an executable into an address space: segments as private file mappings with exactly the rights that
 * the file asks for, zeros behind them.
 */
#include <kernel/load.h>
#include <kernel/elf.h>
#include <kernel/exec.h>
#include <kernel/memory.h>
#include <kernel/process.h>
#include <kernel/fs/fs.h>
#include <mm/mm.h>

#define MAP_HERE (MM_PRIVATE | MM_FIXED | MM_NOREPLACE)

/* Exactly len bytes, or -ENOEXEC: the file is too short to be what it says. */
static long read_exactly(struct file *file, void *to, uint64_t len, uint64_t offset)
{
	long got = file_read_at(file, to, len, offset);

	return got == (long)len ? 0 : got < 0 ? got : -ENOEXEC;
}

static long read_image(struct file *file, struct elf_image *image)
{
	char head[ELF_HEADER_BYTES];
	uint64_t len;
	void *programs;
	long result = read_exactly(file, head, sizeof(head), 0);

	if (result != 0)
		return result;
	result = elf_read_header(head, image);
	if (result != 0)
		return result;
	len = image->nr_headers * (uint64_t)ELF_PROGRAM_BYTES;
	if (image->headers > file_size(file))
		return -ENOEXEC;
	programs = heap_alloc(len);
	if (programs == NULL)
		return -ENOMEM;
	result = read_exactly(file, programs, len, image->headers);
	if (result == 0)
		result = elf_read_programs(programs, file_size(file), USER_PROGRAM_END, image);
	heap_free(programs);
	return result;
}

/* Zeros in the rest of the last page that comes from the file. */
static long clear_tail(struct mm *mm, vms_va from, vms_va end)
{
	static const char zeros[256];

	while (from < end) {
		uint64_t len = min_u64(sizeof(zeros), end - from);
		long result = mm_write(mm, from, zeros, len);

		if (result != 0)
			return result;
		from += len;
	}
	return 0;
}

static long map_segment(struct mm *mm, struct file *file, const struct elf_segment *segment, vms_va base)
{
	vms_va va = base + segment->va, first = va / VMS_PAGE * VMS_PAGE;
	vms_va file_end = va + segment->file_len, file_pages = page_up(file_end), pages = page_up(va + segment->len);
	long at;

	if (segment->file_len == 0)
		file_pages = first;
	if (file_pages > first) {
		at = mm_map(mm, first, file_pages - first, segment->rights, MAP_HERE, file,
			    segment->offset / VMS_PAGE * VMS_PAGE);
		if (at < 0)
			return at;
		/* To the page's end, past the segment's own: the C library's loader allocates from what is left. */
		if (segment->rights & MM_PROT_WRITE) {
			long result = clear_tail(mm, file_end, file_pages);

			if (result != 0)
				return result;
		}
	}
	if (pages > file_pages) {
		at = mm_map(mm, file_pages, pages - file_pages, segment->rights, MAP_HERE | MM_ANONYMOUS, NULL, 0);
		if (at < 0)
			return at;
	}
	return 0;
}

static long map_image(struct mm *mm, struct file *file, const struct elf_image *image, vms_va base)
{
	/* A base moves every address up: the highest one must still be the program's. */
	if (image->end > USER_PROGRAM_END - base)
		return -ENOMEM;
	for (uint32_t i = 0; i < image->nr_segments; i++) {
		long result = map_segment(mm, file, &image->segment[i], base);

		if (result != 0)
			return result == -ENOMEM ? -ENOMEM : -ENOEXEC;
	}
	return 0;
}

static long load_interpreter(struct mm *mm, struct file *program, struct elf_image *image, struct loaded *loaded)
{
	char path[ELF_MAX_INTERP];
	struct file *file;
	long result = read_exactly(program, path, image->interp_len, image->interp);

	if (result == 0 && path[image->interp_len - 1] != 0)
		result = -ENOEXEC;
	if (result == 0)
		result = file_open(path, 0, 0, &file);
	if (result != 0)
		return result;
	if (!file_is_regular(file) || !file_is_executable(file))
		result = -EACCES;
	if (result == 0)
		result = read_image(file, image);
	if (result == 0 && !image->relocatable)
		result = -ENOEXEC;
	if (result == 0)
		result = map_image(mm, file, image, USER_INTERP_BASE);
	if (result == 0) {
		loaded->base = USER_INTERP_BASE;
		loaded->entry = USER_INTERP_BASE + image->entry;
	}
	file_put(file);
	return result;
}

long load_program(struct mm *mm, struct file *file, struct loaded *loaded)
{
	struct elf_image *image = heap_alloc(sizeof(*image));
	vms_va base;
	long result;

	if (image == NULL)
		return -ENOMEM;
	result = read_image(file, image);
	if (result == 0) {
		base = image->relocatable ? USER_PIE_BASE : 0;
		*loaded = (struct loaded){
			.entry = base + image->entry,
			.own_entry = base + image->entry,
			.headers = image->headers_va == 0 ? 0 : base + image->headers_va,
			.nr_headers = image->nr_headers,
			.brk = base + image->end,
			.stack_exec = image->stack_exec,
		};
		result = map_image(mm, file, image, base);
	}
	if (result == 0 && image->interp_len != 0)
		result = load_interpreter(mm, file, image, loaded);
	heap_free(image);
	return result;
}
