"""What a mutant meets, one after the other, until something notices it: one worker does this in its own copy."""
import hashlib
import os
import re
import shutil
import sys
import threading

from testbed import CHECKED, CHECKED_FLAGS, LENIENT, read, run

# A run takes this many times as long as one of the original, and then is killed.
PATIENCE = 3
# These take long, and fail on a busy machine now and then, because they wait for other threads for a while: they come
# late, and only what fails twice has failed.
SLOW = ("threads", "conform")
NAMES = re.compile(r"^#define (\w+)|^static inline [\w \*]*?(\w+)\(", re.M)
# In such a line what counts is what others do meanwhile, which only the explorer tries.
ORDER = re.compile(r"fence|service|exchange|__ATOMIC|frame_sub|vms__(add|set_bit|clear_bit)")
FAST = "fast/unit"
SANITIZED = "out/sim/gcc-san/unit"
CHECKED_TARGET = [CHECKED, CHECKED_FLAGS]
EXPLORER = ["out/explore/explore", "-j", "1", "-q", "-t", "1"]
ARCH = ["out/arch/test"]
BOOT = ["env", "KERNEL=out/kernel/vmspace.elf", "ARCHIVE=out/archive.cpio", "CPUS=2", "TIMEOUT=120", "CMD=true",
        "APPEND=selftest", "tools/run"]
SELFTEST_OK = b"selftest: the port is good"


class Groups:
    """The groups of the unit tests: what each costs, and what it found of each file's mutants."""

    def __init__(self, names):
        self.names = names
        self.cost = {}
        self.kills = {}

    def order(self, path):
        kills = self.kills.setdefault(path, {})
        return sorted(self.names, key=lambda name: -(kills.get(name, 0) + 0.1) / (self.cost[name] + 0.005))

    def killed(self, path, name):
        kills = self.kills.setdefault(path, {})
        kills[name] = kills.get(name, 0) + 1

    def limit(self, name):
        return max(1, PATIENCE * self.cost[name])


class Worker:
    """Sources and objects in a folder: fast/ for the unit tests, tree/ for what make builds."""

    lock = threading.Lock()
    seen = set()
    # What the tests cost, the same for all workers.
    cost = {}

    def __init__(self, options, tree):
        self.options = options
        self.tree = tree
        self.flags = [options.cc] + LENIENT.split() + options.flags.split()
        self.files = options.files.split()
        self.built = set()
        self.users = {}
        self.dependents = self.parts = None

    def copy(self, tree):
        shutil.rmtree(tree.folder, ignore_errors=True)
        shutil.copytree(self.tree.folder, tree.folder, symlinks=True)
        other = Worker(self.options, tree)
        other.built = set(self.built)
        other.dependents, other.parts = self.dependents, self.parts
        return other

    # --- The unit tests, by hand: make would compile more than is needed.

    def object(self, path, folder):
        return self.tree.path("fast", folder, path[:-2] + ".o")

    def compile(self, path, folder, level="-O1"):
        target = self.object(path, folder)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        return run(self.flags + [level, "-MMD", "-c", "-o", target, path], self.tree.folder).passed

    def link(self, changed=()):
        objects = [self.object(path, "mutant" if path in changed else "object") for path in self.files]
        return run([self.options.cc, "-o", "fast/unit"] + objects + self.options.libs.split(), self.tree.folder).passed

    def find_dependents(self):
        """Which sources include a header: {path: [source, ...]}."""
        found = {}
        for path in self.files:
            for word in read(self.object(path, "object")[:-2] + ".d").replace("\\\n", " ").split()[1:]:
                found.setdefault(os.path.normpath(word), []).append(path)
        return found

    def parts_of_headers(self):
        """Every macro and inline function of a header: (its name, its text)."""
        parts = []
        for path in sorted({path for path in self.dependents if path.endswith(".h")}):
            text = self.tree.read(path)
            places = list(NAMES.finditer(text)) + [None]
            for found, following in zip(places, places[1:]):
                end = following.start() if following else len(text)
                parts.append((found.group(1) or found.group(2), text[found.start():end]))
        return parts

    def names_at(self, path, start):
        """The part of a header in which a mutant is, and all parts of headers that are made with it."""
        before = [found.group(1) or found.group(2) for found in NAMES.finditer(self.tree.read(path)[:start])]
        if not before:
            return {}
        names, more = set(), {before[-1]}
        while more:
            names |= more
            mention = re.compile(r"\b(%s)\b" % "|".join(names))
            more = {name for name, text in self.parts if name not in names and mention.search(text)}
        return names

    def users_of(self, path, start):
        """What a change changes: the C file itself; of a header those that name the part of it that is changed."""
        if path.endswith(".c"):
            return [path]
        key = (path, tuple(sorted(self.names_at(path, start))))
        if key not in self.users:
            mention = re.compile(r"\b(%s)\b" % "|".join(key[1]))
            self.users[key] = [user for user in self.dependents.get(path, [])
                               if not key[1] or mention.search(self.tree.read(user))]
        return self.users[key]

    def is_new(self, path, users, level):
        """Compile to mutant objects: are they others than the original's and every other mutant's?"""
        digest = hashlib.sha256((path + level).encode())
        same = True
        for user in users:
            if not self.compile(user, "mutant", level):
                return False
            with open(self.object(user, "mutant"), "rb") as file:
                code = file.read()
            digest.update(code)
            if user.startswith("src/"):
                with open(self.object(user, "original" + level), "rb") as file:
                    same = same and code == file.read()
        with self.lock:
            same = same or digest.digest() in self.seen
            self.seen.add(digest.digest())
        return not same

    # --- Running what was built. True: it fails, which is how it should be.

    def group_fails(self, binary, groups, name):
        runs = 2 if name in SLOW else 1
        return not any(self.tree.run([binary, name], groups.limit(name)).passed for _ in range(runs))

    def tests_fail(self, binary, path, wanted):
        groups = self.cost[binary]
        for name in groups.order(path):
            if wanted(name) and self.group_fails(binary, groups, name):
                groups.killed(path, name)
                return True
        return False

    def limited_fails(self, name, command):
        return not self.tree.run(command, 1 + PATIENCE * self.cost[name]).passed

    def explorer_fails(self):
        """It names the scenarios that fail; its status also tells of those that were cut short."""
        log = self.tree.path("explorer.log")
        with open(log, "wb") as output:
            ended = self.tree.run(EXPLORER, 10 + PATIENCE * self.cost["explorer"], output)
        return ended.status is None or os.path.getsize(log) > 0

    def explorer_seconds(self):
        self.cost["explorer"] = 100
        ended = self.tree.run(EXPLORER, 300)
        if self.explorer_fails():
            sys.exit("mutants: without a mutant, the explorer finds something")
        return ended.seconds

    def selftest(self, seconds):
        """Boot; the seconds that it took, or None if it did not pass."""
        log = self.tree.path("boot.log")
        with open(log, "wb") as output:
            ended = self.tree.run(BOOT, seconds, output)
        with open(log, "rb") as file:
            return ended.seconds if SELFTEST_OK in file.read() else None

    # --- Before the first mutant of a kind: what it meets is built, passes, and is timed.

    def compile_all(self, paths):
        """Everything for the tests; and what mutants of these paths are compared with."""
        for path in self.files:
            if not self.is_compiled(path, "object") and not self.compile(path, "object"):
                sys.exit("mutants: %s does not compile" % path)
        headers = any(path.endswith(".h") for path in paths)
        for path in self.files:
            if path.startswith("src/") and (headers or path in paths):
                for level in ("-O0", "-O1", "-O2"):
                    if not self.is_compiled(path, "original" + level):
                        self.compile(path, "original" + level, level)
        if not self.link():
            sys.exit("mutants: the unit tests do not link")
        self.dependents = self.find_dependents()
        self.parts = self.parts_of_headers()

    def is_compiled(self, path, folder):
        target = self.object(path, folder)
        if not os.path.exists(target):
            return False
        sources = read(target[:-2] + ".d").replace("\\\n", " ").split()[1:]
        made = os.path.getmtime(target)
        return all(os.path.exists(self.tree.path(source)) and os.path.getmtime(self.tree.path(source)) < made
                   for source in sources if not source.startswith("/"))

    def time_groups(self, binary):
        source = self.tree.read("test/unit/main.c")
        groups = Groups(re.findall(r'\{"(\w+)", group_', source))
        for name in groups.names:
            needed = name not in SLOW or (binary == FAST and not self.options.first)
            groups.cost[name] = self.time([binary, name]) if needed else 0
        return groups

    def time(self, command):
        ended = self.tree.run(command, 300)
        if not ended.passed:
            sys.exit("mutants: without a mutant, this fails: %s" % " ".join(command))
        return ended.seconds

    def need(self, name, target, time):
        """Build a target once, time it once."""
        if name not in self.built:
            if not self.tree.make(*target):
                sys.exit("mutants: %s cannot be made" % target[0])
            self.built.add(name)
        with self.lock:
            if name not in self.cost:
                self.cost[name] = time()

    def prepare(self, paths):
        if any(self.is_portable(path) for path in paths):
            self.compile_all(paths)
            self.cost[FAST] = self.time_groups(FAST)
            if not self.options.first:
                self.need(SANITIZED, [SANITIZED], lambda: self.time_groups(SANITIZED))
                self.need(CHECKED, CHECKED_TARGET, lambda: self.time_groups(CHECKED))
                self.need("explorer", ["out/explore/explore"], self.explorer_seconds)
        if any(not self.is_portable(path) for path in paths):
            self.need("arch", ["out/arch/test"], lambda: self.time(ARCH))
            self.need("archive", ["out/archive.cpio"], lambda: 0)
            self.need("boot", ["out/kernel/vmspace.elf"], lambda: self.selftest(300))
            self.cost["kernel"] = self.kernel_digest()

    def kernel_digest(self):
        with open(self.tree.path("out/kernel/vmspace.elf"), "rb") as file:
            return hashlib.sha256(file.read()).digest()

    # --- One mutant.

    @staticmethod
    def is_portable(path):
        """Does the machine in a process use this file?"""
        return path.startswith("src/") or path.endswith("/pte.h")

    def verdict(self, path, start, text, mutated, is_second):
        """none: it is no mutant; alive: after the first tests; survived: all; or what noticed it."""
        if is_second:
            line = text[text.rfind("\n", 0, start) + 1:text.find("\n", start)]
            return self.with_mutant(path, text, mutated, lambda: self.checked(path, start, line))
        if self.is_portable(path):
            return self.with_mutant(path, text, mutated, lambda: self.on_host(path, start))
        return self.with_mutant(path, text, mutated, self.on_machine)

    def with_mutant(self, path, text, mutated, function):
        self.tree.write(path, mutated)
        try:
            return function()
        finally:
            # Also tells make that the file changed.
            self.tree.write(path, text)

    def on_host(self, path, start):
        users = self.users_of(path, start)
        # Quickly compiled first: nearly all die, and only what lives is worth an optimizer's look.
        if not self.is_new(path, users, "-O0") or not self.link(users):
            return "none"
        if self.tests_fail(FAST, path, lambda name: name not in SLOW):
            return "unit"
        return "alive" if self.is_new(path, users, "-O1") and self.is_new(path, users, "-O2") else "none"

    def checked(self, path, start, line):
        """What takes longer, in an order in which most are noticed early: what others may do meanwhile first if it is that."""
        stages = [lambda: self.sanitized_fail(path), lambda: self.slow_fail(path, start), lambda: self.checked_fail(path)]
        stages.insert(0 if ORDER.search(line) else 3, lambda: self.explored_fail(path))
        for stage in stages:
            found = stage()
            if found:
                return found
        return "survived"

    def slow_fail(self, path, start):
        users = self.users_of(path, start)
        if all(self.compile(user, "mutant") for user in users) and self.link(users) and \
                self.tests_fail(FAST, path, lambda name: name in SLOW):
            return "unit"
        return None

    def sanitized_fail(self, path):
        if not self.tree.make(SANITIZED):
            return "none"
        return "sanitized" if self.tests_fail(SANITIZED, path, lambda name: name not in SLOW) else None

    def checked_fail(self, path):
        if not self.tree.make(*CHECKED_TARGET):
            return "none"
        # No contracts in the slow ones: they would be the same again.
        return "checked" if self.tests_fail(CHECKED, path, lambda name: name not in SLOW) else None

    def explored_fail(self, path):
        if not path.startswith("src/") or not self.tree.make("out/explore/explore"):
            return None
        return "explorer" if self.explorer_fails() else None

    def on_machine(self):
        if not self.tree.make("out/arch/test"):
            return "none"
        if self.limited_fails("arch", ARCH):
            return "arch"
        if not self.tree.make("out/kernel/vmspace.elf") or self.kernel_digest() == self.cost["kernel"]:
            return "none"
        return "boot" if self.selftest(5 + PATIENCE * self.cost["boot"]) is None else "survived"
