/*
 * Flushes, the set of CPUs and tags: src/tlb.c and src/space.c as a model, for readers and for SPIN.
 *
 * One space has two pages. CPU 0 unmaps page 0, from inside the space or from outside. The others do anything, so
 * many times: use a page, switch away and back (with tags), unmap page 1 (one of them). Each may have interrupts on,
 * or off for ever, and then it serves requests while it waits and when it has nothing else to do.
 *
 * Checked: no page's frame is used, or translated to by who could use it, once it is given back; nobody waits for
 * ever. "@ file function: text" names the code that a step stands for.
 */
#ifndef NR_CPUS
#define NR_CPUS 2
#endif
#ifndef NR_STEPS
#define NR_STEPS 4
#endif
#define OTHER 0 /* the kernel's space, or another user's */
#define SPACE 1
#define KNOWS(cpu, page) tlb[2 * (cpu) + (page)] /* under the space's tag */
#define WANTED(cpu, page) queue[2 * (cpu) + (page)]

bit entry[2] = { 1, 1 };
bit given_back[2];
byte generation;
bit in_set[NR_CPUS];
byte root[NR_CPUS]; /* the root that is loaded */
bit tlb[2 * NR_CPUS];
byte done[NR_CPUS];    /* generation up to which the CPU has flushed, while the space is active there */
byte tag_done[NR_CPUS]; /* the same, noted when it left */
bit queue[2 * NR_CPUS];
bit queue_taken[NR_CPUS];
byte asked[NR_CPUS], flushed[NR_CPUS];
bit pending[NR_CPUS], irq_off[NR_CPUS], in_irq[NR_CPUS], never_irq[NR_CPUS];
byte nr_done;

/* arch_mmu_flush_page() acts on the tag that is in force. */
inline page_forget(page)
{
	KNOWS(self, page) = KNOWS(self, page) && root[self] != SPACE
}

/* @ tlb.c vms_tlb_service: if (vms__load32(&queue->asked) == cpu->flushed) */
inline service(was_off)
{
	if
	:: asked[self] != flushed[self] ->
		/* @ tlb.c vms_tlb_service: state = vms_port_irq_save(); */
		atomic {
			was_off = irq_off[self];
			irq_off[self] = 1
		}
		/* @ tlb.c vms_tlb_service: queue_lock(queue); */
		atomic { queue_taken[self] == 0 -> queue_taken[self] = 1 }
		/* @ tlb.c vms_tlb_service: flush_here(queue->all, queue->range, queue->nr_ranges); */
		if
		:: WANTED(self, 0) -> page_forget(0)
		:: else
		fi;
		if
		:: WANTED(self, 1) -> page_forget(1)
		:: else
		fi;
		atomic {
			WANTED(self, 0) = 0;
			WANTED(self, 1) = 0
		}
		/* @ tlb.c vms_tlb_service: vms__store32(&cpu->flushed, queue->asked); */
		flushed[self] = asked[self];
		queue_taken[self] = 0;
		irq_off[self] = was_off
	:: else
	fi
}

inline dispatch(page)
{
	/* @ tlb.c generation_next: return vms_machine.nr_tags > 1 ? vms__add64(&space->generation, 1) + 1 : 0; */
	atomic {
		generation++;
		mine = generation
	}
	/* @ tlb.c vms_tlb_dispatch: active = vms__load64(&flusher->space->active); */
	d_step {
		cpu = 0;
		do
		:: cpu < NR_CPUS ->
			seen[cpu] = in_set[cpu];
			cpu++
		:: else -> break
		od;
		cpu = 0
	}
	do
	:: cpu < NR_CPUS ->
		if
		:: cpu != self && seen[cpu] ->
			/* @ tlb.c queue_ask: uint64_t state = vms_port_irq_save(); */
			atomic {
				off = irq_off[self];
				irq_off[self] = 1
			}
			atomic { queue_taken[cpu] == 0 -> queue_taken[cpu] = 1 }
			/* @ tlb.c queue_add: queue->range[queue->nr_ranges] = flusher->range[i]; */
			WANTED(cpu, page) = 1;
			/* @ tlb.c queue_ask: vms__store32(&queue->asked, queue->asked + 1); */
			asked[cpu]++;
			queue_taken[cpu] = 0;
			irq_off[self] = off;
			/* @ tlb.c ask_others: vms_port_interrupt(others); */
			pending[cpu] = 1
		:: else
		fi;
		cpu++
	:: else -> break
	od;
	if
	:: seen[self] ->
		/* @ tlb.c vms_tlb_dispatch: flush_here(all_of(flusher), flusher->range, flusher->nr_ranges); */
		page_forget(page);
		/* @ tlb.c generation_done: if (cpu->active == space && cpu->generation + 1 == generation) */
		atomic {
			if
			:: root[self] == SPACE && done[self] + 1 == mine -> done[self] = mine
			:: else
			fi
		}
	:: else
	fi
}

inline sync()
{
	cpu = 0;
	do
	:: cpu < NR_CPUS ->
		if
		:: cpu != self && seen[cpu] ->
			/* @ tlb.c wait_for: uint32_t asked = vms__load32(&cpu->queue.asked); */
			want = asked[cpu];
			do
			/* @ tlb.c wait_for: while ((int32_t)(vms__load32(&cpu->flushed) - asked) < 0) { */
			:: flushed[cpu] >= want -> break
			/* @ tlb.c wait_for: vms_tlb_service(); */
			:: asked[self] != flushed[self] -> service(off)
			od
		:: else
		fi;
		cpu++
	:: else -> break
	od
}

inline unmap(page)
{
	entry[page] = 0;
	dispatch(page);
	sync();
	skip;
	/* @ tlb.c vms_tlb_sync: vms_frame_put(flusher->frames[i]); */
	d_step {
		cpu = 0;
		do
		:: cpu < NR_CPUS ->
			assert(!(KNOWS(cpu, page) && root[cpu] == SPACE));
			cpu++
		:: else -> break
		od;
		given_back[page] = 1
	}
}

/* An instruction: not interrupted half way. */
inline use(page)
{
	atomic {
		if
		:: root[self] == SPACE && !KNOWS(self, page) && entry[page] -> KNOWS(self, page) = 1
		:: else
		fi;
		assert(!(root[self] == SPACE && KNOWS(self, page) && given_back[page]))
	}
}

inline enter()
{
	/* @ space.c set_enter: vms__set_bit(&space->active, self); */
	in_set[self] = 1;
	/* @ space.c tag_enter: state = vms_port_irq_save(); */
	atomic {
		off = irq_off[self];
		irq_off[self] = 1
	}
	/* @ space.c tag_enter: cpu->generation = vms__load64(&space->generation); */
	done[self] = generation;
	/* @ space.c tag_enter: arch_mmu_activate_tagged(space->root, i + 1, keep); */
	atomic {
		root[self] = SPACE;
		if
		:: tag_done[self] != done[self] ->
			KNOWS(self, 0) = 0;
			KNOWS(self, 1) = 0
		:: else
		fi
	}
	/* @ space.c tag_enter: vms_port_irq_restore(state); */
	irq_off[self] = off
}

inline leave()
{
	/* @ space.c vms_space_activate: uint64_t done = cpu->generation; */
	mine = done[self];
	/* @ space.c vms_space_activate: root_load(cpu, space); */
	root[self] = OTHER;
	/* @ space.c vms_space_activate: vms__clear_bit(&previous->active, self); */
	in_set[self] = 0;
	/* @ space.c tag_leave: cpu->tags[tag].generation = done; */
	tag_done[self] = mine
}

proctype thread(byte self) provided (!in_irq[self])
{
	byte cpu, want, mine, step;
	bit seen[NR_CPUS], off, unmapped;

	if
	:: self == 0 -> unmap(0)
	:: else ->
		do
		:: step < NR_STEPS ->
			step++;
			if
			:: true -> use(0)
			:: true -> use(1)
			:: root[self] == SPACE -> leave()
			:: root[self] != SPACE -> enter()
			:: self == 1 && !unmapped ->
				unmapped = 1;
				unmap(1)
			fi
		:: else -> break
		od
	fi;
	nr_done++;
	do
	:: nr_done == NR_CPUS -> break
	:: never_irq[self] && asked[self] != flushed[self] -> service(off)
	od
}

/* May come between any two steps of its thread, which then waits. */
proctype interrupt(byte self)
{
	bit off;

end:
	do
	:: atomic { pending[self] && !irq_off[self] && !never_irq[self] -> in_irq[self] = 1; pending[self] = 0 };
		service(off);
		in_irq[self] = 0
	od
}

/* Each CPU is in the space or not, and takes interrupts or not. */
init
{
	byte cpu;

	atomic {
		cpu = 0;
		do
		:: cpu < NR_CPUS ->
			if
			:: true ->
				in_set[cpu] = 1;
				root[cpu] = SPACE
			:: true
			fi;
			if
			:: true -> never_irq[cpu] = 1
			:: true
			fi;
			cpu++
		:: else -> break
		od;
		cpu = 0;
		do
		:: cpu < NR_CPUS ->
			run thread(cpu);
			run interrupt(cpu);
			cpu++
		:: else -> break
		od
	}
}
