/*
 * Spaces: create and end them, make them active, answer their faults.
 *
 * refs == handles + CPUs on which the space is active. The kernel's space is not counted: it never ends,
 * and its half is in every root, so that it counts as active on every CPU that is online.
 */
#include <vms/space.h>

#include <vms/machine.h>
#include <vms/port.h>
#include <mmu.h>

#include "atomic.h"
#include "lock.h"
#include "node.h"

/*@ requires mem_ok && root < vms_machine.nr_frames && space_ok(space);
  @ requires space != &vms_machine.kernel ==> apart(space);
  @ assigns *space, vms_machine.meta[root];
  @ ensures space_is(space, root, start, end) && space->id == id;
  @ ensures vms_machine.meta[root].level == ARCH_LEVELS && vms_machine.meta[root].root == root;
  @ ensures vms_machine.meta[root].prefix == 0 && vms_machine.meta[root].lock == 0;
  @ ensures vms_machine.meta[root].kind == \old(vms_machine.meta[root].kind) && mem_ok; */
static void space_init(struct vms_space *space, uint64_t id, vms_pfn root, vms_va start, vms_va end)
{
	vms__table_init(root, ARCH_LEVELS, root, 0);
	vms__node_unlock(root);
	space->root = root;
	space->refs = 1;
	space->start = start;
	space->end = end;
	space->on_fault = NULL;
	space->id = id;
	space->active = 0;
	space->generation = 0;
}

enum vms_status vms_kernel_create(void)
{
	vms_pfn tables, root;

	if (!vms__tables_reserve(&tables, 1 + VMS_ENTRIES - ARCH_ROOT_KERNEL))
		return VMS_NO_MEMORY;
	root = vms__tables_pop(&tables);
	space_init(&vms_machine.kernel, 0, root, VMS_KERNEL_START, VMS_KERNEL_END);
	/*@ loop invariant ARCH_ROOT_KERNEL <= i <= VMS_ENTRIES && mem_ok;
	  @ loop invariant space_is(&vms_machine.kernel, root, VMS_KERNEL_START, VMS_KERNEL_END);
	  @ loop assigns i, tables, vms_machine.meta[0 .. vms_machine.nr_frames - 1],
	  @   vms_machine.ram[0 .. vms_machine.nr_frames - 1];
	  @ loop variant VMS_ENTRIES - i; */
	for (uint32_t i = ARCH_ROOT_KERNEL; i < VMS_ENTRIES; i++) {
		vms_pfn table = vms__tables_pop(&tables);

		(void)vms__node_link(root, i, 0, table, false);
		vms__node_unlock(table);
	}
	return VMS_OK;
}

/* A number that no other space ever had, nor the kernel's: each CPU counts on its own. */
/*@ assigns vms_machine.cpu[this_cpu].nr_spaces;
  @ ensures vms_machine.cpu[this_cpu].nr_spaces ==
  @   (\old(vms_machine.cpu[this_cpu].nr_spaces) + 1) % 0x10000000000000000; */
static uint64_t id_next(void)
{
	uint32_t self = vms_port_cpu();

	return (vms__add64(&vms_machine.cpu[self].nr_spaces, 1) + 1) * VMS_MAX_CPUS + self;
}

enum vms_status vms_space_create(struct vms_space *space)
{
	const uint64_t *from;
	uint64_t *to;
	vms_pfn root;

	vms_port_preempt_off();
	if (!vms__tables_reserve(&root, 1)) {
		vms_port_preempt_on();
		return VMS_NO_MEMORY;
	}
	space_init(space, id_next(), root, 0, VMS_USER_END);
	from = vms_machine.ram[vms_machine.kernel.root].entry;
	to = vms_machine.ram[root].entry;
	/*@ loop invariant ARCH_ROOT_KERNEL <= i <= VMS_ENTRIES;
	  @ loop invariant \forall integer k; 0 <= k < ARCH_ROOT_KERNEL ==> ent(root, k) == 0;
	  @ loop invariant \forall integer k; ARCH_ROOT_KERNEL <= k < i ==> ent(root, k) == ent(vms_machine.kernel.root, k);
	  @ loop assigns i, vms_machine.ram[root].entry[ARCH_ROOT_KERNEL .. VMS_ENTRIES - 1];
	  @ loop variant VMS_ENTRIES - i; */
	for (uint32_t i = ARCH_ROOT_KERNEL; i < VMS_ENTRIES; i++)
		vms__store64(&to[i], vms__load64(&from[i]));
	vms_port_preempt_on();
	return VMS_OK;
}

void vms_space_get(struct vms_space *space)
{
	(void)vms__add32(&space->refs, 1);
}

void vms_space_put(struct vms_space *space)
{
	if (vms__add32(&space->refs, ~0u) != 1)
		return;
	vms_port_preempt_off();
	vms__tree_free(space->root);
	vms_port_space_free(space);
	vms_port_preempt_on();
}

/*
 * Tags. A CPU may keep what its TLB holds of a space that is not active there. The space counts the flushes that
 * were asked for (generation); the CPU notes up to which of them it has flushed itself without missing one. When
 * the space comes back, with its bit in the CPU set, its tag is used again only if that is still the count. A
 * flusher counts before it reads the CPU set: so either it sees the bit and asks this CPU, or this CPU sees the
 * count. Counts only grow: a tag that missed a flush is never true again.
 */

/* Load a user's root, under the tag that the space has here or under the next. Its bit is seen by all. */
/*@ requires cpu == &vms_machine.cpu[this_cpu] && cpu_exists(this_cpu) && tags_ok && vms_machine.nr_tags > 1;
  @ requires \valid_read(space) && \separated(space, &vms_machine);
  @ assigns cpu->generation, cpu->next_tag, cpu->tag, cpu->tags[0 .. VMS_MAX_TAGS - 2];
  @ ensures tags_ok && cpu->tags[cpu->tag].space == space->id && cpu->generation == space->generation; */
static void tag_enter(struct vms_cpu *cpu, const struct vms_space *space)
{
	uint32_t nr = vms_machine.nr_tags - 1;
	uint32_t i = 0;
	uint64_t state;
	bool keep;

	/* A flush that is asked for from now on must act on this tag, not on the one before: after the root is loaded. */
	state = vms_port_irq_save();
	cpu->generation = vms__load64(&space->generation);
	/*@ loop invariant 0 <= i <= nr && \forall integer k; 0 <= k < i ==> cpu->tags[k].space != space->id;
	  @ loop assigns i;
	  @ loop variant nr - i; */
	while (i < nr && cpu->tags[i].space != space->id)
		i++;
	keep = i < nr && cpu->tags[i].generation == cpu->generation;
	if (i == nr) {
		i = cpu->next_tag;
		cpu->next_tag = (i + 1) % nr;
		cpu->tags[i].space = space->id;
	}
	cpu->tag = i;
	/* Tag 0 is the kernel's space's. */
	arch_mmu_activate_tagged(space->root, i + 1, keep);
	vms_port_irq_restore(state);
}

/* The space was left: its bit is cleared. `done` is the generation up to which this CPU had flushed, under `tag`. */
/*@ requires \valid(cpu) && \valid_read(space) && \separated(space, cpu) && tag < VMS_MAX_TAGS - 1;
  @ assigns cpu->tags[tag].generation;
  @ ensures cpu->tags[tag].space == space->id ==> cpu->tags[tag].generation == done;
  @ ensures cpu->tags[tag].space != space->id ==> cpu->tags[tag].generation == \old(cpu->tags[tag].generation); */
static void tag_leave(struct vms_cpu *cpu, const struct vms_space *space, uint32_t tag, uint64_t done)
{
	if (cpu->tags[tag].space == space->id)
		cpu->tags[tag].generation = done;
}

/*
 * This CPU is one of the space's, and all see that before it looks at anything of the space: its generation, its
 * tables. Whoever clears an entry and does not see the bit was first.
 */
/*@ requires \valid(space) && self < VMS_MAX_CPUS;
  @ assigns space->active;
  @ ensures \forall integer c; 0 <= c < VMS_MAX_CPUS ==>
  @   (in_set(space->active, c) <==> c == self || in_set(\old(space->active), c)); */
static void set_enter(struct vms_space *space, uint32_t self)
{
	vms__set_bit(&space->active, self);
	vms__fence();
}

/*@ requires cpu == &vms_machine.cpu[this_cpu] && cpu_exists(this_cpu) && tags_ok && space_ok(space);
  @ assigns cpu->generation, cpu->next_tag, cpu->tag, cpu->tags[0 .. VMS_MAX_TAGS - 2];
  @ ensures tags_ok; */
static void root_load(struct vms_cpu *cpu, struct vms_space *space)
{
	if (vms_machine.nr_tags > 1 && space != &vms_machine.kernel)
		tag_enter(cpu, space);
	else
		arch_mmu_activate(space->root);
}

void vms_space_activate(struct vms_space *space)
{
	uint32_t self = vms_port_cpu();
	struct vms_cpu *cpu = &vms_machine.cpu[self];
	struct vms_space *previous = cpu->active;
	uint64_t done = cpu->generation;
	uint32_t tag = cpu->tag;

	if (previous == space)
		return;
	if (space != &vms_machine.kernel) {
		vms_space_get(space);
		set_enter(space, self);
	}
	cpu->active = space;
	root_load(cpu, space);
	if (previous != &vms_machine.kernel) {
		vms__clear_bit(&previous->active, self);
		if (vms_machine.nr_tags > 1)
			tag_leave(cpu, previous, tag, done);
		vms_space_put(previous);
	}
}

struct vms_space *vms_space_current(void)
{
	return vms_machine.cpu[vms_port_cpu()].active;
}

void vms_cpu_online(void)
{
	uint32_t self = vms_port_cpu();

	vms_machine.cpu[self].active = &vms_machine.kernel;
	set_enter(&vms_machine.kernel, self);
	arch_mmu_activate(vms_machine.kernel.root);
}

void vms_space_set_fault_handler(struct vms_space *space, vms_fault_handler *handler)
{
	space->on_fault = handler;
}

/* Does the tree permit this access now? A walk without locks. */
/*@ requires mem_ok && tree_ok && \valid_read(space) && \valid_read(fault) && is_root(space->root);
  @ requires \separated(space, &vms_machine) && \separated(fault, &vms_machine);
  @ assigns vms_machine.cpu[this_cpu].section; */
static bool space_permits(const struct vms_space *space, const struct vms_fault *fault)
{
	vms_pfn node = space->root;
	uint64_t pte = 0;
	uint32_t level, *section;
	bool permits;

	section = vms__section_enter();
	/*@ loop invariant 1 <= level <= ARCH_LEVELS && is_table(node) && level_of(node) == level;
	  @ loop assigns level, node, pte;
	  @ loop variant level; */
	for (level = ARCH_LEVELS; level > 0; level--) {
		pte = vms__entry(node, vms__index(fault->va, level));
		if (!arch_pte_is_table(pte, level))
			break;
		node = arch_pte_child(pte);
	}
	permits = arch_pte_is_leaf(pte, level) && vms_has(arch_pte_prop(pte, level).flags, fault->access);
	vms__section_leave(section);
	return permits;
}

/*@ requires \valid_read(fault) && mem_ok && tree_ok;
  @ ensures \old(fault->va) >= VMS_USER_END ==> !\result;
  @ ensures \old(fault->access) != VMS_R && \old(fault->access) != VMS_W && \old(fault->access) != VMS_X ==> !\result;
  @ ensures \old(vms_machine.cpu[this_cpu].active) == &vms_machine.kernel ==> !\result; */
bool vms_space_fault(const struct vms_fault *fault)
{
	struct vms_space *space;
	bool permits;

	if (fault->va >= VMS_USER_END || (fault->access != VMS_R && fault->access != VMS_W && fault->access != VMS_X))
		return false;
	vms_port_preempt_off();
	space = vms_space_current();
	vms_port_preempt_on();
	if (space == &vms_machine.kernel)
		return false;
	if (space->on_fault != NULL && space->on_fault(space, fault))
		return true;
	vms_port_preempt_off();
	space = vms_space_current();
	permits = space != &vms_machine.kernel && space_permits(space, fault);
	if (permits)
		arch_mmu_flush_page(fault->va - fault->va % VMS_PAGE);
	vms_port_preempt_on();
	return permits;
}
