/*
 * The string functions of the C library that the kernel uses. memcpy, memmove and memset are the machine's.
 */
#include <kernel/base.h>

int memcmp(const void *a, const void *b, size_t len)
{
	const unsigned char *left = a, *right = b;

	for (size_t i = 0; i < len; i++) {
		if (left[i] != right[i])
			return left[i] - right[i];
	}
	return 0;
}

size_t strlen(const char *s)
{
	return strnlen(s, SIZE_MAX);
}

size_t strnlen(const char *s, size_t max)
{
	size_t len = 0;

	while (len < max && s[len])
		len++;
	return len;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, SIZE_MAX);
}

int strncmp(const char *a, const char *b, size_t max)
{
	for (size_t i = 0; i < max; i++) {
		if (a[i] != b[i] || !a[i])
			return (unsigned char)a[i] - (unsigned char)b[i];
	}
	return 0;
}

char *strchr(const char *s, int c)
{
	for (;; s++) {
		if (*s == (char)c)
			return (char *)(uintptr_t)s;
		if (!*s)
			return NULL;
	}
}

char *strrchr(const char *s, int c)
{
	const char *found = NULL;

	do {
		if (*s == (char)c)
			found = s;
	} while (*s++);
	return (char *)(uintptr_t)found;
}

bool strcopy(char *to, const char *from, size_t size)
{
	size_t len = strlen(from), fits = len < size ? len : size - 1;

	memcpy(to, from, fits);
	to[fits] = '\0';
	return fits == len;
}
