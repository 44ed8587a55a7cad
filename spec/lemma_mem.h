/*
 * Lemmas: records of frames that change in part.
 */
#ifndef VMS_SPEC_LEMMA_MEM_H
#define VMS_SPEC_LEMMA_MEM_H

/*@
  // A frame's parts are no other's.
  lemma part_2m: \forall integer f, g; 0 <= f < g < f + 0x200 && f % 0x200 == 0 ==> g - g % 0x200 == f;
  lemma part_1g: \forall integer f, g; 0 <= f < g < f + 0x40000 && f % 0x40000 == 0 ==> g - g % 0x40000 == f;
  lemma head_of_part{L}: \forall integer f, g; whole_ok(f) && 0 <= f < g < f + pages_in(size_of(f)) ==> head_of(g) == f;
  lemma kinds_keep{L1,L2}: same_mem(L1, L2) ==> \forall integer f; same_kinds{L1,L2} && is_frame{L1}(f) ==>
    kind_of{L1}(f) == kind_of{L2}(f) && size_of{L1}(f) == size_of{L2}(f);
  lemma whole_keep{L1,L2}: same_mem(L1, L2) ==> \forall integer f; same_kinds{L1,L2} && is_frame{L1}(f) &&
    whole_ok{L1}(f) ==> whole_ok{L2}(f);
  lemma tail_keep{L1,L2}: same_mem(L1, L2) ==> \forall integer f; same_kinds{L1,L2} && is_frame{L1}(f) &&
    is_tail{L1}(f) && tail_ok{L1}(f) ==> tail_ok{L2}(f);
  lemma forms_keep{L1,L2}: same_mem(L1, L2) ==> forms_ok{L1} && same_kinds{L1,L2} ==> forms_ok{L2};
  lemma counts_keep{L1,L2}: same_mem(L1, L2) ==> \forall integer h; counts_ok{L1} && same_kinds{L1,L2} &&
    same_refs_but{L1,L2}(h) && is_held{L1}(h) && is_held{L2}(h) ==> counts_ok{L2};

  // The same frames are whole.
  lemma whole_stay{L1,L2}: same_mem(L1, L2) ==> \forall integer f; same_forms{L1,L2} && is_frame{L1}(f) &&
    whole_ok{L1}(f) ==> whole_ok{L2}(f);
  lemma tail_stay{L1,L2}: same_mem(L1, L2) ==> \forall integer f; same_forms{L1,L2} && is_frame{L1}(f) &&
    is_tail{L1}(f) && tail_ok{L1}(f) ==> tail_ok{L2}(f);
  lemma forms_stay{L1,L2}: same_mem(L1, L2) ==> forms_ok{L1} && same_forms{L1,L2} ==> forms_ok{L2};
*/

#endif
