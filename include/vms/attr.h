/*
 * Attribute macros: the only GNU extensions that public headers use.
 */
#ifndef VMS_ATTR_H
#define VMS_ATTR_H

/* The result is a status that the caller must look at. */
#define VMS_MUST_USE __attribute__((warn_unused_result))

/* Starts on a cache line of its own, so that CPUs do not share it by accident. */
#define VMS_CACHE_LINE 64
#define VMS_OWN_LINE __attribute__((aligned(VMS_CACHE_LINE)))

/* Made part of each caller: there its arguments are constants, which takes most of it away. */
#define VMS_INLINE inline __attribute__((always_inline))

/* Kept out of its callers, so that their usual way saves no registers for it. */
#define VMS_APART __attribute__((noinline))

/* The same, and seldom run. */
#define VMS_SELDOM VMS_APART __attribute__((cold))

#define VMS_NORETURN __attribute__((noreturn))

#endif
