/*
 * Checking builds (VMS_CHECK=3): every public operation is held against its contract, and the owner state is
 * verified after it. The library is not changed for that: the linker puts spec/contract_*.c between the caller
 * and it (--wrap). Only while one thread drives the machine.
 */
#ifndef VMS_SPEC_CHECK_H
#define VMS_SPEC_CHECK_H

#include <spec/owner.h>

/* Off at first; every space that is created while it is on is followed. A new machine forgets all. */
void spec_enable(bool on);

/* Operations that were checked so far. */
uint64_t spec_nr_checked(void);

/* Supplied by whoever links the checks: a contract or a clause is broken. Does not return. */
VMS_NORETURN void spec_failed(const char *operation, const char *what, vms_va where);

/* Likewise: no cursor is open, so no TLB may know what the tables do not say. */
void spec_check_tlbs(void);

/* --- For spec/contract_*.c --- */

/* The owner of a space; NULL if it is not followed. */
struct spec_owner *spec_owner_of(const struct vms_space *space);
/* The space active here; whoever asks may be anywhere. */
struct vms_space *spec_current_space(void);
void spec_owner_add(struct vms_space *space);
void spec_owner_remove(const struct vms_space *space);
void spec_owner_forget_all(void);
void spec_cursors_forget(void);

/* A copy of a view, to be used up by spec_settle() or given back. */
struct spec_view spec_view_take(const struct spec_view *copy_of);
void spec_view_give(struct spec_view *view);

void spec_operation_checked(void); /* one more */

/*
 * The operation is over: its space must be as `expected`, which becomes total; then every clause is checked.
 * `expected` is used up.
 */
void spec_settle(struct spec_owner *owner, const char *operation, struct spec_view *expected);

#endif
