/*
 * Lemmas: an entry as the sum of its fields, read field by field.
 */
#ifndef VMS_SPEC_LEMMA_PTE_H
#define VMS_SPEC_LEMMA_PTE_H

/*@
  lemma field_p: \forall integer x, p, w, u, t, c, ad, ps, g, k, f, nx;
    fields(x, p, w, u, t, c, ad, ps, g, k, f, nx) ==> x % 2 == p;
  lemma field_w: \forall integer x, p, w, u, t, c, ad, ps, g, k, f, nx;
    fields(x, p, w, u, t, c, ad, ps, g, k, f, nx) ==> x / 2 % 2 == w;
  lemma field_t: \forall integer x, p, w, u, t, c, ad, ps, g, k, f, nx;
    fields(x, p, w, u, t, c, ad, ps, g, k, f, nx) ==> x / 8 % 2 == t;
  lemma field_c: \forall integer x, p, w, u, t, c, ad, ps, g, k, f, nx;
    fields(x, p, w, u, t, c, ad, ps, g, k, f, nx) ==> x / 0x10 % 2 == c;
  lemma from_ad: \forall integer x, p, w, u, t, c, ad, ps, g, k, f, nx;
    fields(x, p, w, u, t, c, ad, ps, g, k, f, nx) ==>
      x / 0x20 == ad + 4 * ps + 8 * g + 0x40 * k + 0x80 * f + 0x400000000000000 * nx;
  lemma field_ad: \forall integer x, p, w, u, t, c, ad, ps, g, k, f, nx;
    fields(x, p, w, u, t, c, ad, ps, g, k, f, nx) ==> x / 0x20 % 4 == ad;
  lemma from_ps: \forall integer x, p, w, u, t, c, ad, ps, g, k, f, nx;
    fields(x, p, w, u, t, c, ad, ps, g, k, f, nx) ==>
      x / 0x80 == ps + 2 * g + 0x10 * k + 0x20 * f + 0x100000000000000 * nx;
  lemma field_ps: \forall integer x, p, w, u, t, c, ad, ps, g, k, f, nx;
    fields(x, p, w, u, t, c, ad, ps, g, k, f, nx) ==> x / 0x80 % 2 == ps;
  lemma from_g: \forall integer x, p, w, u, t, c, ad, ps, g, k, f, nx;
    fields(x, p, w, u, t, c, ad, ps, g, k, f, nx) ==> x / 0x100 == g + 8 * k + 0x10 * f + 0x80000000000000 * nx;
  lemma field_g: \forall integer x, p, w, u, t, c, ad, ps, g, k, f, nx;
    fields(x, p, w, u, t, c, ad, ps, g, k, f, nx) ==> x / 0x100 % 8 == g;
  lemma field_k: \forall integer x, p, w, u, t, c, ad, ps, g, k, f, nx;
    fields(x, p, w, u, t, c, ad, ps, g, k, f, nx) ==> x / 0x800 % 2 == k;
  lemma from_f: \forall integer x, p, w, u, t, c, ad, ps, g, k, f, nx;
    fields(x, p, w, u, t, c, ad, ps, g, k, f, nx) ==> x / 0x1000 == f + 0x8000000000000 * nx;
  lemma field_f: \forall integer x, p, w, u, t, c, ad, ps, g, k, f, nx;
    fields(x, p, w, u, t, c, ad, ps, g, k, f, nx) ==> x / 0x1000 % 0x10000000000 == f;
  lemma field_f0: \forall integer x, p, w, u, t, c, ad, ps, g, k, f, nx;
    fields(x, p, w, u, t, c, ad, ps, g, k, f, nx) ==> x / 0x1000 % 2 == f % 2;
  lemma field_nx: \forall integer x, p, w, u, t, c, ad, ps, g, k, f, nx;
    fields(x, p, w, u, t, c, ad, ps, g, k, f, nx) ==> x / 0x8000000000000000 == nx;
  lemma field_low: \forall integer x, p, w, u, t, c, ad, ps, g, k, f, nx;
    fields(x, p, w, u, t, c, ad, ps, g, k, f, nx) ==>
    x % 0x1000 == p + 2 * w + 4 * u + 8 * t + 0x10 * c + 0x20 * ad + 0x80 * ps + 0x100 * g + 0x800 * k;
  lemma fields_fit: \forall integer x, p, w, u, t, c, ad, ps, g, k, f, nx;
    fields(x, p, w, u, t, c, ad, ps, g, k, f, nx) ==> 0 <= x <= 0xffffffffffffffff;
  // The flags of a mapping likewise.
  lemma flags_from: \forall integer x; 0 <= x < 0x100 ==>
    x / 8 == x / 8 % 4 + x / 0x20 * 4 && x / 0x20 % 8 == x / 0x20;
  lemma flags_low: \forall integer x; 0 <= x < 0x100 ==> x % 8 == x % 2 + x / 2 % 2 * 2 + x / 4 % 2 * 4;
  lemma flags_sum: \forall integer x; 0 <= x < 0x100 ==>
    x == x % 2 + x / 2 % 2 * 2 + x / 4 % 2 * 4 + x / 8 % 4 * 8 + x / 0x20 % 8 * 0x20;
  lemma unwritten_low: \forall integer x, y, bit; unwritten(x, y, bit) ==> y % 2 == 1 && y / 2 % 2 == 0;
  lemma with_pat: \forall integer f, b; f >= 0 && f % 2 == 0 && is_bit(b) ==>
    (f + b) % 2 == b && (f + b) / 2 * 2 == f;
  lemma no_low: \forall integer x, a, b; eights(x, a, b) ==> x % 2 == 0 && x / 2 % 2 == 0 && x / 4 % 2 == 0;
*/

#endif
