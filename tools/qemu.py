"""How the kernel is started in QEMU, and how it says how things went.

The kernel writes lines `name=value` to QEMU's debug console (port 0xe9), which goes to a file: that is the
report, apart from the console. Then it ends the machine through the isa-debug-exit device. The exit status that
counts is the report's `status=`; QEMU's own status says only whether the machine ended by itself.
"""
import os
import shutil

NO_STATUS = 125  # the machine ended without saying how
TIMED_OUT = 124
COMMAND_LINE_MAX = 2047  # bytes that the kernel keeps


class Missing(Exception):
    """Something on the host that is not there, with advice."""


def binary():
    name = os.environ.get("QEMU") or "qemu-system-x86_64"
    found = shutil.which(name)
    if not found:
        raise Missing("there is no %s; on Debian: apt-get install qemu-system-x86 (or set QEMU=...)" % name)
    return found


def command(kernel, archive, report, append="", memory="512M", cpus=2, counted=False):
    """QEMU's arguments but for the console. counted: one virtual nanosecond is one guest instruction."""
    line = [binary(), "-nodefaults", "-no-reboot", "-display", "none", "-m", memory, "-smp", str(cpus),
            "-kernel", kernel, "-debugcon", "file:" + report.replace(",", ",,"),
            "-device", "isa-debug-exit,iobase=0xf4"]
    if counted:
        line += ["-machine", "q35,memory-backend=ram0",
                 "-object", "memory-backend-ram,id=ram0,size=%s,prealloc=on" % memory,
                 "-cpu", "max,-erms,-la57", "-accel", "tcg,thread=single", "-icount", "shift=0,sleep=off",
                 "-rtc", "base=2024-01-01,clock=vm", "-seed", "1"]
    else:
        line += ["-machine", "q35", "-cpu", "max", "-accel", "tcg,thread=multi"]
    if archive:
        line += ["-initrd", archive]
    if append:
        line += ["-append", append]
    return line


def read_report(path):
    """The report as a dictionary; the last line of a name wins. Words beside `name=value` count as lines."""
    report = {}
    try:
        with open(path, errors="replace") as file:
            for line in file:
                for word in line.split():
                    name, separator, value = word.partition("=")
                    if separator:
                        report[name] = value
    except OSError:
        pass
    return report


def status_of(report):
    try:
        status = int(report["status"])
    except (KeyError, ValueError):
        return None
    return status if 0 <= status <= 255 else None
