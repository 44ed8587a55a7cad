/*
 * The first instructions, by the PVH protocol: 32-bit protected mode without paging, ebx is the physical
 * address of struct hvm_start_info.
 *
 * Makes tables that map the first GiB three times (at 0, in the direct map, where the image is linked),
 * turns on long mode and calls boot_start(). These tables serve until the kernel's space is made by the
 * library, and once more each time another CPU starts.
 */
#include <layout.h>

#define PHYSICAL(symbol) ((symbol) - KERNEL_BASE)

	/* Tells the loader that the image starts so: XEN_ELFNOTE_PHYS32_ENTRY. */
	.section .note.pvh, "a", @note
	.balign	4
	.long	4, 8, 18
	.asciz	"Xen"
	.quad	PHYSICAL(boot_entry)

	.section .text.boot, "ax"
	.code32
	.globl	boot_entry
boot_entry:
	cld
	mov	%ebx, %ebp

	/* 512 leaves of 2 MiB: present, writable, large. */
	mov	$PHYSICAL(boot_leaves), %edi
	mov	$0x83, %eax
	mov	$512, %ecx
1:	mov	%eax, (%edi)
	movl	$0, 4(%edi)
	add	$0x200000, %eax
	add	$8, %edi
	loop	1b

	movl	$(PHYSICAL(boot_leaves) + 3), PHYSICAL(boot_low)
	movl	$(PHYSICAL(boot_leaves) + 3), PHYSICAL(boot_direct)
	movl	$(PHYSICAL(boot_leaves) + 3), PHYSICAL(boot_image) + 510 * 8
	movl	$(PHYSICAL(boot_low) + 3), PHYSICAL(boot_root)
	movl	$(PHYSICAL(boot_direct) + 3), PHYSICAL(boot_root) + 273 * 8
	movl	$(PHYSICAL(boot_image) + 3), PHYSICAL(boot_root) + 511 * 8

	/* Physical addresses of 36 bits; long mode; paging. */
	mov	%cr4, %eax
	or	$0x20, %eax
	mov	%eax, %cr4
	mov	$PHYSICAL(boot_root), %eax
	mov	%eax, %cr3
	mov	$0xc0000080, %ecx
	rdmsr
	or	$0x100, %eax
	wrmsr
	mov	%cr0, %eax
	or	$0x80010001, %eax
	mov	%eax, %cr0
	lgdt	PHYSICAL(boot_gdt_pointer)
	ljmp	$KERNEL_CS, $PHYSICAL(boot_long)

	.code64
boot_long:
	movabs	$boot_high, %rax
	jmp	*%rax

	.text
boot_high:
	mov	$KERNEL_SS, %eax
	mov	%eax, %ss
	xor	%eax, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %fs
	mov	%eax, %gs
	mov	$boot_stack + 0x4000, %rsp
	mov	%ebp, %edi
	xor	%ebp, %ebp
	call	boot_start
	ud2

	.section .rodata.boot, "a"
	.balign	8
boot_gdt:
	.quad	0, 0
	.quad	0x00af9b000000ffff
	.quad	0x00cf93000000ffff
boot_gdt_pointer:
	.word	. - boot_gdt - 1
	.quad	PHYSICAL(boot_gdt)

	.section .bss.boot, "aw", @nobits
	.balign	0x4000
	.globl	boot_stack, boot_root, boot_direct
boot_stack:
	.skip	0x4000
boot_root:
	.skip	4096
boot_direct:
	.skip	4096
boot_low:
	.skip	4096
boot_image:
	.skip	4096
boot_leaves:
	.skip	4096

	.section .note.GNU-stack, "", @progbits
