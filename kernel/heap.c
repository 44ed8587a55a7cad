/*
 * The kernel's heap: objects of twenty-five sizes, cut from runs of frames (*slabs*).
 *
 * A slab holds objects of one size, and its first frame's record says which, how many are free and where. An
 * object larger than half a page is a slab of its own. A slab that is all free goes back at once. On top, each
 * CPU keeps some free objects of each size, guarded by nothing but that the kernel is not preempted.
 *
 *     free objects == those that CPUs keep + those in the slabs' own lists
 */
#include <kernel/memory.h>
#include <kernel/sched.h>

static const uint32_t sizes[] = {
	16,   32,   48,   64,    96,    128,   192,    256,    384,    512,     768,     1024,    1344,
	2048, 4096, 8192, 16384, 32768, 65536, 131072, 262144, 524288, 1048576, 2097152, 4194304,
};
#define NR_CLASSES ARRAY_LEN(sizes)

/* Words of a slab's first record: which size, how many objects are free, the first one's number; the link back. */
enum { WORD_CLASS, WORD_NR_FREE, WORD_FIRST, WORD_BACK };
#define NO_OBJECT 0xffffffffu

/* A free object begins with this. */
struct free_object {
	struct free_object *next; /* among those that a CPU keeps */
	uint32_t next_in_slab;
};

struct kept {
	struct free_object *first;
	uint32_t nr;
};

static struct cpu_heap {
	struct kept kept[NR_CLASSES];
	int64_t used; /* bytes; negative where others' objects were freed */
} VMS_OWN_LINE cpu_heaps[VMS_MAX_CPUS];

static struct slabs {
	struct lock lock;
	vms_pfn first; /* of those with free objects */
	bool started;
} VMS_OWN_LINE slabs[NR_CLASSES];

/* The first that is large enough: two to a power of two up to 2,048, the power itself the second; then one. */
static uint32_t class_of(size_t len)
{
	uint32_t power, class;

	if (len <= sizes[0])
		return 0;
	power = 63 - (uint32_t)__builtin_clzll(len - 1);
	if (power >= 11)
		return power + 3 < NR_CLASSES ? power + 3 : NR_CLASSES - 1;
	class = 2 * (power - 4);
	return len <= sizes[class] ? class : class + 1;
}

static uint32_t order_of(uint32_t class)
{
	uint32_t order = 0;

	while (VMS_PAGE << order < sizes[class])
		order++;
	return order;
}

static uint32_t nr_in_slab(uint32_t class)
{
	return sizes[class] < VMS_PAGE ? (uint32_t)VMS_PAGE / sizes[class] : 1;
}

static uint32_t nr_to_keep(uint32_t class)
{
	return sizes[class] <= 512 ? 32 : sizes[class] <= 2048 ? 16 : sizes[class] <= 16384 ? 8 : 0;
}

static struct free_object *object_at(vms_pfn slab, uint32_t class, uint32_t number)
{
	return (struct free_object *)((char *)frame_data(slab) + (size_t)number * sizes[class]);
}

static void slab_link(vms_pfn slab, uint32_t class)
{
	struct vms_frame *meta = vms_machine.meta;

	meta[slab].next = slabs[class].first;
	meta[slab].word[WORD_BACK] = VMS_NO_FRAME;
	if (slabs[class].first != VMS_NO_FRAME)
		meta[slabs[class].first].word[WORD_BACK] = slab;
	slabs[class].first = slab;
}

static void slab_unlink(vms_pfn slab, uint32_t class)
{
	struct vms_frame *meta = vms_machine.meta;
	vms_pfn next = meta[slab].next, back = meta[slab].word[WORD_BACK];

	if (next != VMS_NO_FRAME)
		meta[next].word[WORD_BACK] = back;
	if (back != VMS_NO_FRAME)
		meta[back].next = next;
	else
		slabs[class].first = next;
}

/* A new slab, in the list; VMS_NO_FRAME. */
static vms_pfn slab_new(uint32_t class)
{
	uint32_t order = order_of(class), nr = nr_in_slab(class);
	vms_pfn slab = order == 0 ? frame_alloc(VMS_FRAME_KERNEL, false) : frame_run_alloc(order);
	uint32_t *word;

	if (slab == VMS_NO_FRAME)
		return VMS_NO_FRAME;
	word = vms_machine.meta[slab].word;
	word[WORD_CLASS] = class;
	word[WORD_NR_FREE] = nr;
	word[WORD_FIRST] = 0;
	for (uint32_t i = 0; i < nr; i++)
		object_at(slab, class, i)->next_in_slab = i + 1 < nr ? i + 1 : NO_OBJECT;
	slab_link(slab, class);
	return slab;
}

/* The class's lock is held. */
static struct free_object *slab_take(uint32_t class)
{
	vms_pfn slab = slabs[class].first;
	struct free_object *object;
	uint32_t *word;

	if (slab == VMS_NO_FRAME)
		slab = slab_new(class);
	if (slab == VMS_NO_FRAME)
		return NULL;
	word = vms_machine.meta[slab].word;
	object = object_at(slab, class, word[WORD_FIRST]);
	word[WORD_FIRST] = object->next_in_slab;
	if (--word[WORD_NR_FREE] == 0)
		slab_unlink(slab, class);
	return object;
}

/* A slab of several frames has but one object, at its start. */
static vms_pfn slab_of(const void *object)
{
	return frame_of(object);
}

/* The class's lock is held. */
static void slab_give(struct free_object *object, uint32_t class)
{
	vms_pfn slab = slab_of(object);
	uint32_t *word = vms_machine.meta[slab].word;
	uint32_t number = (uint32_t)(((char *)object - (char *)frame_data(slab)) / sizes[class]);

	object->next_in_slab = word[WORD_FIRST];
	word[WORD_FIRST] = number;
	if (word[WORD_NR_FREE]++ == 0)
		slab_link(slab, class);
	if (word[WORD_NR_FREE] == nr_in_slab(class)) {
		slab_unlink(slab, class);
		frame_run_free(slab, order_of(class));
	}
}

static void slabs_lock(uint32_t class)
{
	lock_take(&slabs[class].lock);
	if (!slabs[class].started) {
		slabs[class].first = VMS_NO_FRAME;
		slabs[class].started = true;
	}
}

/* The CPU keeps none: get one, and some to keep. */
static struct free_object *refill(struct kept *mine, uint32_t class)
{
	struct free_object *object;
	uint32_t more = sizes[class] <= 2048 ? nr_to_keep(class) / 2 : 0;

	slabs_lock(class);
	object = slab_take(class);
	while (object && mine->nr < more) {
		struct free_object *another = slab_take(class);

		if (!another)
			break;
		another->next = mine->first;
		mine->first = another;
		mine->nr++;
	}
	lock_drop(&slabs[class].lock);
	return object;
}

void *heap_alloc(size_t len)
{
	uint32_t class = class_of(len);
	struct cpu_heap *heap = &cpu_heaps[this_cpu()->id];
	struct kept *mine = &heap->kept[class];
	struct free_object *object = mine->first;

	if (len > sizes[NR_CLASSES - 1])
		return NULL;
	if (object) {
		mine->first = object->next;
		mine->nr--;
	} else {
		object = refill(mine, class);
		if (!object)
			return NULL;
	}
	heap->used += sizes[class];
	return object;
}

void *heap_zalloc(size_t len)
{
	void *object = heap_alloc(len);

	if (object)
		memset(object, 0, len);
	return object;
}

/* Give objects back until only this many are kept. */
static void shrink(struct kept *mine, uint32_t class, uint32_t nr)
{
	slabs_lock(class);
	while (mine->nr > nr) {
		struct free_object *object = mine->first;

		mine->first = object->next;
		mine->nr--;
		slab_give(object, class);
	}
	lock_drop(&slabs[class].lock);
}

void heap_free(void *at)
{
	struct cpu_heap *heap = &cpu_heaps[this_cpu()->id];
	struct free_object *object = at;
	struct kept *mine;
	uint32_t class;

	if (!at)
		return;
	class = vms_machine.meta[slab_of(at)].word[WORD_CLASS];
	mine = &heap->kept[class];
	object->next = mine->first;
	mine->first = object;
	mine->nr++;
	heap->used -= sizes[class];
	if (mine->nr > nr_to_keep(class))
		shrink(mine, class, nr_to_keep(class) / 2);
}

uint64_t heap_used(void)
{
	int64_t used = 0;

	for (uint32_t i = 0; i < VMS_MAX_CPUS; i++)
		used += __atomic_load_n(&cpu_heaps[i].used, __ATOMIC_RELAXED);
	return (uint64_t)used;
}

void heap_trim(void)
{
	for (uint32_t cpu = 0; cpu < VMS_MAX_CPUS; cpu++) {
		for (uint32_t class = 0; class < NR_CLASSES; class ++)
			shrink(&cpu_heaps[cpu].kept[class], class, 0);
	}
}
