#!/usr/bin/env python3
"""Run mmbench in the kernel and print what each operation costs: counted.py KERNEL ARCHIVE MMBENCH [instructions|time]

instructions: one CPU, and QEMU counts: one tick of the guest's clock is one instruction, so that two runs give the
same figures. They stand beside Linux's, measured the same way (linux-6.1.txt). time: CPUS CPUs (2), in ns.
"""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def run(kernel, archive, program, counted):
    settings = dict(os.environ, KERNEL=kernel, ARCHIVE=archive, PROG=program, CMD="", MEM="1G", TIMEOUT="600")
    if counted:
        settings.update(CPUS="1", COUNTED="1", ARGS="r=9 t=1")
    else:
        settings.update(CPUS=os.environ.get("CPUS") or "2", ARGS="r=7 t=2")
    ran = subprocess.run([os.path.join(HERE, "..", "tools", "run")], env=settings, stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, check=False)
    text = ran.stdout.decode(errors="replace")
    if ran.returncode != 0 or "# done" not in text or "# FAIL" in text:
        raise SystemExit("mmbench did not end well (status %d):\n%s" % (ran.returncode, text[-2000:]))
    rows = {}
    for line in text.splitlines():
        if line.startswith("mm."):
            name, *figures = line[3:].split()
            rows[name] = [float(figure) for figure in figures]
    return rows


def instructions(rows):
    print("%-26s %12s %12s %9s %12s" % ("instructions per operation", "here", "Linux 6.1", "ratio", "to reach"))
    with open(os.path.join(HERE, "linux-6.1.txt")) as table:
        for line in table:
            if line.startswith("#"):
                continue
            name, linux, reach = line.split()
            ticks = rows[name][3]
            print("%-26s %12.0f %12s %8.2fx %12s %s" % (name, ticks, linux, ticks / float(linux), reach,
                                                       "reached" if ticks <= float(reach) else ""))


def times(rows):
    print("%-26s %12s %12s" % ("ns per operation", "median", "least"))
    for name, figures in rows.items():
        print("%-26s %12.0f %12.0f" % (name, figures[0], figures[1]))


def main():
    kernel, archive, program = sys.argv[1:4]
    counted = sys.argv[4:] != ["time"]
    rows = run(kernel, archive, program, counted)
    (instructions if counted else times)(rows)


main()
