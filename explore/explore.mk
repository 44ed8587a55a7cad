# Every interleaving of src/ that matters, on small tables. doc/concurrency.md says what that means.
EXPLORE_OUT    := $(O)/explore
EXPLORE_ENGINE := $(patsubst explore/engine/%.c,$(EXPLORE_OUT)/engine/%.o,$(wildcard explore/engine/*.c))
# What the compiler tells the explorer: every access, by calls to what is otherwise the thread sanitizer.
EXPLORE_FLAGS  := -g
EXPLORE_SEEN   := -g -O1 -fsanitize=thread
ifneq ($(findstring clang,$(CC)),)
EXPLORE_SEEN   += -mllvm -tsan-instrument-func-entry-exit=0 -fno-builtin -Wno-unused-command-line-argument
EXPLORE_FLAGS  += -Wno-missing-field-initializers
else
EXPLORE_FLAGS  += -Wno-builtin-declaration-mismatch
EXPLORE_SEEN   += --param tsan-instrument-func-entry-exit=0 -fno-tree-loop-distribute-patterns -Wno-tsan
endif

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

# What cannot be explored is refused.
explore-bad-input: $(EXPLORE_OUT)/explore $(EXPLORE_OUT)/check/diverge
	@explore/check/bad_input.py $^ $(CC) -Iexplore -Iinclude -I. -fsyntax-only src/tlb.c

# src/ on small tables. Its lock function becomes weak, so that world.c can put one that waits in a step in its place.
EXPLORE_SMALL := -Iexplore -Iinclude -I. -DVMS_INDEX_BITS=2 -DVMS_MAX_CPUS=4u \
	-DVMS_FLUSH_RANGES=2u -DVMS_FLUSH_PAGES=3u -DVMS_FLUSH_FRAMES=1u
EXPLORE_LIB   := $(patsubst src/%.c,$(EXPLORE_OUT)/src/%.o,$(SRC))
EXPLORE_WORLD := $(patsubst explore/%.c,$(EXPLORE_OUT)/%.o,$(wildcard explore/world/*.c explore/scenario/*.c))

EXPLORE_CC    := $(CC) $(WARN) $(EXPLORE_SEEN) -fPIC -fsemantic-interposition -ffunction-sections \
	-fno-inline-functions $(EXPLORE_SMALL)
EXPLORE_WEAKEN := objcopy --set-section-flags .bss=alloc,load,data,contents --rename-section .bss=shared
EXPLORE_LOCK   := --weaken-symbol=vms__node_lock \
	--add-symbol explore_real_node_lock=.text.vms__node_lock:0,function,global

$(EXPLORE_OUT)/src/%.o: src/%.c
	@mkdir -p $(@D)
	@$(EXPLORE_CC) $(DEPS) -c -o $@ $<
	@$(EXPLORE_WEAKEN) $(if $(filter lock,$*),$(EXPLORE_LOCK)) $@

$(EXPLORE_OUT)/world/%.o $(EXPLORE_OUT)/scenario/%.o: EXPLORE_FLAGS += $(EXPLORE_SMALL)
$(EXPLORE_OUT)/world/%.o: explore/world/%.c
	@mkdir -p $(@D)
	@$(CC) $(WARN) $(EXPLORE_FLAGS) -O2 $(DEPS) -c -o $@ $<

$(EXPLORE_OUT)/scenario/%.o: explore/scenario/%.c
	@mkdir -p $(@D)
	@$(CC) $(WARN) $(EXPLORE_FLAGS) -O2 $(DEPS) -c -o $@ $<

$(EXPLORE_OUT)/scenario/primitives.o $(EXPLORE_OUT)/scenario/more.o: EXPLORE_FLAGS += $(EXPLORE_SEEN)

$(EXPLORE_OUT)/explore: $(EXPLORE_ENGINE) $(EXPLORE_LIB) $(EXPLORE_WORLD)
	@$(CC) -no-pie -o $@ $^

## explore: every interleaving of the scenarios, sequentially consistent and with store buffers
explore: $(EXPLORE_OUT)/explore explore-bad-input
	@$< -j $(NR_JOBS)

# A short look at each scenario finds most bugs; where not two find it, a long one.
## explore-bugs: plant each bug of explore/bugs.list in src/; a scenario must find it
explore-bugs: $(EXPLORE_OUT)/explore
	@explore/bugs.py --list explore/bugs.list --sources src --built $(EXPLORE_OUT)/src --out $(EXPLORE_OUT)/bugs \
		--jobs $(NR_JOBS) \
		--compile "$(EXPLORE_CC) -Wno-error -c -o {out} {in} && $(EXPLORE_WEAKEN) {out} && \
			case {in} in */lock.c) objcopy $(EXPLORE_LOCK) {out};; esac" \
		--link "$(CC) -no-pie -o {out} {in}" --objects "$(EXPLORE_ENGINE) $(EXPLORE_WORLD)" \
		--run "timeout 300 {out} -q -t 0.02 >{out}.who; test \$$(sort -u {out}.who | wc -l) -ge 2 || \
			timeout 300 {out} -q -t 2 >{out}.who; cat {out}.who" --write explore/bugs.txt $(BUG)

# Each bug of explore/engine.list in the engine itself; litmus tests or random programs must find it.
explore-engine-bugs: $(EXPLORE_OUT)/check/litmus $(EXPLORE_OUT)/check/random
	@explore/bugs.py --list explore/engine.list --sources explore/engine --out $(EXPLORE_OUT)/engine-bugs \
		--jobs $(NR_JOBS) --compile "$(CC) $(WARN) $(EXPLORE_FLAGS) -Wno-error -O2 -c -o {out} {in}" \
		--link "$(CC) -no-pie -o {out} {in} $(EXPLORE_OUT)/check/litmus.o && \
			$(CC) -no-pie -o {out}.random {in} $(EXPLORE_OUT)/check/random.o" --objects "" \
		--run "timeout 60 {out} >{out}.log || echo litmus; timeout 120 {out}.random 100 >{out}.log || echo random" $(BUG)

# The same source with tables of real size, and what notes its accesses.
CONFLICT_LIB := $(patsubst src/%.c,$(EXPLORE_OUT)/conflict/%.o,$(SRC))

$(EXPLORE_OUT)/conflict/%.o: src/%.c
	@mkdir -p $(@D)
	@$(CC) $(WARN) $(EXPLORE_SEEN) -Iexplore/conflict -Isim $(INC) $(DEPS) -c -o $@ $<

CONFLICT_OWN := $(patsubst explore/conflict/%.c,$(EXPLORE_OUT)/conflict/own/%.o,$(wildcard explore/conflict/*.c))

$(EXPLORE_OUT)/conflict/own/%.o: explore/conflict/%.c
	@mkdir -p $(@D)
	@$(CC) $(WARN) $(EXPLORE_FLAGS) -O1 -Isim $(INC) $(DEPS) -c -o $@ $<

$(EXPLORE_OUT)/conflict/conflicts: $(CONFLICT_OWN) $(CONFLICT_LIB) $(EXPLORE_ENGINE)
	@$(CC) -no-pie -o $@ $^

## conflicts: cache lines that operations on disjoint ranges share; fails if there are more than in explore/conflicts.txt
conflicts: $(EXPLORE_OUT)/conflict/conflicts
	@$< >$(EXPLORE_OUT)/conflicts.txt
	@sed '/^conflict/d' $(EXPLORE_OUT)/conflicts.txt
	@if grep '^conflict' $(EXPLORE_OUT)/conflicts.txt | grep -vxFf explore/conflicts.txt; then \
		echo "conflicts: these are not in explore/conflicts.txt"; exit 1; fi
	@echo "conflicts: none that is not known"

include explore/spin/spin.mk
include explore/stress/stress.mk
include explore/cover/cover.mk

-include $(wildcard $(EXPLORE_OUT)/*/*.d)

.PHONY: explore explore-bad-input explore-check explore-bugs explore-engine-bugs conflicts
