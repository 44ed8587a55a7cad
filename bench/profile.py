#!/usr/bin/env python3
"""Where the instructions of a row of mmbench go: profile.py KERNEL ARCHIVE MMBENCH

In the environment: ROW, a row's name, or several (pf,mmap_pf; none: those of linux-6.1.txt); N, operations a round (128);
TOP, lines a row (25). Every instruction is counted, not sampled: in the last of three rounds QEMU runs one instruction at a
time and writes where it is; nm says in which function that is. So a row's sum is what `make bench-icount` says, but for
the clock's two calls; and it is the same in each run. A row of several threads (t2.low.pf) is counted on all CPUs until
the first of them is done.
"""
import bisect
import collections
import os
import re
import subprocess
import sys
import tempfile
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path[:0] = [HERE, os.path.join(HERE, "..", "tools")]
import archive as cpio  # noqa: E402
import qemu  # noqa: E402
from gdbstub import Held  # noqa: E402

ROUNDS = 3
KERNEL_HALF = 1 << 63
# "Trace CPU: HOST [BASE/PC/FLAGS/CFLAGS]": about to run it. "Stopped ... [PC]": it did not, after all.
EXECUTED = re.compile(rb"^Trace \d+: \S+ \[[0-9a-f]+/([0-9a-f]+)/", re.MULTILINE)
NOT_EXECUTED = re.compile(rb"^Stopped execution of TB chain before \S+ \[([0-9a-f]+)\]", re.MULTILINE)


class Symbols:
    def __init__(self, *files):
        found = []
        for path in files:
            for line in subprocess.run(["nm", path], capture_output=True, text=True, check=True).stdout.splitlines():
                words = line.split()
                if len(words) == 3 and words[1] in "tTwW":
                    found.append((int(words[0], 16), words[2]))
        found.sort()
        self.starts = [start for start, _ in found]
        self.names = [name for _, name in found]
        self.address = {name: start for start, name in found}

    def name(self, address):
        at = bisect.bisect_right(self.starts, address) - 1
        if at < 0 or (address >= KERNEL_HALF) != (self.starts[at] >= KERNEL_HALF):
            return "?"
        return self.names[at] + ("" if address >= KERNEL_HALF else " (program)")


class Counter:
    """Reads what QEMU logs while a row runs, from a pipe; then counts[address] is how often each instruction ran."""

    END = b"@@end"

    def __init__(self, folder):
        self.path = os.path.join(folder, "log")
        os.mkfifo(self.path)

    def start(self):
        self.counts = collections.Counter()
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        held = b""
        with open(self.path, "rb", buffering=0) as pipe:
            while not held.startswith(self.END):
                whole, _, held = (held + pipe.read(1 << 20)).rpartition(b"\n")
                self.counts.update(EXECUTED.findall(whole))
                self.counts.subtract(NOT_EXECUTED.findall(whole))

    def functions(self, symbols):
        """The counts since start(), by function. QEMU is held, writes no more, and keeps the pipe open."""
        with open(self.path, "wb", buffering=0) as pipe:
            pipe.write(self.END)
        self.thread.join()
        sums = collections.Counter()
        for address, count in self.counts.items():
            sums[symbols.name(int(address, 16))] += count
        return sums


class Profiler:
    def __init__(self, machine, symbols, rows, counter):
        self.machine, self.symbols, self.rows, self.counter = machine, symbols, rows, counter
        self.begins, self.ends = symbols.address["row_begins"], symbols.address["row_ends"]
        self.seen = collections.Counter()
        self.stack = []
        self.counting = None
        self.found = {}

    def run(self, code):
        """`code` is what the program has at row_begins: other programs are at the same address."""
        self.machine.stop_at(self.begins)
        self.machine.stop_at(self.ends)
        while self.machine.go():
            if self.machine.memory(self.begins, len(code)) != code:
                continue
            if self.machine.register("rip") == self.begins:
                self.begin(self.machine.text(self.machine.register("rdi")))
            elif self.stack:
                self.end(self.stack.pop())
        return self.found

    def begin(self, row):
        self.stack.append(row)
        self.seen[row] += 1
        if row in self.rows and self.seen[row] == ROUNDS:
            self.counting = row
            print("counting %s ..." % row, file=sys.stderr, flush=True)
            self.counter.start()
            self.machine.monitor("singlestep on")
            self.machine.monitor("logfile " + self.counter.path)
            self.machine.monitor("log exec")

    def end(self, row):
        if row == self.counting:
            self.counting = None
            self.machine.monitor("log none")
            self.machine.monitor("singlestep off")
            self.found[row] = self.counter.functions(self.symbols)


def code_of(program, address):
    """The first bytes of a function of a static program."""
    text = subprocess.run(["objdump", "-h", "-j", ".text", program], capture_output=True, text=True, check=True).stdout
    words = next(line for line in text.splitlines() if " .text " in line).split()
    with open(program, "rb") as file:
        file.seek(int(words[5], 16) + address - int(words[3], 16))
        return file.read(16)


def operations(console):
    """Row: operations a round, from what mmbench printed."""
    found = {}
    with open(console, errors="replace") as file:
        for line in file:
            if line.startswith("mm."):
                words = line[3:].split()
                found[words[0]] = (int(words[-1]), float(words[4]))
    return found


def show(row, sums, found, top):
    total, (ops, least) = sum(sums.values()), found
    print("\n%s: %.1f instructions an operation (%.1f by the clock), %d operations" % (row, total / ops, least, ops))
    print("%14s %8s  %s" % ("an operation", "share", "function"))
    ranked = [(name, count) for name, count in sums.most_common() if count > 0]
    for name, count in ranked[:top]:
        print("%14.1f %7.2f%%  %s" % (count / ops, 100 * count / total, name))
    rest = sum(count for _, count in ranked[top:])
    if rest:
        print("%14.1f %7.2f%%  %d others" % (rest / ops, 100 * rest / total, len(ranked) - top))


def wanted_rows():
    if os.environ.get("ROW"):
        return os.environ["ROW"].split(",")
    with open(os.path.join(HERE, "linux-6.1.txt")) as table:
        return [line.split()[0] for line in table if not line.startswith("#")]


def main():
    kernel, initial, program = sys.argv[1:4]
    rows = wanted_rows()
    threads = max([int(row[1]) for row in rows if re.match(r"t\d\.", row)] + [0])
    alone = any(not re.match(r"t\d\.", row) for row in rows)
    words = "r=%d n=%s t=%d st=%d fk=%d" % (ROUNDS, os.environ.get("N") or "128", threads, alone, alone)
    extra = cpio.Archive()
    extra.host_file("prog/mmbench", program, 0o755)
    with tempfile.TemporaryDirectory(prefix="vmspace.") as folder:
        packed, console = os.path.join(folder, "archive.cpio"), os.path.join(folder, "console")
        with open(packed, "wb") as file:
            file.write(cpio.extended(initial, extra))
        symbols = Symbols(kernel, program)
        counter = Counter(folder)
        line = qemu.command(kernel, packed, os.path.join(folder, "report"), "transparent_hugepage=never cmd=/prog/mmbench " + words, "1G",
                            max(1, threads), True)
        line += ["-serial", "file:" + console, "-monitor", "none"]
        machine = Held(line, folder, sys.stderr)
        try:
            found = Profiler(machine, symbols, rows, counter).run(code_of(program, symbols.address["row_begins"]))
        finally:
            machine.end()
        operated = operations(console)
    for row in rows:
        if row not in found or row not in operated:
            raise SystemExit("profile: mmbench has no row %r; those that it has: %s" % (row, " ".join(sorted(operated))))
        show(row, found[row], operated[row], int(os.environ.get("TOP") or "25"))


main()
