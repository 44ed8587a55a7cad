/*
 * Uses of memory, against the reference: exactly what it allows, and what was written last is seen.
 */
#include <stdio.h>
#include <string.h>

#include "random.h"

/* A page of the space that is active here; false: the kernel's is. */
static bool random_place(struct random_session *place, uint64_t *k)
{
	place->space = world.active[sim_cpu()];
	place->window = (uint32_t)random_below(RANDOM_WINDOWS);
	*k = random_below(world.window[place->window].nr_pages);
	return place->space < RANDOM_SPACES;
}

void random_program_run(void)
{
	struct random_session place;
	struct random_page *this;
	uint8_t byte = (uint8_t)sim_random(&world.random);
	uint64_t k;
	vms_va va;
	bool done;

	if (!random_place(&place, &k))
		return;
	this = random_page(&place, k);
	va = world.window[place.window].va + k * P;
	TRACE("program on CPU %u, space %u, window %u, page %lu\n", sim_cpu(), place.space, place.window, k);
	switch (random_below(3)) {
	case 0:
		done = sim_read(va, &byte);
		assert_int_equal(done, random_is_mapped(this) && vms_has(this->prop.flags, VMS_R));
		if (done && this->what == VMS_MAPPED)
			assert_int_equal(byte, world.first_byte[this->frame]);
		break;
	case 1:
		done = sim_write(va, byte);
		assert_int_equal(done, random_is_mapped(this) && vms_has(this->prop.flags, VMS_W));
		if (done && this->what == VMS_MAPPED)
			world.first_byte[this->frame] = byte;
		this->dirty = this->dirty || done;
		break;
	default:
		done = sim_execute(va);
		assert_int_equal(done, random_is_mapped(this) && vms_has(this->prop.flags, VMS_X));
	}
	this->accessed = this->accessed || done;
}

/* A stretch of user memory: `len` bytes from byte `first` of page k on. */
struct stretch {
	struct random_session place;
	uint64_t k, first, len;
	vms_va va;
	uint32_t access;
};

/* How much of it can be accessed. Pages that are reached count as accessed, and as written. */
static uint64_t reachable(const struct stretch *stretch)
{
	uint32_t nr_pages = world.window[stretch->place.window].nr_pages;
	uint64_t done = 0, k = stretch->k;

	while (done < stretch->len) {
		struct random_page *this = random_page(&stretch->place, k);

		if (k >= nr_pages || !random_is_mapped(this) || !vms_has(this->prop.flags, stretch->access))
			return done;
		this->accessed = true;
		this->dirty = this->dirty || stretch->access == VMS_W;
		done += k == stretch->k ? P - stretch->first : P;
		k++;
	}
	return stretch->len;
}

/* The first bytes of its pages, of the first `done` bytes: they are what the buffer says, or become it. */
static void first_bytes(const struct stretch *stretch, const uint8_t *buffer, uint64_t done)
{
	for (uint64_t i = stretch->first ? P - stretch->first : 0; i < done; i += P) {
		const struct random_page *this = random_page(&stretch->place, stretch->k + (stretch->first + i) / P);

		if (this->what != VMS_MAPPED)
			continue;
		if (stretch->access == VMS_W)
			world.first_byte[this->frame] = buffer[i];
		else
			assert_int_equal(buffer[i], world.first_byte[this->frame]);
	}
}

static void result_is(enum vms_status status, uint64_t done, uint64_t moved, uint64_t wanted, uint64_t len)
{
	IS(status, wanted == len ? VMS_OK : VMS_PAGE_FAULT);
	assert_int_equal(done, wanted);
	assert_int_equal(moved, wanted);
}

static void do_read(struct stretch *stretch)
{
	static uint8_t buffer[3 * P];
	struct vms_reader reader;
	uint64_t done;
	enum vms_status status;

	stretch->access = VMS_R;
	OK(vms_space_reader(world.space[stretch->place.space], stretch->va, stretch->len, &reader));
	status = vms_reader_copy(&reader, buffer, stretch->len, &done);
	result_is(status, done, reader.at - stretch->va, reachable(stretch), stretch->len);
	first_bytes(stretch, buffer, done);
}

static void do_write(struct stretch *stretch)
{
	static uint8_t buffer[3 * P];
	bool zeros = random_below(3) == 0;
	struct vms_writer writer;
	uint64_t done;
	enum vms_status status;

	memset(buffer, zeros ? 0 : (int)random_below(256), stretch->len);
	stretch->access = VMS_W;
	OK(vms_space_writer(world.space[stretch->place.space], stretch->va, stretch->len, &writer));
	status = zeros ? vms_writer_fill_zeros(&writer, stretch->len, &done)
		       : vms_writer_copy(&writer, buffer, stretch->len, &done);
	result_is(status, done, writer.at - stretch->va, reachable(stretch), stretch->len);
	first_bytes(stretch, buffer, done);
}

/* All or nothing; a value that is written over the edge of a page may fault half way, so it starts at one. */
static void do_value(struct stretch *stretch)
{
	uint64_t value = sim_random(&world.random), moved;
	struct vms_reader reader;
	struct vms_writer writer;
	enum vms_status status;

	stretch->access = random_below(2) ? VMS_R : VMS_W;
	stretch->va -= stretch->first;
	stretch->first = 0;
	stretch->len = 8;
	OK(vms_space_reader_writer(world.space[stretch->place.space], stretch->va, 8, &reader, &writer));
	if (stretch->access == VMS_R)
		status = vms_reader_value(&reader, &value, 8);
	else
		status = vms_writer_value(&writer, &value, 8);
	moved = stretch->access == VMS_R ? reader.at - stretch->va : writer.at - stretch->va;
	result_is(status, moved, moved, reachable(stretch), 8);
	first_bytes(stretch, (const uint8_t *)&value, moved);
}

static void do_atomic(struct stretch *stretch)
{
	uint64_t value = 0, desired = sim_random(&world.random), seen = 0;
	struct vms_reader reader;
	struct vms_writer writer;
	bool may;

	stretch->va -= stretch->first;
	stretch->first = 0;
	stretch->len = 8;
	OK(vms_space_reader_writer(world.space[stretch->place.space], stretch->va, 8, &reader, &writer));
	stretch->access = VMS_R;
	may = reachable(stretch) == 8;
	IS(vms_reader_atomic_load64(&reader, &value), may ? VMS_OK : VMS_PAGE_FAULT);
	if (may)
		first_bytes(stretch, (const uint8_t *)&value, 8);
	stretch->access = VMS_W;
	may = reachable(stretch) == 8;
	IS(vms_writer_atomic_cmpxchg64(&writer, value, desired, &seen), may ? VMS_OK : VMS_PAGE_FAULT);
	if (!may)
		return;
	assert_int_equal(seen, value);
	first_bytes(stretch, (const uint8_t *)&desired, 8);
}

void random_user_run(void)
{
	struct stretch stretch;
	enum vms_what what;

	if (!random_place(&stretch.place, &stretch.k))
		return;
	stretch.first = random_below(2) ? 0 : P - 1 - random_below(8);
	stretch.va = world.window[stretch.place.window].va + stretch.k * P + stretch.first;
	stretch.len = random_below(32) ? 1 + random_below(24) : 1 + random_below(2 * P);
	if (stretch.len > VMS_USER_END - stretch.va)
		stretch.len = VMS_USER_END - stretch.va;
	what = random_page(&stretch.place, stretch.k)->what;
	world.nr_operations++;
	TRACE("user memory on CPU %u, space %u, window %u, page %lu + %lu, %lu bytes\n", sim_cpu(), stretch.place.space,
	      stretch.place.window, stretch.k, stretch.first, stretch.len);
	switch (random_below(5)) {
	case 0:
	case 1:
		do_read(&stretch);
		break;
	case 2:
		do_write(&stretch);
		break;
	case 3:
		do_value(&stretch);
		break;
	default:
		/* Devices have words of their own mind. */
		if (what != VMS_DEVICE)
			do_atomic(&stretch);
	}
}
