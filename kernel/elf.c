/*
 * Reading executables. After elf_read_programs() says 0: no sum of an image wraps, segments rise and share no
 * page, all of them lie in [PAGE, user_end) and their file parts in the file.
 */
#include <kernel/base.h>
#include <kernel/elf.h>
#include <kernel/errno.h>
#include <mm/mm.h>

#define PAGE 4096ull

enum { ELF_EXECUTABLE = 2, ELF_SHARED = 3 };
enum { PT_LOAD = 1, PT_INTERP = 3, PT_PHDR = 6, PT_GNU_STACK = 0x6474e551 };
enum { PF_X = 1, PF_W = 2, PF_R = 4 };

#ifdef __x86_64__
#define ELF_MACHINE 62
#endif

struct elf_header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, program_offset, section_offset;
	uint32_t flags;
	uint16_t header_size, program_size, nr_programs, section_size, nr_sections, names;
};
_Static_assert(sizeof(struct elf_header) == ELF_HEADER_BYTES, "Elf64_Ehdr");

struct elf_program {
	uint32_t type, flags;
	uint64_t offset, va, pa, file_len, len, align;
};
_Static_assert(sizeof(struct elf_program) == ELF_PROGRAM_BYTES, "Elf64_Phdr");

int elf_read_header(const void *head, struct elf_image *image)
{
	static const uint8_t magic[7] = {0x7f, 'E', 'L', 'F', 2 /* 64 bits */, 1 /* little endian */, 1 /* version */};
	struct elf_header header;

	memcpy(&header, head, sizeof(header));
	memset(image, 0, sizeof(*image));
	if (memcmp(header.ident, magic, sizeof(magic)) != 0 || header.machine != ELF_MACHINE)
		return -ENOEXEC;
	if (header.type != ELF_EXECUTABLE && header.type != ELF_SHARED)
		return -ENOEXEC;
	if (header.program_size != ELF_PROGRAM_BYTES || header.nr_programs == 0 ||
	    header.nr_programs > ELF_MAX_PROGRAMS)
		return -ENOEXEC;
	image->relocatable = header.type == ELF_SHARED;
	image->entry = header.entry;
	image->headers = header.program_offset;
	image->nr_headers = header.nr_programs;
	return 0;
}

/* Is [at, at + len) inside [0, end)? Without a sum that could wrap. */
static bool is_inside(uint64_t at, uint64_t len, uint64_t end)
{
	return len <= end && at <= end - len;
}

static int add_segment(const struct elf_program *program, uint64_t file_size, uint64_t user_end,
		       struct elf_image *image)
{
	struct elf_segment *segment = &image->segment[image->nr_segments];
	uint64_t first = program->va / PAGE * PAGE;

	if (program->file_len > program->len || program->va % PAGE != program->offset % PAGE ||
	    !is_inside(program->offset, program->file_len, file_size))
		return -ENOEXEC;
	if (!is_inside(program->va, program->len, user_end))
		return -ENOMEM;
	if (program->len == 0)
		return 0;
	if (image->nr_segments == ELF_MAX_SEGMENTS || (image->nr_segments != 0 && first < image->end))
		return -ENOEXEC;
	/* Page 0 stays free, so that a null pointer is always an error. */
	if (!image->relocatable && first < PAGE)
		return -ENOEXEC;
	segment->va = program->va;
	segment->len = program->len;
	segment->file_len = program->file_len;
	segment->offset = program->offset;
	segment->rights = (program->flags & PF_R ? MM_PROT_READ : 0) | (program->flags & PF_W ? MM_PROT_WRITE : 0) |
			  (program->flags & PF_X ? MM_PROT_EXEC : 0);
	if (image->nr_segments == 0)
		image->start = first;
	image->end = (program->va + program->len + PAGE - 1) / PAGE * PAGE;
	image->nr_segments++;
	if (image->headers_va == 0 && image->headers >= program->offset &&
	    is_inside(image->headers - program->offset, image->nr_headers * (uint64_t)ELF_PROGRAM_BYTES,
		      program->file_len))
		image->headers_va = program->va + (image->headers - program->offset);
	return 0;
}

int elf_read_programs(const void *programs, uint64_t file_size, uint64_t user_end, struct elf_image *image)
{
	for (uint32_t i = 0; i < image->nr_headers; i++) {
		struct elf_program program;
		int result = 0;

		memcpy(&program, (const char *)programs + i * sizeof(program), sizeof(program));
		switch (program.type) {
		case PT_LOAD:
			result = add_segment(&program, file_size, user_end, image);
			break;
		case PT_INTERP:
			if (image->interp_len != 0 || program.file_len < 2 || program.file_len > ELF_MAX_INTERP ||
			    !is_inside(program.offset, program.file_len, file_size))
				return -ENOEXEC;
			image->interp = program.offset;
			image->interp_len = program.file_len;
			break;
		case PT_GNU_STACK:
			image->stack_exec = (program.flags & PF_X) != 0;
			break;
		}
		if (result != 0)
			return result;
	}
	if (image->nr_segments == 0)
		return -ENOEXEC;
	return 0;
}
