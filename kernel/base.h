/*
 * What every file of the kernel uses: lists, printing, memory and string functions, small macros.
 */
#ifndef KERNEL_BASE_H
#define KERNEL_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vms/vms.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

static inline uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}
static inline uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}
static inline uint64_t page_up(uint64_t bytes)
{
	return (bytes + VMS_PAGE - 1) / VMS_PAGE * VMS_PAGE;
}

/* A circular list through its members; the head is a member of nothing. */
struct list {
	struct list *next;
	struct list *prev;
};
static inline void list_init(struct list *head)
{
	head->next = head->prev = head;
}
static inline bool list_empty(const struct list *head)
{
	return head->next == head;
}
static inline void list_add(struct list *item, struct list *head) /* at the tail */
{
	item->prev = head->prev;
	item->next = head;
	head->prev->next = item;
	head->prev = item;
}
static inline void list_remove(struct list *item) /* and make it a list of its own */
{
	item->prev->next = item->next;
	item->next->prev = item->prev;
	list_init(item);
}
#define list_entry(item, type, member) container_of(item, type, member)
#define list_for(pos, head) for (struct list *pos = (head)->next; pos != (head); pos = pos->next)
/* The body may remove pos. */
#define list_for_safe(pos, head)                                                      \
	for (struct list *pos = (head)->next, *pos##_next = pos->next; pos != (head); \
	     pos = pos##_next, pos##_next = pos->next)

/* string.c */
void *memcpy(void *to, const void *from, size_t len);
void *memmove(void *to, const void *from, size_t len);
void *memset(void *at, int byte, size_t len);
int memcmp(const void *a, const void *b, size_t len);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t max);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
/* Copies at most size - 1 bytes and always ends with a NUL; true if all of it fitted. */
bool strcopy(char *to, const char *from, size_t size);

/* print.c. Conversions: %d %u %x %o %c %s %p %%, with -, 0, width, .* for %s, l and ll and z. */
int format_va(char *to, size_t size, const char *format, va_list args); /* as vsnprintf */
int format(char *to, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* A line (or part of one) on the console, from the kernel. Any context. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The kernel is broken: say where, and stop the machine with a status that is not 0. */
VMS_NORETURN void panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
