/* mmbench: memory-management micro-benchmarks in the shape of the CortenMM
 * (SOSP'25) ones (mmap, mmap-PF, PF, unmap-virt, unmap; low/high contention),
 * plus mprotect, madvise and fork/copy-on-write.
 *
 * usage: mmbench [key=number ...]
 *   r   rounds per benchmark (1..15)              default 7
 *   n   operations per round and thread (<=1024)  default 512
 *   g   pages per mmap/munmap request             default 4 (16 KiB)
 *   st  1 = run the single-thread part            default 1
 *   fk  1 = run the fork part                     default 1
 *   t   max threads in the threads part (0..4)    default 2
 *   pin 1 = pin thread i to CPU i                 default 1
 *   big MiB that are touched, forked and unmapped as one   default 0: not done
 *   hz  TSC Hz, used only when clock_gettime fails
 *
 * One line per benchmark:
 *   mm.NAME ns_per_op(median) ns_min ns_mean ticks_med ticks_min ops_per_round
 * 'ticks' is the raw TSC; under QEMU -icount shift=0 it counts instructions.
 */
#include "figures.h"

enum { PROT_R = 1, PROT_RW = 3, MAP_SHARED_ = 1, MAP_PRIV = 2, MAP_FIX = 0x10, MAP_ANON = 0x20, DONTNEED = 4 };
#define BASE 0x100000000UL
#define MAXN 1024
#define MAXT 4

static u64 cfg_r = 7, cfg_n = 512, cfg_g = 4, cfg_st = 1, cfg_fk = 1, cfg_t = 2, cfg_pin = 1, cfg_hz = 0, cfg_big = 0;
static int have_clock;

static u64 now_ns(void)
{
	long ts[2] = {0};
	if (have_clock) {
		sc(S_clock_gettime, 1, ts);
		return (u64)ts[0] * 1000000000UL + (u64)ts[1];
	}
	if (!cfg_hz)
		return 0;
	u64 t = rdtsc();
	return t / cfg_hz * 1000000000UL + t % cfg_hz * 1000000000UL / cfg_hz;
}
/* A debugger stops here (bench/profile.py): where what is measured begins and ends, outside of what is counted. */
__attribute__((noinline)) static void row_begins(const char *row)
{
	__asm__ volatile("" ::"r"(row) : "memory");
}
__attribute__((noinline)) static void row_ends(void)
{
	__asm__ volatile("" ::: "memory");
}
static inline struct t t_start(const char *row)
{
	struct t a;
	row_begins(row);
	a.ns = now_ns();
	a.tk = rdtsc();
	return a;
}
static inline struct t t_stop(struct t a)
{
	struct t b;
	b.tk = rdtsc() - a.tk;
	b.ns = now_ns() - a.ns;
	row_ends();
	return b;
}

static char *map(void *at, u64 len)
{
	long r = sc(S_mmap, at, len, PROT_RW, MAP_PRIV | MAP_ANON | (at ? MAP_FIX : 0), -1, 0);
	if (r < 0 && r > -4096) {
		fail("mmap", r);
		sc(S_exit_group, 1);
		sc(S_exit, 1);
	}
	return (char *)r;
}
static void unmap(void *p, u64 len)
{
	long r = sc(S_munmap, p, len);
	if (r < 0)
		fail("munmap", r);
}
static inline void touch(char *p)
{
	*(volatile char *)p = 1;
}
static inline void touch_n(char *p, u64 pages)
{
	for (u64 j = 0; j < pages; j++)
		touch(p + j * PAGE);
}

static char *ptr[MAXN];

/* (a) (b) (d) (e), NULL address: neighbours merge into one VMA on Linux */
static void b_map(void)
{
	u64 n = cfg_n, len = cfg_g * PAGE;
	struct t a;
	for (u64 r = 0; r < cfg_r; r++) {
		a = t_start("mmap");
		for (u64 i = 0; i < n; i++)
			ptr[i] = map(NULL, len);
		st_add(0, "mmap", n, t_stop(a));
		a = t_start("unmap_virt");
		for (u64 i = 0; i < n; i++)
			unmap(ptr[i], len);
		st_add(1, "unmap_virt", n, t_stop(a));
		a = t_start("mmap_pf");
		for (u64 i = 0; i < n; i++) {
			ptr[i] = map(NULL, len);
			touch_n(ptr[i], cfg_g);
		}
		st_add(2, "mmap_pf", n, t_stop(a));
		a = t_start("unmap");
		for (u64 i = 0; i < n; i++)
			unmap(ptr[i], len);
		st_add(3, "unmap", n, t_stop(a));
		/* the same with a gap of the same size after each: no merging */
		a = t_start("mmap_gap");
		for (u64 i = 0; i < n; i++)
			map((char *)BASE + i * 2 * len, len);
		st_add(4, "mmap_gap", n, t_stop(a));
		a = t_start("unmap_virt_gap");
		for (u64 i = 0; i < n; i++)
			unmap((char *)BASE + i * 2 * len, len);
		st_add(5, "unmap_virt_gap", n, t_stop(a));
		a = t_start("mmap_pf_gap");
		for (u64 i = 0; i < n; i++) {
			char *p = map((char *)BASE + i * 2 * len, len);
			touch_n(p, cfg_g);
		}
		st_add(6, "mmap_pf_gap", n, t_stop(a));
		a = t_start("unmap_gap");
		for (u64 i = 0; i < n; i++)
			unmap((char *)BASE + i * 2 * len, len);
		st_add(7, "unmap_gap", n, t_stop(a));
		/* map, touch, unmap one at a time */
		a = t_start("map_touch_unmap");
		for (u64 i = 0; i < n; i++) {
			char *p = map(NULL, len);
			touch_n(p, cfg_g);
			unmap(p, len);
		}
		st_add(8, "map_touch_unmap", n, t_stop(a));
		/* host/CPU speed gauge: 200,000 x (dec; jnz), per 1,000 iterations */
		u64 c = 200000;
		a = t_start("calib_1k_loops");
		__asm__ volatile("1: dec %0\n jnz 1b" : "+r"(c));
		st_add(9, "calib_1k_loops", 200, t_stop(a));
	}
	st_print();
}

/* (c) (f): one mapping of 4n pages */
static void b_region(void)
{
	u64 np = cfg_n * 4, len = np * PAGE, k = 16;
	struct t a;
	volatile char sink;
	for (u64 r = 0; r < cfg_r; r++) {
		char *q = map(NULL, len);
		a = t_start("pf_read");
		for (u64 i = 0; i < np; i++)
			sink = *(volatile char *)(q + i * PAGE);
		st_add(0, "pf_read", np, t_stop(a));
		unmap(q, len);
		q = map(NULL, len);
		a = t_start("pf");
		for (u64 i = 0; i < np; i++)
			touch(q + i * PAGE);
		st_add(1, "pf", np, t_stop(a));
		a = t_start("touch_mapped");
		for (u64 i = 0; i < np; i++)
			touch(q + i * PAGE);
		st_add(2, "touch_mapped", np, t_stop(a));
		/* toggle all: per call over 4n pages */
		a = t_start("mprotect_region_per_page");
		for (u64 i = 0; i < k; i++) {
			sc(S_mprotect, q, len, PROT_R);
			sc(S_mprotect, q, len, PROT_RW);
		}
		st_add(3, "mprotect_region_per_page", 2 * k * np, t_stop(a));
		a = t_start("touch_after_mprotect");
		for (u64 i = 0; i < np; i++)
			touch(q + i * PAGE);
		st_add(4, "touch_after_mprotect", np, t_stop(a));
		/* toggle one 16 KiB piece in the middle: split and merge */
		a = t_start("mprotect_16k_toggle");
		for (u64 i = 0; i < cfg_n; i++) {
			sc(S_mprotect, q + len / 2, 4 * PAGE, PROT_R);
			sc(S_mprotect, q + len / 2, 4 * PAGE, PROT_RW);
		}
		st_add(5, "mprotect_16k_toggle", 2 * cfg_n, t_stop(a));
		/* toggle + write one page in each of the four: with the faults */
		a = t_start("mprotect_16k_pair_touch");
		for (u64 i = 0; i < cfg_n; i++) {
			char *p = q + i * 4 * PAGE;
			sc(S_mprotect, p, 4 * PAGE, PROT_R);
			sc(S_mprotect, p, 4 * PAGE, PROT_RW);
			touch_n(p, 4);
		}
		st_add(6, "mprotect_16k_pair_touch", cfg_n, t_stop(a));
		a = t_start("madv_dontneed_16k");
		for (u64 i = 0; i < cfg_n; i++)
			sc(S_madvise, q + i * 4 * PAGE, 4 * PAGE, DONTNEED);
		st_add(7, "madv_dontneed_16k", cfg_n, t_stop(a));
		a = t_start("pf_again");
		for (u64 i = 0; i < np; i++)
			touch(q + i * PAGE);
		st_add(8, "pf_again", np, t_stop(a));
		a = t_start("unmap_region_per_page");
		unmap(q, len);
		st_add(9, "unmap_region_per_page", np, t_stop(a));
		a = t_start("getpid");
		for (u64 i = 0; i < cfg_n; i++)
			sc(S_getpid);
		st_add(10, "getpid", cfg_n, t_stop(a));
	}
	(void)sink;
	st_print();
}

/* (g) */
static long do_fork(void)
{
	return sc(S_fork, 0);
}
static void do_exit(int c)
{
	sc(S_exit_group, c);
	sc(S_exit, c);
	for (;;)
		;
}
static long do_wait(long pid)
{
	int s;
	return sc(S_wait4, pid, &s, 0, NULL);
}
static void fork_n(int k, const char *name, u64 np, u64 forks)
{
	char *q = np ? map(NULL, np * PAGE) : NULL;
	touch_n(q, np);
	struct t a = t_start(name);
	for (u64 i = 0; i < forks; i++) {
		long pid = do_fork();
		if (pid == 0)
			do_exit(0);
		if (pid < 0) {
			fail("fork", pid);
			return;
		}
		do_wait(pid);
	}
	st_add(k, name, forks, t_stop(a));
	if (np)
		unmap(q, np * PAGE);
}
static void b_fork(void)
{
	u64 np = 1000;
	struct t a, *sh;
	long r0 = sc(S_mmap, NULL, PAGE, PROT_RW, MAP_SHARED_ | MAP_ANON, -1, 0);
	sh = r0 < 0 ? NULL : (struct t *)r0;
	if (!sh)
		fail("mmap shared", r0);
	else
		sh->ns = sh->tk = 0;
	for (u64 r = 0; r < cfg_r; r++) {
		fork_n(0, "fork_exit_wait_0", 0, 16);
		fork_n(1, "fork_exit_wait_1000", 1000, 16);
		fork_n(2, "fork_exit_wait_10000", 10000, 4);
		char *q = map(NULL, np * PAGE);
		touch_n(q, np);
		long pid = do_fork();
		if (pid == 0) {
			a = t_start("cow_child_copy");
			for (u64 i = 0; i < np; i++)
				touch(q + i * PAGE);
			a = t_stop(a);
			if (sh)
				*sh = a;
			else {
				st_reset();
				st_add(0, "cow_child_copy", np, a);
				st_print();
			}
			do_exit(0);
		}
		if (pid < 0) {
			fail("fork", pid);
			return;
		}
		do_wait(pid);
		if (sh)
			st_add(3, "cow_child_copy", np, *sh);
		a = t_start("cow_parent_reuse");
		for (u64 i = 0; i < np; i++)
			touch(q + i * PAGE);
		st_add(4, "cow_parent_reuse", np, t_stop(a));
		unmap(q, np * PAGE);
	}
	if (sh)
		unmap(sh, PAGE);
	st_print();
}

#include "big.h"

/* (h): threads. Request j of thread i is at BASE + i*zone + j*len; 'high'
 * shuffles all requests among the threads, as the original does. */
enum { K_MMAP_UNFIXED, K_MMAP, K_MMAP_PF, K_PF, K_UNMAP_VIRT, K_UNMAP, NKIND };
static const char *const kname[NKIND] = {"mmap_unfixed", "mmap", "mmap_pf", "pf", "unmap_virt", "unmap"};
static u64 off[MAXT * MAXN];
static struct {
	u32 go, quit;
	int kind;
	u64 threads, n, len, pages;
	char row[32]; /* its name */
} job;
static struct {
	struct t d;
	u32 done;
	u32 pad[11];
} res[MAXT];
static int ncpu = 1;
static inline void spin(void)
{
	if (ncpu > 1)
		cpu_relax();
	else
		sc(S_yield);
}
static void pin(u64 cpu)
{
	u64 m[16] = {0};
	if (!cfg_pin)
		return;
	m[0] = 1UL << cpu;
	sc(S_setaff, 0, sizeof m, m);
}
static void work(u64 id)
{
	u64 n = job.n, len = job.len, *o = off + id * n, pages = job.pages;
	char *b = (char *)BASE, *p;
	struct t a = t_start(job.row);
	switch (job.kind) {
	case K_MMAP_UNFIXED:
		for (u64 i = 0; i < n; i++)
			o[i] = (u64)map(NULL, len);
		break;
	case K_MMAP:
		for (u64 i = 0; i < n; i++)
			map(b + o[i], len);
		break;
	case K_MMAP_PF:
		for (u64 i = 0; i < n; i++) {
			p = map(b + o[i], len);
			touch_n(p, pages);
		}
		break;
	case K_PF:
		for (u64 i = 0; i < n; i++)
			touch(b + o[i]);
		break;
	case K_UNMAP_VIRT:
	case K_UNMAP:
		for (u64 i = 0; i < n; i++)
			unmap(b + o[i], len);
		break;
	}
	res[id].d = t_stop(a);
}
static void helper(u64 id)
{
	u32 seen = res[id].done;
	pin(id);
	for (;;) {
		u32 g;
		while ((g = __atomic_load_n(&job.go, __ATOMIC_ACQUIRE)) == seen)
			spin();
		seen = g;
		if (job.quit)
			break;
		if (id < job.threads)
			work(id);
		__atomic_store_n(&res[id].done, g, __ATOMIC_RELEASE);
	}
	__atomic_store_n(&res[id].done, seen, __ATOMIC_RELEASE);
	for (;;)
		sc(S_exit, 0);
}
static long spawn(char *stk_top, u64 id)
{
	/* VM|FS|FILES|SIGHAND|THREAD|SYSVSEM */
	u64 flags = 0x100 | 0x200 | 0x400 | 0x800 | 0x10000 | 0x40000;
	long r;
	*(u64 *)(stk_top - 16) = (u64)helper;
	*(u64 *)(stk_top - 8) = id;
	res[id].done = job.go; /* what was asked for before is not its business */
	__asm__ volatile("syscall\n test %%rax,%%rax\n jnz 1f\n xor %%ebp,%%ebp\n"
			 " pop %%rax\n pop %%rdi\n call *%%rax\n hlt\n1:"
			 : "=a"(r)
			 : "a"(S_clone), "D"(flags), "S"(stk_top - 16), "d"(0)
			 : "rcx", "r11", "memory");
	return r;
}
static void wait_for_helpers(u64 threads, u32 go)
{
	for (u64 i = 1; i < threads; i++)
		while (__atomic_load_n(&res[i].done, __ATOMIC_ACQUIRE) != go)
			spin();
}
static void join(char *to, const char *a, const char *b)
{
	while (*a)
		*to++ = *a++;
	while ((*to++ = *b++))
		;
}
static void b_threads(u64 nt, int high, const char *pre)
{
	u32 rnd;
	for (int kind = 0; kind < NKIND; kind++) {
		if (high && kind == K_MMAP_UNFIXED)
			continue;
		u64 n = cfg_n, pages = kind == K_PF ? 1 : cfg_g, len = pages * PAGE;
		join(job.row, pre, kname[kind]);
		u64 zone = (n * len + 0x1fffff) & ~0x1fffffUL, tot = zone * nt;
		for (u64 r = 0; r < cfg_r; r++) {
			for (u64 i = 0; i < nt; i++)
				for (u64 j = 0; j < n; j++)
					off[i * n + j] = i * zone + j * len;
			if (high) {
				rnd = 0xdeadbeef - (u32)nt;
				for (u64 i = nt * n - 1; i > 0; i--) {
					rnd = (u32)(((u64)rnd * 1103515245UL + 12345) & 0x7fffffff);
					u64 j = (rnd >> 8) % (i + 1), x = off[i];
					off[i] = off[j];
					off[j] = x;
				}
			}
			if (kind >= K_PF)
				map((char *)BASE, tot);
			if (kind == K_UNMAP)
				for (u64 i = 0; i < nt * n; i++)
					touch_n((char *)BASE + off[i], pages);
			job.kind = kind;
			job.threads = nt;
			job.n = n;
			job.len = len;
			job.pages = pages;
			u32 g = job.go + 1;
			struct t all = t_start("all");
			__atomic_store_n(&job.go, g, __ATOMIC_RELEASE);
			work(0);
			wait_for_helpers(nt, g);
			all = t_stop(all);
			if (!high) { /* until the last is done, an operation of anybody's */
				st[NKIND + kind].pre = nt == 1 ? "t1.all." : nt == 2 ? "t2.all." : "t4.all.";
				st_add(NKIND + kind, kname[kind], nt * n, all);
			}
			struct t d = {0, 0};
			for (u64 i = 0; i < nt; i++) {
				d.ns += res[i].d.ns / nt;
				d.tk += res[i].d.tk / nt;
			}
			st[kind].pre = pre;
			st_add(kind, kname[kind], n, d);
			if (kind == K_MMAP_UNFIXED)
				for (u64 i = 0; i < nt * n; i++)
					unmap((char *)off[i], len);
			else
				unmap((char *)BASE, tot);
		}
	}
	st_print();
	for (int i = 0; i < NSTAT; i++)
		st[i].pre = NULL;
}

static u64 nr_helpers;
/* So many threads with this one. Below 0: they cannot be had. */
static long helpers_to(u64 threads)
{
	while (nr_helpers + 1 < threads) {
		char *stk = map(NULL, 16 * PAGE);
		touch_n(stk, 16);
		long tid = spawn(stk + 16 * PAGE, nr_helpers + 1);
		if (tid < 0) {
			fail("clone", tid);
			return tid;
		}
		nr_helpers++;
	}
	return 0;
}
static void helpers_end(void)
{
	u32 g = job.go + 1;
	job.quit = 1;
	__atomic_store_n(&job.go, g, __ATOMIC_RELEASE);
	wait_for_helpers(nr_helpers + 1, g);
}

static int num(const char *a, const char *key, u64 *out)
{
	while (*key && *a == *key)
		a++, key++;
	if (*key || *a++ != '=')
		return 0;
	u64 v = 0;
	while (*a >= '0' && *a <= '9')
		v = v * 10 + (u64)(*a++ - '0');
	*out = v;
	return 1;
}
__attribute__((used)) void cmain(u64 *sp)
{
	long argc = (long)sp[0];
	char **argv = (char **)(sp + 1);
	u64 mask[16] = {0};
	long ts[2];
	for (long i = 1; i < argc; i++) {
		const char *a = argv[i];
		(void)(num(a, "r", &cfg_r) || num(a, "n", &cfg_n) || num(a, "g", &cfg_g) || num(a, "st", &cfg_st) ||
		       num(a, "fk", &cfg_fk) || num(a, "t", &cfg_t) || num(a, "pin", &cfg_pin) ||
		       num(a, "big", &cfg_big) || num(a, "hz", &cfg_hz));
	}
	if (cfg_r < 1)
		cfg_r = 1;
	if (cfg_r > MAXR)
		cfg_r = MAXR;
	if (cfg_n < 1)
		cfg_n = 1;
	if (cfg_n > MAXN)
		cfg_n = MAXN;
	have_clock = sc(S_clock_gettime, 1, ts) == 0;
	if (sc(S_getaff, 0, sizeof mask, mask) > 0) {
		ncpu = 0;
		for (int i = 0; i < 64; i++)
			ncpu += (mask[0] >> i) & 1;
	}
	for (u64 i = 0; i < MAXN; i++)
		ptr[i] = NULL;
	for (u64 i = 0; i < MAXT * MAXN; i++)
		off[i] = 0;
	struct t a = t_start("all");
	ostr("# mmbench r=");
	onum(cfg_r);
	ostr(" n=");
	onum(cfg_n);
	ostr(" g=");
	onum(cfg_g);
	ostr(" ncpu=");
	onum((u64)ncpu);
	ostr(" clock=");
	onum((u64)have_clock);
	ochar('\n');
	oflush();
	ostr("# mm.NAME ns_med ns_min ns_mean ticks_med ticks_min ops\n");
	oflush();
	pin(0);
	if (cfg_st) {
		b_map();
		b_region();
	}
	if (cfg_fk)
		b_fork();
	if (cfg_big)
		b_big();
	if (cfg_t >= 1) {
		b_threads(1, 0, "t1.low.");
		b_threads(1, 1, "t1.high.");
	}
	for (u64 threads = 2; threads <= MAXT && threads <= cfg_t; threads *= 2) {
		if (helpers_to(threads) < 0)
			break;
		b_threads(threads, 0, threads == 2 ? "t2.low." : "t4.low.");
		b_threads(threads, 1, threads == 2 ? "t2.high." : "t4.high.");
	}
	helpers_end();
	a = t_stop(a);
	ostr("# done ns=");
	onum(a.ns);
	ostr(" ticks=");
	onum(a.tk);
	ostr(" ticks_per_us=");
	odiv(a.tk, a.ns / 1000 ? a.ns / 1000 : 1);
	ochar('\n');
	oflush();
	do_exit(0);
}
