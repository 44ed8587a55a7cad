/*
 * Locking a range of a tree, and taking tables out of it. lock.h has the protocol.
 */
#include "lock.h"

#include <vms/port.h>
#include <mmu.h>

#include "frame.h"
#include "node.h"

void vms__node_lock(vms_pfn node)
{
	uint32_t *lock = &vms_machine.meta[node].lock;

	/*@ loop invariant queues_ok;
	  @ loop assigns vms_machine.meta[node].lock, flush_state; */
	while (vms__exchange32(lock, 1) != 0) {
		/* The holder may be waiting for this CPU to flush. */
		/*@ loop invariant queues_ok;
		  @ loop assigns flush_state; */
		do {
			vms_tlb_service();
			arch_cpu_relax();
		} while (vms__load32(lock) != 0);
	}
}

uint32_t *vms__section_enter(void)
{
	uint32_t *section = &vms_machine.cpu[vms_port_cpu()].section;

	vms__store32(section, *section + 1);
	/* The entries that this walk loads are loaded after the store is seen: vms_reclaim() has the other half. */
	vms__fence();
	return section;
}

void vms__section_leave(uint32_t *section)
{
	vms__store32(section, *section + 1);
}

/* Lock a table that was met without locks. False if it is in no tree any more. */
/*@ requires mem_ok && queues_ok && node < vms_machine.nr_frames;
  @ assigns vms_machine.meta[node].lock, flush_state;
  @ ensures queues_ok && same_trees{Pre,Post};
  @ ensures vms_machine.meta[node].lock == (\result ? 1 : 0) && (\result <==> vms_machine.meta[node].stray == 0); */
static bool node_lock_live(vms_pfn node)
{
	vms__node_lock(node);
	if (vms__load32(&vms_machine.meta[node].stray) == 0)
		return true;
	vms__node_unlock(node);
	return false;
}

/* Do start and end - 1 lie in one slot of this level, without being all of it? */
/*@ requires \valid_read(cursor) && 1 <= level <= 5 && cursor->end > 0;
  @ assigns \nothing;
  @ ensures \result <==> slot_start(cursor->start, level) == slot_start(cursor->end - 1, level); */
static bool inside_one_slot(const struct vms_cursor *cursor, uint32_t level)
{
	return vms__slot_start(cursor->start, level) == vms__slot_start(cursor->end - 1, level);
}

/*@ requires \valid_read(cursor) && 1 <= level <= 5 && cursor->start <= cursor->end;
  @ assigns \nothing;
  @ ensures \result <==> cursor->end - cursor->start == slot_len(level); */
static bool is_whole_slot(const struct vms_cursor *cursor, uint32_t level)
{
	return cursor->end - cursor->start == vms__slot_len(level);
}

/*
 * Is a table for the slot of this level needed? Not if the range is all of the slot: that is edited itself. So
 * never at level 1, whose slots hold no less than a range.
 */
/*@ requires \valid_read(cursor) && 1 <= level <= 5 && range_ok(cursor->start, cursor->end);
  @ assigns \nothing;
  @ ensures \result <==> slot_start(cursor->start, level) == slot_start(cursor->end - 1, level) &&
  @   cursor->end - cursor->start != slot_len(level);
  @ ensures level == 1 ==> !\result; */
static bool needs_table(const struct vms_cursor *cursor, uint32_t level)
{
	return inside_one_slot(cursor, level) && !is_whole_slot(cursor, level);
}

enum step { STEP_DOWN, STEP_STOP, STEP_AGAIN, STEP_NO_MEMORY };

/*
 * The walk is at an absent entry of a locked table: make all tables down to the covering one, or none.
 * Each is locked before it can be seen; the last stays so.
 */
static enum step way_make(const struct vms_cursor *cursor, vms_pfn *node, uint32_t *level)
{
	vms_pfn reserve;
	uint32_t nr = 0;

	while (needs_table(cursor, *level - nr))
		nr++;
	if (!vms__tables_reserve(&reserve, nr))
		return STEP_NO_MEMORY;
	for (; nr > 0; nr--) {
		vms_pfn child = vms__tables_pop(&reserve);

		(void)vms__node_link(*node, vms__index(cursor->start, *level), 0, child,
				     cursor->space != &vms_machine.kernel);
		vms__node_unlock(*node);
		*node = child;
		--*level;
	}
	return STEP_STOP;
}

/* Down through the tables that are there, with loads alone; no lower than the one that covers the range. */
/*@ requires mem_ok && tree_ok && is_table(*node) && level_of(*node) == *level && 1 <= lowest <= *level;
  @ requires \valid(node) && \valid(level) && \separated(node, level) && apart(node) && apart(level);
  @ assigns *node, *level;
  @ ensures lowest <= *level <= \old(*level);
  @ ensures is_table(*node) && level_of(*node) == *level;
  @ ensures *level > lowest ==> !pte_table(ent(*node, index(va, *level)), *level); */
static void walk_down(vms_va va, uint32_t lowest, vms_pfn *node, uint32_t *level)
{
	const struct vms_table *ram = vms_machine.ram;
	uint32_t at = *level;
	vms_pfn table = *node;

	/*@ loop invariant is_table(table) && level_of(table) == at && lowest <= at <= \at(*level, Pre);
	  @ loop assigns at, table;
	  @ loop variant at; */
	while (at > lowest) {
		uint64_t pte = vms__load64(&ram[table].entry[vms__index(va, at)]);

		//@ assert pte == ent(table, index(va, at));
		if (!arch_pte_is_table(pte, at))
			break;
		//@ assert child_ok(table, index(va, at), pte_child(pte));
		table = arch_pte_child(pte);
		at--;
	}
	*node = table;
	*level = at;
	//@ assert same_trees{Pre, Here};
}

/*
 * The walk ended at a table, locked now, whose entry may be absent: then an editing cursor makes the tables that
 * are missing. STEP_DOWN if somebody else was quicker: then nothing is locked and the walk goes on from here.
 */
VMS_SELDOM static enum step walk_end(const struct vms_cursor *cursor, vms_pfn *node, uint32_t *level)
{
	uint64_t pte;
	enum step step;

	if (cursor->mode != VMS_EDITING || !needs_table(cursor, *level))
		return STEP_STOP;
	pte = vms__entry(*node, vms__index(cursor->start, *level));
	switch (arch_pte_kind(pte, *level)) {
	case ARCH_PTE_ABSENT:
		step = way_make(cursor, node, level);
		if (step == STEP_NO_MEMORY)
			vms__node_unlock(*node);
		return step;
	case ARCH_PTE_TABLE:
		vms__node_unlock(*node);
		return STEP_DOWN;
	default:
		return STEP_STOP;
	}
}

/* Steps 1 and 2, once. */
static enum step lock_covering(struct vms_cursor *cursor)
{
	uint32_t level = ARCH_LEVELS, lowest = 1;
	vms_pfn node = cursor->space->root;
	enum step step;

	while (lowest < ARCH_LEVELS && !inside_one_slot(cursor, lowest + 1))
		lowest++;
	do {
		walk_down(cursor->start, lowest, &node, &level);
		if (!node_lock_live(node))
			return STEP_AGAIN;
		step = level == lowest ? STEP_STOP : walk_end(cursor, &node, &level);
	} while (step == STEP_DOWN);
	cursor->top = node;
	cursor->top_level = level;
	return step;
}

/* Entries of a table that meet the range, and where they are. */
struct part {
	uint32_t first;
	uint32_t end;
};

/* `va` is any address of the table. */
/*@ requires \valid_read(cursor) && 1 <= level <= 4 && cursor->end > 0;
  @ assigns \nothing;
  @ ensures \result.first < VMS_ENTRIES && \result.end <= VMS_ENTRIES; */
static struct part part_of(const struct vms_cursor *cursor, vms_va va, uint32_t level)
{
	struct part part = {0, VMS_ENTRIES};
	vms_va from = vms__slot_start(va, level + 1);

	if (from < cursor->start)
		part.first = vms__index(cursor->start, level);
	if (vms__slot_start(cursor->end - 1, level + 1) == from)
		part.end = vms__index(cursor->end - 1, level) + 1;
	return part;
}

/* Some address of entry i of the table that begins at `from`, inside the range. */
/*@ requires \valid_read(cursor) && 1 <= level <= 4; assigns \nothing; ensures \result >= cursor->start; */
static vms_va entry_va(const struct vms_cursor *cursor, vms_va from, uint32_t level, uint32_t i)
{
	vms_va va = from + i * vms__slot_len(level);

	return va < cursor->start ? cursor->start : va;
}

/* Step 3 below a locked table that covers va, of a level above 1. */
/*@ requires mem_ok && queues_ok && tree_ok && \valid_read(cursor) && apart(cursor) && cursor->end > 0;
  @ requires is_table(node) && level_of(node) == level && 2 <= level;
  @ decreases level;
  @ assigns vms_machine.meta[0 .. vms_machine.nr_frames - 1].lock, flush_state;
  @ ensures queues_ok && same_trees{Pre,Post}; */
static void lock_below(const struct vms_cursor *cursor, vms_pfn node, uint32_t level, vms_va va)
{
	struct part part = part_of(cursor, va, level);
	vms_va from = vms__slot_start(va, level + 1);
	uint32_t left = vms_machine.meta[node].nr_present;
	uint64_t pte;

	/*@ loop invariant queues_ok && same_trees{Pre, Here};
	  @ loop assigns i, left, pte, vms_machine.meta[0 .. vms_machine.nr_frames - 1].lock, flush_state;
	  @ loop variant left; */
	for (uint32_t i = part.first; left > 0 && (pte = vms__next(node, &i, part.end)) != 0; i++) {
		left--;
		if (!arch_pte_is_table(pte, level))
			continue;
		vms__node_lock(arch_pte_child(pte));
		if (level > 2)
			lock_below(cursor, arch_pte_child(pte), level - 1, entry_va(cursor, from, level, i));
	}
}

/* The reverse: children before parents. */
/*@ requires mem_ok && tree_ok && \valid_read(cursor) && apart(cursor) && cursor->end > 0;
  @ requires is_table(node) && level_of(node) == level && 2 <= level;
  @ decreases level;
  @ assigns vms_machine.meta[0 .. vms_machine.nr_frames - 1].lock;
  @ ensures same_trees{Pre,Post}; */
static void unlock_below(const struct vms_cursor *cursor, vms_pfn node, uint32_t level, vms_va va)
{
	struct part part = part_of(cursor, va, level);
	vms_va from = vms__slot_start(va, level + 1);
	uint32_t left = vms_machine.meta[node].nr_present;
	uint64_t pte;

	/*@ loop invariant same_trees{Pre, Here};
	  @ loop assigns i, left, pte, vms_machine.meta[0 .. vms_machine.nr_frames - 1].lock;
	  @ loop variant left; */
	for (uint32_t i = part.first; left > 0 && (pte = vms__next(node, &i, part.end)) != 0; i++) {
		left--;
		if (!arch_pte_is_table(pte, level))
			continue;
		if (level > 2)
			unlock_below(cursor, arch_pte_child(pte), level - 1, entry_va(cursor, from, level, i));
		vms__node_unlock(arch_pte_child(pte));
	}
}

enum vms_status vms__range_lock(struct vms_cursor *cursor)
{
	uint32_t *section = vms__section_enter();
	enum step step;

	do {
		step = lock_covering(cursor);
	} while (step == STEP_AGAIN);
	vms__section_leave(section);
	if (step == STEP_NO_MEMORY)
		return VMS_NO_MEMORY;
	if (cursor->top_level > 1)
		lock_below(cursor, cursor->top, cursor->top_level, cursor->start);
	return VMS_OK;
}

void vms__range_unlock(struct vms_cursor *cursor)
{
	if (cursor->top_level > 1)
		unlock_below(cursor, cursor->top, cursor->top_level, cursor->start);
	vms__node_unlock(cursor->top);
}

/* Pages that a table of pages maps. */
static uint64_t pages_mapped(vms_pfn table)
{
	const struct vms_table *entries = &vms_machine.ram[table];
	uint32_t used = vms_machine.meta[table].used, left = vms_machine.meta[table].nr_present;
	uint64_t nr = 0, pte;

	for (uint32_t i = 0; left > 0 && (pte = vms__next_in(entries, used, &i, VMS_ENTRIES)) != 0; i++) {
		left--;
		nr += arch_pte_is_leaf(pte, 1);
	}
	return nr;
}

/* Mark a table and all below it stray, and hand them to the flusher. Returns the pages mapped under it. */
static uint64_t tree_detach(struct vms_cursor *cursor, vms_pfn table)
{
	uint32_t level = vms_machine.meta[table].level;
	uint32_t left = level > 1 ? vms_machine.meta[table].nr_present : 0;
	uint64_t nr = level > 1 ? 0 : pages_mapped(table), pte;

	vms__store32(&vms_machine.meta[table].stray, 1);
	for (uint32_t i = 0; left > 0 && (pte = vms__next(table, &i, VMS_ENTRIES)) != 0; i++) {
		left--;
		if (arch_pte_is_table(pte, level))
			nr += tree_detach(cursor, arch_pte_child(pte));
		else if (arch_pte_is_leaf(pte, level))
			nr += vms__frames_in(level);
	}
	vms__tables_push(&cursor->flusher.tables, table);
	vms__node_unlock(table);
	return nr;
}

uint64_t vms__detach(struct vms_cursor *cursor, vms_pfn n, uint32_t i)
{
	uint64_t pte = vms__entry(n, i);

	vms__entry_put(n, i, pte, 0);
	return tree_detach(cursor, arch_pte_child(pte));
}

/* Has every CPU left the section that it was in when the snapshot was taken? */
/*@ requires \valid_read(cpu) && vms_machine.nr_cpus <= VMS_MAX_CPUS; assigns \nothing; */
static bool sections_passed(const struct vms_cpu *cpu)
{
	/*@ loop invariant 0 <= i <= vms_machine.nr_cpus;
	  @ loop assigns i;
	  @ loop variant vms_machine.nr_cpus - i; */
	for (uint32_t i = 0; i < vms_machine.nr_cpus; i++) {
		uint32_t then = cpu->snapshot[i];

		if (then % 2 != 0 && vms__load32(&vms_machine.cpu[i].section) == then)
			return false;
	}
	return true;
}

/* This CPU's own section does not count: it never walks to a table that it retired. */
/*@ requires vms_machine.nr_cpus <= VMS_MAX_CPUS && self < VMS_MAX_CPUS && cpu == &vms_machine.cpu[self];
  @ assigns vms_machine.cpu[self].snapshot[0 .. VMS_MAX_CPUS - 1]; */
static void sections_snapshot(struct vms_cpu *cpu, uint32_t self)
{
	/* The entries that led to the tables were cleared before the sections are looked at. */
	vms__fence();
	/*@ loop invariant 0 <= i <= vms_machine.nr_cpus;
	  @ loop assigns i, vms_machine.cpu[self].snapshot[0 .. VMS_MAX_CPUS - 1];
	  @ loop variant vms_machine.nr_cpus - i; */
	for (uint32_t i = 0; i < vms_machine.nr_cpus; i++)
		cpu->snapshot[i] = i == self ? 0 : vms__load32(&vms_machine.cpu[i].section);
}

bool vms_reclaim(void)
{
	uint32_t self = vms_port_cpu();
	struct vms_cpu *cpu = &vms_machine.cpu[self];

	for (;;) {
		if (cpu->waiting != VMS_NO_FRAME && !sections_passed(cpu))
			return false;
		while (cpu->waiting != VMS_NO_FRAME)
			vms__table_free(vms__tables_pop(&cpu->waiting));
		if (cpu->young == VMS_NO_FRAME)
			return true;
		cpu->waiting = cpu->young;
		cpu->young = VMS_NO_FRAME;
		sections_snapshot(cpu, self);
	}
}

void vms__tables_retire(vms_pfn *first)
{
	struct vms_cpu *cpu = &vms_machine.cpu[vms_port_cpu()];

	while (*first != VMS_NO_FRAME)
		vms__tables_push(&cpu->young, vms__tables_pop(first));
	(void)vms_reclaim();
}
