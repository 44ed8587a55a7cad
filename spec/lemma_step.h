/*
 * Lemmas: storing one entry: the form of the tree, walks, what pages translate to.
 */
#ifndef VMS_SPEC_LEMMA_STEP_H
#define VMS_SPEC_LEMMA_STEP_H

/*@
  lemma same_stored{L1,L2}: same_base(L1, L2) ==> same_trees{L1,L2} ==> stored{L1,L2}(-1, 0);
  lemma root_stays{L1,L2}: \forall integer r; same_base(L1, L2) ==> same_tables{L1,L2} && is_root{L1}(r) ==> is_root{L2}(r);
  lemma tree_stored{L1,L2}: \forall integer n, i; same_base(L1, L2) ==> tree_ok{L1} && stored{L1,L2}(n, i) &&
    (n == -1 || is_table{L1}(n)) &&
    (n == -1 || (pte_table(ent{L2}(n, i), level_of{L1}(n)) ==> child_ok{L2}(n, i, pte_child(ent{L2}(n, i))))) ==>
    tree_ok{L2};
  lemma stored_walk{L1,L2}: \forall integer r, v, n, i, l; same_base(L1, L2) ==> tree_ok{L1} && is_root{L1}(r) &&
    is_page(v) && (n == -1 || is_table{L1}(n)) && stored{L1,L2}(n, i) && 1 <= l <= 4 &&
    (!uses{L1}(r, v, n, i) || (n >= 0 && level_of{L1}(n) <= l)) ==> walk{L2}(r, v, l) == walk{L1}(r, v, l);
  lemma stored_view{L1,L2}: \forall integer r, v, n, i; same_base(L1, L2) ==> tree_ok{L1} && is_root{L1}(r) &&
    is_page(v) && (n == -1 || is_table{L1}(n)) && stored{L1,L2}(n, i) && !uses{L1}(r, v, n, i) ==>
    view{L2}(r, v) == view{L1}(r, v);
*/

#endif
