/*
 * A part of mmbench.c: one large mapping that is touched, forked, touched again and unmapped, and read. What pages of
 * 2 MiB gain shows there.
 */
/* An operation is all of it. */
static void b_big(void)
{
	u64 len = cfg_big << 20;
	struct t a;
	for (u64 r = 0; r < cfg_r; r++) {
		char *q = map(NULL, len);
		a = t_start("big_touch");
		touch_n(q, len / PAGE);
		st_add(0, "big_touch", 1, t_stop(a));
		a = t_start("big_fork_exit_wait");
		long pid = do_fork();
		if (pid == 0)
			do_exit(0);
		if (pid < 0) {
			fail("fork", pid);
			return;
		}
		do_wait(pid);
		st_add(1, "big_fork_exit_wait", 1, t_stop(a));
		a = t_start("big_touch_after_fork");
		touch_n(q, len / PAGE);
		st_add(2, "big_touch_after_fork", 1, t_stop(a));
		a = t_start("big_unmap");
		unmap(q, len);
		st_add(3, "big_unmap", 1, t_stop(a));
		q = map(NULL, len);
		volatile char sink;
		a = t_start("big_read");
		for (u64 i = 0; i < len; i += PAGE)
			sink = *(volatile char *)(q + i);
		st_add(4, "big_read", 1, t_stop(a));
		(void)sink;
		unmap(q, len);
	}
	st_print();
}
