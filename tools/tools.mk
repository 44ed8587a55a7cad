# Checks of the text itself.

## format: bring every C file into the project's form
format:
	@tools/check-format -i

## check-format: is every C file formatted? (.clang-format)
check-format:
	@tools/check-format

## check-tree: file lengths, and what src/ must not contain
check-tree:
	@tools/check-tree

.PHONY: format check-format check-tree
