# Compilers and flags that every part uses.
CC      ?= gcc
CLANG   ?= clang
WARN    := -std=gnu11 -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wpointer-arith \
	-Wwrite-strings -Wundef -Wimplicit-fallthrough
ARCH    := x86_64
SRC     := $(wildcard src/*.c)
MM      := $(wildcard mm/*.c)
CONFORM := $(wildcard conform/*.c)
TREE    := spec/tree.c
SIM     := $(wildcard sim/*.c) $(TREE)
# Where the sources of a kind are looked for: <vms/..>, <pte.h>, <mmu.h>, <kernel/..>, <mm/..>.
INC     := -Iinclude -Iarch/$(ARCH) -I.
DEPS    := -MMD -MP
