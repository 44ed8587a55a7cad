"""newc cpio archives, written byte for byte the same on every machine.

An archive is a list of entries; directories that an entry needs are added by themselves. Nothing of the host
shows: owner 0, one fixed time, inode numbers in order.
"""
import os
import stat
import subprocess

TIME = 1704067200  # 2024-01-01, so that two builds give the same bytes


class Archive:
    def __init__(self):
        self.entries = {}

    def _add(self, name, mode, data):
        name = name.strip("/")
        if not name:
            raise ValueError("the root needs no entry")
        parent = os.path.dirname(name)
        if parent and parent not in self.entries:
            self.directory(parent)
        self.entries[name] = (mode, data)

    def directory(self, name, mode=0o755):
        self._add(name, stat.S_IFDIR | mode, b"")

    def file(self, name, data, mode=0o644):
        self._add(name, stat.S_IFREG | mode, data.encode() if isinstance(data, str) else data)

    def link(self, name, target):
        self._add(name, stat.S_IFLNK | 0o777, target.encode())

    def host_file(self, name, path, mode=None):
        with open(path, "rb") as source:
            self.file(name, source.read(), stat.S_IMODE(os.stat(path).st_mode) if mode is None else mode)

    def host_tree(self, name, path):
        """Everything under a folder of the host; links stay links, other kinds are an error."""
        for folder, folders, files in os.walk(path):
            folders.sort()
            inside = os.path.normpath(os.path.join(name, os.path.relpath(folder, path)))
            for each in sorted(files) + [f for f in folders if os.path.islink(os.path.join(folder, f))]:
                full = os.path.join(folder, each)
                if os.path.islink(full):
                    self.link(os.path.join(inside, each), os.readlink(full))
                elif os.path.isfile(full):
                    self.host_file(os.path.join(inside, each), full)
                else:
                    raise ValueError(full + ": neither a file nor a link")

    def bytes(self):
        parts = []
        for number, name in enumerate(sorted(self.entries), 1):
            mode, data = self.entries[name]
            parts.append(_record(number, name.encode(), mode, data))
        parts.append(_record(0, b"TRAILER!!!", 0, b""))
        return b"".join(parts)


def extended(path, extra):
    """The bytes of the archive at `path` with the entries of another Archive."""
    with open(path, "rb") as file:
        data = file.read()
    trailer = Archive().bytes()
    if not data.endswith(trailer):
        raise ValueError(path + " was not made by tools/mkarchive")
    return data[:-len(trailer)] + extra.bytes()


def contents(path, wanted):
    """What the file `wanted` in the archive at `path` holds."""
    with open(path, "rb") as file:
        data = file.read()
    at = 0
    while data[at:at + 6] == b"070701":
        size, name_size = int(data[at + 54:at + 62], 16), int(data[at + 94:at + 102], 16)
        name = data[at + 110:at + 110 + name_size - 1].decode()
        body = at + len(_pad(data[at:at + 110 + name_size]))
        if name == wanted:
            return data[body:body + size]
        at = body + size + -size % 4
    raise ValueError("%s: there is no %s in it" % (path, wanted))


def _pad(data):
    return data + b"\0" * (-len(data) % 4)


def _record(number, name, mode, data):
    links = 2 if stat.S_ISDIR(mode) else 1
    fields = (number, mode, 0, 0, links, TIME if mode else 0, len(data), 0, 0, 0, 0, len(name) + 1, 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields)
    return _pad(head + name + b"\0") + _pad(data)


def busybox_applets(path):
    listed = subprocess.run([path, "--list-full"], capture_output=True, text=True, check=True).stdout.split()
    return [name for name in listed if name != "bin/busybox"]


PASSWD = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"
GROUP = "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n"
HOSTS = "127.0.0.1\tlocalhost\n"
PROFILE = """# Read by login shells (sh -l).
export PS1='\\w # '
"""


def base(busybox):
    """The initial file system: busybox byte for byte, a link for each applet, and a little /etc."""
    archive = Archive()
    for name in ("bin", "dev", "etc", "proc", "prog", "root", "sbin", "usr/bin", "usr/sbin"):
        archive.directory(name)
    archive.directory("tmp", 0o1777)
    archive.host_file("bin/busybox", busybox, 0o755)
    for name in busybox_applets(busybox):
        archive.link(name, "/bin/busybox")
    archive.file("etc/passwd", PASSWD)
    archive.file("etc/group", GROUP)
    archive.file("etc/hosts", HOSTS)
    archive.file("etc/hostname", "vmspace\n")
    archive.file("etc/profile", PROFILE)
    return archive
