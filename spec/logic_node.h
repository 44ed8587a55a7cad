/*
 * Words of the contracts: blocks of a table's entries, tables that hang in no tree yet, and lists of them.
 */
#ifndef VMS_SPEC_LOGIC_NODE_H
#define VMS_SPEC_LOGIC_NODE_H

#include <spec/logic_step.h>

/*@
  // Bit b of the blocks of a table; an entry that is not absent lies in a block whose bit is set.
  predicate block_used(integer used, integer b) = (used & (1 << b)) != 0;
  lemma bit_twice: \forall integer h; 0 <= h ==> 2 * h == (h << 1);
  lemma bit_low: \forall integer h; 0 <= h ==> !block_used(h << 1, 0);
  lemma bit_half: \forall integer u; 0 <= u && u % 2 == 0 ==> u == ((u / 2) << 1);
  lemma bit_0: \forall integer u; 0 <= u && u % 2 == 0 ==> !block_used((u / 2) << 1, 0) && !block_used(u, 0);
  lemma bit_none: \forall integer b; !block_used(0, b);
  predicate blocks_ok{L}(integer n) =
    \forall integer i; 0 <= i < 512 && ent(n, i) != 0 ==> block_used(vms_machine.meta[n].used, i / 16);

  // A table that hangs nowhere: no entry of any table names it.
  predicate unlinked{L}(integer t) = \forall integer m, j; is_table(m) && 0 <= j < 512 &&
    pte_table(ent(m, j), level_of(m)) ==> pte_child(ent(m, j)) != t;
  predicate loose{L}(integer t) = 0 <= t < vms_machine.nr_frames && kind_of(t) == VMS_FRAME_TABLE && blank(t) &&
    unlinked(t);
  // No table hangs below it.
  predicate is_lowest{L}(integer t) = \forall integer j; 0 <= j < 512 ==> !pte_table(ent(t, j), level_of(t));
  // L1 -> L2: no other table changes.
  predicate made{L1,L2}(integer t) =
    (\forall integer m; is_table{L1}(m) && m != t ==> is_table{L2}(m) && same_place_of{L1,L2}(m)) &&
    (\forall integer m; is_table{L2}(m) && m != t ==> is_table{L1}(m)) &&
    \forall integer m, j; is_table{L1}(m) && m != t && 0 <= j < 512 ==> ent{L1}(m, j) == ent{L2}(m, j);
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
  lemma made_view{L1,L2}: \forall integer t, r, v; same_base(L1, L2) ==> tree_ok{L1} && unlinked{L1}(t) && t >= 0 &&
    made{L1,L2}(t) && is_root{L1}(r) && r != t && is_page(v) ==> view{L2}(r, v) == view{L1}(r, v);

  // Each page of entry `pte` of a table of this level is in table t what it is there: t may take its place.
  predicate parts{L}(integer t, integer pte, integer level) = \forall integer v; is_page(v) ==>
    page_of(ent(t, page_index(v, level - 1)), level - 1, v % pages_in(level - 1)) ==
    page_of(pte, level, v % pages_in(level));
  // The same for one entry of t, the k-th.
  predicate is_part(integer part, integer pte, integer level, integer k) = \forall integer x;
    0 <= x < pages_in(level - 1) ==> page_of(part, level - 1, x) == page_of(pte, level, k * pages_in(level - 1) + x);
  lemma part_2: \forall integer v; 0 <= v ==> v % 0x200 == v - 512 * (v / 0x200) && 0 <= v % 0x200 < 512;
  lemma part_3: \forall integer v; 0 <= v ==> v % 0x40000 == 0x200 * (v / 0x200 - 512 * (v / 0x40000)) + v % 0x200 &&
    0 <= v / 0x200 - 512 * (v / 0x40000) < 512;
  lemma part_4: \forall integer v; 0 <= v ==>
    v % 0x8000000 == 0x40000 * (v / 0x40000 - 512 * (v / 0x8000000)) + v % 0x40000 &&
    0 <= v / 0x40000 - 512 * (v / 0x8000000) < 512;
  lemma in_page_2: \forall integer v; is_page(v) ==> page_index(v, 1) == v - 512 * (v / 0x200) && v % pages_in(1) == 0;
  lemma in_page_3: \forall integer v; is_page(v) ==> page_index(v, 2) == v / 0x200 - 512 * (v / 0x40000);
  lemma in_page_4: \forall integer v; is_page(v) ==> page_index(v, 3) == v / 0x40000 - 512 * (v / 0x8000000);
  lemma parts_2{L}: \forall integer t, pte; (\forall integer j; 0 <= j < 512 ==> is_part(ent(t, j), pte, 2, j)) ==>
    parts(t, pte, 2);
  lemma parts_3{L}: \forall integer t, pte; (\forall integer j; 0 <= j < 512 ==> is_part(ent(t, j), pte, 3, j)) ==>
    parts(t, pte, 3);
  lemma parts_4{L}: \forall integer t, pte; (\forall integer j; 0 <= j < 512 ==> is_part(ent(t, j), pte, 4, j)) ==>
    parts(t, pte, 4);
  lemma blank_parts{L}: \forall integer t, l; blank(t) && 2 <= l <= 4 ==> parts(t, 0, l);
  lemma blank_lowest{L}: \forall integer t; blank(t) ==> is_lowest(t);
  lemma place_below: \forall integer p, l, i; 2 <= l <= 4 && 0 <= p < pages_in(5 - l) && 0 <= i < 512 ==>
    0 <= p * 512 + i < pages_in(6 - l) <= 0x8000000;
  // L1 -> L2: table t comes to hang at entry i of n.
  predicate hung{L1,L2}(integer n, integer i, integer t) = is_table{L1}(n) && 2 <= level_of{L1}(n) <= 4 &&
    stored{L1,L2}(n, i) && n != t && child_ok{L1}(n, i, t) && unlinked{L1}(t) && is_lowest{L1}(t) &&
    !pte_table(ent{L1}(n, i), level_of{L1}(n)) && pte_table(ent{L2}(n, i), level_of{L1}(n)) &&
    pte_child(ent{L2}(n, i)) == t;
  lemma hung_tree{L1,L2}: \forall integer n, i, t; same_base(L1, L2) ==> tree_ok{L1} &&
    hung{L1,L2}(n, i, t) ==> tree_ok{L2};
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
  lemma hung_view{L1,L2}: \forall integer r, v, n, i, t; same_base(L1, L2) ==> tree_ok{L1} && is_root{L1}(r) &&
    is_page(v) && hung{L1,L2}(n, i, t) && parts{L1}(t, ent{L1}(n, i), level_of{L1}(n)) ==>
    (uses{L1}(r, v, n, i) || !uses{L1}(r, v, n, i)) && view{L2}(r, v) == view{L1}(r, v);
*/

#endif
