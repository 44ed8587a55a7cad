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
  // The rest of a slot lies in one slot of the next level.
  predicate up_law(integer a, integer b, integer l) = slot_nr(a, l) == slot_nr(b, l) ==> slot_nr(a, l + 1) == slot_nr(b, l + 1);
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

  // L1 -> L2: the cursor has the same range; no table changes.
  predicate same_range{L1,L2}(struct vms_cursor *c) =
    \at(c->space,L1) == \at(c->space,L2) && \at(c->space->root,L1) == \at(c->space->root,L2) &&
    \at(c->start,L1) == \at(c->start,L2) && \at(c->end,L1) == \at(c->end,L2) &&
    \at(c->top,L1) == \at(c->top,L2) && \at(c->top_level,L1) == \at(c->top_level,L2);
  // The caller's place for what is found.
  predicate item_ok{L}(struct vms_cursor *c, struct vms_item *item) =
    \valid(item) && \separated(item, c, c->space) && apart(item);

  // The flags after a change.
  logic integer flag_then(integer flags, integer less, integer more, integer flag) =
    more / flag % 2 != 0 || (flags / flag % 2 != 0 && less / flag % 2 == 0) ? flag : 0;
  logic integer flags_then(integer flags, integer less, integer more) = flags / VMS_ACCESSED % 8 * VMS_ACCESSED +
    flag_then(flags, less, more, VMS_R) + flag_then(flags, less, more, VMS_W) + flag_then(flags, less, more, VMS_X) +
    flag_then(flags, less, more, VMS_SOFT0) + flag_then(flags, less, more, VMS_SOFT1);
  predicate changeable(integer flags) = flags < VMS_FLAGS_END && flags / VMS_ACCESSED % 8 == 0;
  // Still no right to write or execute without the right to read.
  predicate fits_after(integer flags, integer less, integer more) =
    flag_then(flags, less, more, VMS_W) != 0 || flag_then(flags, less, more, VMS_X) != 0 ==>
    flag_then(flags, less, more, VMS_R) != 0;
*/

#endif
