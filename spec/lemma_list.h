/*
 * Lemmas: lists of tables that hang nowhere.
 */
#ifndef VMS_SPEC_LEMMA_LIST_H
#define VMS_SPEC_LEMMA_LIST_H

/*@
  lemma loose_stays{L1,L2}: \forall integer u, n, i, f; same_base(L1, L2) ==> loose{L1}(u) && u != f && u != n &&
    linked{L1,L2}(n, i, f) && is_lowest{L2}(f) && pte_child(ent{L2}(n, i)) == f ==> loose{L2}(u);
  lemma chain_rest{L1,L2}: \forall \list<integer> l, integer nr, r, n, i, f; same_base(L1, L2) ==>
    chain{L1}(l, nr, r) && nr > 0 && f == \nth(l, nr - 1) && linked{L1,L2}(n, i, f) && is_lowest{L2}(f) &&
    pte_child(ent{L2}(n, i)) == f && !loose_but{L1}(n, r) ==> chain{L2}(l, nr - 1, r);
  lemma chain_next{L}: \forall \list<integer> l, integer nr, r, f; chain(l, nr, r) && nr > 0 && f == \nth(l, nr - 1) ==>
    next_of(f) == (nr == 1 ? VMS_NO_FRAME : \nth(l, nr - 2));
  lemma list_first{L}: \forall integer f, nr, r; reserved(f, nr, r) && nr > 0 ==> loose(f) && f != r;
  lemma list_rest{L1,L2}: \forall integer f, nr, r, n, i; same_base(L1, L2) ==> reserved{L1}(f, nr, r) && nr > 0 &&
    linked{L1,L2}(n, i, f) && is_lowest{L2}(f) && pte_child(ent{L2}(n, i)) == f && !loose_but{L1}(n, r) ==>
    reserved{L2}(next_of{L1}(f), nr - 1, r);
  lemma stays_table{L1,L2}: \forall integer n, t; same_base(L1, L2) ==> others_stay{L1,L2}(t) && n != t ==>
    (is_table{L2}(n) <==> is_table{L1}(n));
  lemma stays_child{L1,L2}: \forall integer n, i, c, t; same_base(L1, L2) ==> others_stay{L1,L2}(t) && n != t && c != t &&
    is_table{L1}(n) && is_table{L2}(n) && is_table{L2}(c) && child_ok{L1}(n, i, c) ==> child_ok{L2}(n, i, c);
  lemma taken_tree{L1,L2}: \forall integer t; same_base(L1, L2) ==> tree_ok{L1} && taken{L1,L2}(t) ==>
    tree_ok{L2} && kept_trees{L1,L2} && (no_leaf_on_top{L1} ==> no_leaf_on_top{L2});
  lemma loose_gone{L1,L2}: \forall integer u, t; same_base(L1, L2) ==> loose{L1}(u) && gone{L1,L2}(t) && u != t ==> loose{L2}(u);
  lemma chain_gone{L1,L2}: \forall \list<integer> l, integer nr, r, f; same_base(L1, L2) ==> chain{L1}(l, nr, r) && nr > 0 &&
    f == \nth(l, nr - 1) && gone{L1,L2}(f) ==> chain{L2}(l, nr - 1, r);
  lemma list_gone{L1,L2}: \forall integer f, nr, r; same_base(L1, L2) ==> reserved{L1}(f, nr, r) && nr > 0 &&
    gone{L1,L2}(f) ==> reserved{L2}(next_of{L1}(f), nr - 1, r);
  lemma gone_table{L1,L2}: \forall integer n, t; same_base(L1, L2) ==> gone{L1,L2}(t) && is_table{L2}(n) ==>
    n != t && is_table{L1}(n) && level_of{L1}(n) == level_of{L2}(n);
  lemma gone_child{L1,L2}: \forall integer n, i, t; same_base(L1, L2) ==> tree_ok{L1} && unlinked{L1}(t) && gone{L1,L2}(t) &&
    is_table{L2}(n) && 0 <= i < 512 && pte_table(ent{L2}(n, i), level_of{L2}(n)) ==>
    child_ok{L2}(n, i, pte_child(ent{L2}(n, i)));
  lemma gone_tree{L1,L2}: \forall integer t; same_base(L1, L2) ==> tree_ok{L1} && unlinked{L1}(t) && gone{L1,L2}(t) ==>
    tree_ok{L2} && (no_leaf_on_top{L1} ==> no_leaf_on_top{L2});
*/

#endif
