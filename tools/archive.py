"""newc cpio archives, written byte for byte the same on every machine.

An archive is a list of entries; directories that an entry needs are added by themselves. Nothing of the host
shows: owner 0, one fixed time, inode numbers in order.
"""
import os
import stat
import subprocess

TIME = 1704067200  # 2024-01-01, so that two builds give the same bytes


class HostFile:
    """What a file of the host holds, read when the archive is written."""

    def __init__(self, path):
        self.path = path
        self.size = os.stat(path).st_size

    def __len__(self):
        return self.size

    def read(self):
        with open(self.path, "rb") as source:
            data = source.read()
        if len(data) != self.size:
            raise ValueError(self.path + " changes while it is read")
        return data


class Archive:
    def __init__(self):
        self.entries = {}

    def entry(self, name, mode, data):
        name = name.strip("/")
        if not name:
            raise ValueError("the root needs no entry")
        parent = os.path.dirname(name)
        if parent and parent not in self.entries:
            self.directory(parent)
        self.entries[name] = (mode, data)  # bytes, or HostFile

    def directory(self, name, mode=0o755):
        self.entry(name, stat.S_IFDIR | mode, b"")

    def file(self, name, data, mode=0o644):
        self.entry(name, stat.S_IFREG | mode, data.encode() if isinstance(data, str) else data)

    def link(self, name, target):
        self.entry(name, stat.S_IFLNK | 0o777, target.encode())

    def host_file(self, name, path, mode=None):
        if not os.access(path, os.R_OK):
            raise ValueError(path + " cannot be read")
        if os.stat(path).st_size >= 1 << 32:
            raise ValueError(path + " is too large for an archive")
        self.entry(name, stat.S_IFREG | (stat.S_IMODE(os.stat(path).st_mode) if mode is None else mode), HostFile(path))

    def host_tree(self, name, path, skipped=None):
        """
        Everything under a folder of the host; links stay links. name "": the root. Other kinds (devices, sockets) are
        an error, or go to the list `skipped`.
        """
        for folder, folders, files in os.walk(path, onerror=_cannot_list):
            folders.sort()
            inside = os.path.normpath(os.path.join(name, os.path.relpath(folder, path)))
            inside = "" if inside == "." else inside
            if inside:
                self.directory(inside, stat.S_IMODE(os.stat(folder).st_mode))
            for each in sorted(files) + [f for f in folders if os.path.islink(os.path.join(folder, f))]:
                full = os.path.join(folder, each)
                if os.path.islink(full):
                    self.link(os.path.join(inside, each), os.readlink(full))
                elif os.path.isfile(full):
                    self.host_file(os.path.join(inside, each), full)
                elif skipped is None:
                    raise ValueError(full + ": neither a file nor a link")
                else:
                    skipped.append(full)

    def size(self):
        """Bytes of the files in it."""
        return sum(len(data) for _, data in self.entries.values())

    def parts(self):
        for number, name in enumerate(sorted(self.entries), 1):
            mode, data = self.entries[name]
            yield _record(number, os.fsencode(name), mode, data.read() if isinstance(data, HostFile) else data)
        yield _record(0, b"TRAILER!!!", 0, b"")

    def bytes(self):
        return b"".join(self.parts())

    def write(self, path):
        with open(path + ".partial", "wb") as file:
            for part in self.parts():
                file.write(part)
        os.replace(path + ".partial", path)


def _cannot_list(error):
    raise error


def extended(path, extra):
    """The bytes of the archive at `path` with the entries of another Archive."""
    with open(path, "rb") as file:
        data = file.read()
    trailer = Archive().bytes()
    if not data.endswith(trailer):
        raise ValueError(path + " was not made by tools/mkarchive")
    return data[:-len(trailer)] + extra.bytes()


def _entries(data):
    """(name, mode, contents) of each entry of an archive's bytes."""
    at = 0
    while data[at:at + 6] == b"070701":
        size, name_size = int(data[at + 54:at + 62], 16), int(data[at + 94:at + 102], 16)
        name = os.fsdecode(data[at + 110:at + 110 + name_size - 1])
        body = at + len(_pad(data[at:at + 110 + name_size]))
        if name == "TRAILER!!!":
            return
        yield name, int(data[at + 14:at + 22], 16), data[body:body + size]
        at = body + size + -size % 4


def load(path):
    """The archive that write() or bytes() left in a file."""
    archive = Archive()
    with open(path, "rb") as file:
        for name, mode, data in _entries(file.read()):
            archive.entry(name, mode, data)
    return archive


def contents(path, wanted):
    """What the file `wanted` in the archive at `path` holds."""
    with open(path, "rb") as file:
        for name, _, data in _entries(file.read()):
            if name == wanted:
                return data
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
    archive.link("etc/mtab", "/proc/mounts")
    return archive
