/*
 * The range-locking protocol: how a cursor comes to own its range, and how tables go for good.
 *
 * 1. Walk down from the root without locks while start and end - 1 share an entry. Editing, make the tables
 *    that are missing, each locked before it can be seen.
 * 2. Lock the table where that ends, the *covering* one. If it was detached meanwhile (stray), start again.
 * 3. Lock every table below it that meets the range, parents before children, low before high. No cursor
 *    can wait for another in a circle then, and none can be inside the range.
 * 4. A table leaves the tree by clearing its parent's entry, marking it and all below it stray under their
 *    locks, and unlocking. Its frame is reused only when every CPU that was walking at that time (*section*)
 *    has finished its walk.
 */
#ifndef VMS_SRC_LOCK_H
#define VMS_SRC_LOCK_H

#include <vms/cursor.h>
#include <vms/machine.h>

#include "atomic.h"

/* Waits while another CPU has the lock, and serves flushes meanwhile. */
/*@ requires mem_ok && queues_ok && node < vms_machine.nr_frames;
  @ assigns vms_machine.meta[node].lock, flush_state;
  @ ensures vms_machine.meta[node].lock == 1 && queues_ok && same_trees{Pre,Post}; */
void vms__node_lock(vms_pfn node);

/*@ requires mem_ok && node < vms_machine.nr_frames;
  @ assigns vms_machine.meta[node].lock;
  @ ensures vms_machine.meta[node].lock == 0 && same_trees{Pre,Post}; */
static inline void vms__node_unlock(vms_pfn node)
{
	vms__store32(&vms_machine.meta[node].lock, 0);
}

/*
 * Between these a table met on the way down is not reused, even if it is detached meanwhile. Does not nest.
 * leave takes what enter gave.
 */
/*@ requires \true;
  @ assigns vms_machine.cpu[this_cpu].section;
  @ ensures cpu_exists(this_cpu) && \result == &vms_machine.cpu[this_cpu].section; */
uint32_t *vms__section_enter(void);
/*@ requires \valid(section); assigns *section; */
void vms__section_leave(uint32_t *section);

/* Steps 1 to 3: fill in the cursor's covering table. VMS_OK, or VMS_NO_MEMORY with nothing locked. */
enum vms_status vms__range_lock(struct vms_cursor *cursor);
/*@ requires opened(cursor);
  @ assigns vms_machine.meta[0 .. vms_machine.nr_frames - 1].lock;
  @ ensures vms_machine.meta[cursor->top].lock == 0 && same_trees{Pre,Post}; */
void vms__range_unlock(struct vms_cursor *cursor);

/*
 * Step 4, for the child at entry i of n. The cursor holds the locks of n, the child and all below. The
 * tables go to the cursor's flusher. Returns the number of pages that were mapped under the child.
 */
uint64_t vms__detach(struct vms_cursor *cursor, vms_pfn n, uint32_t i);

/* Free these detached tables, one or more, when no CPU can be looking at them. */
void vms__tables_retire(vms_pfn *first);

#endif
