#!/usr/bin/env python3
"""explore/spin/cite.py MODEL... - is the code that a model's steps stand for still there?

A step says "@ file function: text". The text must be in that function of src/, white space apart.
"""
import os
import re
import sys

SRC = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "src")
CITE = re.compile(r"/\* @ (\S+) (\w+): (.*?) \*/")


def squeeze(text):
    return re.sub(r"\s+", " ", text)


def body(path, function):
    """The text of a function's definition, or None."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    found = re.search(r"^[a-zA-Z][^\n;#]*\b" + function + r"\([^;{]*\)\n\{\n.*?^\}", text, re.M | re.S)
    return found.group(0) if found else None


def main():
    bad = nr = 0
    for model in sys.argv[1:]:
        with open(model, encoding="utf-8") as file:
            text = file.read()
        for found in CITE.finditer(text):
            name, function, quoted = found.groups()
            number = text.count("\n", 0, found.start()) + 1
            path = os.path.join(SRC, name)
            code = body(path, function) if os.path.isfile(path) else None
            nr += 1
            if code is None:
                what = "%s has no function %s" % (name, function)
            elif squeeze(quoted) not in squeeze(code):
                what = "%s in %s has no longer: %s" % (function, name, quoted)
            else:
                continue
            bad += 1
            print("%s:%d: %s" % (os.path.relpath(model), number, what))
        if "@ " in CITE.sub("", text).replace('"@ file function: text"', ""):
            bad += 1
            print("%s: an @ that is no citation" % model)
    print("spin: %d citations of src/%s" % (nr, ", %d wrong" % bad if bad else ", all there"))
    return 1 if bad or nr == 0 else 0


sys.exit(main())
