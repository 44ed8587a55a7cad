"""One run of the kernel under test, through tools/run: its console line by line, its report, its status."""
import os
import queue
import re
import subprocess
import sys
import threading
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tools"))
import qemu  # noqa: E402


class Boot:
    """The console's lines, each as it comes; all of it is kept in a log."""

    def __init__(self, log, kernel, archive, **options):
        self.log = log
        self.report_path = log + ".report"
        if os.path.exists(self.report_path):
            os.remove(self.report_path)
        environment = {key: value for key, value in os.environ.items()
                       if key not in ("CMD", "PROG", "ARGS", "ROOT", "DEB", "APPEND", "TIMEOUT", "CPUS", "MEM", "MAKEFLAGS")}
        environment.update(KERNEL=kernel, ARCHIVE=archive, REPORT=self.report_path,
                           **{key: str(value) for key, value in options.items()})
        self.process = subprocess.Popen([os.path.join(TOP, "tools", "run")], env=environment,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT)
        self.lines = queue.Queue()
        self.text = ""
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        with open(self.log, "w", errors="replace") as log:
            for line in self.process.stdout:
                line = line.decode(errors="replace")
                log.write(line)
                log.flush()
                self.text += line
                self.lines.put(line)
        self.lines.put(None)

    def line(self, deadline):
        """The next line; None at the end; TimeoutError."""
        try:
            return self.lines.get(timeout=max(0.01, deadline - time.monotonic()))
        except queue.Empty:
            raise TimeoutError() from None

    def stop(self):
        self.process.terminate()  # tools/run stops QEMU
        self.process.wait()
        self.reader.join()

    def wait(self, seconds):
        """The exit status; a run that takes longer is stopped."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.stop()
        self.reader.join()
        return self.process.returncode

    def report(self):
        return qemu.read_report(self.report_path)

    def wrong_with_end(self):
        """What a run that ended by itself must leave: balanced books and no word of a broken kernel."""
        report = self.report()
        panic = re.search(r"^.*panic.*$", self.text, re.MULTILINE)
        if panic:
            return panic.group(0).strip()
        if report.get("books") != "ok":
            return "the kernel's books: books=%s" % report.get("books", "(no word)")
        return None
