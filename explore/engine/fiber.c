/*
 * Fibers: a stack each, and one that is left and one that is entered by a switch.
 */
#include <string.h>

#include "inside.h"

#define STACK_SIZE 65536u

static char stacks[MAX_FIBERS][STACK_SIZE] __attribute__((aligned(64)));
static void *scheduler_stack_pointer;

struct fiber fibers[MAX_FIBERS];
uint32_t nr_fibers;
struct fiber *running;

/* Save what a call preserves and the stack pointer; continue where the other one did so. */
void fiber_switch(void **save, void *to);
__asm__(".text\n"
	".globl fiber_switch\n"
	"fiber_switch:\n"
	"	push %rbp\n"
	"	push %rbx\n"
	"	push %r12\n"
	"	push %r13\n"
	"	push %r14\n"
	"	push %r15\n"
	"	mov %rsp, (%rdi)\n"
	"	mov %rsi, %rsp\n"
	"	pop %r15\n"
	"	pop %r14\n"
	"	pop %r13\n"
	"	pop %r12\n"
	"	pop %rbx\n"
	"	pop %rbp\n"
	"	ret\n");

void fiber_yield(void)
{
	fiber_switch(&running->stack_pointer, scheduler_stack_pointer);
}

/* Runs until its next step, seeing its own stores. */
void fiber_resume(struct fiber *fiber)
{
	running = fiber;
	buffer_show(fiber);
	fiber_switch(&scheduler_stack_pointer, fiber->stack_pointer);
	buffer_hide(fiber);
	running = NULL;
}

static void fiber_main(void)
{
	running->function(running->argument);
	memory_plain_commit();
	running->done = true;
	for (;;)
		fiber_yield();
}

uint64_t fiber_step(const struct op *op)
{
	memory_plain_commit();
	running->op = *op;
	fiber_yield();
	return running->result;
}

void explore_spawn(const char *name, void (*function)(void *), void *argument, uint32_t agent, bool daemon)
{
	struct fiber *fiber = &fibers[nr_fibers];
	void **top;

	if (nr_fibers == MAX_FIBERS || agent >= MAX_AGENTS)
		explore_fail("too many fibers or agents");
	/* The return address of fiber_switch() over six registers; then the stack is aligned as after a call. */
	top = (void **)(stacks[nr_fibers] + STACK_SIZE) - 1;
	*top = NULL;
	*--top = (void *)fiber_main;
	for (int i = 0; i < 6; i++)
		*--top = NULL;
	memset(fiber, 0, offsetof(struct fiber, watch));
	fiber->stack_pointer = top;
	fiber->used = true;
	fiber->daemon = daemon;
	fiber->agent = agent;
	fiber->name = name;
	fiber->function = function;
	fiber->argument = argument;
	fiber->op.kind = OP_START;
	agents[agent].now.at[agent] = 1;
	nr_fibers++;
}

void explore_gate(uint32_t *word)
{
	fibers[nr_fibers - 1].gate = word;
}

int explore_self(void)
{
	return running == NULL ? -1 : (int)(running - fibers);
}
