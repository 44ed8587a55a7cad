/*
 * The vocabulary: addresses, frames, properties of a mapping, and the status that every call returns.
 *
 * Words. A *page* is 4 KiB of virtual addresses, a *frame* 4 KiB of physical ones (or 2 MiB, 1 GiB: a
 * *huge* frame). A frame is named by its number, the *pfn*: physical address / 4096. A *table* is a
 * frame that holds 512 entries; an *entry* is absent, a table, a *leaf* (it maps a frame) or a *mark*
 * (nothing is mapped, but the kernel left a token). A *slot* is the range of addresses that one entry
 * covers. Levels count from 1, the table whose entries cover one page each, up to ARCH_LEVELS, the root.
 */
#ifndef VMS_TYPES_H
#define VMS_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vms/attr.h>

typedef uint64_t vms_va;    /* virtual address, bytes */
typedef uint64_t vms_pa;    /* physical address, bytes */
typedef uint32_t vms_pfn;   /* frame number: physical address / VMS_PAGE */
typedef uint32_t vms_token; /* what a mark holds; any value, opaque to this library */

#define VMS_PAGE 4096ul

/* A table has 2^VMS_INDEX_BITS entries: 512 on every machine. The explorer builds with small tables. */
#ifndef VMS_INDEX_BITS
#define VMS_INDEX_BITS 9u
#endif
#define VMS_ENTRIES (1ul << VMS_INDEX_BITS)
#define VMS_NO_FRAME 0xfffffffful /* "none", where a vms_pfn is expected */

/* CPUs are numbered from 0; a CPU set is one word. */
#ifndef VMS_MAX_CPUS
#define VMS_MAX_CPUS 64u
#endif

/**
 * What a call came to. VMS_OK is 0. Every other value means that nothing was changed.
 */
enum vms_status {
	VMS_OK,
	VMS_BAD_RANGE,     /* start >= end, unaligned, or outside what this space owns */
	VMS_OUT_OF_RANGE,  /* the cursor is at its end, or the operation would leave its range */
	VMS_NO_MEMORY,     /* no frame for a table */
	VMS_EXISTS,        /* a page under the slot is mapped */
	VMS_NOT_FOUND,     /* there is no mapping (or mark) in the range searched */
	VMS_BAD_FRAME,     /* not an untyped frame, or of a size that does not fit here */
	VMS_BAD_PROP,      /* properties that vms_prop_valid() refuses */
	VMS_READ_ONLY,     /* the cursor was opened for reading */
	VMS_ACCESS_DENIED, /* not user memory of the active space */
	VMS_PAGE_FAULT,    /* user memory could not be accessed; see the count */
	VMS_INVALID,       /* an argument makes no sense (too short, unaligned, null) */
	VMS_OUT_OF_BOUNDS, /* no such frame in this machine */
	VMS_IN_USE,        /* the frame is in use already */
	VMS_UNUSED,        /* the frame is not in use */
	VMS_SATURATED,     /* the reference count is at its limit */
	VMS_NR_STATUS
};

/**
 * The name of a status, for messages: "VMS_OK", ... or "VMS_?" for a value that is none.
 */
const char *vms_status_name(enum vms_status status);

/*
 * Properties of a mapping. Access is the sum of VMS_R, VMS_W and VMS_X; none of the three is a mapping
 * that no access can use but that keeps its frame (PROT_NONE). VMS_W and VMS_X need VMS_R.
 */
#define VMS_R 0x01u
#define VMS_W 0x02u
#define VMS_X 0x04u
#define VMS_ACCESSED 0x08u /* set by hardware on the first access; set it yourself to save it the work */
#define VMS_DIRTY 0x10u    /* likewise, on the first write */
#define VMS_GLOBAL 0x20u   /* survives a switch of spaces; only in the kernel's space */
#define VMS_SOFT0 0x40u    /* two bits for the kernel's own use */
#define VMS_SOFT1 0x80u
#define VMS_FLAGS_END 0x100u

enum vms_cache { VMS_WRITE_BACK, VMS_WRITE_THROUGH, VMS_WRITE_COMBINING, VMS_UNCACHED, VMS_NR_CACHE };

struct vms_prop {
	uint32_t flags; /* VMS_R, ... added up */
	uint32_t cache; /* enum vms_cache */
};

/*@
  predicate has(integer flags, integer flag) = flags / flag % 2 != 0;
  // W and X need R; no unknown flag or cache policy.
  predicate prop_valid(struct vms_prop prop) =
    prop.flags < VMS_FLAGS_END && prop.cache < VMS_NR_CACHE &&
    (has(prop.flags, VMS_R) || (!has(prop.flags, VMS_W) && !has(prop.flags, VMS_X)));
*/

/* Is this flag among these? Written so that provers can read it; compiles to one test. */
/*@ requires flag != 0; assigns \nothing; ensures \result <==> has(flags, flag); */
static inline bool vms_has(uint32_t flags, uint32_t flag)
{
	return flags / flag % 2 != 0;
}

/**
 * May a mapping have these properties? W and X need R; no unknown flag or cache policy.
 */
/*@ assigns \nothing; ensures \result <==> prop_valid(prop); */
static inline bool vms_prop_valid(struct vms_prop prop)
{
	return prop.flags < VMS_FLAGS_END && prop.cache < VMS_NR_CACHE &&
	       (vms_has(prop.flags, VMS_R) || (!vms_has(prop.flags, VMS_W) && !vms_has(prop.flags, VMS_X)));
}

#endif
