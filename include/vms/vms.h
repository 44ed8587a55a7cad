/* The whole public face in one include. */
#ifndef VMS_VMS_H
#define VMS_VMS_H

#include <vms/cursor.h>
#include <vms/frame.h>
#include <vms/machine.h>
#include <vms/plain.h>
#include <vms/port.h>
#include <vms/segment.h>
#include <vms/space.h>
#include <vms/state.h>
#include <vms/tlb.h>
#include <vms/types.h>
#include <vms/user.h>

#endif
