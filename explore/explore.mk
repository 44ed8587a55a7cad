# Every interleaving of src/ that matters, on small tables. doc/concurrency.md says what that means.
EXPLORE_OUT    := $(O)/explore
EXPLORE_ENGINE := $(patsubst explore/engine/%.c,$(EXPLORE_OUT)/engine/%.o,$(wildcard explore/engine/*.c))
EXPLORE_FLAGS  := -g -Wno-builtin-declaration-mismatch
# What the compiler tells the explorer: every access, by calls to what is otherwise the thread sanitizer.
EXPLORE_SEEN   := -g -O1 -Wno-tsan -fsanitize=thread --param tsan-instrument-func-entry-exit=0 -fno-tree-loop-distribute-patterns

$(EXPLORE_OUT)/engine/%.o: explore/engine/%.c
	@mkdir -p $(@D)
	@$(CC) $(WARN) $(EXPLORE_FLAGS) -O2 $(DEPS) -c -o $@ $<

$(EXPLORE_OUT)/check/%: explore/check/%.c $(EXPLORE_ENGINE)
	@mkdir -p $(@D)
	@$(CC) $(WARN) $(EXPLORE_SEEN) $(DEPS) -MF $@.d -c -o $@.o $<
	@$(CC) -no-pie -o $@ $@.o $(EXPLORE_ENGINE)

## explore-check: check the explorer: litmus tests, random programs searched in three ways
explore-check: $(EXPLORE_OUT)/check/litmus $(EXPLORE_OUT)/check/random
	@$(EXPLORE_OUT)/check/litmus
	@$(EXPLORE_OUT)/check/random

-include $(wildcard $(EXPLORE_OUT)/*/*.d)

.PHONY: explore-check
