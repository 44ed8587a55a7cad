"""The interactive shell at a pseudo-terminal, through tools/run as a user has it: lines, ^C, ^Z, ^D."""
import os
import pty
import re
import select
import signal
import subprocess
import termios
import time

from boot import TOP

PROMPT = "# "


class Terminal:
    def __init__(self, options, cpus):
        self.log_path = os.path.join(options.out, "console-%d.log" % cpus)
        self.text = ""
        self.master, self.slave = pty.openpty()
        self.modes = termios.tcgetattr(self.slave)
        settings = {key: value for key, value in os.environ.items() if key not in ("CMD", "PROG", "ARGS", "APPEND")}
        settings.update(KERNEL=options.kernel, ARCHIVE=options.archive, CPUS=str(cpus), TIMEOUT="120")
        self.process = subprocess.Popen([os.path.join(TOP, "tools", "run")], env=settings, stdin=self.slave,
                                        stdout=self.slave, stderr=self.slave, start_new_session=True)

    def read(self, seconds):
        if select.select([self.master], [], [], seconds)[0]:
            try:
                self.text += os.read(self.master, 65536).decode(errors="replace").replace("\r", "")
            except OSError:
                pass

    def expect(self, pattern, seconds=20):
        """Wait for it in what was not yet matched, and step past it."""
        deadline = time.monotonic() + seconds
        while True:
            found = re.search(pattern, self.text[self.seen:])
            if found:
                self.seen += found.end()
                return
            if time.monotonic() > deadline:
                raise AssertionError("no /%s/ in:\n%s" % (pattern, self.text[self.seen:][-1500:]))
            self.read(0.1)

    seen = 0

    def type(self, keys):
        os.write(self.master, keys.encode())

    def end(self, seconds=20):
        """The status, after all output was read."""
        deadline = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < deadline:
            self.read(0.1)
        self.read(0.1)
        return self.process.poll()

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait()
        with open(self.log_path, "w") as log:
            log.write(self.text)
        os.close(self.master)
        os.close(self.slave)


def session(options, cpus):
    terminal = Terminal(options, cpus)
    try:
        terminal.expect(PROMPT, 30)
        terminal.type("echo $((6 * 7)) answers\n")
        terminal.expect("\n42 answers\n")
        terminal.expect(PROMPT)
        terminal.type("sleep 1000\n")
        time.sleep(0.5)
        terminal.type("\x03")
        terminal.expect(PROMPT)
        terminal.type("echo status $?\n")
        terminal.expect("\nstatus 130\n")
        terminal.type("sleep 1000\n")
        time.sleep(0.5)
        terminal.type("\x1a")
        terminal.expect("Stopped")
        terminal.type("jobs\n")
        terminal.expect("Stopped.*sleep 1000")
        terminal.type("fg\n")
        terminal.expect("sleep 1000")
        time.sleep(0.3)
        terminal.type("\x03")
        terminal.expect(PROMPT)
        terminal.type("cat\n")
        time.sleep(0.5)  # the shell itself would take, and lose, what is typed ahead
        terminal.type("to be repeated\n")
        terminal.expect("to be repeated\nto be repeated\n")
        terminal.type("\x04")
        terminal.expect(PROMPT)
        terminal.type("while :; do :; done\n")  # the shell itself, busy
        time.sleep(0.5)
        terminal.type("\x03")
        terminal.expect(PROMPT)
        terminal.type("echo wrong\x7f\x7f\x7f\x7f\x7fright\n")
        terminal.expect("\nright\n")
        terminal.expect(PROMPT)
        terminal.type("(exit 9)\n")
        terminal.expect("9\\)\n" + ".*" + PROMPT)
        terminal.type("\x04")
        status = terminal.end()
        if status != 9:
            return "after ^D: status %s, not 9\n%s" % (status, terminal.text[-800:])
        if termios.tcgetattr(terminal.slave) != terminal.modes:
            return "the terminal was not put back as it was"
        return None
    except AssertionError as error:
        return str(error)
    finally:
        terminal.close()


def killed(options):
    """The terminal is put back also if the runner is ended from outside."""
    terminal = Terminal(options, 2)
    try:
        terminal.expect(PROMPT, 30)
        terminal.process.send_signal(signal.SIGTERM)
        status = terminal.end()
        if status != 128 + signal.SIGTERM:
            return "status %s" % status
        if termios.tcgetattr(terminal.slave) != terminal.modes:
            return "the terminal was not put back as it was"
        return None
    except AssertionError as error:
        return str(error)
    finally:
        terminal.close()


def escape(options):
    """^A x ends the machine at once; that it left no status is said."""
    terminal = Terminal(options, 2)
    try:
        terminal.expect(PROMPT, 30)
        terminal.type("\x01x")
        status = terminal.end()
        return None if status == 125 else "status %s, not 125" % status
    except AssertionError as error:
        return str(error)
    finally:
        terminal.close()


def run(options, results):
    print("the console at a terminal", flush=True)
    for name, test in (("a session, 1 CPU", lambda o: session(o, 1)), ("a session, 2 CPUs", lambda o: session(o, 2)),
                       ("ended from outside", killed), ("ended by ^A x", escape)):
        begun = time.monotonic()
        wrong = test(options)
        results.add("console: " + name, time.monotonic() - begun, wrong)
