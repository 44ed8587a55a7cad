/*
 * Lemmas: a table that nobody names is filled: walks, level by level.
 */
#ifndef VMS_SPEC_LEMMA_MADE_IN_H
#define VMS_SPEC_LEMMA_MADE_IN_H

/*@
  lemma made_below{L1,L2}: \forall integer t, m, j, l; same_base(L1, L2) ==> unlinked{L1}(t) && t >= 0 &&
    made{L1,L2}(t) && is_table{L1}(m) && m != t && 0 <= j < 512 && level_of{L1}(m) == l ==>
    below{L2}(m, j, l) == below{L1}(m, j, l) && below{L1}(m, j, l) != t;
  lemma made_3{L1,L2}: \forall integer t, r, v; same_base(L1, L2) ==> tree_ok{L1} && unlinked{L1}(t) && t >= 0 &&
    made{L1,L2}(t) && is_root{L1}(r) && r != t && is_page(v) ==>
    walk3{L2}(r, v) == walk3{L1}(r, v) && walk3{L1}(r, v) != t;
  lemma made_step{L1,L2}: \forall integer t, m, r, v, l; same_base(L1, L2) ==> unlinked{L1}(t) && t >= 0 &&
    made{L1,L2}(t) && walk_is{L1}(m, r, v, l) && is_page(v) && m != t && 1 <= l <= 4 ==>
    below{L2}(m, page_index(v, l), l) == below{L1}(m, page_index(v, l), l) && below{L1}(m, page_index(v, l), l) != t;
  lemma step_2{L1,L2}: \forall integer t, r, v; same_base(L1, L2) ==> unlinked{L1}(t) && t >= 0 && made{L1,L2}(t) &&
    is_page(v) && walk3{L2}(r, v) == walk3{L1}(r, v) && walk3{L1}(r, v) != t &&
    (walk3{L1}(r, v) >= 0 ==> walk_is{L1}(walk3{L1}(r, v), r, v, 3)) ==>
    walk2{L2}(r, v) == walk2{L1}(r, v) && walk2{L1}(r, v) != t;
  lemma made_2{L1,L2}: \forall integer t, r, v; same_base(L1, L2) ==> tree_ok{L1} && unlinked{L1}(t) && t >= 0 &&
    made{L1,L2}(t) && is_root{L1}(r) && r != t && is_page(v) ==>
    walk2{L2}(r, v) == walk2{L1}(r, v) && walk2{L1}(r, v) != t;
  lemma step_1{L1,L2}: \forall integer t, r, v; same_base(L1, L2) ==> unlinked{L1}(t) && t >= 0 && made{L1,L2}(t) &&
    is_page(v) && walk2{L2}(r, v) == walk2{L1}(r, v) && walk2{L1}(r, v) != t &&
    (walk2{L1}(r, v) >= 0 ==> walk_is{L1}(walk2{L1}(r, v), r, v, 2)) ==>
    walk1{L2}(r, v) == walk1{L1}(r, v) && walk1{L1}(r, v) != t;
  lemma made_1{L1,L2}: \forall integer t, r, v; same_base(L1, L2) ==> tree_ok{L1} && unlinked{L1}(t) && t >= 0 &&
    made{L1,L2}(t) && is_root{L1}(r) && r != t && is_page(v) ==>
    walk1{L2}(r, v) == walk1{L1}(r, v) && walk1{L1}(r, v) != t;
  lemma made_seen{L1,L2}: \forall integer t, m, r, v, l; same_base(L1, L2) ==> made{L1,L2}(t) &&
    walk_is{L1}(m, r, v, l) && is_page(v) && m != t && 1 <= l <= 4 ==> seen{L2}(m, v, l) == seen{L1}(m, v, l);
  lemma seen_walked{L1,L2}: \forall integer t, r, v; same_base(L1, L2) ==> made{L1,L2}(t) && is_page(v) && r != t &&
    walk_is{L1}(r, r, v, 4) && walk3{L2}(r, v) == walk3{L1}(r, v) && walk2{L2}(r, v) == walk2{L1}(r, v) &&
    walk1{L2}(r, v) == walk1{L1}(r, v) && walk3{L1}(r, v) != t && walk2{L1}(r, v) != t && walk1{L1}(r, v) != t &&
    (walk3{L1}(r, v) >= 0 ==> walk_is{L1}(walk3{L1}(r, v), r, v, 3)) &&
    (walk2{L1}(r, v) >= 0 ==> walk_is{L1}(walk2{L1}(r, v), r, v, 2)) &&
    (walk1{L1}(r, v) >= 0 ==> walk_is{L1}(walk1{L1}(r, v), r, v, 1)) ==> view{L2}(r, v) == view{L1}(r, v);
  lemma root_is{L}: \forall integer r, v; is_root(r) && is_page(v) ==> walk_is(r, r, v, 4);
*/

#endif
