/*
 * The console as a terminal: /dev/console, /dev/tty, /dev/ttyS0. One lock guards its input and its modes; the
 * interrupt handler takes it. Writers take turns by a mutex, so that what one call writes stays together; echo
 * goes between their characters, as on any terminal.
 */
#include <kernel/fs/fs.h>
#include <kernel/fs/inode.h>
#include <kernel/fs/tty_line.h>
#include <kernel/machine.h>
#include <kernel/memory.h>
#include <kernel/process.h>

static struct {
	struct lock lock;
	struct waitq readers;
	struct tty_line line;
	struct abi_winsize size;
	int session;    /* whose controlling terminal it is; 0: nobody's */
	int foreground; /* the process group that may read and gets signals; 0: none */
	struct mutex output;
} tty;

void tty_init(void)
{
	tty.lock = (struct lock){0};
	waitq_init(&tty.readers);
	tty_line_init(&tty.line, machine_putc);
	tty.size = (struct abi_winsize){.rows = 24, .columns = 80};
	tty.session = tty.foreground = 0;
	mutex_init(&tty.output);
}

void tty_own(int sid, int pgid)
{
	uint64_t state = lock_take_irq(&tty.lock);

	tty.session = sid;
	tty.foreground = pgid;
	lock_drop_irq(&tty.lock, state);
}

int tty_session(void)
{
	return __atomic_load_n(&tty.session, __ATOMIC_RELAXED);
}

int tty_foreground(void)
{
	return __atomic_load_n(&tty.foreground, __ATOMIC_RELAXED);
}

void tty_input(char c)
{
	uint64_t state = lock_take_irq(&tty.lock);
	int sig = tty_line_input(&tty.line, (uint8_t)c), group = tty.foreground;

	wake_all(&tty.readers);
	lock_drop_irq(&tty.lock, state);
	poll_changed();
	if (sig && group)
		signal_group(group, sig);
}

/* May the calling process use its terminal so? 0, or what the call returns; the signal is sent. */
static long check_foreground(int sig)
{
	struct process *process = this_process();
	uint64_t state = lock_take_irq(&proc_lock);
	int group = process->pgid;
	bool background = process->sid == tty_session() && group != tty_foreground();
	bool deaf = current()->sig_blocked & SIGNAL_BIT(sig) || signal_is_ignored(process, sig);
	bool orphaned = group_is_orphaned(group);

	lock_drop_irq(&proc_lock, state);
	if (!background || (deaf && sig == SIGTTOU))
		return 0;
	if (deaf || orphaned)
		return -EIO;
	signal_group(group, sig);
	return -ERESTART;
}

/* Until there is something to read, as VMIN and VTIME say for raw mode; the lock is held. */
static long wait_for_input(struct file *file, uint64_t state, uint64_t len)
{
	uint64_t deadline = 0;
	uint32_t seen = 0;

	for (;;) {
		const struct abi_termios *termios = &tty.line.termios;
		uint64_t interval = termios->cc[VTIME] * 100000000ull;
		bool canonical = termios->lflag & ICANON, any;
		uint32_t count = tty_line_count(&tty.line, &any);
		int error;

		if (canonical ? any : count >= min_u64(termios->cc[VMIN], len))
			return 0;
		if (file->flags & O_NONBLOCK)
			return any ? 0 : -EAGAIN;
		/* VTIME runs from the start without VMIN, else from each byte. */
		if (canonical || interval == 0)
			deadline = 0;
		else if (termios->cc[VMIN] == 0 ? deadline == 0 : count != seen)
			deadline = now_ns() + interval;
		seen = count;
		if (!canonical && termios->cc[VMIN] == 0 && any)
			return 0;
		error = wait_on(&tty.readers, &tty.lock, state, true, deadline);
		if (error == -ETIMEDOUT)
			return 0;
		if (error)
			return any ? 0 : -ERESTART;
	}
}

static long tty_read(struct file *file, struct io *io, uint64_t *position)
{
	uint64_t len = min_u64(io->left, VMS_PAGE), state;
	uint8_t *buffer;
	int64_t got = 0;
	long error = check_foreground(SIGTTIN);

	(void)position;
	if (error || len == 0)
		return error;
	buffer = heap_alloc(VMS_PAGE);
	if (!buffer)
		return -ENOMEM;
	state = lock_take_irq(&tty.lock);
	/* Somebody may be quicker, or change the mode, so that there is nothing after all. */
	do {
		error = wait_for_input(file, state, len);
		if (!error)
			got = tty_line_read(&tty.line, buffer, len);
	} while (!error && got < 0 && tty.line.termios.lflag & ICANON);
	lock_drop_irq(&tty.lock, state);
	if (!error && got > 0)
		got = (int64_t)io_put(io, buffer, (uint64_t)got);
	heap_free(buffer);
	return io_result(io, !error && got > 0 ? (uint64_t)got : 0, error);
}

static void put_processed(const char *text, uint64_t len)
{
	uint32_t oflag = __atomic_load_n(&tty.line.termios.oflag, __ATOMIC_RELAXED);

	for (uint64_t i = 0; i < len; i++) {
		if (text[i] == '\n' && (oflag & (OPOST | ONLCR)) == (OPOST | ONLCR))
			machine_putc('\r');
		machine_putc(text[i]);
	}
}

static long tty_write(struct file *file, struct io *io, uint64_t *position)
{
	uint64_t done = 0;
	char text[256];
	long error = 0;

	(void)file, (void)position;
	if (tty.line.termios.lflag & TOSTOP)
		error = check_foreground(SIGTTOU);
	if (error)
		return error;
	mutex_take(&tty.output);
	while (io->left > 0 && !io->fault && (done == 0 || !signal_waiting(current()))) {
		uint64_t part = io_take(io, text, sizeof(text));

		put_processed(text, part);
		done += part;
	}
	mutex_drop(&tty.output);
	return io_result(io, done, 0);
}

static uint32_t tty_poll(struct file *file)
{
	uint64_t state = lock_take_irq(&tty.lock);
	bool any;

	(void)file;
	tty_line_count(&tty.line, &any);
	lock_drop_irq(&tty.lock, state);
	return POLLOUT | POLLWRNORM | (any ? POLLIN | POLLRDNORM : 0);
}

static long get_modes(vms_va to)
{
	uint64_t state = lock_take_irq(&tty.lock);
	struct abi_termios termios = tty.line.termios;

	lock_drop_irq(&tty.lock, state);
	return user_write(to, &termios, sizeof(termios));
}

static long set_modes(vms_va from, bool flush)
{
	struct abi_termios termios;
	uint64_t state;
	long error = check_foreground(SIGTTOU);

	if (error)
		return error;
	if (user_read(&termios, from, sizeof(termios)))
		return -EFAULT;
	state = lock_take_irq(&tty.lock);
	tty_line_set(&tty.line, &termios);
	if (flush)
		tty_line_flush(&tty.line);
	wake_all(&tty.readers);
	lock_drop_irq(&tty.lock, state);
	poll_changed();
	return 0;
}

static long set_size(vms_va from)
{
	struct abi_winsize size;
	uint64_t state;
	bool changed;
	int group;

	if (user_read(&size, from, sizeof(size)))
		return -EFAULT;
	state = lock_take_irq(&tty.lock);
	changed = memcmp(&size, &tty.size, sizeof(size)) != 0;
	tty.size = size;
	group = tty.foreground;
	lock_drop_irq(&tty.lock, state);
	if (changed && group)
		signal_group(group, SIGWINCH);
	return 0;
}

/* Is it the calling process's controlling terminal? */
static bool is_ours(void)
{
	return this_process()->sid == tty_session();
}

static long set_foreground(vms_va from)
{
	bool found = false;
	int group;
	long error;

	if (user_read(&group, from, sizeof(group)))
		return -EFAULT;
	if (!is_ours())
		return -ENOTTY;
	if (group <= 0)
		return -EINVAL;
	error = check_foreground(SIGTTOU);
	if (error)
		return error;
	{
		uint64_t state = lock_take_irq(&proc_lock);

		list_for(pos, &processes) {
			struct process *process = list_entry(pos, struct process, all);

			found |= process->pgid == group && process->sid == this_process()->sid;
		}
		lock_drop_irq(&proc_lock, state);
	}
	if (!found)
		return -EPERM;
	__atomic_store_n(&tty.foreground, group, __ATOMIC_RELAXED);
	return 0;
}

static long control(bool steal)
{
	struct process *process = this_process();

	if (is_ours())
		return 0;
	if (process->sid != process->pid || (tty_session() != 0 && !steal))
		return -EPERM;
	tty_own(process->sid, process->pgid);
	return 0;
}

static long give_up(void)
{
	int group = tty_foreground();

	if (!is_ours())
		return -ENOTTY;
	if (this_process()->pid != this_process()->sid)
		return 0;
	tty_own(0, 0);
	if (group) {
		signal_group(group, SIGHUP);
		signal_group(group, SIGCONT);
	}
	return 0;
}

static long tell(vms_va to, int value)
{
	return user_write(to, &value, sizeof(value));
}

static long readable(vms_va to)
{
	uint64_t state = lock_take_irq(&tty.lock);
	bool any;
	int count = (int)tty_line_count(&tty.line, &any);

	lock_drop_irq(&tty.lock, state);
	return tell(to, count);
}

static long flush(uint64_t which)
{
	uint64_t state;

	if (which > 2)
		return -EINVAL;
	state = lock_take_irq(&tty.lock);
	if (which != 1)
		tty_line_flush(&tty.line);
	lock_drop_irq(&tty.lock, state);
	return 0;
}

static long tty_ioctl(struct file *file, uint32_t command, uint64_t argument)
{
	(void)file;
	switch (command) {
	case TCGETS:
		return get_modes(argument);
	case TCSETS:
	case TCSETSW: /* output is never behind */
	case TCSETSF:
		return set_modes(argument, command == TCSETSF);
	case TCFLSH:
		return flush(argument);
	case TCSBRK:
	case TCSBRKP:
		return 0;
	case TCXONC:
		return argument > 3 ? -EINVAL : 0;
	case TIOCGWINSZ:
		return user_write(argument, &tty.size, sizeof(tty.size));
	case TIOCSWINSZ:
		return set_size(argument);
	case TIOCGPGRP:
		return is_ours() ? tell(argument, tty_foreground()) : -ENOTTY;
	case TIOCSPGRP:
		return set_foreground(argument);
	case TIOCGSID:
		return is_ours() ? tell(argument, tty_session()) : -ENOTTY;
	case TIOCSCTTY:
		return control(argument == 1);
	case TIOCNOTTY:
		return give_up();
	case TIOCOUTQ:
		return tell(argument, 0);
	case FIONREAD:
		return readable(argument);
	default:
		return -ENOTTY;
	}
}

/* /dev/tty is the terminal of whoever opens it; a session leader without one gets it by opening another name. */
static long tty_open(struct file *file)
{
	if (!current() || !this_process())
		return 0;
	if (file->inode->rdev == DEVICE(5, 0))
		return is_ours() ? 0 : -ENXIO;
	if (!(file->flags & O_NOCTTY) && tty_session() == 0)
		control(false);
	return 0;
}

const struct inode_ops tty_ops = {
	.open = tty_open,
	.read = tty_read,
	.write = tty_write,
	.poll = tty_poll,
	.ioctl = tty_ioctl,
};
