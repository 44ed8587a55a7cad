# Mutants: does a test notice each small mistake in the library? test/mutants.txt explains the ones left.
MUTATED   := $(wildcard src/*.c src/*.h) $(wildcard arch/$(ARCH)/*.[chS])
TESTBED   := --cc $(CC) --flags "$(SIM_INC)" --libs "$(SIM_LIBS)" --files "$(SIM_C)"
MUTANTS   := tools/mutants $(TESTBED) --mutate "$(MUTATED)" --out $(O)/mutants

## mutants: plant small mistakes in src/ and see that the tests fail; F=tlb.c only there, AGAIN=1 the survivors only
mutants:
	@$(MUTANTS) $(if $(F),--only "$(F)") $(if $(AGAIN),--again) $(if $(FIRST),--first) $(if $(LIST),--list) $(if $(FRESH),--fresh) $(if $(TABLE),--table) $(if $(JOBS),--jobs $(JOBS))

## mutants-sample: the same few mutants each time, so that the tool stays in order
mutants-sample:
	@tools/mutants $(TESTBED) --mutate "src/edit.c src/segment.c src/tlb.c" --out $(O)/mutants-sample --fresh --sample 12 >$(O)/mutants-sample.log || \
		{ cat $(O)/mutants-sample.log; exit 1; }
	@tail -n 1 $(O)/mutants-sample.log

## planted: plant mistakes that others made, one at a time, and see that the tests fail; F=part of a file's name
planted:
	@tools/planted --out $(O)/planted $(if $(F),--only $(F))

## mutate-test: does the tool plant the mistakes that it should?
mutate-test:
	@test/mutate_test.py

.PHONY: mutants mutants-sample planted mutate-test
