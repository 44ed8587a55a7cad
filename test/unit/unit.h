/*
 * What the unit tests share. Each test starts a machine of its own, and ends it with machine_stop(), which
 * finds whatever was lost; a cmocka teardown restarts nothing, because a failed test leaves its machine.
 */
#ifndef VMS_TEST_UNIT_H
#define VMS_TEST_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sim/sim.h>
#include <vms/vms.h>

#define P VMS_PAGE
#define M2 (512 * P)
#define G1 (512 * M2)
#define T5 (512 * G1)

/* Statuses are compared by name, so that a failure can be read. */
#define IS(call, status) assert_string_equal(vms_status_name(call), vms_status_name(status))
#define OK(call) IS(call, VMS_OK)

#define R_ ((struct vms_prop){.flags = VMS_R})
#define RW_ ((struct vms_prop){.flags = VMS_R | VMS_W})
#define RX_ ((struct vms_prop){.flags = VMS_R | VMS_X})
#define NONE ((struct vms_prop){.flags = 0})

/* A machine of so many CPUs with the usual amount of RAM, and one with large frames too. */
void machine_start(uint32_t nr_cpus);
void machine_start_large(uint32_t nr_cpus, uint32_t nr_large, uint32_t nr_giant);

/* A new space, active on this CPU if asked. Its storage is the pool's. */
struct vms_space *space_new(void);
struct vms_space *space_new_active(void);
/* Make it active on all CPUs; leave whatever is active on them. Back on CPU 0 afterwards. */
void activate_everywhere(struct vms_space *space);
void leave_everywhere(void);
/* Drop it; then no CPU may still have it active: the current one gets the kernel's. */
void space_end(struct vms_space *space);

void cursor_open(struct vms_cursor *cursor, struct vms_space *space, vms_va start, uint64_t len, enum vms_mode mode);
void cursor_close(struct vms_cursor *cursor);

/* Map a new frame of a level at the position; the handle goes to the table. */
vms_pfn map_new(struct vms_cursor *cursor, uint32_t level, struct vms_prop prop);
/* With a cursor of its own: one page or huge page at va. */
vms_pfn map_at(struct vms_space *space, vms_va va, uint32_t level, struct vms_prop prop);
/* nr pages from va on. */
void map_pages(struct vms_space *space, vms_va va, uint64_t nr, struct vms_prop prop);
void unmap_at(struct vms_space *space, vms_va va, uint64_t len);
void mark_at(struct vms_space *space, vms_va va, uint64_t len, vms_token token);
struct vms_item query_at(struct vms_space *space, vms_va va);

/* vms_reclaim() with preemption off. */
bool reclaim(void);

/* Audit of the machine with these spaces alive. */
#define CHECK(...)                                          \
	sim_check((struct vms_space *const[]){__VA_ARGS__}, \
		  sizeof((struct vms_space *const[]){__VA_ARGS__}) / sizeof(struct vms_space *))

/* Checking builds: follow the spaces that are created from now on; forget all. Operations checked so far. */
void checking(bool on);
uint64_t checking_count(void);

/* One group of tests a file. */
int group_types(void);
int group_start(void);
int group_frames(void);
int group_spaces(void);
int group_cursors(void);
int group_map(void);
int group_unmap(void);
int group_protect(void);
int group_holders(void); /* run with them */
int group_mark(void);
int group_tlb(void);
int group_steps(void);
int group_covering(void);
int group_cut(void);
int group_flusher(void);
int group_tags(void);
int group_user(void);
int group_copy(void);
int group_share(void);
int group_segment(void);
int group_plain(void);
int group_remote(void);
int group_memory(void);
int group_random(void);
int group_threads(void);
int group_tree(void);
int group_conform(void);
int group_cost(void);

#endif
