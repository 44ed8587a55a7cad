# vmspace. `make help` lists what there is; everything built goes to out/.
#
# The parts: tools/common.mk (compilers, flags), kernel/kernel.mk (the kernel), sim/sim.mk (the machine in a
# process and the tests on it), test/test.mk, bench/bench.mk. Each can be read alone.
O := out
.DEFAULT_GOAL := help

include tools/common.mk
include tools/tools.mk
include kernel/kernel.mk
include sim/sim.mk
include example/example.mk
include test/arch/arch.mk
include test/test.mk
include test/mutants.mk
include test/fuzz/fuzz.mk
include bench/bench.mk
include explore/explore.mk
include proof/proof.mk

## help: list the commands
help:
	@echo "vmspace: user address spaces for C kernels"; echo
	@sed -n 's/^## \([^:]*\): \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 28

## clean: remove everything that was built
clean:
	rm -rf $(O)

.PHONY: help clean
