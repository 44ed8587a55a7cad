/*
 * Words of the contracts: what a tree translates each page to.
 */
#ifndef VMS_SPEC_LOGIC_VIEW_H
#define VMS_SPEC_LOGIC_VIEW_H

#include <spec/logic_tree.h>

/* Where everything is does not change. A macro: provers see plain equalities. */
#define same_base(L1, L2) (same_mem(L1, L2) && \at(vms_machine.kernel.root, L1) == \at(vms_machine.kernel.root, L2))

/*@
  // What one page of a slot is, as a number: 0 for nothing; the token; or frame, flags and cache policy. Equal for a
  // leaf and for the parts that it may be cut into.
  logic integer leaf_in(integer pte, integer level) = // pte_leaf(), as a term
    (pte / ARCH_PTE_P % 2 != 0 ? level == 1 || pte / ARCH_PTE_PS % 2 != 0 : pte / ARCH_PTE_KEPT % 2 != 0) ? 1 : 0;
  logic integer page_of(integer pte, integer level, integer k) =
    pte == 0 ? 0 :
    leaf_in(pte, level) == 1 ?
      2 * (((pte_frame(pte, level) + k) * 0x100 + pte_flags(pte)) * 4 + pte_cache(pte, level)) + 1 :
    2 * pte_token(pte) + 2;
  logic integer seen{L}(integer n, integer v, integer level) =
    page_of(ent(n, page_index(v, level)), level, v % pages_in(level));
  // What root r translates page v to.
  logic integer view{L}(integer r, integer v) =
    walk1(r, v) >= 0 ? seen(walk1(r, v), v, 1) : walk2(r, v) >= 0 ? seen(walk2(r, v), v, 2) :
    walk3(r, v) >= 0 ? seen(walk3(r, v), v, 3) : seen(r, v, 4);

  // L1 -> L2: the same tables, and perhaps more.
  predicate same_place_of{L1,L2}(integer n) =
    \at(vms_machine.meta[n].level,L1) == \at(vms_machine.meta[n].level,L2) &&
    \at(vms_machine.meta[n].root,L1) == \at(vms_machine.meta[n].root,L2) &&
    \at(vms_machine.meta[n].prefix,L1) == \at(vms_machine.meta[n].prefix,L2);

  // L1 -> L2: no table changes, nor any entry.
  predicate same_trees{L1,L2} =
    (\forall integer n; 0 <= n < \at(vms_machine.nr_frames,L1) ==> same_place_of{L1,L2}(n) &&
      \at(vms_machine.meta[n].kind,L1) == \at(vms_machine.meta[n].kind,L2)) &&
    (\forall integer n, j; 0 <= n < \at(vms_machine.nr_frames,L1) && 0 <= j < 512 ==>
      \at(vms_machine.ram[n].entry[j],L1) == \at(vms_machine.ram[n].entry[j],L2));
  // L1 -> L2: every table of L1 is there, with the same entries; more may be.
  predicate kept_trees{L1,L2} = \forall integer n; is_table{L1}(n) ==> is_table{L2}(n) && same_place_of{L1,L2}(n) &&
    \forall integer j; 0 <= j < 512 ==> ent{L2}(n, j) == ent{L1}(n, j);
  // No walk changes, nor what any page translates to. (Tables that no walk meets may come and go.)
  predicate same_views{L1,L2} = \forall integer r; is_root{L1}(r) ==> is_root{L2}(r) && \forall integer v; is_page(v) ==>
    view{L2}(r, v) == view{L1}(r, v) && \forall integer l; 1 <= l <= 4 ==> walk{L2}(r, v, l) == walk{L1}(r, v, l);
*/

#endif
