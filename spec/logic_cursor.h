/*
 * Words of the contracts: an open cursor and where it stands.
 */
#ifndef VMS_SPEC_LOGIC_CURSOR_H
#define VMS_SPEC_LOGIC_CURSOR_H

#include <spec/logic_step.h>
#include <vms/cursor.h>

/*@
  // Addresses of one space: user addresses, or the kernel's.
  predicate range_ok(integer start, integer end) = start % 4096 == 0 && end % 4096 == 0 && 0 <= start < end &&
    (end <= VMS_USER_END || (start >= VMS_KERNEL_START && end <= VMS_KERNEL_END));
  // Table n of this level is on the walk to va.
  predicate over{L}(struct vms_cursor *c, integer n, integer level, integer va) =
    1 <= level <= 4 && n == walk(c->space->root, page(va), level);
  // What never changes while a cursor is open: its range, and the table over all of it.
  predicate owns{L}(struct vms_cursor *c) = is_root(c->space->root) && range_ok(c->start, c->end) &&
    1 <= c->top_level <= 4 && over(c, c->top, c->top_level, c->start) &&
    slot_nr(c->start, c->top_level + 1) == slot_nr(c->end - 1, c->top_level + 1);
  // Where it stands: at a position in its range, in a table on the way there; at the end perhaps at the top.
  predicate stands{L}(struct vms_cursor *c) = c->at % 4096 == 0 && c->start <= c->at <= c->end &&
    1 <= c->level <= c->top_level &&
    (over(c, c->node, c->level, c->at) || (c->at == c->end && c->node == c->top && c->level == c->top_level));
  predicate cursor_ok{L}(struct vms_cursor *c) =
    mem_ok && tree_ok && no_leaf_on_top && \valid(c) && \valid_read(c->space) && \separated(c, c->space) &&
    apart(c) && owns(c) && stands(c);

  // Every address of the range is under the top table.
  lemma slot_mono: \forall integer a, b, l; 0 <= a <= b && 1 <= l <= 5 ==> slot_nr(a, l) <= slot_nr(b, l);
  lemma in_top: \forall integer a, b, va, l; 0 <= a <= va <= b && 1 <= l <= 5 && slot_nr(a, l) == slot_nr(b, l) ==>
    slot_nr(va, l) == slot_nr(a, l);
  // Addresses of one slot of the next level have the same table.
  lemma over_same{L}: \forall struct vms_cursor *c, integer n, a, b, l; is_va(a) && is_va(b) && over(c, n, l, a) &&
    slot_nr(a, l + 1) == slot_nr(b, l + 1) ==> over(c, n, l, b);
  lemma top_over{L}: \forall struct vms_cursor *c, integer va; owns(c) && c->start <= va < c->end && is_va(va) ==>
    is_va(c->start) && slot_nr(c->start, c->top_level + 1) == slot_nr(va, c->top_level + 1) &&
    over(c, c->top, c->top_level, va);
*/

#endif
