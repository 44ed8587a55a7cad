/*
 * Lemmas: bits of the word that says which blocks of a table are used.
 */
#ifndef VMS_SPEC_LEMMA_BITS_H
#define VMS_SPEC_LEMMA_BITS_H

/*@
  lemma bit_twice: \forall integer h; 0 <= h ==> 2 * h == (h << 1);
  lemma bit_low: \forall integer h; 0 <= h ==> !block_used(h << 1, 0);
  lemma bit_half: \forall integer u; 0 <= u && u % 2 == 0 ==> u == ((u / 2) << 1);
  lemma bit_0: \forall integer u; 0 <= u && u % 2 == 0 ==> !block_used((u / 2) << 1, 0) && !block_used(u, 0);
  lemma bit_none: \forall integer b; !block_used(0, b);
*/

#endif
