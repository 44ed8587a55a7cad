# Fuzzers. `make fuzz T=ops SECS=60` looks for new inputs from those in test/fuzz/corpus/ops on; what it finds goes
# to out/fuzz. `make fuzz-replay` runs what is committed. For AFL++: make out/fuzz/ops-alone FUZZ_CC=afl-clang-fast.
FUZZERS     := ops elf cpio memory
FUZZ_OUT    := $(O)/fuzz
FUZZ_CC     ?= $(CLANG)
FUZZ_FLAGS  := -std=gnu11 -w -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
FUZZ_SIM    := $(SRC) $(wildcard sim/*.c)
FUZZ_ops    := test/fuzz/ops.c $(FUZZ_SIM)
FUZZ_elf    := test/fuzz/elf.c kernel/elf.c
FUZZ_cpio   := test/fuzz/cpio.c kernel/fs/cpio.c
FUZZ_memory := test/fuzz/memory.c $(FUZZ_SIM) $(MM)
T           ?= ops
SECS        ?= 30

define fuzzer
$(FUZZ_OUT)/$(1): $(FUZZ_$(1)) test/fuzz/fuzz.h
	@mkdir -p $(FUZZ_OUT)
	@$(CLANG) $(FUZZ_FLAGS) -fsanitize=fuzzer $(SIM_INC) -o $$@ $(FUZZ_$(1)) -lpthread

$(FUZZ_OUT)/$(1)-alone: $(FUZZ_$(1)) test/fuzz/main.c test/fuzz/fuzz.h
	@mkdir -p $(FUZZ_OUT)
	@$(FUZZ_CC) $(FUZZ_FLAGS) $(SIM_INC) -o $$@ test/fuzz/main.c $(FUZZ_$(1)) -lpthread
endef
$(foreach name,$(FUZZERS),$(eval $(call fuzzer,$(name))))

## fuzz: run a fuzzer, T=ops, elf, cpio or memory, for SECS=30 seconds
fuzz: $(FUZZ_OUT)/$(T)
	@mkdir -p $(FUZZ_OUT)/corpus-$(T)
	@cd $(FUZZ_OUT) && ./$(T) -max_total_time=$(SECS) -max_len=4096 -print_final_stats=1 corpus-$(T) \
		$(CURDIR)/test/fuzz/corpus/$(T)

## fuzz-replay: run the fuzzers on the inputs that are committed
fuzz-replay: $(FUZZERS:%=fuzz-replay-%)

$(FUZZERS:%=fuzz-replay-%): fuzz-replay-%: $(FUZZ_OUT)/%-alone
	@$< test/fuzz/corpus/$*/*
	@echo "fuzz: $*: $$(ls test/fuzz/corpus/$* | wc -l) inputs"

.PHONY: fuzz fuzz-replay $(FUZZERS:%=fuzz-replay-%)
