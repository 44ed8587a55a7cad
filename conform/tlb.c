/*
 * Which tables a CPU walks, and what it must have forgotten: after a switch, after a change here, after a change
 * made by another CPU, and in the kernel's half, whose entries survive a switch.
 */
#include "inside.h"

#define V CONFORM_VA
#define FIRST 0x1111111111111111ul
#define SECOND 0x2222222222222222ul
#define NR_KERNEL_PAGES 80u

_Static_assert(NR_KERNEL_PAGES > VMS_FLUSH_PAGES, "so many are flushed as one");

static struct vms_prop read_write = {.flags = VMS_R + VMS_W};

/* A word of the active space, whichever that is. */
static uint64_t peek(struct vms_space *space)
{
	struct vms_reader reader;
	uint64_t word = 0;

	if (vms_space_reader(space, V, sizeof(word), &reader) != VMS_OK ||
	    vms_reader_value(&reader, &word, sizeof(word)) != VMS_OK)
		conform_wrong("user memory of the active space cannot be read", 0, 0);
	return word;
}

void conform_check_activate(void)
{
	struct vms_space *spaces[2] = {conform.space, conform.hooks->space_new()};
	const uint64_t word[2] = {FIRST, SECOND};

	if (spaces[1] == NULL) {
		conform_wrong("no memory for a space", 0, 0);
		return;
	}
	if (conform_map(spaces[0], V, read_write, FIRST) != VMS_NO_FRAME &&
	    conform_map(spaces[1], V, read_write, SECOND) != VMS_NO_FRAME) {
		for (uint32_t i = 0; i < 6; i++) {
			struct vms_space *space = spaces[i % 2];

			vms_space_activate(space);
			if (vms_space_current() != space || arch_mmu_root() != space->root) {
				conform_wrong("after vms_space_activate() the CPU has another root: see "
					      "arch_mmu_activate() and arch_mmu_root()",
					      0, 0);
				break;
			}
			if (peek(space) != word[i % 2])
				conform_wrong("after vms_space_activate() another space's memory is seen: "
					      "arch_mmu_activate() must forget all but global entries",
					      0, 0);
		}
	}
	vms_space_activate(&vms_machine.kernel);
	conform_unmap(spaces[0], V, 1);
	vms_space_put(spaces[1]);
}

/* Map a frame that stays while a stale entry may lead to it; for keep_put(). */
static vms_pfn keep_map(uint64_t word)
{
	vms_pfn frame = conform_map_flags(V, VMS_R + VMS_W, word);

	if (frame != VMS_NO_FRAME)
		(void)!vms_frame_get(frame);
	return frame;
}

static void keep_put(vms_pfn frame)
{
	if (frame != VMS_NO_FRAME)
		vms_frame_put(frame);
}

void conform_check_stale(void)
{
	vms_pfn first = keep_map(FIRST), second;
	uint64_t word = 0;

	if (conform_write(V + 8, FIRST) != VMS_OK)
		conform_wrong("a mapped page cannot be written", 0, 0);
	conform_unmap(conform.space, V, 1);
	if (conform_read(V, &word) == VMS_OK)
		conform_wrong("a page that was unmapped can still be read: see arch_mmu_flush_page()", 0, 0);
	second = keep_map(SECOND);
	if (conform_read(V, &word) != VMS_OK || word != SECOND)
		conform_wrong("the page that was mapped here before is still seen: see arch_mmu_flush_page()", 0, 0);
	if (conform_write(V, SECOND) != VMS_OK)
		conform_wrong("a mapped page cannot be written", 0, 0);
	conform_protect(V, (struct vms_change){.clear = VMS_W});
	if (conform_write(V, FIRST) == VMS_OK)
		conform_wrong("a page that was made read-only can still be written: see arch_mmu_flush_page()", 0, 0);
	conform_protect(V, (struct vms_change){.set = VMS_W});
	if (conform_write(V, FIRST) != VMS_OK)
		conform_wrong("a page that was made writable cannot be written: the kernel's fault handler must ask "
			      "vms_space_fault() first",
			      0, 0);
	conform_unmap(conform.space, V, 1);
	keep_put(first);
	keep_put(second);
}

static void read_user(struct conform_other *me)
{
	me->status = conform_read(V, &me->word);
}

static void write_user(struct conform_other *me)
{
	me->status = conform_write(V, SECOND);
}

static void expect(void (*command)(struct conform_other *other), enum vms_status status, uint64_t word,
		   const char *otherwise)
{
	for (uint32_t i = 0; i < conform.nr_others && conform.verdict == CONFORM_FINE; i++) {
		struct conform_other *other = &conform.other[i];

		other->word = 0;
		if (conform_call(other, command) && (other->status != status || (word != 0 && other->word != word)))
			conform_wrong(otherwise, other->cpu, 0);
	}
}

void conform_check_stale_others(void)
{
	vms_pfn first, second;

	conform_call_all(conform_enter_space);
	first = keep_map(FIRST);
	expect(read_user, VMS_OK, FIRST, "CPU # does not see a page that was just mapped");
	expect(write_user, VMS_OK, 0, "CPU # cannot write to a page that was just mapped");
	conform_unmap(conform.space, V, 1);
	expect(read_user, VMS_PAGE_FAULT, 0,
	       "CPU # still reads a page that was unmapped: its flush was not done, or arch_mmu_flush_page() does not "
	       "flush");
	second = keep_map(SECOND);
	expect(read_user, VMS_OK, SECOND, "CPU # still sees the page that was mapped here before");
	expect(write_user, VMS_OK, 0, "CPU # cannot write to a page that was just mapped");
	conform_protect(V, (struct vms_change){.clear = VMS_W});
	expect(write_user, VMS_PAGE_FAULT, 0, "CPU # still writes to a page that was made read-only");
	conform_unmap(conform.space, V, 1);
	keep_put(first);
	keep_put(second);
}

/* --- The kernel's half --- */

/* Map one frame nr times, as the kernel maps its own. */
static void kernel_map(vms_pfn frame, uint64_t nr_pages)
{
	struct vms_prop prop = {.flags = VMS_R + VMS_W + VMS_GLOBAL + VMS_ACCESSED + VMS_DIRTY};
	enum vms_status status = VMS_OK;

	if (!conform_open(&vms_machine.kernel, conform.hooks->kernel_va, nr_pages * VMS_PAGE, VMS_EDITING))
		return;
	for (uint64_t i = 0; i < nr_pages && status == VMS_OK; i++)
		status = vms_cursor_map_device(conform_cursor(), frame, VMS_PAGE, prop);
	conform_close();
	if (status != VMS_OK)
		conform_wrong("vms_cursor_map_device() in the kernel's half gives status #", status, 0);
}

static void kernel_unmap(uint64_t nr_pages)
{
	conform_unmap(&vms_machine.kernel, conform.hooks->kernel_va, nr_pages);
}

static uint64_t nr_loads; /* pages that load_kernel() looks at */

/* The word in all of the pages; 0 if they differ. */
static uint64_t kernel_word(void)
{
	uint64_t word = conform.hooks->kernel_load(conform.hooks->kernel_va);

	for (uint64_t i = 1; i < nr_loads; i++) {
		if (conform.hooks->kernel_load(conform.hooks->kernel_va + i * VMS_PAGE) != word)
			return 0;
	}
	return word;
}

static void load_kernel(struct conform_other *me)
{
	me->word = kernel_word();
	me->status = VMS_OK;
}

/* Every CPU, in the space that is older than the mapping, sees this word. */
static void kernel_expect(uint64_t word, const char *otherwise)
{
	if (conform.verdict != CONFORM_FINE)
		return;
	if (kernel_word() != word)
		conform_wrong(otherwise, vms_port_cpu(), 0);
	expect(load_kernel, VMS_OK, word, otherwise);
}

/* Two frames, one after the other, at the same kernel addresses. */
static void kernel_check(uint64_t nr_pages, const char *unseen, const char *stale)
{
	vms_pfn first, second;

	if (conform.hooks->kernel_va == 0) {
		conform_not_run("the kernel gave no addresses");
		return;
	}
	nr_loads = nr_pages;
	conform_call_all(conform_enter_space);
	first = conform_frame(VMS_FRAME_KERNEL, FIRST);
	second = conform_frame(VMS_FRAME_KERNEL, SECOND);
	if (conform.verdict == CONFORM_FINE) {
		kernel_map(first, nr_pages);
		kernel_expect(FIRST, unseen);
		kernel_unmap(nr_pages);
		kernel_map(second, nr_pages);
		kernel_expect(SECOND, stale);
		kernel_unmap(nr_pages);
	}
	if (first != VMS_NO_FRAME)
		vms_frame_put(first);
	if (second != VMS_NO_FRAME)
		vms_frame_put(second);
}

void conform_check_kernel_half(void)
{
	kernel_check(
		1,
		"CPU # does not see, in a space made before, what was then mapped in the kernel's half: every root "
		"must hold the entries of vms_machine.kernel",
		"CPU # still sees the kernel page that was mapped before: arch_mmu_flush_page() must flush global "
		"entries too");
}

void conform_check_kernel_flush(void)
{
	kernel_check(NR_KERNEL_PAGES, "CPU # does not see all of what was mapped in the kernel's half",
		     "CPU # still sees kernel pages that were mapped before: see arch_mmu_flush_global()");
}
