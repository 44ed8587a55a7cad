/*
 * The memory calls of programs (mmap and kin, fork, and the accesses themselves) with arguments from the input, on
 * the simulated machine, against a flat array of what each page of a window must be. Files are this file's own.
 * In every fourth run the window is larger, and a page stands for 512 KiB of which only the first is touched: so that
 * there are pages of 2 MiB, as long as there are frames.
 */
#include <string.h>

#include <mm/mm.h>
#include <sim/sim.h>

#include "fuzz.h"

#define P VMS_PAGE
#define NR_PAGES 48u
#define NR_LARGE 8u
/* Over an edge between two tables. */
#define BASE (0x40000000ul - NR_PAGES / 2 * unit)
#define NR_CPUS 2u
#define NR_PROGRAMS 3u
#define NR_FILES 2u
#define FILE_PAGES 20u
#define HEAP 0x10000000ul

/* An object with pages: one of the two files, or shared anonymous memory. */
struct file {
	uint32_t refs;
	uint32_t nr_pages;
	vms_pfn frame[64]; /* VMS_NO_FRAME: not read yet */
	uint8_t byte[64];  /* the first of each page */
};

/* A page as a program sees it. */
struct page {
	bool there;
	bool shared;
	bool read_only; /* shared, of a file that is not open for writing */
	bool own;       /* a private page that was written: `byte` is its own */
	uint8_t byte;
	uint32_t rights;   /* VMS_R, VMS_W, VMS_X */
	struct file *file; /* NULL: anonymous and private */
	uint64_t index;
};

struct program {
	struct mm *mm; /* NULL: none */
	vms_va brk;
	struct page page[NR_PAGES];
};

static struct program program[NR_PROGRAMS];
static struct file files[NR_FILES];
static struct bytes in;
static uint64_t unit;     /* bytes that one of the window's pages stands for */
static uint64_t nr_alive; /* files, allocations */
static uint32_t fail_in;
static bool failed;

/* Memory runs out in the nth request from now. */
static bool runs_out(void)
{
	if (fail_in == 0 || --fail_in > 0)
		return false;
	failed = true;
	return true;
}

static vms_pfn frame_new(void)
{
	vms_pfn frame = runs_out() ? VMS_NO_FRAME : sim_frame_try(1);

	if (frame != VMS_NO_FRAME)
		sim_handle_gone(frame);
	return frame;
}

vms_pfn mm_port_frame(bool zeroed)
{
	(void)zeroed;
	return frame_new();
}

vms_pfn mm_port_huge_frame(bool zeroed)
{
	vms_pfn frame = runs_out() ? VMS_NO_FRAME : sim_frame_try(2);

	(void)zeroed;
	if (frame != VMS_NO_FRAME)
		sim_handle_gone(frame);
	return frame;
}

void mm_port_frame_divide(vms_pfn frame)
{
	sim_frame_divide(frame);
}

void *mm_port_alloc(uint64_t len)
{
	if (runs_out())
		return NULL;
	nr_alive++;
	len = (len + VMS_CACHE_LINE - 1) / VMS_CACHE_LINE * VMS_CACHE_LINE;
	return memset(aligned_alloc(VMS_CACHE_LINE, len), 0, len);
}

void mm_port_free(void *at)
{
	nr_alive -= at != NULL;
	free(at);
}

static void file_init(struct file *file, uint32_t nr_pages)
{
	memset(file, 0, sizeof(*file));
	file->refs = 1;
	file->nr_pages = nr_pages;
	for (uint32_t i = 0; i < 64; i++)
		file->frame[i] = VMS_NO_FRAME;
}

void mm_port_file_get(struct file *file)
{
	file->refs++;
}

void mm_port_file_put(struct file *file)
{
	MUST(file->refs > 0);
	if (--file->refs > 0)
		return;
	vms_port_preempt_off();
	for (uint32_t i = 0; i < 64; i++) {
		if (file->frame[i] != VMS_NO_FRAME)
			vms_frame_put(file->frame[i]);
	}
	vms_port_preempt_on();
	if (file < files || file >= files + NR_FILES)
		mm_port_free(file);
}

long mm_port_file_page(struct file *file, uint64_t index, vms_pfn *frame)
{
	index /= unit / P;
	if (index >= file->nr_pages)
		return -EFAULT;
	if (file->frame[index] == VMS_NO_FRAME) {
		*frame = frame_new();
		if (*frame == VMS_NO_FRAME)
			return -ENOMEM;
		*(uint8_t *)&vms_machine.ram[*frame] = file->byte[index];
		file->frame[index] = *frame;
	}
	*frame = file->frame[index];
	MUST(vms_frame_get(*frame) == VMS_OK);
	return 0;
}

bool mm_port_file_has_page(struct file *file, uint64_t index)
{
	index /= unit / P;
	return index < file->nr_pages && file->frame[index] != VMS_NO_FRAME;
}

const void *mm_port_file_contents(struct file *file)
{
	return file;
}

long mm_port_file_remove(struct file *file, uint64_t offset, uint64_t len)
{
	(void)file, (void)offset, (void)len;
	return -EOPNOTSUPP;
}

uint64_t mm_port_limit(enum mm_limit limit)
{
	(void)limit;
	return MM_NO_LIMIT;
}

long mm_port_shared_file(uint64_t len, struct file **file)
{
	*file = mm_port_alloc(sizeof(**file));
	if (*file == NULL)
		return -ENOMEM;
	file_init(*file, len / unit < 64 ? (uint32_t)(len / unit) : 64);
	return 0;
}

/* The nth allocation of the next call fails, if the input wants so. */
static void maybe_fail(void)
{
	uint32_t byte = (uint32_t)take(&in, 1);

	failed = false;
	fail_in = byte % 16 == 1 ? 1 + byte / 16 : 0;
	sim_alloc_fail(byte % 16 == 2 ? 1 + byte / 64 : 0);
}

/* Did memory run out in the call that was made? */
static bool ran_out(void)
{
	failed |= sim_alloc_failed();
	fail_in = 0;
	sim_alloc_fail(0);
	return failed;
}

static uint32_t rights_of(uint32_t prot)
{
	return prot == 0 ? 0 : prot | VMS_R;
}

static vms_va va_of(uint64_t i)
{
	return BASE + i * unit;
}

/* What is at the pages from i on becomes like `page`, the file's pages rising. */
static void pages_set(struct program *this, uint64_t i, uint64_t nr, struct page page)
{
	for (; nr > 0; nr--, i++, page.index++)
		this->page[i] = page;
}

static void do_map(struct program *this, uint64_t i, uint64_t nr)
{
	static const uint32_t kinds[] = {MM_PRIVATE, MM_SHARED, MM_PRIVATE, MM_SHARED};
	uint64_t choice = take(&in, 2), which = choice % 4;
	uint32_t prot = (uint32_t)(choice / 4 % 8), flags = kinds[which] + (choice / 32 % 4 ? MM_FIXED : MM_NOREPLACE);
	struct page new = {.there = true, .shared = kinds[which] == MM_SHARED, .rights = rights_of(prot)};
	struct mm_area area;
	bool free = true;
	long result;

	if (which >= 2) {
		new.file = &files[choice / 128 % 2];
		new.index = choice / 256 % (FILE_PAGES + 4);
		new.read_only = new.shared && !(prot & MM_PROT_WRITE);
	}
	for (uint64_t k = i; k < i + nr; k++)
		free = free && !this->page[k].there;
	maybe_fail();
	result = mm_map(this->mm, va_of(i), nr * unit, prot,
			flags + (choice % 5 == 0 && unit == P ? MM_POPULATE : 0) +
				(new.read_only ? MM_FILE_READ_ONLY : 0),
			new.file, new.index *unit);
	if (ran_out() && result == -ENOMEM)
		return;
	if ((flags & MM_NOREPLACE) && !free) {
		MUST(result == -EEXIST);
		return;
	}
	MUST(result == (long)va_of(i));
	if (which == 1) {
		MUST(mm_next_area(this->mm, va_of(i), &area) && area.start == va_of(i) && area.file != NULL);
		new.file = area.file;
	}
	pages_set(this, i, nr, new);
}

static void do_unmap(struct program *this, uint64_t i, uint64_t nr)
{
	long result;

	maybe_fail();
	result = mm_unmap(this->mm, va_of(i), nr * unit);
	if (ran_out() && result == -ENOMEM)
		return;
	MUST(result == 0);
	pages_set(this, i, nr, (struct page){0});
}

static void do_protect(struct program *this, uint64_t i, uint64_t nr)
{
	uint32_t prot = (uint32_t)take(&in, 1) % 8;
	long expected = 0, result = mm_protect(this->mm, va_of(i), nr * unit, prot);

	for (uint64_t k = i; k < i + nr; k++) {
		struct page *page = &this->page[k];

		if (!page->there) {
			expected = -ENOMEM;
			break;
		} else if (page->shared && page->read_only && (prot & MM_PROT_WRITE)) {
			expected = -EACCES;
			break;
		} else {
			page->rights = rights_of(prot);
		}
	}
	MUST(result == expected);
}

static void do_discard(struct program *this, uint64_t i, uint64_t nr)
{
	long expected = 0, result = mm_advise(this->mm, va_of(i), nr * unit, 4 /* MADV_DONTNEED */);

	for (uint64_t k = i; k < i + nr; k++) {
		this->page[k].own = false;
		if (!this->page[k].there)
			expected = -ENOMEM;
	}
	MUST(result == expected);
}

/* To another place of the window, or with another length in place. */
static void do_remap(struct program *this, uint64_t i, uint64_t nr)
{
	uint64_t to = take_below(&in, NR_PAGES), new_nr = 1 + take_below(&in, NR_PAGES - (to > i ? to : i));
	bool move = take(&in, 1) % 2, whole, free = true;
	uint64_t kept = nr < new_nr ? nr : new_nr, needed = move ? kept : new_nr > nr ? nr : 1;
	struct page moved[NR_PAGES], more;
	struct mm_area area;
	long result;

	whole = mm_next_area(this->mm, va_of(i), &area) && area.start == va_of(i) &&
		area.end - area.start >= needed * unit;
	for (uint64_t k = i + nr; k < i + new_nr; k++)
		free = free && !this->page[k].there;
	result = mm_remap(this->mm, va_of(i), nr * unit, new_nr * unit, move ? 3 : 0, va_of(to));
	if (this->page[i].there && move && to < i + nr && i < to + new_nr) {
		MUST(result == -EINVAL);
		return;
	}
	if (!whole) {
		MUST(result == -EFAULT);
		return;
	}
	more = this->page[i];
	more.own = false;
	if (!move) {
		MUST(result == (free ? (long)va_of(i) : -ENOMEM));
		more.index += nr;
		if (free && new_nr > nr)
			pages_set(this, i + nr, new_nr - nr, more);
		else if (new_nr < nr)
			pages_set(this, i + new_nr, nr - new_nr, (struct page){0});
		return;
	}
	MUST(result == (long)va_of(to));
	memcpy(moved, &this->page[i], kept * sizeof(moved[0]));
	pages_set(this, i, nr, (struct page){0});
	pages_set(this, to, new_nr, more);
	memcpy(&this->page[to], moved, kept * sizeof(moved[0]));
}

static void do_fork(struct program *this)
{
	struct program *child = &program[take(&in, 1) % NR_PROGRAMS];
	struct mm *mm;
	long result;

	if (child == this)
		return;
	maybe_fail();
	result = mm_fork(this->mm, &mm);
	if (ran_out() && result == -ENOMEM)
		return;
	MUST(result == 0);
	if (child->mm)
		mm_put(child->mm);
	*child = *this;
	child->mm = mm;
}

static bool may(const struct page *page, uint32_t access)
{
	return page->there && vms_has(page->rights, access) &&
	       (page->own || page->file == NULL || page->index < page->file->nr_pages);
}

static uint8_t byte_of(const struct page *page)
{
	return page->own ? page->byte : page->file ? page->file->byte[page->index] : 0;
}

static void byte_set(struct page *page, uint8_t byte)
{
	if (page->shared) {
		page->file->byte[page->index] = byte;
	} else {
		page->own = true;
		page->byte = byte;
	}
}

/* The program itself reads or writes, on some CPU; or the kernel does, from outside. */
static void do_access(struct program *this, uint64_t i)
{
	uint64_t choice = take(&in, 1);
	struct page *page = &this->page[i];
	uint8_t byte = (uint8_t)(choice ^ 0x5a);
	bool done, outside = choice / 2 % 2, write = choice % 2;

	sim_run_on(choice / 4 % NR_CPUS);
	sim_activate(outside ? &vms_machine.kernel : mm_space(this->mm));
	maybe_fail();
	if (outside)
		done = (write ? mm_write(this->mm, va_of(i), &byte, 1) : mm_read(this->mm, &byte, va_of(i), 1)) == 0;
	else
		done = write ? sim_write(va_of(i), byte) : sim_read(va_of(i), &byte);
	if (ran_out() && !done)
		return;
	MUST(done == may(page, write ? VMS_W : VMS_R));
	if (done && write)
		byte_set(page, byte);
	else if (done)
		MUST(byte == byte_of(page));
}

static void do_brk(struct program *this)
{
	vms_va end = HEAP - P + take(&in, 3);
	vms_va now;

	maybe_fail();
	now = mm_brk(this->mm, end);
	if (!(ran_out() && now == this->brk))
		MUST(now == (end < HEAP ? this->brk : end));
	this->brk = now;
}

/* Arguments that no call accepts. */
static void do_wild(struct mm *mm)
{
	uint64_t wild = take(&in, 8), len = take(&in, 8);

	MUST(mm_map(mm, wild | 1, P, 1, MM_PRIVATE | MM_FIXED, NULL, 0) < 0);
	MUST(mm_map(mm, VMS_USER_END + wild % (1ul << 62) / P * P, P, 1, MM_PRIVATE | MM_FIXED, NULL, 0) < 0);
	MUST(mm_map(mm, 0, VMS_USER_END + len % (1ul << 63), 1, MM_PRIVATE, NULL, 0) < 0);
	MUST(mm_map(mm, wild, len, 1, 0, NULL, 0) < 0 && mm_map(mm, wild, len, 1, MM_KIND, NULL, 0) < 0);
	MUST(mm_map(mm, BASE, P, 1, MM_PRIVATE | MM_FIXED, &files[0], wild | 1) < 0);
	MUST(mm_unmap(mm, wild | 1, len) < 0 && mm_unmap(mm, wild, len | (1ul << 63)) < 0);
	MUST(mm_unmap(mm, wild, 0) < 0 && mm_unmap(mm, wild | (1ul << 63), P) < 0);
	MUST(mm_protect(mm, wild | 1, len, 1) < 0 && mm_protect(mm, wild / P * P, len | (1ul << 63), 1) < 0);
	MUST(mm_advise(mm, wild | 1, len, 4) < 0 && mm_advise(mm, wild, len, -(int)(len % 100)) <= 0);
	MUST(mm_remap(mm, wild | 1, len, P, 0, 0) < 0 && mm_remap(mm, BASE, P, len | (1ul << 63), 1, 0) < 0);
	MUST(mm_remap(mm, BASE, P, P, 3, wild | 1) < 0 && mm_remap(mm, BASE, len / 4 | (1ul << 63), P, 1, 0) < 0);
	MUST(mm_write(mm, VMS_USER_END + wild % (1ul << 63), "", 1) == -EFAULT);
	MUST(mm_write(mm, wild, "", len | (1ul << 63)) == -EFAULT);
	if (unit > P && wild % 4 == 0)
		(void)mm_huge_give_back(wild / 4 % 4096);
}

static void compare(struct program *this)
{
	struct mm_area area;
	uint64_t i = 0;

	while (i < NR_PAGES && mm_next_area(this->mm, va_of(i), &area) && area.start < va_of(NR_PAGES)) {
		for (; va_of(i) < area.start; i++)
			MUST(!this->page[i].there);
		for (; i < NR_PAGES && va_of(i) < area.end; i++) {
			const struct page *page = &this->page[i];

			MUST(page->there && page->rights == area.prot && page->shared == area.shared);
			MUST(page->file == area.file);
			MUST(page->file == NULL || page->index * unit == area.offset + (va_of(i) - area.start));
		}
	}
	for (; i < NR_PAGES; i++)
		MUST(!this->page[i].there);
	for (i = 0; i < NR_PAGES; i++) {
		uint8_t byte;
		bool done = mm_read(this->mm, &byte, va_of(i), 1) == 0;

		MUST(done == may(&this->page[i], VMS_R) && (!done || byte == byte_of(&this->page[i])));
	}
}

static void step(void)
{
	struct program *this = &program[take(&in, 1) % NR_PROGRAMS];
	uint64_t which = take_below(&in, 16), i = take_below(&in, NR_PAGES), nr = 1 + take_below(&in, NR_PAGES - i);

	if (!this->mm)
		this = &program[0];
	if (which < 3)
		do_map(this, i, nr);
	else if (which < 4)
		do_unmap(this, i, nr);
	else if (which < 6)
		do_protect(this, i, nr);
	else if (which < 7)
		do_discard(this, i, nr);
	else if (which < 9)
		do_remap(this, i, nr);
	else if (which < 10)
		do_fork(this);
	else if (which < 14)
		do_access(this, i);
	else if (which < 15)
		do_brk(this);
	else
		do_wild(this->mm);
}

static void on_failure(const char *message)
{
	fprintf(stderr, "sim: %s\n", message);
	abort();
}

static void leave_all(void)
{
	for (uint32_t cpu = NR_CPUS; cpu-- > 0;) {
		sim_run_on(cpu);
		sim_activate(&vms_machine.kernel);
	}
	vms_port_preempt_off();
	while (!vms_reclaim())
		;
	vms_port_preempt_on();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool on;
	uint32_t used;

	in = (struct bytes){data, size};
	if (!on) {
		sim_on_failure = on_failure;
		sim_start(&(struct sim_options){.nr_cpus = NR_CPUS, .nr_frames = 2000, .nr_large = NR_LARGE});
		on = true;
	}
	unit = size > 0 && data[size - 1] % 4 == 3 ? 128 * P : P;
	used = sim_frames_used();
	memset(program, 0, sizeof(program));
	for (uint32_t i = 0; i < NR_FILES; i++)
		file_init(&files[i], FILE_PAGES);
	MUST(mm_init() == 0);
	program[0].mm = mm_create();
	mm_set_brk(program[0].mm, HEAP);
	program[0].brk = HEAP;
	while (in.left > 0)
		step();
	for (uint32_t i = 0; i < NR_PROGRAMS; i++) {
		if (program[i].mm)
			compare(&program[i]);
	}
	sim_check_tlbs();
	leave_all();
	for (uint32_t i = 0; i < NR_PROGRAMS; i++) {
		if (program[i].mm)
			mm_put(program[i].mm);
	}
	for (uint32_t i = 0; i < NR_FILES; i++) {
		MUST(files[i].refs == 1);
		mm_port_file_put(&files[i]);
	}
	vms_port_preempt_off();
	mm_fini();
	vms_port_preempt_on();
	leave_all();
	MUST(nr_alive == 0 && sim_frames_used() == used && sim_large_used() == 0);
	return 0;
}
