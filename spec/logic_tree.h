/*
 * Words of the contracts: tables, the form of their tree, and what a tree translates.
 *
 * Each table's record names its level, its root and its place. So the form of a tree is a fact about one entry and
 * the two tables that it joins (tree_ok), and every table on a walk is the one that its record says (walk_is).
 */
#ifndef VMS_SPEC_LOGIC_TREE_H
#define VMS_SPEC_LOGIC_TREE_H

#include <spec/logic_mem.h>
#include <spec/logic_slot.h>
#include <pte.h>
#include <vms/state.h>

/* Not a part of the machine's memory. A macro: provers see through it. */
/* clang-format off */
#define apart(p) (\separated((p), vms_machine.meta + (0 .. vms_machine.nr_frames - 1)) && \
                  \separated((p), vms_machine.ram + (0 .. vms_machine.nr_frames - 1)) && \separated((p), &vms_machine))
/* clang-format on */

/*@
  logic integer ent{L}(integer n, integer i) = vms_machine.ram[n].entry[i];
  logic integer level_of{L}(integer n) = vms_machine.meta[n].level;

  // A table: one of RAM's frames, of a level, at a place that exists. "Place" is its number among those of its level.
  predicate is_table{L}(integer n) = 0 <= n < vms_machine.nr_frames &&
    vms_machine.meta[n].kind == VMS_FRAME_TABLE && 1 <= vms_machine.meta[n].level <= ARCH_LEVELS &&
    vms_machine.meta[n].prefix < pages_in(5 - vms_machine.meta[n].level);
  predicate is_root{L}(integer n) = is_table(n) && vms_machine.meta[n].level == ARCH_LEVELS &&
    vms_machine.meta[n].root == n;

  // Table c hangs at entry i of n: one level lower, at its place, under the same root. The kernel's half of every root
  // holds the tables of the kernel's.
  logic integer root_below{L}(integer n, integer i) =
    vms_machine.meta[n].level == ARCH_LEVELS && i >= ARCH_ROOT_KERNEL ? vms_machine.kernel.root :
    vms_machine.meta[n].root;
  predicate child_ok{L}(integer n, integer i, integer c) = is_table(c) &&
    vms_machine.meta[c].level == vms_machine.meta[n].level - 1 &&
    vms_machine.meta[c].root == root_below(n, i) &&
    vms_machine.meta[c].prefix == vms_machine.meta[n].prefix * 512 + i;

  // The form of all trees.
  predicate tree_ok{L} = \forall integer n, i; is_table(n) && 0 <= i < 512 && pte_table(ent(n, i), level_of(n)) ==>
    child_ok(n, i, pte_child(ent(n, i)));
  predicate no_leaf_on_top{L} = \forall integer n, i; is_table(n) && 0 <= i < 512 && level_of(n) == ARCH_LEVELS ==>
    !pte_leaf(ent(n, i), ARCH_LEVELS);

  // All entries of a table are absent.
  predicate blank{L}(integer n) = \forall integer i; 0 <= i < 512 ==> ent(n, i) == 0;

  // The walk to page v (a number below 2^36) from root r: which table it meets on a level, or -1.
  predicate is_page(integer v) = 0 <= v < 0x1000000000;
  logic integer page_place(integer v, integer level) =
    level <= 0 ? v : level == 1 ? v / 0x200 : level == 2 ? v / 0x40000 : level == 3 ? v / 0x8000000 : 0;
  logic integer page_index(integer v, integer level) = page_place(v, level - 1) - 512 * page_place(v, level);
  logic integer child_in(integer pte, integer level) = // pte_table(), as a term
    level > 1 && pte / ARCH_PTE_P % 2 != 0 && pte / ARCH_PTE_PS % 2 == 0 ? pte_child(pte) : -1;
  lemma child_in_is: \forall integer pte, level; 0 <= pte ==> (child_in(pte, level) >= 0 <==> pte_table(pte, level)) &&
    (child_in(pte, level) >= 0 ==> child_in(pte, level) == pte_child(pte));
  logic integer below{L}(integer n, integer i, integer level) = n >= 0 ? child_in(ent(n, i), level) : -1;
  logic integer walk3{L}(integer r, integer v) = below(r, page_index(v, 4), 4);
  logic integer walk2{L}(integer r, integer v) = below(walk3(r, v), page_index(v, 3), 3);
  logic integer walk1{L}(integer r, integer v) = below(walk2(r, v), page_index(v, 2), 2);
  logic integer walk{L}(integer r, integer v, integer level) =
    level == 4 ? r : level == 3 ? walk3(r, v) : level == 2 ? walk2(r, v) : walk1(r, v);

  // The kernel's half is common to all roots.
  predicate is_kernel_page(integer v) = v >= 0x800000000;
  logic integer root_of_page{L}(integer r, integer v, integer level) =
    level < 4 && v >= 0x800000000 ? vms_machine.kernel.root : r;

  // Every table on a walk is the one that its record says.
  predicate walk_is{L}(integer n, integer r, integer v, integer level) = is_table(n) &&
    vms_machine.meta[n].level == level && vms_machine.meta[n].prefix == page_place(v, level) &&
    vms_machine.meta[n].root == root_of_page(r, v, level);
  lemma place_step_1: \forall integer v; is_page(v) ==> 0 <= page_index(v, 1) < 512 &&
    page_place(v, 0) == page_place(v, 1) * 512 + page_index(v, 1);
  lemma place_step_2: \forall integer v; is_page(v) ==> 0 <= page_index(v, 2) < 512 &&
    page_place(v, 1) == page_place(v, 2) * 512 + page_index(v, 2);
  lemma place_step_3: \forall integer v; is_page(v) ==> 0 <= page_index(v, 3) < 512 &&
    page_place(v, 2) == page_place(v, 3) * 512 + page_index(v, 3);
  lemma place_step_4: \forall integer v; is_page(v) ==> 0 <= page_index(v, 4) < 512 &&
    page_place(v, 3) == page_place(v, 4) * 512 + page_index(v, 4);
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

  // The page of an address.
  logic integer page(integer va) = va / 4096 % 0x1000000000;
  predicate is_va(integer va) = 0 <= va < 0x10000000000000000;
  lemma page_range: \forall integer va; is_va(va) ==> is_page(page(va));
  // Laws of division, each under a name: provers use them where the name is said and nowhere else.
  predicate div_law(integer x) = x / 0x200000 == x / 0x1000 / 0x200 && x / 0x40000000 == x / 0x1000 / 0x40000 &&
    x / 0x8000000000 == x / 0x1000 / 0x8000000 && x / 0x40000000 == x / 0x200000 / 512 &&
    x / 0x8000000000 == x / 0x40000000 / 512;
  predicate mod_law_1(integer p) = p % 0x1000000000 / 0x200 == p / 0x200 % 0x8000000;
  predicate mod_law_2(integer p) = p % 0x1000000000 / 0x40000 == p / 0x40000 % 0x40000;
  predicate mod_law_3(integer p) = p % 0x1000000000 / 0x8000000 == p / 0x8000000 % 0x200;
  predicate rest_law_1(integer x) = x % 0x1000000000 - 512 * (x / 512 % 0x8000000) == x % 512;
  predicate rest_law_2(integer x) = x % 0x8000000 - 512 * (x / 512 % 0x40000) == x % 512;
  predicate rest_law_3(integer x) = x % 0x40000 - 512 * (x / 512 % 512) == x % 512;
  lemma div_laws: \forall integer x; 0 <= x ==> div_law(x);
  lemma mod_laws_1: \forall integer p; 0 <= p ==> mod_law_1(p);
  lemma mod_laws_2: \forall integer p; 0 <= p ==> mod_law_2(p);
  lemma mod_laws_3: \forall integer p; 0 <= p ==> mod_law_3(p);
  lemma rest_laws_1: \forall integer x; 0 <= x ==> rest_law_1(x);
  lemma rest_laws_2: \forall integer x; 0 <= x ==> rest_law_2(x);
  lemma rest_laws_3: \forall integer x; 0 <= x ==> rest_law_3(x);
  lemma place_page_1: \forall integer va; is_va(va) ==> div_law(va) && mod_law_1(va / 0x1000) &&
    page_place(page(va), 1) == va / 0x200000 % 0x8000000;
  lemma place_page_2: \forall integer va; is_va(va) ==> div_law(va) && mod_law_2(va / 0x1000) &&
    page_place(page(va), 2) == va / 0x40000000 % 0x40000;
  lemma place_page_3: \forall integer va; is_va(va) ==> div_law(va) && mod_law_3(va / 0x1000) &&
    page_place(page(va), 3) == va / 0x8000000000 % 0x200;
  lemma index_page_1: \forall integer va; is_va(va) ==> div_law(va) && mod_law_1(va / 0x1000) && rest_law_1(va / 0x1000) &&
    page_index(page(va), 1) == va / 0x1000 % 512;
  lemma index_page_2: \forall integer va; is_va(va) ==> div_law(va) && rest_law_2(va / 0x200000) &&
    page_index(page(va), 2) == va / 0x200000 % 512;
  lemma index_page_3: \forall integer va; is_va(va) ==> div_law(va) && rest_law_3(va / 0x40000000) &&
    page_index(page(va), 3) == va / 0x40000000 % 512;
  lemma index_page_4: \forall integer va; is_va(va) ==> div_law(va) && page_index(page(va), 4) == va / 0x8000000000 % 512;
  lemma index_page: \forall integer va, l; is_va(va) && 1 <= l <= 4 ==> index(va, l) == page_index(page(va), l);
  lemma same_place: \forall integer a, b, l; is_va(a) && is_va(b) && 1 <= l <= 4 &&
    slot_nr(a, l + 1) == slot_nr(b, l + 1) ==> page_place(page(a), l) == page_place(page(b), l);
  lemma place_up_1: \forall integer v, w; is_page(v) && is_page(w) && page_place(v, 1) == page_place(w, 1) ==>
    page_place(v, 2) == page_place(w, 2);
  lemma place_up_2: \forall integer v, w; is_page(v) && is_page(w) && page_place(v, 2) == page_place(w, 2) ==>
    page_place(v, 3) == page_place(w, 3);
  lemma same_index_1: \forall integer v, w; is_page(v) && is_page(w) && page_place(v, 1) == page_place(w, 1) ==>
    page_index(v, 2) == page_index(w, 2);
  lemma same_index_2: \forall integer v, w; is_page(v) && is_page(w) && page_place(v, 2) == page_place(w, 2) ==>
    page_index(v, 3) == page_index(w, 3);
  lemma same_index_3: \forall integer v, w; is_page(v) && is_page(w) && page_place(v, 3) == page_place(w, 3) ==>
    page_index(v, 4) == page_index(w, 4);
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
