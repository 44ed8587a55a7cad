/*
 * Is a port as port.h and <mmu.h> say? See <vms/conform.h>.
 *
 * The calling CPU runs the checks, one after the other, in the order in which they trust each other; what the
 * library would wait for without end is first waited for here, with patience.
 */
#include "inside.h"

struct conform conform;

static void say_number(uint64_t number)
{
	char digits[21];
	char *at = &digits[20];

	*at = '\0';
	do {
		*--at = (char)('0' + number % 10);
		number /= 10;
	} while (number != 0);
	conform.hooks->say(at);
}

void conform_wrong(const char *text, uint64_t a, uint64_t b)
{
	char piece[2] = {0};

	if (conform.verdict != CONFORM_FINE)
		return;
	conform.verdict = CONFORM_WRONG;
	conform.hooks->say("WRONG: ");
	for (; *text != '\0'; text++) {
		piece[0] = *text;
		if (*text == '#') {
			say_number(a);
			a = b;
		} else {
			conform.hooks->say(piece);
		}
	}
	conform.hooks->say("\n");
}

void conform_not_run(const char *why)
{
	if (conform.verdict != CONFORM_FINE)
		return;
	conform.verdict = CONFORM_NOT_RUN;
	conform.hooks->say("not run: ");
	conform.hooks->say(why);
	conform.hooks->say("\n");
}

/* What a check needs, and what a failure of it means for the rest. */
#define OTHERS 1u /* more than one CPU */
#define SPACE 2u  /* the space active on this CPU */
#define FATAL 4u  /* if this is wrong, what follows may hang */

static const struct check {
	const char *name;
	void (*run)(void);
	uint32_t needs;
} checks[] = {
	{"cpu", conform_check_cpu, FATAL},
	{"cpus", conform_check_cpus, OTHERS + FATAL},
	{"preempt", conform_check_preempt, FATAL},
	{"frames", conform_check_frames, FATAL},
	{"frames-exhausted", conform_check_exhaust, FATAL},
	{"interrupt-idle", conform_check_interrupt_idle, OTHERS + FATAL},
	{"interrupt", conform_check_interrupt, OTHERS + FATAL},
	{"irq", conform_check_irq, OTHERS + SPACE + FATAL},
	{"lock-serves", conform_check_lock, OTHERS + FATAL},
	{"flush-each-other", conform_check_each_other, OTHERS + SPACE + FATAL},
	{"tables", conform_check_tables, FATAL},
	{"activate", conform_check_activate, FATAL},
	{"copy-in", conform_check_copy_in, SPACE},
	{"copy-out", conform_check_copy_out, SPACE},
	{"zero", conform_check_zero, SPACE},
	{"load", conform_check_words, SPACE},
	{"compare-exchange", conform_check_exchange, SPACE},
	{"fault-handler", conform_check_handler, SPACE + FATAL},
	{"rights-kernel", conform_check_rights, SPACE},
	{"stale", conform_check_stale, SPACE + FATAL},
	{"stale-others", conform_check_stale_others, OTHERS + SPACE + FATAL},
	{"rights-user", conform_check_user_rights, SPACE},
	{"accessed-dirty", conform_check_accessed, SPACE},
	{"cache-policy", conform_check_cache, SPACE},
	{"kernel-half", conform_check_kernel_half, SPACE},
	{"kernel-flush", conform_check_kernel_flush, SPACE},
};

#define NR_CHECKS (sizeof(checks) / sizeof(checks[0]))

/* True if the next check can be run. */
static bool check_run(const struct check *check)
{
	conform.verdict = CONFORM_FINE;
	conform.hooks->say("conform: ");
	conform.hooks->say(check->name);
	conform.hooks->say(": ");
	vms_port_preempt_off();
	if (check->needs & OTHERS && conform.nr_others == 0) {
		conform_not_run("there is one CPU");
	} else {
		if (check->needs & SPACE)
			vms_space_activate(conform.space);
		check->run();
		if (!conform.lost)
			vms_space_activate(&vms_machine.kernel);
	}
	vms_port_preempt_on();
	if (conform.verdict == CONFORM_FINE)
		conform.hooks->say("ok\n");
	return conform.verdict != CONFORM_WRONG || !(check->needs & FATAL);
}

/* Every CPU that is online but this one. */
static void find_others(void)
{
	uint32_t self;

	vms_port_preempt_off();
	self = vms_port_cpu();
	vms_port_preempt_on();
	for (uint32_t cpu = 0; cpu < vms_machine.nr_cpus; cpu++) {
		if (cpu != self && (vms_machine.kernel.active >> cpu) % 2 != 0)
			conform.other[conform.nr_others++] = (struct conform_other){.cpu = cpu};
	}
}

static void stop_others(void)
{
	for (uint32_t i = 0; i < conform.nr_others; i++)
		conform_store(&conform.other[i].stop, 1);
	for (uint32_t i = 0; i < conform.nr_others && !conform.lost; i++)
		conform.lost = !conform_wait(&conform.other[i].up, 0);
}

uint32_t vms_conform(const struct vms_conform_hooks *hooks)
{
	uint32_t nr_wrong = 0;

	conform.hooks = hooks;
	conform.lost = false;
	conform.nr_others = 0;
	conform.space = hooks->space_new();
	if (conform.space == NULL) {
		hooks->say("conform: no memory for a space\n");
		return 1;
	}
	vms_space_set_fault_handler(conform.space, NULL);
	find_others();
	for (uint32_t i = 0; i < NR_CHECKS; i++) {
		bool on = check_run(&checks[i]);

		nr_wrong += conform.verdict == CONFORM_WRONG;
		if (on && !conform.lost)
			continue;
		hooks->say("conform: the checks after this one trust it, and are not run\n");
		break;
	}
	stop_others();
	if (!conform.lost)
		vms_space_put(conform.space);
	return nr_wrong;
}
