# Which functions of src/ the scenarios reach: for the table in proof/TRUST.md.
COVER_OUT := $(EXPLORE_OUT)/cover
COVER_LIB := $(patsubst src/%.c,$(COVER_OUT)/%.o,$(SRC))

$(COVER_OUT)/%.o: src/%.c
	@mkdir -p $(@D)
	@$(EXPLORE_CC) -finstrument-functions $(DEPS) -c -o $@ $<
	@$(EXPLORE_WEAKEN) $(if $(filter lock,$*),$(EXPLORE_LOCK)) $@

$(COVER_OUT)/own/cover.o: explore/cover/cover.c
	@mkdir -p $(@D)
	@$(CC) $(WARN) $(EXPLORE_FLAGS) $(EXPLORE_SMALL) -O2 $(DEPS) -c -o $@ $<

$(COVER_OUT)/cover: $(EXPLORE_ENGINE) $(COVER_LIB) $(EXPLORE_WORLD) $(COVER_OUT)/own/cover.o
	@$(CC) -no-pie -o $@ $^

## trust: make the table of functions in proof/TRUST.md: explored in what, tested how far, proved
trust: $(COVER_OUT)/cover $(SIM_OUT)/gcc-cov/unit
	@# Not searched to the end, which is no failure: those that fail are named in the log.
	@$(COVER_OUT)/cover -q -t 0.2 >$(COVER_OUT)/log 2>$(COVER_OUT)/told || test ! -s $(COVER_OUT)/log
	@$(SIM_OUT)/gcc-cov/unit >$(COVER_OUT)/unit.log 2>&1 || { cat $(COVER_OUT)/unit.log; exit 1; }
	@proof/functions.py --write $(COVER_OUT)/cover $(COVER_OUT)/told $(SIM_OUT)/gcc-cov

-include $(wildcard $(COVER_OUT)/*.d $(COVER_OUT)/*/*.d)

.PHONY: trust
