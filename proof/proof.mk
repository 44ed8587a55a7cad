# Proofs of src/ against its contracts. doc/proofs.md says how to read and to write them.
PROVE := tools/prove --out $(O)/proof $(if $(F),--only $(F)) $(if $(FN),--fn $(FN)) $(if $(WAIT),--timeout $(WAIT)) \
	$(if $(CACHE),--cache $(CACHE))

## prove: prove src/; F=cursor a file, FN=vms_cursor_map a function, WAIT=30 seconds a goal, CACHE=none all of it again, CACHE=only nothing that is not in proof/cache
prove:
	@tools/install prove
	@$(PROVE)

## prove-update: the same, and write what is proved now to proof/goals.txt, proof/cache and doc/proved.md
prove-update:
	@tools/install prove
	@$(PROVE) --update

## prove-smoke: look for contracts that contradict themselves and code that they make unreachable
prove-smoke:
	@tools/install prove
	@$(PROVE) --smoke 2

.PHONY: prove prove-update prove-smoke
