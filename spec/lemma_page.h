/*
 * Lemmas: an address' page has the place and index that the address has.
 */
#ifndef VMS_SPEC_LEMMA_PAGE_H
#define VMS_SPEC_LEMMA_PAGE_H

/*@
  lemma place_page_1: \forall integer va; is_va(va) ==> div_law(va) && mod_law_1(va / 0x1000) &&
    page_place(page(va), 1) == va / 0x200000 % 0x8000000;
  lemma place_page_2: \forall integer va; is_va(va) ==> div_law(va) && mod_law_2(va / 0x1000) &&
    page_place(page(va), 2) == va / 0x40000000 % 0x40000;
  lemma place_page_3: \forall integer va; is_va(va) ==> div_law(va) && mod_law_3(va / 0x1000) &&
    page_place(page(va), 3) == va / 0x8000000000 % 0x200;
  lemma index_page_1: \forall integer va; is_va(va) ==> div_law(va) && mod_law_1(va / 0x1000) && rest_law_1(va / 0x1000) &&
    page_index(page(va), 1) == va / 0x1000 % 512;
  lemma index_page_2: \forall integer va; is_va(va) ==> div_law(va) && rest_law_2(va / 0x200000) &&
    page_index(page(va), 2) == va / 0x200000 % 512;
  lemma index_page_3: \forall integer va; is_va(va) ==> div_law(va) && rest_law_3(va / 0x40000000) &&
    page_index(page(va), 3) == va / 0x40000000 % 512;
  lemma index_page_4: \forall integer va; is_va(va) ==> div_law(va) && page_index(page(va), 4) == va / 0x8000000000 % 512;
*/

#endif
