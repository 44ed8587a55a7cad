/*
 * The firmware's table of processors and interrupt controllers (ACPI 6.4, 5.2.12: the MADT). Read once, early,
 * while the boot tables map all RAM; what matters is kept in acpi_info. Without tables there is one CPU, and
 * the interrupt controller is where PCs have it.
 */
#include <x86.h>

struct rsdp {
	char signature[8];
	uint8_t checksum;
	char oem[6];
	uint8_t revision;
	uint32_t rsdt;
	uint32_t len;
	uint64_t xsdt;
} __attribute__((packed));

struct table {
	char signature[4];
	uint32_t len;
	uint8_t revision, checksum;
	char oem[6], oem_table[8];
	uint32_t oem_revision, creator, creator_revision;
};

struct entry {
	uint8_t type;
	uint8_t len;
};

enum { MADT_LAPIC = 0, MADT_IO_APIC = 1, MADT_OVERRIDE = 2 };

#define UART_IRQ 4u

struct acpi_info acpi_info = {.io_apic = 0xfec00000, .uart_pin = UART_IRQ};

/* The firmware keeps its tables right above the RAM that it calls free: the same GiB is mapped. */
static bool is_mapped(vms_pa at, uint64_t len)
{
	uint64_t gib = 0x40000000, end = (boot_info.nr_frames * VMS_PAGE + gib - 1) / gib * gib;

	return at != 0 && at < end && len <= end - at;
}

static uint32_t read32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static vms_pa find_rsdp(void)
{
	for (vms_pa at = 0xe0000; at < 0x100000; at += 16) {
		if (memcmp(direct(at), "RSD PTR ", 8) == 0)
			return at;
	}
	return 0;
}

static const struct table *table_at(vms_pa at)
{
	const struct table *table = direct(at);

	if (!is_mapped(at, sizeof(*table)) || table->len < sizeof(*table) || !is_mapped(at, table->len))
		return NULL;
	return table;
}

static const struct table *find_madt(vms_pa rsdp_at)
{
	const struct rsdp *rsdp = direct(rsdp_at);
	bool wide;
	const struct table *root;
	uint32_t size;

	if (!is_mapped(rsdp_at, sizeof(*rsdp)))
		return NULL;
	wide = rsdp->revision >= 2 && rsdp->xsdt != 0;
	root = table_at(wide ? rsdp->xsdt : rsdp->rsdt);
	size = wide ? 8 : 4;
	if (!root)
		return NULL;
	for (uint32_t i = sizeof(*root); i + size <= root->len; i += size) {
		uint64_t at = 0;
		const struct table *table;

		memcpy(&at, (const uint8_t *)root + i, size);
		table = table_at(at);
		if (table && memcmp(table->signature, "APIC", 4) == 0)
			return table;
	}
	return NULL;
}

static void read_madt(const struct table *madt)
{
	const uint8_t *bytes = (const uint8_t *)madt;
	const struct entry *entry;

	/* The header is followed by the LAPIC's address and flags. */
	for (uint32_t i = sizeof(*madt) + 8; i + sizeof(*entry) <= madt->len; i += entry->len) {
		const uint8_t *at = &bytes[i];

		entry = (const struct entry *)at;
		if (entry->len < sizeof(*entry) || i + entry->len > madt->len)
			break;
		if (entry->type == MADT_LAPIC && entry->len >= 8 && (at[4] & 1) && acpi_info.nr_lapics < VMS_MAX_CPUS)
			acpi_info.lapic_id[acpi_info.nr_lapics++] = at[3];
		if (entry->type == MADT_IO_APIC && entry->len >= 12 && read32(&at[8]) == 0) {
			acpi_info.io_apic = read32(&at[4]);
		}
		if (entry->type == MADT_OVERRIDE && entry->len >= 10 && at[3] == UART_IRQ)
			acpi_info.uart_pin = read32(&at[4]);
	}
}

void acpi_read(vms_pa rsdp)
{
	const struct table *madt = find_madt(rsdp ? rsdp : find_rsdp());

	if (madt)
		read_madt(madt);
	if (acpi_info.nr_lapics == 0)
		acpi_info.nr_lapics = 1;
}
