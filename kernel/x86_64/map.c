/*
 * The kernel's half of every address space, made with the library's own cursors. No page is both writable and
 * executable, under any name: the direct map leaves out the right to write where the image's text and
 * constants are. What is mapped here is never unmapped.
 */
#include <x86.h>

extern char image_start[], text_end[], rodata_end[], image_end[];

/* Smaller than 1 GiB, which not every processor can map with one leaf. */
#define PIECE 0x20000000ul

static void map(vms_va va, vms_pa from, vms_pa to, uint32_t rights, enum vms_cache cache)
{
	struct vms_prop prop = {.flags = rights + VMS_GLOBAL + VMS_ACCESSED + VMS_DIRTY, .cache = cache};
	struct vms_cursor cursor;
	struct vms_guard guard;
	enum vms_status status = VMS_OK;

	vms_guard_enter(&guard);
	while (status == VMS_OK && from < to) {
		vms_pa end = min_u64(to, (from / PIECE + 1) * PIECE);

		status = vms_cursor_open(&cursor, &vms_machine.kernel, &guard, va, va + (end - from), VMS_EDITING);
		if (status == VMS_OK) {
			status = vms_cursor_map_device(&cursor, (vms_pfn)(from / VMS_PAGE), end - from, prop);
			vms_cursor_close(&cursor);
		}
		va += end - from;
		from = end;
	}
	vms_guard_leave(&guard);
	if (status != VMS_OK)
		panic("mapping the kernel at %lx: %s", va, vms_status_name(status));
}

static void map_direct(vms_pa from, vms_pa to, uint32_t rights)
{
	if (from < to)
		map(DIRECT_MAP + from, from, to, rights, VMS_WRITE_BACK);
}

static void map_image(const char *start, const char *end, uint32_t rights)
{
	map((uintptr_t)start, (uintptr_t)start - KERNEL_BASE, (uintptr_t)end - KERNEL_BASE, rights, VMS_WRITE_BACK);
}

void machine_map_kernel(void)
{
	vms_pa constant = (uintptr_t)image_start - KERNEL_BASE, variable = (uintptr_t)rodata_end - KERNEL_BASE;
	vms_pa io_apic = acpi_info.io_apic / VMS_PAGE * VMS_PAGE;

	arch_mmu_init();
	map_image(image_start, text_end, VMS_R + VMS_X);
	map_image(text_end, rodata_end, VMS_R);
	map_image(rodata_end, image_end, VMS_R + VMS_W);
	for (uint32_t i = 0; i < nr_ram_ranges; i++) {
		vms_pa start = ram_ranges[i].start, end = ram_ranges[i].end;

		map_direct(start, min_u64(end, constant), VMS_R + VMS_W);
		map_direct(max_u64(start, constant), min_u64(end, variable), VMS_R);
		map_direct(max_u64(start, variable), end, VMS_R + VMS_W);
	}
	map(DEVICE_MAP + LAPIC_BASE, LAPIC_BASE, LAPIC_BASE + VMS_PAGE, VMS_R + VMS_W, VMS_UNCACHED);
	map(DEVICE_MAP + io_apic, io_apic, io_apic + VMS_PAGE, VMS_R + VMS_W, VMS_UNCACHED);
}
