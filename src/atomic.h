/*
 * Atomic accesses, all of them: src/ has no other way to touch a word that another CPU may change.
 *
 * In a kernel they are compiler builtins. Under the explorer each is a scheduling point, without a change
 * here; for provers, which do not know the builtins, each is a contract.
 */
#ifndef VMS_SRC_ATOMIC_H
#define VMS_SRC_ATOMIC_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __FRAMAC__
/*@ requires \valid_read(at); assigns \nothing; ensures \result == *at; */
uint32_t vms__load32(const uint32_t *at);
/*@ requires \valid_read(at); assigns \nothing; ensures \result == *at; */
uint64_t vms__load64(const uint64_t *at);
/*@ requires \valid(at); assigns *at; ensures *at == value; */
void vms__store32(uint32_t *at, uint32_t value);
/*@ requires \valid(at); assigns *at; ensures *at == value; */
void vms__store64(uint64_t *at, uint64_t value);
/*@ requires \valid(at); assigns *at; ensures \result == \old(*at) && *at == value; */
uint32_t vms__exchange32(uint32_t *at, uint32_t value);
/*@ requires \valid(at); assigns *at; ensures \result == \old(*at) && *at == (\old(*at) + value) % 0x100000000; */
uint32_t vms__add32(uint32_t *at, uint32_t value);
/*@ requires \valid(at); assigns *at; ensures \result == \old(*at) && *at == (\old(*at) + value) % 0x10000000000000000; */
uint64_t vms__add64(uint64_t *at, uint64_t value);
/*@ requires \valid(at);
  @ assigns *at;
  @ ensures \result <==> \old(*at) == expected;
  @ ensures *at == (\result ? desired : \old(*at)); */
bool vms__compare_exchange32(uint32_t *at, uint32_t expected, uint32_t desired);
/*@ requires \valid(at);
  @ assigns *at;
  @ ensures \result <==> \old(*at) == expected;
  @ ensures *at == (\result ? desired : \old(*at)); */
bool vms__compare_exchange64(uint64_t *at, uint64_t expected, uint64_t desired);
/*@ requires \valid(at) && bit < 64; assigns *at; ensures *at == (\old(*at) | (1 << bit)); */
void vms__set_bit(uint64_t *at, uint32_t bit);
/*@ requires \valid(at) && bit < 64; assigns *at; ensures *at == (\old(*at) & ~(1 << bit)); */
void vms__clear_bit(uint64_t *at, uint32_t bit);
/*@ assigns \nothing; */
void vms__fence(void);
/*@ requires bits != 0;
  @ assigns \nothing;
  @ ensures \result < 32 && (bits & (1 << \result)) != 0;
  @ ensures \forall integer k; 0 <= k < \result ==> (bits & (1 << k)) == 0; */
uint32_t vms__lowest_bit(uint32_t bits);
/*@ requires \valid_read((const unsigned char *)at + (0 .. size - 1)); assigns \nothing; */
uint64_t vms__load_once(const void *at, uint32_t size);
/*@ requires \valid((unsigned char *)at + (0 .. size - 1)); assigns ((unsigned char *)at)[0 .. size - 1]; */
void vms__store_once(void *at, uint32_t size, uint64_t value);
#else

/* Acquire: what the writer wrote before its store is seen after this load. */
static inline uint32_t vms__load32(const uint32_t *at)
{
	return __atomic_load_n(at, __ATOMIC_ACQUIRE);
}
static inline uint64_t vms__load64(const uint64_t *at)
{
	return __atomic_load_n(at, __ATOMIC_ACQUIRE);
}

/* Release: what this CPU wrote before is seen by whoever loads the value. */
static inline void vms__store32(uint32_t *at, uint32_t value)
{
	__atomic_store_n(at, value, __ATOMIC_RELEASE);
}
static inline void vms__store64(uint64_t *at, uint64_t value)
{
	__atomic_store_n(at, value, __ATOMIC_RELEASE);
}

/* Acquire: for locks. What is done under the lock is published when it is stored 0 again. */
static inline uint32_t vms__exchange32(uint32_t *at, uint32_t value)
{
	return __atomic_exchange_n(at, value, __ATOMIC_ACQUIRE);
}

/* Gives what was there before. Acquire and release: the last user of what is counted comes after the others. */
static inline uint32_t vms__add32(uint32_t *at, uint32_t value)
{
	return __atomic_fetch_add(at, value, __ATOMIC_ACQ_REL);
}

/* One step, without order. */
static inline uint64_t vms__add64(uint64_t *at, uint64_t value)
{
	return __atomic_fetch_add(at, value, __ATOMIC_RELAXED);
}

/* Acquire, if it succeeds: for counts, whose word is the caller's alone from then on. */
static inline bool vms__compare_exchange32(uint32_t *at, uint32_t expected, uint32_t desired)
{
	return __atomic_compare_exchange_n(at, &expected, desired, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}
/* Release, if it succeeds: for entries of locked tables, which only hardware changes meanwhile. */
static inline bool vms__compare_exchange64(uint64_t *at, uint64_t expected, uint64_t desired)
{
	return __atomic_compare_exchange_n(at, &expected, desired, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED);
}

/* One step, without order: a fence follows. */
static inline void vms__set_bit(uint64_t *at, uint32_t bit)
{
	(void)__atomic_fetch_or(at, 1ul << bit, __ATOMIC_RELAXED);
}
/* Release: whoever sees the bit gone comes after all that was done under it. */
static inline void vms__clear_bit(uint64_t *at, uint32_t bit)
{
	(void)__atomic_fetch_and(at, ~(1ul << bit), __ATOMIC_RELEASE);
}

/* Every access before it is seen by all CPUs before every access after it. */
static inline void vms__fence(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* No access at all, but a builtin too: the number of the lowest bit that is set, in a word that is not 0. */
static inline uint32_t vms__lowest_bit(uint32_t bits)
{
	return (uint32_t)__builtin_ctz(bits);
}

/* One access of 1, 2, 4 or 8 bytes, aligned, without order: for memory that devices watch. */
static inline uint64_t vms__load_once(const void *at, uint32_t size)
{
	switch (size) {
	case 1:
		return *(const volatile uint8_t *)at;
	case 2:
		return *(const volatile uint16_t *)at;
	case 4:
		return *(const volatile uint32_t *)at;
	default:
		return *(const volatile uint64_t *)at;
	}
}
static inline void vms__store_once(void *at, uint32_t size, uint64_t value)
{
	switch (size) {
	case 1:
		*(volatile uint8_t *)at = (uint8_t)value;
		break;
	case 2:
		*(volatile uint16_t *)at = (uint16_t)value;
		break;
	case 4:
		*(volatile uint32_t *)at = (uint32_t)value;
		break;
	default:
		*(volatile uint64_t *)at = value;
	}
}
#endif

#endif
