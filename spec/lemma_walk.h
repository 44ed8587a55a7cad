/*
 * Lemmas: every table on a walk is the one that its record says.
 */
#ifndef VMS_SPEC_LEMMA_WALK_H
#define VMS_SPEC_LEMMA_WALK_H

/*@
  lemma child_in_is: \forall integer pte, level; 0 <= pte ==> (child_in(pte, level) >= 0 <==> pte_table(pte, level)) &&
    (child_in(pte, level) >= 0 ==> child_in(pte, level) == pte_child(pte));
  lemma walk_step_2{L}: \forall integer r, v; walk(r, v, 1) == below(walk(r, v, 2), page_index(v, 2), 2);
  lemma walk_step_3{L}: \forall integer r, v; walk(r, v, 2) == below(walk(r, v, 3), page_index(v, 3), 3);
  lemma walk_step_4{L}: \forall integer r, v; walk(r, v, 3) == below(walk(r, v, 4), page_index(v, 4), 4);
  lemma walk_child_2{L}: \forall integer n, r, v; tree_ok && is_page(v) && walk_is(n, r, v, 2) &&
    below(n, page_index(v, 2), 2) >= 0 ==> walk_is(below(n, page_index(v, 2), 2), r, v, 1);
  lemma walk_child_3{L}: \forall integer n, r, v; tree_ok && is_page(v) && walk_is(n, r, v, 3) &&
    below(n, page_index(v, 3), 3) >= 0 ==> walk_is(below(n, page_index(v, 3), 3), r, v, 2);
  lemma walk_child_4{L}: \forall integer n, r, v; tree_ok && is_page(v) && walk_is(n, r, v, 4) &&
    below(n, page_index(v, 4), 4) >= 0 ==> walk_is(below(n, page_index(v, 4), 4), r, v, 3);
  lemma walk_3{L}: \forall integer r, v; tree_ok && is_root(r) && is_page(v) && walk3(r, v) >= 0 ==>
    walk_is(walk3(r, v), r, v, 3);
  lemma walk_2{L}: \forall integer r, v; tree_ok && is_root(r) && is_page(v) && walk2(r, v) >= 0 ==>
    walk3(r, v) >= 0 && walk_is(walk2(r, v), r, v, 2);
  lemma walk_1{L}: \forall integer r, v; tree_ok && is_root(r) && is_page(v) && walk1(r, v) >= 0 ==>
    walk2(r, v) >= 0 && walk_is(walk2(r, v), r, v, 2) && below(walk2(r, v), page_index(v, 2), 2) >= 0 &&
    walk_is(walk1(r, v), r, v, 1);
  lemma walk_any{L}: \forall integer r, v, l; tree_ok && is_root(r) && is_page(v) && 1 <= l <= 4 &&
    walk(r, v, l) >= 0 ==> walk_is(walk(r, v, l), r, v, l) && is_table(walk(r, v, l)) && level_of(walk(r, v, l)) == l;
  lemma same_walk_3{L}: \forall integer r, v, w; is_page(v) && is_page(w) && page_place(v, 3) == page_place(w, 3) ==>
    walk3(r, v) == walk3(r, w);
  lemma same_walk_2{L}: \forall integer r, v, w; is_page(v) && is_page(w) && page_place(v, 2) == page_place(w, 2) ==>
    walk2(r, v) == walk2(r, w);
  lemma same_walk_1{L}: \forall integer r, v, w; is_page(v) && is_page(w) && page_place(v, 1) == page_place(w, 1) ==>
    page_place(v, 2) == page_place(w, 2) && walk2(r, v) == walk2(r, w) && page_index(v, 2) == page_index(w, 2) &&
    walk1(r, v) == walk1(r, w);
  lemma same_walk{L}: \forall integer r, v, w, l; is_page(v) && is_page(w) && 1 <= l <= 4 &&
    page_place(v, l) == page_place(w, l) ==> walk(r, v, l) == walk(r, w, l);
*/

#endif
