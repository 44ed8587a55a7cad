/*
 * Lemmas: slots, and which addresses they share.
 */
#ifndef VMS_SPEC_LEMMA_SLOT_H
#define VMS_SPEC_LEMMA_SLOT_H

/*@
  // Every address of the range is under the top table.
  lemma slot_mono: \forall integer a, b, l; 0 <= a <= b && 1 <= l <= 5 ==> slot_nr(a, l) <= slot_nr(b, l);
  lemma in_top: \forall integer a, b, va, l; 0 <= a <= va <= b && 1 <= l <= 5 && slot_nr(a, l) == slot_nr(b, l) ==>
    slot_nr(va, l) == slot_nr(a, l);
  lemma slot_up: \forall integer a, b, l; 0 <= a && 0 <= b && 1 <= l <= 4 ==> up_law(a, b, l);
  lemma in_laws: \forall integer a, b; 0 <= a <= b ==> in_law(a, b);
  lemma next_laws: \forall integer a, b; 0 <= a < b ==> next_law(a, b);
  lemma slot_in: \forall integer a, b, l; 0 <= a <= b && 1 <= l <= 5 && b < slot_start(a, l) + slot_len(l) ==>
    in_law(a, b) && slot_nr(b, l) == slot_nr(a, l);
  lemma slot_next: \forall integer a, b, l; 0 <= a < b && 1 <= l <= 5 && slot_nr(a, l) == slot_nr(b - 1, l) &&
    slot_start(b, l) != b ==> next_law(a, b) && slot_nr(a, l) == slot_nr(b, l);
*/

#endif
