/*
 * Memory views: what a space translates, as a set of mappings.
 *
 * A *mapping* is a range of virtual addresses, the physical range behind it, the size of its leaf and its
 * properties; a view is a list of them, by address. It is read from the raw tables without the library's help, so
 * that it can be held against what the library says. Marks are listed too (their `what` says so): they are no
 * mappings, translate nothing, and only the contracts look at them.
 */
#ifndef VMS_SPEC_VIEW_H
#define VMS_SPEC_VIEW_H

#include <vms/vms.h>

struct spec_mapping {
	vms_va va;
	uint64_t size; /* bytes */
	enum vms_what what;
	vms_pfn frame;
	struct vms_prop prop;
	vms_token token;
};

struct spec_view {
	uint32_t nr;
	uint32_t room;
	struct spec_mapping *mapping;
};

/* An empty view needs no more than zeros. */
void spec_view_free(struct spec_view *view);
void spec_view_add(struct spec_view *view, const struct spec_mapping *mapping); /* at its place by address */
void spec_view_copy(struct spec_view *to, const struct spec_view *from);
/* Everything that the user half of a tree says. */
void spec_view_of_tree(struct spec_view *view, vms_pfn root);

/* Does it translate? */
static inline bool spec_is_mapping(const struct spec_mapping *mapping)
{
	return mapping->what == VMS_MAPPED || mapping->what == VMS_DEVICE;
}

/* The index of the first mapping or mark that ends after va; view->nr if there is none. */
uint32_t spec_view_find(const struct spec_view *view, vms_va va);

/* The mapping or mark over va; NULL if there is none. */
const struct spec_mapping *spec_view_at(const struct spec_view *view, vms_va va);

/* The same for addresses that rise from call to call; *hint is 0 at first. */
const struct spec_mapping *spec_view_next(const struct spec_view *view, vms_va va, uint32_t *hint);

/* --- Clauses on one mapping or one view, by the names of the seed. --- */

/* Both ranges aligned to and as long as the page size; the frames in RAM or a device; va in user space. */
bool spec_mapping_inv(const struct spec_mapping *mapping);
/* Mappings of one view are disjoint in va; physical frames may be shared. */
bool spec_mappings_are_disjoint(const struct spec_view *view);
/* There are only so many: no more than the tables that exist could hold. */
bool spec_mappings_finite(const struct spec_view *view);
/* Every mapping of a is one of b, or a part of one. */
bool spec_mappings_subset_of(const struct spec_view *a, const struct spec_view *b);
/* Every frame of RAM that a reaches is one that b reaches. */
bool spec_memory_dom_subset_of(const struct spec_view *a, const struct spec_view *b);
/* The physical address of va, as the view translates it; false: not at all. */
bool spec_addr_transl(const struct spec_view *view, vms_va va, vms_pa *pa);

/* --- Changes, for contracts: what a view becomes. --- */

/* Nothing is left in [va, va + len): mappings that reach over an end are cut. */
void spec_view_remove(struct spec_view *view, vms_va va, uint64_t len);

/*
 * The same, page by page, whatever the sizes of leaves. Bits that hardware sets may be set in b where they are not
 * in a, never the reverse. If not: *where is the first address that differs.
 */
bool spec_view_same(const struct spec_view *a, const struct spec_view *b, vms_va *where);

#endif
