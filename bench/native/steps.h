/* Steps that rows share: make a space, fill it, open a cursor. rows.c has them. */
#ifndef BENCH_NATIVE_STEPS_H
#define BENCH_NATIVE_STEPS_H

#include "bench.h"

extern struct vms_guard guard;
extern const struct vms_prop prop_rw;

void cursor_open_at(struct vms_cursor *cursor, vms_va va, uint64_t nr_pages);
void space_fresh(uint64_t nr);
void space_end(uint64_t nr);
void before_map(uint64_t nr);
void before_mapped(uint64_t nr);

#endif
