"""A copy of the project, to change, build and run apart from the tree."""
import filecmp
import math
import os
import resource
import shutil
import signal
import subprocess
import threading

# The unit tests with the contracts of spec/ between them and the library.
CHECKED = "out/sim/gcc-check/unit"
CHECKED_FLAGS = "SIM_check=-O1 -DVMS_CHECK=3"
# The compiler's warnings are errors as everywhere, but for those that a mistake has for no other reason than that
# something is not used any more.
LENIENT = "-std=gnu11 -Wall -Wextra -Werror -Wno-unused -Wno-unused-parameter -Wno-maybe-uninitialized -Wno-empty-body " \
    "-Wno-infinite-recursion"


# Folders that are no part of the copy: what was built, and what no test here reads.
NOT_SOURCES = ("out", "fast", ".git", "__pycache__", "corpus")


def squeeze(text):
    return " ".join(text.split())


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


class Ended:
    """How a command ended: its status (None: it took too long) and the seconds of CPUs that it took."""

    def __init__(self, status, seconds):
        self.status = status
        self.seconds = seconds
        self.passed = status == 0


def stop(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def run(command, folder, seconds=600, output=subprocess.DEVNULL, environment=()):
    """
    Run a command that may take so many seconds of a CPU. The tests' own limits are on the clock of a machine that
    may be busy with other things, so they are switched off; the limit here on that is only for what sleeps.
    """
    def limit():
        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(seconds), math.ceil(seconds) + 1))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.signal(signal.SIGALRM, signal.SIG_IGN)

    variables = {key: value for key, value in os.environ.items() if key not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    variables.update(environment)
    process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                               preexec_fn=limit, env=variables, start_new_session=True)
    watch = threading.Timer(60 + 20 * seconds, stop, [process])
    watch.start()
    _, status, used = os.wait4(process.pid, 0)
    watch.cancel()
    if os.WIFSIGNALED(status):
        stop(process)  # what it started
    process.returncode = os.waitstatus_to_exitcode(status)
    return Ended(None if process.returncode < 0 else process.returncode, used.ru_utime + used.ru_stime)


class Tree:
    """The sources in one folder, with the project's own makefiles."""

    def __init__(self, folder):
        self.folder = folder

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def read(self, path):
        return read(self.path(path))

    def write(self, path, text):
        write(self.path(path), text)

    def copy_sources(self, top):
        """What is the same already stays, so that make need not build it again."""
        wanted = set()
        for folder, folders, names in os.walk(top):
            folders[:] = [name for name in folders if name not in NOT_SOURCES]
            wanted.update(os.path.relpath(os.path.join(folder, name), top) for name in names)
        for path in wanted:
            source, target = os.path.join(top, path), self.path(path)
            if not os.path.exists(target) or not filecmp.cmp(source, target, shallow=False):
                os.makedirs(os.path.dirname(target), exist_ok=True)
                shutil.copy(source, target)
        for folder, folders, names in os.walk(self.folder):
            folders[:] = [name for name in folders if name not in NOT_SOURCES]
            for name in names:
                path = os.path.join(folder, name)
                if os.path.relpath(path, self.folder) not in wanted:
                    os.remove(path)

    def make(self, *words):
        """Targets and settings. False if it does not compile."""
        return run(["make", "-s", "-j2", "O=out", "WARN=" + LENIENT] + list(words), self.folder).passed

    def run(self, command, seconds, output=subprocess.DEVNULL):
        return run(command, self.folder, seconds, output, {"CMOCKA_TEST_ABORT": "1"})
