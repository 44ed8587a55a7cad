/*
 * Lemmas: places of pages, level by level.
 */
#ifndef VMS_SPEC_LEMMA_PLACE_H
#define VMS_SPEC_LEMMA_PLACE_H

/*@
  lemma place_step_1: \forall integer v; is_page(v) ==> 0 <= page_index(v, 1) < 512 &&
    page_place(v, 0) == page_place(v, 1) * 512 + page_index(v, 1);
  lemma place_step_2: \forall integer v; is_page(v) ==> 0 <= page_index(v, 2) < 512 &&
    page_place(v, 1) == page_place(v, 2) * 512 + page_index(v, 2);
  lemma place_step_3: \forall integer v; is_page(v) ==> 0 <= page_index(v, 3) < 512 &&
    page_place(v, 2) == page_place(v, 3) * 512 + page_index(v, 3);
  lemma place_step_4: \forall integer v; is_page(v) ==> 0 <= page_index(v, 4) < 512 &&
    page_place(v, 3) == page_place(v, 4) * 512 + page_index(v, 4);
  lemma page_range: \forall integer va; is_va(va) ==> is_page(page(va));
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
*/

#endif
