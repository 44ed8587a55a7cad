/*
 * System calls: each is sys_NAME(arguments), six words as the program passed them, and gives the result or
 * -errno. Nothing about an argument may be believed. The machine's table, syscalls.h in its folder, is one
 * line a call: CALL(number, name).
 */
#ifndef KERNEL_SYSCALL_H
#define KERNEL_SYSCALL_H

#include <stdint.h>

#define CALL(number, name) long sys_##name(const uint64_t a[6]);
#include <syscalls.h>
#undef CALL

#endif
