/*
 * A terminal's input: what is typed becomes lines (canonical mode) or just bytes (raw), and some characters
 * become signals. No lock and no device: the caller has the one and gives the other as a function for the echo.
 */
#ifndef KERNEL_FS_TTY_LINE_H
#define KERNEL_FS_TTY_LINE_H

#include <kernel/base.h>
#include <kernel/fs/abi.h>

#define TTY_INPUT 4096u

/* Positions count up for ever; byte n is at n % TTY_INPUT. start <= ready <= end <= start + TTY_INPUT. */
struct tty_line {
	struct abi_termios termios;
	uint32_t start; /* where a reader goes on */
	uint32_t ready; /* up to here readers may have it: the end of the last complete line */
	uint32_t end;   /* after that, the line being edited */
	uint8_t byte[TTY_INPUT];
	bool last[TTY_INPUT];    /* this byte ends a line */
	bool no_byte[TTY_INPUT]; /* it only ends it: end of file */
	void (*echo)(char c);
};

void tty_line_init(struct tty_line *line, void (*echo)(char c));
/* One character was typed. The signal that it means, or 0. */
int tty_line_input(struct tty_line *line, uint8_t c);
/* Bytes for a reader who asks for at most len: in canonical mode at most one line. -1: nothing yet. */
int64_t tty_line_read(struct tty_line *line, uint8_t *to, uint64_t len);
/* Bytes that a reader could have now; *any: there is something, be it an end of file. */
uint32_t tty_line_count(const struct tty_line *line, bool *any);
void tty_line_flush(struct tty_line *line);
/* New modes; what was typed stays. */
void tty_line_set(struct tty_line *line, const struct abi_termios *termios);

#endif
