/*
 * Physical memory: who gets a frame.
 *
 * Free frames are kept in blocks of 2^order frames, aligned to their size, joined with their other half
 * (the *buddy*) when both are free. On top of that each CPU keeps up to two *chains* of single frames, so that the
 * usual allocation is a few instructions without a lock; full chains that a CPU has too many of go to a stock for all
 * CPUs, whole, and are taken apart only when a larger block is wanted. A free frame's contents are never touched:
 * links are in the records.
 *
 * A block is free exactly if its first frame's record says so in word[4], which belongs to this file for ever:
 * order + 1, or 0 for every frame that is not the first of a free block. word[3] is the link back, `next` the other; in
 * the first frame of a chain in the stock word[3] is the next chain.
 *
 *     free frames == blocks.nr_free + NR_CHAIN * stock.nr + those that CPUs keep
 *
 * Not for interrupt handlers: a CPU's own frames are guarded by nothing but that the kernel is not preempted.
 */
#include <kernel/memory.h>
#include <kernel/sched.h>

#define NR_ORDERS 19u /* up to 1 GiB, the largest huge frame */
#define CHAIN_ORDER 6u
#define NR_CHAIN (1u << CHAIN_ORDER) /* frames in a full chain */
#define HUGE_ORDER 9u
/* Frames of 2 MiB are given out while more than an eighth of the memory is free: small needs come first. */
#define HUGE_SPARES 8u

#define STATE 4
#define BACK 3

static struct {
	struct lock lock;         /* of the stock too */
	vms_pfn first[NR_ORDERS]; /* of the list of free blocks, linked by next and word[BACK] */
	uint64_t nr_free;
	uint64_t total;
	uint64_t nr_huge; /* blocks of HUGE_ORDER that are one frame each */
} blocks;

static struct {
	vms_pfn first; /* frame of the first chain */
	uint64_t nr;   /* of chains */
} stock = {.first = VMS_NO_FRAME};

/* What a CPU keeps: `now` is given from and added to; `full`, NR_CHAIN frames or none, stands behind it. */
static struct kept {
	uint64_t nr_tables; /* frames that became tables so far */
	vms_pfn now, full;
	uint32_t nr_now, nr_full;
	bool dividing; /* the large frame that is freed now stays its holder's, in parts */
} VMS_OWN_LINE kept[VMS_MAX_CPUS];

static void block_add(vms_pfn frame, uint32_t order)
{
	struct vms_frame *meta = &vms_machine.meta[frame];

	meta->next = blocks.first[order];
	meta->word[BACK] = VMS_NO_FRAME;
	meta->word[STATE] = order + 1;
	if (meta->next != VMS_NO_FRAME)
		vms_machine.meta[meta->next].word[BACK] = frame;
	blocks.first[order] = frame;
}

static void block_remove(vms_pfn frame, uint32_t order)
{
	struct vms_frame *meta = &vms_machine.meta[frame];

	if (meta->word[BACK] != VMS_NO_FRAME)
		vms_machine.meta[meta->word[BACK]].next = meta->next;
	else
		blocks.first[order] = meta->next;
	if (meta->next != VMS_NO_FRAME)
		vms_machine.meta[meta->next].word[BACK] = meta->word[BACK];
	meta->word[STATE] = 0;
}

static void block_free(vms_pfn frame, uint32_t order)
{
	blocks.nr_free += 1ul << order;
	while (order + 1 < NR_ORDERS) {
		uint64_t buddy = frame ^ 1ul << order;

		if (buddy >= vms_machine.nr_frames || vms_machine.meta[buddy].word[STATE] != order + 1)
			break;
		block_remove((vms_pfn)buddy, order);
		frame = frame < buddy ? frame : (vms_pfn)buddy;
		order++;
	}
	block_add(frame, order);
}

static vms_pfn block_alloc(uint32_t order)
{
	uint32_t from = order;
	vms_pfn frame;

	while (from < NR_ORDERS && blocks.first[from] == VMS_NO_FRAME)
		from++;
	if (from == NR_ORDERS)
		return VMS_NO_FRAME;
	frame = blocks.first[from];
	block_remove(frame, from);
	/* The upper halves of what is too large stay free. */
	for (; from > order; from--)
		block_add(frame + (1u << (from - 1)), from - 1);
	blocks.nr_free -= 1ul << order;
	return frame;
}

void frames_init(const struct vms_region *regions, uint32_t nr_regions)
{
	for (uint32_t order = 0; order < NR_ORDERS; order++)
		blocks.first[order] = VMS_NO_FRAME;
	for (uint32_t i = 0; i < vms_machine.nr_frames; i++)
		vms_machine.meta[i].word[STATE] = 0;
	for (uint32_t i = 0; i < nr_regions; i++) {
		uint64_t at = regions[i].first, end = at + regions[i].nr_frames;

		while (at < end) {
			uint32_t order = 0;

			while (order + 1 < NR_ORDERS && at % (2ul << order) == 0 && at + (2ul << order) <= end)
				order++;
			block_free((vms_pfn)at, order);
			at += 1ul << order;
		}
	}
	blocks.total = blocks.nr_free;
}

/* Take the stock's chains apart, so that neighbours join. The lock is held. */
static void stock_dissolve(void)
{
	while (stock.first != VMS_NO_FRAME) {
		vms_pfn frame = stock.first;

		stock.first = vms_machine.meta[frame].word[BACK];
		stock.nr--;
		for (uint32_t i = 0; i < NR_CHAIN; i++) {
			vms_pfn next = vms_machine.meta[frame].next;

			block_free(frame, 0);
			frame = next;
		}
	}
}

/* A block, whatever it takes. The lock is held. */
static vms_pfn block_find(uint32_t order)
{
	vms_pfn frame = block_alloc(order);

	if (frame != VMS_NO_FRAME || stock.nr == 0)
		return frame;
	stock_dissolve();
	return block_alloc(order);
}

/* A chain of 2^order frames that lie together. */
static void chain_block(struct kept *mine, vms_pfn frame, uint32_t order)
{
	for (uint32_t i = 0; i < 1u << order; i++)
		vms_machine.meta[frame + i].next = frame + i + 1;
	mine->now = frame;
	mine->nr_now = 1u << order;
}

/* The CPU keeps none: get a chain from the stock, or make one. The lock is held. */
static void chain_get(struct kept *mine)
{
	if (stock.nr > 0) {
		mine->now = stock.first;
		mine->nr_now = NR_CHAIN;
		stock.first = vms_machine.meta[mine->now].word[BACK];
		stock.nr--;
		return;
	}
	for (uint32_t order = CHAIN_ORDER + 1; order-- > 0;) {
		vms_pfn frame = block_alloc(order);

		if (frame != VMS_NO_FRAME) {
			chain_block(mine, frame, order);
			return;
		}
	}
}

/* `now` is empty: another chain in its place, if there is any. */
VMS_SELDOM static void refill(struct kept *mine)
{
	if (mine->nr_full > 0) {
		mine->now = mine->full;
		mine->nr_now = mine->nr_full;
		mine->nr_full = 0;
		return;
	}
	lock_take(&blocks.lock);
	chain_get(mine);
	lock_drop(&blocks.lock);
}

static inline vms_pfn take(struct kept *mine)
{
	vms_pfn frame;

	if (mine->nr_now == 0) {
		refill(mine);
		if (mine->nr_now == 0)
			return VMS_NO_FRAME;
	}
	frame = mine->now;
	mine->now = vms_machine.meta[frame].next;
	mine->nr_now--;
	return frame;
}

vms_pfn vms_port_frame_alloc(void)
{
	struct kept *mine = &kept[this_cpu()->id];

	mine->nr_tables++;
	return take(mine);
}

/* `now` is a full chain: it stands behind from now on, and the one that stood there goes to the stock. */
VMS_SELDOM static void put_behind(struct kept *mine)
{
	if (mine->nr_full > 0) {
		lock_take(&blocks.lock);
		vms_machine.meta[mine->full].word[BACK] = stock.first;
		stock.first = mine->full;
		stock.nr++;
		lock_drop(&blocks.lock);
	}
	mine->full = mine->now;
	mine->nr_full = NR_CHAIN;
	mine->nr_now = 0;
}

VMS_SELDOM static void large_free(const struct kept *mine, vms_pfn frame, uint32_t level)
{
	if (mine->dividing)
		return;
	lock_take(&blocks.lock);
	block_free(frame, 9 * (level - 1));
	blocks.nr_huge--;
	lock_drop(&blocks.lock);
}

void vms_port_frame_free(vms_pfn frame, uint32_t level)
{
	struct kept *mine = &kept[this_cpu()->id];

	if (level > 1) {
		large_free(mine, frame, level);
		return;
	}
	if (mine->nr_now == NR_CHAIN)
		put_behind(mine);
	vms_machine.meta[frame].next = mine->now;
	mine->now = frame;
	mine->nr_now++;
}

vms_pfn frame_alloc(enum vms_frame_kind kind, bool zeroed)
{
	vms_pfn frame = take(&kept[this_cpu()->id]);

	if (frame == VMS_NO_FRAME)
		return VMS_NO_FRAME;
	if (vms_frame_from_unused(frame, kind, 1) != VMS_OK)
		panic("frame %x is free and in use", frame);
	if (zeroed)
		memset(frame_data(frame), 0, VMS_PAGE);
	return frame;
}

vms_pfn frame_huge_alloc(bool zeroed)
{
	vms_pfn frame = VMS_NO_FRAME;

	lock_take(&blocks.lock);
	if (blocks.nr_free + NR_CHAIN * stock.nr > blocks.total / HUGE_SPARES + (1u << HUGE_ORDER))
		frame = block_find(HUGE_ORDER);
	blocks.nr_huge += frame != VMS_NO_FRAME;
	lock_drop(&blocks.lock);
	if (frame == VMS_NO_FRAME)
		return VMS_NO_FRAME;
	if (vms_frame_from_unused(frame, VMS_FRAME_UNTYPED, 2) != VMS_OK)
		panic("frame %x is free and in use", frame);
	if (zeroed)
		memset(frame_data(frame), 0, VMS_PAGE << HUGE_ORDER);
	return frame;
}

void frame_huge_divide(vms_pfn frame)
{
	struct kept *mine = &kept[this_cpu()->id];

	mine->dividing = true;
	vms_frame_put(frame);
	mine->dividing = false;
	for (uint32_t i = 0; i < 1u << HUGE_ORDER; i++) {
		if (vms_frame_from_unused(frame + i, VMS_FRAME_UNTYPED, 1) != VMS_OK)
			panic("frame %x is not its divider's alone", frame);
	}
	lock_take(&blocks.lock);
	blocks.nr_huge--;
	lock_drop(&blocks.lock);
}

vms_pfn frame_run_alloc(uint32_t order)
{
	vms_pfn frame;

	lock_take(&blocks.lock);
	frame = block_find(order);
	lock_drop(&blocks.lock);
	if (frame == VMS_NO_FRAME)
		return VMS_NO_FRAME;
	for (uint32_t i = 0; i < 1u << order; i++) {
		if (vms_frame_from_unused(frame + i, VMS_FRAME_KERNEL, 1) != VMS_OK)
			panic("frame %x is free and in use", frame + i);
	}
	return frame;
}

void frame_run_free(vms_pfn frame, uint32_t order)
{
	for (uint32_t i = 0; i < 1u << order; i++)
		vms_frame_put(frame + i);
}

struct memory_use memory_use(void)
{
	struct memory_use use = {.total = blocks.total};

	lock_take(&blocks.lock);
	use.free = blocks.nr_free + NR_CHAIN * stock.nr;
	use.nr_huge = blocks.nr_huge;
	lock_drop(&blocks.lock);
	for (uint32_t i = 0; i < nr_cpus; i++) {
		use.free += __atomic_load_n(&kept[i].nr_now, __ATOMIC_RELAXED) +
			    __atomic_load_n(&kept[i].nr_full, __ATOMIC_RELAXED);
		use.nr_tables += __atomic_load_n(&kept[i].nr_tables, __ATOMIC_RELAXED);
	}
	return use;
}
