/*
 * No memory is left for a page that a program has a right to. First what can be had again goes: pages of files as
 * they were in the archive; then what nobody needs of pages of 2 MiB. Then a process: the biggest, or the one that
 * asks if it is nearly as big, for then its own end is the nearest to an end of the shortage. The first process is
 * spared as long as there is another; nobody is chosen while memory of one that ended is on its way back.
 */
#include <kernel/process.h>
#include <kernel/machine.h>
#include <kernel/fs/fs.h>
#include <mm/mm.h>

#define ENOUGH 64   /* frames: then the access is tried again */
#define PLENTY 4096 /* frames that pages of 2 MiB are to give at once: looking for them takes long */
#define NEARLY 4    /* a fourth of the biggest */
#define STEP_NS 1000000u
#define PATIENCE_NS 2000000000u /* that the end of a process may take */

/* Somebody is at it; others try again after a while. */
static bool busy;

/* A process and what it has; by number, for it may be gone at any time. */
struct candidate {
	int pid;
	uint64_t nr_pages;
	char name[16];
};

static struct candidate measure(int pid)
{
	struct candidate it = {.pid = pid};
	struct mm *mm = process_mm_get(pid);

	if (mm != NULL) {
		it.nr_pages = mm_sizes(mm).nr_mapped;
		mm_put(mm);
	}
	return it;
}

/* One that is ending already, and has not given its memory back yet; 0: none. */
static int ending_process(void)
{
	uint64_t state = lock_take_irq(&proc_lock);
	int pid = 0;

	list_for(item, &processes) {
		struct process *process = list_entry(item, struct process, all);

		if (process->exiting && process->mm != NULL)
			pid = process->pid;
	}
	lock_drop_irq(&proc_lock, state);
	return pid;
}

/* The next process after `pid` that has a memory to lose; 0: no more. */
static int next_process(int pid)
{
	uint64_t state = lock_take_irq(&proc_lock);
	int next = 0;

	list_for(item, &processes) {
		struct process *process = list_entry(item, struct process, all);

		if (process->pid > pid && (next == 0 || process->pid < next) && !process->zombie && !process->exiting &&
		    !process_is_init(process))
			next = process->pid;
	}
	lock_drop_irq(&proc_lock, state);
	return next;
}

/* Of equals, the youngest. pid 0: there is none. */
static struct candidate biggest(void)
{
	struct candidate best = {0};

	for (int pid = next_process(0); pid != 0; pid = next_process(pid)) {
		struct candidate it = measure(pid);

		if (it.nr_pages >= best.nr_pages)
			best = it;
	}
	return best;
}

/* It ends, and whoever shares its memory. False: it had gone already. */
static bool end(struct candidate *victim)
{
	uint64_t state = lock_take_irq(&proc_lock);
	struct process *process = process_find(victim->pid);
	struct mm *mm = process != NULL ? process->mm : NULL;

	if (mm != NULL) {
		strcopy(victim->name, process->name, sizeof(victim->name));
		list_for(item, &processes) {
			struct process *other = list_entry(item, struct process, all);

			if (other->mm == mm)
				process_end_locked(other, SIGKILL);
		}
	}
	lock_drop_irq(&proc_lock, state);
	return mm != NULL;
}

/* Is the memory of this process, or of one that ended just now, still to come back? */
static bool memory_comes(int pid)
{
	struct mm *mm = process_mm_get(pid);

	if (mm != NULL)
		mm_put(mm);
	return mm != NULL || process_any_releases();
}

/* Until it is back, or a while has passed. */
static void wait_for_end(int pid)
{
	uint64_t deadline = now_ns() + PATIENCE_NS;

	while (memory_comes(pid) && now_ns() < deadline && !signal_waiting(current()))
		sleep_until(now_ns() + STEP_NS, true);
}

/* True: there may be room now. False: the caller is the one to go. */
static bool make_room(void)
{
	struct candidate self = measure(this_process()->pid), victim;
	int ending = ending_process();

	vms_reclaim();
	if (files_drop_clean() >= ENOUGH || mm_huge_give_back(PLENTY) >= ENOUGH)
		return true;
	if (ending != 0 || process_any_releases()) {
		wait_for_end(ending);
		if (!memory_comes(ending) || signal_waiting(current()))
			return true;
	}
	victim = biggest();
	if (victim.pid == 0 || victim.pid == self.pid ||
	    (self.nr_pages >= victim.nr_pages / NEARLY && !process_is_init(this_process())))
		return false;
	if (end(&victim)) {
		say("vmspace: %s (pid %d) killed: out of memory, and it has %lu KiB\n", victim.name, victim.pid,
		    (unsigned long)(victim.nr_pages * VMS_PAGE / 1024));
		wait_for_end(victim.pid);
	}
	return true;
}

bool memory_make_room(void)
{
	bool room;

	if (signal_waiting(current()))
		return true;
	if (__atomic_exchange_n(&busy, true, __ATOMIC_ACQUIRE)) {
		sleep_until(now_ns() + STEP_NS, true);
		return true;
	}
	room = make_room();
	__atomic_store_n(&busy, false, __ATOMIC_RELEASE);
	return room;
}
