# The program that the README shows: it must run, and be shown as it is.
EXAMPLE     := $(O)/example/first
EXAMPLE_SRC := example/first.c $(SRC) $(SIM)

$(EXAMPLE): $(EXAMPLE_SRC) $(wildcard include/vms/*.h sim/*.h src/*.h)
	@mkdir -p $(@D)
	@$(CC) $(WARN) -O1 -g $(SIM_INC) -o $@ $(EXAMPLE_SRC) -lpthread

## example: build and run example/first.c, which README.md shows
example: $(EXAMPLE)
	@test "$$($<)" = hello
	@tools/check-example example/first.c README.md
	@echo "example: runs, and the README shows it"

.PHONY: example
