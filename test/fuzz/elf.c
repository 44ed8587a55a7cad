/*
 * The ELF reader with any bytes as the file: what it accepts has the properties that exec relies on.
 */
#include <string.h>

#include <kernel/elf.h>
#include <mm/errno.h>
#include <pte.h>

#include "fuzz.h"

#define PAGE 4096u

static void check(const struct elf_image *image, uint64_t file_size)
{
	uint64_t before = 0;

	MUST(image->nr_segments >= 1 && image->nr_segments <= ELF_MAX_SEGMENTS);
	for (uint32_t i = 0; i < image->nr_segments; i++) {
		const struct elf_segment *segment = &image->segment[i];

		MUST(segment->len > 0 && segment->file_len <= segment->len);
		MUST(segment->va < VMS_USER_END && segment->len <= VMS_USER_END - segment->va);
		MUST(image->relocatable || segment->va >= PAGE);
		MUST(i == 0 || segment->va / PAGE >= before);
		before = (segment->va + segment->len - 1) / PAGE + 1;
		MUST(segment->offset <= file_size && segment->file_len <= file_size - segment->offset);
		MUST(segment->offset % PAGE == segment->va % PAGE);
		MUST(segment->rights <= 7);
	}
	MUST(image->start == image->segment[0].va / PAGE * PAGE);
	MUST(image->end == before * PAGE);
	MUST(image->interp_len == 0 || (image->interp_len >= 2 && image->interp_len <= ELF_MAX_INTERP));
	MUST(image->interp <= file_size && image->interp_len <= file_size - image->interp);
	if (image->headers_va != 0)
		MUST(image->headers_va + image->nr_headers * ELF_PROGRAM_BYTES <= image->end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct elf_image image;
	uint64_t len;
	uint8_t *headers;
	int result;

	if (size < ELF_HEADER_BYTES || elf_read_header(data, &image) != 0)
		return 0;
	MUST(image.nr_headers >= 1 && image.nr_headers <= ELF_MAX_PROGRAMS);
	len = image.nr_headers * (uint64_t)ELF_PROGRAM_BYTES;
	/* As exec does: read that much of the file, or give up. */
	if (image.headers > size || len > size - image.headers)
		return 0;
	headers = malloc(len);
	memcpy(headers, data + image.headers, len);
	result = elf_read_programs(headers, size, VMS_USER_END, &image);
	free(headers);
	MUST(result == 0 || result == -ENOEXEC || result == -ENOMEM);
	if (result == 0)
		check(&image, size);
	return 0;
}
