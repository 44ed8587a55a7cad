/*
 * Entries of x86-64 tables, 4 levels: how absent, table, leaf and mark are written in 64 bits.
 *
 * "SDM" is Intel's Software Developer's Manual, volume 3A; 4.5 describes these bits, table 4-15 to 4-20.
 *
 *   bit      0  1  2  3    4    5  6  7       8  9      10     11         12..51   52..62  63
 *   table    1  W  U                                                      child
 *   leaf     1  W  U  PWT  PCD  A  D  PAT/PS  G  soft0  soft1  0          frame            NX
 *   no access 0 ...as a leaf's...                               1         ~frame           NX
 *   mark     0  0                             0                0          ~token
 *   absent   0
 *
 * In a leaf of level 2 or 3, bit 7 is PS and PAT is bit 12. Entries that are not present to hardware hold
 * their frame or token inverted, so that a CPU that forwards data from the named physical address in spite
 * of bit 0 (L1 terminal fault, CVE-2018-3620) finds none: the top address bits are ones. Encoding and
 * decoding hide that.
 *
 * Everything is said with + - * / %: provers read that, and compilers make the same instructions of it.
 */
#ifndef VMS_ARCH_PTE_H
#define VMS_ARCH_PTE_H

#include <vms/types.h>

#define ARCH_LEVELS 4u
#define ARCH_LEAF_LEVELS 3u /* leaves of level 1, 2, 3: 4 KiB, 2 MiB, 1 GiB */

/*
 * Users own [0, 2^47 - 4096). The last page below the hole is never mapped: a system call instruction at
 * its end would return to a non-canonical address (SDM vol. 2, SYSRET).
 */
#define VMS_USER_END 0x7ffffffff000ul
/* The kernel owns the root's upper half, without its last 2 MiB, so that no end wraps to 0. */
#define VMS_KERNEL_START 0xffff800000000000ul
#define VMS_KERNEL_END 0xffffffffffe00000ul
/* Root entries from here on are the kernel's. */
#define ARCH_ROOT_KERNEL 256u

#define ARCH_PTE_P 0x1ul
#define ARCH_PTE_W 0x2ul
#define ARCH_PTE_U 0x4ul
#define ARCH_PTE_PWT 0x8ul
#define ARCH_PTE_PCD 0x10ul
#define ARCH_PTE_A 0x20ul
#define ARCH_PTE_D 0x40ul
#define ARCH_PTE_PS 0x80ul
#define ARCH_PTE_PAT1 0x80ul /* PAT in a leaf of level 1 */
#define ARCH_PTE_G 0x100ul
#define ARCH_PTE_SOFT0 0x200ul
#define ARCH_PTE_SOFT1 0x400ul
#define ARCH_PTE_KEPT 0x800ul  /* bit 0 clear: a leaf without access, not a mark */
#define ARCH_PTE_PAT2 0x1000ul /* PAT in a leaf of level 2 or 3 */
#define ARCH_PTE_NX 0x8000000000000000ul
#define ARCH_PTE_FRAMES 0x10000000000ul /* 2^40 frame numbers fit */

/*@
  // The bits of an entry.
  predicate pte_has(integer pte, integer bit) = pte / bit % 2 != 0;
  predicate pte_table(integer pte, integer level) =
    level > 1 && pte_has(pte, ARCH_PTE_P) && !pte_has(pte, ARCH_PTE_PS);
  predicate pte_leaf(integer pte, integer level) =
    pte_has(pte, ARCH_PTE_P) ? (level == 1 || pte_has(pte, ARCH_PTE_PS)) : pte_has(pte, ARCH_PTE_KEPT);
  predicate pte_mark(integer pte) = pte != 0 && !pte_has(pte, ARCH_PTE_P) && !pte_has(pte, ARCH_PTE_KEPT);
  // What it names: a child table, a token, a frame.
  logic integer pte_child(integer pte) = (uint32_t)(pte / VMS_PAGE % ARCH_PTE_FRAMES);
  logic integer pte_token(integer pte) = (uint32_t)(ARCH_PTE_FRAMES - 1 - pte / VMS_PAGE % ARCH_PTE_FRAMES);
  logic integer pte_field(integer pte) =
    (pte / ARCH_PTE_P % 2 != 0) ? pte / VMS_PAGE % ARCH_PTE_FRAMES :
    ARCH_PTE_FRAMES - 1 - pte / VMS_PAGE % ARCH_PTE_FRAMES;
  logic integer pte_frame(integer pte, integer level) =
    (uint32_t)(level == 1 ? pte_field(pte) : pte_field(pte) / 2 * 2);
  // How: the flags and the cache policy of a leaf.
  logic integer pte_flags(integer pte) =
    pte / ARCH_PTE_A % 4 * VMS_ACCESSED + pte / ARCH_PTE_G % 8 * VMS_GLOBAL +
    ((pte / ARCH_PTE_P % 2 != 0) ? VMS_R + pte / ARCH_PTE_W % 2 * VMS_W + (1 - pte / ARCH_PTE_NX) * VMS_X : 0);
  logic integer pte_cache(integer pte, integer level) =
    (level == 1 ? (pte / ARCH_PTE_PAT1 % 2 != 0) : pte_field(pte) % 2 != 0) ? VMS_WRITE_COMBINING :
    (pte / ARCH_PTE_PCD % 2 != 0) ? VMS_UNCACHED : (pte / ARCH_PTE_PWT % 2 != 0) ? VMS_WRITE_THROUGH : VMS_WRITE_BACK;
  predicate eights(integer x, integer a, integer b) = 0 <= a < 4 && 0 <= b < 8 && x == 8 * a + 0x20 * b;
  // A leaf, as the sum of its fields: p, kept and field say whether it is present and where its frame is.
  logic integer pat_of(integer cache) = cache == VMS_WRITE_COMBINING ? 1 : 0;
  logic integer large_pat(integer level, integer cache) = level > 1 && cache == VMS_WRITE_COMBINING ? 1 : 0;
  predicate leaf_fields(integer pte, integer p, integer kept, integer field, integer level, struct vms_prop prop,
    integer user) =
    fields(pte, p, prop.flags / VMS_W % 2, user,
           prop.cache == VMS_WRITE_THROUGH || prop.cache == VMS_UNCACHED ? 1 : 0, prop.cache == VMS_UNCACHED ? 1 : 0,
           prop.flags / VMS_ACCESSED % 4, level > 1 ? 1 : pat_of(prop.cache), prop.flags / VMS_GLOBAL % 8, kept,
           field, 1 - prop.flags / VMS_X % 2);
*/

enum arch_pte_kind { ARCH_PTE_ABSENT, ARCH_PTE_TABLE, ARCH_PTE_LEAF, ARCH_PTE_MARK };

/* Is this bit (a power of two) set? */
/*@ requires bit != 0; assigns \nothing; ensures \result <==> pte_has(pte, bit); */
static inline bool arch_pte_has(uint64_t pte, uint64_t bit)
{
	return pte / bit % 2 != 0;
}

/* One bit, or none. */
/*@ assigns \nothing; ensures \result == (on ? bit : 0); */
static inline uint64_t arch_pte_bit(bool on, uint64_t bit)
{
	return on ? bit : 0;
}

/* What an entry of a table of this level is. */
/*@ requires level >= 1;
  @ assigns \nothing;
  @ ensures ARCH_PTE_ABSENT <= \result <= ARCH_PTE_MARK;
  @ ensures \result == ARCH_PTE_ABSENT <==> pte == 0;
  @ ensures \result == ARCH_PTE_TABLE <==> pte_table(pte, level);
  @ ensures \result == ARCH_PTE_LEAF <==> pte_leaf(pte, level);
  @ ensures \result == ARCH_PTE_MARK <==> pte_mark(pte); */
static inline enum arch_pte_kind arch_pte_kind(uint64_t pte, uint32_t level)
{
	if (pte == 0)
		return ARCH_PTE_ABSENT;
	if (!arch_pte_has(pte, ARCH_PTE_P))
		return arch_pte_has(pte, ARCH_PTE_KEPT) ? ARCH_PTE_LEAF : ARCH_PTE_MARK;
	return level == 1 || arch_pte_has(pte, ARCH_PTE_PS) ? ARCH_PTE_LEAF : ARCH_PTE_TABLE;
}

/* The two questions that are asked most, each in one test: arch_pte_kind() says the same. */
/*@ requires level >= 1; assigns \nothing; ensures \result <==> pte_table(pte, level); */
static inline bool arch_pte_is_table(uint64_t pte, uint32_t level)
{
	return arch_pte_has(pte, ARCH_PTE_P) && !arch_pte_has(pte, ARCH_PTE_PS) && level > 1;
}

/*@ requires level >= 1; assigns \nothing; ensures \result <==> pte_leaf(pte, level); */
static inline bool arch_pte_is_leaf(uint64_t pte, uint32_t level)
{
	return arch_pte_has(pte, ARCH_PTE_P) ? level == 1 || arch_pte_has(pte, ARCH_PTE_PS)
					     : arch_pte_has(pte, ARCH_PTE_KEPT);
}

/* An entry that names a child table. Rights are decided in the leaf; this one grants all. */
/*@ assigns \nothing;
  @ ensures \forall integer level; level > 1 ==> pte_table(\result, level) && !pte_leaf(\result, level);
  @ ensures pte_child(\result) == child && \result != 0; */
static inline uint64_t arch_pte_table(vms_pfn child, bool user)
{
	return child * VMS_PAGE + arch_pte_bit(user, ARCH_PTE_U) + ARCH_PTE_W + ARCH_PTE_P;
}

/*@ assigns \nothing; ensures \result == pte_child(pte); */
static inline vms_pfn arch_pte_child(uint64_t pte)
{
	return (vms_pfn)(pte / VMS_PAGE % ARCH_PTE_FRAMES);
}

/*@ assigns \nothing;
  @ ensures pte_mark(\result) && pte_token(\result) == token;
  @ ensures \forall integer level; level >= 1 ==> !pte_table(\result, level) && !pte_leaf(\result, level); */
static inline uint64_t arch_pte_mark(vms_token token)
{
	return (ARCH_PTE_FRAMES - 1 - token) * VMS_PAGE;
}

/*@ assigns \nothing; ensures \result == pte_token(pte); */
static inline vms_token arch_pte_token(uint64_t pte)
{
	return (vms_token)(ARCH_PTE_FRAMES - 1 - pte / VMS_PAGE % ARCH_PTE_FRAMES);
}

/*
 * Cache policy as PAT, PCD, PWT (SDM 11.12.3). arch_mmu_init() loads the PAT with
 * 0 write-back, 1 write-through, 2 and 3 uncached, 4 write-combining.
 */
/*@ requires level >= 1;
  @ assigns \nothing;
  @ ensures \result == (cache == VMS_WRITE_THROUGH ? ARCH_PTE_PWT :
  @   cache == VMS_WRITE_COMBINING ? (level == 1 ? ARCH_PTE_PAT1 : ARCH_PTE_PAT2) :
  @   cache == VMS_UNCACHED ? ARCH_PTE_PCD + ARCH_PTE_PWT : 0); */
static inline uint64_t arch_pte_cache(uint32_t cache, uint32_t level)
{
	switch (cache) {
	case VMS_WRITE_THROUGH:
		return ARCH_PTE_PWT;
	case VMS_WRITE_COMBINING:
		return level == 1 ? ARCH_PTE_PAT1 : ARCH_PTE_PAT2;
	case VMS_UNCACHED:
		return ARCH_PTE_PCD + ARCH_PTE_PWT;
	default:
		return 0;
	}
}

/*
 * Neighbouring flags that are neighbouring bits, in the same order, change places together: accessed and
 * dirty; global and the two soft ones.
 */
_Static_assert(VMS_DIRTY / VMS_ACCESSED == ARCH_PTE_D / ARCH_PTE_A, "accessed, dirty");
_Static_assert(VMS_SOFT0 / VMS_GLOBAL == ARCH_PTE_SOFT0 / ARCH_PTE_G, "global, soft0");
_Static_assert(VMS_SOFT1 / VMS_GLOBAL == ARCH_PTE_SOFT1 / ARCH_PTE_G, "global, soft1");

/* All of a leaf but its frame and whether it is present; PAT of a large one in bit 12. */
/*@ requires 1 <= level <= ARCH_LEAF_LEVELS && prop_valid(prop);
  @ assigns \nothing;
  @ ensures leaf_fields(\result, 0, 0, large_pat(level, prop.cache), level, prop, user ? 1 : 0); */
static inline uint64_t arch_pte_bits(uint32_t level, struct vms_prop prop, bool user)
{
	uint64_t bits = prop.flags / VMS_W % 2 * ARCH_PTE_W + arch_pte_bit(user, ARCH_PTE_U) +
			prop.flags / VMS_ACCESSED % 4 * ARCH_PTE_A + prop.flags / VMS_GLOBAL % 8 * ARCH_PTE_G +
			(1 - prop.flags / VMS_X % 2) * ARCH_PTE_NX + arch_pte_bit(level > 1, ARCH_PTE_PS);

	/*@ assert fields(bits, 0, prop.flags / VMS_W % 2, user ? 1 : 0, 0, 0, prop.flags / VMS_ACCESSED % 4,
	  @   level > 1 ? 1 : 0, prop.flags / VMS_GLOBAL % 8, 0, 0, 1 - prop.flags / VMS_X % 2); */
	if (prop.cache != VMS_WRITE_BACK)
		bits += arch_pte_cache(prop.cache, level);
	//@ assert level == 1 ==> leaf_fields(bits, 0, 0, 0, level, prop, user ? 1 : 0);
	/*@ assert level > 1 && prop.cache == VMS_WRITE_COMBINING ==>
	  @   leaf_fields(bits, 0, 0, 1, level, prop, user ? 1 : 0); */
	/*@ assert level > 1 && prop.cache != VMS_WRITE_COMBINING ==>
	  @   leaf_fields(bits, 0, 0, 0, level, prop, user ? 1 : 0); */
	return bits;
}

/* A leaf of this level. `frame` is aligned to the level's size; `prop` is valid. */
/*@ requires 1 <= level <= ARCH_LEAF_LEVELS && prop_valid(prop);
  @ requires level > 1 ==> frame % 2 == 0;
  @ assigns \nothing;
  @ ensures has(prop.flags, VMS_R) ==>
  @   leaf_fields(\result, 1, 0, frame + large_pat(level, prop.cache), level, prop, user ? 1 : 0);
  @ ensures !has(prop.flags, VMS_R) ==>
  @   leaf_fields(\result, 0, 1, ARCH_PTE_FRAMES - 1 - frame - large_pat(level, prop.cache), level, prop,
  @     user ? 1 : 0);
  @ ensures \result != 0;
  @ ensures pte_leaf(\result, level);
  @ ensures !pte_table(\result, level);
  @ ensures pte_frame(\result, level) == frame;
  @ ensures pte_flags(\result) == prop.flags;
  @ ensures pte_cache(\result, level) == prop.cache; */
static inline uint64_t arch_pte_leaf(vms_pfn frame, uint32_t level, struct vms_prop prop, bool user)
{
	uint64_t bits = arch_pte_bits(level, prop, user), pte;

	if (vms_has(prop.flags, VMS_R)) {
		pte = frame * VMS_PAGE + bits + ARCH_PTE_P;
		//@ assert leaf_fields(pte, 1, 0, frame + large_pat(level, prop.cache), level, prop, user ? 1 : 0);
		//@ assert pte / VMS_PAGE % ARCH_PTE_FRAMES == frame + large_pat(level, prop.cache);
		//@ assert pte_field(pte) == frame + large_pat(level, prop.cache);
		//@ assert level == 1 ==> pte_field(pte) == frame;
		//@ assert level > 1 ==> pte_field(pte) / 2 * 2 == frame;
		//@ assert level > 1 ==> pte_field(pte) % 2 == pat_of(prop.cache);
		//@ assert pte_frame(pte, level) == frame;
		//@ assert pte_leaf(pte, level);
		//@ assert pte_flags(pte) == prop.flags;
		//@ assert pte / ARCH_PTE_PCD % 2 == (prop.cache == VMS_UNCACHED ? 1 : 0);
		//@ assert pte / ARCH_PTE_PWT % 2 == (prop.cache == VMS_WRITE_THROUGH || prop.cache == VMS_UNCACHED ? 1 : 0);
		//@ assert level > 1 ==> pte_cache(pte, level) == prop.cache;
		//@ assert level == 1 ==> pte_cache(pte, level) == prop.cache;
		return pte;
	}
	/* Bit 12 is a large leaf's PAT and lies inside the inverted field: add it to the frame first. */
	pte = (ARCH_PTE_FRAMES - 1 - frame - bits / ARCH_PTE_PAT2 % 2) * VMS_PAGE + bits / ARCH_PTE_NX * ARCH_PTE_NX +
	      bits % VMS_PAGE + ARCH_PTE_KEPT;
	/*@ assert leaf_fields(pte, 0, 1, ARCH_PTE_FRAMES - 1 - frame - large_pat(level, prop.cache), level, prop,
	  @   user ? 1 : 0); */
	//@ assert pte / VMS_PAGE % ARCH_PTE_FRAMES == ARCH_PTE_FRAMES - 1 - frame - large_pat(level, prop.cache);
	//@ assert pte_field(pte) == frame + large_pat(level, prop.cache);
	//@ assert level == 1 ==> pte_field(pte) == frame;
	//@ assert level > 1 ==> pte_field(pte) / 2 * 2 == frame;
	//@ assert level > 1 ==> pte_field(pte) % 2 == pat_of(prop.cache);
	//@ assert pte_frame(pte, level) == frame;
	//@ assert pte_leaf(pte, level);
	//@ assert pte_flags(pte) == prop.flags;
	//@ assert pte / ARCH_PTE_PCD % 2 == (prop.cache == VMS_UNCACHED ? 1 : 0);
	//@ assert pte / ARCH_PTE_PWT % 2 == (prop.cache == VMS_WRITE_THROUGH || prop.cache == VMS_UNCACHED ? 1 : 0);
	//@ assert level > 1 ==> pte_cache(pte, level) == prop.cache;
	//@ assert level == 1 ==> pte_cache(pte, level) == prop.cache;
	return pte;
}

/* The address field of a leaf, as if it were present: frame number, and PAT in bit 0 of a large one. */
/*@ assigns \nothing; ensures \result == pte_field(pte) && \result < ARCH_PTE_FRAMES; */
static inline uint64_t arch_pte_field(uint64_t pte)
{
	uint64_t field = pte / VMS_PAGE % ARCH_PTE_FRAMES;

	return arch_pte_has(pte, ARCH_PTE_P) ? field : ARCH_PTE_FRAMES - 1 - field;
}

/* All of a leaf but its address field. */
/*@ assigns \nothing; ensures \result == pte % VMS_PAGE + pte / ARCH_PTE_NX * ARCH_PTE_NX; */
static inline uint64_t arch_pte_rest(uint64_t pte)
{
	return pte % VMS_PAGE + pte / ARCH_PTE_NX * ARCH_PTE_NX;
}

/* The first frame of a leaf. */
/*@ requires level >= 1; assigns \nothing; ensures \result == pte_frame(pte, level); */
static inline vms_pfn arch_pte_frame(uint64_t pte, uint32_t level)
{
	uint64_t field = arch_pte_field(pte);

	return (vms_pfn)(level == 1 ? field : field / 2 * 2);
}

/* The cache policy of a leaf. */
/*@ requires level >= 1; assigns \nothing; ensures \result == pte_cache(pte, level) && \result < VMS_NR_CACHE; */
static inline uint32_t arch_pte_cached(uint64_t pte, uint32_t level)
{
	if (level == 1 ? arch_pte_has(pte, ARCH_PTE_PAT1) : arch_pte_field(pte) % 2 != 0)
		return VMS_WRITE_COMBINING;
	if (arch_pte_has(pte, ARCH_PTE_PCD))
		return VMS_UNCACHED;
	return arch_pte_has(pte, ARCH_PTE_PWT) ? VMS_WRITE_THROUGH : VMS_WRITE_BACK;
}

/* The properties of a leaf; arch_pte_leaf() of them and arch_pte_frame() gives the entry back. */
/*@ requires level >= 1;
  @ assigns \nothing;
  @ ensures \result.flags == pte_flags(pte) && \result.cache == pte_cache(pte, level);
  @ ensures prop_valid(\result); */
static inline struct vms_prop arch_pte_prop(uint64_t pte, uint32_t level)
{
	struct vms_prop prop = {(uint32_t)(pte / ARCH_PTE_A % 4 * VMS_ACCESSED + pte / ARCH_PTE_G % 8 * VMS_GLOBAL),
				arch_pte_cached(pte, level)};

	//@ assert eights(prop.flags, pte / ARCH_PTE_A % 4, pte / ARCH_PTE_G % 8);
	//@ assert !has(prop.flags, VMS_R) && !has(prop.flags, VMS_W) && !has(prop.flags, VMS_X);
	if (arch_pte_has(pte, ARCH_PTE_P))
		prop.flags += (uint32_t)(VMS_R + pte / ARCH_PTE_W % 2 * VMS_W + (1 - pte / ARCH_PTE_NX) * VMS_X);
	//@ assert pte_has(pte, ARCH_PTE_P) ==> has(prop.flags, VMS_R);
	//@ assert !pte_has(pte, ARCH_PTE_P) ==> !has(prop.flags, VMS_W) && !has(prop.flags, VMS_X);
	//@ assert prop.flags < VMS_FLAGS_END;
	return prop;
}

/*
 * Can hardware still change this leaf behind our back (SDM 4.8)? Not if it is not present, nor if what it
 * would set is set: accessed, and dirty if it may be written.
 */
/*@ assigns \nothing;
  @ ensures \result <==> !pte_has(pte, ARCH_PTE_P) ||
  @   (pte_has(pte, ARCH_PTE_A) && (pte_has(pte, ARCH_PTE_D) || !pte_has(pte, ARCH_PTE_W))); */
static inline bool arch_pte_settled(uint64_t pte)
{
	return !arch_pte_has(pte, ARCH_PTE_P) ||
	       (arch_pte_has(pte, ARCH_PTE_A) && (arch_pte_has(pte, ARCH_PTE_D) || !arch_pte_has(pte, ARCH_PTE_W)));
}

/* Does this entry grant writing? A mark never does. */
/*@ assigns \nothing; ensures \result <==> pte_has(pte, ARCH_PTE_P) && pte_has(pte, ARCH_PTE_W); */
static inline bool arch_pte_may_write(uint64_t pte)
{
	return arch_pte_has(pte, ARCH_PTE_P) && arch_pte_has(pte, ARCH_PTE_W);
}

/* A leaf that loses the right to write and gets one of the soft flags instead; others stay as they are. */
/*@ requires soft == VMS_SOFT0 || soft == VMS_SOFT1;
  @ assigns \nothing;
  @ ensures !pte_has(pte, ARCH_PTE_P) || !pte_has(pte, ARCH_PTE_W) ==> \result == pte;
  @ ensures pte_has(pte, ARCH_PTE_P) && pte_has(pte, ARCH_PTE_W) && soft == VMS_SOFT0 ==>
  @   unwritten(pte, \result, ARCH_PTE_SOFT0);
  @ ensures pte_has(pte, ARCH_PTE_P) && pte_has(pte, ARCH_PTE_W) && soft == VMS_SOFT1 ==>
  @   unwritten(pte, \result, ARCH_PTE_SOFT1); */
static inline uint64_t arch_pte_unwrite(uint64_t pte, uint32_t soft)
{
	uint64_t bit = soft == VMS_SOFT0 ? ARCH_PTE_SOFT0 : ARCH_PTE_SOFT1;

	if (!arch_pte_may_write(pte))
		return pte;
	//@ assert bit == ARCH_PTE_SOFT0 && pte / ARCH_PTE_SOFT0 % 2 == 0 ==> pte <= 0xffffffffffffffff - ARCH_PTE_SOFT0;
	//@ assert bit == ARCH_PTE_SOFT1 && pte / ARCH_PTE_SOFT1 % 2 == 0 ==> pte <= 0xffffffffffffffff - ARCH_PTE_SOFT1;
	return pte - ARCH_PTE_W + (arch_pte_has(pte, bit) ? 0 : bit);
}

#endif
