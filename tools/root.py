"""A folder of the host as the guest's root: what goes into the archive, and how much memory the machine needs.

A root without a shell gets what the initial archive has (busybox and a little /etc), where the folder has nothing of
its own: `make run CMD=...` needs a shell, and packages alone bring none.
"""
import os
import sys

import archive as cpio

SPARE = 256 << 20  # bytes for the kernel and the programs, beside the archive and the files made from it
LEAST = 512 << 20
MOST = 1536 << 20  # of an archive: QEMU puts it below the PC's devices
PROGRAM_FOLDERS = ("bin", "sbin", "usr/bin", "usr/sbin")


def say(text):
    print("run: " + text, file=sys.stderr, flush=True)


def inside(root, name):
    """Where `name` is in the root if links that stand for folders are followed: bin/sh, usr/bin/sh. None: outside."""
    at = ""
    for part in os.path.dirname(name).split("/"):
        at = os.path.join(at, part) if part else at
        for _ in range(8):
            full = os.path.join(root, at)
            if not os.path.islink(full):
                break
            target = os.readlink(full)
            at = os.path.normpath(target.lstrip("/") if target.startswith("/")
                                  else os.path.join(os.path.dirname(at), target))
            if at.startswith(".."):
                return None
    return os.path.join(at, os.path.basename(name))


def has(root, name):
    found = inside(root, name)
    return found is not None and os.path.lexists(os.path.join(root, found))


def add_missing(made, root, base):
    """From the initial archive, what the root has not: a program counts if any of the folders for programs has it."""
    for name in sorted(base.entries):
        folder, last = os.path.split(name)
        places = PROGRAM_FOLDERS if folder in PROGRAM_FOLDERS else (folder,)
        if any(has(root, os.path.join(place, last)) for place in places):
            continue
        target = inside(root, name)
        if target is not None and target not in made.entries:
            made.entry(target, *base.entries[name])


def make(root, base, fill, path):
    """Write the archive of the folder `root`, filled up from the Archive `base` if `fill`, to `path`."""
    made, skipped = cpio.Archive(), []
    made.host_tree("", root, skipped)
    if fill:
        add_missing(made, root, base)
    if skipped:
        say("left out %d devices and the like: %s%s" % (len(skipped), ", ".join(skipped[:3]),
                                                        " ..." if len(skipped) > 3 else ""))
    say("packing %s: %d files, %.1f MB" % (root, len(made.entries), made.size() / 1e6))
    made.write(path)


def memory_for(archive):
    """Bytes of memory that a machine with this archive needs: the archive, the files made from it, and some to work."""
    wanted = max(LEAST, 2 * os.path.getsize(archive) + SPARE)
    return (wanted + (64 << 20) - 1) // (64 << 20) * (64 << 20)
