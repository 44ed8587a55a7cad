/*
 * Capabilities: everybody is root and has them all. None can be given up, and who tries is told.
 */
#include <kernel/process.h>
#include <kernel/syscall.h>
#include <kernel/user.h>

#define CAPABILITIES ((1ull << 41) - 1)
#define CAPABILITY_VERSION_1 0x19980330u
#define CAPABILITY_VERSION_2 0x20071026u
#define CAPABILITY_VERSION_3 0x20080522u

struct abi_capability_head {
	uint32_t version;
	int32_t pid;
};

struct abi_capabilities {
	uint32_t effective, permitted, inheritable;
};

/* The head, and how many words of 32 capabilities the caller's version has. */
static long capability_head(uint64_t at, struct abi_capability_head *head, uint32_t *nr_words)
{
	const uint32_t version = CAPABILITY_VERSION_3;

	if (user_read(head, at, sizeof(*head)) != 0)
		return -EFAULT;
	*nr_words = head->version == CAPABILITY_VERSION_1 ? 1 : 2;
	if (head->version == CAPABILITY_VERSION_1 || head->version == CAPABILITY_VERSION_2 ||
	    head->version == CAPABILITY_VERSION_3)
		return 0;
	return user_write(at, &version, sizeof(version)) != 0 ? -EFAULT : -EINVAL;
}

static bool exists(int pid)
{
	uint64_t state = lock_take_irq(&proc_lock);
	bool found = process_find(pid) != NULL;

	lock_drop_irq(&proc_lock, state);
	return found;
}

long sys_capget(const uint64_t a[6])
{
	struct abi_capability_head head;
	struct abi_capabilities all[2];
	uint32_t nr_words;
	long result = capability_head(a[0], &head, &nr_words);

	if (result == -EINVAL && a[1] == 0)
		return 0;
	if (result != 0)
		return result;
	if (head.pid < 0)
		return -EINVAL;
	if (head.pid != 0 && !exists(head.pid))
		return -ESRCH;
	for (uint32_t i = 0; i < 2; i++) {
		uint32_t word = (uint32_t)(CAPABILITIES >> i * 32);

		all[i] = (struct abi_capabilities){.effective = word, .permitted = word};
	}
	return a[1] != 0 ? user_write(a[1], all, nr_words * sizeof(all[0])) : 0;
}

long sys_capset(const uint64_t a[6])
{
	struct abi_capability_head head;
	struct abi_capabilities wanted[2] = {{0, 0, 0}, {0, 0, 0}};
	uint32_t nr_words;
	long result = capability_head(a[0], &head, &nr_words);

	if (result != 0)
		return result;
	if (head.pid != 0 && head.pid != this_process()->pid)
		return -EPERM;
	if (user_read(wanted, a[1], nr_words * sizeof(wanted[0])) != 0)
		return -EFAULT;
	for (uint32_t i = 0; i < nr_words; i++) {
		uint32_t word = (uint32_t)(CAPABILITIES >> i * 32);

		if (wanted[i].effective != word || wanted[i].permitted != word || wanted[i].inheritable != 0)
			return -EPERM;
	}
	return 0;
}
