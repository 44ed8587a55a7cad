/*
 * Words of the contracts: an entry as the sum of its fields, and what each field is then.
 */
#ifndef VMS_SPEC_LOGIC_PTE_H
#define VMS_SPEC_LOGIC_PTE_H

/*@
  predicate is_bit(integer v) = v == 0 || v == 1;
  // x has these in bits 0, 1, 2, 3, 4, 5..6, 7, 8..10, 11, 12..51, 63, and zeros else.
  predicate fields(integer x, integer p, integer w, integer u, integer t, integer c, integer ad, integer ps,
    integer g, integer k, integer frame, integer nx) =
    is_bit(p) && is_bit(w) && is_bit(u) && is_bit(t) && is_bit(c) && 0 <= ad < 4 && is_bit(ps) && 0 <= g < 8 &&
    is_bit(k) && 0 <= frame < 0x10000000000 && is_bit(nx) &&
    x == p + 2 * w + 4 * u + 8 * t + 0x10 * c + 0x20 * ad + 0x80 * ps + 0x100 * g + 0x800 * k + 0x1000 * frame +
      0x8000000000000000 * nx;

  // y is x without bit 1, which is set, and with this bit, 9 or 10.
  predicate unwritten(integer x, integer y, integer bit) = x >= 0 && x % 2 == 1 && x / 2 % 2 == 1 &&
    (bit == 0x200 || bit == 0x400) && y == x - 2 + (x / bit % 2 == 1 ? 0 : bit);
*/

#endif
