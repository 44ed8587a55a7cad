/*
 * A parent learns what became of its children: wait4 and waitid.
 */
#include <kernel/process.h>
#include <kernel/machine.h>
#include <kernel/rusage.h>
#include <kernel/syscall.h>
#include <kernel/user.h>

#define WNOHANG 1u
#define WUNTRACED 2u /* and WSTOPPED */
#define WEXITED 4u
#define WCONTINUED 8u
#define WNOWAIT 0x01000000u
#define WNOTHREAD 0x20000000u
#define WALL 0x40000000u
#define WCLONE 0x80000000u

#define CLD_EXITED 1
#define CLD_KILLED 2
#define CLD_STOPPED 5
#define CLD_CONTINUED 6

#define STATUS_CONTINUED 0xffff

enum { P_ALL, P_PID, P_PGID };

/* Which children, and which news of them. */
struct wish {
	int kind;
	int id;
	uint32_t options;
};

/* News of one child. */
struct news {
	int pid; /* 0: none */
	int status;
	uint64_t cpu_ns;
};

void process_reap_locked(struct process *process)
{
	if (process->parent != NULL)
		process->parent->child_ns += process->cpu_ns + process->child_ns;
	list_remove(&process->sibling);
	list_remove(&process->all);
}

static bool is_wished(const struct process *child, const struct wish *wish)
{
	bool by_clone = child->exit_signal != SIGCHLD;

	if (wish->kind == P_PID && child->pid != wish->id)
		return false;
	if (wish->kind == P_PGID && child->pgid != wish->id)
		return false;
	return (wish->options & WALL) || by_clone == ((wish->options & WCLONE) != 0);
}

/* The news of one child, if any that are wished. */
static bool take_news(struct process *child, uint32_t options, struct news *news)
{
	bool keep = (options & WNOWAIT) != 0;

	if (child->zombie) {
		if (!(options & WEXITED))
			return false;
		news->status = child->exit_status;
	} else if (child->report_stop && (options & WUNTRACED)) {
		news->status = child->stop_signal << 8 | 0x7f;
		child->report_stop = keep;
	} else if (child->report_continue && (options & WCONTINUED)) {
		news->status = STATUS_CONTINUED;
		child->report_continue = keep;
	} else {
		return false;
	}
	news->pid = child->pid;
	news->cpu_ns = child->cpu_ns + child->child_ns;
	return true;
}

/*
 * Wait for news. 0 with news->pid 0: none now, and WNOHANG. A zombie that was reported is freed.
 */
static long wait_for(const struct wish *wish, struct news *news)
{
	struct process *self = this_process();
	struct process *dead = NULL;
	uint64_t state = lock_take_irq(&proc_lock);
	bool interrupted = false;
	long result;

	*news = (struct news){0};
	for (;;) {
		result = -ECHILD;
		list_for(item, &self->children) {
			struct process *child = list_entry(item, struct process, sibling);

			if (!is_wished(child, wish))
				continue;
			result = 0;
			if (take_news(child, wish->options, news)) {
				if (child->zombie && !(wish->options & WNOWAIT))
					dead = child;
				break;
			}
		}
		if (result != 0 || news->pid != 0 || (wish->options & WNOHANG))
			break;
		/* The signal may be SIGCHLD for just this news: it was looked for once more. */
		if (interrupted) {
			result = -ERESTART;
			break;
		}
		interrupted = wait_on(&self->child_event, &proc_lock, state, true, 0) == -EINTR;
	}
	if (dead != NULL)
		process_reap_locked(dead);
	lock_drop_irq(&proc_lock, state);
	if (dead != NULL)
		process_free(dead);
	return result;
}

long sys_wait4(const uint64_t a[6])
{
	int pid = (int)a[0];
	struct wish wish = {.kind = P_PID, .id = pid, .options = (uint32_t)a[2]};
	struct news news;
	long result;

	if (wish.options & ~(WNOHANG | WUNTRACED | WCONTINUED | WNOTHREAD | WALL | WCLONE))
		return -EINVAL;
	wish.options |= WEXITED;
	if (pid == -1) {
		wish.kind = P_ALL;
	} else if (pid <= 0) {
		if (pid == INT32_MIN)
			return -ESRCH;
		wish.kind = P_PGID;
		wish.id = pid == 0 ? this_process()->pgid : -pid;
	}
	result = wait_for(&wish, &news);
	if (result != 0 || news.pid == 0)
		return result;
	if (a[1] != 0 && user_write(a[1], &news.status, sizeof(news.status)) != 0)
		return -EFAULT;
	if (a[3] != 0 && rusage_write(a[3], news.cpu_ns) != 0)
		return -EFAULT;
	return news.pid;
}

/* siginfo_t as waitid fills it. */
struct wait_info {
	int signo, error, code, unused;
	int pid, uid, status;
	int rest[25];
};

static void describe(const struct news *news, struct wait_info *info)
{
	int status = news->status;

	info->signo = SIGCHLD;
	info->pid = news->pid;
	if (status == STATUS_CONTINUED) {
		info->code = CLD_CONTINUED;
		info->status = SIGCONT;
	} else if ((status & 0xff) == 0x7f) {
		info->code = CLD_STOPPED;
		info->status = status >> 8;
	} else {
		info->code = (status & 0x7f) == 0 ? CLD_EXITED : CLD_KILLED;
		info->status = (status & 0x7f) == 0 ? status >> 8 : status & 0x7f;
	}
}

long sys_waitid(const uint64_t a[6])
{
	struct wish wish = {.kind = (int)a[0], .id = (int)a[1], .options = (uint32_t)a[3]};
	struct wait_info info = {0};
	struct news news;
	long result;

	if (wish.options & ~(WNOHANG | WUNTRACED | WEXITED | WCONTINUED | WNOWAIT | WNOTHREAD | WALL | WCLONE))
		return -EINVAL;
	if (!(wish.options & (WUNTRACED | WEXITED | WCONTINUED)))
		return -EINVAL;
	if (wish.kind < P_ALL || wish.kind > P_PGID || (wish.kind == P_PID && wish.id <= 0) ||
	    (wish.kind == P_PGID && wish.id < 0))
		return -EINVAL;
	if (wish.kind == P_PGID && wish.id == 0)
		wish.id = this_process()->pgid;
	result = wait_for(&wish, &news);
	if (result != 0)
		return result;
	if (news.pid != 0)
		describe(&news, &info);
	if (a[2] != 0 && user_write(a[2], &info, sizeof(info)) != 0)
		return -EFAULT;
	if (a[4] != 0 && news.pid != 0 && rusage_write(a[4], news.cpu_ns) != 0)
		return -EFAULT;
	return 0;
}
