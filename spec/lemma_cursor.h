/*
 * Lemmas: what an open cursor owns.
 */
#ifndef VMS_SPEC_LEMMA_CURSOR_H
#define VMS_SPEC_LEMMA_CURSOR_H

/*@
  // Addresses of one slot of the next level have the same table.
  lemma over_same{L}: \forall struct vms_cursor *c, integer n, a, b, l; is_va(a) && is_va(b) && over(c, n, l, a) &&
    slot_nr(a, l + 1) == slot_nr(b, l + 1) ==> over(c, n, l, b);
  lemma top_over{L}: \forall struct vms_cursor *c, integer va; owns(c) && c->start <= va < c->end && is_va(va) ==>
    is_va(c->start) && slot_nr(c->start, c->top_level + 1) == slot_nr(va, c->top_level + 1) &&
    over(c, c->top, c->top_level, va);
  // A table on a walk is one, of that level.
  lemma over_table{L}: \forall struct vms_cursor *c, integer n, l, va; tree_ok && is_root(c->space->root) && is_va(va) &&
    over(c, n, l, va) && n >= 0 ==> is_table(n) && level_of(n) == l && n < vms_machine.nr_frames;
  lemma over_stays{L1,L2}: \forall struct vms_cursor *c, integer n, l, va; same_base(L1, L2) ==> same_trees{L1,L2} &&
    tree_ok{L1} && is_root{L1}(\at(c->space->root,L1)) && same_range{L1,L2}(c) && is_va(va) && over{L1}(c, n, l, va) ==>
    over{L2}(c, n, l, va);
  lemma owns_stays{L1,L2}: \forall struct vms_cursor *c; same_base(L1, L2) ==> same_trees{L1,L2} && tree_ok{L1} &&
    same_range{L1,L2}(c) && owns{L1}(c) ==> owns{L2}(c);
  lemma same_tree{L1,L2}: same_base(L1, L2) ==> same_trees{L1,L2} && tree_ok{L1} ==>
    tree_ok{L2} && (no_leaf_on_top{L1} ==> no_leaf_on_top{L2});
  // One table lower.
  lemma over_child{L}: \forall struct vms_cursor *c, integer n, l, va; tree_ok && is_root(c->space->root) && is_va(va) &&
    over(c, n, l, va) && n >= 0 && 2 <= l <= 4 && pte_table(ent(n, page_index(page(va), l)), l) ==>
    over(c, pte_child(ent(n, page_index(page(va), l))), l - 1, va);
*/

#endif
