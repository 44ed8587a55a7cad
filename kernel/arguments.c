/*
 * The strings of an exec. See arguments.h.
 */
#include <kernel/arguments.h>
#include <kernel/errno.h>
#include <kernel/memory.h>
#include <kernel/user.h>
#include <mm/mm.h>

#define NR_PAGES (ARGUMENTS_MAX / VMS_PAGE)
_Static_assert(NR_PAGES * sizeof(char *) <= VMS_PAGE, "one frame of pointers");

static void *frame_take(bool zeroed)
{
	vms_pfn frame = frame_alloc(VMS_FRAME_KERNEL, zeroed);

	return frame == VMS_NO_FRAME ? NULL : frame_data(frame);
}

static void frame_give(void *data)
{
	vms_port_preempt_off();
	vms_frame_put(frame_of(data));
	vms_port_preempt_on();
}

long arguments_init(struct arguments *arguments)
{
	*arguments = (struct arguments){0};
	arguments->front = heap_alloc(ARGUMENTS_FRONT);
	arguments->page = frame_take(true);
	if (arguments->front != NULL && arguments->page != NULL)
		return 0;
	arguments_fini(arguments);
	return -ENOMEM;
}

void arguments_fini(struct arguments *arguments)
{
	for (uint32_t i = 0; arguments->page != NULL && i < NR_PAGES && arguments->page[i] != NULL; i++)
		frame_give(arguments->page[i]);
	if (arguments->page != NULL)
		frame_give(arguments->page);
	heap_free(arguments->front);
	*arguments = (struct arguments){0};
}

/* Room for the pointers too. */
static uint64_t bytes_left(const struct arguments *arguments)
{
	uint64_t gone = arguments->used + 8ul * (arguments->nr_argv + arguments->nr_envp + 1);

	return gone >= ARGUMENTS_MAX ? 0 : ARGUMENTS_MAX - gone;
}

/* The rest of the page at `used`, made if need be. NULL: no memory. */
static char *next_room(struct arguments *arguments, uint64_t *room)
{
	uint64_t at = arguments->used % VMS_PAGE;
	char **page = &arguments->page[arguments->used / VMS_PAGE];

	if (*page == NULL)
		*page = frame_take(false);
	*room = VMS_PAGE - at;
	return *page == NULL ? NULL : *page + at;
}

static long add_string(struct arguments *arguments, const char *string)
{
	uint64_t len = strlen(string) + 1;

	if (len > ARGUMENT_MAX || len > bytes_left(arguments))
		return -E2BIG;
	while (len > 0) {
		uint64_t room;
		char *to = next_room(arguments, &room);

		if (to == NULL)
			return -ENOMEM;
		room = min_u64(room, len);
		memcpy(to, string, room);
		string += room;
		len -= room;
		arguments->used += room;
	}
	return 0;
}

/* From user memory: in pieces that cross no page, so that no byte behind the string is asked for. */
static long add_user_string(struct arguments *arguments, vms_va from)
{
	uint64_t total = 0;

	for (;;) {
		uint64_t room, len;
		char *to = next_room(arguments, &room);

		if (to == NULL)
			return -ENOMEM;
		room = min_u64(min_u64(room, VMS_PAGE - from % VMS_PAGE),
			       min_u64(ARGUMENT_MAX - total, bytes_left(arguments)));
		if (room == 0)
			return -E2BIG;
		if (user_read(to, from, room) != 0)
			return -EFAULT;
		len = strnlen(to, room);
		if (len < room) {
			arguments->used += len + 1;
			return 0;
		}
		arguments->used += room;
		total += room;
		from += room;
	}
}

long arguments_add(struct arguments *arguments, const char *const argv[], const char *const envp[])
{
	long result = 0;

	for (; result == 0 && argv[arguments->nr_argv] != NULL; arguments->nr_argv++)
		result = add_string(arguments, argv[arguments->nr_argv]);
	for (; result == 0 && envp[arguments->nr_envp] != NULL; arguments->nr_envp++)
		result = add_string(arguments, envp[arguments->nr_envp]);
	return result;
}

/* One list of pointers, up to a null one. A null list is an empty one, as on Linux. */
static long add_user_list(struct arguments *arguments, vms_va list, uint32_t *count)
{
	for (; list != 0; list += 8) {
		uint64_t string;
		long result;

		if (user_read(&string, list, sizeof(string)) != 0)
			return -EFAULT;
		if (string == 0)
			return 0;
		result = add_user_string(arguments, string);
		if (result != 0)
			return result;
		++*count;
	}
	return 0;
}

long arguments_add_user(struct arguments *arguments, vms_va argv, vms_va envp)
{
	long result = add_user_list(arguments, argv, &arguments->nr_argv);

	/* A program may count on having a name. */
	if (result == 0 && arguments->nr_argv == 0) {
		result = add_string(arguments, "");
		arguments->nr_argv = 1;
	}
	return result != 0 ? result : add_user_list(arguments, envp, &arguments->nr_envp);
}

long arguments_wrap(struct arguments *arguments, const char *interpreter, const char *option, const char *path)
{
	const char *const strings[] = {interpreter, option, path};
	uint32_t gone = 0, need = 0, at = 0;

	/* The first argument goes: the first in front, or else the first of the others. */
	if (arguments->nr_front > 0)
		gone = (uint32_t)strlen(arguments->front) + 1;
	for (uint32_t i = 0; i < ARRAY_LEN(strings); i++)
		need += strings[i] != NULL ? (uint32_t)strlen(strings[i]) + 1 : 0;
	if (arguments->front_used - gone + need > ARGUMENTS_FRONT)
		return -E2BIG;
	memmove(arguments->front + need, arguments->front + gone, arguments->front_used - gone);
	for (uint32_t i = 0; i < ARRAY_LEN(strings); i++) {
		if (strings[i] == NULL)
			continue;
		memcpy(arguments->front + at, strings[i], strlen(strings[i]) + 1);
		at += (uint32_t)strlen(strings[i]) + 1;
	}
	arguments->front_used += need - gone;
	if (arguments->nr_front > 0)
		arguments->nr_front--;
	else
		arguments->skipped = arguments->nr_argv > 0;
	arguments->nr_front += option != NULL ? 3 : 2;
	return 0;
}

/* Words on their way to the new stack, gathered so that few writes are needed. */
struct words {
	struct mm *mm;
	vms_va at; /* of word[0] */
	uint32_t nr;
	long result;
	uint64_t word[64];
};

static void words_flush(struct words *words)
{
	if (words->result == 0)
		words->result = mm_write(words->mm, words->at, words->word, words->nr * 8ul);
	words->at += words->nr * 8ul;
	words->nr = 0;
}

static void words_add(struct words *words, uint64_t word)
{
	words->word[words->nr++] = word;
	if (words->nr == ARRAY_LEN(words->word))
		words_flush(words);
}

/* The addresses of `count` strings of the pages, from byte *from on; `base` is where byte 0 will be. */
static void add_addresses(struct words *words, const struct arguments *arguments, uint64_t *from, uint32_t count,
			  vms_va base)
{
	while (count-- > 0) {
		words_add(words, base + *from);
		while (arguments->page[*from / VMS_PAGE][*from % VMS_PAGE] != 0)
			++*from;
		++*from;
	}
}

static long write_pages(const struct arguments *arguments, struct mm *mm, vms_va to)
{
	for (uint64_t at = 0; at < arguments->used; at += VMS_PAGE) {
		long result =
			mm_write(mm, to + at, arguments->page[at / VMS_PAGE], min_u64(VMS_PAGE, arguments->used - at));

		if (result != 0)
			return result;
	}
	return 0;
}

/* A few bytes under *top, which moves down. */
static long push(struct mm *mm, vms_va *top, const void *from, uint64_t len)
{
	*top -= len;
	return mm_write(mm, *top, from, len);
}

long arguments_write(const struct arguments *arguments, struct mm *mm, vms_va top, const char *execfn,
		     const char random[16], uint64_t *aux, uint32_t nr_aux, vms_va *sp)
{
	static const char platform[] = "x86_64";
	uint32_t nr_argv = arguments->nr_front + arguments->nr_argv - arguments->skipped;
	uint64_t nr_words = 1 + nr_argv + 1 + arguments->nr_envp + 1 + nr_aux, from = 0;
	struct words words = {.mm = mm};
	vms_va execfn_at, random_at, platform_at, front_at, pages_at, at = top - 16;
	long result = push(mm, &at, execfn, strlen(execfn) + 1);

	execfn_at = at;
	if (result == 0)
		result = push(mm, &at, platform, sizeof(platform));
	platform_at = at;
	if (result == 0)
		result = push(mm, &at, random, 16);
	random_at = at;
	if (result == 0)
		result = push(mm, &at, arguments->front, arguments->front_used);
	front_at = at;
	if (result != 0)
		return result;
	pages_at = (at - arguments->used) / 16 * 16;
	result = write_pages(arguments, mm, pages_at);
	if (result != 0)
		return result;

	*sp = words.at = (pages_at - 8 * nr_words) / 16 * 16;
	words_add(&words, nr_argv);
	for (uint32_t i = 0, front = 0; i < arguments->nr_front; i++) {
		words_add(&words, front_at + front);
		front += (uint32_t)strlen(arguments->front + front) + 1;
	}
	if (arguments->skipped > 0) {
		while (arguments->page[from / VMS_PAGE][from % VMS_PAGE] != 0)
			from++;
		from++;
	}
	add_addresses(&words, arguments, &from, arguments->nr_argv - arguments->skipped, pages_at);
	words_add(&words, 0);
	add_addresses(&words, arguments, &from, arguments->nr_envp, pages_at);
	words_add(&words, 0);
	for (uint32_t i = 0; i < nr_aux; i++)
		words_add(&words, aux[i] == ARGUMENTS_EXECFN     ? execfn_at
				  : aux[i] == ARGUMENTS_RANDOM   ? random_at
				  : aux[i] == ARGUMENTS_PLATFORM ? platform_at
								 : aux[i]);
	words_flush(&words);
	return words.result;
}
