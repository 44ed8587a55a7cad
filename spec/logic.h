/*
 * The words of the contracts, for provers: read before each file of src/ that is proved.
 */
#ifndef VMS_SPEC_LOGIC_H
#define VMS_SPEC_LOGIC_H

#include <spec/logic_cursor.h>
#include <spec/logic_mem.h>
#include <spec/logic_node.h>
#include <spec/logic_pte.h>
#include <spec/logic_slot.h>
#include <spec/logic_step.h>
#include <spec/logic_tlb.h>
#include <spec/logic_tree.h>

#endif
