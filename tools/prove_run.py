"""tools/prove_run.py - one run of the prover: a unit's functions, or a file's lemmas. And the cache of results.

A result is known by a digest of its goal, so that what did not change costs nothing, and what changed is proved
again. The cache is kept as one text file for each unit, a result a line; WP has it as a folder of small files.
"""
import json
import os
import re
import shutil
import subprocess

CACHE = "proof/cache"
LOGIC = "spec/logic.h"
FLAGS = ["-Iproof/machine", "-Iinclude", "-Iarch/x86_64", "-Isrc", "-I.", "-include", LOGIC]
GOAL = re.compile(r"^\[wp\] \[(\w[^\]]*)\] (Goal|Smoke-test) typed_(\w+)(?: : (\w+))?", re.M)
BARE = re.compile(r"Neither code nor specification for function (\w+)")
# Of WP's remarks, those that say nothing about soundness.
QUIET = re.compile(r"Missing assigns clause|Failed smoke-test|Neither code nor|No goal generated")


# A prover gives up after so many of its own steps for each second of --timeout (about what it does in one), however
# busy the machine is: so what is proved once is proved everywhere. Seconds are counted only against one that hangs.
STEPS = {"cvc4": 60000, "z3": 2000000}
PATIENCE = 60
CAST = "+cast"  # in proof/lemmas.txt: the C looks at memory as bytes


class Unit:
    """A C file's functions, a header's inlines, or (lemmas) the lemmas of a file."""

    def __init__(self, path, names, lemmas=False, bare=(), uses=()):
        self.path = path
        self.uses = [name for name in uses if name != CAST]  # files of lemmas that its proofs may use
        self.model = "Typed+cast" if CAST in uses else "Typed"
        self.names = sorted(names)
        self.lemmas = lemmas
        self.bare = set(bare)  # inlines without a contract: the prover does not see them where nobody calls them

    def folder(self):
        return self.path.replace("/", ".") + (".lemmas" if self.lemmas else "")

    def pack(self):
        return os.path.join(CACHE, self.folder() + ".txt")


class Result:
    """What one run said: name -> (goals, proved, open goals)."""

    def __init__(self):
        self.rows = {}
        self.bare = set()    # called, and there is neither code nor contract
        self.remarks = []    # WP's own doubts
        self.smoke = []      # contracts that contradict themselves
        self.error = None


def source_of(unit, out):
    """The C file that the prover reads: a header is included by one line."""
    if unit.path.endswith(".c"):
        return unit.path
    path = os.path.join(out, "source", unit.folder() + ".c")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    line = '#include "%s"\n' % unit.path
    with open(path, "w", encoding="utf-8") as file:
        file.write(line + "typedef int vms_not_empty;\n")
    return path


def flags_of(unit):
    """What the preprocessor is told: the words of contracts, and the lemmas that the proofs of this unit may use."""
    return FLAGS + [word for path in unit.uses for word in ("-include", path)]


def unpack(unit, session, fresh):
    """Results of the repository, and proofs found since. What failed is tried again, unless it is known to be open."""
    folder = os.path.join(session, "cache")
    if fresh:
        shutil.rmtree(session, ignore_errors=True)
    os.makedirs(folder, exist_ok=True)
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            if '"valid"' not in file.read():
                os.unlink(os.path.join(folder, name))
    if fresh or not os.path.exists(unit.pack()):
        return
    with open(unit.pack(), encoding="utf-8") as file:
        for line in file:
            name, text = line.rstrip("\n").split(" ", 1)
            with open(os.path.join(folder, name + ".json"), "w", encoding="utf-8") as entry:
                entry.write(text)


def pack(unit, session, only_valid):
    """Write the results that the last run used to the repository; what no prover was asked is no result."""
    folder = os.path.join(session, "cache")
    lines = []
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            text = " ".join(file.read().split())
        if '"valid"' in text or not only_valid:
            lines.append("%s %s\n" % (name[:-len(".json")], text))
    if not lines:
        if os.path.exists(unit.pack()):
            os.unlink(unit.pack())
        return
    os.makedirs(CACHE, exist_ok=True)
    with open(unit.pack(), "w", encoding="utf-8") as file:
        file.writelines(lines)


def wrapper(name, limit, out):
    """A program that calls a prover with a limit of steps; whoever calls it says seconds. 0: it knows nothing."""
    path = os.path.abspath(os.path.join(out, "bin", name))
    os.makedirs(os.path.dirname(path), exist_ok=True)
    option = "rlimit=%d" if name == "z3" else "--rlimit=%d"
    with open(path, "w", encoding="utf-8") as file:
        file.write("#!/bin/sh\n" + ('exec %s "$@" %s\n' % (shutil.which(name), option % limit) if limit else "echo unknown\n"))
    os.chmod(path, 0o755)
    return path


def command(unit, names, source, session, options):
    line = ["frama-c", "-c11", "-machdep", "gcc_x86_64",
            "-cpp-extra-args=" + " ".join(flags_of(unit)), "-wp", "-wp-rte", "-wp-prover", "cvc4,z3", "-wp-par", "1",
            "-wp-model", unit.model, "-wp-timeout", str(PATIENCE * options.timeout), "-wp-no-warn-memory-model",
            "-wp-session", session,
            "-wp-cache", "cleanup" if set(names) == set(unit.names) - unit.bare and not options.smoke else "update",
            "-wp-report-json", os.path.join(session, "report.json"), source]
    if options.smoke:
        line += ["-wp-smoke-tests", "-wp-smoke-timeout", str(options.smoke),
                 "-wp-prop=" + ",".join("-@" + kind for kind in (
                     "requires ensures assigns assert invariant variant exits breaks continues returns "
                     "complete_behaviors disjoint_behaviors terminates decreases check lemma").split())]
    return line + ["-wp-prop=" if unit.lemmas else "-wp-fct", ",".join(names)]


def rows_of(unit, names, report, failed):
    """Goals and proofs of each name, from WP's report; the names of open goals, from what it printed."""
    report = report or {}
    rows = {}
    for name in names:
        if unit.lemmas:
            parts = [part.get("lemma_" + name, {}) for part in report.get("wp:axiomatics", {}).values()]
            counts = [part["wp:main"] for part in parts if part]
            mine = {goal for goal in failed if goal == "lemma_" + name}
        else:
            section = report.get("wp:functions", {}).get(name, {})
            counts = [section["wp:section"]["wp:main"]] if section else []
            mine = {goal for goal in failed if owner_of(goal, names) == name}
        goals = sum(count["total"] for count in counts)
        rows[name] = (goals, sum(count.get("valid", 0) for count in counts), sorted(mine))
    return rows


def owner_of(goal, names):
    """Whose goal: the longest name that it begins with."""
    return max((name for name in names if goal.startswith(name + "_")), key=len, default=None)


def prove(unit, names, options):
    """Run the prover on these names of the unit."""
    result = Result()
    session = os.path.join(options.out, "smoke" if options.smoke else "session", unit.folder())
    result.rows = {name: (0, 0, []) for name in names if name in unit.bare}
    names = [name for name in names if name not in unit.bare]
    if not names:
        return result
    unpack(unit, session, options.fresh)
    report = os.path.join(session, "report.json")
    if os.path.exists(report):
        os.unlink(report)
    line = command(unit, names, source_of(unit, options.out), session, options)
    if unit.lemmas:
        line[-2:] = [line[-2] + line[-1]]
    environment = dict(os.environ, WHY3CONFIG=os.path.abspath(os.path.join(options.out, "why3.conf")))
    run = subprocess.run(line, capture_output=True, text=True, env=environment)
    with open(os.path.join(session, "log"), "w", encoding="utf-8") as file:
        file.write(" ".join(line) + "\n" + run.stdout + run.stderr)
    if run.returncode != 0 or not os.path.exists(report):
        shown = [text for text in (run.stdout + run.stderr).split("\n") if not text.startswith("[kernel] Parsing")]
        result.error = "\n".join(shown[-12:])
        return result
    with open(report, encoding="utf-8") as file:
        rows = json.load(file)
    failed = {name for status, kind, name, valid in GOAL.findall(run.stdout) if kind == "Goal" and valid != "Valid"}
    result.smoke = sorted({name for status, kind, name, _ in GOAL.findall(run.stdout)
                           if kind == "Smoke-test" and status == "Failed"})
    result.rows.update(rows_of(unit, names, rows, failed))
    result.bare = set(BARE.findall(run.stdout))
    result.remarks = [text for text in re.findall(r"^\[wp\][^\n]*Warning:[^\n]*(?:\n  [^\n]*)*", run.stdout, re.M)
                      if not QUIET.search(text) and not (unit.model != "Typed" and "Cast with incompatible" in text)]
    return result
