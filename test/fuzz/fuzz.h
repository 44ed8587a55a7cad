/*
 * What the fuzzers share. Each is one function that gets a string of bytes and must come back: libFuzzer calls
 * it, or main.c with the bytes of a file (for AFL++, and to replay the corpus).
 */
#ifndef VMS_TEST_FUZZ_H
#define VMS_TEST_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input, taken from the front; zeros when it is used up. */
struct bytes {
	const uint8_t *at;
	size_t left;
};

static inline uint64_t take(struct bytes *bytes, uint32_t nr)
{
	uint64_t value = 0;

	for (uint32_t i = 0; i < nr && bytes->left > 0; i++, bytes->left--)
		value |= (uint64_t)*bytes->at++ << (8 * i);
	return value;
}

/* A number below limit, which is at most 2^16. */
static inline uint64_t take_below(struct bytes *bytes, uint64_t limit)
{
	return take(bytes, limit > 256 ? 2 : 1) % limit;
}

#define MUST(condition)                                                                     \
	do {                                                                                \
		if (!(condition)) {                                                         \
			fprintf(stderr, "%s:%d: not %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                            \
		}                                                                           \
	} while (0)

#endif
