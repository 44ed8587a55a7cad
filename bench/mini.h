/* Freestanding x86-64 Linux-ABI helpers: raw system calls only, no libc, no
 * TLS, no SSE, no vDSO, so that the same binary runs on any kernel that has
 * the handful of system calls used here. */
#pragma once
typedef unsigned long u64;
typedef unsigned int u32;
#define NULL ((void *)0)
#define PAGE 4096UL
enum {
	S_write = 1,
	S_mmap = 9,
	S_mprotect = 10,
	S_munmap = 11,
	S_yield = 24,
	S_madvise = 28,
	S_getpid = 39,
	S_clone = 56,
	S_fork = 57,
	S_execve = 59,
	S_exit = 60,
	S_wait4 = 61,
	S_mount = 165,
	S_sync = 162,
	S_reboot = 169,
	S_setaff = 203,
	S_getaff = 204,
	S_clock_gettime = 228,
	S_exit_group = 231
};
static inline long sc6(long n, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
	long r;
	__asm__ volatile("syscall"
			 : "=a"(r)
			 : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return r;
}
#define sc(n, ...) sc_((n), ##__VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define sc_(n, a, b, c, d, e, f, ...) sc6((n), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

static inline u64 rdtsc(void)
{
	u32 lo, hi;
	__asm__ volatile("lfence; rdtsc" : "=a"(lo), "=d"(hi)::"memory");
	return ((u64)hi << 32) | lo;
}
static inline void cpu_relax(void)
{
	__asm__ volatile("pause" ::: "memory");
}

void *memset(void *d, int c, u64 n)
{
	char *p = d;
	while (n--)
		*p++ = (char)c;
	return d;
}
void *memcpy(void *d, const void *s, u64 n)
{
	char *p = d;
	const char *q = s;
	while (n--)
		*p++ = *q++;
	return d;
}

static char obuf[512];
static int olen;
static void oflush(void)
{
	if (olen)
		sc(S_write, 1, obuf, olen);
	olen = 0;
}
static void ochar(char c)
{
	if (olen < (int)sizeof obuf)
		obuf[olen++] = c;
}
static void ostr(const char *s)
{
	while (*s)
		ochar(*s++);
}
static void onum(u64 v)
{
	char t[24];
	int i = 0;
	do {
		t[i++] = '0' + v % 10;
		v /= 10;
	} while (v);
	while (i)
		ochar(t[--i]);
}
__attribute__((unused)) static void oerr(long v)
{
	if (v < 0) {
		ochar('-');
		v = -v;
	}
	onum((u64)v);
}
/* v/ops with one decimal */
__attribute__((unused)) static void odiv(u64 v, u64 ops)
{
	u64 x = (v * 10 + ops / 2) / ops;
	onum(x / 10);
	ochar('.');
	ochar('0' + x % 10);
}
__asm__(".globl _start\n_start: xor %ebp,%ebp\n mov %rsp,%rdi\n and $-16,%rsp\n call cmain\n hlt\n");
