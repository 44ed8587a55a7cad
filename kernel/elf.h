/*
 * Reading executables: 64-bit ELF for this machine. Nothing here maps or allocates, so that it can be tested
 * and fuzzed anywhere. Every field is what a stranger wrote.
 */
#ifndef KERNEL_ELF_H
#define KERNEL_ELF_H

#include <stdbool.h>
#include <stdint.h>

#define ELF_HEADER_BYTES 64
#define ELF_PROGRAM_BYTES 56
#define ELF_MAX_PROGRAMS 64 /* program headers in a file */
#define ELF_MAX_SEGMENTS 16 /* of them, to be loaded */
#define ELF_MAX_INTERP 256

struct elf_segment {
	uint64_t va;       /* of its first byte; relative to the base of a position-independent program */
	uint64_t len;      /* bytes in memory, at least 1 */
	uint64_t file_len; /* of them, from the file; the rest is zero */
	uint64_t offset;   /* in the file; equal to va modulo the page size */
	uint32_t rights;   /* MM_PROT_ */
};

struct elf_image {
	bool relocatable; /* goes anywhere: add a base to every address */
	uint64_t entry;
	uint64_t headers;    /* where the program headers are in the file, */
	uint32_t nr_headers; /* and how many */
	uint64_t headers_va; /* where a segment shows them in memory; 0: none does */
	uint64_t start, end; /* of all segments, whole pages */
	uint32_t nr_segments;
	struct elf_segment segment[ELF_MAX_SEGMENTS]; /* by rising address, in different pages */
	bool stack_exec;
	uint64_t interp;     /* path of the interpreter in the file; interp_len 0: none */
	uint64_t interp_len; /* with its final NUL */
};

/*
 * The first ELF_HEADER_BYTES of a file: entry, headers and nr_headers. -ENOEXEC if it is no program for us;
 * then nothing in image may be used.
 */
int elf_read_header(const void *head, struct elf_image *image);
/*
 * Its nr_headers program headers: the rest of the image.
 *
 * file_size  bytes; everything that is loaded lies in the file
 * user_end   the end of the addresses that a program may have
 *
 * Returns  0, -ENOEXEC (malformed), -ENOMEM (addresses that no program can have).
 */
int elf_read_programs(const void *programs, uint64_t file_size, uint64_t user_end, struct elf_image *image);

#endif
