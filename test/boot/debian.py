"""Debian's dynamic programs in the kernel: packages are fetched through apt and become the root; then debian.txt runs."""
import copy
import os
import shutil
import subprocess
import time

import archive as cpio
import cases as listed
import root as roots
from boot import TOP

PACKAGES = ["bash", "coreutils", "python3-minimal", "sqlite3"]


def fetch(options):
    """The root's folder. The packages are kept beside the initial archive, as `make run DEB=...` keeps them."""
    place = os.path.join(os.path.dirname(os.path.abspath(options.archive)), "deb")
    made = subprocess.run([os.path.join(TOP, "tools", "debroot"), place] + PACKAGES, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, timeout=600)
    if made.returncode != 0:
        raise OSError("the packages cannot be had:\n" + made.stderr.decode(errors="replace")[-1500:])
    return made.stdout.decode().strip()


def run(options, results, suite, cases):
    """suite: the class that runs cases in a boot."""
    if not shutil.which("apt-get"):
        print("debian: there is no apt-get here, so Debian's programs are not tried", flush=True)
        return
    print("Debian's programs", flush=True)
    begun = time.monotonic()
    try:
        root = fetch(options)
    except (OSError, subprocess.TimeoutExpired) as error:
        results.add("packages", time.monotonic() - begun, str(error))
        return
    results.add("packages", time.monotonic() - begun, None)
    made = cpio.Archive()
    made.host_tree("", root, [])
    roots.add_missing(made, root, cpio.load(options.archive))
    made.file("test/driver", listed.DRIVER, 0o755)
    for case in cases:
        made.file("test/cases/" + case.name, case.script, 0o755)
    mine = copy.copy(options)
    mine.test_archive = os.path.join(options.out, "debian.cpio")
    made.write(mine.test_archive)
    suite(mine, results, 2, "debian").run(cases)
