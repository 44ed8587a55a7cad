/*
 * Words of the contracts: what storing one entry does to trees and to what they translate.
 */
#ifndef VMS_SPEC_LOGIC_STEP_H
#define VMS_SPEC_LOGIC_STEP_H

#include <spec/logic_view.h>

/*@
  predicate same_tables{L1,L2} = \forall integer n; is_table{L1}(n) ==> is_table{L2}(n) && same_place_of{L1,L2}(n);
  predicate no_new_tables{L1,L2} = \forall integer n; is_table{L2}(n) ==> is_table{L1}(n);
  // Nothing but entry i of n changes; nothing at all if n is -1.
  predicate stored{L1,L2}(integer n, integer i) = same_tables{L1,L2} && no_new_tables{L1,L2} &&
    \forall integer m, j; is_table{L1}(m) && 0 <= j < 512 && !(m == n && j == i) ==> ent{L1}(m, j) == ent{L2}(m, j);
  // Does the walk to page v use entry i of n?
  predicate uses{L}(integer r, integer v, integer n, integer i) =
    n >= 0 && walk(r, v, level_of(n)) == n && page_index(v, level_of(n)) == i;
*/

#endif
