/*
 * Accesses to user memory that survive a fault; mmu.h has the prototypes.
 *
 * Each function first replaces a user address that is not below VMS_USER_END by VMS_USER_END, by a
 * conditional move, so that not even a mispredicted path reaches kernel memory; nothing is ever mapped
 * there. An instruction that may fault has an entry in the section vms_fixups: itself, and where
 * arch_user_fixup() sends the processor. What runs after a fixup still has SMAP lifted, and puts it back.
 */

	/* stac and clac; three bytes of no-operation until arch_mmu_init() finds SMAP. */
	.macro site opcode
.Lsite\@:
	nopl	(%rax)
	.pushsection vms_smap_sites, "a"
	.balign	8
	.quad	.Lsite\@, \opcode
	.popsection
	.endm
	.macro user_begin
	site	0xcb010f
	.endm
	.macro user_end
	site	0xca010f
	.endm

	.macro fixup ip, target
	.pushsection vms_fixups, "a"
	.balign	8
	.quad	\ip, \target
	.popsection
	.endm

	.macro clamp address
	movabs	$0x7ffffffff000, %rax
	cmp	%rax, \address
	cmovae	%rax, \address
	.endm

	.macro function name
	.globl	\name
	.type	\name, @function
	.balign	16
\name:
	.endm

	.text

	/* Copy rdx bytes from rsi to rdi: words, then the odd bytes. rax = rdx at the end. */
	.macro copy_body
	mov	%rdx, %rcx
	shr	$3, %rcx
	mov	%rdx, %rax
	and	$7, %edx
	user_begin
1:	rep movsq
	mov	%edx, %ecx
2:	rep movsb
	user_end
	ret
	/* A word could not be copied: go on by bytes, up to the one that cannot. */
3:	lea	(%rdx,%rcx,8), %rcx
4:	rep movsb
	/* rcx bytes are left. */
5:	user_end
	sub	%rcx, %rax
	ret
	fixup	1b, 3b
	fixup	2b, 5b
	fixup	4b, 5b
	.endm

function arch_user_copy_in
	clamp	%rsi
	copy_body

function arch_user_copy_out
	clamp	%rdi
	copy_body

function arch_user_zero
	clamp	%rdi
	mov	%rsi, %rdx
	mov	%rsi, %rcx
	shr	$3, %rcx
	and	$7, %edx
	xor	%eax, %eax
	user_begin
1:	rep stosq
	mov	%edx, %ecx
2:	rep stosb
	user_end
	mov	%rsi, %rax
	ret
3:	lea	(%rdx,%rcx,8), %rcx
4:	rep stosb
5:	user_end
	mov	%rsi, %rax
	sub	%rcx, %rax
	ret
	fixup	1b, 3b
	fixup	2b, 5b
	fixup	4b, 5b

	/* rdi: user address, rsi: where the value goes. */
	.macro load name, register
function \name
	clamp	%rdi
	user_begin
1:	mov	(%rdi), \register
	user_end
	mov	\register, (%rsi)
	mov	$1, %eax
	ret
2:	user_end
	xor	%eax, %eax
	ret
	fixup	1b, 2b
	.endm

	load	arch_user_load32, %edx
	load	arch_user_load64, %rdx

	/* rdi: user address, rsi: expected, rdx: desired, rcx: where what was there goes. */
	.macro compare_exchange name, accumulator, expected, desired
function \name
	clamp	%rdi
	mov	\expected, \accumulator
	user_begin
1:	lock cmpxchg \desired, (%rdi)
	user_end
	mov	\accumulator, (%rcx)
	mov	$1, %eax
	ret
2:	user_end
	xor	%eax, %eax
	ret
	fixup	1b, 2b
	.endm

	compare_exchange arch_user_cmpxchg32, %eax, %esi, %edx
	compare_exchange arch_user_cmpxchg64, %rax, %rsi, %rdx

	.section .note.GNU-stack, "", @progbits
