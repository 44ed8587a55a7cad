/*
 * The line discipline (tty_line.h).
 */
#include <kernel/fs/tty_line.h>
#include <kernel/process.h>

#define CONTROL(c) ((c)&0x1f)

static bool has(const struct tty_line *line, uint32_t flag)
{
	return line->termios.lflag & flag;
}

/* Is this the control character `which`, and is there one? */
static bool is(const struct tty_line *line, uint8_t c, int which)
{
	return c != 0 && c == line->termios.cc[which];
}

void tty_line_init(struct tty_line *line, void (*echo)(char c))
{
	memset(line, 0, sizeof(*line));
	line->echo = echo;
	line->termios = (struct abi_termios){
		.iflag = ICRNL | IUTF8,
		.oflag = OPOST | ONLCR,
		.cflag = B38400 | CS8 | CREAD,
		.lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
		/* Those that mean nothing here are 0: reprint, discard, literal next; stop and start. */
		.cc = {[VINTR] = CONTROL('C'),
		       [VQUIT] = CONTROL('\\'),
		       [VSUSP] = CONTROL('Z'),
		       [VERASE] = 0x7f,
		       [VKILL] = CONTROL('U'),
		       [VWERASE] = CONTROL('W'),
		       [VEOF] = CONTROL('D'),
		       [VMIN] = 1},
	};
}

static bool is_control(uint8_t c)
{
	return (c < 0x20 && c != '\t' && c != '\n') || c == 0x7f;
}

static void echo_char(struct tty_line *line, uint8_t c)
{
	if (c == '\n' && (line->termios.oflag & (OPOST | ONLCR)) == (OPOST | ONLCR))
		line->echo('\r');
	if (is_control(c) && has(line, ECHOCTL)) {
		line->echo('^');
		c ^= 0x40;
	}
	line->echo((char)c);
}

static void put(struct tty_line *line, uint8_t c, bool last, bool no_byte)
{
	uint32_t at = line->end % TTY_INPUT;

	/* Full: the terminal's only way to say so. One place is kept for what ends the line. */
	if (line->end - line->start >= TTY_INPUT - !last) {
		line->echo('\a');
		return;
	}
	line->byte[at] = c;
	line->last[at] = last;
	line->no_byte[at] = no_byte;
	line->end++;
	if (last || !has(line, ICANON))
		line->ready = line->end;
}

static uint8_t last_byte(const struct tty_line *line)
{
	return line->byte[(line->end - 1) % TTY_INPUT];
}

/* Take back the last character, with all the bytes that it has in UTF-8, and rub it out. */
static void erase(struct tty_line *line)
{
	uint8_t c;

	do {
		c = last_byte(line);
		line->end--;
	} while (line->termios.iflag & IUTF8 && (c & 0xc0) == 0x80 && line->end != line->ready);
	if (!has(line, ECHO))
		return;
	if (!has(line, ECHOE)) {
		echo_char(line, line->termios.cc[VERASE]);
		return;
	}
	for (int i = is_control(c) && has(line, ECHOCTL) ? 2 : 1; i > 0; i--) {
		line->echo('\b');
		line->echo(' ');
		line->echo('\b');
	}
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

/* Editing, in canonical mode. False: it is a character like any other. */
static bool edit(struct tty_line *line, uint8_t c)
{
	if (is(line, c, VERASE) || c == '\b') {
		if (line->end != line->ready)
			erase(line);
	} else if (is(line, c, VKILL)) {
		while (line->end != line->ready)
			erase(line);
	} else if (is(line, c, VWERASE) && has(line, IEXTEN)) {
		while (line->end != line->ready && is_blank(last_byte(line)))
			erase(line);
		while (line->end != line->ready && !is_blank(last_byte(line)))
			erase(line);
	} else if (is(line, c, VEOF)) {
		put(line, 0, true, true);
	} else if (c == '\n' || is(line, c, VEOL)) {
		if (has(line, ECHO) || (c == '\n' && has(line, ECHONL)))
			echo_char(line, c);
		put(line, c, true, false);
	} else {
		return false;
	}
	return true;
}

static int signal_of(const struct tty_line *line, uint8_t c)
{
	if (!has(line, ISIG))
		return 0;
	return is(line, c, VINTR) ? SIGINT : is(line, c, VQUIT) ? SIGQUIT : is(line, c, VSUSP) ? SIGTSTP : 0;
}

int tty_line_input(struct tty_line *line, uint8_t c)
{
	uint32_t iflag = line->termios.iflag;
	int sig;

	if (iflag & ISTRIP)
		c &= 0x7f;
	if (c == '\r') {
		if (iflag & IGNCR)
			return 0;
		if (iflag & ICRNL)
			c = '\n';
	} else if (c == '\n' && iflag & INLCR) {
		c = '\r';
	}
	sig = signal_of(line, c);
	if (sig) {
		if (!has(line, NOFLSH))
			tty_line_flush(line);
		if (has(line, ECHO))
			echo_char(line, c);
		return sig;
	}
	if (has(line, ICANON) && edit(line, c))
		return 0;
	if (has(line, ECHO))
		echo_char(line, c);
	put(line, c, false, false);
	return 0;
}

int64_t tty_line_read(struct tty_line *line, uint8_t *to, uint64_t len)
{
	uint64_t done = 0;

	if (line->start == line->ready)
		return -1;
	while (done < len && line->start != line->ready) {
		uint32_t at = line->start++ % TTY_INPUT;

		if (!line->no_byte[at])
			to[done++] = line->byte[at];
		if (line->last[at])
			return (int64_t)done;
	}
	/* A line read to its last byte but for an end of file: that only ended the line. */
	if (line->start != line->ready && line->no_byte[line->start % TTY_INPUT] && has(line, ICANON))
		line->start++;
	return (int64_t)done;
}

uint32_t tty_line_count(const struct tty_line *line, bool *any)
{
	uint32_t count = 0;

	*any = line->start != line->ready;
	for (uint32_t at = line->start; at != line->ready; at++)
		count += !line->no_byte[at % TTY_INPUT];
	return count;
}

void tty_line_flush(struct tty_line *line)
{
	line->start = line->ready = line->end;
}

void tty_line_set(struct tty_line *line, const struct abi_termios *termios)
{
	bool changed = (line->termios.lflag ^ termios->lflag) & ICANON;

	line->termios = *termios;
	if (changed)
		line->ready = line->end;
}
