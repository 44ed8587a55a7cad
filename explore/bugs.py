#!/usr/bin/env python3
"""explore/bugs.py - plant each bug of a list in a copy of some sources, and see who finds it.

usage: bugs.py --list FILE --sources DIR --out DIR --compile CMD --link CMD --run CMD --objects "..."
               [--built DIR] [--jobs N] [--write FILE] [words of a name]

`compile`, `link` and `run` are commands; {in} and {out} stand for files. What `run` prints, a line each, are the
names of those that found the bug. FILE of --write gets a line for each bug that was tried, and keeps those of others.
Fails if a bug is found by nobody, or does not fit the text. DIR of --built has the objects of the sources as they are:
with it a bug in a C file has only that file compiled.
"""
import argparse
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor


class Bug:
    def __init__(self, name):
        self.name, self.file, self.changes = name, None, []


def read_list(path):
    """The bugs; each change is a pair of texts."""
    bugs, last = [], None
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            line = line.rstrip("\n")
            kind, text = line[:1], line[1:]
            if kind == "=":
                bugs.append(Bug(text.strip()))
            elif kind == "@":
                bugs[-1].file = text.strip()
            elif kind == "-":
                if last != "-":
                    bugs[-1].changes.append([[], []])
                bugs[-1].changes[-1][0].append(text)
            elif kind == "+":
                bugs[-1].changes[-1][1].append(text)
            elif kind not in ("", "#"):
                sys.exit("%s:%d: what is this?" % (path, number))
            last = kind
    return bugs


def plant(bug, folder):
    """Change the copy; say what does not fit, or None."""
    path = os.path.join(folder, bug.file)
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for old, new in bug.changes:
        old, new = "\n".join(old), "\n".join(new)
        if text.count(old) != 1:
            return "%d places in %s have the text to be replaced" % (text.count(old), bug.file)
        text = text.replace(old, new)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return None


def run(command):
    return subprocess.run(command, shell=True, capture_output=True, text=True, check=False)


def try_bug(number, bug, options):
    """(scenarios that found it, what went wrong or None)"""
    folder = os.path.join(options.out, "bug%d" % number)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(options.sources, os.path.join(folder, "src"))
    wrong = plant(bug, os.path.join(folder, "src"))
    if wrong:
        return [], wrong
    objects = []
    for name in sorted(os.listdir(os.path.join(folder, "src"))):
        if not name.endswith(".c"):
            continue
        made = os.path.join(folder, name[:-2] + ".o")
        if options.built and bug.file.endswith(".c") and name != bug.file:
            objects.append(os.path.join(options.built, name[:-2] + ".o"))
            continue
        done = run(options.compile.format(**{"in": os.path.join(folder, "src", name), "out": made}))
        if done.returncode:
            return [], "it does not compile: " + done.stderr.strip().split("\n")[0]
        objects.append(made)
    program = os.path.join(folder, "explore")
    done = run(options.link.format(**{"in": " ".join(objects) + " " + options.objects, "out": program}))
    if done.returncode:
        return [], "it does not link: " + done.stderr.strip()[:200]
    done = run(options.run.format(out=program))
    shutil.rmtree(folder, ignore_errors=True)
    found = []
    for line in done.stdout.split("\n"):
        if line and line not in found:
            found.append(line)
    return found, None


def line_of(name, what=""):
    return "%-55s %s" % (name, what)


def write(path, source, every, lines):
    """The lines of the bugs that were tried, and those that the file had of the others."""
    old = []
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            old = file.read().splitlines()
    for bug in every:
        lines.setdefault(bug.name, next((line for line in old if line.startswith(line_of(bug.name))), None))
    with open(path, "w", encoding="utf-8") as file:
        file.write("# Made from %s: each seeded bug, how many find it, and who.\n" % os.path.basename(source))
        file.writelines(lines[bug.name] + "\n" for bug in every if lines[bug.name])


def main():
    parser = argparse.ArgumentParser()
    for name in ("list", "sources", "out", "run"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--compile", required=True)
    parser.add_argument("--link", required=True)
    parser.add_argument("--objects", required=True)
    parser.add_argument("--built")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--write")
    parser.add_argument("name", nargs="*")
    options = parser.parse_args()
    wanted = " ".join(options.name)
    every = read_list(options.list)
    bugs = [bug for bug in every if wanted in bug.name]
    lines, bad = {}, 0
    with ThreadPoolExecutor(options.jobs) as pool:
        results = pool.map(lambda pair: try_bug(pair[0], pair[1], options), enumerate(bugs))
        for bug, (found, wrong) in zip(bugs, results):
            bad += not found
            what = "; ".join(found) if found else wrong or "NOT FOUND"
            lines[bug.name] = line_of(bug.name, "%3d  %s" % (len(found), what))
            print("bug: %-55s %s" % (bug.name, "found by %d, e.g. %s" % (len(found), found[0]) if found else what),
                  flush=True)
    if options.write:
        write(options.write, options.list, every, lines)
    print("%s: %d of %d found" % (os.path.basename(options.list), len(bugs) - bad, len(bugs)))
    return 1 if bad else 0


sys.exit(main())
