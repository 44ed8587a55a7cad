/*
 * Linux's system-call numbers on x86-64, by number. Included where CALL is defined; no guard.
 */
CALL(9, mmap)
CALL(10, mprotect)
CALL(11, munmap)
CALL(12, brk)
CALL(25, mremap)
CALL(28, madvise)
