/*
 * Where every other CPU starts, in real mode: this code is copied to the page TRAMPOLINE. It goes to long mode
 * on the boot tables, which map that page at its physical address, takes the stack and number that smp.c left
 * for it, and calls cpu_started().
 */
#include <layout.h>

#define AT(symbol) (TRAMPOLINE + (symbol) - trampoline)

	.section .rodata.trampoline, "a"
	.globl	trampoline, trampoline_end, trampoline_stack, trampoline_cpu
	.balign	16
	.code16
trampoline:
	cli
	cld
	xor	%ax, %ax
	mov	%ax, %ds
	lgdtl	AT(gdt_pointer)
	mov	%cr4, %eax
	or	$0x20, %eax
	mov	%eax, %cr4
	mov	$boot_root - KERNEL_BASE, %eax
	mov	%eax, %cr3
	mov	$0xc0000080, %ecx
	rdmsr
	/* No-execute with long mode: the stack may be in a page that has it. */
	or	$0x900, %eax
	wrmsr
	mov	%cr0, %eax
	or	$0x80010001, %eax
	mov	%eax, %cr0
	ljmpl	$KERNEL_CS, $AT(long_mode)

	.code64
long_mode:
	mov	$KERNEL_SS, %eax
	mov	%eax, %ss
	xor	%eax, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %fs
	mov	%eax, %gs
	mov	AT(trampoline_stack), %rsp
	mov	AT(trampoline_cpu), %rdi
	xor	%ebp, %ebp
	movabs	$cpu_started, %rax
	call	*%rax
	ud2

	.balign	8
gdt:
	.quad	0, 0
	.quad	0x00af9b000000ffff
	.quad	0x00cf93000000ffff
gdt_pointer:
	.word	. - gdt - 1
	.long	AT(gdt)
	.balign	8
trampoline_stack:
	.quad	0
trampoline_cpu:
	.quad	0
trampoline_end:

	.section .note.GNU-stack, "", @progbits
