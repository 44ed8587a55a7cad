/*
 * The figures of mmbench: rounds of one benchmark are gathered and printed as one line. Included once, by mmbench.c.
 */
#ifndef FIGURES_H
#define FIGURES_H

#include "mini.h"

#define MAXR 15

struct t {
	u64 ns, tk;
};

struct stat {
	const char *pre, *name;
	u64 ops;
	int n;
	u64 ns[MAXR + 1], tk[MAXR + 1];
};
#define NSTAT 12
static struct stat st[NSTAT];
static void st_reset(void)
{
	for (int i = 0; i < NSTAT; i++)
		st[i].n = 0;
}
static void st_add(int k, const char *name, u64 ops, struct t d)
{
	struct stat *s = &st[k];
	s->name = name;
	s->ops = ops;
	if (s->n <= MAXR) {
		s->ns[s->n] = d.ns;
		s->tk[s->n] = d.tk;
		s->n++;
	}
}
static void sort(u64 *a, int n)
{
	for (int i = 1; i < n; i++) {
		u64 v = a[i];
		int j = i;
		for (; j && a[j - 1] > v; j--)
			a[j] = a[j - 1];
		a[j] = v;
	}
}
static void st_print(void)
{
	for (int k = 0; k < NSTAT; k++) {
		struct stat *s = &st[k];
		u64 sum = 0;
		if (!s->n)
			continue;
		for (int i = 0; i < s->n; i++)
			sum += s->ns[i];
		sort(s->ns, s->n);
		sort(s->tk, s->n);
		ostr("mm.");
		if (s->pre)
			ostr(s->pre);
		ostr(s->name);
		ochar(' ');
		odiv(s->ns[s->n / 2], s->ops);
		ochar(' ');
		odiv(s->ns[0], s->ops);
		ochar(' ');
		odiv(sum, s->ops * s->n);
		ochar(' ');
		odiv(s->tk[s->n / 2], s->ops);
		ochar(' ');
		odiv(s->tk[0], s->ops);
		ochar(' ');
		onum(s->ops);
		ochar('\n');
		oflush();
	}
	st_reset();
}
static void fail(const char *what, long e)
{
	ostr("# FAIL ");
	ostr(what);
	ochar(' ');
	oerr(e);
	ochar('\n');
	oflush();
}

#endif
