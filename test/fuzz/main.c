/*
 * A fuzzer as a program of its own: each file that is named is one input, and without any the standard input is.
 */
#include <string.h>

#include "fuzz.h"

#define MAX_BYTES (1u << 20)

static void feed(FILE *file)
{
	static uint8_t room[MAX_BYTES];
	size_t size = fread(room, 1, sizeof(room), file);
	/* On the heap and no longer than it is, so that a sanitizer sees what reads past its end. */
	uint8_t *data = malloc(size + !size);

	memcpy(data, room, size);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
}

int main(int argc, char **argv)
{
	if (argc == 1)
		feed(stdin);
	for (int i = 1; i < argc; i++) {
		FILE *file = fopen(argv[i], "rb");

		if (!file) {
			perror(argv[i]);
			return 1;
		}
		feed(file);
		fclose(file);
	}
	return 0;
}
