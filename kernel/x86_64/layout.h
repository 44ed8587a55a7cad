/*
 * Numbers that C, assembly and the linker script share: where things are, selectors, and offsets of fields.
 * trap.c checks the offsets.
 */
#ifndef KERNEL_X86_64_LAYOUT_H
#define KERNEL_X86_64_LAYOUT_H

#define KERNEL_BASE 0xffffffff80000000 /* the image: physical address 0 is here */
#define KERNEL_LOAD 0x200000           /* its physical start */
#define DIRECT_MAP 0xffff888000000000  /* all RAM; root entry 273 */
#define DEVICE_MAP 0xffffc00000000000  /* device registers, by physical address */
#define TRAMPOLINE 0x8000              /* physical page where other CPUs start */

/* Selectors; sysret wants the user's two in this order, after one that is not used (SDM vol. 2, SYSRET). */
#define KERNEL_CS 0x10
#define KERNEL_SS 0x18
#define SYSRET_BASE 0x23
#define USER_SS 0x2b
#define USER_CS 0x33
#define TSS_SEL 0x40

/* struct cpu */
#define CPU_KERNEL_SP 16 /* machine[0]: kernel stack pointer while user code runs */
#define CPU_REGS_END 24  /* machine[1]: end of the part of current's user registers that is pushed */
#define CPU_SCRATCH 32   /* machine[2] */

/* struct user_regs */
#define REGS_RIP 136
#define REGS_PUSHED 176 /* bytes from its start to what the processor's pushes end at */
#define REGS_ERROR 128  /* orig_rax; in a trap the error code */

/* Vectors. Below 32: exceptions. */
#define VECTOR_TIMER 32
#define VECTOR_UART 33
#define VECTOR_INTERRUPT 34 /* from another CPU */
#define VECTOR_SPURIOUS 47
#define NR_VECTORS 48

/* What user_enter returns for a system call; otherwise a vector. */
#define EVENT_SYSCALL 0x100

#define SYSCALL_BYTES 2 /* length of the instruction */

/* Flags that a program may choose: CF PF AF ZF SF TF DF OF AC ID. And those that are always set: IF, bit 1. */
#define USER_FLAGS 0x240dd5
#define USER_FLAGS_SET 0x202

#endif
