/*
 * Random bytes: the hardware's, or, where it has no source, those of a mixer that the clock feeds.
 */
#include <kernel/machine.h>
#include <kernel/process.h>

/* splitmix64; every request stirs in the time. Not fit for secrets. */
static uint64_t mixed_word(void)
{
	static uint64_t seed;
	uint64_t word = __atomic_add_fetch(&seed, 0x9e3779b97f4a7c15ull ^ now_ns(), __ATOMIC_RELAXED);

	word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9ull;
	word = (word ^ word >> 27) * 0x94d049bb133111ebull;
	return word ^ word >> 31;
}

void random_bytes(void *to, size_t len)
{
	char *at = to;

	if (machine_random(to, len))
		return;
	while (len > 0) {
		uint64_t word = mixed_word(), n = min_u64(len, sizeof(word));

		memcpy(at, &word, n);
		at += n;
		len -= n;
	}
}
