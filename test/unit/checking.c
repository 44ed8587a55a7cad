/*
 * With VMS_CHECK=3 each operation of these tests is held against its contract, and the owner state is verified.
 */
#include "unit.h"

#ifndef VMS_CHECK
#define VMS_CHECK 0
#endif

#if VMS_CHECK >= 3
#include <spec/check.h>

void spec_failed(const char *operation, const char *what, vms_va where)
{
	sim_fail("contract of %s: %s (0x%lx)", operation, what, where);
}

void spec_check_tlbs(void)
{
	sim_check_tlbs();
}

void checking(bool on)
{
	spec_enable(on);
}

uint64_t checking_count(void)
{
	return spec_nr_checked();
}
#else
void checking(bool on)
{
	(void)on;
}

uint64_t checking_count(void)
{
	return 0;
}
#endif
