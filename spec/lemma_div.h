/*
 * Lemmas: laws of division, each under a name.
 */
#ifndef VMS_SPEC_LEMMA_DIV_H
#define VMS_SPEC_LEMMA_DIV_H

/*@
  lemma div_laws: \forall integer x; 0 <= x ==> div_law(x);
  lemma mod_is: \forall integer p; 0 <= p ==> p % 0x1000000000 == p - 0x1000000000 * (p / 0x1000000000);
  lemma less_2: \forall integer p, k; 0 <= 0x40000 * k <= p ==> (p - 0x40000 * k) / 0x40000 == p / 0x40000 - k;
  lemma less_3: \forall integer p, k; 0 <= 0x8000000 * k <= p ==> (p - 0x8000000 * k) / 0x8000000 == p / 0x8000000 - k;
  lemma again_2: \forall integer p; 0 <= p ==> p / 0x1000000000 == p / 0x40000 / 0x40000;
  lemma again_3: \forall integer p; 0 <= p ==> p / 0x1000000000 == p / 0x8000000 / 0x200;
  lemma mod_laws_1: \forall integer p; 0 <= p ==> mod_law_1(p);
  lemma mod_laws_2: \forall integer p; 0 <= p ==> mod_law_2(p);
  lemma mod_laws_3: \forall integer p; 0 <= p ==> mod_law_3(p);
  lemma rest_laws_1: \forall integer x; 0 <= x ==> rest_law_1(x);
  lemma rest_laws_2: \forall integer x; 0 <= x ==> rest_law_2(x);
  lemma rest_laws_3: \forall integer x; 0 <= x ==> rest_law_3(x);
*/

#endif
