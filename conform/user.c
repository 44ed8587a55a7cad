/*
 * User memory: what the faultable copies report, what the fault handler is told, and which accesses the
 * entries' bits permit.
 */
#include "inside.h"

#define V CONFORM_VA
#define HOLE (V + 2 * VMS_PAGE) /* after two pages that are mapped */
#define NR_RIGHTS 5u
#define CODE (V + 8 * VMS_PAGE)
#define WORD 0x0123456789abcdeful
#define ONES 0xfffffffffffffffful
#define OLD 0xeeeeeeeeeeeeeeeeul

/* How far before an unmapped page a copy begins. */
static const uint32_t before_hole[] = {0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 64, 65, 100, 4095, 4096, 4097, 8191, 8192};

static uint8_t bytes[2 * VMS_PAGE + 64];
static vms_pfn pages[2];

struct vms_reader conform_reader(vms_va va, uint64_t len)
{
	struct vms_reader reader = {va, va};

	if (vms_space_reader(conform.space, va, len, &reader) != VMS_OK)
		conform_wrong("vms_space_reader() refuses the space that was just activated", 0, 0);
	return reader;
}

struct vms_writer conform_writer(vms_va va, uint64_t len)
{
	struct vms_writer writer = {va, va};

	if (vms_space_writer(conform.space, va, len, &writer) != VMS_OK)
		conform_wrong("vms_space_writer() refuses the space that was just activated", 0, 0);
	return writer;
}

enum vms_status conform_read(vms_va va, uint64_t *word)
{
	struct vms_reader reader = conform_reader(va, sizeof(*word));

	return vms_reader_value(&reader, word, sizeof(*word));
}

enum vms_status conform_write(vms_va va, uint64_t word)
{
	struct vms_writer writer = conform_writer(va, sizeof(word));

	return vms_writer_value(&writer, &word, sizeof(word));
}

static uint8_t pattern(uint64_t i)
{
	return (uint8_t)(i * 7 + 3);
}

/* Byte i of the two pages, as memory has it. */
static uint8_t *page_byte(uint64_t i)
{
	return (uint8_t *)conform_words(pages[i / VMS_PAGE]) + i % VMS_PAGE;
}

static bool pages_map(void)
{
	for (uint32_t i = 0; i < 2; i++)
		pages[i] = conform_map_flags(V + i * VMS_PAGE, VMS_R + VMS_W, OLD);
	return conform.verdict == CONFORM_FINE;
}

static void pages_unmap(void)
{
	conform_unmap(conform.space, V, 2);
}

/* Copy from `back` bytes before the hole on, so that the word that faults is seen from every side. */
static void copy_in_once(uint32_t back, uint32_t shift)
{
	struct vms_reader reader = conform_reader(HOLE - back, back + 24);
	enum vms_status status;
	uint64_t done;

	for (uint64_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)OLD;
	status = vms_reader_copy(&reader, bytes + shift, back + 24, &done);
	if (status != VMS_PAGE_FAULT || done != back)
		conform_wrong("a copy from # bytes before an unmapped page reports # bytes: see the fixups of "
			      "arch_user_copy_in()",
			      back, done);
	for (uint64_t i = 0; i < sizeof(bytes); i++) {
		bool copied = i >= shift && i < shift + back;
		uint8_t is = copied ? pattern(2 * VMS_PAGE - back + i - shift) : (uint8_t)OLD;

		if (bytes[i] != is)
			conform_wrong("a copy from # bytes before an unmapped page gets byte # wrong", back, i - shift);
	}
}

void conform_check_copy_in(void)
{
	if (pages_map()) {
		for (uint64_t i = 0; i < 2 * VMS_PAGE; i++)
			*page_byte(i) = pattern(i);
		for (uint32_t i = 0; i < sizeof(before_hole) / sizeof(before_hole[0]); i++) {
			copy_in_once(before_hole[i], 0);
			copy_in_once(before_hole[i], 5);
		}
	}
	pages_unmap();
}

/* The other way; or zeros. */
static void copy_out_once(uint32_t back, uint32_t shift, bool zeros)
{
	struct vms_writer writer = conform_writer(HOLE - back, back + 24);
	enum vms_status status;
	uint64_t done;

	conform_fill(pages[0], OLD);
	conform_fill(pages[1], OLD);
	status = zeros ? vms_writer_fill_zeros(&writer, back + 24, &done)
		       : vms_writer_copy(&writer, bytes + shift, back + 24, &done);
	if (status != VMS_PAGE_FAULT || done != back)
		conform_wrong(zeros ? "zeros from # bytes before an unmapped page on: # are reported; see the fixups "
				      "of arch_user_zero()"
				    : "a copy to # bytes before an unmapped page reports # bytes: see the fixups of "
				      "arch_user_copy_out()",
			      back, done);
	for (uint64_t i = 0; i < 2 * VMS_PAGE; i++) {
		uint64_t from = 2 * VMS_PAGE - back;
		uint8_t is = i < from ? (uint8_t)OLD : zeros ? 0 : pattern(shift + i - from);

		if (*page_byte(i) != is)
			conform_wrong("a write to # bytes before an unmapped page gets byte # of the two pages wrong",
				      back, i);
	}
}

static void copy_out(bool zeros)
{
	if (pages_map()) {
		for (uint64_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = pattern(i);
		for (uint32_t i = 0; i < sizeof(before_hole) / sizeof(before_hole[0]); i++) {
			copy_out_once(before_hole[i], 0, zeros);
			copy_out_once(before_hole[i], 5, zeros);
		}
	}
	pages_unmap();
}

void conform_check_copy_out(void)
{
	copy_out(false);
}

void conform_check_zero(void)
{
	copy_out(true);
}

void conform_check_words(void)
{
	struct vms_reader reader = conform_reader(V, 8), hole = conform_reader(HOLE, 8);
	uint64_t value64 = WORD;
	uint32_t value32 = (uint32_t)WORD;

	if (pages_map()) {
		if (vms_reader_atomic_load32(&hole, &value32) != VMS_PAGE_FAULT || value32 != (uint32_t)WORD ||
		    vms_reader_atomic_load64(&hole, &value64) != VMS_PAGE_FAULT || value64 != WORD)
			conform_wrong("an atomic load from an unmapped page must be a fault, the value untouched: see "
				      "the fixups of arch_user_load32() and load64()",
				      0, 0);
		/* A value that looks like an error is a value. */
		conform_fill(pages[0], ONES);
		if (vms_reader_atomic_load32(&reader, &value32) != VMS_OK || value32 != (uint32_t)ONES ||
		    vms_reader_atomic_load64(&reader, &value64) != VMS_OK || value64 != ONES)
			conform_wrong("an atomic load of all ones fails", 0, 0);
	}
	pages_unmap();
}

void conform_check_exchange(void)
{
	struct vms_writer writer = conform_writer(V, 8), hole = conform_writer(HOLE, 8);
	uint64_t seen64 = WORD;
	uint32_t seen32 = (uint32_t)WORD;

	if (pages_map()) {
		if (vms_writer_atomic_cmpxchg32(&hole, 0, 1, &seen32) != VMS_PAGE_FAULT || seen32 != (uint32_t)WORD ||
		    vms_writer_atomic_cmpxchg64(&hole, 0, 1, &seen64) != VMS_PAGE_FAULT || seen64 != WORD)
			conform_wrong(
				"a compare-exchange on an unmapped page must be a fault, what was seen untouched: "
				"see the fixups of arch_user_cmpxchg32() and cmpxchg64()",
				0, 0);
		if (vms_writer_atomic_cmpxchg32(&writer, (uint32_t)OLD, (uint32_t)WORD, &seen32) != VMS_OK ||
		    seen32 != (uint32_t)OLD || conform_words(pages[0])[0] % (1ul << 32) != (uint32_t)WORD)
			conform_wrong("a compare-exchange of 32 bits does not exchange equal words", 0, 0);
		conform_fill(pages[0], OLD);
		if (vms_writer_atomic_cmpxchg64(&writer, OLD, WORD, &seen64) != VMS_OK || seen64 != OLD ||
		    conform_words(pages[0])[0] != WORD)
			conform_wrong("a compare-exchange of 64 bits does not exchange equal words", 0, 0);
		if (vms_writer_atomic_cmpxchg64(&writer, OLD, 1, &seen64) != VMS_OK || seen64 != WORD ||
		    conform_words(pages[0])[0] != WORD)
			conform_wrong("a compare-exchange must leave a word that is not the expected one", 0, 0);
	}
	pages_unmap();
}

static struct vms_fault last_fault;
static uint32_t nr_faults;

static bool map_on_fault(struct vms_space *space, const struct vms_fault *fault)
{
	(void)space;
	last_fault = *fault;
	nr_faults++;
	return conform_map_flags(fault->va / VMS_PAGE * VMS_PAGE, VMS_R + VMS_W, OLD) != VMS_NO_FRAME;
}

static void fault_expect(vms_va va, uint32_t access, enum vms_status status)
{
	if (nr_faults == 0 || status != VMS_OK)
		conform_wrong("a fault of a copy is not resolved by the space's handler: the kernel's fault handler "
			      "must ask vms_space_fault() before arch_user_fixup()",
			      0, 0);
	else if (nr_faults != 1 || last_fault.va / VMS_PAGE != va / VMS_PAGE)
		conform_wrong("the fault handler is told page # instead of #", last_fault.va / VMS_PAGE, va / VMS_PAGE);
	else if (last_fault.access != access || last_fault.user)
		conform_wrong("the fault handler is told access # (1 read, 2 write, 4 execute), user mode #",
			      last_fault.access, last_fault.user);
	nr_faults = 0;
}

void conform_check_handler(void)
{
	uint64_t word = 0;

	nr_faults = 0;
	vms_space_set_fault_handler(conform.space, map_on_fault);
	fault_expect(V, VMS_R, conform_read(V + 16, &word));
	if (word != OLD)
		conform_wrong("a read after a fault that was resolved sees the wrong memory", 0, 0);
	fault_expect(V + VMS_PAGE, VMS_W, conform_write(V + VMS_PAGE + 16, WORD));
	if (conform_read(V + VMS_PAGE + 16, &word) != VMS_OK || word != WORD)
		conform_wrong("a write after a fault that was resolved is lost", 0, 0);
	vms_space_set_fault_handler(conform.space, NULL);
	conform_unmap(conform.space, V, 2);
}

static void expect_fault(enum vms_status status, const char *otherwise)
{
	if (status != VMS_PAGE_FAULT)
		conform_wrong(otherwise, 0, 0);
}

void conform_check_rights(void)
{
	struct vms_writer writer = conform_writer(V, 8);
	uint64_t word, done;
	vms_pfn frame = conform_map_flags(V, VMS_R, OLD);

	if (frame != VMS_NO_FRAME) {
		expect_fault(conform_write(V, WORD), "the kernel's copy writes to a page that is read-only: write "
						     "protection must hold in kernel mode (x86-64: CR0.WP)");
		expect_fault(vms_writer_fill_zeros(&writer, 8, &done), "zeros are written to a page that is read-only");
		expect_fault(vms_writer_atomic_cmpxchg64(&writer, OLD, WORD, &word),
			     "a compare-exchange writes to a page that is read-only");
		if (conform_words(frame)[0] != OLD)
			conform_wrong("a page that is read-only was written to", 0, 0);
		if (conform_read(V, &word) != VMS_OK || word != OLD)
			conform_wrong("a page that is read-only cannot be read", 0, 0);
	}
	if (conform_map_flags(V + VMS_PAGE, 0, OLD) != VMS_NO_FRAME)
		expect_fault(conform_read(V + VMS_PAGE, &word),
			     "a page without access can be read: see arch_pte_leaf()");
	conform_unmap(conform.space, V, 2);
}

static void user_try(vms_va va, uint32_t flags, uint32_t access, vms_pfn code)
{
	bool may = vms_has(flags, access);

	if (conform.hooks->user_access(va, access, CODE, code) == may)
		return;
	conform_wrong(may ? "user mode cannot access (# of 1 read, 2 write, 4 execute) a page with rights #"
			  : "user mode can access (# of 1 read, 2 write, 4 execute) a page with rights #: the entry's "
			    "bits are not enforced (x86-64: EFER.NXE)",
		      access, flags);
}

void conform_check_user_rights(void)
{
	static const uint32_t rights[NR_RIGHTS] = {0, VMS_R, VMS_R + VMS_W, VMS_R + VMS_X, VMS_R + VMS_W + VMS_X};
	vms_pfn code;

	if (conform.hooks->user_access == NULL) {
		conform_not_run("the kernel cannot run user code");
		return;
	}
	code = conform_map_flags(CODE, VMS_R + VMS_X, 0);
	for (uint32_t i = 0; code != VMS_NO_FRAME && i < NR_RIGHTS; i++) {
		vms_va va = V + i * VMS_PAGE;

		if (conform_map_flags(va, rights[i], 0) == VMS_NO_FRAME)
			break;
		user_try(va, rights[i], VMS_R, code);
		user_try(va, rights[i], VMS_X, code);
		user_try(va, rights[i], VMS_W, code);
	}
	if (conform.verdict == CONFORM_FINE)
		user_try(V + NR_RIGHTS * VMS_PAGE, 0, VMS_R, code);
	conform_unmap(conform.space, V, NR_RIGHTS);
	conform_unmap(conform.space, CODE, 1);
}

/* Hardware may set the accessed bit before anybody asks for the page, but the dirty bit only on a write. */
void conform_check_accessed(void)
{
	uint64_t word;

	if (conform_map_flags(V, VMS_R + VMS_W, OLD) != VMS_NO_FRAME) {
		if (conform_read(V, &word) != VMS_OK || !vms_has(conform_query(V).prop.flags, VMS_ACCESSED))
			conform_wrong("the accessed bit is not set by a read", 0, 0);
		if (vms_has(conform_query(V).prop.flags, VMS_DIRTY))
			conform_wrong("the dirty bit is set by a read", 0, 0);
		if (conform_write(V, WORD) != VMS_OK || !vms_has(conform_query(V).prop.flags, VMS_DIRTY))
			conform_wrong("the dirty bit is not set by a write", 0, 0);
	}
	conform_unmap(conform.space, V, 1);
}

void conform_check_cache(void)
{
	for (uint32_t cache = 0; cache < VMS_NR_CACHE; cache++) {
		struct vms_prop prop = {.flags = VMS_R + VMS_W, .cache = cache};
		uint64_t word = 0;

		if (conform_map(conform.space, V, prop, OLD) == VMS_NO_FRAME)
			return;
		if (conform_query(V).prop.cache != cache)
			conform_wrong("cache policy # comes back as #", cache, conform_query(V).prop.cache);
		if (conform_write(V, WORD) != VMS_OK || conform_read(V, &word) != VMS_OK || word != WORD)
			conform_wrong("memory of cache policy # does not keep what is written", cache, 0);
		conform_unmap(conform.space, V, 1);
	}
}
