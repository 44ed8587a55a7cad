/* The bare limit that rows are compared with; bare.c says what it is. */
#ifndef BENCH_NATIVE_BARE_H
#define BENCH_NATIVE_BARE_H

#include <vms/port.h>
#include <pte.h>

#include "bench.h"

void bare_build(uint64_t nr);
void bare_store(uint64_t nr);
void bare_load(uint64_t nr);
void bare_store_each(uint64_t nr);
void bare_load_each(uint64_t nr);
void bare_store_locked(uint64_t nr);

#endif
