/*
 * The tree of a file's pages (pages.h). A node is a frame of 1024 words, each 0 or a frame number + 1.
 */
#include <kernel/fs/pages.h>
#include <kernel/memory.h>

#define FANOUT 1024u

static uint64_t nr_in_use; /* pages of all files; atomic */

uint64_t pages_in_use(void)
{
	return __atomic_load_n(&nr_in_use, __ATOMIC_RELAXED);
}

static uint32_t *node_words(uint32_t node)
{
	return frame_data(node - 1);
}

/* Pages under one word of a node at this height. */
static uint64_t word_span(uint32_t height)
{
	uint64_t span = 1;

	while (--height > 0)
		span *= FANOUT;
	return span;
}

static bool covers(const struct pages *pages, uint64_t index)
{
	return pages->root && (pages->height == 0 ? index == 0 : index / FANOUT < word_span(pages->height));
}

vms_pfn pages_find(const struct pages *pages, uint64_t index)
{
	uint32_t node = pages->root;

	if (!covers(pages, index))
		return VMS_NO_FRAME;
	for (uint32_t height = pages->height; height > 0 && node; height--)
		node = node_words(node)[index / word_span(height) % FANOUT];
	return node ? node - 1 : VMS_NO_FRAME;
}

static uint32_t frame_new(enum vms_frame_kind kind)
{
	vms_pfn frame = frame_alloc(kind, true);

	return frame == VMS_NO_FRAME ? 0 : frame + 1;
}

/* Nodes on the way that are left without a page after a failure stay: they are found and freed like others. */
vms_pfn pages_make(struct pages *pages, uint64_t index)
{
	uint32_t *word = &pages->root;

	if (!pages->root) {
		pages->height = 0;
		while (index >= (pages->height ? word_span(pages->height) * FANOUT : 1))
			pages->height++;
	}
	while (pages->root && !covers(pages, index)) {
		uint32_t node = frame_new(VMS_FRAME_KERNEL);

		if (!node)
			return VMS_NO_FRAME;
		node_words(node)[0] = pages->root;
		pages->root = node;
		pages->height++;
	}
	for (uint32_t height = pages->height; height > 0; height--) {
		if (!*word)
			*word = frame_new(VMS_FRAME_KERNEL);
		if (!*word)
			return VMS_NO_FRAME;
		word = &node_words(*word)[index / word_span(height) % FANOUT];
	}
	if (!*word) {
		*word = frame_new(VMS_FRAME_UNTYPED);
		if (!*word)
			return VMS_NO_FRAME;
		pages->nr++;
		__atomic_fetch_add(&nr_in_use, 1, __ATOMIC_RELAXED);
	}
	return *word - 1;
}

static bool is_empty(uint32_t node)
{
	for (uint32_t i = 0; i < FANOUT; i++)
		if (node_words(node)[i])
			return false;
	return true;
}

static void page_cut(struct pages *pages, uint32_t *word)
{
	vms_frame_put(*word - 1);
	*word = 0;
	pages->nr--;
	__atomic_fetch_sub(&nr_in_use, 1, __ATOMIC_RELAXED);
}

/* Drop the pages from `first` on, counted from the node's first page; the node too if nothing is left. */
static void node_cut(struct pages *pages, uint32_t *word, uint32_t height, uint64_t first)
{
	uint64_t span;

	if (!*word)
		return;
	if (height == 0) {
		page_cut(pages, word);
		return;
	}
	span = word_span(height);
	for (uint64_t i = first / span; i < FANOUT; i++)
		node_cut(pages, &node_words(*word)[i], height - 1, i * span < first ? first - i * span : 0);
	if (first == 0 && is_empty(*word)) {
		vms_frame_put(*word - 1);
		*word = 0;
	}
}

void pages_cut(struct pages *pages, uint64_t first)
{
	vms_port_preempt_off();
	if (first == 0 || covers(pages, first))
		node_cut(pages, &pages->root, pages->height, first);
	vms_port_preempt_on();
}

void pages_drop(struct pages *pages, uint64_t index)
{
	uint32_t *word = &pages->root;

	if (!covers(pages, index))
		return;
	for (uint32_t height = pages->height; height > 0 && *word; height--)
		word = &node_words(*word)[index / word_span(height) % FANOUT];
	vms_port_preempt_off();
	if (*word)
		page_cut(pages, word);
	vms_port_preempt_on();
}

uint64_t pages_next(const struct pages *pages, uint64_t index, bool present)
{
	while (index < PAGES_MAX) {
		uint32_t node = pages->root, height = pages->height;
		uint64_t span = 1;

		if (!covers(pages, index))
			return present ? PAGES_MAX : index;
		for (; height > 0 && node; height--) {
			span = word_span(height);
			node = node_words(node)[index / span % FANOUT];
		}
		if ((node != 0) == present)
			return index;
		index = node ? index + 1 : (index / span + 1) * span;
	}
	return PAGES_MAX;
}
