/*
 * Scenarios of their own for tags and for frames that are somebody's alone.
 */
#ifndef EXPLORE_MORE_H
#define EXPLORE_MORE_H

#include "../world/world.h"

/* A CPU enters a space, uses what it maps or what its tag kept of it, and leaves; another takes the page away. */
void going_setup(void);
void going_setup_tags(void);
void going_use(void);
void going_away(void);
void going_finish(void);

/* A frame that a holder wants for itself, while others give back or take references. */
void unique_setup_one(void);
void unique_take(void);
void unique_take_and_keep(void);
void unique_get_late(void);
void unique_finish_gone(void);
void unique_finish_kept(void);

/* Frames that come and go, and somebody who holds nothing and asks what they are. */
void kind_setup(void);
void kind_table(void);
void kind_huge(void);
void kind_huge_first(void);
void kind_ask_table(void);
void kind_ask_part(void);
void kind_finish(void);

/* A run of frames, and a slice of it. */
void segment_setup(void);
void segment_give(void);
void segment_slice_and_give(void);
void segment_finish(void);

#endif
