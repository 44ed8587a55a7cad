/*
 * System calls on the machine as a whole: its name, its memory, randomness, power.
 */
#include <kernel/process.h>
#include <kernel/machine.h>
#include <kernel/memory.h>
#include <kernel/syscall.h>
#include <kernel/time.h>
#include <kernel/user.h>
#include <kernel/version.h>

#define NAME_LEN HOST_NAME_LEN

/* Under proc_lock. */
static char host_name[NAME_LEN] = "vmspace";
static char domain_name[NAME_LEN] = "(none)";

struct user_names {
	char system[NAME_LEN], node[NAME_LEN], release[NAME_LEN], version[NAME_LEN], machine[NAME_LEN],
		domain[NAME_LEN];
};

void host_name_get(char to[HOST_NAME_LEN])
{
	uint64_t state = lock_take_irq(&proc_lock);

	strcopy(to, host_name, NAME_LEN);
	lock_drop_irq(&proc_lock, state);
}

long sys_uname(const uint64_t a[6])
{
	struct user_names names = {
		.system = KERNEL_SYSNAME,
		.release = KERNEL_RELEASE,
		.version = KERNEL_VERSION,
		.machine = KERNEL_MACHINE,
	};
	uint64_t state = lock_take_irq(&proc_lock);

	strcopy(names.node, host_name, NAME_LEN);
	strcopy(names.domain, domain_name, NAME_LEN);
	lock_drop_irq(&proc_lock, state);
	return user_write(a[0], &names, sizeof(names));
}

static long set_name(char *name, vms_va from, uint64_t len)
{
	char text[NAME_LEN] = {0};
	uint64_t state;

	if (len >= NAME_LEN)
		return -EINVAL;
	if (user_read(text, from, len) != 0)
		return -EFAULT;
	state = lock_take_irq(&proc_lock);
	strcopy(name, text, NAME_LEN);
	lock_drop_irq(&proc_lock, state);
	return 0;
}

long sys_sethostname(const uint64_t a[6])
{
	return set_name(host_name, a[0], a[1]);
}

long sys_setdomainname(const uint64_t a[6])
{
	return set_name(domain_name, a[0], a[1]);
}

struct user_sysinfo {
	int64_t uptime;
	uint64_t loads[3];
	uint64_t total_ram, free_ram, shared_ram, buffer_ram, total_swap, free_swap;
	uint16_t nr_processes;
	uint64_t total_high, free_high;
	uint32_t unit;
	uint32_t unused;
};
_Static_assert(sizeof(struct user_sysinfo) == 112, "struct sysinfo");

long sys_sysinfo(const uint64_t a[6])
{
	struct memory_use use = memory_use();
	struct user_sysinfo info = {
		.uptime = (int64_t)(now_ns() / NS_PER_SECOND),
		.total_ram = use.total * VMS_PAGE,
		.free_ram = use.free * VMS_PAGE,
		.unit = 1,
	};
	uint64_t state = lock_take_irq(&proc_lock);

	list_for(item, &processes)
		info.nr_processes++;
	lock_drop_irq(&proc_lock, state);
	return user_write(a[0], &info, sizeof(info));
}

long sys_getrandom(const uint64_t a[6])
{
	uint64_t done = 0, len = min_u64(a[1], INT32_MAX);

	if ((uint32_t)a[2] > 7)
		return -EINVAL;
	while (done < len) {
		char buffer[256];
		uint64_t n = min_u64(len - done, sizeof(buffer));

		random_bytes(buffer, n);
		if (user_write(a[0] + done, buffer, n) != 0)
			return done > 0 ? (long)done : -EFAULT;
		done += n;
		if (signal_waiting(current()))
			break;
	}
	return (long)done;
}

long sys_personality(const uint64_t a[6])
{
	/* Linux, and nothing to randomize: whatever else is asked for is refused. */
	uint32_t wanted = (uint32_t)a[0], no_randomization = 0x0040000;

	return wanted == ~0u || (wanted & ~no_randomization) == 0 ? 0 : -EINVAL;
}

/* The kernel keeps no log: what it says goes to the console at once. */
long sys_syslog(const uint64_t a[6])
{
	return a[0] <= 10 ? 0 : -EINVAL;
}

enum {
	REBOOT_MAGIC = (int)0xfee1dead,
	REBOOT_MAGIC2 = 672274793,
	REBOOT_MAGIC2A = 85072278,
	REBOOT_MAGIC2B = 369367448,
	REBOOT_MAGIC2C = 537993216,
};
#define REBOOT_RESTART 0x01234567u
#define REBOOT_HALT 0xcdef0123u
#define REBOOT_CAD_ON 0x89abcdefu
#define REBOOT_CAD_OFF 0u
#define REBOOT_POWER_OFF 0x4321fedcu

/* The machine stops when the first process has ended: so that one ends, well. */
long sys_reboot(const uint64_t a[6])
{
	int second = (int)a[1];
	uint64_t state;

	if ((int)a[0] != REBOOT_MAGIC || (second != REBOOT_MAGIC2 && second != REBOOT_MAGIC2A &&
					  second != REBOOT_MAGIC2B && second != REBOOT_MAGIC2C))
		return -EINVAL;
	switch ((uint32_t)a[2]) {
	case REBOOT_CAD_ON:
	case REBOOT_CAD_OFF:
		return 0;
	case REBOOT_RESTART:
	case REBOOT_HALT:
	case REBOOT_POWER_OFF:
		state = lock_take_irq(&proc_lock);
		process_end_locked(process_reaper(), 0);
		lock_drop_irq(&proc_lock, state);
		return 0;
	default:
		return -EINVAL;
	}
}

/* Restartable sequences are not offered: the C libraries do without. */
long sys_rseq(const uint64_t a[6])
{
	(void)a;
	return -ENOSYS;
}
