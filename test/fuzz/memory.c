/*
 * The memory calls of programs (mmap and kin, fork, and the accesses themselves) with arguments from the input, on
 * the simulated machine, against a flat array of what each page of a window must be. Files are this file's own.
 */
#include <string.h>

#include <mm/mm.h>
#include <sim/sim.h>

#include "fuzz.h"

#define P VMS_PAGE
#define NR_PAGES 48u
/* Over an edge between two tables. */
#define BASE (0x40000000ul - NR_PAGES / 2 * P)
#define NR_SPACES 3u
#define NR_FILES 2u
#define FILE_PAGES 20u
#define HEAP 0x10000000ul

/* An object with pages: one of the two files, or shared anonymous memory. */
struct file {
	uint32_t refs;
	uint32_t nr_pages;
	vms_pfn frame[64]; /* VMS_NO_FRAME: not read yet */
	uint8_t byte[64]; /* the first of each page */
};

/* A page as a program sees it. */
struct page {
	bool there;
	bool shared;
	bool own; /* a private page that was written: `byte` is its own */
	uint8_t byte;
	uint32_t rights; /* VMS_R, VMS_W, VMS_X */
	struct file *file; /* NULL: anonymous and private */
	uint64_t index;
};

struct program {
	struct mm *mm;
	vms_va brk;
	struct page page[NR_PAGES];
};

static struct program program[NR_SPACES];
static struct file files[NR_FILES];
static struct bytes in;
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

void *mm_port_alloc(uint64_t len)
{
	if (runs_out())
		return NULL;
	nr_alive++;
	return aligned_alloc(64, (len + 63) / 64 * 64) ? calloc(0, 0) : NULL;
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

long mm_port_shared_file(uint64_t len, struct file **file)
{
	*file = mm_port_alloc(sizeof(**file));
	if (*file == NULL)
		return -ENOMEM;
	file_init(*file, len / P < 64 ? (uint32_t)(len / P) : 64);
	return 0;
}
