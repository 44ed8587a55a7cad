/*
 * The scenarios, named by what they threaten.
 *
 * Pages 0..3 share a table of level 1, 0..15 one of level 2. An unmap of [0, 8) takes two tables out of the
 * tree under the lock of their parent; one of [0, 32) two trees of tables under the root's.
 */
#include "../world/world.h"

#define ALL_CPUS 7u
#define BOTH         \
	{            \
		1, 1 \
	}

// clang-format off
const struct scenario scenarios[] = {
	/* --- Tables made --- */
	{.name = "two creators of one child", .nr_cpus = 2,
	 .script = {{{MAP, 0, .value = 0}}, {{MAP, 1, .value = 1}}}},
	{.name = "two creators on one way", .nr_cpus = 2,
	 .script = {{{MAP, 0, .value = 0}}, {{MAP, 5, .value = 1}}}},
	{.name = "three creators of one child", .nr_cpus = 3,
	 .script = {{{MAP, 0, .value = 0}}, {{MAP, 1, .value = 1}}, {{MAP, 2, .value = 2}}}},
	{.name = "two maps of one page", .nr_cpus = 2,
	 .script = {{{MAP, 0, .value = 0}}, {{MAP, 0, .value = 1}}}},
	{.name = "creator against a query of the same page", .nr_cpus = 2,
	 .script = {{{MAP, 0, .value = 0}}, {{QUERY, 0}, {QUERY, 0}}}},
	{.name = "memory runs out under two creators", .nr_cpus = 2, .nr_pool = 1,
	 .script = {{{MAP, 0, .value = 0}, {MAP, 5, .value = 2}}, {{MAP, 1, .value = 1}}}},
	{.name = "huge map over empty tables against a query below", .nr_cpus = 2,
	 .before = {{MAP, 0, .value = 8}, {UNMAP, 0, 1}},
	 .script = {{{HUGE, 0, .value = 0, .from = 0, .to = 8}}, {{QUERY, 1}}}},
	{.name = "huge map over empty tables against a map below", .nr_cpus = 2,
	 .before = {{MAP, 0, .value = 8}, {UNMAP, 0, 1}},
	 .script = {{{HUGE, 0, .value = 0, .from = 0, .to = 8}}, {{MAP, 1, .value = 9}}}},

	/* --- Tables taken out --- */
	{.name = "unmap of a table against a map below", .nr_cpus = 2, .before = {{MAP, 0, .value = 8}},
	 .script = {{{UNMAP, 0, 8}}, {{MAP, 1, .value = 0}}}},
	{.name = "unmap of a table against a query below", .nr_cpus = 2, .before = {{MAP, 0, .value = 8}},
	 .script = {{{UNMAP, 0, 8}}, {{QUERY, 0}}}},
	{.name = "unmap of two levels against a map below", .nr_cpus = 2, .before = {{MAP, 0, .value = 8}},
	 .script = {{{UNMAP, 0, 32}}, {{MAP, 1, .value = 0}}}},
	{.name = "unmap of two levels against a query below", .nr_cpus = 2, .before = {{MAP, 0, .value = 8}},
	 .script = {{{UNMAP, 0, 32}}, {{QUERY, 0}, {QUERY, 0}}}},
	{.name = "unmap of a table against a fault's walk", .nr_cpus = 2, .before = {{MAP, 0, .value = 8}},
	 .active = {0, 1}, .interrupts = 2, .script = {{{UNMAP, 0, 8}}, {{FAULT, 0}}}},
	{.name = "unmap of a table against the hardware's walk", .nr_cpus = 2, .before = {{MAP, 0, .value = 8}},
	 .active = {0, 1}, .interrupts = 2, .script = {{{UNMAP, 0, 8}}, {{USE, 0}}}},
	{.name = "unmap of two levels against a speculative walk", .nr_cpus = 2, .before = {{MAP, 0, .value = 8}},
	 .active = {0, 1}, .interrupts = 2, .walker = {[1] = {USE, 0}}, .script = {{{UNMAP, 0, 32}}}},
	{.name = "nested unmaps", .nr_cpus = 2, .before = {{MAP, 0, .value = 8}, {MAP, 1, .value = 9}},
	 .script = {{{UNMAP, 0, 8}}, {{UNMAP, 0, 32}}}},
	{.name = "overlapping unmaps", .nr_cpus = 2, .before = {{MAP, 0, .value = 8}, {MAP, 5, .value = 9}},
	 .script = {{{UNMAP, 0, 8}}, {{UNMAP, 4, 12}}}},
	{.name = "nested unmaps and a map", .nr_cpus = 3, .before = {{MAP, 0, .value = 8}},
	 .script = {{{UNMAP, 0, 32}}, {{UNMAP, 0, 8}}, {{MAP, 1, .value = 0}}}},
	{.name = "unmap of a table and two maps below", .nr_cpus = 3, .before = {{MAP, 0, .value = 8}},
	 .script = {{{UNMAP, 0, 8}}, {{MAP, 1, .value = 0}}, {{MAP, 5, .value = 1}}}},
	{.name = "tables taken out and made again", .nr_cpus = 2, .before = {{MAP, 0, .value = 8}},
	 .script = {{{UNMAP, 0, 8}, {MAP, 0, .value = 0}}, {{MAP, 1, .value = 1}, {UNMAP, 0, 8}}}},
	{.name = "a table's frame used again under a query", .nr_cpus = 2, .nr_pool = 1, .before = {{MAP, 0, .value = 8}},
	 .script = {{{UNMAP, 0, 8}, {MAP, 16, .value = 0}}, {{QUERY, 0}}}},
	{.name = "a space of two, only one unmapped", .nr_cpus = 2,
	 .before = {{MAP, 0, .value = 8}, {MAP, 0, .value = 9, .space = 1}},
	 .script = {{{UNMAP, 0, 8}}, {{UNMAP, 0, 8, .space = 1}}}},

	/* --- Grace periods --- */
	{.name = "grace period against two walks", .nr_cpus = 3, .before = {{MAP, 0, .value = 8}},
	 .script = {{{UNMAP, 0, 8}}, {{QUERY, 0}}, {{QUERY, 1}}}},
	{.name = "grace period against two walks by one CPU", .nr_cpus = 2, .before = {{MAP, 0, .value = 8}},
	 .script = {{{UNMAP, 0, 8}}, {{QUERY, 0}, {QUERY, 1}, {QUERY, 2}}}},
	{.name = "two grace periods at once", .nr_cpus = 2, .before = {{MAP, 0, .value = 8}, {MAP, 16, .value = 9}},
	 .script = {{{UNMAP, 0, 8}}, {{UNMAP, 16, 24}}}},
	{.name = "two grace periods one after the other", .nr_cpus = 2,
	 .before = {{MAP, 0, .value = 8}, {MAP, 16, .value = 9}},
	 .script = {{{UNMAP, 0, 8}, {UNMAP, 16, 24}, {RECLAIM, 0}}, {{QUERY, 0}, {QUERY, 16}}}},

	/* --- Slots cut --- */
	{.name = "split of a huge page against a query", .nr_cpus = 2, .before = {{HUGE, 0, .value = 0}},
	 .script = {{{UNMAP, 1, 2, .from = 0, .to = 4}}, {{QUERY, 2}}}},
	{.name = "split of a huge page against an unmap", .nr_cpus = 2, .before = {{HUGE, 0, .value = 0}},
	 .script = {{{UNMAP, 1, 2, .from = 0, .to = 4}}, {{UNMAP, 0, 8}}}},
	{.name = "two splits of one huge page", .nr_cpus = 2, .before = {{HUGE, 0, .value = 0}},
	 .script = {{{UNMAP, 1, 2}}, {{UNMAP, 3, 4}}}},
	{.name = "split of a huge page against its use", .nr_cpus = 2, .before = {{HUGE, 0, .value = 0}},
	 .active = {0, 1}, .interrupts = 2, .script = {{{UNMAP, 1, 2, .from = 0, .to = 4}}, {{USE, 1}, {USE, 2}}}},
	{.name = "split of a huge page against its dirty bit", .nr_cpus = 2, .before = {{HUGE, 0, .value = 0}},
	 .active = {0, 1}, .interrupts = 2, .settle = true,
	 .script = {{{UNMAP, 1, 2, .from = 0, .to = 4}}, {{USE, 2, .value = 1}}}},
	{.name = "protection of a part of a huge page against its use", .nr_cpus = 2, .before = {{HUGE, 0, .value = 0}},
	 .active = {0, 1}, .interrupts = 2, .script = {{{PROTECT, 1, 2, .from = 0, .to = 4}}, {{USE, 1, .value = 1}}}},
	{.name = "split of a mark against a map", .nr_cpus = 2, .before = {{MARK, 0, 16, .value = 7}},
	 .script = {{{MARK, 1, 2, .value = 9}}, {{MAP, 2, .value = 0}}}},
	{.name = "split of a mark against a query", .nr_cpus = 2, .before = {{MARK, 0, 16, .value = 7}},
	 .script = {{{MAP, 1, .value = 0}}, {{QUERY, 2}, {QUERY, 1}}}},

	/* --- Marks, protection, accessed and dirty --- */
	{.name = "mark against a fault's walk", .nr_cpus = 2, .before = {{MAP, 0, .value = 8}}, .active = {0, 1},
	 .interrupts = 2, .script = {{{MARK, 0, 1, .value = 5}}, {{FAULT, 0}, {USE, 0}}}},
	{.name = "mark over a table against a map below", .nr_cpus = 2, .before = {{MAP, 0, .value = 8}},
	 .script = {{{MARK, 0, 8, .value = 5}}, {{MAP, 1, .value = 0}}}},
	{.name = "protection against accessed and dirty", .nr_cpus = 2, .before = {{MAP, 0, .value = 8}}, .active = {0, 1},
	 .interrupts = 2, .settle = true, .script = {{{PROTECT, 0, 1}}, {{USE, 0, .value = 1}}}},
	{.name = "protection taken back against dirty", .nr_cpus = 2, .before = {{MAP, 0, .value = 8}}, .active = {0, 1},
	 .interrupts = 2, .settle = true,
	 .script = {{{PROTECT, 0, 1}, {GROW, 0, 1}}, {{USE, 0, .value = 1}}}},
	{.name = "protection against the walker and its dirty bit", .nr_cpus = 2, .before = {{MAP, 0, .value = 8}},
	 .active = {0, 1}, .interrupts = 2, .settle = true, .walker = {[1] = {USE, 0, .value = 1}},
	 .script = {{{PROTECT, 0, 1}}}},
	{.name = "unmap against accessed", .nr_cpus = 2, .before = {{MAP, 0, .value = 8}}, .active = {0, 1},
	 .interrupts = 2, .settle = true, .script = {{{UNMAP, 0, 1}}, {{USE, 0}}}},

	/* --- Flushes --- */
	{.name = "shootdown against use", .nr_cpus = 2, .before = {{MAP, 0, .value = 8}}, .active = {0, 1},
	 .interrupts = 2, .script = {{{UNMAP, 0, 1}}, {{USE, 0}, {USE, 0}}}},
	{.name = "parked frame against use of the page's next frame", .nr_cpus = 2, .before = {{MAP, 0, .value = 8}},
	 .active = {0, 1}, .interrupts = 2, .script = {{{REPLACE, 0, .value = 0}}, {{USE, 0}, {USE, 0}}}},
	{.name = "shootdowns that cross, in interrupts", .nr_cpus = 2,
	 .before = {{MAP, 0, .value = 8}, {MAP, 5, .value = 9}}, .active = BOTH, .interrupts = 3,
	 .script = {{{UNMAP, 0, 1}}, {{UNMAP, 5, 6}}}},
	{.name = "shootdowns that cross, with interrupts off", .nr_cpus = 2,
	 .before = {{MAP, 0, .value = 8}, {MAP, 5, .value = 9}}, .active = BOTH,
	 .script = {{{UNMAP, 0, 1}}, {{UNMAP, 5, 6}}}},
	{.name = "shootdown of a CPU that waits for the lock", .nr_cpus = 2, .real_locks = true,
	 .before = {{MAP, 0, .value = 8}}, .active = BOTH, .script = {{{UNMAP, 0, 1}}, {{UNMAP, 0, 1}}}},
	{.name = "shootdowns that cross, with use between", .nr_cpus = 2,
	 .before = {{MAP, 0, .value = 8}, {MAP, 5, .value = 9}}, .active = BOTH, .interrupts = 3,
	 .script = {{{UNMAP, 0, 1}}, {{USE, 0}, {UNMAP, 5, 6}}}},
	{.name = "two ask one CPU", .nr_cpus = 3, .before = {{MAP, 0, .value = 8}, {MAP, 5, .value = 9}},
	 .active = {0, 0, 1}, .interrupts = 4, .script = {{{UNMAP, 0, 1}}, {{UNMAP, 5, 6}}}},
	{.name = "one asks two CPUs", .nr_cpus = 3, .before = {{MAP, 0, .value = 8}}, .active = {0, 1, 1},
	 .interrupts = 6, .script = {{{UNMAP, 0, 1}}, {{USE, 0}}, {{USE, 0}}}},
	{.name = "service against the interrupt that does it too", .nr_cpus = 2, .before = {{MAP, 0, .value = 8}},
	 .active = {0, 1}, .interrupts = 2, .script = {{{UNMAP, 0, 1}}, {{USE, 0}, {SERVICE, 0}}}},
	{.name = "flush by hand against an unmap", .nr_cpus = 2, .before = {{MAP, 0, .value = 8}}, .active = BOTH,
	 .interrupts = 3, .script = {{{UNMAP, 0, 1}}, {{FLUSH, 5, 6}}}},
	{.name = "copy from user memory against an unmap", .nr_cpus = 2, .before = {{MAP, 0, .value = 8}},
	 .active = {0, 1}, .interrupts = 2, .script = {{{UNMAP, 0, 8}}, {{READ, 0}, {READ, 0}}}},

	/* --- Spaces and CPUs --- */
	{.name = "activation against a dispatch", .nr_cpus = 2, .before = {{MAP, 0, .value = 8}}, .interrupts = 2,
	 .script = {{{UNMAP, 0, 1}}, {{ACTIVATE, .value = 0}, {USE, 0}}}},
	{.name = "activation of another space against a dispatch", .nr_cpus = 2, .before = {{MAP, 0, .value = 8}},
	 .active = {0, 1}, .interrupts = 2, .script = {{{UNMAP, 0, 1}}, {{USE, 0}, {ACTIVATE, .value = 1}}}},
	{.name = "a switch away and back against a dispatch", .nr_cpus = 2, .before = {{MAP, 0, .value = 8}},
	 .active = {0, 1}, .interrupts = 2,
	 .script = {{{UNMAP, 0, 1}}, {{USE, 0}, {ACTIVATE, .value = 1}, {ACTIVATE, .value = 0}, {USE, 0}}}},
	{.name = "last put against leaving the space", .nr_cpus = 2, .before = {{MAP, 0, .value = 8}}, .active = {0, 1},
	 .script = {{{PUT, 0}}, {{ACTIVATE, .value = NR_SPACES}}}},
	{.name = "last put and two CPUs that leave", .nr_cpus = 3, .before = {{MAP, 0, .value = 8}}, .active = {0, 1, 1},
	 .script = {{{PUT, 0}}, {{ACTIVATE, .value = NR_SPACES}}, {{ACTIVATE, .value = 1}}}},
	{.name = "last put against use", .nr_cpus = 2, .before = {{MAP, 0, .value = 8}}, .active = {0, 1},
	 .script = {{{PUT, 0}}, {{USE, 0}, {ACTIVATE, .value = NR_SPACES}}}},
	{.name = "last put against the walker of a CPU that leaves", .nr_cpus = 2, .before = {{MAP, 0, .value = 8}},
	 .active = {0, 1}, .walker = {[1] = {USE, 0}}, .script = {{{PUT, 0}}, {{ACTIVATE, .value = NR_SPACES}}}},

	/* --- Counts --- */
	{.name = "last mapping goes while a query borrows the frame", .nr_cpus = 2, .before = {{MAP, 0, .value = 8}},
	 .script = {{{UNMAP, 0, 1}}, {{BORROW, 0}}}},
	{.name = "two mappings of a frame go at once", .nr_cpus = 2,
	 .before = {{MAP, 0, .value = 8}, {SHARE, 0, .value = 8, .space = 1}},
	 .script = {{{UNMAP, 0, 1}}, {{UNMAP, 0, 1, .space = 1}}}},
	{.name = "two mappings of a frame go, and one is borrowed", .nr_cpus = 3,
	 .before = {{MAP, 0, .value = 8}, {SHARE, 0, .value = 8, .space = 1}},
	 .script = {{{UNMAP, 0, 1}}, {{UNMAP, 0, 1, .space = 1}}, {{BORROW, 0}}}},
	{.name = "a frame shared while its other mapping goes with its table", .nr_cpus = 2,
	 .before = {{MAP, 0, .value = 8}, {SHARE, 0, .value = 8, .space = 1}},
	 .script = {{{UNMAP, 0, 8}}, {{UNMAP, 0, 8, .space = 1}}}},


};
// clang-format on

const uint32_t nr_scenarios = sizeof(scenarios) / sizeof(scenarios[0]);
