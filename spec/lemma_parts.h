/*
 * Lemmas: a leaf or mark and the 512 that say the same.
 */
#ifndef VMS_SPEC_LEMMA_PARTS_H
#define VMS_SPEC_LEMMA_PARTS_H

/*@
  lemma part_2: \forall integer v; 0 <= v ==> v % 0x200 == v - 512 * (v / 0x200) && 0 <= v % 0x200 < 512;
  lemma part_3: \forall integer v; 0 <= v ==> v % 0x40000 == 0x200 * (v / 0x200 - 512 * (v / 0x40000)) + v % 0x200 &&
    0 <= v / 0x200 - 512 * (v / 0x40000) < 512;
  lemma part_4: \forall integer v; 0 <= v ==>
    v % 0x8000000 == 0x40000 * (v / 0x40000 - 512 * (v / 0x8000000)) + v % 0x40000 &&
    0 <= v / 0x40000 - 512 * (v / 0x8000000) < 512;
  lemma in_page_2: \forall integer v; is_page(v) ==> page_index(v, 1) == v - 512 * (v / 0x200) && v % pages_in(1) == 0;
  lemma in_page_3: \forall integer v; is_page(v) ==> page_index(v, 2) == v / 0x200 - 512 * (v / 0x40000);
  lemma in_page_4: \forall integer v; is_page(v) ==> page_index(v, 3) == v / 0x40000 - 512 * (v / 0x8000000);
  lemma parts_2{L}: \forall integer t, pte; (\forall integer j; 0 <= j < 512 ==> is_part(ent(t, j), pte, 2, j)) ==>
    parts(t, pte, 2);
  lemma parts_3{L}: \forall integer t, pte; (\forall integer j; 0 <= j < 512 ==> is_part(ent(t, j), pte, 3, j)) ==>
    parts(t, pte, 3);
  lemma parts_4{L}: \forall integer t, pte; (\forall integer j; 0 <= j < 512 ==> is_part(ent(t, j), pte, 4, j)) ==>
    parts(t, pte, 4);
  lemma blank_parts{L}: \forall integer t, l; blank(t) && 2 <= l <= 4 ==> parts(t, 0, l);
  lemma blank_lowest{L}: \forall integer t; blank(t) ==> is_lowest(t);
  lemma place_below: \forall integer p, l, i; 2 <= l <= 4 && 0 <= p < pages_in(5 - l) && 0 <= i < 512 ==>
    0 <= p * 512 + i < pages_in(6 - l) <= 0x8000000;
*/

#endif
