/*
 * The names of statuses.
 */
#include <vms/types.h>

const char *vms_status_name(enum vms_status status)
{
	static const char *const name[VMS_NR_STATUS] = {
		[VMS_OK] = "VMS_OK",
		[VMS_BAD_RANGE] = "VMS_BAD_RANGE",
		[VMS_OUT_OF_RANGE] = "VMS_OUT_OF_RANGE",
		[VMS_NO_MEMORY] = "VMS_NO_MEMORY",
		[VMS_EXISTS] = "VMS_EXISTS",
		[VMS_NOT_FOUND] = "VMS_NOT_FOUND",
		[VMS_BAD_FRAME] = "VMS_BAD_FRAME",
		[VMS_BAD_PROP] = "VMS_BAD_PROP",
		[VMS_READ_ONLY] = "VMS_READ_ONLY",
		[VMS_ACCESS_DENIED] = "VMS_ACCESS_DENIED",
		[VMS_PAGE_FAULT] = "VMS_PAGE_FAULT",
		[VMS_INVALID] = "VMS_INVALID",
		[VMS_OUT_OF_BOUNDS] = "VMS_OUT_OF_BOUNDS",
		[VMS_IN_USE] = "VMS_IN_USE",
		[VMS_UNUSED] = "VMS_UNUSED",
		[VMS_SATURATED] = "VMS_SATURATED",
	};

	return (unsigned int)status < VMS_NR_STATUS ? name[status] : "VMS_?";
}
