/*
 * Lemmas: the page of an address, and its index in each table on the way.
 */
#ifndef VMS_SPEC_LEMMA_INDEX_H
#define VMS_SPEC_LEMMA_INDEX_H

/*@
  lemma page_range: \forall integer va; is_va(va) ==> is_page(page(va));
  lemma index_page: \forall integer va, l; is_va(va) && 1 <= l <= 4 ==> index(va, l) == page_index(page(va), l);
  lemma same_place: \forall integer a, b, l; is_va(a) && is_va(b) && 1 <= l <= 4 &&
    slot_nr(a, l + 1) == slot_nr(b, l + 1) ==> page_place(page(a), l) == page_place(page(b), l);
*/

#endif
