/*
 * In and out of user mode, traps in kernel mode, and the switch of stacks.
 *
 * User mode is a function call: user_enter loads the thread's registers from its struct user_regs and
 * returns when a system call or trap has stored them there again. The processor's own pushes go straight into
 * that struct (TSS.rsp0 points behind it), so a trap from user mode costs no copy, and its kernel stack
 * is where user_enter left it. The caller (execute.h) expects no register but rbp to be kept.
 *
 * GS base is the kernel's from the first instruction pair of every entry on, and the user's outside. The
 * four vectors that can hit between the two (debug, NMI, double fault, machine check) have stacks of their own
 * (IST) whose top word is the CPU's GS base; from kernel mode they set it themselves and put it back.
 */
#include <layout.h>

	.macro function name
	.globl	\name
	.type	\name, @function
	.balign	16
\name:
	.endm

	/* Below r9, which is pushed already; down to r15. */
	.macro push_registers
	push	%r8
	push	%r10
	push	%rdx
	push	%rsi
	push	%rdi
	push	%rax
	push	%rcx
	push	%r11
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	.endm

	.macro pop_registers
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	pop	%r11
	pop	%rcx
	pop	%rax
	pop	%rdi
	pop	%rsi
	pop	%rdx
	pop	%r10
	pop	%r8
	pop	%r9
	.endm

	/* Back to where user_enter was called from, with the result in eax. */
	.macro leave_user
	mov	%gs:CPU_KERNEL_SP, %rsp
	pop	%rbp
	ret
	.endm

	.text

	/* rdi: struct user_regs of the current thread, safe to run. Interrupts are off. */
function user_enter
	push	%rbp
	mov	%rsp, %gs:CPU_KERNEL_SP
	lea	8(%rdi), %rsp
	cmpq	$0, (%rdi)
	jne	1f
	/* After a system call rcx and r11 are what sysret needs; the last two words are the stack's. */
	pop_registers
	mov	8(%rsp), %rcx
	mov	24(%rsp), %r11
	mov	32(%rsp), %rsp
	swapgs
	sysretq
1:	pop_registers
	add	$8, %rsp
	swapgs
	iretq

	/* The flags in SFMASK are clear: no interrupt, no trap, no alignment check, forward strings. */
function syscall_entry
	swapgs
	mov	%rsp, %gs:CPU_SCRATCH
	mov	%gs:CPU_REGS_END, %rsp
	push	$USER_SS
	push	%gs:CPU_SCRATCH
	push	%r11
	push	$USER_CS
	push	%rcx
	push	%rax
	push	%r9
	push_registers
	push	$0
	mov	$EVENT_SYSCALL, %eax
	leave_user

	/* One stub a vector, 16 bytes each: the error code is made up where there is none. */
	.balign	16
	.globl	trap_stubs
trap_stubs:
	.set	vector, 0
	.rept	NR_VECTORS
	.balign	16
	.if	!(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30)
	push	$0
	.endif
	push	%r9
	mov	$vector, %r9d
	.if	vector == 1 || vector == 2 || vector == 8 || vector == 18
	jmp	trap_own_stack
	.else
	jmp	trap
	.endif
	.set	vector, vector + 1
	.endr

	/* The vector is in r9; on the stack: r9, error code, rip, cs, ... */
	.balign	16
trap:
	testb	$3, 24(%rsp)
	jz	trap_in_kernel
	swapgs
trap_in_user:
	push_registers
	push	%r9
	mov	%r9d, %eax
	/* Direction and alignment check are still the user's. */
	push	$2
	popf
	leave_user

trap_in_kernel:
	push_registers
	push	%r9
	/* The trap may be inside a copy: lift of SMAP ends until we return. */
	push	$2
	popf
	mov	%r9, %rsi
	mov	%rsp, %rdi
	mov	%rsp, %rbp
	call	trap_kernel
trap_return:
	add	$8, %rsp
	pop_registers
	add	$8, %rsp
	iretq

trap_own_stack:
	testb	$3, 24(%rsp)
	jz	1f
	/* From user mode: move to where other traps push. */
	swapgs
	mov	%rax, %gs:CPU_SCRATCH
	mov	%gs:CPU_REGS_END, %rax
	pop	-56(%rax)
	pop	-48(%rax)
	pop	-40(%rax)
	pop	-32(%rax)
	pop	-24(%rax)
	pop	-16(%rax)
	pop	-8(%rax)
	lea	-56(%rax), %rsp
	mov	%gs:CPU_SCRATCH, %rax
	jmp	trap_in_user
	/* From kernel mode, perhaps with the user's GS base still, or again, in force. */
1:	push_registers
	push	%r9
	push	$2
	popf
	mov	%r9, %rbx
	mov	$0xc0000101, %ecx
	rdmsr
	mov	%eax, %r12d
	mov	%edx, %r13d
	mov	REGS_PUSHED(%rsp), %rax
	mov	%rax, %rdx
	shr	$32, %rdx
	wrmsr
	mov	%rbx, %rsi
	mov	%rsp, %rdi
	mov	%rsp, %rbp
	call	trap_stop
	mov	$0xc0000101, %ecx
	mov	%r12d, %eax
	mov	%r13d, %edx
	wrmsr
	jmp	trap_return

	/* rdi: where the stack pointer is kept, rsi: that of the thread to run. */
function stack_switch
	push	%rbp
	push	%rbx
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	mov	%rsp, (%rdi)
	mov	%rsi, %rsp
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbx
	pop	%rbp
	ret

	/* Where the first switch to a thread returns to. */
function thread_first
	xor	%ebp, %ebp
	call	thread_begin
	ud2

	.section .note.GNU-stack, "", @progbits
