#!/usr/bin/env python3
"""explore/check/bad_input.py EXPLORE DIVERGE CC... - what cannot be explored is refused, by name.

EXPLORE is the explorer; DIVERGE a program that differs from run to run, and one that never ends. CC... compiles a file.
"""
import subprocess
import sys

EXPLORE, DIVERGE, CC = sys.argv[1], sys.argv[2], sys.argv[3:]
SCENARIO = "two give back a frame"
NAMED = [
    ("a schedule that is none", [EXPLORE, "-m", "sc", "-r", "0,x", SCENARIO], "the schedule to be replayed is malformed"),
    ("a schedule with an impossible fiber", [EXPLORE, "-m", "sc", "-r", "99", SCENARIO], "the schedule to be replayed is malformed"),
    ("a schedule without end", [EXPLORE, "-m", "sc", "-r", "0*999999", SCENARIO], "the schedule to be replayed is malformed"),
    ("a schedule of another scenario", [EXPLORE, "-m", "sc", "-r", "2*4", SCENARIO], "the schedule does not fit: step 0"),
    ("a schedule that goes on after the end", [EXPLORE, "-m", "sc", "-r", "0*90", SCENARIO], "the schedule does not fit: step"),
    ("an old value where there is none", [EXPLORE, "-m", "sc", "-r", "0.7", SCENARIO], "the schedule does not fit: step 0"),
    ("a scenario that is none", [EXPLORE, "no such scenario"], "no scenario has this in its name"),
    ("a model that is none", [EXPLORE, "-m", "alpha", SCENARIO], "a model is sc, tso or weak"),
    ("a program that differs from run to run", [DIVERGE, "differs"], "the program does not behave the same twice"),
    ("a program that never ends", [DIVERGE, "endless"], "limit: the run has too many steps; spinner at"),
    ("tables of another size", CC + ["-DVMS_INDEX_BITS=3"], "the explorer's geometry: VMS_INDEX_BITS must be 2"),
    ("a table that is not too much to count", CC + ["-DVMS_INDEX_BITS=2", "-DVMS_FLUSH_RANGES=2u", "-DVMS_FLUSH_PAGES=4u",
                                                   "-DVMS_FLUSH_FRAMES=1u"],
     "a table that goes is flushed with everything"),
]


def main():
    bad = 0
    for what, command, message in NAMED:
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        except subprocess.TimeoutExpired:
            print("bad input: %s: no end" % what)
            bad += 1
            continue
        if done.returncode <= 0 or message not in done.stdout + done.stderr:
            print("bad input: %s: status %d, and not \"%s\" but: %s" % (
                what, done.returncode, message, (done.stdout + done.stderr)[:300]))
            bad += 1
    print("bad input: %d refused by name, %d not" % (len(NAMED) - bad, bad))
    return bad != 0


sys.exit(main())
