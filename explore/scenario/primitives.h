/*
 * Primitives of src/ by themselves: small enough for the weak model too.
 */
#ifndef EXPLORE_PRIMITIVES_H
#define EXPLORE_PRIMITIVES_H

#include "../world/world.h"

/* A table's lock around a plain counter; each CPU takes it twice, or once. */
void lock_once(void);
void lock_twice(void);
void lock_finish(void);

/* A table is unlinked and retired by one CPU; others walk to it inside a section. */
void section_setup(void);
void section_walk(void);
void section_walk_twice(void);
void section_retire(void);
void section_retire_twice(void);
void section_finish(void);

/* Flushers ask CPU 1, with one range or with more than its queue holds. */
void flush_begin(void);
void flush_ask(void);
void flush_serve(void);
void flush_ask_all(void);
void flush_all_finish(void);
void flush_many(void);
void flush_finish(void);

/* The set of CPUs against entries: either the bit is seen or the cleared entry is. */
void set_setup(void);
void set_enter(void);
void set_leave(void);
void set_clear(void);
void set_finish(void);

/* Counts of frames and spaces: the last to go frees, once. */
void count_setup(void);
void count_put(void);
void count_get_put(void);
void count_finish(void);

/* A CPU comes online while the kernel's space is flushed. */
void online_come(void);
void online_flush(void);
void online_finish(void);

#endif
