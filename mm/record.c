/*
 * Records: what the page table does not say about a range of addresses. Which file is behind it, and at which
 * offset; and what was asked for that most memory has not: that it is locked, grows downwards, or that fork treats
 * it in its own way. Ordinary anonymous memory has none.
 *
 * They are disjoint and in a tree by address (a treap: in order by start, and a heap by random priorities), so that
 * finding, adding and dropping one costs the logarithm of their number. What covers an address is changed only by
 * whoever owns that address with an editing cursor. Such a change has two steps around the change of the page
 * table: cut, which may fail and changes no answer, and then set or drop, which cannot fail.
 */
#include "internal.h"

static void records_lock(struct mm *mm)
{
	mm_spin_lock(&mm->lock);
}

static void records_unlock(struct mm *mm)
{
	mm_spin_unlock(&mm->lock);
}

/* Take a tree apart: those that start below va, and the others. */
static void split(struct mm_record *tree, vms_va va, struct mm_record **low, struct mm_record **high)
{
	while (tree != NULL) {
		if (tree->start < va) {
			*low = tree;
			low = &tree->right;
			tree = tree->right;
		} else {
			*high = tree;
			high = &tree->left;
			tree = tree->left;
		}
	}
	*low = *high = NULL;
}

/* One tree of two, where all of `low` are below all of `high`. */
static struct mm_record *join(struct mm_record *low, struct mm_record *high)
{
	struct mm_record *tree = NULL, **at = &tree;

	while (low != NULL && high != NULL) {
		if (low->priority > high->priority) {
			*at = low;
			at = &low->right;
			low = low->right;
		} else {
			*at = high;
			at = &high->left;
			high = high->left;
		}
	}
	*at = low != NULL ? low : high;
	return tree;
}

static void insert(struct mm *mm, struct mm_record *record)
{
	struct mm_record *low, *high;

	split(mm->records, record->start, &low, &high);
	record->left = record->right = NULL;
	mm->records = join(join(low, record), high);
}

/* The first record that ends after va, or NULL. */
static struct mm_record *at_or_after(const struct mm *mm, vms_va va)
{
	struct mm_record *best = NULL, *it = mm->records;

	while (it != NULL) {
		if (it->end > va) {
			best = it;
			it = it->left;
		} else {
			it = it->right;
		}
	}
	return best;
}

/* A new one like this, not in the tree; NULL: no memory. */
static struct mm_record *record_new(struct mm *mm, const struct mm_record *like)
{
	struct mm_record *record = mm_port_alloc(sizeof(*record));

	if (record == NULL)
		return NULL;
	*record = *like;
	/* Any sequence without a pattern by address does; this one never is 0 again (xorshift). */
	mm->random ^= mm->random << 13;
	mm->random ^= mm->random >> 17;
	mm->random ^= mm->random << 5;
	record->priority = mm->random;
	if (record->file != NULL)
		mm_port_file_get(record->file);
	return record;
}

/* Let what starts at `from` begin at va instead. */
static void begin_at(struct mm_record *record, vms_va va)
{
	if (record->file != NULL)
		record->offset += va - record->start;
	record->start = va;
}

/* Make va a boundary: no record reaches over it. */
static bool cut_at(struct mm *mm, vms_va va)
{
	struct mm_record *record = at_or_after(mm, va), *rest;

	if (record == NULL || record->start >= va)
		return true;
	rest = record_new(mm, record);
	if (rest == NULL)
		return false;
	begin_at(rest, va);
	record->end = va;
	insert(mm, rest);
	return true;
}

/* Take what is in [start, end) out of the tree. What reaches over the end, because it grew since the cut, keeps that. */
static struct mm_record *take_out(struct mm *mm, vms_va start, vms_va end)
{
	struct mm_record *low, *middle, *high, *last;

	split(mm->records, start, &low, &middle);
	split(middle, end, &middle, &high);
	for (last = middle; last != NULL && last->right != NULL;)
		last = last->right;
	if (last != NULL && last->end > end) {
		split(middle, last->start, &middle, &last);
		begin_at(last, end);
		high = join(last, high);
	}
	mm->records = join(low, high);
	return middle;
}

/*
 * There is, or was, a record somewhere in these pieces of 2 MiB; some bits stand for several pieces. So that operations
 * on ordinary memory, which has no records, neither take the lock nor write to what CPUs share.
 */
static void note_place(struct mm *mm, vms_va start, vms_va end)
{
	uint64_t piece = start / MM_PIECE, last = (end - 1) / MM_PIECE;

	if (end > mm->records_end)
		__atomic_store_n(&mm->records_end, end, __ATOMIC_RELAXED);
	for (uint32_t i = 0; i < MM_NR_PIECES && piece <= last; i++, piece++) {
		uint64_t *word = &mm->records_place[piece % MM_NR_PIECES / 64];

		__atomic_store_n(word, *word | 1ull << piece % 64, __ATOMIC_RELAXED);
	}
}

/* Is there surely none in [start, end)? Read without the lock: whoever could add one there owns the addresses. */
static bool none_in(struct mm *mm, vms_va start, vms_va end)
{
	uint64_t piece = start / MM_PIECE, last = (end - 1) / MM_PIECE;

	if (start >= __atomic_load_n(&mm->records_end, __ATOMIC_RELAXED))
		return true;
	if (last - piece >= 8)
		return false;
	for (; piece <= last; piece++) {
		if (__atomic_load_n(&mm->records_place[piece % MM_NR_PIECES / 64], __ATOMIC_RELAXED) >> piece % 64 & 1)
			return false;
	}
	return true;
}

static bool continues(const struct mm_record *old, const struct mm_record *next)
{
	return old->end == next->start && old->file == next->file && old->flags == next->flags &&
	       (old->file == NULL || old->offset + (old->end - old->start) == next->offset);
}

/* Put it in; if it continues the one below it, that one grows instead and `record` is left over. */
static struct mm_record *put_in(struct mm *mm, struct mm_record *record)
{
	struct mm_record *below = record->start > 0 ? at_or_after(mm, record->start - 1) : NULL;

	note_place(mm, record->start, record->end);
	if (below != NULL && continues(below, record)) {
		below->end = record->end;
		record->left = record->right = NULL;
		return record;
	}
	insert(mm, record);
	return NULL;
}

/* Nobody reads that tree any more. */
static void records_free(struct mm_record *tree)
{
	while (tree != NULL) {
		struct mm_record *record = tree;

		tree = join(record->left, record->right);
		if (record->file != NULL)
			mm_port_file_put(record->file);
		mm_port_free(record);
	}
}

/* Is there surely none at or above va? Read without the lock: whoever could add one there owns the address. */
static bool none_from(struct mm *mm, vms_va va)
{
	return va >= __atomic_load_n(&mm->records_end, __ATOMIC_RELAXED);
}

long mm_records_cut(struct mm *mm, vms_va start, vms_va end)
{
	bool done;

	if (none_in(mm, start, end))
		return 0;
	records_lock(mm);
	done = cut_at(mm, start) && cut_at(mm, end);
	records_unlock(mm);
	return done ? 0 : -ENOMEM;
}

void mm_records_drop(struct mm *mm, vms_va start, vms_va end)
{
	struct mm_record *gone;

	if (none_in(mm, start, end))
		return;
	records_lock(mm);
	gone = take_out(mm, start, end);
	records_unlock(mm);
	records_free(gone);
}

struct mm_record *mm_record_new(struct mm *mm, const struct mm_record *like)
{
	struct mm_record *record;

	records_lock(mm);
	record = record_new(mm, like);
	records_unlock(mm);
	return record;
}

void mm_record_free(struct mm_record *record)
{
	record->left = record->right = NULL;
	records_free(record);
}

void mm_record_set(struct mm *mm, struct mm_record *record)
{
	struct mm_record *gone;

	records_lock(mm);
	gone = take_out(mm, record->start, record->end);
	record = put_in(mm, record);
	records_unlock(mm);
	records_free(gone);
	if (record != NULL)
		mm_record_free(record);
}

bool mm_record_next(struct mm *mm, vms_va va, uint32_t flags, struct mm_record *record)
{
	struct mm_record *found;

	if (none_from(mm, va))
		return false;
	records_lock(mm);
	found = at_or_after(mm, va);
	while (found != NULL && flags != 0 && !(found->flags & flags))
		found = at_or_after(mm, found->end);
	if (found != NULL)
		*record = *found;
	records_unlock(mm);
	return found != NULL;
}

bool mm_records_any(struct mm *mm, vms_va start, vms_va end, uint32_t flags)
{
	struct mm_record record;

	return !none_in(mm, start, end) && mm_record_next(mm, start, flags, &record) && record.start < end;
}

bool mm_record_at(struct mm *mm, vms_va va, struct mm_record *record)
{
	return !none_in(mm, va, va + 1) && mm_record_next(mm, va, 0, record) && record->start <= va;
}

void mm_record_begin_at(struct mm *mm, vms_va start, vms_va va)
{
	struct mm_record *record;

	records_lock(mm);
	record = at_or_after(mm, start);
	if (record != NULL && record->start == start) {
		begin_at(record, va);
		note_place(mm, va, record->end);
	}
	records_unlock(mm);
}

/* One step of mm_records_flag(): from va to the end of a record, or of the gap before it. False: no memory. */
static bool flag_step(struct mm *mm, vms_va *va, vms_va end, uint32_t clear, uint32_t set)
{
	struct mm_record *next = at_or_after(mm, *va), *left;
	struct mm_record plain = {.start = *va, .end = end, .flags = set};

	if (next == NULL || next->start > *va) {
		if (next != NULL && next->start < end)
			plain.end = next->start;
		*va = plain.end;
		if (set == 0)
			return true;
		next = record_new(mm, &plain);
		if (next == NULL)
			return false;
		left = put_in(mm, next);
	} else {
		struct mm_record *taken = take_out(mm, next->start, next->end);

		*va = taken->end;
		taken->flags = (taken->flags & ~clear) | set;
		left = taken->file == NULL && taken->flags == 0 ? taken : put_in(mm, taken);
	}
	/* Its file is still held by the one that grew: nothing is freed under the lock but its memory. */
	if (left != NULL) {
		left->left = left->right = NULL;
		records_free(left);
	}
	return true;
}

long mm_records_flag(struct mm *mm, vms_va start, vms_va end, uint32_t clear, uint32_t set)
{
	bool done;

	if (set == 0 && none_in(mm, start, end))
		return 0;
	records_lock(mm);
	done = cut_at(mm, start) && cut_at(mm, end);
	while (done && start < end)
		done = flag_step(mm, &start, end, clear, set);
	records_unlock(mm);
	return done ? 0 : -ENOMEM;
}

long mm_records_copy(struct mm *to, struct mm *from)
{
	vms_va va = 0;
	struct mm_record *it, *copy, like;
	long result = 0;

	records_lock(from);
	for (it = at_or_after(from, va); it != NULL && result == 0; it = at_or_after(from, it->end)) {
		like = *it;
		like.flags &= ~(MM_RECORD_LOCKED | MM_RECORD_ON_FAULT);
		if ((like.flags & MM_RECORD_NOT_FORKED) || (like.file == NULL && like.flags == 0))
			continue;
		copy = record_new(to, &like);
		if (copy == NULL)
			result = -ENOMEM;
		else if ((copy = put_in(to, copy)) != NULL)
			mm_record_free(copy);
	}
	records_unlock(from);
	return result;
}

void mm_records_fini(struct mm *mm)
{
	records_free(mm->records);
	mm->records = NULL;
}
