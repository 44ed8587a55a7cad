/*
 * Address spaces: the root of a tree of tables, the CPUs that use it, and who answers its faults.
 *
 * A space is active on a CPU until another is activated there; while it is, that CPU holds a reference,
 * so a root in use is never freed. No structure beside the tree says what is mapped.
 */
#ifndef VMS_SPACE_H
#define VMS_SPACE_H

#include <pte.h> /* VMS_USER_END */
#include <vms/state.h>
#include <vms/types.h>

/**
 * Make an empty user space that shares the kernel's half.
 *
 * space  storage of the caller's; on VMS_OK it holds one reference.
 *
 * Returns  VMS_OK, or VMS_NO_MEMORY: no frame for the root.
 * Context  preemption may be on; never sleeps.
 * Cost     one table.
 */
/*@ requires mem_ok && tree_ok && no_leaf_on_top && \valid(space) && apart(space);
  @ requires is_root(vms_machine.kernel.root);
  @ assigns *space, vms_machine.cpu[this_cpu].nr_spaces, vms_machine.meta[0 .. vms_machine.nr_frames - 1],
  @   vms_machine.ram[0 .. vms_machine.nr_frames - 1];
  @ ensures \result == VMS_OK || \result == VMS_NO_MEMORY;
  @ ensures \result == VMS_NO_MEMORY ==> *space == \old(*space);
  @ ensures \result == VMS_OK ==> space_is(space, space->root, 0, VMS_USER_END);
  @ ensures \result == VMS_OK ==> vms_machine.meta[space->root].level == ARCH_LEVELS &&
  @   vms_machine.meta[space->root].root == space->root && vms_machine.meta[space->root].lock == 0;
  @ ensures \result == VMS_OK ==> \forall integer i; 0 <= i < ARCH_ROOT_KERNEL ==> ent(space->root, i) == 0;
  @ ensures \result == VMS_OK ==> \forall integer i; ARCH_ROOT_KERNEL <= i < VMS_ENTRIES ==>
  @   ent(space->root, i) == ent(vms_machine.kernel.root, i);
  @ ensures mem_ok; */
VMS_MUST_USE enum vms_status vms_space_create(struct vms_space *space);

/**
 * One more reference to a space that the caller can already reach. Context: any.
 */
/*@ requires \valid(space);
  @ assigns space->refs;
  @ ensures space->refs == (\old(space->refs) + 1) % 0x100000000; */
void vms_space_get(struct vms_space *space);

/**
 * Give a reference back. The last one frees every user table and drops every mapped frame, then calls
 * vms_port_space_free(). No flush is due: the space is active nowhere.
 * Context  any but inside a cursor on this space. Cost: O(entries of its tables) for the last one.
 */
/*@ requires mem_ok && \valid(space) && apart(space);
  @ assigns *space, vms_machine.meta[0 .. vms_machine.nr_frames - 1], vms_machine.ram[0 .. vms_machine.nr_frames - 1];
  @ ensures \old(space->refs) > 1 ==> space->refs == \old(space->refs) - 1 && space->root == \old(space->root) &&
  @   space->active == \old(space->active) && same_trees{Pre,Post}; */
void vms_space_put(struct vms_space *space);

/**
 * Make this the space of the calling CPU; the previous one loses this CPU and its reference.
 * Nothing happens if it is active here already. The kernel's space, vms_machine.kernel, may be activated
 * to be rid of a user space.
 *
 * Context  preemption off, any interrupt state; never sleeps. If the previous space's last reference goes,
 *          its tables are freed here.
 * TLB      non-global entries of the previous space are forgotten by this CPU, unless it has tags
 *          (vms_config.nr_tags): then it may keep them, and uses them again only if nothing of that space was
 *          flushed meanwhile.
 */
/*@ requires mem_ok && space_ok(space) && space_ok(vms_machine.cpu[this_cpu].active) && tags_ok;
  @ requires space != &vms_machine.kernel ==> apart(space);
  @ requires vms_machine.cpu[this_cpu].active != &vms_machine.kernel ==> apart(vms_machine.cpu[this_cpu].active);
  @ requires space == vms_machine.cpu[this_cpu].active || \separated(space, vms_machine.cpu[this_cpu].active);
  @ assigns *space, *vms_machine.cpu[this_cpu].active, vms_machine.cpu[this_cpu],
  @   vms_machine.meta[0 .. vms_machine.nr_frames - 1], vms_machine.ram[0 .. vms_machine.nr_frames - 1];
  @ ensures vms_machine.cpu[this_cpu].active == space && tags_ok;
  @ ensures space == \old(vms_machine.cpu[this_cpu].active) ==>
  @   space->refs == \old(space->refs) && space->active == \old(space->active);
  @ ensures space != &vms_machine.kernel && space != \old(vms_machine.cpu[this_cpu].active) ==>
  @   space->refs == (\old(space->refs) + 1) % 0x100000000 && in_set(space->active, this_cpu);
  @ ensures space != \old(vms_machine.cpu[this_cpu].active) &&
  @   \old(vms_machine.cpu[this_cpu].active) != &vms_machine.kernel &&
  @   \old(vms_machine.cpu[this_cpu].active->refs) > 1 ==>
  @   \old(vms_machine.cpu[this_cpu].active)->refs == \old(vms_machine.cpu[this_cpu].active->refs) - 1 &&
  @   !in_set(\old(vms_machine.cpu[this_cpu].active)->active, this_cpu); */
void vms_space_activate(struct vms_space *space);

/**
 * The space active on the calling CPU; the kernel's before any other was. Context: preemption off.
 */
/*@ assigns \nothing;
  @ ensures \result == vms_machine.cpu[this_cpu].active; */
struct vms_space *vms_space_current(void);

/**
 * Set who resolves the faults of this space; NULL for nobody. Context: before others use the space.
 */
/*@ requires \valid(space);
  @ assigns space->on_fault;
  @ ensures space->on_fault == handler; */
void vms_space_set_fault_handler(struct vms_space *space, vms_fault_handler *handler);

/**
 * To be called by the kernel's page-fault handler, for faults in user and kernel mode, on the faulting CPU.
 *
 * Returns  true if the instruction can be run again: the space's handler resolved the fault, or the entry
 *          permits the access by now (another CPU was quicker; the stale translation is flushed here).
 *          false if not, or if the address is no user address: a fault in kernel mode then goes to
 *          arch_user_fixup(), and one in user mode is the program's to answer for.
 * Context  any in which the handler may run; no cursor open on the address.
 */
VMS_MUST_USE bool vms_space_fault(const struct vms_fault *fault);

#endif
