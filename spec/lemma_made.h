/*
 * Lemmas: a table that nobody names is filled: no tree changes.
 */
#ifndef VMS_SPEC_LEMMA_MADE_H
#define VMS_SPEC_LEMMA_MADE_H

/*@
  lemma made_on{L1,L2,L3}: \forall integer t; same_base(L1, L2) ==> same_base(L2, L3) ==> made{L1,L2}(t) &&
    made{L2,L3}(t) ==> made{L1,L3}(t);
  lemma made_child{L1,L2}: \forall integer t, n, i, c; same_base(L1, L2) ==> made{L1,L2}(t) && is_table{L1}(n) &&
    n != t && c != t && child_ok{L1}(n, i, c) ==> child_ok{L2}(n, i, c);
  lemma made_tree{L1,L2}: \forall integer t; same_base(L1, L2) ==> tree_ok{L1} && unlinked{L1}(t) &&
    made{L1,L2}(t) && is_lowest{L2}(t) ==> tree_ok{L2};
  lemma made_unlinked{L1,L2}: \forall integer t; same_base(L1, L2) ==> unlinked{L1}(t) &&
    made{L1,L2}(t) && is_lowest{L2}(t) ==> unlinked{L2}(t);
  lemma made_root{L1,L2}: \forall integer t, r; same_base(L1, L2) ==> is_root{L1}(r) && r != t && made{L1,L2}(t) ==>
    is_root{L2}(r);
  lemma made_view{L1,L2}: \forall integer t, r, v; same_base(L1, L2) ==> tree_ok{L1} && unlinked{L1}(t) && t >= 0 &&
    made{L1,L2}(t) && is_root{L1}(r) && r != t && is_page(v) ==> view{L2}(r, v) == view{L1}(r, v);
*/

#endif
