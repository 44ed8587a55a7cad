/*
 * The owner of a space: who has which part of its memory, and what must hold of that at all times.
 *
 *   total      everything that the space translates
 *   remaining  what no writer has taken
 *   readers    ranges that are being read; a view of each once it is used
 *   writers    ranges that are being written; the view of each is taken out of remaining while it is used
 *
 * A reader or writer lives like this: *create* (a range, no view), *activate* (a reader borrows its part of
 * total, a writer splits it off remaining), *use* (the range shrinks from its start), *dispose* (the view goes
 * back), *remove*. Clauses have the names of the seed; doc/owner-state.md has the table.
 */
#ifndef VMS_SPEC_OWNER_H
#define VMS_SPEC_OWNER_H

#include <spec/view.h>

#define SPEC_IO_MAX 16u

enum spec_io_kind { SPEC_READER, SPEC_WRITER };

/* VmIoOwner: one reader or writer. */
struct spec_io {
	enum spec_io_kind kind;
	vms_va at; /* the range is [at, end) */
	vms_va end;
	bool has_view;
	struct spec_view view;
};

/* VmSpaceOwner. */
struct spec_owner {
	struct vms_space *space;
	struct spec_view total;     /* mv_range */
	struct spec_view remaining; /* mem_view */
	uint32_t nr_io;
	struct spec_io io[SPEC_IO_MAX];
};

void spec_owner_init(struct spec_owner *owner, struct vms_space *space);
void spec_owner_fini(struct spec_owner *owner);

/* The space changed: its tree says what total is now. Only while nobody holds a view. */
void spec_owner_refresh(struct spec_owner *owner);

/* --- Lifecycle. Each returns false, and changes nothing, if the owner's state does not allow it. --- */
bool spec_io_create(struct spec_owner *owner, enum spec_io_kind kind, vms_va at, uint64_t len, uint32_t *id);
bool spec_io_activate(struct spec_owner *owner, uint32_t id);
bool spec_io_advance(struct spec_owner *owner, uint32_t id, uint64_t len);
bool spec_io_dispose(struct spec_owner *owner, uint32_t id);
bool spec_io_remove(struct spec_owner *owner, uint32_t id);

/* --- Clauses. --- */

/* A reader or writer: its range is in order and in user space; its view, if any, lies in its range. */
bool spec_io_inv(const struct spec_io *io);
/* Views are disjoint in va, finite, and of well-formed mappings. */
bool spec_views_are_well_formed(const struct spec_owner *owner);
/* Remaining is a part of total, mappings and memory. */
bool spec_remaining_consistency(const struct spec_owner *owner);
/*
 * Wherever remaining translates, total translates equally; likewise in each writer's view. (The seed asks it
 * of every address, which remaining cannot satisfy once a writer has taken a part.)
 */
bool spec_total_view_consistency(const struct spec_owner *owner);
/* Each writer is well formed; its view is a part of total, and disjoint from remaining. */
bool spec_writer_correctness(const struct spec_owner *owner);
/* A reader's view agrees with total. */
bool spec_reader_correctness(const struct spec_owner *owner);
/* Total is remaining and the writers' views together. */
bool spec_total_is_union(const struct spec_owner *owner);
/* Writers' ranges meet neither each other's nor readers'; readers may overlap; touching is no meeting. */
bool spec_ranges_are_disjoint(const struct spec_owner *owner);
/* The leaves of the tree are exactly total's mappings. */
bool spec_page_table_is_view(const struct spec_owner *owner);
/* What is active here is known to be: the bit of each CPU that has the space active is set, and no other. */
bool spec_active_is_known(const struct spec_owner *owner);

/* All of the above but the last two. */
bool spec_mem_view_wf(const struct spec_owner *owner);

/* The first clause that does not hold, or NULL: of all but page_table_is_view, which reads the tree once more. */
const char *spec_owner_broken(const struct spec_owner *owner);

#endif
