# Checks of the text itself.

## format: bring every C file into the project's form
format:
	@tools/check-format -i

## check-format: is every C file formatted? (.clang-format)
check-format:
	@tools/check-format

## check-tree: file lengths, what src/ must not contain, a line in proof/TRUST.md for each of its functions
check-tree:
	@tools/check-tree
	@proof/functions.py --check

.PHONY: format check-format check-tree
