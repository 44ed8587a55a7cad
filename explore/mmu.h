/*
 * The explorer's MMU has the names of the simulated machine's, with the explorer's <pte.h>. world/mmu.c and
 * world/cpu.c have the functions.
 */
#include "../sim/mmu.h"
