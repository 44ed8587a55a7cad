/*
 * Accesses to user memory: what programs do, and the library's faultable copies. Each goes page by page
 * through the MMU of the current CPU; a fault goes to the library and the access is tried again.
 */
#include <sim/inside.h>

/* A handler that says "resolved" this often for one access resolves nothing. */
#define FAULTS_MAX 10000u

uint8_t *sim_byte(vms_pa pa)
{
	if (pa / VMS_PAGE >= sim.nr_frames)
		return NULL;
	return (uint8_t *)&vms_machine.ram[pa / VMS_PAGE] + pa % VMS_PAGE;
}

bool sim_access(vms_va va, uint32_t access, bool user, vms_pa *pa)
{
	for (uint32_t i = 0; i < FAULTS_MAX; i++) {
		struct vms_fault fault = {.va = va, .access = access, .user = user};

		if (sim_translate(va, access, user, pa))
			return true;
		if (!vms_space_fault(&fault))
			return false;
	}
	sim_fail("a fault at 0x%lx, access %u, is resolved for ever", va, access);
}

bool sim_probe(vms_va va, uint32_t access, bool user, vms_pa *pa)
{
	return sim_translate(va, access, user, pa);
}

static uint8_t byte_load(vms_pa pa)
{
	uint8_t *at = sim_byte(pa);

	return at ? __atomic_load_n(at, __ATOMIC_RELAXED) : 0xff;
}

static void byte_store(vms_pa pa, uint8_t byte)
{
	uint8_t *at = sim_byte(pa);

	if (at)
		__atomic_store_n(at, byte, __ATOMIC_RELAXED);
}

bool sim_read(vms_va va, uint8_t *byte)
{
	vms_pa pa;

	if (!sim_access(va, VMS_R, true, &pa))
		return false;
	*byte = byte_load(pa);
	return true;
}

bool sim_write(vms_va va, uint8_t byte)
{
	vms_pa pa;

	if (!sim_access(va, VMS_W, true, &pa))
		return false;
	byte_store(pa, byte);
	return true;
}

bool sim_execute(vms_va va)
{
	vms_pa pa;

	return sim_access(va, VMS_X, true, &pa);
}

bool sim_read64(vms_va va, uint64_t *word)
{
	vms_pa pa;

	if (!sim_access(va, VMS_R, true, &pa))
		return false;
	*word = __atomic_load_n((uint64_t *)sim_byte(pa), __ATOMIC_RELAXED);
	return true;
}

static void range_check(vms_va va, uint64_t len)
{
	if (va > VMS_USER_END || len > VMS_USER_END - va)
		sim_fail("a user copy of 0x%lx bytes at 0x%lx leaves user space", len, va);
}

/* Bytes from va to the end of its page, at most len. */
static uint64_t piece(vms_va va, uint64_t len)
{
	uint64_t room = VMS_PAGE - va % VMS_PAGE;

	return len < room ? len : room;
}

uint64_t arch_user_copy_in(void *to, vms_va from, uint64_t len)
{
	uint64_t done = 0;
	vms_pa pa;

	range_check(from, len);
	while (done < len && sim_access(from + done, VMS_R, false, &pa)) {
		for (uint64_t n = piece(from + done, len - done); n > 0; n--)
			((uint8_t *)to)[done++] = byte_load(pa++);
		sim_poll();
	}
	return done;
}

uint64_t arch_user_copy_out(vms_va to, const void *from, uint64_t len)
{
	uint64_t done = 0;
	vms_pa pa;

	range_check(to, len);
	while (done < len && sim_access(to + done, VMS_W, false, &pa)) {
		for (uint64_t n = piece(to + done, len - done); n > 0; n--)
			byte_store(pa++, ((const uint8_t *)from)[done++]);
		sim_poll();
	}
	return done;
}

uint64_t arch_user_zero(vms_va to, uint64_t len)
{
	uint64_t done = 0;
	vms_pa pa;

	range_check(to, len);
	while (done < len && sim_access(to + done, VMS_W, false, &pa)) {
		for (uint64_t n = piece(to + done, len - done); n > 0; n--, done++)
			byte_store(pa++, 0);
		sim_poll();
	}
	return done;
}

/* A word of RAM for one aligned access; NULL if it faults. */
static void *word_at(vms_va va, uint64_t size, uint32_t access)
{
	vms_pa pa;
	uint8_t *at;

	range_check(va, size);
	if (va % size)
		sim_fail("an atomic access to 0x%lx is not aligned", va);
	if (!sim_access(va, access, false, &pa))
		return NULL;
	at = sim_byte(pa);
	if (!at)
		sim_fail("an atomic access to a device at 0x%lx", va);
	return at;
}

bool arch_user_load32(vms_va from, uint32_t *seen)
{
	uint32_t *word = word_at(from, sizeof(*word), VMS_R);

	if (word)
		*seen = __atomic_load_n(word, __ATOMIC_SEQ_CST);
	return word;
}

bool arch_user_load64(vms_va from, uint64_t *seen)
{
	uint64_t *word = word_at(from, sizeof(*word), VMS_R);

	if (word)
		*seen = __atomic_load_n(word, __ATOMIC_SEQ_CST);
	return word;
}

bool arch_user_cmpxchg32(vms_va at, uint32_t expected, uint32_t desired, uint32_t *seen)
{
	uint32_t *word = word_at(at, sizeof(*word), VMS_W);

	if (word) {
		__atomic_compare_exchange_n(word, &expected, desired, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
		*seen = expected;
	}
	return word;
}

bool arch_user_cmpxchg64(vms_va at, uint64_t expected, uint64_t desired, uint64_t *seen)
{
	uint64_t *word = word_at(at, sizeof(*word), VMS_W);

	if (word) {
		__atomic_compare_exchange_n(word, &expected, desired, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
		*seen = expected;
	}
	return word;
}
