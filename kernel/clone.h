/*
 * Flags of clone, as Linux numbers them.
 */
#ifndef KERNEL_CLONE_H
#define KERNEL_CLONE_H

#define CLONE_SIGNAL 0x000000ffull
#define CLONE_VM 0x00000100ull
#define CLONE_FS 0x00000200ull
#define CLONE_FILES 0x00000400ull
#define CLONE_SIGHAND 0x00000800ull
#define CLONE_VFORK 0x00004000ull
#define CLONE_PARENT 0x00008000ull
#define CLONE_THREAD 0x00010000ull
#define CLONE_SYSVSEM 0x00040000ull
#define CLONE_SETTLS 0x00080000ull
#define CLONE_PARENT_SETTID 0x00100000ull
#define CLONE_CHILD_CLEARTID 0x00200000ull
#define CLONE_DETACHED 0x00400000ull /* of no effect since long ago */
#define CLONE_UNTRACED 0x00800000ull /* there is no tracing */
#define CLONE_CHILD_SETTID 0x01000000ull
#define CLONE_IO 0x80000000ull /* of no effect: there is no I/O scheduler */
#define CLONE_CLEAR_SIGHAND 0x100000000ull

/* Flags that we carry out; any other is refused with EINVAL. */
#define CLONE_KNOWN                                                                                                    \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_VFORK | CLONE_PARENT | CLONE_THREAD |               \
	 CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID | CLONE_DETACHED | CLONE_UNTRACED | \
	 CLONE_CHILD_SETTID | CLONE_IO | CLONE_CLEAR_SIGHAND)

/* What threads of one process share here; they cannot share less. */
#define CLONE_AS_THREAD (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND)

#endif
