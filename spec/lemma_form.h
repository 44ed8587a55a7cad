/*
 * Lemmas: frames that become whole, and whole frames that end.
 */
#ifndef VMS_SPEC_LEMMA_FORM_H
#define VMS_SPEC_LEMMA_FORM_H

/*@
  logic integer end_of{L}(integer f) = f + pages_in(size_of(f));
  // No frame is a part of two.
  lemma whole_apart{L}: \forall integer f, h, t; forms_ok && is_frame(f) && is_frame(h) && is_whole(f) && is_whole(h) &&
    f != h && f <= t < end_of(f) ==> !(h <= t < end_of(h));
  lemma tail_inside{L}: \forall integer t; forms_ok && is_frame(t) && is_tail(t) ==>
    is_frame(head_of(t)) && head_of(t) < t < end_of(head_of(t));
  // A whole frame ends: all of it is unused.
  lemma ended{L1,L2}: same_mem(L1, L2) ==> \forall integer h, e; forms_ok{L1} && is_frame{L1}(h) && is_whole{L1}(h) &&
    e == end_of{L1}(h) && all_of_kind{L2}(h, e, VMS_FRAME_UNUSED) && same_kinds_but{L1,L2}(h, e) ==> forms_ok{L2};
  // Unused frames become a whole one.
  lemma begun{L1,L2}: same_mem(L1, L2) ==> \forall integer h, e; forms_ok{L1} &&
    all_of_kind{L1}(h, e, VMS_FRAME_UNUSED) && is_frame{L1}(h) && is_whole{L2}(h) && whole_ok{L2}(h) && e == end_of{L2}(h) && same_kinds_but{L1,L2}(h, e) ==>
    forms_ok{L2};
*/

#endif
