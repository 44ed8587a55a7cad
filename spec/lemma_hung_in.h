/*
 * Lemmas: a table is hung under an entry: walks, level by level.
 */
#ifndef VMS_SPEC_LEMMA_HUNG_IN_H
#define VMS_SPEC_LEMMA_HUNG_IN_H

/*@
  lemma hung_below{L1,L2}: \forall integer n, i, t, l; same_base(L1, L2) ==> hung{L1,L2}(n, i, t) &&
    level_of{L1}(n) == l ==> below{L2}(n, i, l) == t && below{L1}(n, i, l) == -1;
  lemma low_none{L}: \forall integer t, j, l; is_lowest(t) && 0 <= j < 512 && level_of(t) == l ==>
    child_in(ent(t, j), l) == -1;
  lemma hung_keeps{L1,L2}: \forall integer n, i, t, j; same_base(L1, L2) ==> hung{L1,L2}(n, i, t) && 0 <= j < 512 ==>
    t >= 0 && level_of{L1}(t) == level_of{L1}(n) - 1 && is_table{L1}(t) && ent{L2}(t, j) == ent{L1}(t, j);
  lemma hung_low{L1,L2}: \forall integer n, i, t, j, l; same_base(L1, L2) ==> hung{L1,L2}(n, i, t) && 0 <= j < 512 &&
    level_of{L1}(n) - 1 == l ==> ent{L2}(t, j) == ent{L1}(t, j) && child_in(ent{L1}(t, j), l) == -1 &&
    below{L2}(t, j, l) == -1;
  lemma way_4{L1,L2}: \forall integer r, v, n, i, t; same_base(L1, L2) ==> hung{L1,L2}(n, i, t) && is_page(v) &&
    walk{L1}(r, v, 4) == n && walk{L2}(r, v, 4) == n && page_index(v, 4) == i && level_of{L1}(n) == 4 ==>
    walk3{L1}(r, v) == -1 && walk3{L2}(r, v) == t && walk2{L2}(r, v) == -1 && walk2{L1}(r, v) == -1;
  lemma hung_4{L1,L2}: \forall integer r, v, n, i, t; same_base(L1, L2) ==> hung{L1,L2}(n, i, t) && is_page(v) &&
    walk{L1}(r, v, 4) == n && walk{L2}(r, v, 4) == n && page_index(v, 4) == i && level_of{L1}(n) == 4 &&
    parts{L1}(t, ent{L1}(n, i), 4) ==> view{L2}(r, v) == view{L1}(r, v);
  lemma way_3{L1,L2}: \forall integer r, v, n, i, t; same_base(L1, L2) ==> hung{L1,L2}(n, i, t) && is_page(v) &&
    walk{L1}(r, v, 3) == n && walk{L2}(r, v, 3) == n && page_index(v, 3) == i && level_of{L1}(n) == 3 ==>
    walk3{L1}(r, v) == n && walk3{L2}(r, v) == n && walk2{L1}(r, v) == -1 && walk2{L2}(r, v) == t;
  lemma way_low{L1,L2}: \forall integer r, v, n, i, t; same_base(L1, L2) ==> hung{L1,L2}(n, i, t) && is_page(v) &&
    level_of{L1}(n) == 3 && walk2{L1}(r, v) == -1 && walk2{L2}(r, v) == t ==>
    0 <= page_index(v, 2) < 512 && below{L2}(t, page_index(v, 2), 2) == -1 &&
    walk1{L2}(r, v) == -1 && walk1{L1}(r, v) == -1;
  lemma hung_3{L1,L2}: \forall integer r, v, n, i, t; same_base(L1, L2) ==> hung{L1,L2}(n, i, t) && is_page(v) &&
    walk{L1}(r, v, 3) == n && walk{L2}(r, v, 3) == n && page_index(v, 3) == i && level_of{L1}(n) == 3 &&
    parts{L1}(t, ent{L1}(n, i), 3) ==> view{L2}(r, v) == view{L1}(r, v);
  lemma way_2{L1,L2}: \forall integer r, v, n, i, t; same_base(L1, L2) ==> hung{L1,L2}(n, i, t) && is_page(v) &&
    walk{L1}(r, v, 2) == n && walk{L2}(r, v, 2) == n && page_index(v, 2) == i && level_of{L1}(n) == 2 ==>
    walk2{L1}(r, v) == n && walk2{L2}(r, v) == n && walk1{L1}(r, v) == -1 && walk1{L2}(r, v) == t;
  lemma hung_2{L1,L2}: \forall integer r, v, n, i, t; same_base(L1, L2) ==> hung{L1,L2}(n, i, t) && is_page(v) &&
    walk{L1}(r, v, 2) == n && walk{L2}(r, v, 2) == n && page_index(v, 2) == i && level_of{L1}(n) == 2 &&
    parts{L1}(t, ent{L1}(n, i), 2) ==> view{L2}(r, v) == view{L1}(r, v);
  lemma hung_uses{L1,L2}: \forall integer r, v, n, i, t; same_base(L1, L2) ==> tree_ok{L1} && is_root{L1}(r) &&
    is_page(v) && hung{L1,L2}(n, i, t) && uses{L1}(r, v, n, i) ==> walk{L1}(r, v, level_of{L1}(n)) == n &&
    walk{L2}(r, v, level_of{L1}(n)) == n && page_index(v, level_of{L1}(n)) == i;
  lemma hung_used{L1,L2}: \forall integer r, v, n, i, t; same_base(L1, L2) ==> tree_ok{L1} && is_root{L1}(r) &&
    is_page(v) && hung{L1,L2}(n, i, t) && parts{L1}(t, ent{L1}(n, i), level_of{L1}(n)) && uses{L1}(r, v, n, i) ==>
    2 <= level_of{L1}(n) <= 4 && view{L2}(r, v) == view{L1}(r, v);
  lemma hung_other{L1,L2}: \forall integer r, v, n, i, t; same_base(L1, L2) ==> tree_ok{L1} && is_root{L1}(r) &&
    is_page(v) && hung{L1,L2}(n, i, t) && !uses{L1}(r, v, n, i) ==> view{L2}(r, v) == view{L1}(r, v);
*/

#endif
