/*
 * What the compiler calls: -fsanitize=thread, with these in place of the sanitizer's library.
 *
 * The names and types are the compilers' (gcc: sanitizer.def; clang: ThreadSanitizer.cpp).
 */
#include <string.h>

#include "inside.h"

#define CALLER __builtin_return_address(0)

void (*explore_on_access)(void *address, size_t size, bool write);

static uint64_t atomic_step(struct op op)
{
	if (explore_on_access != NULL) {
		explore_on_access(op.address, op.size, op.kind != OP_LOAD);
		return memory_direct(&op);
	}
	if (running == NULL) {
		race_check(NULL, op.address, op.size, op.kind != OP_LOAD, true, NULL);
		return memory_direct(&op);
	}
	if (!is_shared(op.address))
		explore_fail("atomic access to %p, which is not shared", op.address);
	return fiber_step(&op);
}

#define ATOMIC_MODIFY(bits, type, name, how_)                                          \
	type __tsan_atomic##bits##_##name(volatile type *at, type value, int order);   \
	type __tsan_atomic##bits##_##name(volatile type *at, type value, int order)    \
	{                                                                              \
		return (type)atomic_step((struct op){.kind = OP_MODIFY,                \
						     .order = (uint8_t)order,          \
						     .size = sizeof(type),             \
						     .how = how_,                      \
						     .address = (void *)(uintptr_t)at, \
						     .value = value,                   \
						     .caller = CALLER});               \
	}

#define ATOMIC_COMPARE(bits, type, strength)                                                                 \
	int __tsan_atomic##bits##_compare_exchange_##strength(volatile type *at, type *expected, type value, \
							      int order, int fail_order);                    \
	int __tsan_atomic##bits##_compare_exchange_##strength(volatile type *at, type *expected, type value, \
							      int order, int fail_order)                     \
	{                                                                                                    \
		type seen = (type)atomic_step((struct op){.kind = OP_COMPARE,                                \
							  .order = (uint8_t)order,                           \
							  .size = sizeof(type),                              \
							  .address = (void *)(uintptr_t)at,                  \
							  .value = value,                                    \
							  .expected = *expected,                             \
							  .caller = CALLER});                                \
		(void)fail_order;                                                                            \
		if (seen == *expected)                                                                       \
			return 1;                                                                            \
		*expected = seen;                                                                            \
		return 0;                                                                                    \
	}

/* clang's form: gives what was seen. */
#define ATOMIC_COMPARE_VALUE(bits, type)                                                                         \
	type __tsan_atomic##bits##_compare_exchange_val(volatile type *at, type expected, type value, int order, \
							int fail_order);                                         \
	type __tsan_atomic##bits##_compare_exchange_val(volatile type *at, type expected, type value, int order, \
							int fail_order)                                          \
	{                                                                                                        \
		(void)fail_order;                                                                                \
		return (type)atomic_step((struct op){.kind = OP_COMPARE,                                         \
						     .order = (uint8_t)order,                                    \
						     .size = sizeof(type),                                       \
						     .address = (void *)(uintptr_t)at,                           \
						     .value = value,                                             \
						     .expected = expected,                                       \
						     .caller = CALLER});                                         \
	}

#define ATOMIC(bits, type)                                                             \
	type __tsan_atomic##bits##_load(const volatile type *at, int order);           \
	type __tsan_atomic##bits##_load(const volatile type *at, int order)            \
	{                                                                              \
		return (type)atomic_step((struct op){.kind = OP_LOAD,                  \
						     .order = (uint8_t)order,          \
						     .size = sizeof(type),             \
						     .address = (void *)(uintptr_t)at, \
						     .caller = CALLER});               \
	}                                                                              \
	void __tsan_atomic##bits##_store(volatile type *at, type value, int order);    \
	void __tsan_atomic##bits##_store(volatile type *at, type value, int order)     \
	{                                                                              \
		(void)atomic_step((struct op){.kind = OP_STORE,                        \
					      .order = (uint8_t)order,                 \
					      .size = sizeof(type),                    \
					      .address = (void *)(uintptr_t)at,        \
					      .value = value,                          \
					      .caller = CALLER});                      \
	}                                                                              \
	ATOMIC_MODIFY(bits, type, exchange, HOW_EXCHANGE)                              \
	ATOMIC_MODIFY(bits, type, fetch_add, HOW_ADD)                                  \
	ATOMIC_MODIFY(bits, type, fetch_sub, HOW_SUB)                                  \
	ATOMIC_MODIFY(bits, type, fetch_and, HOW_AND)                                  \
	ATOMIC_MODIFY(bits, type, fetch_or, HOW_OR)                                    \
	ATOMIC_MODIFY(bits, type, fetch_xor, HOW_XOR)                                  \
	ATOMIC_COMPARE(bits, type, strong)                                             \
	ATOMIC_COMPARE_VALUE(bits, type)                                               \
	ATOMIC_COMPARE(bits, type, weak)

ATOMIC(8, uint8_t)
ATOMIC(16, uint16_t)
ATOMIC(32, uint32_t)
ATOMIC(64, uint64_t)

void __tsan_atomic_thread_fence(int order);
void __tsan_atomic_thread_fence(int order)
{
	if (running != NULL)
		(void)fiber_step(&(struct op){.kind = OP_FENCE, .order = (uint8_t)order, .caller = CALLER});
}

void __tsan_atomic_signal_fence(int order);
void __tsan_atomic_signal_fence(int order)
{
	(void)order;
}

static void plain_access(void *address, size_t size, bool write, void *caller)
{
	if (explore_on_access != NULL) {
		explore_on_access(address, size, write);
		return;
	}
	memory_plain_commit();
	race_check(running, address, size, write, false, caller);
	if (write)
		memory_plain_store(address, size);
}

#define PLAIN(name, size, write)                            \
	void __tsan_##name(void *address);                  \
	void __tsan_##name(void *address)                   \
	{                                                   \
		plain_access(address, size, write, CALLER); \
	}
#define PLAIN_SIZE(size)                         \
	PLAIN(read##size, size, false)           \
	PLAIN(write##size, size, true)           \
	PLAIN(unaligned_read##size, size, false) \
	PLAIN(unaligned_write##size, size, true)
PLAIN_SIZE(1)
PLAIN_SIZE(2)
PLAIN_SIZE(4)
PLAIN_SIZE(8)
PLAIN_SIZE(16)

void __tsan_read_range(void *address, size_t size);
void __tsan_read_range(void *address, size_t size)
{
	plain_access(address, size, false, CALLER);
}

void __tsan_write_range(void *address, size_t size);
void __tsan_write_range(void *address, size_t size)
{
	plain_access(address, size, true, CALLER);
}

void __tsan_init(void);
void __tsan_init(void)
{
}

void __tsan_func_entry(void *caller);
void __tsan_func_entry(void *caller)
{
	(void)caller;
}

void __tsan_func_exit(void);
void __tsan_func_exit(void)
{
}

void explore_relax_at(void *caller)
{
	if (running != NULL)
		(void)fiber_step(&(struct op){.kind = OP_RELAX, .caller = caller});
}

void explore_relax(void)
{
	explore_relax_at(CALLER);
}

void explore_daemon(void)
{
	running->daemon = true;
}

void explore_wait_swap(uint32_t *word, uint32_t expected, uint32_t desired)
{
	if (running == NULL) {
		if (*word != expected)
			explore_fail("a wait outside of a run");
		*word = desired;
		return;
	}
	(void)fiber_step(&(struct op){.kind = OP_WAIT_SWAP,
				      .order = __ATOMIC_ACQUIRE,
				      .size = sizeof(*word),
				      .address = word,
				      .value = desired,
				      .expected = expected,
				      .caller = CALLER});
}

void explore_touch(void *word, bool write)
{
	if (running != NULL)
		(void)fiber_step(
			&(struct op){.kind = OP_TOUCH, .size = 4, .write = write, .address = word, .caller = CALLER});
}

uint64_t explore_load(const void *word, size_t size)
{
	return atomic_step((struct op){.kind = OP_LOAD,
				       .order = __ATOMIC_ACQUIRE,
				       .size = (uint8_t)size,
				       .address = (void *)(uintptr_t)word,
				       .caller = CALLER});
}

void explore_store(void *word, size_t size, uint64_t value)
{
	(void)atomic_step((struct op){.kind = OP_STORE,
				      .order = __ATOMIC_RELEASE,
				      .size = (uint8_t)size,
				      .address = word,
				      .value = value,
				      .caller = CALLER});
}

uint64_t explore_swap(void *word, size_t size, uint64_t value)
{
	return atomic_step((struct op){.kind = OP_MODIFY,
				       .order = __ATOMIC_ACQ_REL,
				       .size = (uint8_t)size,
				       .how = HOW_EXCHANGE,
				       .address = word,
				       .value = value,
				       .caller = CALLER});
}

bool explore_compare_swap(void *word, size_t size, uint64_t expected, uint64_t value)
{
	return atomic_step((struct op){.kind = OP_COMPARE,
				       .order = __ATOMIC_ACQ_REL,
				       .size = (uint8_t)size,
				       .address = word,
				       .value = value,
				       .expected = expected,
				       .caller = CALLER}) == expected;
}

void explore_fence(void)
{
	__tsan_atomic_thread_fence(__ATOMIC_SEQ_CST);
}
