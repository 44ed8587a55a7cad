/*
 * How cursor operations move in the tree they own.
 *
 * Invariant while a cursor is open: every table that meets its range and lies at or below `top` is locked by
 * it; `node` is `top` or below it, of level `level`, and covers the position unless the position is the end.
 */
#ifndef VMS_SRC_CURSOR_H
#define VMS_SRC_CURSOR_H

#include <vms/cursor.h>
#include <vms/machine.h>

#include "frame.h"
#include "node.h"

/* A page range that an operation works on: len bytes from the position. */
/*@ requires \valid_read(cursor) && cursor->at <= cursor->end;
  @ assigns \nothing;
  @ ensures \result <==> len > 0 && len % VMS_PAGE == 0 && cursor->at + len <= cursor->end; */
static inline bool vms__len_fits(const struct vms_cursor *cursor, uint64_t len)
{
	return len > 0 && len % VMS_PAGE == 0 && len <= cursor->end - cursor->at;
}

/* Forget what was found below the covering table: the tree was changed or is to be walked from there. */
/*@ requires opened(cursor);
  @ assigns cursor->node, cursor->level;
  @ ensures cursor_ok(cursor) && cursor->node == cursor->top && cursor->level == cursor->top_level;
  @ ensures same_trees{Pre,Post} && same_range{Pre,Post}(cursor); */
static inline void vms__rewind(struct vms_cursor *cursor)
{
	cursor->node = cursor->top;
	cursor->level = cursor->top_level;
	//@ assert same_trees{Pre, Here};
	//@ assert same_range{Pre, Here}(cursor);
}

/* Stand at va, in [start, end]. */
/*@ requires cursor_ok(cursor) && va % 4096 == 0 && cursor->start <= va <= cursor->end;
  @ assigns cursor->node, cursor->level, cursor->at;
  @ ensures cursor_ok(cursor) && cursor->at == va; */
static inline void vms__move(struct vms_cursor *cursor, vms_va va)
{
	if (vms__slot_start(va, cursor->level + 1) != vms__slot_start(cursor->at, cursor->level + 1))
		vms__rewind(cursor);
	//@ assert same_trees{Pre, Here};
	cursor->at = va;
	//@ assert same_trees{Pre, Here};
	//@ assert same_range{Pre, Here}(cursor);
}

/* Step on to va, in the cursor's table, which is of this level, or at its end. */
/*@ requires cursor_ok(cursor) && cursor->at < va <= cursor->end && va % 4096 == 0 && level == cursor->level;
  @ requires slot_nr(cursor->at, level + 1) == slot_nr(va - 1, level + 1);
  @ assigns cursor->node, cursor->level, cursor->at;
  @ ensures cursor_ok(cursor) && cursor->at == va; */
static inline void vms__step_to(struct vms_cursor *cursor, uint32_t level, vms_va va)
{
	cursor->at = va;
	//@ assert same_trees{Pre, Here};
	//@ assert same_range{Pre, Here}(cursor);
	if (vms__slot_aligned(va, level + 1))
		vms__rewind(cursor);
}

/* Step over the slot that begins at the position. */
/*@ requires cursor_ok(cursor) && slot_start(cursor->at, cursor->level) == cursor->at;
  @ requires cursor->at + slot_len(cursor->level) <= cursor->end;
  @ assigns cursor->node, cursor->level, cursor->at;
  @ ensures cursor_ok(cursor) && cursor->at == \old(cursor->at + slot_len(cursor->level)); */
static inline void vms__step_slot(struct vms_cursor *cursor)
{
	vms__step_to(cursor, cursor->level, cursor->at + vms__slot_len(cursor->level));
}

/* Step to the next slot of the cursor's table, or to `stop` if that is nearer. */
/*@ requires cursor_ok(cursor) && cursor->at < stop <= cursor->end && stop % 4096 == 0;
  @ assigns cursor->node, cursor->level, cursor->at;
  @ ensures cursor_ok(cursor);
  @ ensures cursor->at == \old(\min(stop, slot_start(cursor->at, cursor->level) + slot_len(cursor->level))); */
static inline void vms__step(struct vms_cursor *cursor, vms_va stop)
{
	vms__step_to(cursor, cursor->level, cursor->at + vms__slot_rest(cursor->at, cursor->level, stop - cursor->at));
}

/*@ requires cursor_ok(cursor) && cursor->at < cursor->end;
  @ assigns \nothing;
  @ ensures \result == ent(cursor->node, page_index(page(cursor->at), cursor->level)); */
static inline uint64_t vms__here(const struct vms_cursor *cursor)
{
	return vms__entry(cursor->node, vms__index(cursor->at, cursor->level));
}

/* Go down to the lowest table over the position, which is not the end; give its entry there. */
/*@ requires cursor_ok(cursor) && cursor->at < cursor->end;
  @ assigns cursor->node, cursor->level;
  @ ensures cursor_ok(cursor) && cursor->level <= \old(cursor->level);
  @ ensures \result == ent(cursor->node, page_index(page(cursor->at), cursor->level));
  @ ensures !pte_table(\result, cursor->level); */
static inline uint64_t vms__seek(struct vms_cursor *cursor)
{
	uint64_t pte = vms__here(cursor);

	/*@ loop invariant cursor_ok(cursor) && cursor->level <= \at(cursor->level, Pre);
	  @ loop invariant pte == ent(cursor->node, page_index(page(cursor->at), cursor->level));
	  @ loop assigns pte, cursor->node, cursor->level;
	  @ loop variant cursor->level; */
	while (arch_pte_is_table(pte, cursor->level)) {
		//@ assert over(cursor, pte_child(pte), cursor->level - 1, cursor->at);
		cursor->node = arch_pte_child(pte);
		cursor->level--;
		//@ assert same_trees{LoopCurrent, Here};
		//@ assert same_range{LoopCurrent, Here}(cursor);
		pte = vms__here(cursor);
	}
	return pte;
}

/* Does one table of pages, that is there, cover the next `len` bytes? No slot reaches over an end of them then. */
/*@ requires cursor_ok(cursor) && 0 < len <= cursor->end - cursor->at;
  @ assigns cursor->node, cursor->level;
  @ ensures cursor_ok(cursor);
  @ ensures \result <==> cursor->level == 1 && slot_nr(cursor->at, 2) == slot_nr(cursor->at + len - 1, 2); */
static inline bool vms__in_page_table(struct vms_cursor *cursor, uint64_t len)
{
	if (cursor->level > 1)
		(void)vms__seek(cursor);
	return cursor->level == 1 && vms__slot_start(cursor->at, 2) == vms__slot_start(cursor->at + len - 1, 2);
}

/*
 * Move to the first leaf (or mark, if asked for) before `stop` and give its entry; or to `stop`, and 0. In the
 * first case the cursor's node holds the entry.
 */
/*@ requires cursor_ok(cursor) && stop % 4096 == 0 && cursor->at <= stop <= cursor->end;
  @ assigns cursor->node, cursor->level, cursor->at;
  @ ensures cursor_ok(cursor);
  @ ensures \result == 0 ==> cursor->at == stop;
  @ ensures \result != 0 ==> \old(cursor->at) <= cursor->at < stop && !pte_table(\result, cursor->level) &&
  @   \result == ent(cursor->node, page_index(page(cursor->at), cursor->level));
  @ ensures \result != 0 && find == VMS_FIND_MAPPED ==> pte_leaf(\result, cursor->level); */
uint64_t vms__find(struct vms_cursor *cursor, vms_va stop, enum vms_find find);

/* Is the slot over the position all inside the next `len` bytes? */
/*@ requires \valid_read(cursor) && 1 <= cursor->level <= 4;
  @ assigns \nothing;
  @ ensures \result <==> slot_start(cursor->at, cursor->level) == cursor->at && slot_len(cursor->level) <= len; */
static inline bool vms__slot_inside(const struct vms_cursor *cursor, uint64_t len)
{
	return vms__slot_aligned(cursor->at, cursor->level) && vms__slot_len(cursor->level) <= len;
}

/*@ requires \valid_read(cursor); assigns \nothing; ensures \result <==> cursor->space != &vms_machine.kernel; */
static inline bool vms__is_user(const struct vms_cursor *cursor)
{
	return cursor->space != &vms_machine.kernel;
}

/* Say what this entry, over the position at the cursor's level, is. */
/*@ requires mem_ok && books_ok && \valid_read(cursor) && 1 <= cursor->level <= 4 && item_ok(cursor, item);
  @ assigns *item;
  @ ensures pte == 0 || pte_table(pte, cursor->level) ==> item->what == VMS_ABSENT;
  @ ensures pte_mark(pte) ==> item->what == VMS_MARKED && item->token == pte_token(pte);
  @ ensures pte_leaf(pte, cursor->level) ==> item->frame == pte_frame(pte, cursor->level) &&
  @   (item->what == VMS_MAPPED || item->what == VMS_DEVICE) &&
  @   (item->what == VMS_MAPPED <==> cursor->space != &vms_machine.kernel && counted(item->frame));
  @ ensures pte_mark(pte) || pte_leaf(pte, cursor->level) ==>
  @   item->va == slot_start(cursor->at, cursor->level) && item->len == slot_len(cursor->level); */
static inline void vms__describe(const struct vms_cursor *cursor, uint64_t pte, struct vms_item *item)
{
	item->va = vms__slot_start(cursor->at, cursor->level);
	item->len = vms__slot_len(cursor->level);
	item->frame = VMS_NO_FRAME;
	item->prop = (struct vms_prop){0, VMS_WRITE_BACK};
	item->token = 0;
	switch (arch_pte_kind(pte, cursor->level)) {
	case ARCH_PTE_LEAF:
		item->frame = arch_pte_frame(pte, cursor->level);
		item->prop = arch_pte_prop(pte, cursor->level);
		item->what = vms__is_user(cursor) && vms__frame_is_counted(item->frame) ? VMS_MAPPED : VMS_DEVICE;
		break;
	case ARCH_PTE_MARK:
		item->token = arch_pte_token(pte);
		item->what = VMS_MARKED;
		break;
	default:
		item->what = VMS_ABSENT;
		if (item->va < cursor->start) {
			item->len -= cursor->start - item->va;
			item->va = cursor->start;
		}
		if (item->len > cursor->end - item->va)
			item->len = cursor->end - item->va;
	}
}

/*
 * Make the tables that are missing so that no leaf or mark - nor, if `absent` says so, an absent slot -
 * reaches over either end of [position, position + len). No translation changes.
 * Returns  VMS_OK, or VMS_NO_MEMORY (VMS_SATURATED) and nothing was changed.
 */
enum vms_status vms__cut_ends(struct vms_cursor *cursor, uint64_t len, bool absent);

/*
 * Make tables from the lowest one over the position down to this level, out of the reserve, which suffices.
 * What was there is absent or a mark. Afterwards the cursor's node is of this level.
 */
void vms__descend_to(struct vms_cursor *cursor, uint32_t level, vms_pfn *reserve);

#endif
