/*
 * Words of the contracts: the slots of addresses that tables of each level divide.
 */
#ifndef VMS_SPEC_LOGIC_SLOT_H
#define VMS_SPEC_LOGIC_SLOT_H

/*@
  // Pages, and bytes, that one entry of a table of this level covers. "Level 5" is the whole tree.
  logic integer pages_in(integer level) =
    level <= 1 ? 1 : level == 2 ? 0x200 : level == 3 ? 0x40000 : level == 4 ? 0x8000000 : 0x1000000000;
  logic integer slot_len(integer level) =
    level <= 1 ? 0x1000 : level == 2 ? 0x200000 : level == 3 ? 0x40000000 : level == 4 ? 0x8000000000 : 0x1000000000000;
  // The number of the slot that covers va; where it begins; which entry of its table it is.
  logic integer slot_nr(integer va, integer level) =
    level <= 1 ? va / 0x1000 : level == 2 ? va / 0x200000 : level == 3 ? va / 0x40000000 :
    level == 4 ? va / 0x8000000000 : va / 0x1000000000000;
  logic integer slot_start(integer va, integer level) =
    level <= 1 ? va / 0x1000 * 0x1000 : level == 2 ? va / 0x200000 * 0x200000 :
    level == 3 ? va / 0x40000000 * 0x40000000 : level == 4 ? va / 0x8000000000 * 0x8000000000 :
    va / 0x1000000000000 * 0x1000000000000;
  logic integer index(integer va, integer level) = slot_nr(va, level) % 512;
*/

#endif
