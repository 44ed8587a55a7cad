#!/usr/bin/env python3
"""test/unit/shrink.py BINARY LOG - makes a run of random operations that failed as short as it can.

LOG is what the binary printed; a line of it says how to repeat the run. Parts of the string of steps are left out,
ever smaller ones, as long as what is left still fails in the same place. Prints how to repeat that, and its steps.
"""
import os
import re
import subprocess
import sys
import time

SECONDS = 60  # for all attempts together


def ranges(steps):
    """[0, 1, 2, 5] as 0-2,5."""
    parts = []
    for step in steps:
        if parts and parts[-1][1] == step - 1:
            parts[-1][1] = step
        else:
            parts.append([step, step])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in parts)


def failure(text):
    """Where and how it failed, without what differs between runs: numbers."""
    lines = [line for line in text.splitlines() if re.search(r"ERROR  |   LINE   |SUMMARY|sim: ", line)]
    return re.sub(r"\b(0x[0-9a-f]+|\d+)\b(?!: error)", "N", "\n".join(lines[:2]))


class Run:
    def __init__(self, binary, seed, kind):
        self.binary, self.seed, self.kind = binary, seed, kind
        self.end = time.time() + SECONDS

    def says(self, steps, **more):
        environment = dict(os.environ, VMS_SEED=self.seed, VMS_RUN=self.kind, VMS_STEPS=ranges(steps), **more)
        try:
            done = subprocess.run([self.binary, "random"], env=environment, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=SECONDS, check=False)
        except subprocess.TimeoutExpired:
            return ""
        return done.stdout.decode(errors="replace") if done.returncode != 0 else ""

    def shrink(self, steps):
        wanted = failure(self.says(steps))
        if not wanted:
            return None
        size = max(1, len(steps) // 2)
        while time.time() < self.end:
            kept, i = steps, 0
            while i < len(kept) and time.time() < self.end:
                shorter = kept[:i] + kept[i + size:]
                if shorter and failure(self.says(shorter)) == wanted:
                    kept = shorter
                else:
                    i += size
            if size == 1 and len(kept) == len(steps):
                break
            steps, size = kept, max(1, min(size // 2, len(kept) // 2))
        return steps


def main():
    binary, log = sys.argv[1:]
    with open(log, encoding="utf-8", errors="replace") as file:
        found = re.search(r"to repeat: VMS_SEED=(\d+) VMS_RUN=(\w+) VMS_STEPS=0-(\d+)", file.read())
    if not found:
        return
    run = Run(binary, found[1], found[2])
    steps = run.shrink(list(range(int(found[3]) + 1)))
    if steps is None:
        print("shrink: it does not fail again")
        return
    print(f"shrink: {len(steps)} of {int(found[3]) + 1} steps are enough:")
    print(f"  VMS_SEED={run.seed} VMS_RUN={run.kind} VMS_STEPS={ranges(steps)} VMS_TRACE=1 {binary} random")
    print(run.says(steps, VMS_TRACE="1"))


if __name__ == "__main__":
    main()
