/*
 * Lemmas: a table is hung under an entry: no page translates to anything else.
 */
#ifndef VMS_SPEC_LEMMA_HUNG_H
#define VMS_SPEC_LEMMA_HUNG_H

/*@
  lemma hung_tree{L1,L2}: \forall integer n, i, t; same_base(L1, L2) ==> tree_ok{L1} &&
    hung{L1,L2}(n, i, t) ==> tree_ok{L2};
  lemma hung_view{L1,L2}: \forall integer r, v, n, i, t; same_base(L1, L2) ==> tree_ok{L1} && is_root{L1}(r) &&
    is_page(v) && hung{L1,L2}(n, i, t) && parts{L1}(t, ent{L1}(n, i), level_of{L1}(n)) ==>
    (uses{L1}(r, v, n, i) || !uses{L1}(r, v, n, i)) && view{L2}(r, v) == view{L1}(r, v);
*/

#endif
