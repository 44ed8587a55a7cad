/*
 * What programs do, from the fuzzer's input: system calls whose arguments are sometimes sensible and sometimes
 * hostile, accesses to memory, exceptions; and what happens to them meanwhile. All programs of a run and all their
 * threads take their steps from one string of bytes, and when it is used up they exit.
 */
#include <string.h>

#include <kernel/fs/fs.h>
#include <kernel/machine.h>
#include <kernel/process.h>
#include <layout.h>
#include <mm/mm.h>
#include <sim/inside.h>

#include "machine/machine.h"
#include "program.h"

#define NR_RESULTS 8u
#define MMAP_BASE 0x10000000ul
#define STEP_NS 1000u
#define TICK_NS 4000000u

enum {
#define CALL(number, name) NR_##name = number,
#include <syscalls.h>
#undef CALL
};

static const bool is_call[] = {
#define CALL(number, name) [number] = true,
#include <syscalls.h>
#undef CALL
};
#define NR_NUMBERS (sizeof(is_call) / sizeof(is_call[0]))

static const char *const arguments[NR_NUMBERS] = {
#define ARGUMENTS(name, kinds) [NR_##name] = kinds,
#include "calls.h"
#undef ARGUMENTS
};

static struct bytes in;
static uint64_t results[NR_RESULTS]; /* of the last calls: descriptors, addresses, processes */
static uint32_t nr_results;

void program_start(struct bytes input)
{
	in = input;
	memset(results, 0, sizeof(results));
	nr_results = 0;
}

static uint64_t length(uint64_t byte)
{
	static const uint64_t lengths[] = {0,    1,    2,     3,     4,     5,        7,        8,
					   9,    16,   24,    31,    32,    64,       100,      128,
					   255,  256,  511,   512,   4095,  4096,     4097,     8192,
					   5000, 9000, 16384, 65536, 65537, 1u << 20, 1u << 21, 1u << 31};

	return lengths[byte % 32];
}

/* The calling process, and those that began after the first. */
static uint64_t process_id(uint64_t byte)
{
	uint64_t self = (uint64_t)this_process()->pid, first = (uint64_t)process_reaper()->pid;

	switch (byte % 16) {
	case 0:
		return 0;
	case 1:
		return self;
	case 2:
		return ~0ul;
	case 3:
		return -self;
	case 4:
		return (uint64_t)current()->tid;
	default:
		return first + byte % 16 - 5;
	}
}

static uint64_t clone_flags(uint64_t byte)
{
	static const uint64_t flags[] = {17,      0,        0x100 | 17,     0x4100 | 17, 0x3d0f00,
					 0x10f00, 0x900,    0x1200000 | 17, 0x600 | 17,  0xf00,
					 0x18f00, 0x7d0f00, 0x8000 | 17,    0x84100};

	return flags[byte % (sizeof(flags) / sizeof(flags[0]))];
}

/* Anything at all. */
static uint64_t hostile(uint64_t byte)
{
	switch (byte % 16) {
	case 0:
		return take(&in, 8);
	case 1:
		return ~0ul - byte / 16 % 4;
	case 2:
		return take(&in, 2);
	case 3:
		return take(&in, 4);
	case 4:
		return results[take_below(&in, NR_RESULTS)];
	case 5:
		return PROGRAM_END - take(&in, 1);
	case 6:
		return VMS_USER_END - take(&in, 1);
	case 7:
		return 0xffff888000000000 + take(&in, 2);
	case 8:
		return PROGRAM_CODE + take(&in, 2);
	case 9:
		return current()->regs.rsp + (take(&in, 1) - 128) * 16;
	case 10:
		return 1ul << take(&in, 1) % 64;
	case 11:
		return (1ul << take(&in, 1) % 64) - 1;
	case 12:
		return -(1ul << take(&in, 1) % 64);
	case 13:
		return PROGRAM_PATHS + take(&in, 2);
	case 14:
		return VMS_USER_END + take(&in, 8) % (1ul << 60);
	default:
		return 0;
	}
}

static uint64_t argument(char kind)
{
	uint64_t byte = take(&in, 1);

	if (byte >= 224)
		return hostile(byte);
	switch (kind) {
	case 'f':
		return byte % 16;
	case 'D':
		return byte % 2 ? byte / 2 % 16 : (uint64_t)-100;
	case 'p':
		return byte < 208 ? PROGRAM_PATHS + byte % NR_PARTS * PART_BYTES : PROGRAM_ROOM + byte % 16;
	case 's':
		return PROGRAM_PARTS + byte % NR_PARTS * PART_BYTES;
	case 't':
		return byte < 64 ? 0 : PROGRAM_PARTS + byte % NR_PARTS * PART_BYTES;
	case 'b':
		return PROGRAM_ROOM + byte * 96;
	case 'x':
		return PROGRAM_PARTS + (NR_PARTS - 4) * PART_BYTES + byte % 8 * 4;
	case 'm':
		return byte < 16   ? 0
		       : byte < 64 ? PROGRAM_PATHS + byte % 8 * VMS_PAGE
				   : MMAP_BASE + byte % 32 * VMS_PAGE;
	case 'n':
		return length(byte);
	case 'd':
		return process_id(byte);
	case 'F':
		return byte + take(&in, 2) * 64;
	case 'g':
		return byte % 66;
	case 'c':
		return 0x5400 + byte % 64;
	case 'o':
		return clone_flags(byte);
	default:
		return byte % 32 == 31 ? byte * 64 : byte;
	}
}

static enum user_event call(uint64_t number)
{
	struct user_regs *regs = &current()->regs;

	regs->event = 0;
	regs->rax = regs->orig_rax = number;
	regs->rip = PROGRAM_CODE + SYSCALL_BYTES;
	return USER_SYSCALL;
}

/* Mostly one that there is; sparse numbers stay the same when calls are added. */
static uint64_t call_number(void)
{
	uint64_t number = take(&in, 2);

	if (number >= 0xf000)
		return number;
	for (number %= NR_NUMBERS; !is_call[number]; number++)
		;
	return number;
}

static enum user_event any_call(void)
{
	struct user_regs *regs = &current()->regs;
	uint64_t number = call_number();
	const char *kinds = number < NR_NUMBERS ? arguments[number] : NULL;

	for (uint32_t i = 0; i < 6; i++) {
		bool more = !kinds || *kinds;

		regs->args[i] = more ? argument(kinds ? *kinds++ : 'n') : 0;
	}
	/* A handler's return takes the address that it returns to. */
	if (number == NR_rt_sigreturn)
		regs->rsp += 8;
	return call(number);
}

static enum user_event page_fault(struct user_trap *trap, vms_va va, uint32_t access)
{
	*trap = (struct user_trap){.name = "page fault", .is_page_fault = true};
	trap->fault = (struct vms_fault){.va = va, .access = access, .user = true};
	return USER_EXCEPTION;
}

/* The program changes its own memory. */
static enum user_event store(struct user_trap *trap)
{
	uint64_t at = PROGRAM_PATHS + take(&in, 2) % (PROGRAM_END - PROGRAM_PATHS);

	for (uint64_t nr = 1 + take(&in, 1) % 16; nr > 0; nr--, at++) {
		vms_pa pa;

		if (at >= PROGRAM_END || !sim_access(at, VMS_W, true, &pa))
			return page_fault(trap, at, VMS_W);
		*sim_byte(pa) = (uint8_t)take(&in, 1);
	}
	return USER_INTERRUPT;
}

/* It loads, stores or jumps, somewhere. */
static enum user_event access_memory(struct user_trap *trap)
{
	static const uint32_t accesses[] = {VMS_R, VMS_W, VMS_X, VMS_W};
	uint64_t byte = take(&in, 1);
	vms_va va = byte & 4 ? argument('m') : hostile(byte / 8);
	uint32_t access = accesses[byte % 4];
	vms_pa pa;

	if (va >= VMS_USER_END || !sim_probe(va, access, true, &pa))
		return page_fault(trap, va, access);
	return USER_INTERRUPT;
}

static enum user_event exception(struct user_trap *trap)
{
	static const int signals[] = {SIGILL, SIGFPE, SIGSEGV, SIGTRAP, SIGBUS};
	uint64_t byte = take(&in, 1);

	*trap = (struct user_trap){.name = "exception", .signal = signals[byte % 5], .code = (int)(byte / 8)};
	trap->address = PROGRAM_CODE;
	return USER_EXCEPTION;
}

static enum user_event interrupt(void)
{
	uint64_t byte = take(&in, 1);

	if (byte % 4 == 0)
		tty_input((char)take(&in, 1));
	clock_advance(TICK_NS << byte / 16);
	sched_tick();
	return USER_INTERRUPT;
}

enum user_event program_step(struct user_trap *trap)
{
	struct user_regs *regs = &current()->regs;
	uint64_t byte;

	clock_advance(STEP_NS);
	memory_fail(0);
	if (regs->orig_rax != ~0ul)
		results[nr_results++ % NR_RESULTS] = regs->rax;
	if (in.left == 0) {
		regs->args[0] = 0;
		return call(NR_exit_group);
	}
	byte = take(&in, 1);
	/* A call that is run again: the kernel put the program back to it. */
	if (regs->rip == PROGRAM_CODE)
		return call(regs->rax);
	switch (byte % 16) {
	case 0:
		return store(trap);
	case 1:
		return access_memory(trap);
	case 2:
		return exception(trap);
	case 3:
		return interrupt();
	case 4:
		memory_fail(1 + byte / 16);
		return any_call();
	default:
		return any_call();
	}
}
