# Real threads under the thread sanitizer: cheap, and blind where the explorer is not (doc/concurrency.md).
STRESS_OUT := $(O)/explore/stress
STRESS_C   := $(SRC) $(SIM) explore/stress/stress.c
SECS       := 60

$(STRESS_OUT)/%.o: %.c
	@mkdir -p $(@D)
	@$(CC) $(WARN) -O1 -g -fsanitize=thread $(STRESS_FLAGS) $(SIM_INC) $(DEPS) -c -o $@ $<

# gcc warns of fences, which its sanitizer knows nothing of: see doc/concurrency.md.
ifeq ($(findstring clang,$(CC)),)
STRESS_FLAGS := -Wno-tsan
endif

$(STRESS_OUT)/stress: $(STRESS_C:%.c=$(STRESS_OUT)/%.o)
	@$(CC) -fsanitize=thread -o $@ $^ -lpthread

# The sanitizer's memory has its own fixed places, which some hosts give to others: setarch -R.
## stress: threads of the host's do everything at once under the thread sanitizer; SECS=60, SEED=1
stress: $(STRESS_OUT)/stress
	@TSAN_OPTIONS="halt_on_error=1:exitcode=66 $(TSAN)" setarch -R $< $(SECS) $(or $(SEED),1)

-include $(STRESS_C:%.c=$(STRESS_OUT)/%.d)

.PHONY: stress
