/*
 * Time: clocks, sleeping, alarms.
 */
#include <kernel/time.h>
#include <kernel/process.h>
#include <kernel/syscall.h>
#include <kernel/user.h>

enum {
	CLOCK_REALTIME,
	CLOCK_MONOTONIC,
	CLOCK_PROCESS_CPUTIME,
	CLOCK_THREAD_CPUTIME,
	CLOCK_MONOTONIC_RAW,
	CLOCK_REALTIME_COARSE,
	CLOCK_MONOTONIC_COARSE,
	CLOCK_BOOTTIME,
};
#define TIMER_ABSTIME 1
#define ITIMER_REAL 0
#define SECONDS_MAX 9000000000ull /* 285 years: their nanoseconds fit in 63 bits */

struct user_time {
	int64_t seconds;
	int64_t part; /* nanoseconds or microseconds */
};

long time_read(vms_va from, uint64_t *ns)
{
	struct user_time time;

	if (user_read(&time, from, sizeof(time)) != 0)
		return -EFAULT;
	if (time.seconds < 0 || time.part < 0 || time.part >= (int64_t)NS_PER_SECOND)
		return -EINVAL;
	*ns = min_u64((uint64_t)time.seconds, SECONDS_MAX) * NS_PER_SECOND + (uint64_t)time.part;
	return 0;
}

long time_write(vms_va to, uint64_t ns)
{
	struct user_time time = {(int64_t)(ns / NS_PER_SECOND), (int64_t)(ns % NS_PER_SECOND)};

	return user_write(to, &time, sizeof(time));
}

/* The same as a timeval. */
static long timeval_write(vms_va to, uint64_t ns)
{
	struct user_time time = {(int64_t)(ns / NS_PER_SECOND), (int64_t)(ns % NS_PER_SECOND / 1000)};

	return user_write(to, &time, sizeof(time));
}

static bool timeval_ns(const struct user_time *time, uint64_t *ns)
{
	if (time->seconds < 0 || time->part < 0 || time->part >= 1000000)
		return false;
	*ns = min_u64((uint64_t)time->seconds, SECONDS_MAX) * NS_PER_SECOND + (uint64_t)time->part * 1000;
	return true;
}

uint64_t time_after(uint64_t ns)
{
	return now_ns() + min_u64(ns, SECONDS_MAX * NS_PER_SECOND) + 1;
}

uint64_t time_from_realtime(uint64_t ns)
{
	uint64_t now = now_ns(), base = realtime_ns() - now;

	return ns > base ? ns - base : 1;
}

static uint64_t process_cpu_ns(struct process *process)
{
	uint64_t state = lock_take_irq(&proc_lock), ns = process->cpu_ns;

	list_for(item, &process->threads)
		ns += list_entry(item, struct thread, in_process)->cpu_ns;
	lock_drop_irq(&proc_lock, state);
	return ns;
}

static bool clock_now(int clock, uint64_t *ns)
{
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
		*ns = realtime_ns();
		return true;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_BOOTTIME:
		*ns = now_ns();
		return true;
	case CLOCK_PROCESS_CPUTIME:
		*ns = process_cpu_ns(this_process());
		return true;
	case CLOCK_THREAD_CPUTIME:
		*ns = current()->cpu_ns;
		return true;
	default:
		return false;
	}
}

long sys_clock_gettime(const uint64_t a[6])
{
	uint64_t ns;

	return clock_now((int)a[0], &ns) ? time_write(a[1], ns) : -EINVAL;
}

long sys_clock_getres(const uint64_t a[6])
{
	uint64_t ns;

	if (!clock_now((int)a[0], &ns))
		return -EINVAL;
	return a[1] == 0 ? 0 : time_write(a[1], 1);
}

long sys_gettimeofday(const uint64_t a[6])
{
	uint32_t zone[2] = {0, 0};

	if (a[0] != 0 && timeval_write(a[0], realtime_ns()) != 0)
		return -EFAULT;
	return a[1] == 0 ? 0 : user_write(a[1], zone, sizeof(zone));
}

long sys_time(const uint64_t a[6])
{
	int64_t seconds = (int64_t)(realtime_ns() / NS_PER_SECOND);

	if (a[0] != 0 && user_write(a[0], &seconds, sizeof(seconds)) != 0)
		return -EFAULT;
	return seconds;
}

/* Until the deadline; if a signal comes first, what was left goes to `rest` (0: nowhere). */
static long sleep_for(uint64_t timeout, vms_va rest)
{
	uint64_t deadline = call_deadline(timeout), now;

	if (timeout == 0 || sleep_until(deadline, true) == 0)
		return 0;
	now = now_ns();
	if (rest != 0 && time_write(rest, deadline > now ? deadline - now : 0) != 0)
		return -EFAULT;
	return call_interrupted(deadline);
}

long sys_nanosleep(const uint64_t a[6])
{
	uint64_t timeout;
	long result = time_read(a[0], &timeout);

	return result != 0 ? result : sleep_for(timeout, a[1]);
}

long sys_clock_nanosleep(const uint64_t a[6])
{
	int clock = (int)a[0];
	uint64_t time, now;
	long result;

	if (clock == CLOCK_PROCESS_CPUTIME || clock == CLOCK_THREAD_CPUTIME || !clock_now(clock, &now))
		return -EINVAL;
	result = time_read(a[2], &time);
	if (result != 0)
		return result;
	if (!(a[1] & TIMER_ABSTIME))
		return sleep_for(time, a[3]);
	if (time <= now)
		return 0;
	time = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE ? time_from_realtime(time) : time;
	return sleep_until(time, true) == -EINTR ? -ERESTARTNOHAND : 0;
}

struct user_itimer {
	struct user_time every;
	struct user_time left;
};

/* Set the alarm, or only look (set false). What there was, as times from now. */
static void swap_alarm(bool set, uint64_t after, uint64_t every, uint64_t *old_after, uint64_t *old_every)
{
	struct process *process = this_process();
	uint64_t state = lock_take_irq(&proc_lock), now = now_ns();

	*old_after = 0;
	if (process->alarm_ns != 0)
		*old_after = process->alarm_ns > now ? process->alarm_ns - now : 1;
	*old_every = process->alarm_every;
	if (set)
		process_set_alarm(process, after == 0 ? 0 : now + after, every);
	lock_drop_irq(&proc_lock, state);
}

long sys_alarm(const uint64_t a[6])
{
	uint64_t after, every;

	swap_alarm(true, (uint32_t)a[0] * NS_PER_SECOND, 0, &after, &every);
	/* Rounded, but an alarm that is still to come is never "none". */
	return after == 0 ? 0 : (long)max_u64((after + NS_PER_SECOND / 2) / NS_PER_SECOND, 1);
}

static long itimer_write(vms_va to, uint64_t after, uint64_t every)
{
	return timeval_write(to, every) != 0 || timeval_write(to + sizeof(struct user_time), after) != 0 ? -EFAULT : 0;
}

long sys_getitimer(const uint64_t a[6])
{
	uint64_t after, every;

	if ((int)a[0] != ITIMER_REAL)
		return -EINVAL;
	swap_alarm(false, 0, 0, &after, &every);
	return itimer_write(a[1], after, every);
}

long sys_setitimer(const uint64_t a[6])
{
	struct user_itimer timer = {0};
	uint64_t after, every, old_after, old_every;

	if ((int)a[0] != ITIMER_REAL)
		return -EINVAL;
	if (a[1] != 0 && user_read(&timer, a[1], sizeof(timer)) != 0)
		return -EFAULT;
	if (!timeval_ns(&timer.left, &after) || !timeval_ns(&timer.every, &every))
		return -EINVAL;
	swap_alarm(true, after, every, &old_after, &old_every);
	return a[2] == 0 ? 0 : itimer_write(a[2], old_after, old_every);
}

struct user_tms {
	int64_t user, system, child_user, child_system;
};

long sys_times(const uint64_t a[6])
{
	const uint64_t tick = NS_PER_SECOND / 100;
	struct process *process = this_process();
	struct user_tms tms = {0};

	tms.user = (int64_t)(process_cpu_ns(process) / tick);
	tms.child_user = (int64_t)(process->child_ns / tick);
	if (a[0] != 0 && user_write(a[0], &tms, sizeof(tms)) != 0)
		return -EFAULT;
	return (long)(now_ns() / tick);
}
