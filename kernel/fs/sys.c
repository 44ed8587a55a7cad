/*
 * /sys: the folders that programs ask for the number of CPUs, and the policy on pages of 2 MiB, which may be written.
 */
#include <kernel/fs/fs.h>
#include <kernel/fs/proc.h>
#include <kernel/machine.h>
#include <mm/mm.h>

static const char *const policies[] = {
	[MM_HUGE_ALWAYS] = "always", [MM_HUGE_ADVISED] = "madvise", [MM_HUGE_NEVER] = "never"};

bool huge_policy_set(const char *name)
{
	for (uint32_t i = 0; i < ARRAY_LEN(policies); i++) {
		if (strcmp(policies[i], name) == 0) {
			mm_huge_set_policy((enum mm_huge)i);
			return true;
		}
	}
	return false;
}

/* The one that is in force stands in brackets. */
static long enabled(struct text *text, struct proc_about about)
{
	uint32_t now = mm_huge_policy();

	(void)about;
	for (uint32_t i = 0; i < ARRAY_LEN(policies); i++)
		text_add(text, i == now ? "[%s]%s" : "%s%s", policies[i], i + 1 < ARRAY_LEN(policies) ? " " : "\n");
	return 0;
}

static long set_enabled(struct proc_about about, struct io *io)
{
	char word[16] = {0};
	uint64_t len = io_take(io, word, sizeof(word) - 1);

	(void)about;
	if (io->fault)
		return -EFAULT;
	if (len > 0 && word[len - 1] == '\n')
		word[len - 1] = 0;
	return huge_policy_set(word) ? (long)len : -EINVAL;
}

static long pmd_size(struct text *text, struct proc_about about)
{
	(void)about;
	text_add(text, "%lu\n", VMS_ENTRIES * VMS_PAGE);
	return 0;
}

static const struct proc_item huge_items[] = {
	{.name = "enabled", .mode = S_IFREG | 0644, .text = enabled, .write = set_enabled},
	{.name = "hpage_pmd_size", .mode = S_IFREG | 0444, .text = pmd_size},
	{0},
};
static const struct proc_item huge_folder = {
	.name = "transparent_hugepage", .mode = S_IFDIR | 0555, .children = huge_items};

long sys_init(void)
{
	struct entry *folder = fs_folder("sys/kernel/mm");
	long error;

	if (!folder)
		return -ENOMEM;
	error = proc_mount(folder, &huge_folder);
	entry_put(folder);
	return error;
}
