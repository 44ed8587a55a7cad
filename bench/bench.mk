# The library's native benchmark: src/ as it ships, on a port and an MMU that cost nothing.
BENCH_C     := $(SRC) $(wildcard bench/native/*.c)
BENCH_OUT   := $(O)/bench/native
BENCH_OBJ   := $(BENCH_C:%.c=$(BENCH_OUT)/%.o)
# No arch/x86_64/mmu.h: the folder of ours comes first and has one of that name. What copies user memory is
# thrown away: there is none here.
BENCH_FLAGS := $(WARN) -O2 -g -ffunction-sections -Ibench/native $(INC)

$(BENCH_OUT)/%.o: %.c
	@mkdir -p $(@D)
	@$(CC) $(BENCH_FLAGS) $(DEPS) -c -o $@ $<

$(BENCH_OUT)/native: $(BENCH_OBJ)
	@$(CC) -Wl,--gc-sections -o $@ $^

## bench: what the library costs natively, beside a bare walk; PAGES=, ROUNDS=
bench: $(BENCH_OUT)/native
	@$< $(PAGES) $(ROUNDS)

## bench-instructions: instructions for each of the benchmark's operations (valgrind)
bench-instructions: $(BENCH_OUT)/native
	@tools/install bench
	@bench/native/instructions $<

# The benchmark of a whole kernel: one static program without a C library.
MMBENCH       := $(O)/bench/mmbench
MMBENCH_FLAGS := -std=gnu11 -O2 -Wall -Wextra -Werror -static -nostdlib -ffreestanding -fno-stack-protector -fno-pie \
	-mgeneral-regs-only -fcf-protection=none -fno-asynchronous-unwind-tables \
	$(if $(findstring clang,$(CC)),,-no-pie -fno-tree-loop-distribute-patterns) -Wl,--build-id=none -Wl,-z,noexecstack

$(MMBENCH): bench/mmbench.c bench/big.h bench/figures.h bench/mini.h
	@mkdir -p $(@D)
	@$(CC) $(MMBENCH_FLAGS) -o $@ $<

## bench-icount: instructions of mmap, faults, fork and others in the kernel under QEMU, beside Linux's
bench-icount: $(MMBENCH) $(KERNEL) $(O)/archive.cpio
	@bench/counted.py $(KERNEL) $(O)/archive.cpio $(MMBENCH) instructions

## bench-huge: what pages of 2 MiB gain: 64 MiB touched, read again, forked and unmapped, in instructions
bench-huge: $(MMBENCH) $(KERNEL) $(O)/archive.cpio
	@bench/counted.py $(KERNEL) $(O)/archive.cpio $(MMBENCH) huge

## bench-time: the same in nanoseconds, with threads; CPUS=2
bench-time: $(MMBENCH) $(KERNEL) $(O)/archive.cpio
	@bench/counted.py $(KERNEL) $(O)/archive.cpio $(MMBENCH) time

## bench-scaling: instructions of two CPUs for an operation beside one's: how much more two do
bench-scaling: $(MMBENCH) $(KERNEL) $(O)/archive.cpio
	@bench/counted.py $(KERNEL) $(O)/archive.cpio $(MMBENCH) scaling

## compare: the same program in this kernel and in Debian's Linux: instructions, time with 1, 2 and 4 CPUs, CSV, plot; TIMES=0
compare: $(MMBENCH) $(KERNEL) $(O)/archive.cpio
	@tools/install run compare
	@bench/compare.py $(KERNEL) $(O)/archive.cpio $(MMBENCH) $(O)/compare

## profile: where the instructions of a benchmark's rows go, by function; ROW=pf,mmap_pf (none: all), TOP=25 lines a row
profile: $(MMBENCH) $(KERNEL) $(O)/archive.cpio
	@tools/install run
	@bench/profile.py $(KERNEL) $(O)/archive.cpio $(MMBENCH)

-include $(BENCH_OBJ:.o=.d)

.PHONY: bench-scaling bench bench-instructions bench-icount bench-huge bench-time compare profile
