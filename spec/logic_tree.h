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

  // The page of an address.
  logic integer page(integer va) = va / 4096 % 0x1000000000;
  predicate is_va(integer va) = 0 <= va < 0x10000000000000000;
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
*/

#endif
