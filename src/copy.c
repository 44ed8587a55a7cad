/*
 * Copying a range of one space into another: the entries themselves are copied, table by table.
 *
 * The first pass takes a reference for every leaf and counts the tables that the other space lacks; it can
 * fail and then takes everything back. The second pass stores entries and cannot fail.
 */
#include <vms/frame.h>

#include "cursor.h"
#include "frame.h"

/* Entries [first, end) of a table, none of which is a table; the cursor stood at the first of them. */
struct span {
	vms_pfn node;
	uint32_t level;
	uint32_t first;
	uint32_t end;
};

/* The span at the position, which is before stop; the cursor moves behind it. */
static struct span span_next(struct vms_cursor *cursor, vms_va stop)
{
	struct span span;
	uint64_t nr;

	(void)vms__seek(cursor);
	span.node = cursor->node;
	span.level = cursor->level;
	span.first = vms__index(cursor->at, span.level);
	/* Slots up to stop, the last perhaps not whole; it is absent then, for the ends were cut. */
	nr = ((stop - 1) >> vms__shift(span.level)) - (cursor->at >> vms__shift(span.level)) + 1;
	span.end = nr < VMS_ENTRIES - span.first ? span.first + (uint32_t)nr : (uint32_t)VMS_ENTRIES;
	for (uint32_t i = span.first; span.level > 1 && i < span.end; i++) {
		if (arch_pte_kind(vms__entry(span.node, i), span.level) == ARCH_PTE_TABLE)
			span.end = i;
	}
	nr = vms__slot_rest(cursor->at, span.level, stop - cursor->at) +
	     (span.end - span.first - 1) * vms__slot_len(span.level);
	vms__move(cursor, nr < stop - cursor->at ? cursor->at + nr : stop);
	return span;
}

/* Is there a reference to count for this leaf? */
static bool leaf_counts(uint64_t pte, uint32_t level)
{
	return arch_pte_kind(pte, level) == ARCH_PTE_LEAF && vms__frame_is_counted(arch_pte_frame(pte, level));
}

/* Drop what span_share() took for the entries before `end`. */
static void span_unshare(const struct span *span, uint32_t end)
{
	for (uint32_t i = span->first; i < end; i++) {
		uint64_t pte = vms__entry(span->node, i);

		if (leaf_counts(pte, span->level))
			vms_frame_put(arch_pte_frame(pte, span->level));
	}
}

/* One more reference for each leaf's frame: all or none. `used`: some entry is not absent. */
static enum vms_status span_share(const struct span *span, bool *used)
{
	*used = false;
	for (uint32_t i = span->first; i < span->end; i++) {
		uint64_t pte = vms__entry(span->node, i);

		if (pte == 0)
			continue;
		*used = true;
		if (leaf_counts(pte, span->level) && vms_frame_get(arch_pte_frame(pte, span->level)) != VMS_OK) {
			span_unshare(span, i);
			return VMS_SATURATED;
		}
	}
	return VMS_OK;
}

/* What the other space lacks, counted while the positions rise. */
struct plan {
	uint32_t nr;                 /* tables */
	vms_va end[ARCH_LEVELS + 1]; /* up to here the tables of this level are counted already */
};

/* The tables that `to` lacks for the span at its position. VMS_EXISTS: a leaf or a deeper table is there. */
static enum vms_status plan_span(struct vms_cursor *to, const struct span *span, struct plan *plan)
{
	(void)vms__seek(to);
	if (to->level < span->level)
		return VMS_EXISTS;
	for (uint32_t level = to->level; level > span->level; level--) {
		if (arch_pte_kind(vms__here(to), to->level) == ARCH_PTE_LEAF)
			return VMS_EXISTS;
		if (to->at < plan->end[level - 1])
			continue;
		plan->nr++;
		plan->end[level - 1] = vms__slot_start(to->at, level) + vms__slot_len(level);
	}
	for (uint32_t i = span->first; to->level == span->level && i < span->end; i++) {
		enum arch_pte_kind kind = arch_pte_kind(vms__entry(to->node, i), span->level);

		if (kind == ARCH_PTE_LEAF || kind == ARCH_PTE_TABLE)
			return VMS_EXISTS;
	}
	return VMS_OK;
}

/* Take back the references of the spans from `start` up to `stop`. */
static void range_unshare(struct vms_cursor *from, vms_va start, vms_va stop)
{
	vms__move(from, start);
	while (from->at < stop) {
		struct span span = span_next(from, stop);

		span_unshare(&span, span.end);
	}
}

/* The first pass. Both cursors end where they began. */
static enum vms_status range_share(struct vms_cursor *from, struct vms_cursor *to, vms_va stop, uint32_t *nr)
{
	struct plan plan = {0, {0}};
	enum vms_status status = VMS_OK;
	vms_va start = from->at, at = start;
	bool used;

	while (status == VMS_OK && at < stop) {
		struct span span = span_next(from, stop);

		vms__move(to, at);
		status = span_share(&span, &used);
		if (status == VMS_OK && used) {
			status = plan_span(to, &span, &plan);
			if (status != VMS_OK)
				span_unshare(&span, span.end);
		}
		if (status == VMS_OK)
			at = from->at;
	}
	if (status != VMS_OK && at > start)
		range_unshare(from, start, at);
	vms__move(from, start);
	vms__move(to, start);
	*nr = plan.nr;
	return status;
}

/* What both sides of an entry have from now on: without the right to write, if so asked. */
static uint64_t entry_shared(struct vms_cursor *from, const struct span *span, uint32_t i, uint32_t cow, vms_va va)
{
	uint64_t pte = vms__entry(span->node, i), shared;

	if (cow == 0 || !leaf_counts(pte, span->level))
		return pte;
	shared = arch_pte_unwrite(pte, cow);
	if (shared == pte)
		return pte;
	while (!vms__entry_swap(span->node, i, pte, shared)) {
		pte = vms__entry(span->node, i);
		shared = arch_pte_unwrite(pte, cow);
	}
	vms_tlb_issue(&from->flusher, va, vms__slot_len(span->level));
	return shared;
}

/* The second pass, for one span. `to` stands where the span begins. */
static void span_copy(struct vms_cursor *from, struct vms_cursor *to, const struct span *span, uint32_t cow,
		      vms_pfn *reserve)
{
	vms_va va = vms__slot_start(to->at, span->level);
	bool ready = false;

	for (uint32_t i = span->first; i < span->end; i++, va += vms__slot_len(span->level)) {
		if (vms__entry(span->node, i) == 0)
			continue;
		if (!ready) {
			(void)vms__seek(to);
			vms__descend_to(to, span->level, reserve);
			ready = true;
		}
		vms_machine.meta[to->node].nr_present += vms__entry(to->node, i) == 0;
		vms__entry_set(to->node, i, entry_shared(from, span, i, cow, va));
	}
}

static enum vms_status check(const struct vms_cursor *from, const struct vms_cursor *to, uint64_t len, uint32_t cow)
{
	if (from->mode != VMS_EDITING || to->mode != VMS_EDITING)
		return VMS_READ_ONLY;
	if (from->space == to->space || !vms__is_user(from) || !vms__is_user(to) || from->at != to->at ||
	    (cow != 0 && cow != VMS_SOFT0 && cow != VMS_SOFT1))
		return VMS_INVALID;
	return vms__len_fits(from, len) && vms__len_fits(to, len) ? VMS_OK : VMS_OUT_OF_RANGE;
}

enum vms_status vms_cursor_copy(struct vms_cursor *from, struct vms_cursor *to, uint64_t len, uint32_t cow)
{
	enum vms_status status = check(from, to, len, cow);
	vms_va stop = from->at + len, at;
	vms_pfn reserve;
	uint32_t nr;

	if (status == VMS_OK)
		status = vms__cut_ends(from, len, false);
	if (status == VMS_OK)
		status = range_share(from, to, stop, &nr);
	if (status != VMS_OK)
		return status;
	if (!vms__tables_reserve(&reserve, nr)) {
		at = from->at;
		range_unshare(from, at, stop);
		vms__move(from, at);
		return VMS_NO_MEMORY;
	}
	while (from->at < stop) {
		struct span span;

		at = from->at;
		span = span_next(from, stop);
		vms__move(to, at);
		span_copy(from, to, &span, cow, &reserve);
	}
	vms__move(to, stop);
	return VMS_OK;
}
