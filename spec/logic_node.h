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
*/

#endif
