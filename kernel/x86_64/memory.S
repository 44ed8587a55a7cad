/*
 * Moving and filling memory: words by the string instructions, then the odd bytes.
 */
	.macro function name
	.globl	\name
	.type	\name, @function
	.balign	16
\name:
	.endm

	.text

function memcpy
	mov	%rdi, %rax
memory_forward:
	mov	%rdx, %rcx
	shr	$3, %rcx
	rep movsq
	mov	%edx, %ecx
	and	$7, %ecx
	rep movsb
	ret

	/* Forward unless the end of the source would be overwritten before it is read. */
function memmove
	mov	%rdi, %rax
	mov	%rdi, %rcx
	sub	%rsi, %rcx
	cmp	%rdx, %rcx
	jae	memory_forward
	lea	-1(%rdi,%rdx), %rdi
	lea	-1(%rsi,%rdx), %rsi
	mov	%rdx, %rcx
	std
	rep movsb
	cld
	ret

function memset
	mov	%rdi, %r8
	movzbl	%sil, %esi
	movabs	$0x0101010101010101, %rax
	imul	%rsi, %rax
	mov	%rdx, %rcx
	shr	$3, %rcx
	rep stosq
	mov	%edx, %ecx
	and	$7, %ecx
	rep stosb
	mov	%r8, %rax
	ret

	.section .note.GNU-stack, "", @progbits
