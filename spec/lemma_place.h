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
