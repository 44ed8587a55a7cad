# arch/ on the host: its own code, with the instructions that a process may not execute done by test/arch/cpu.c.
ARCH_OUT   := $(O)/arch
ARCH_FLAGS := -O2 -g -fcf-protection=none -fno-pie

# CPUID is no privileged instruction: the test is asked by ud2 in its place.
$(ARCH_OUT)/mmu.o: arch/$(ARCH)/mmu.c
	@mkdir -p $(@D)
	@$(CC) $(WARN) $(ARCH_FLAGS) $(INC) $(DEPS) -MT $@ -MF $(@:.o=.d) -S -o $(@:.o=.s) $<
	@sed -i 's/^\tcpuid$$/\tud2/' $(@:.o=.s)
	@$(CC) -c -o $@ $(@:.o=.s)

$(ARCH_OUT)/copy.o: arch/$(ARCH)/copy.S
	@mkdir -p $(@D)
	@$(CC) -c -o $@ $<

$(ARCH_OUT)/%.o: test/arch/%.c
	@mkdir -p $(@D)
	@$(CC) $(WARN) $(ARCH_FLAGS) $(INC) $(DEPS) -c -o $@ $<

$(ARCH_OUT)/test: $(addprefix $(ARCH_OUT)/,mmu.o copy.o cpu.o $(ARCH).o)
	@$(CC) -no-pie -o $@ $^

## arch-test: what arch/ does with a processor, on the host
arch-test: $(ARCH_OUT)/test
	@echo "arch: $$($<)"

-include $(wildcard $(ARCH_OUT)/*.d)

.PHONY: arch-test
