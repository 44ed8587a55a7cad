/*
 * The processor of cpu.h: a signal says which instruction could not be done; it is read and done.
 */
#define _GNU_SOURCE
#include <mmu.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "cpu.h"

struct cpu cpu;

static unsigned char *user_pages;
static uint64_t nr_user_pages;
static bool smap_is_on;

/* General registers in the order in which instructions number them. */
static const int numbered[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
				 REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};

/* In a handler there is no way back. */
static void give_up(const char *what, const unsigned char *ip)
{
	fprintf(stderr, "%s at %p: %02x %02x %02x %02x\n", what, (const void *)ip, ip[0], ip[1], ip[2], ip[3]);
	_Exit(1);
}

static void note(uint64_t *log, uint32_t *nr, uint64_t value)
{
	if (*nr < NR_LOGGED)
		log[*nr] = value;
	++*nr;
}

static void smap_lift(bool lifted)
{
	cpu.smap_lifted = lifted;
	if (smap_is_on &&
	    mprotect(user_pages, nr_user_pages * VMS_PAGE, lifted ? PROT_READ | PROT_WRITE : PROT_NONE) != 0)
		_Exit(1);
}

static void cpuid(greg_t *reg)
{
	uint32_t leaf = (uint32_t)reg[REG_RAX], sub = (uint32_t)reg[REG_RCX];

	reg[REG_RAX] = leaf == 0 ? cpu.max_leaf : 0xffffffff;
	reg[REG_RBX] = reg[REG_RCX] = reg[REG_RDX] = 0xffffffff;
	if (leaf == 1)
		reg[REG_RCX] = cpu.leaf1_c;
	/* A leaf that is not there may say anything, and so may another part of this one. */
	if (leaf == 7 && cpu.max_leaf >= 7 && sub == 0) {
		reg[REG_RBX] = cpu.leaf7_b;
		reg[REG_RCX] = cpu.leaf7_c;
	}
}

static uint64_t *msr(greg_t *reg, const unsigned char *ip)
{
	switch ((uint32_t)reg[REG_RCX]) {
	case 0x277:
		return &cpu.pat;
	case 0xc0000080:
		return &cpu.efer;
	}
	give_up("no such MSR", ip);
	return NULL;
}

static void control_write(uint32_t number, uint64_t value)
{
	if (number == 0) {
		cpu.cr0 = value;
	} else if (number == 3) {
		cpu.cr3 = value % (1ul << 63); /* the highest bit is not kept: SDM 4.10.4.1 */
		note(cpu.cr3_written, &cpu.nr_cr3, value);
	} else {
		cpu.cr4 = value;
		cpu.pat_at_flush = cpu.pat;
		note(cpu.cr4_written, &cpu.nr_cr4, value);
	}
}

/* Length of an operand in memory that is a register, without or with a displacement of a byte; where it is. */
static uint32_t operand(const unsigned char *modrm, uint32_t base, const greg_t *reg, uint64_t *at)
{
	uint32_t rm = modrm[0] % 8, with_sib = rm == 4, mode = modrm[0] / 64;

	*at = (uint64_t)reg[numbered[base + rm]] + (mode == 1 ? (uint64_t)(int64_t)(int8_t)modrm[1 + with_sib] : 0);
	return 1 + with_sib + (mode == 1);
}

/* Do one instruction; its length, or 0 if it is none of these. */
static uint32_t privileged(const unsigned char *ip, greg_t *reg)
{
	uint32_t rex = ip[0] / 16 == 4, base = rex && ip[0] % 2 ? 8 : 0;
	const unsigned char *code = ip + rex;
	greg_t *operand_reg = &reg[numbered[base + code[2] % 8]];
	uint32_t number = code[2] / 8 % 8;
	uint64_t at, *word;

	if (code[0] != 0x0f)
		return 0;
	switch (code[1]) {
	case 0x0b: /* ud2, which stands for cpuid here */
		cpuid(reg);
		return 2;
	case 0x32: /* rdmsr */
		word = msr(reg, ip);
		reg[REG_RAX] = (greg_t)(*word % (1ul << 32));
		reg[REG_RDX] = (greg_t)(*word >> 32);
		return 2;
	case 0x30: /* wrmsr */
		*msr(reg, ip) = (uint64_t)reg[REG_RDX] << 32 | (uint32_t)reg[REG_RAX];
		return 2;
	case 0x20: /* mov from a control register */
		*operand_reg = (greg_t)(number == 0 ? cpu.cr0 : number == 3 ? cpu.cr3 : cpu.cr4);
		return rex + 3;
	case 0x22:
		control_write(number, (uint64_t)*operand_reg);
		return rex + 3;
	case 0x01:
		if (code[2] == 0xcb || code[2] == 0xca) { /* stac, clac */
			smap_lift(code[2] == 0xcb);
			return 3;
		}
		if (number != 7)
			return 0;
		number = operand(code + 2, base, reg, &at); /* invlpg */
		note(cpu.flushed, &cpu.nr_flushed, at);
		return rex + 2 + number;
	}
	return 0;
}

static void on_signal(int signal, siginfo_t *info, void *context)
{
	greg_t *reg = ((ucontext_t *)context)->uc_mcontext.gregs;
	const unsigned char *ip = (const unsigned char *)reg[REG_RIP];
	uint32_t len = privileged(ip, reg);
	uint64_t target;

	if (len > 0) {
		reg[REG_RIP] += len;
		return;
	}
	target = signal == SIGSEGV ? arch_user_fixup((uint64_t)ip) : 0;
	if (target == 0)
		give_up("a fault", ip);
	cpu.nr_faults++;
	cpu.fault_ip = (uint64_t)ip;
	cpu.fault_va = (uint64_t)info->si_addr;
	cpu.fault_lifted = cpu.smap_lifted;
	reg[REG_RIP] = (greg_t)target;
}

void cpu_start(unsigned char *pages, uint64_t nr_pages, bool smap)
{
	struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_NODEFER};

	memset(&cpu, 0, sizeof(cpu));
	user_pages = pages;
	nr_user_pages = nr_pages;
	smap_is_on = smap;
	if (sigaction(SIGSEGV, &action, NULL) != 0 || sigaction(SIGILL, &action, NULL) != 0 ||
	    sigaction(SIGBUS, &action, NULL) != 0)
		_Exit(1);
	smap_lift(false);
}
