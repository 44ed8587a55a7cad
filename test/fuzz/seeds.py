#!/usr/bin/env python3
"""test/fuzz/seeds.py OUT - inputs of the fuzzer of system calls, written down in words.

Each paragraph of seeds.txt becomes a file of OUT, named by its first line; each further line is a step:
    NAME ARGUMENT...      a system call; an argument is a number, a path, `cwd`, `self`, `-` (NULL), @N (struct N of
                          program_image.c), #N (the result N calls after the first), or 0xN (the value itself)
    fail N NAME ...       the same while the Nth allocation fails
    store ADDRESS BYTE... time N [CHARACTER]   exception N   load ADDRESS   write ADDRESS
calls.h says what the arguments of a call are; program.c is what reads the bytes.
"""
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
RAW8, RESULT = 224, 228  # hostile() of program.c


def text(name):
    with open(os.path.join(HERE, name)) as file:
        return file.read()


def between(whole, start, end):
    return whole[whole.index(start):whole.index(end, whole.index(start))]


KINDS = dict(re.findall(r'ARGUMENTS\((\w+), "(\w*)"\)', text("calls.h")))
NUMBERS = {name: int(number) for number, name in
           re.findall(r"CALL\((\d+), (\w+)\)", text("../../kernel/x86_64/syscalls.h"))}
PATHS = re.findall(r'"([^"]*)"', between(text("program_image.c"), "paths[] = {", "};"))
LENGTHS = [eval(n.replace("u", "")) for n in
           re.findall(r"[\du<]+(?: << \d+)?", between(text("program.c"), "lengths[] = {", "};").split("{")[1])]


def raw(value):
    return bytes([RAW8]) + (value % 2**64).to_bytes(8, "little")


def argument(kind, word):
    """The bytes from which argument() of program.c makes this."""
    if word.startswith("0x"):
        return raw(int(word, 16))
    if word.startswith("#"):
        return bytes([RESULT, int(word[1:])])
    if word.startswith("@"):
        return bytes([int(word[1:]) + (64 if kind == "t" else 0)])
    if word == "-":
        return bytes([0]) if kind == "t" else raw(0)
    if kind == "p":
        return bytes([PATHS.index(word)])
    if word == "cwd":
        return bytes([0])
    if word == "self":
        return bytes([1])
    value = int(word)
    if kind == "n" and value in LENGTHS:
        return bytes([LENGTHS.index(value)])
    if kind == "D" and 0 <= value < 16:
        return bytes([1 + 2 * value])
    if kind == "m" and 0 <= value < 32:
        return bytes([64 + value])
    if kind == "F" and value >= 0:
        return bytes([value % 64]) + (value // 64).to_bytes(2, "little")
    if kind == "d":
        return bytes([{0: 0, -1: 2}.get(value, 4 + value)])
    if kind == "c":
        return bytes([value - 0x5400])
    if kind in "fibgx" and 0 <= value < (31 if kind == "i" else 224):
        return bytes([value])
    return raw(value)


def call(words):
    kinds = KINDS[words[0]]
    words = words + ["0"] * (1 + len(kinds) - len(words))
    return NUMBERS[words[0]].to_bytes(2, "little") + b"".join(map(argument, kinds, words[1:]))


def step(line):
    words = line.split()
    if words[0] == "fail":
        return bytes([4 + 16 * (int(words[1]) - 1)]) + call(words[2:])
    if words[0] == "store":
        at = int(words[1], 0) - 0x402000
        return bytes([0]) + at.to_bytes(2, "little") + bytes([len(words) - 3] + [int(w, 0) for w in words[2:]])
    if words[0] == "time":
        typed = [ord(words[2].encode().decode("unicode_escape"))] if len(words) > 2 else []
        return bytes([3, int(words[1]) * 16 + (0 if typed else 1)] + typed)
    if words[0] == "exception":
        return bytes([2, int(words[1])])
    if words[0] in ("load", "jump") or (words[0] == "write" and len(words) == 2):
        return bytes([1, {"load": 0, "write": 1, "jump": 2}[words[0]]]) + int(words[1], 0).to_bytes(8, "little")
    return bytes([5]) + call(words)


def main():
    for paragraph in text("seeds.txt").strip().split("\n\n"):
        name, *lines = [line for line in paragraph.split("\n") if not line.startswith("%")]
        with open(os.path.join(sys.argv[1], name), "wb") as file:
            file.write(b"".join(map(step, lines)))


main()
