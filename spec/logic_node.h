/*
 * Words of the contracts: blocks of a table's entries, tables that hang in no tree yet, and lists of them.
 */
#ifndef VMS_SPEC_LOGIC_NODE_H
#define VMS_SPEC_LOGIC_NODE_H

#include <spec/logic_step.h>

/*@
  // Bit b of the blocks of a table; an entry that is not absent lies in a block whose bit is set.
  predicate block_used(integer used, integer b) = (used & (1 << b)) != 0;
  predicate blocks_ok{L}(integer n) =
    \forall integer i; 0 <= i < 512 && ent(n, i) != 0 ==> block_used(vms_machine.meta[n].used, i / 16);

  // A table that hangs nowhere: no entry of any table names it.
  predicate unlinked{L}(integer t) = \forall integer m, j; is_table(m) && 0 <= j < 512 &&
    pte_table(ent(m, j), level_of(m)) ==> pte_child(ent(m, j)) != t;
  predicate loose{L}(integer t) = 0 <= t < vms_machine.nr_frames && kind_of(t) == VMS_FRAME_TABLE && blank(t) &&
    unlinked(t);
  // A list of nr tables that hang nowhere, none of them r, in which l names the first last; there is one from f on.
  logic integer next_of{L}(integer t) = vms_machine.meta[t].next;
  predicate chain{L}(\list<integer> l, integer nr, integer r) = nr <= \length(l) && \forall integer k; 0 <= k < nr ==>
    loose(\nth(l, k)) && \nth(l, k) != r && next_of(\nth(l, k)) == (k == 0 ? VMS_NO_FRAME : \nth(l, k - 1)) &&
    \forall integer j; 0 <= j < k ==> \nth(l, j) != \nth(l, k);
  predicate reserved{L}(integer f, integer nr, integer r) = nr >= 0 &&
    \exists \list<integer> l; chain(l, nr, r) && f == (nr == 0 ? VMS_NO_FRAME : \nth(l, nr - 1));
  predicate loose_but{L}(integer n, integer r) = loose(n) && n != r;
  // L1 -> L2: nothing of any other frame changes but its lock and its counts.
  predicate others_stay{L1,L2}(integer t) =
    (\forall integer m; 0 <= m < \at(vms_machine.nr_frames,L1) && m != t ==>
      kind_of{L2}(m) == kind_of{L1}(m) && next_of{L2}(m) == next_of{L1}(m) && same_place_of{L1,L2}(m)) &&
    \forall integer m, j; 0 <= m < \at(vms_machine.nr_frames,L1) && m != t && 0 <= j < 512 ==>
      ent{L2}(m, j) == ent{L1}(m, j);
  // An unused frame becomes a table that hangs nowhere; and such a table, an unused frame.
  predicate taken{L1,L2}(integer t) = 0 <= t < \at(vms_machine.nr_frames,L1) && kind_of{L1}(t) == VMS_FRAME_UNUSED &&
    others_stay{L1,L2}(t) && kind_of{L2}(t) == VMS_FRAME_TABLE && blank{L2}(t);
  predicate gone{L1,L2}(integer t) = others_stay{L1,L2}(t) && kind_of{L2}(t) == VMS_FRAME_UNUSED;
  // No table hangs below it.
  predicate is_lowest{L}(integer t) = \forall integer j; 0 <= j < 512 ==> !pte_table(ent(t, j), level_of(t));
  // L1 -> L2: no other table changes.
  predicate made{L1,L2}(integer t) =
    (\forall integer m; is_table{L1}(m) && m != t ==> is_table{L2}(m) && same_place_of{L1,L2}(m)) &&
    (\forall integer m; is_table{L2}(m) && m != t ==> is_table{L1}(m)) &&
    \forall integer m, j; is_table{L1}(m) && m != t && 0 <= j < 512 ==> ent{L1}(m, j) == ent{L2}(m, j);

  // Each page of entry `pte` of a table of this level is in table t what it is there: t may take its place.
  predicate parts{L}(integer t, integer pte, integer level) = \forall integer v; is_page(v) ==>
    page_of(ent(t, page_index(v, level - 1)), level - 1, v % pages_in(level - 1)) ==
    page_of(pte, level, v % pages_in(level));
  // The same for one entry of t, the k-th.
  predicate is_part(integer part, integer pte, integer level, integer k) = \forall integer x;
    0 <= x < pages_in(level - 1) ==> page_of(part, level - 1, x) == page_of(pte, level, k * pages_in(level - 1) + x);
  // L1 -> L2: table t comes to hang at entry i of n.
  predicate hung{L1,L2}(integer n, integer i, integer t) = is_table{L1}(n) && 2 <= level_of{L1}(n) <= 4 &&
    stored{L1,L2}(n, i) && n != t && child_ok{L1}(n, i, t) && unlinked{L1}(t) && is_lowest{L1}(t) &&
    !pte_table(ent{L1}(n, i), level_of{L1}(n)) && pte_table(ent{L2}(n, i), level_of{L1}(n)) &&
    pte_child(ent{L2}(n, i)) == t;
  // L1 -> L2: as that, and t was filled first; nothing else changes.
  predicate linked{L1,L2}(integer n, integer i, integer t) =
    (\forall integer m; is_table{L1}(m) && m != t ==> is_table{L2}(m) && same_place_of{L1,L2}(m)) &&
    (\forall integer m; is_table{L2}(m) && m != t ==> is_table{L1}(m)) &&
    (\forall integer m; 0 <= m < \at(vms_machine.nr_frames,L1) ==> kind_of{L2}(m) == kind_of{L1}(m) &&
      next_of{L2}(m) == next_of{L1}(m)) &&
    (\forall integer m, j; 0 <= m < \at(vms_machine.nr_frames,L1) && m != t && 0 <= j < 512 && !(m == n && j == i) ==>
      ent{L2}(m, j) == ent{L1}(m, j));
*/

#endif
