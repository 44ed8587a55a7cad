/*
 * Words of the contracts: an open cursor and where it stands.
 */
#ifndef VMS_SPEC_LOGIC_CURSOR_H
#define VMS_SPEC_LOGIC_CURSOR_H

#include <spec/logic_step.h>
#include <spec/logic_tlb.h>
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
  // Open, with a position in its range; and it stands in a table on the way there, at the end perhaps at the top.
  predicate opened{L}(struct vms_cursor *c) =
    mem_ok && tree_ok && no_leaf_on_top && \valid(c) && \valid_read(c->space) && \separated(c, c->space) &&
    apart(c) && owns(c) && c->at % 4096 == 0 && c->start <= c->at <= c->end;
  predicate stands{L}(struct vms_cursor *c) = 1 <= c->level <= c->top_level &&
    (over(c, c->node, c->level, c->at) || (c->at == c->end && c->node == c->top && c->level == c->top_level));
  predicate cursor_ok{L}(struct vms_cursor *c) = opened(c) && stands(c);

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
  // A table on a walk is one, of that level.
  lemma over_table{L}: \forall struct vms_cursor *c, integer n, l, va; tree_ok && is_root(c->space->root) && is_va(va) &&
    over(c, n, l, va) && n >= 0 ==> is_table(n) && level_of(n) == l && n < vms_machine.nr_frames;
  // The rest of a slot lies in one slot of the next level.
  predicate up_law(integer a, integer b, integer l) = slot_nr(a, l) == slot_nr(b, l) ==> slot_nr(a, l + 1) == slot_nr(b, l + 1);
  lemma slot_up: \forall integer a, b, l; 0 <= a && 0 <= b && 1 <= l <= 4 ==> up_law(a, b, l);
  predicate in_law(integer a, integer b) =
    (b < a / 0x1000 * 0x1000 + 0x1000 ==> b / 0x1000 == a / 0x1000) &&
    (b < a / 0x200000 * 0x200000 + 0x200000 ==> b / 0x200000 == a / 0x200000) &&
    (b < a / 0x40000000 * 0x40000000 + 0x40000000 ==> b / 0x40000000 == a / 0x40000000) &&
    (b < a / 0x8000000000 * 0x8000000000 + 0x8000000000 ==> b / 0x8000000000 == a / 0x8000000000) &&
    (b < a / 0x1000000000000 * 0x1000000000000 + 0x1000000000000 ==> b / 0x1000000000000 == a / 0x1000000000000);
  predicate next_law(integer a, integer b) =
    (a / 0x1000 == (b - 1) / 0x1000 && b / 0x1000 * 0x1000 != b ==> a / 0x1000 == b / 0x1000) &&
    (a / 0x200000 == (b - 1) / 0x200000 && b / 0x200000 * 0x200000 != b ==> a / 0x200000 == b / 0x200000) &&
    (a / 0x40000000 == (b - 1) / 0x40000000 && b / 0x40000000 * 0x40000000 != b ==> a / 0x40000000 == b / 0x40000000) &&
    (a / 0x8000000000 == (b - 1) / 0x8000000000 && b / 0x8000000000 * 0x8000000000 != b ==> a / 0x8000000000 == b / 0x8000000000) &&
    (a / 0x1000000000000 == (b - 1) / 0x1000000000000 && b / 0x1000000000000 * 0x1000000000000 != b ==> a / 0x1000000000000 == b / 0x1000000000000);
  lemma in_laws: \forall integer a, b; 0 <= a <= b ==> in_law(a, b);
  lemma next_laws: \forall integer a, b; 0 <= a < b ==> next_law(a, b);
  lemma slot_in: \forall integer a, b, l; 0 <= a <= b && 1 <= l <= 5 && b < slot_start(a, l) + slot_len(l) ==>
    in_law(a, b) && slot_nr(b, l) == slot_nr(a, l);
  lemma slot_next: \forall integer a, b, l; 0 <= a < b && 1 <= l <= 5 && slot_nr(a, l) == slot_nr(b - 1, l) &&
    slot_start(b, l) != b ==> next_law(a, b) && slot_nr(a, l) == slot_nr(b, l);

  // L1 -> L2: the cursor has the same range; no table changes.
  predicate same_range{L1,L2}(struct vms_cursor *c) =
    \at(c->space,L1) == \at(c->space,L2) && \at(c->space->root,L1) == \at(c->space->root,L2) &&
    \at(c->start,L1) == \at(c->start,L2) && \at(c->end,L1) == \at(c->end,L2) &&
    \at(c->top,L1) == \at(c->top,L2) && \at(c->top_level,L1) == \at(c->top_level,L2);
  lemma trees_stay{L1,L2}: same_base(L1, L2) ==> same_trees{L1,L2} && tree_ok{L1} ==>
    tree_ok{L2} && (no_leaf_on_top{L1} ==> no_leaf_on_top{L2});
  lemma walk_stays{L1,L2}: \forall integer r, v, l; same_base(L1, L2) ==> same_trees{L1,L2} && tree_ok{L1} &&
    is_root{L1}(r) && is_page(v) && 1 <= l <= 4 ==> walk{L2}(r, v, l) == walk{L1}(r, v, l);
  lemma over_stays{L1,L2}: \forall struct vms_cursor *c, integer n, l, va; same_base(L1, L2) ==> same_trees{L1,L2} &&
    tree_ok{L1} && is_root{L1}(\at(c->space->root,L1)) && same_range{L1,L2}(c) && is_va(va) && over{L1}(c, n, l, va) ==>
    over{L2}(c, n, l, va);
  lemma root_same{L1,L2}: \forall integer r; same_base(L1, L2) ==> same_trees{L1,L2} && is_root{L1}(r) ==> is_root{L2}(r);
  lemma range_same{L1,L2}: \forall struct vms_cursor *c; same_range{L1,L2}(c) && range_ok(\at(c->start,L1), \at(c->end,L1)) ==>
    range_ok(\at(c->start,L2), \at(c->end,L2)) && is_va(\at(c->start,L2));
  lemma top_stays{L1,L2}: \forall struct vms_cursor *c; same_base(L1, L2) ==> same_trees{L1,L2} && tree_ok{L1} &&
    same_range{L1,L2}(c) && owns{L1}(c) ==>
    over{L2}(c, \at(c->top,L2), \at(c->top_level,L2), \at(c->start,L2));
  lemma root_stays_of{L1,L2}: \forall struct vms_cursor *c; same_base(L1, L2) ==> same_trees{L1,L2} && tree_ok{L1} &&
    same_range{L1,L2}(c) && owns{L1}(c) ==>
    is_root{L2}(\at(c->space->root,L2));
  lemma slot_stays{L1,L2}: \forall struct vms_cursor *c; same_range{L1,L2}(c) && owns{L1}(c) ==>
    slot_nr(\at(c->start,L2), \at(c->top_level,L2) + 1) == slot_nr(\at(c->end,L2) - 1, \at(c->top_level,L2) + 1);
  lemma owns_stays{L1,L2}: \forall struct vms_cursor *c; same_base(L1, L2) ==> same_trees{L1,L2} && tree_ok{L1} &&
    same_range{L1,L2}(c) && owns{L1}(c) ==> owns{L2}(c);
*/

#endif
