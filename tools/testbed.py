"""A copy of the sources and objects of the unit tests, to change, build and run apart from the tree."""
import os
import resource
import shutil
import signal
import subprocess


def squeeze(text):
    return " ".join(text.split())


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


class Builder:
    """Sources, objects and the tests' binary in one folder. Options: cc, flags, libs, files."""

    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.flags = [options.cc, "-Werror=return-type"] + options.flags.split()
        self.files = options.files.split()
        self.binary = os.path.join(folder, "unit")

    def object(self, path, folder="object"):
        return os.path.join(self.folder, folder, path[:-2] + ".o")

    def copy_sources(self):
        for top in ["include", "arch"] + sorted({path.split("/")[0] for path in self.files}):
            for folder, _, names in os.walk(top):
                for name in names:
                    if name.endswith((".c", ".h")):
                        target = os.path.join(self.folder, folder, name)
                        os.makedirs(os.path.dirname(target), exist_ok=True)
                        shutil.copyfile(os.path.join(folder, name), target)

    def run(self, command, output=subprocess.DEVNULL, **more):
        return subprocess.run(command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                              **more).returncode

    def compile(self, path, folder="object", optimize="-O1"):
        target = self.object(path, folder)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        return self.run(self.flags + [optimize, "-MMD", "-c", "-o", target, path]) == 0

    def link(self, changed=(), folder="object"):
        objects = [self.object(path, folder if path in changed else "object") for path in self.files]
        return self.run([self.options.cc, "-o", self.binary] + objects + self.options.libs.split()) == 0

    def dependents(self):
        """Which sources include a header: {path: [source, ...]}."""
        found = {}
        for path in self.files:
            for word in read(self.object(path)[:-2] + ".d").replace("\\\n", " ").split()[1:]:
                found.setdefault(os.path.normpath(word), []).append(path)
        return found

    def test(self, seconds, output=subprocess.DEVNULL):
        """Run the tests up to the first failure, for at most so many seconds of a CPU. True: all passed."""
        def limit():
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            # The tests' own limit is on the clock of a machine that may be busy with other things.
            signal.signal(signal.SIGALRM, signal.SIG_IGN)

        environment = dict(os.environ, CMOCKA_TEST_ABORT="1")
        try:
            return self.run([self.binary], output, preexec_fn=limit, env=environment, timeout=40 * seconds) == 0
        except subprocess.TimeoutExpired:
            return False
