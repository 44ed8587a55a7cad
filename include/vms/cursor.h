/*
 * Cursors: own a range of a space, and query and change what is in it.
 *
 * A cursor is a lock on [start, end) and a position in it. While it is open no other cursor of any CPU
 * overlaps the range. The position starts at start, is always in [start, end], and only the calls that
 * say so move it. Two overlapping cursors of one thread deadlock: nobody could ever release the first.
 *
 * Everything between open and close runs with preemption off, which the guard stands for, and never
 * sleeps. User memory must not be touched meanwhile: its fault might need the same range.
 */
#ifndef VMS_CURSOR_H
#define VMS_CURSOR_H

#include <vms/space.h>
#include <vms/tlb.h>
#include <vms/types.h>

/* Says that preemption is off from enter to leave. */
struct vms_guard {
	bool entered;
};
//@ requires \valid(guard); assigns guard->entered; ensures guard->entered;
void vms_guard_enter(struct vms_guard *guard);
//@ requires \valid(guard); assigns guard->entered; ensures !guard->entered;
void vms_guard_leave(struct vms_guard *guard);

enum vms_mode {
	VMS_READING, /* query, find_next, jump; allocates nothing */
	VMS_EDITING  /* everything */
};

/* Storage of the caller's; about 800 bytes. The fields are the library's. */
struct vms_cursor {
	struct vms_space *space;
	vms_va start;
	vms_va end;
	vms_va at;   /* the position */
	vms_pfn top; /* the covering table: the lowest one that covers the whole range */
	uint32_t top_level;
	vms_pfn node;   /* a table on the way from top to the position */
	uint32_t level; /* its level */
	enum vms_mode mode;
	struct vms_tlb_flusher flusher;
};

enum vms_what {
	VMS_ABSENT, /* nothing */
	VMS_MARKED, /* a token */
	VMS_MAPPED, /* an untyped frame */
	VMS_DEVICE  /* memory that is not counted: devices; everything in the kernel's space */
};

/* What a query found. va and len are the whole slot's, cut to the cursor's range only if it is absent. */
struct vms_item {
	enum vms_what what;
	vms_va va;
	uint64_t len;         /* bytes */
	vms_pfn frame;        /* mapped, device: the first frame of the slot */
	struct vms_prop prop; /* mapped, device */
	vms_token token;      /* marked */
};

/**
 * Own [start, end) of a space, and stand at start.
 *
 * cursor  storage of the caller's; usable only after VMS_OK.
 * guard   entered by this thread, and left after close.
 * start, end  multiples of VMS_PAGE inside the space: [0, VMS_USER_END) for a user space.
 *
 * Returns  VMS_OK
 *          VMS_BAD_RANGE  start >= end, unaligned, outside the space, or guard not entered
 *          VMS_NO_MEMORY  editing only: no frame for a table on the way to the range
 * Context  preemption off, any interrupt state; spins while another cursor overlaps the range.
 * Cost     O(levels) loads, one lock for each table that meets the range and lies at or under the
 *          covering table; editing makes the tables down to the covering one.
 */
VMS_MUST_USE enum vms_status vms_cursor_open(struct vms_cursor *cursor, struct vms_space *space,
					     const struct vms_guard *guard, vms_va start, vms_va end,
					     enum vms_mode mode);

/**
 * Release the range. What was queued for the TLBs is dispatched and waited for first, and the frames
 * behind it are freed.
 * Context  as vms_tlb_sync().
 */
void vms_cursor_close(struct vms_cursor *cursor);

/**
 * The position, in bytes.
 */
//@ requires \valid_read(cursor); assigns \nothing; ensures \result == cursor->at;
static inline vms_va vms_cursor_at(const struct vms_cursor *cursor)
{
	return cursor->at;
}

/**
 * What is at the position. Nothing moves, no reference is taken: what is found stays while the cursor is open.
 *
 * Returns  VMS_OK, or VMS_OUT_OF_RANGE at the end of the range.
 * Context  between open and close.
 * Cost     O(levels) loads, one if the position is in the same table as before.
 */
VMS_MUST_USE enum vms_status vms_cursor_query(struct vms_cursor *cursor, struct vms_item *item);

/* What find_next looks for. */
enum vms_find { VMS_FIND_MAPPED, VMS_FIND_ANY /* marks too */ };

/**
 * Move to the first page in [position, position + len) that is mapped (or marked), and say what it is.
 *
 * len  bytes, a multiple of VMS_PAGE; the range must not leave the cursor's.
 *
 * Returns  VMS_OK            found; the position is in the item, at its first page that is in the range
 *          VMS_NOT_FOUND     nothing there; the position is exactly position + len
 *          VMS_OUT_OF_RANGE  len is 0, no multiple, or leaves the range; nothing moved
 * Cost     O(entries looked at); absent slots of any level are one step.
 */
VMS_MUST_USE enum vms_status vms_cursor_find_next(struct vms_cursor *cursor, uint64_t len, enum vms_find find,
						  struct vms_item *item);

/**
 * Move to va.
 *
 * Returns  VMS_OK, or VMS_OUT_OF_RANGE if va is unaligned or not in [start, end]; then nothing moved.
 */
VMS_MUST_USE enum vms_status vms_cursor_jump(struct vms_cursor *cursor, vms_va va);

/**
 * Map one frame at the position and step past it.
 *
 * frame  an untyped frame; on VMS_OK one reference moves into the table, on any error it stays with the
 *        caller. Its size (4 KiB, 2 MiB, 1 GiB) must fit the position. Zeroed or filled by the caller.
 * prop   a combination that vms_prop_valid() accepts, without VMS_GLOBAL.
 *
 * Returns  VMS_OK            mapped; the position grew by the frame's size. A mark there is replaced.
 *          VMS_READ_ONLY     the cursor is for reading
 *          VMS_OUT_OF_RANGE  at the end, or the frame does not fit or is not aligned here; in a range that
 *                            is exactly a huge frame's slot it fits only while no table is under the slot
 *          VMS_BAD_FRAME     not an untyped frame
 *          VMS_BAD_PROP
 *          VMS_EXISTS        a page under the slot is mapped; nothing is ever replaced silently
 *          VMS_NO_MEMORY     no frame for an inner table
 * TLB      none due: absent becomes present. A CPU may take one spurious fault.
 * Cost     O(levels) loads, one store; at most levels - 1 tables.
 */
VMS_MUST_USE enum vms_status vms_cursor_map(struct vms_cursor *cursor, vms_pfn frame, struct vms_prop prop);

/**
 * Map memory that is not counted, all of it or nothing: device memory, or in the kernel's space anything.
 * Leaves are as large as alignment allows.
 *
 * frame, len  the physical range: first frame, bytes (a multiple of VMS_PAGE). In a user space no frame
 *             of it may be managed RAM.
 *
 * Returns  as vms_cursor_map(); the position grew by len on VMS_OK.
 * TLB      none due.
 */
VMS_MUST_USE enum vms_status vms_cursor_map_device(struct vms_cursor *cursor, vms_pfn frame, uint64_t len,
						   struct vms_prop prop);

/**
 * Remove every mapping and mark in [position, position + len) and step past it.
 *
 * len         bytes, a multiple of VMS_PAGE; holes are fine; the range must not leave the cursor's.
 * nr_removed  pages that were mapped, a huge one counted in full; may be NULL.
 *
 * Returns  VMS_OK            the position is exactly position + len
 *          VMS_READ_ONLY
 *          VMS_OUT_OF_RANGE  len is 0, no multiple, or leaves the range
 *          VMS_NO_MEMORY     a huge leaf or mark straddles an end and no frame was left to split it
 *          VMS_SATURATED     it straddles an end, and its frame has as many references as can be counted
 * TLB      queued; done at the latest by close. Frames and tables are kept until then.
 * Cost     O(entries); whole tables in the range are detached as one.
 */
VMS_MUST_USE enum vms_status vms_cursor_unmap(struct vms_cursor *cursor, uint64_t len, uint64_t *nr_removed);

/*
 * A change of flags: clear these, then set those. Only R, W, X and SOFT flags may be changed.
 *
 * cow: where the result would have VMS_W, but the frame has another holder or is not counted, VMS_W goes and this flag,
 * VMS_SOFT0 or VMS_SOFT1, comes instead. 0: nobody looks. (Holders are leaves and handles. Of a large frame that was cut
 * each part is one.) What had one holder keeps one until the cursor is closed, unless its owner adds some.
 */
struct vms_change {
	uint32_t clear;
	uint32_t set;
	uint32_t cow;
};

/**
 * Find the next mapping in [position, position + len), change its flags, and step past it.
 *
 * changed  the mapping as it is now: va and len say which range was changed.
 *
 * Returns  VMS_OK
 *          VMS_NOT_FOUND     no mapping there; the position is exactly position + len
 *          VMS_READ_ONLY
 *          VMS_OUT_OF_RANGE  len is 0, no multiple, or leaves the range
 *          VMS_BAD_PROP      the change touches other flags, or what results, without a look at cow, is not valid
 *          VMS_NO_MEMORY     a huge leaf exceeds the range and no frame was left to split it
 *          VMS_SATURATED     likewise, and its frame has as many references as can be counted
 * TLB      queued unless rights only grew; a CPU may take one spurious fault then.
 * Note     accessed and dirty bits that hardware sets meanwhile are never lost.
 */
VMS_MUST_USE enum vms_status vms_cursor_protect_next(struct vms_cursor *cursor, uint64_t len, struct vms_change change,
						     struct vms_item *changed);

/**
 * Change the flags of every mapping in [position, position + len), and step past it: what
 * vms_cursor_protect_next() does until it finds none.
 *
 * change      one that leaves valid flags whatever they were: it sets VMS_R, or sets neither VMS_W nor VMS_X
 *             and clears VMS_R only together with both.
 * nr_changed  pages that are mapped there, a huge one counted in full; may be NULL.
 *
 * Returns  VMS_OK            the position is exactly position + len, also if nothing is mapped
 *          VMS_READ_ONLY
 *          VMS_OUT_OF_RANGE  len is 0, no multiple, or leaves the range
 *          VMS_BAD_PROP      the change touches other flags, or is none of those above
 *          VMS_NO_MEMORY     a huge leaf or mark straddles an end and no frame was left to split it
 *          VMS_SATURATED     a huge leaf straddles an end, and its frame has too many references to split it
 * TLB      as vms_cursor_protect_next().
 * Cost     O(entries).
 */
VMS_MUST_USE enum vms_status vms_cursor_protect(struct vms_cursor *cursor, uint64_t len, struct vms_change change,
						uint64_t *nr_changed);

/**
 * Change the flags of mappings from the position on up to the first page that is not mapped, or to position + len, and
 * step there. As vms_cursor_protect() otherwise.
 *
 * Returns  as vms_cursor_protect(), but the position says how far it went; it may not have moved.
 * Note     also what reaches over position + len is cut, whatever comes before it.
 */
VMS_MUST_USE enum vms_status vms_cursor_protect_run(struct vms_cursor *cursor, uint64_t len, struct vms_change change);

/**
 * Put a token on every page of [position, position + len), at the highest levels that fit, and step past
 * it. What was mapped there is removed as by unmap.
 *
 * Returns  as vms_cursor_unmap(), and VMS_NO_MEMORY if an end needs a table that cannot be had.
 */
VMS_MUST_USE enum vms_status vms_cursor_mark(struct vms_cursor *cursor, uint64_t len, vms_token token);

/**
 * Give the range [position, position + len) of one space to another, as fork does: every mapping there shares
 * its frame, every mark is repeated, at the same addresses. Both cursors step past it.
 *
 * from, to  open for editing, in two user spaces; both at the same position. Where `from` has something,
 *           nothing is mapped in `to`; marks there are replaced. Where `from` has nothing, `to` stays as it is.
 * len       bytes, a multiple of VMS_PAGE; the range must not leave either cursor's.
 * cow       0: both sides keep the flags. VMS_SOFT0 or VMS_SOFT1: where a frame may be written, both sides
 *           lose VMS_W and get this flag instead. Device memory keeps its flags.
 *
 * Returns  VMS_OK
 *          VMS_READ_ONLY     a cursor is for reading
 *          VMS_INVALID       one space, the kernel's, or two positions; cow is something else
 *          VMS_OUT_OF_RANGE  len is 0, no multiple, or leaves a range
 *          VMS_EXISTS        `to` maps a page where `from` has something, or has a table where `from` has a
 *                            larger slot
 *          VMS_NO_MEMORY     no frame for a table
 *          VMS_SATURATED     a frame has as many references as can be counted
 * TLB      queued for `from` where a right was taken; none due for `to`.
 * Cost     two passes over the entries of `from`; as many tables for `to` as it lacks.
 */
VMS_MUST_USE enum vms_status vms_cursor_copy(struct vms_cursor *from, struct vms_cursor *to, uint64_t len,
					     uint32_t cow);

#endif
