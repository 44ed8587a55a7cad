/*
 * What cursors do with their flusher on nearly every call, without a call: start it, see that it is empty, and
 * park one frame after the other.
 */
#ifndef VMS_SRC_FLUSH_H
#define VMS_SRC_FLUSH_H

#include <vms/tlb.h>

/*@ requires \valid(flusher) && space_ok(space) && \separated(flusher, space) && \separated(flusher, &vms_machine);
  @ assigns flusher->space, flusher->nr_ranges, flusher->nr_frames, flusher->all, flusher->nr_pages, flusher->waiting,
  @   flusher->tables;
  @ ensures flusher_ok(flusher) && flusher->space == space && nothing_queued(flusher);
  @ ensures flusher->nr_frames == 0 && flusher->waiting == 0 && flusher->tables == VMS_NO_FRAME; */
static inline void vms__flusher_init(struct vms_tlb_flusher *flusher, struct vms_space *space)
{
	flusher->space = space;
	flusher->nr_ranges = 0;
	flusher->nr_frames = 0;
	flusher->all = false;
	flusher->nr_pages = 0;
	flusher->waiting = 0;
	flusher->tables = VMS_NO_FRAME;
}

/* Nothing queued, nobody waited for, nothing parked: then dispatch and sync have nothing to do. */
/*@ requires \valid_read(flusher);
  @ assigns \nothing;
  @ ensures \result <==> nothing_queued(flusher) && flusher->nr_frames == 0 && flusher->waiting == 0 &&
  @   flusher->tables == VMS_NO_FRAME; */
static inline bool vms__flusher_is_idle(const struct vms_tlb_flusher *flusher)
{
	return flusher->nr_ranges == 0 && flusher->nr_frames == 0 && !flusher->all && flusher->waiting == 0 &&
	       flusher->tables == VMS_NO_FRAME;
}

/* Keep one reference to a frame until the flush of what is queued is done. Make room first if there is none. */
static inline void vms__flusher_park(struct vms_tlb_flusher *flusher, vms_pfn frame)
{
	if (flusher->nr_frames == VMS_FLUSH_FRAMES) {
		vms_tlb_dispatch(flusher);
		vms_tlb_sync(flusher);
	}
	flusher->frames[flusher->nr_frames] = frame;
	flusher->nr_frames++;
}

#endif
