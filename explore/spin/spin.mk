# The protocol as models for SPIN: for readers, and for trees of any shape. doc/concurrency.md says what they leave out.
SPIN_OUT   := $(O)/explore/spin
SPIN_TREE  := "no two own a page, no table is freed under a walk, no deadlock, every detached table is freed"
SPIN_FLUSH := "no frame is used or translated to after it is given back, no deadlock"

## spin: the protocol as models, every state, any tree of three levels; RANGES=2 for all ranges (minutes)
spin:
	@tools/install spin
	@explore/spin/cite.py explore/spin/tree.pml explore/spin/flush.pml
	@explore/spin/run $(SPIN_OUT) explore/spin/flush.pml $(SPIN_FLUSH)
	@explore/spin/run $(SPIN_OUT) explore/spin/tree.pml $(SPIN_TREE) -DRANGES=$(or $(RANGES),1)

# What make test has time for.
spin-quick:
	@tools/install spin
	@explore/spin/cite.py explore/spin/tree.pml explore/spin/flush.pml
	@explore/spin/run $(SPIN_OUT)/quick explore/spin/flush.pml $(SPIN_FLUSH) -DNR_STEPS=3
	@explore/spin/run $(SPIN_OUT)/quick explore/spin/tree.pml $(SPIN_TREE) -DRANGES=0

## spin-bugs: plant each error of explore/spin/bugs.list in the models; SPIN must find it
spin-bugs:
	@tools/install spin
	@explore/bugs.py --list explore/spin/bugs.list --sources explore/spin --out $(SPIN_OUT)/bugs --jobs $(NR_JOBS) \
		--compile true --objects "" --link true \
		--run "timeout 300 explore/spin/find \$$(dirname {out})" $(BUG)

.PHONY: spin spin-quick spin-bugs
