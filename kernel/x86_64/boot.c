/*
 * What the boot loader handed over: memory map, command line, archive (PVH's hvm_start_info). Runs on the
 * tables of boot.S and completes their direct map, so that all RAM can be reached before there is an allocator.
 *
 * Free RAM ends up in boot_info.regions: what the loader calls RAM, in whole pages, without the first MiB, the
 * image, the archive and the few frames that the direct map took.
 */
#include <x86.h>

#define START_INFO_MAGIC 0x336ec578u
#define MEMORY_RAM 1u
#define GIB 0x40000000ul
#define LOW_END 0x100000ul

struct start_info {
	uint32_t magic;
	uint32_t version;
	uint32_t flags;
	uint32_t nr_modules;
	uint64_t modules;
	uint64_t command_line;
	uint64_t rsdp;
	uint64_t memory_map; /* from version 1 on */
	uint32_t nr_memory;
	uint32_t reserved;
};

struct start_module {
	uint64_t start;
	uint64_t len;
	uint64_t command_line;
	uint64_t reserved;
};

struct start_memory {
	uint64_t start;
	uint64_t len;
	uint32_t type;
	uint32_t reserved;
};

struct boot_info boot_info;
struct ram_range ram_ranges[MAX_RAM_RANGES];
uint32_t nr_ram_ranges;

extern uint64_t boot_direct[VMS_ENTRIES];
extern char image_start[], image_end[];

static void find_ram(const struct start_info *info)
{
	const struct start_memory *map = direct(info->memory_map);

	for (uint32_t i = 0; i < info->nr_memory; i++) {
		vms_pa start = page_up(map[i].start);
		vms_pa end = (map[i].start + map[i].len) / VMS_PAGE * VMS_PAGE;

		/* More than the boot tables can map is not used. */
		end = min_u64(end, VMS_ENTRIES * GIB);
		if (map[i].type != MEMORY_RAM || start >= end || nr_ram_ranges == MAX_RAM_RANGES)
			continue;
		ram_ranges[nr_ram_ranges].start = start;
		ram_ranges[nr_ram_ranges++].end = end;
		if (end / VMS_PAGE > boot_info.nr_frames)
			boot_info.nr_frames = (uint32_t)(end / VMS_PAGE);
	}
}

static void free_ram(void)
{
	for (uint32_t i = 0; i < nr_ram_ranges; i++) {
		vms_pa start = max_u64(ram_ranges[i].start, LOW_END);

		if (start >= ram_ranges[i].end)
			continue;
		boot_info.regions[boot_info.nr_regions++] =
			(struct vms_region){.first = (vms_pfn)(start / VMS_PAGE),
					    .nr_frames = (uint32_t)((ram_ranges[i].end - start) / VMS_PAGE)};
	}
}

/* Take what overlaps [start, end) out of the regions. */
static void reserve(vms_pa start, vms_pa end)
{
	uint64_t first = start / VMS_PAGE, last = page_up(end) / VMS_PAGE;

	for (uint32_t i = 0; i < boot_info.nr_regions; i++) {
		struct vms_region *region = &boot_info.regions[i];
		uint64_t region_end = (uint64_t)region->first + region->nr_frames;

		if (last <= region->first || first >= region_end)
			continue;
		if (first > region->first && last < region_end) {
			if (boot_info.nr_regions == ARRAY_LEN(boot_info.regions))
				panic("boot: too many memory regions");
			boot_info.regions[boot_info.nr_regions++] =
				(struct vms_region){.first = (vms_pfn)last, .nr_frames = (uint32_t)(region_end - last)};
			region->nr_frames = (uint32_t)(first - region->first);
		} else if (first > region->first) {
			region->nr_frames = (uint32_t)(first - region->first);
		} else if (last < region_end) {
			region->first = (vms_pfn)last;
			region->nr_frames = (uint32_t)(region_end - last);
		} else {
			*region = boot_info.regions[--boot_info.nr_regions];
			i--;
		}
	}
}

/* A frame that the boot tables map already. */
static vms_pfn take_low_frame(void)
{
	for (uint32_t i = 0; i < boot_info.nr_regions; i++) {
		struct vms_region *region = &boot_info.regions[i];

		if (region->nr_frames > 1 && region->first < GIB / VMS_PAGE) {
			region->nr_frames--;
			return region->first++;
		}
	}
	panic("boot: no memory for the first tables");
}

static void map_all_ram(void)
{
	for (uint64_t gib = 1; gib * GIB < boot_info.nr_frames * VMS_PAGE; gib++) {
		vms_pfn frame = take_low_frame();
		uint64_t *leaves = direct(frame * VMS_PAGE);

		for (uint64_t i = 0; i < VMS_ENTRIES; i++)
			leaves[i] = gib * GIB + i * 0x200000 + 0x83; /* present, writable, large */
		boot_direct[gib] = frame * VMS_PAGE + 3;
	}
}

void boot_start(vms_pa start_info)
{
	const struct start_info *info = direct(start_info);

	boot_tsc = tsc_read();
	cpu_tables_load(&boot_cpu_tables, 0);
	machine_console_init();
	if (info->magic != START_INFO_MAGIC || info->version < 1 || info->nr_memory == 0)
		panic("boot: the loader gives no memory map (PVH version 1 is needed)");

	/* The information itself lies in the first MiB, or in the archive's neighbourhood: copy, then reserve. */
	if (info->command_line)
		strcopy(boot_info.command_line, direct(info->command_line), sizeof(boot_info.command_line));
	if (info->nr_modules) {
		const struct start_module *module = direct(info->modules);

		boot_info.archive = module->start;
		boot_info.archive_len = module->len;
	}
	find_ram(info);
	free_ram();
	reserve((uintptr_t)image_start - KERNEL_BASE, (uintptr_t)image_end - KERNEL_BASE);
	if (boot_info.archive_len)
		reserve(boot_info.archive, boot_info.archive + boot_info.archive_len);
	map_all_ram();
	acpi_read(info->rsdp);
	boot_info.nr_cpus = acpi_info.nr_lapics;
	boot_info.ram = direct(0);
	kernel_main();
	panic("boot: kernel_main() returned");
}
