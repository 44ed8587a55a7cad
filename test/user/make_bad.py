#!/usr/bin/env python3
"""Fill a folder with executables that are wrong in one way each, for badexec.c: make_bad.py FOLDER.

They are made from one tiny good program: an ELF file that ends with status 42.
"""
import os
import struct
import sys

BASE = 0x400000
CODE = bytes.fromhex("bf2a000000" "b8e7000000" "0f05")  # exit_group(42)
R, W, X = 4, 2, 1
LOAD, INTERP = 1, 3


def header(kind=2, machine=62, entry=BASE + 0x1000, phoff=64, phentsize=56, phnum=1, ident=None, ehsize=64):
    ident = ident or b"\x7fELF\x02\x01\x01" + b"\0" * 9
    return ident + struct.pack("<HHIQQQIHHHHHH", kind, machine, 1, entry, phoff, 0, 0, ehsize, phentsize, phnum, 0, 0, 0)


def segment(kind=LOAD, flags=R | X, offset=0x1000, vaddr=BASE + 0x1000, filesz=len(CODE), memsz=None, align=0x1000):
    return struct.pack("<IIQQQQQQ", kind, flags, offset, vaddr, vaddr, filesz,
                       filesz if memsz is None else memsz, align)


def program(*segments, length=0x1000 + len(CODE), **fields):
    segments = segments or (segment(),)
    fields.setdefault("phnum", len(segments))
    data = header(**fields) + b"".join(segments)
    return (data.ljust(0x1000, b"\0") + CODE).ljust(length, b"\0")[:length]


def with_interpreter(name, offset=0x800):
    data = bytearray(program(segment(), segment(kind=INTERP, flags=R, offset=offset, vaddr=BASE, filesz=len(name))))
    data[0x800:0x800 + len(name)] = name
    return bytes(data)


KERNEL = 0xffffffff80000000
LOWER_KERNEL = 0xffff800000000000
END = 0x7ffffffff000

FILES = {
    "run.tiny": program(),
    "run.with-bss": program(segment(), segment(flags=R | W, offset=0x1000, vaddr=BASE + 0x2000, memsz=0x5000)),
    "run.relocatable-position": program(segment(vaddr=0x1000), kind=3, entry=0x1000),
    "run.big-bss": program(segment(), segment(flags=R | W, offset=0, vaddr=BASE + 0x200000, filesz=0, memsz=1 << 30)),
    "refuse.empty": b"",
    "refuse.one-byte": b"\x7f",
    "refuse.magic-alone": b"\x7fELF",
    "refuse.half-header": program()[:32],
    "refuse.header-but-one": program()[:63],
    "refuse.header-alone": program()[:64],
    "refuse.half-program-header": program()[:64 + 28],
    "refuse.zeros": b"\0" * 4096,
    "refuse.text": b"this is no program\n" * 10,
    "refuse.wrong-magic": b"\x7fELG" + program()[4:],
    "refuse.32-bit": program(ident=b"\x7fELF\x01\x01\x01" + b"\0" * 9),
    "refuse.big-endian": program(ident=b"\x7fELF\x02\x02\x01" + b"\0" * 9),
    "refuse.machine-i386": program(machine=3),
    "refuse.machine-aarch64": program(machine=183),
    "refuse.machine-riscv": program(machine=243),
    "refuse.object-file": program(kind=1),
    "refuse.core-file": program(kind=4),
    "refuse.no-program-headers": program(phnum=0),
    "refuse.many-program-headers": program(phnum=65535),
    "refuse.more-headers-than-file": program(phnum=200),
    "refuse.small-program-headers": program(phentsize=32),
    "refuse.large-program-headers": program(phentsize=64),
    "refuse.headers-past-end": program(phoff=1 << 20),
    "refuse.headers-wrap": program(phoff=(1 << 64) - 56),
    "refuse.headers-negative": program(phoff=1 << 63),
    "refuse.file-larger-than-memory": program(segment(filesz=len(CODE), memsz=4)),
    "refuse.kernel-address": program(segment(vaddr=KERNEL + 0x1000), entry=KERNEL + 0x1000),
    "refuse.lower-kernel-address": program(segment(vaddr=LOWER_KERNEL + 0x1000)),
    "refuse.not-canonical": program(segment(vaddr=0x0000800000001000)),
    "refuse.across-the-end": program(segment(), segment(flags=R | W, vaddr=END - 0x1000, memsz=0x3000)),
    "refuse.the-last-page": program(segment(), segment(flags=R | W, vaddr=END, memsz=0x1000)),
    "refuse.wraps-around": program(segment(), segment(flags=R | W, vaddr=BASE + 0x10000, memsz=(1 << 64) - 0x1000)),
    "refuse.size-wraps-to-small": program(segment(memsz=(1 << 64) - BASE)),
    "refuse.absurd-size": program(segment(), segment(flags=R | W, vaddr=BASE + 0x10000, memsz=1 << 50)),
    "refuse.fills-user-space": program(segment(), segment(flags=R | W, vaddr=BASE + 0x10000, memsz=END - BASE)),
    "refuse.position-absurd-size": program(segment(vaddr=0x1000, memsz=1 << 48), kind=3, entry=0x1000),
    "refuse.offset-not-congruent": program(segment(vaddr=BASE + 0x1001)),
    "refuse.offset-negative": program(segment(offset=(1 << 64) - 0x1000)),
    "refuse.overlapping": program(segment(), segment(flags=R | W, vaddr=BASE + 0x1000, memsz=0x2000)),
    "refuse.overlapping-in-a-page": program(segment(memsz=0x2000), segment(flags=R | W, vaddr=BASE + 0x2000, filesz=8)),
    "refuse.out-of-order": program(segment(vaddr=BASE + 0x5000), segment(vaddr=BASE + 0x1000)),
    "refuse.file-part-missing": program(segment(filesz=0x100000, memsz=0x100000)),
    "refuse.no-load-segment": program(segment(kind=4)),
    "die.empty-segment": program(segment(filesz=0)),
    "die.entry-in-kernel": program(entry=KERNEL),
    "die.entry-not-canonical": program(entry=0x0000800000000000),
    "die.entry-not-mapped": program(entry=0x500000),
    "die.entry-null": program(entry=0),
    "die.entry-not-executable": program(segment(flags=R | W)),
    "die.no-rights": program(segment(flags=0)),
    "refuse.interpreter-missing": with_interpreter(b"/no/such/loader\0"),
    "refuse.interpreter-without-end": with_interpreter(b"/no/such/loader"),
    "refuse.interpreter-past-end": with_interpreter(b"/no/such/loader\0", offset=1 << 30),
    "refuse.interpreter-empty": with_interpreter(b""),
    "refuse.script-of-nothing": b"#!\n",
    "refuse.script-of-blanks": b"#!   \t \n",
    "refuse.script-of-missing": b"#!/no/such/shell\n",
    "refuse.script-of-itself": b"#!/test/bad/refuse.script-of-itself\n",
    "refuse.script-long-line": b"#!/" + b"x" * 5000 + b"\n",
}


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    for name, data in FILES.items():
        path = os.path.join(folder, name)
        with open(path, "wb") as file:
            file.write(data)
        os.chmod(path, 0o755)
    path = os.path.join(folder, "refuse.not-executable")
    with open(path, "wb") as file:
        file.write(program())
    os.chmod(path, 0o644)


main()
