#!/usr/bin/env python3
"""Boot the kernel with 1, 2 and 4 CPUs, run programs in it and compare what they print.

run.py --kernel K --archive A --programs FOLDER --out FOLDER [--cpus 1,2,4] [--only PATTERN] [--skip-endings]

One line a case, with its time; logs are kept in the out folder. Many cases share a boot; if one hangs or ends the
machine, it has failed and the rest run in a new boot. Then come the boots that test how the machine ends
(endings.py) and the console (console.py).
"""
import argparse
import fnmatch
import os
import re
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cases as listed  # noqa: E402
import console  # noqa: E402
import debian  # noqa: E402
import endings  # noqa: E402
from boot import TOP, Boot  # noqa: E402
import archive as cpio  # noqa: E402
import root as roots  # noqa: E402

START_SECONDS = 30  # until the first case
CHECKED_CPUS = 2  # with so many the kernel verifies its tables while the cases run (kernel/check.c)


class Results:
    def __init__(self):
        self.passed = 0
        self.failed = []
        self.started = time.monotonic()

    def add(self, name, seconds, wrong):
        if wrong is None:
            self.passed += 1
            print("  ok    %-44s %6.2f s" % (name, seconds), flush=True)
        else:
            self.failed.append(name)
            text = wrong.rstrip("\n").replace("\n", "\n        ")
            print("  FAIL  %-44s %6.2f s\n        %s" % (name, seconds, text), flush=True)

    def summary(self):
        for name in self.failed:
            print("  failed: " + name)
        print("boot-test: %d passed, %d failed, %.0f s" % (self.passed, len(self.failed),
                                                           time.monotonic() - self.started), flush=True)
        return 1 if self.failed or not self.passed else 0


class Suite:
    """All cases in one boot; in more than one if a case ends it."""

    def __init__(self, options, results, cpus, label=""):
        self.options, self.results, self.cpus, self.name = options, results, cpus, label
        self.nr_boots = 0

    def run(self, cases):
        left = list(cases)
        while left:
            ended_by = self.boot(left)
            if ended_by is None:
                return
            del left[:left.index(ended_by) + 1]

    def boot(self, cases):
        """None, or the case that this boot did not survive."""
        self.nr_boots += 1
        label = "%s%d-cpus.%d" % (self.name and self.name + "-", self.cpus, self.nr_boots)
        print("boot %s: %d cases" % (label, len(cases)), flush=True)
        boot = Boot(os.path.join(self.options.out, label + ".log"), self.options.kernel, self.options.test_archive,
                    CPUS=self.cpus, MEM="%dM" % (roots.memory_for(self.options.test_archive) >> 20),
                    APPEND="check" if self.cpus == CHECKED_CPUS else "",
                    CMD="sh /test/driver " + " ".join(case.name for case in cases))
        for number, case in enumerate(cases):
            begun = time.monotonic()
            limit = case.timeout + (START_SECONDS if number == 0 else 0)
            try:
                output, status, said = self.follow(boot, case, begun + limit)
            except TimeoutError:
                boot.stop()
                self.add(case.name, begun, "no end after %g s; the log's end:\n%s" % (limit, tail(boot.text)))
                return case
            except EOFError:
                status = boot.wait(10)
                self.add(case.name, begun, "the machine ended (status %d); the log's end:\n%s" %
                         (status, tail(boot.text)))
                return case
            self.add(case.name, begun, case.wrong_with(output, status, said))
        begun = time.monotonic()
        status = boot.wait(30)
        wrong = boot.wrong_with_end() or (None if status == 0 else "status %d" % status)
        self.add("books", begun, wrong and wrong + "\n" + tail(boot.text))
        return None

    def add(self, name, begun, wrong):
        self.results.add("%s, %d CPU%s" % (name, self.cpus, "s" if self.cpus > 1 else ""),
                         time.monotonic() - begun, wrong)

    @staticmethod
    def follow(boot, case, deadline):
        """The case's output and status, and what the kernel said while it ran."""
        said, output, place = [], [], None
        while True:
            line = boot.line(deadline)
            if line is None:
                raise EOFError()
            if line.startswith("@@run %s\n" % case.name):
                place = said
            elif line.startswith("@@output %s\n" % case.name):
                place = output
            elif line.startswith("@@end %s " % case.name):
                text = "".join(output)
                return text[:-1], int(line.split()[2]), "".join(said)
            elif place is not None:
                place.append(line)


def tail(text):
    return "\n".join(text.splitlines()[-12:])


def make_archive(options, cases):
    """The initial archive with the cases, their driver and the test programs."""
    extra = cpio.Archive()
    for folder in ("glibc", "musl", "bad"):
        extra.host_tree("test/" + folder, os.path.join(options.programs, folder))
    extra.file("test/driver", listed.DRIVER, 0o755)
    for case in cases:
        extra.file("test/cases/" + case.name, case.script, 0o755)
    options.test_archive = os.path.join(options.out, "test.cpio")
    with open(options.test_archive, "wb") as file:
        file.write(cpio.extended(options.archive, extra))
    options.busybox = os.path.join(options.out, "busybox")
    with open(options.busybox, "wb") as file:
        file.write(cpio.contents(options.archive, "bin/busybox"))
    os.chmod(options.busybox, 0o755)


def read_cases(name):
    with open(os.path.join(TOP, "test", "boot", name)) as file:
        return listed.parse(file.read())


def wanted(cases, patterns):
    return [case for case in cases if any(fnmatch.fnmatch(case.name, each) for each in patterns.split(","))]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kernel", required=True)
    parser.add_argument("--archive", required=True)
    parser.add_argument("--programs", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--cpus", default="1,2,4")
    parser.add_argument("--only", default="*", help="cases whose names match")
    parser.add_argument("--skip-endings", action="store_true")
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)
    cases, for_debian = read_cases("cases.txt"), wanted(read_cases("debian.txt"), options.only)
    make_archive(options, cases)
    cases = wanted(cases, options.only)
    listed.fill_from_host(cases, os.path.abspath(options.busybox))
    results = Results()
    for cpus in options.cpus.split(","):
        if cases:
            Suite(options, results, int(cpus)).run(cases)
    if for_debian:
        debian.run(options, results, Suite, for_debian)
    if not options.skip_endings:
        endings.run(options, results)
        console.run(options, results)
    return results.summary()


sys.exit(main())
