/*
 * Lemmas: what a cursor owns stays, piece by piece.
 */
#ifndef VMS_SPEC_LEMMA_CURSOR_IN_H
#define VMS_SPEC_LEMMA_CURSOR_IN_H

/*@
  lemma trees_stay{L1,L2}: same_base(L1, L2) ==> same_trees{L1,L2} && tree_ok{L1} ==>
    tree_ok{L2} && (no_leaf_on_top{L1} ==> no_leaf_on_top{L2});
  lemma walk_stays{L1,L2}: \forall integer r, v, l; same_base(L1, L2) ==> same_trees{L1,L2} && tree_ok{L1} &&
    is_root{L1}(r) && is_page(v) && 1 <= l <= 4 ==> walk{L2}(r, v, l) == walk{L1}(r, v, l);
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
*/

#endif
