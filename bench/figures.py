"""Running mmbench in a kernel, here or in Linux, and reading what it prints."""
import os
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(HERE, "..", "tools"))
import archive as cpio  # noqa: E402
import qemu  # noqa: E402

MEMORY = "1G"
ROUNDS_COUNTED = 9
ROUNDS_TIMED = 7


def arguments(cpus):
    """mmbench's, by the number of CPUs; None: instructions on one are counted."""
    return "r=%d t=1" % ROUNDS_COUNTED if cpus is None else "r=%d n=128 t=%d st=0 fk=0" % (ROUNDS_TIMED, min(cpus, 4))


def parse(text):
    """{row: [ns median, ns least, ns mean, ticks median, ticks least, operations]}"""
    if "# done" not in text or "# FAIL" in text:
        raise SystemExit("mmbench did not end well:\n" + text[-2000:])
    rows = {}
    for line in text.splitlines():
        if line.startswith("mm."):
            name, *figures = line[3:].split()
            rows[name] = [float(figure) for figure in figures]
    return rows


def watched(machine, what):
    """All that a machine prints; at a terminal it is shown which row is being measured."""
    text, begun = "", time.monotonic()
    for line in machine.stdout:
        line = line.decode(errors="replace")
        text += line
        if line.startswith("mm.") and sys.stderr.isatty():
            print("\r\033[K%s: %s, %.0f s" % (what, line.split()[0][3:], time.monotonic() - begun), end="",
                  file=sys.stderr, flush=True)
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    machine.wait()
    print("%s: %.0f s" % (what, time.monotonic() - begun), file=sys.stderr, flush=True)
    return text


def here(kernel, archive, program, cpus=None, words=None, huge="never", counted=False):
    """mmbench in our kernel; huge: who gets pages of 2 MiB. The rows beside Linux's are of small pages in both. counted:
    a nanosecond is an instruction of any CPU; always so if no CPUs are said."""
    settings = dict(os.environ, KERNEL=kernel, ARCHIVE=archive, PROG=program, CMD="", ROOT="", DEB="", MEM=MEMORY,
                    TIMEOUT="900", ARGS=words or arguments(cpus), CPUS=str(cpus or 1),
                    COUNTED="1" if counted or not cpus else "", APPEND="transparent_hugepage=" + huge)
    with subprocess.Popen([os.path.join(HERE, "..", "tools", "run")], env=settings, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE) as machine:
        return parse(watched(machine, label("vmspace", cpus)))


def linux(vmlinuz, program, cpus=None):
    """mmbench as Linux's first program. Its end is a panic of Linux, and that ends the machine."""
    packed = cpio.Archive()
    packed.directory("dev")
    packed.host_file("mmbench", program, 0o755)
    append = ("console=ttyS0 quiet panic=-1 mitigations=off nokaslr norandmaps transparent_hugepage=never "
              "rdinit=/mmbench -- " + arguments(cpus))
    with tempfile.TemporaryDirectory(prefix="vmspace.") as folder:
        path = os.path.join(folder, "archive.cpio")
        packed.write(path)
        line = qemu.command(vmlinuz, path, os.path.join(folder, "report"), append, MEMORY, cpus or 1, not cpus)
        line += ["-serial", "stdio", "-monitor", "none"]
        with subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as machine:
            return parse(watched(machine, label("Linux", cpus)))


def label(kernel, cpus):
    return "%s, %s" % (kernel, "instructions" if cpus is None else "time, %d CPU%s" % (cpus, "s" if cpus > 1 else ""))


def goals():
    """[(row, Linux's instructions when linux-6.1.txt was written, what is to be reached)]"""
    with open(os.path.join(HERE, "linux-6.1.txt")) as table:
        words = [line.split() for line in table if not line.startswith("#")]
    return [(name, float(linux_had), float(reach)) for name, linux_had, reach in words]
