# The kernel: the library, the memory of programs, and kernel/ with the machine's folder.
KERNEL      := $(O)/kernel/vmspace.elf
KERNEL_SRC  := $(SRC) $(MM) $(CONFORM) $(TREE) $(wildcard kernel/*.c kernel/fs/*.c kernel/$(ARCH)/*.c kernel/$(ARCH)/*.S) \
	$(wildcard arch/$(ARCH)/*.c arch/$(ARCH)/*.S)
KERNEL_OBJ  := $(addprefix $(O)/kernel/,$(addsuffix .o,$(KERNEL_SRC)))
KERNEL_INC  := $(INC) -Ikernel/$(ARCH)
KERNEL_LD   := kernel/$(ARCH)/kernel.ld

KERNEL_FLAGS_x86_64 := -m64 -mcmodel=kernel -mno-red-zone -mgeneral-regs-only -fcf-protection=none
# gcc sees all files at once, so that a call into another of two instructions is two instructions: a tenth of a fault.
# (clang would need a linker of its own for that.)
KERNEL_LTO  := $(if $(findstring clang,$(shell $(CC) --version)),,-flto -flto-partition=none)
KERNEL_FLAGS := $(WARN) -O2 -g -ffreestanding -fno-pie -fno-stack-protector -fno-omit-frame-pointer \
	-fno-strict-aliasing -fno-asynchronous-unwind-tables -fno-common $(KERNEL_LTO) \
	$(KERNEL_FLAGS_$(ARCH)) $(KERNEL_INC)

## kernel: build the kernel, out/kernel/vmspace.elf (CC=clang works too)
kernel: $(KERNEL)

$(KERNEL): $(KERNEL_OBJ) $(KERNEL_LD)
	@echo "  LD      $@"
	@$(CC) $(KERNEL_FLAGS) -nostdlib -static -Wl,-z,max-page-size=4096 -Wl,--build-id=none -Wl,-z,noexecstack \
		-Wl,-T,$(KERNEL_LD) -o $@ $(KERNEL_OBJ)

$(O)/kernel/%.c.o: %.c
	@mkdir -p $(@D)
	@echo "  CC      $<"
	@$(CC) $(KERNEL_FLAGS) $(DEPS) -c -o $@ $<

$(O)/kernel/%.S.o: %.S
	@mkdir -p $(@D)
	@echo "  AS      $<"
	@$(CC) $(KERNEL_FLAGS) $(DEPS) -c -o $@ $<

-include $(KERNEL_OBJ:.o=.d)

.PHONY: kernel
