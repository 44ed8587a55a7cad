/*
 * The program whose system calls the fuzzer makes, as it lies in the archive of files, and what it finds in memory.
 */
#ifndef FUZZ_PROGRAM_H
#define FUZZ_PROGRAM_H

#include <stddef.h>
#include <stdint.h>

#include "fuzz.h"

#define PROGRAM_CODE 0x400000ul  /* one page, readable and executable */
#define PROGRAM_PATHS 0x402000ul /* from here on readable and writable: a page of paths, */
#define PROGRAM_PARTS 0x403000ul /* a page of structs that calls take, 64 bytes each, */
#define PROGRAM_ROOM 0x404000ul  /* pages for anything, the first from the file; what follows is not mapped */
#define PROGRAM_END 0x40a000ul
#define PART_BYTES 64u
#define NR_PARTS 64u

/* program_image.c: the archive, built once. */
const void *archive_image(size_t *len);

/* program.c: all programs of a run take what they do from here. */
void program_start(struct bytes input);

#endif
