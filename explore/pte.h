/*
 * Small tables for the explorer: entries are those of x86-64, as they ship; the tree has three levels of four
 * entries. (VMS_INDEX_BITS is 2; a page stays 4 KiB, a slot of level 2 is 16 KiB, of level 3 64 KiB.)
 */
#ifndef VMS_EXPLORE_PTE_H
#define VMS_EXPLORE_PTE_H

#include "../arch/x86_64/pte.h"

#undef ARCH_LEVELS
#undef ARCH_LEAF_LEVELS
#undef ARCH_ROOT_KERNEL
#undef VMS_USER_END
#undef VMS_KERNEL_START
#undef VMS_KERNEL_END

#define ARCH_LEVELS 3u
#define ARCH_LEAF_LEVELS 2u
#define ARCH_ROOT_KERNEL 2u
#define VMS_USER_END 0x20000ul
#define VMS_KERNEL_START 0x20000ul
#define VMS_KERNEL_END 0x40000ul

#if VMS_INDEX_BITS != 2
#error "the explorer's geometry: VMS_INDEX_BITS must be 2"
#endif

#endif
