# `make run`, the initial archive, the programs that try the kernel, and the tests in QEMU.
ARCHIVE       := $(O)/archive.cpio
USER_C        := $(wildcard test/user/*.c)
USER_NAMES    := $(basename $(notdir $(USER_C)))
USER_FLAGS    := $(WARN) -O1 -g -static -pthread
USER_PROGRAMS := $(USER_NAMES:%=$(O)/user/glibc/%) $(USER_NAMES:%=$(O)/user/musl/%)
NR_JOBS       := $(shell nproc)
# A sub-make that uses all CPUs, unless -j was given.
MAKE_ALL       = $(MAKE) --no-print-directory $(if $(findstring -j,$(MAKEFLAGS)),,-j$(NR_JOBS))

# What the user typed goes on byte for byte: make must not expand a $ in it.
RUN_OPTIONS := CMD PROG ARGS DEB CPUS MEM TIMEOUT APPEND REPORT
# A ROOT in the environment is seldom meant for us.
ifeq ($(origin ROOT),command line)
RUN_OPTIONS += ROOT
else
unexport ROOT
endif
define run_export
override $(1) := $$(value $(1))
export $(1)
endef
$(foreach name,$(RUN_OPTIONS),$(if $(filter command environment,$(firstword $(origin $(name)))),$(eval $(call run_export,$(name)))))

## run: a shell in the kernel under QEMU; CMD="..." runs a command, PROG=./a.out ARGS="..." your own program; ROOT=folder, DEB="packages"
run:
	@tools/install run
	@$(MAKE_ALL) $(KERNEL) $(ARCHIVE)
	@KERNEL=$(KERNEL) ARCHIVE=$(ARCHIVE) tools/run

## archive: build the initial archive: busybox, its links, a little /etc
archive: $(ARCHIVE)

$(ARCHIVE): tools/mkarchive tools/archive.py
	@echo "  CPIO    $@"
	@tools/mkarchive $@

## user: build the test programs, with glibc and with musl
user: $(USER_PROGRAMS) $(O)/user/bad.made

$(O)/user/glibc/%: test/user/%.c
	@mkdir -p $(@D)
	@echo "  CC      $@"
	@$(CC) $(USER_FLAGS) -MMD -MP -MF $(O)/user/$*.glibc.d -MT $@ -o $@ $<

$(O)/user/musl/%: test/user/%.c
	@mkdir -p $(@D)
	@echo "  MUSL    $@"
	@musl-gcc $(USER_FLAGS) -MMD -MP -MF $(O)/user/$*.musl.d -MT $@ -o $@ $<

$(O)/user/bad.made: test/user/make_bad.py
	@$< $(O)/user/bad
	@touch $@

# What Linux answered is in the program.
$(O)/user/glibc/semantics $(O)/user/musl/semantics: test/user/semantics.txt

-include $(wildcard $(O)/user/*.d)

## compare-semantics: memory calls with odd arguments here and on this machine's Linux, side by side; LINUX=vmlinuz: and on that
compare-semantics: export LINUX := $(LINUX)
compare-semantics:
	@tools/install run
	@$(MAKE_ALL) $(KERNEL) $(ARCHIVE) $(O)/user/glibc/semantics
	@test/boot/semantics.py $(KERNEL) $(ARCHIVE) $(O)/user/glibc/semantics

## race: threads that map, unmap, protect, move, touch and fork over each other, killed at any moment, tables checked; SECS=60 CPUS=4 SEED=
race:
	@tools/install run
	@$(MAKE_ALL) $(KERNEL) $(ARCHIVE) $(O)/user/glibc/races
	@KERNEL=$(KERNEL) ARCHIVE=$(ARCHIVE) PROG=$(O)/user/glibc/races ARGS="$(or $(SECS),60) $(SEED)" CPUS=$(or $(CPUS),4) \
		APPEND=$(or $(APPEND),check) TIMEOUT=600 tools/run

## boot-test: run programs in the kernel under QEMU with 1, 2 and 4 CPUs and compare what they print
boot-test:
	@tools/install run test
	@$(MAKE_ALL) $(KERNEL) $(ARCHIVE) user
	@test/boot/run.py --kernel $(KERNEL) --archive $(ARCHIVE) --programs $(O)/user --out $(O)/boot $(BOOT_TEST)

# The example in README.md is C that compiles.
$(O)/readme.ok: README.md $(wildcard include/vms/*.h)
	@mkdir -p $(@D)
	@sed -n '/^```c$$/,/^```$$/{/^```/d;p}' README.md >$(O)/readme.c
	@test -s $(O)/readme.c
	@$(CC) $(WARN) -Wno-unused-function $(INC) -c -o $@ $(O)/readme.c

## check-readme: does the example in README.md compile?
check-readme: $(O)/readme.ok

## test: everything: format, unit tests, interleavings, models, threads, fuzzers' corpus, kernel under QEMU
test:
	@tools/install run test
	@$(MAKE_ALL) check-format check-tree check-readme mutate-test
	@$(MAKE_ALL) unit
	@$(MAKE_ALL) mutants-sample
	@$(MAKE_ALL) explore conflicts spin-quick
	@$(MAKE_ALL) stress SECS=8
	@$(MAKE_ALL) fuzz-replay
	@$(MAKE_ALL) boot-test

.PHONY: run archive user compare-semantics race boot-test check-readme test
