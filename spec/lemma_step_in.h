/*
 * Lemmas: storing one entry, level by level.
 */
#ifndef VMS_SPEC_LEMMA_STEP_IN_H
#define VMS_SPEC_LEMMA_STEP_IN_H

/*@
  lemma below_stays{L1,L2}: \forall integer m, j, n, i, l; same_base(L1, L2) ==> stored{L1,L2}(n, i) &&
    is_table{L1}(m) && 0 <= j < 512 && !(m == n && j == i) ==> below{L2}(m, j, l) == below{L1}(m, j, l);
  // A walk does not change unless it uses the entry; above the table it never does.
  lemma stored_3{L1,L2}: \forall integer r, v, n, i; same_base(L1, L2) ==> tree_ok{L1} && is_root{L1}(r) &&
    is_page(v) && (n == -1 || is_table{L1}(n)) && stored{L1,L2}(n, i) &&
    (!uses{L1}(r, v, n, i) || (n >= 0 && level_of{L1}(n) <= 3)) ==> walk3{L2}(r, v) == walk3{L1}(r, v);
  lemma stored_2{L1,L2}: \forall integer r, v, n, i; same_base(L1, L2) ==> tree_ok{L1} && is_root{L1}(r) &&
    is_page(v) && (n == -1 || is_table{L1}(n)) && stored{L1,L2}(n, i) &&
    (!uses{L1}(r, v, n, i) || (n >= 0 && level_of{L1}(n) <= 2)) ==>
    walk3{L2}(r, v) == walk3{L1}(r, v) && walk2{L2}(r, v) == walk2{L1}(r, v);
  lemma stored_1{L1,L2}: \forall integer r, v, n, i; same_base(L1, L2) ==> tree_ok{L1} && is_root{L1}(r) &&
    is_page(v) && (n == -1 || is_table{L1}(n)) && stored{L1,L2}(n, i) &&
    (!uses{L1}(r, v, n, i) || (n >= 0 && level_of{L1}(n) <= 1)) ==> walk1{L2}(r, v) == walk1{L1}(r, v);
  lemma seen_stays{L1,L2}: \forall integer m, v, n, i, l; same_base(L1, L2) ==> stored{L1,L2}(n, i) &&
    is_table{L1}(m) && is_page(v) && 1 <= l <= 4 && !(m == n && page_index(v, l) == i) ==>
    seen{L2}(m, v, l) == seen{L1}(m, v, l);
  lemma used{L}: \forall integer r, v, n, i, l; tree_ok && is_root(r) && is_page(v) && 1 <= l <= 4 && n >= 0 &&
    walk(r, v, l) == n && page_index(v, l) == i ==> level_of(n) == l && uses(r, v, n, i);
  lemma seen_1{L1,L2}: \forall integer r, v, n, i; same_base(L1, L2) ==> tree_ok{L1} && is_root{L1}(r) &&
    is_page(v) && (n == -1 || is_table{L1}(n)) && stored{L1,L2}(n, i) && !uses{L1}(r, v, n, i) &&
    walk1{L1}(r, v) >= 0 ==> walk{L1}(r, v, 1) == walk1{L1}(r, v) &&
    seen{L2}(walk1{L1}(r, v), v, 1) == seen{L1}(walk1{L1}(r, v), v, 1);
  lemma seen_2{L1,L2}: \forall integer r, v, n, i; same_base(L1, L2) ==> tree_ok{L1} && is_root{L1}(r) &&
    is_page(v) && (n == -1 || is_table{L1}(n)) && stored{L1,L2}(n, i) && !uses{L1}(r, v, n, i) &&
    walk2{L1}(r, v) >= 0 ==> walk{L1}(r, v, 2) == walk2{L1}(r, v) &&
    seen{L2}(walk2{L1}(r, v), v, 2) == seen{L1}(walk2{L1}(r, v), v, 2);
  lemma seen_3{L1,L2}: \forall integer r, v, n, i; same_base(L1, L2) ==> tree_ok{L1} && is_root{L1}(r) &&
    is_page(v) && (n == -1 || is_table{L1}(n)) && stored{L1,L2}(n, i) && !uses{L1}(r, v, n, i) &&
    walk3{L1}(r, v) >= 0 ==> walk{L1}(r, v, 3) == walk3{L1}(r, v) &&
    seen{L2}(walk3{L1}(r, v), v, 3) == seen{L1}(walk3{L1}(r, v), v, 3);
  lemma seen_4{L1,L2}: \forall integer r, v, n, i; same_base(L1, L2) ==> tree_ok{L1} && is_root{L1}(r) &&
    is_page(v) && (n == -1 || is_table{L1}(n)) && stored{L1,L2}(n, i) && !uses{L1}(r, v, n, i) ==>
    walk{L1}(r, v, 4) == r && seen{L2}(r, v, 4) == seen{L1}(r, v, 4);
*/

#endif
