# The machine in a process, and the unit tests of src/ on it: each compiler, plain and with sanitizers.
SIM_C      := $(SRC) $(SIM) $(CONFORM) $(wildcard test/unit/*.c)
SIM_INC    := -Isim $(INC)
# Where the tests make the port worse than it is: test/unit/port_faults.c.
PORT_WRAPS := $(shell sed -n 's/^WRAP.[a-z0-9_]*, \([a-z0-9_]*\),.*/\1/p' test/unit/port_faults.c)
SIM_LIBS   := -lcmocka -lpthread $(PORT_WRAPS:%=-Wl,--wrap=%)
SIM_OUT    := $(O)/sim
SIM_plain  := -O2 -g
SIM_san    := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
SIM_CONFIG := gcc-plain gcc-san clang-plain clang-san

# One binary a configuration: $(1) its name, $(2) the compiler, $(3) its flags, $(4) more sources, $(5) link flags.
define sim_config
$(SIM_OUT)/$(1)/%.o: %.c
	@mkdir -p $$(@D)
	@$(2) $$(WARN) $(3) $$(SIM_INC) $$(DEPS) -c -o $$@ $$<

$(SIM_OUT)/$(1)/unit: $$(patsubst %.c,$(SIM_OUT)/$(1)/%.o,$$(SIM_C) $(4))
	@$(2) $(3) $(5) -o $$@ $$^ $$(SIM_LIBS)

-include $$(patsubst %.c,$(SIM_OUT)/$(1)/%.d,$$(SIM_C) $(4))
endef
$(eval $(call sim_config,gcc-plain,$(CC),$(SIM_plain)))
$(eval $(call sim_config,gcc-san,$(CC),$(SIM_san)))
$(eval $(call sim_config,clang-plain,$(CLANG),$(SIM_plain)))
$(eval $(call sim_config,clang-san,$(CLANG),$(SIM_san)))

# Checking builds: the linker puts the contracts of spec/ between the tests and the library.
SPEC_C     := $(filter-out $(SIM),$(wildcard spec/*.c))
SPEC_WRAPS := $(shell sed -n 's/.*WRAP(\([a-z0-9_]*\)).*/\1/p' $(SPEC_C) | sort -u)
SIM_check  := -O2 -g -DVMS_CHECK=3
$(eval $(call sim_config,gcc-check,$(CC),$(SIM_check),$(SPEC_C),$(SPEC_WRAPS:%=-Wl,--wrap=%)))

# A configuration's tests: one line for each group, everything if one fails; of a random run, how to repeat it.
define unit_failed
cat $(1); test/unit/shrink.py $(2) $(1); echo "unit: $(3): FAILED"; exit 1
endef
$(SIM_CONFIG:%=unit-%): unit-%: $(SIM_OUT)/%/unit
	@if $< >$(SIM_OUT)/$*/log 2>&1; then \
		echo "unit: $*: $$(grep -c '  OK ' $(SIM_OUT)/$*/log) tests passed"; \
	else \
		$(call unit_failed,$(SIM_OUT)/$*/log,$<,$*); \
	fi

# The same in a checking build; its random operations, a million, in two halves so that two CPUs can work.
CHECKED_OPS := 500000
unit-check-1: SEED := 1
unit-check-2: SEED := 500001
unit-check-2: GROUPS := random
unit-check-1 unit-check-2: unit-check-%: $(SIM_OUT)/gcc-check/unit
	@log=$(SIM_OUT)/gcc-check/log-$*; \
	if VMS_SEED=$(SEED) VMS_OPS=$(CHECKED_OPS) $< $(GROUPS) >$$log 2>&1; then \
		echo "unit: check-$*: $$(grep -c '  OK ' $$log) tests passed, $$(tail -n 1 $$log)"; \
	else \
		$(call unit_failed,$$log,$<,check-$*); \
	fi

# src/ alone, as a kernel without a C library takes it: it may need the four mem* functions and what port.h and
# mmu.h say, nothing else.
FREESTANDING := -O2 -ffreestanding -nostdlib -nostdinc -mgeneral-regs-only
FREE_NEEDS   := memcpy|memset|memmove|memcmp|vms_port_.*|arch_.*

define free_config
unit-freestanding-$(1):
	@mkdir -p $(SIM_OUT)/free-$(1)
	@for c in $$(SRC); do \
		$(2) $$(WARN) $$(FREESTANDING) -isystem $$$$($(2) -print-file-name=include) $$(INC) \
			-c -o $(SIM_OUT)/free-$(1)/$$$$(basename $$$$c .c).o $$$$c || exit 1; \
	done
	@ld -r -o $(SIM_OUT)/free-$(1)/all $(SIM_OUT)/free-$(1)/*.o
	@others=$$$$(nm -u $(SIM_OUT)/free-$(1)/all | awk '{ print $$$$2 }' | grep -Evx '$$(FREE_NEEDS)' || true); \
	if [ -n "$$$$others" ]; then echo "src/ needs more than the port:" $$$$others; exit 1; fi
	@echo "unit: freestanding-$(1): src/ needs nothing but the port"
endef
$(eval $(call free_config,gcc,$(CC)))
$(eval $(call free_config,clang,$(CLANG)))

## unit: unit tests on the simulated machine (gcc, clang, sanitizers)
unit: arch-test $(SIM_CONFIG:%=unit-%) unit-check-1 unit-check-2 unit-freestanding-gcc unit-freestanding-clang example

# Random operations in the fast build, half on each of two CPUs; a line every ten seconds.
N := 100000000

## soak: random operations by the hundred million; N=... for another number, SOAK_SEED=... for others
SOAK_SEED := 1000000
soak: $(SIM_OUT)/gcc-plain/unit
	@start=$$(date +%s); out=$(SIM_OUT)/soak; rm -f $$out-*; \
	for half in 0 1; do \
		{ VMS_SEED=$$(($(SOAK_SEED) + half * 1000000)) VMS_OPS=$$(($(N) / 2)) VMS_PROGRESS=3 $< random \
			>$$out-$$half.log 2>&1 3>&4 && touch $$out-$$half.ok; } 4>&1 & \
	done; wait; \
	for half in 0 1; do \
		[ -e $$out-$$half.ok ] || { $(call unit_failed,$$out-$$half.log,$<,soak); }; \
	done; \
	awk -v seconds=$$(($$(date +%s) - start)) '/ operations, /{ n += $$3 } \
		END { printf "soak: %d operations in %d seconds, no failure\n", n, seconds }' $$out-*.log

# The same tests with counters: which lines and branches of src/ they reach.
SIM_cov := -O0 -g --coverage -fprofile-update=atomic
$(eval $(call sim_config,gcc-cov,$(CC),$(SIM_cov)))

## coverage: lines and branches of src/ that the unit tests reach; all lines and 95 % of the branches, or it fails
coverage: $(SIM_OUT)/gcc-cov/unit
	@tools/install coverage
	@find $(SIM_OUT)/gcc-cov -name '*.gcda' -delete
	@$< >$(SIM_OUT)/gcc-cov/log 2>&1 || { cat $(SIM_OUT)/gcc-cov/log; exit 1; }
	@gcovr --root . --object-directory $(SIM_OUT)/gcc-cov --filter 'src/' --print-summary \
		--fail-under-line 100 --fail-under-branch 95

.PHONY: unit soak coverage unit-check-1 unit-check-2 $(SIM_CONFIG:%=unit-%) unit-freestanding-gcc unit-freestanding-clang
