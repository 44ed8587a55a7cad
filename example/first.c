#include <stdio.h>
#include <stdlib.h>
#include <sim/sim.h> /* a machine in a process; it includes <vms/vms.h> */

static void must(enum vms_status status, enum vms_status expected)
{
	if (status != expected)
		exit(printf("%s\n", vms_status_name(status)));
}

int main(void)
{
	static struct vms_space space;
	struct vms_cursor cursor;
	struct vms_guard guard;
	struct vms_writer writer;
	struct vms_reader reader;
	char text[6];

	sim_start(NULL); /* RAM and one CPU, with the library at work on them */
	must(vms_space_create(&space), VMS_OK);
	sim_activate(&space);
	vms_guard_enter(&guard); /* preemption off; now own the page at 0x10000, and map a frame there */
	vms_pfn frame = vms_port_frame_alloc();
	must(vms_frame_from_unused(frame, VMS_FRAME_UNTYPED, 1), VMS_OK);
	must(vms_cursor_open(&cursor, &space, &guard, 0x10000, 0x11000, VMS_EDITING), VMS_OK);
	must(vms_cursor_map(&cursor, frame, (struct vms_prop){.flags = VMS_R | VMS_W}), VMS_OK);
	vms_cursor_close(&cursor);
	must(vms_space_reader_writer(&space, 0x10000, VMS_PAGE, &reader, &writer), VMS_OK);
	must(vms_writer_value(&writer, "hello", 6), VMS_OK);
	must(vms_reader_value(&reader, text, 6), VMS_OK);
	must(vms_cursor_open(&cursor, &space, &guard, 0x10000, 0x11000, VMS_EDITING), VMS_OK);
	must(vms_cursor_unmap(&cursor, VMS_PAGE, NULL), VMS_OK);
	vms_cursor_close(&cursor); /* flushed on every CPU: the frame is free again */
	vms_guard_leave(&guard);
	must(vms_reader_value(&reader, text, 6), VMS_PAGE_FAULT);
	vms_space_put(&space);
	sim_stop(); /* nothing is lost, or it says so */
	return puts(text) < 0;
}
