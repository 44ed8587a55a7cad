# The machine in a process, and the unit tests of src/ on it: each compiler, plain and with sanitizers.
SIM_C      := $(SRC) $(wildcard sim/*.c test/unit/*.c)
SIM_INC    := -Isim $(INC)
SIM_LIBS   := -lcmocka -lpthread
SIM_OUT    := $(O)/sim
SIM_plain  := -O2 -g
SIM_san    := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
SIM_CONFIG := gcc-plain gcc-san clang-plain clang-san

# One binary a configuration: $(1) its name, $(2) the compiler, $(3) its flags.
define sim_config
$(SIM_OUT)/$(1)/%.o: %.c
	@mkdir -p $$(@D)
	@$(2) $$(WARN) $(3) $$(SIM_INC) $$(DEPS) -c -o $$@ $$<

$(SIM_OUT)/$(1)/unit: $$(SIM_C:%.c=$(SIM_OUT)/$(1)/%.o)
	@$(2) $(3) -o $$@ $$^ $$(SIM_LIBS)

-include $$(SIM_C:%.c=$(SIM_OUT)/$(1)/%.d)
endef
$(eval $(call sim_config,gcc-plain,$(CC),$(SIM_plain)))
$(eval $(call sim_config,gcc-san,$(CC),$(SIM_san)))
$(eval $(call sim_config,clang-plain,$(CLANG),$(SIM_plain)))
$(eval $(call sim_config,clang-san,$(CLANG),$(SIM_san)))
