# Fuzzers. `make fuzz T=ops SECS=60` looks for new inputs from those in test/fuzz/corpus/ops on; what it finds goes
# to out/fuzz. ENGINE=afl does it with AFL++. `make fuzz-replay` runs what is committed.
# Of corpus/syscalls, what has a word for a name is made from seeds.txt by seeds.py.
FUZZERS       := ops elf cpio memory syscalls
FUZZ_OUT      := $(O)/fuzz
# The kernel without what touches hardware, and what test/fuzz/machine/ has in its place.
FUZZ_KERNEL   := $(filter-out $(addprefix kernel/,main.c port.c frames.c heap.c selftest.c),$(wildcard kernel/*.c kernel/fs/*.c)) \
	kernel/x86_64/regs.c kernel/x86_64/sigframe.c kernel/x86_64/arch_prctl.c $(wildcard test/fuzz/machine/*.c)
FUZZ_SIM      := $(SRC) $(SIM)
FUZZ_ops      := test/fuzz/ops.c $(FUZZ_SIM)
FUZZ_elf      := test/fuzz/elf.c kernel/elf.c
FUZZ_cpio     := test/fuzz/cpio.c kernel/fs/cpio.c
FUZZ_memory   := test/fuzz/memory.c $(FUZZ_SIM) $(MM)
FUZZ_syscalls := test/fuzz/syscalls.c test/fuzz/program.c test/fuzz/program_image.c $(FUZZ_KERNEL) $(FUZZ_SIM) $(MM)
FUZZ_MAX_syscalls := 1024
T             ?= ops
SECS          ?= 30
ENGINE        ?= libfuzzer

FUZZ_SAN   := -fsanitize=address,undefined -fno-sanitize-recover=all
FUZZ_FLAGS := $(WARN) -O1 -g -fno-omit-frame-pointer $(FUZZ_SAN) -Isim -Itest/fuzz/machine $(INC) -Ikernel/$(ARCH)

# An engine: $(1) its name, $(2) its compiler, $(3) how it watches which code runs, $(4) how it is linked.
define fuzz_engine
$(FUZZ_OUT)/$(1)/%.o: %.c
	@mkdir -p $$(@D)
	@$(2) $(FUZZ_FLAGS) $(3) $$(DEPS) -c -o $$@ $$<

-include $$(shell find $(FUZZ_OUT)/$(1) -name '*.d' 2>/dev/null)
$$(foreach name,$(FUZZERS),$$(eval $$(call fuzzer,$$(name),$(1),$(2),$(4))))
endef

# What a fuzzer does not explore is not watched: the machine under all of them; the library under the kernel.
FUZZ_UNWATCHED          := sim/% test/fuzz/machine/%
FUZZ_UNWATCHED_syscalls := src/%

# $(1) the fuzzer, $(2) the engine, $(3) its compiler, $(4) how it is linked.
define fuzzer
$(FUZZ_OUT)/$(2)/$(1): $(patsubst %.c,$(FUZZ_OUT)/$(2)/%.o,$(filter-out $(FUZZ_UNWATCHED) $(FUZZ_UNWATCHED_$(1)),$(FUZZ_$(1)))) \
		$(patsubst %.c,$(FUZZ_OUT)/alone/%.o,$(filter $(FUZZ_UNWATCHED) $(FUZZ_UNWATCHED_$(1)),$(FUZZ_$(1)))) \
		$(if $(filter alone,$(2)),$(FUZZ_OUT)/alone/test/fuzz/main.o)
	@$(3) $(FUZZ_SAN) $(4) -o $$@ $$^ -lpthread
endef
$(eval $(call fuzz_engine,alone,$(CLANG),,))
$(eval $(call fuzz_engine,libfuzzer,$(CLANG),-fsanitize=fuzzer-no-link,-fsanitize=fuzzer))
$(eval $(call fuzz_engine,afl,AFL_QUIET=1 afl-clang-fast,-fsanitize=fuzzer-no-link,-fsanitize=fuzzer))

# Of the kernel's functions on strings only its own; the others are the host's, whose sanitizer knows them.
$(FUZZ_OUT)/%/kernel/string.o: kernel/string.c
	@mkdir -p $(@D)
	@$(CLANG) $(FUZZ_FLAGS) $(DEPS) -c -o $@ $<
	@objcopy --keep-global-symbol=strcopy $@

FUZZ_ROOM = $(FUZZ_OUT)/corpus-$(T)
FUZZ_MAX  = $(or $(FUZZ_MAX_$(T)),4096)

## fuzz: run a fuzzer, T=ops, elf, cpio, memory or syscalls, for SECS=30 seconds; ENGINE=afl: under AFL++
fuzz: fuzz-$(ENGINE)

fuzz-libfuzzer: $(FUZZ_OUT)/libfuzzer/$(T)
	@mkdir -p $(FUZZ_ROOM)
	@cd $(FUZZ_OUT) && libfuzzer/$(T) -max_total_time=$(SECS) -max_len=$(FUZZ_MAX) -timeout=20 -print_final_stats=1 \
		corpus-$(T) $(CURDIR)/test/fuzz/corpus/$(T)

# It goes on from where it was; an input on which the program stops makes this fail.
fuzz-afl: fuzz-afl-tools
	@$(MAKE) --no-print-directory $(FUZZ_OUT)/afl/$(T)
	@mkdir -p $(FUZZ_OUT)/afl-$(T)
	@AFL_AUTORESUME=1 AFL_SKIP_CPUFREQ=1 AFL_NO_AFFINITY=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_NO_UI=1 \
		afl-fuzz -V $(SECS) -t 20000 -G $(FUZZ_MAX) -i test/fuzz/corpus/$(T) -o $(FUZZ_OUT)/afl-$(T) \
		-- $(FUZZ_OUT)/afl/$(T) >$(FUZZ_OUT)/afl-$(T)/log || { tail -n 30 $(FUZZ_OUT)/afl-$(T)/log; exit 1; }
	@grep -E '^(execs_done|execs_per_sec|corpus_count|edges_found|saved_crashes|saved_hangs) ' \
		$(FUZZ_OUT)/afl-$(T)/default/fuzzer_stats
	@! ls -d $(FUZZ_OUT)/afl-$(T)/default/crashes/id* 2>/dev/null

fuzz-afl-tools:
	@tools/install fuzz

## fuzz-add: add to the corpus of T=... what was found since and reaches code that the corpus does not
fuzz-add: $(FUZZ_OUT)/libfuzzer/$(T)
	@mkdir -p $(FUZZ_ROOM)
	@$< -merge=1 -use_counters=0 -max_len=$(FUZZ_MAX) test/fuzz/corpus/$(T) $(FUZZ_ROOM) \
		$(wildcard $(FUZZ_OUT)/afl-$(T)/default/queue) 2>&1 | grep -E 'MERGE-OUTER: [0-9]+ new'

## fuzz-replay: run the fuzzers on the inputs that are committed
fuzz-replay: $(FUZZERS:%=fuzz-replay-%)

$(FUZZERS:%=fuzz-replay-%): fuzz-replay-%: $(FUZZ_OUT)/alone/%
	@$< test/fuzz/corpus/$*/*
	@echo "fuzz: $*: $$(ls test/fuzz/corpus/$* | wc -l) inputs"

.PHONY: fuzz fuzz-libfuzzer fuzz-afl fuzz-afl-tools fuzz-add fuzz-replay $(FUZZERS:%=fuzz-replay-%)
