/*
 * Words from the kernel: formatting, the console, and the end in a panic.
 */
#include <kernel/machine.h>

#define PANIC_STATUS 101
#define LINE_MAX 512

/* Where formatted text goes; len counts what did not fit, too. */
struct sink {
	char *to;
	size_t size;
	size_t len;
};

struct conversion {
	bool left;
	bool zeros;
	bool wide; /* 64 bits */
	int width;
	int precision; /* -1: none */
};

static void put(struct sink *sink, char c)
{
	if (sink->len + 1 < sink->size)
		sink->to[sink->len] = c;
	sink->len++;
}

static void put_padded(struct sink *sink, const char *text, int len, const struct conversion *conversion)
{
	int padding = conversion->width - len;

	/* A sign comes before the zeros. */
	if (conversion->zeros && !conversion->left && len > 0 && *text == '-') {
		put(sink, *text++);
		len--;
	}
	for (int i = 0; !conversion->left && i < padding; i++)
		put(sink, conversion->zeros ? '0' : ' ');
	for (int i = 0; i < len; i++)
		put(sink, text[i]);
	for (int i = 0; conversion->left && i < padding; i++)
		put(sink, ' ');
}

static void put_number(struct sink *sink, uint64_t value, bool negative, uint32_t base,
		       const struct conversion *conversion)
{
	char digits[24];
	int at = sizeof(digits);

	do {
		digits[--at] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	if (negative)
		digits[--at] = '-';
	put_padded(sink, &digits[at], (int)sizeof(digits) - at, conversion);
}

static const char *parse_conversion(const char *format, struct conversion *conversion, va_list *args)
{
	*conversion = (struct conversion){.precision = -1};
	for (;; format++) {
		if (*format == '-')
			conversion->left = true;
		else if (*format == '0')
			conversion->zeros = true;
		else
			break;
	}
	if (*format == '*') {
		conversion->width = va_arg(*args, int);
		format++;
	}
	while (*format >= '0' && *format <= '9')
		conversion->width = conversion->width * 10 + (*format++ - '0');
	if (*format == '.') {
		conversion->precision = 0;
		if (*++format == '*') {
			conversion->precision = va_arg(*args, int);
			format++;
		}
		while (*format >= '0' && *format <= '9')
			conversion->precision = conversion->precision * 10 + (*format++ - '0');
	}
	while (*format == 'l' || *format == 'z') {
		conversion->wide = true;
		format++;
	}
	return format;
}

static void put_string(struct sink *sink, const char *text, const struct conversion *conversion)
{
	struct conversion plain = *conversion;

	plain.zeros = false;
	if (!text)
		text = "(null)";
	put_padded(sink, text,
		   (int)strnlen(text, conversion->precision < 0 ? LINE_MAX * 16 : (size_t)conversion->precision),
		   &plain);
}

int format_va(char *to, size_t size, const char *format, va_list args)
{
	struct sink sink = {.to = to, .size = size};
	va_list list;

	va_copy(list, args);
	for (; *format; format++) {
		struct conversion conversion;
		uint64_t value;
		int64_t number;
		char c;

		if (*format != '%') {
			put(&sink, *format);
			continue;
		}
		format = parse_conversion(format + 1, &conversion, &list);
		switch (*format) {
		case 'd':
		case 'i':
			number = conversion.wide ? va_arg(list, int64_t) : va_arg(list, int);
			value = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
			put_number(&sink, value, number < 0, 10, &conversion);
			break;
		case 'u':
		case 'x':
		case 'o':
			value = conversion.wide ? va_arg(list, uint64_t) : va_arg(list, unsigned int);
			put_number(&sink, value, false, *format == 'u' ? 10 : *format == 'x' ? 16 : 8, &conversion);
			break;
		case 'p':
			put_number(&sink, (uintptr_t)va_arg(list, void *), false, 16, &conversion);
			break;
		case 'c':
			c = (char)va_arg(list, int);
			put_padded(&sink, &c, 1, &conversion);
			break;
		case 's':
			put_string(&sink, va_arg(list, const char *), &conversion);
			break;
		case '\0':
			format--; /* a lone % at the end */
			break;
		default:
			put(&sink, *format);
			break;
		}
	}
	va_end(list);
	if (size > 0)
		to[sink.len < size ? sink.len : size - 1] = '\0';
	return (int)sink.len;
}

int format(char *to, size_t size, const char *text, ...)
{
	va_list args;
	int len;

	va_start(args, text);
	len = format_va(to, size, text, args);
	va_end(args);
	return len;
}

/* One speaker at a time; a CPU that panics speaks whoever holds this. */
static struct lock console_lock;
static bool panicking;

static void write_line(const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			machine_putc('\r');
		machine_putc(*text);
	}
}

void say(const char *text, ...)
{
	char line[LINE_MAX];
	va_list args;
	uint64_t state;

	va_start(args, text);
	format_va(line, sizeof(line), text, args);
	va_end(args);
	if (__atomic_load_n(&panicking, __ATOMIC_RELAXED)) {
		write_line(line);
		return;
	}
	state = lock_take_irq(&console_lock);
	write_line(line);
	lock_drop_irq(&console_lock, state);
}

void panic(const char *text, ...)
{
	char line[LINE_MAX];
	va_list args;

	/* The first to come here speaks; others only stop. */
	vms_port_irq_save();
	if (!__atomic_exchange_n(&panicking, true, __ATOMIC_SEQ_CST)) {
		va_start(args, text);
		format_va(line, sizeof(line), text, args);
		va_end(args);
		write_line("\nkernel panic: ");
		write_line(line);
		write_line("\n");
		machine_report("status=101");
		machine_report("panic");
		machine_report(line);
	}
	machine_exit(PANIC_STATUS);
}
