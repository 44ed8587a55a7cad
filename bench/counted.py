#!/usr/bin/env python3
"""Run mmbench in the kernel and print what each operation costs: counted.py KERNEL ARCHIVE MMBENCH [instructions|time|scaling|huge]

instructions: one CPU, and QEMU counts: one tick of the guest's clock is one instruction, so that two runs give the
same figures. They stand beside Linux's, measured the same way (linux-6.1.txt). time: CPUS CPUs (2), in ns. huge: what
64 MiB cost with pages of 4 KiB and of 2 MiB, counted. scaling: instructions of two CPUs together for an operation of
either, each on a range of its own, until both are done: what they do for each other and wait for each other is among
them. So often as much as one do both, where all that costs is instructions.
"""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import figures  # noqa: E402


def instructions(rows):
    print("%-26s %12s %12s %9s %12s" % ("instructions per operation", "here", "Linux 6.1", "ratio", "to reach"))
    for name, linux, reach in figures.goals():
        ticks = rows[name][3]
        print("%-26s %12.0f %12.0f %8.2fx %12.0f %s" % (name, ticks, linux, ticks / linux, reach,
                                                       "reached" if ticks <= reach else ""))


def times(rows):
    print("%-26s %12s %12s" % ("ns per operation", "median", "least"))
    for name, row in rows.items():
        print("%-26s %12.0f %12.0f" % (name, row[0], row[1]))


def scaling(kernel, archive, program):
    one, two = (figures.here(kernel, archive, program, cpus, "r=%d n=512 st=0 fk=0 t=%d" % (figures.ROUNDS_COUNTED, cpus),
                             counted=True) for cpus in (1, 2))
    print("%-26s %12s %12s %9s" % ("instructions per operation", "one CPU", "two CPUs", "speedup"))
    for row in one:
        if row.startswith("t1.all."):
            alone, both = one[row][0], two["t2.all." + row[7:]][0]
            print("%-26s %12.0f %12.0f %8.2fx" % (row[7:], alone, both, 2 * alone / both))


def huge(kernel, archive, program):
    small, large = (figures.here(kernel, archive, program, words="r=3 st=0 fk=0 t=0 big=64", huge=policy)
                    for policy in ("never", "always"))
    print("%-26s %12s %12s %9s" % ("instructions, 64 MiB", "4 KiB pages", "2 MiB pages", "ratio"))
    for name in small:
        if name.startswith("big_"):
            print("%-26s %12.0f %12.0f %8.2fx" % (name, small[name][3], large[name][3], large[name][3] / small[name][3]))


def main():
    kernel, archive, program = sys.argv[1:4]
    if sys.argv[4:] == ["time"]:
        cpus = int(os.environ.get("CPUS") or "2")
        times(figures.here(kernel, archive, program, cpus, "r=%d t=%d" % (figures.ROUNDS_TIMED, min(cpus, 4))))
    elif sys.argv[4:] == ["scaling"]:
        scaling(kernel, archive, program)
    elif sys.argv[4:] == ["huge"]:
        huge(kernel, archive, program)
    else:
        instructions(figures.here(kernel, archive, program))


main()
