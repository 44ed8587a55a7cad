# The library's native benchmark: src/ as it ships, on a port and an MMU that cost nothing.
# user.c copies to and from user memory, of which there is none here.
BENCH_C     := $(filter-out src/user.c,$(SRC)) $(wildcard bench/native/*.c)
BENCH_OUT   := $(O)/bench/native
BENCH_OBJ   := $(BENCH_C:%.c=$(BENCH_OUT)/%.o)
# No arch/x86_64/mmu.h: the folder of ours comes first and has one of that name.
BENCH_FLAGS := $(WARN) -O2 -g -Ibench/native $(INC)

$(BENCH_OUT)/%.o: %.c
	@mkdir -p $(@D)
	@$(CC) $(BENCH_FLAGS) $(DEPS) -c -o $@ $<

$(BENCH_OUT)/native: $(BENCH_OBJ)
	@$(CC) -o $@ $^

## bench: what the library costs natively, beside a bare walk; PAGES=, ROUNDS=
bench: $(BENCH_OUT)/native
	@$< $(PAGES) $(ROUNDS)

## bench-instructions: instructions for each of the benchmark's operations (valgrind)
bench-instructions: $(BENCH_OUT)/native
	@tools/install bench
	@bench/native/instructions $<

-include $(BENCH_OBJ:.o=.d)

.PHONY: bench bench-instructions
