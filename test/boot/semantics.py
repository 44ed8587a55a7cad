#!/usr/bin/env python3
"""test/boot/semantics.py KERNEL ARCHIVE PROGRAM - the memory calls of test/user/semantics.c, side by side.

Runs PROGRAM (out/user/glibc/semantics) on this machine's Linux, in the kernel under QEMU and, if LINUX names a
kernel image of Linux (vmlinuz), in that under QEMU; prints each call that is answered otherwise somewhere, or
otherwise than recorded (test/user/semantics.txt). The exit status is 1 if there is one.
"""
import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tools"))
import archive as cpio  # noqa: E402
import qemu  # noqa: E402

SECONDS = 300
LINUX_INIT = """#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t tmpfs tmpfs /tmp
/bin/busybox echo
/semantics list
/bin/busybox poweroff -f
"""


def answers(text):
    """Lines `call = answer`, in order."""
    return [line.rstrip("\r") for line in text.splitlines() if ") = " in line]


def output(command, **options):
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=SECONDS, check=False,
                          **options).stdout.decode(errors="replace")


def here(kernel, archive, program):
    environment = dict(os.environ, KERNEL=kernel, ARCHIVE=archive, PROG=program, ARGS="list", TIMEOUT=str(SECONDS))
    return answers(output([os.path.join(TOP, "tools", "run")], env=environment))


def linux(vmlinuz, archive, program):
    extra = cpio.Archive()
    extra.file("init", LINUX_INIT, 0o755)
    extra.host_file("semantics", program, 0o755)
    for folder in ("proc", "tmp", "dev"):
        extra.directory(folder)
    with tempfile.TemporaryDirectory(prefix="vmspace.") as folder:
        path = os.path.join(folder, "archive.cpio")
        with open(path, "wb") as file:
            file.write(cpio.extended(archive, extra))
        line = [qemu.binary(), "-kernel", vmlinuz, "-initrd", path, "-append", "console=ttyS0 quiet", "-m", "512",
                "-nographic", "-no-reboot"]
        return answers(output(line))


def main(kernel, archive, program):
    with open(os.path.join(TOP, "test", "user", "semantics.txt")) as file:
        recorded = answers(file.read())
    columns = {"this machine's Linux": answers(output([program, "list"])), "vmspace": here(kernel, archive, program)}
    if os.environ.get("LINUX"):
        columns["LINUX"] = linux(os.environ["LINUX"], archive, program)
    other = 0
    for name, lines in columns.items():
        wrong = [(line, expected) for line, expected in zip(lines, recorded) if line != expected]
        for line, expected in wrong:
            print("%s: %s; recorded:%s" % (name, line.strip(), expected[expected.rindex(" = ") + 2:]))
        if len(lines) != len(recorded):
            print("%s: %d calls were answered, %d are recorded" % (name, len(lines), len(recorded)))
            wrong.append(None)
        print("%s: %d calls, %d answered otherwise than recorded" % (name, len(lines), len(wrong)))
        other += len(wrong)
    return 1 if other else 0


sys.exit(main(*sys.argv[1:]))
