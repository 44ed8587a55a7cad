"""The cases that run in one boot: read from cases.txt, whose top says how they are written.

A case's script runs in an empty folder of the guest; its output and status are compared. `host` cases take what
the same busybox gives on the host as the expected output.
"""
import os
import re
import signal
import subprocess
import tempfile

LIBRARIES = ("glibc", "musl")
DEFAULT_TIMEOUT = 30


class Case:
    def __init__(self, name, options, script, expected):
        self.name = name
        self.script = script
        self.expected = expected
        self.status = options.pop("status", "0")  # a number, or `any`
        self.timeout = float(options.pop("timeout", DEFAULT_TIMEOUT))
        self.host = options.pop("host", False)
        self.match = options.pop("match", False)
        self.says = options.pop("says", None)
        self.needs = options.pop("needs", None)
        if options:
            raise SystemExit("cases.txt: %s: what is %s?" % (name, " ".join(options)))

    def wrong_with(self, output, status, said):
        """None, or what is not as expected."""
        if self.status != "any" and str(status) != self.status:
            return "status %s, not %s; the output:\n%s" % (status, self.status, output[-1500:])
        if self.says and not re.search(self.says, said):
            return "the kernel did not say /%s/ but: %s" % (self.says, said.strip() or "nothing")
        if self.match:
            if not re.fullmatch(self.expected.rstrip("\n"), output.rstrip("\n"), re.DOTALL):
                return "the output does not match:\n" + output
        elif self.expected is not None and output != self.expected:
            return difference(self.expected, output)
        return None


def difference(expected, output):
    wanted, got = expected.splitlines(), output.splitlines()
    for number in range(max(len(wanted), len(got))):
        a = wanted[number] if number < len(wanted) else None
        b = got[number] if number < len(got) else None
        if a != b:
            return "line %d: expected %r, got %r\n%s" % (number + 1, a, b, output[-1500:])
    return "the output differs in its last newline"


def parse(text):
    """Each `== NAME OPTION...` starts a case; `--` alone in a line, what it prints."""
    cases = []
    for block in re.split(r"^== ", text, flags=re.MULTILINE)[1:]:
        head, _, body = block.partition("\n")
        if "\n--\n" in "\n" + body:
            script, expected = ("\n" + body).split("\n--\n", 1)
            expected = expected.rstrip("\n") + "\n" if expected.strip() else ""
        else:
            script, expected = body, None
        head, _, says = head.partition(" says=")
        name, *words = head.split()
        options = {}
        for word in words:
            key, separator, value = word.partition("=")
            options[key] = value if separator else True
        if says:
            options["says"] = says
        script = script.strip("\n") + "\n"
        if options.pop("libc", False):
            for library in LIBRARIES:
                path = "P=/test/" + library + "\n"
                cases.append(Case(name + "." + library, dict(options), path + script, expected))
        else:
            cases.append(Case(name, options, script, expected))
    names = [case.name for case in cases]
    if len(set(names)) != len(names):
        raise SystemExit("cases.txt: two cases of one name")
    return cases


def as_in_the_guest():
    """Whoever runs the tests in the background may ignore ^C, and children would inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)


def fill_from_host(cases, busybox):
    """Run the `host` cases here, where only busybox's applets are found, for what they must print."""
    with tempfile.TemporaryDirectory(prefix="vmspace.") as folder:
        applets = os.path.join(folder, "applets")
        os.mkdir(applets)
        for name in subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split():
            os.symlink(busybox, os.path.join(applets, name))
        for case in cases:
            if not case.host or case.expected is not None:
                continue
            place = os.path.join(folder, "case")
            os.mkdir(place)
            environment = {"PATH": applets, "HOME": "/root"}
            ran = subprocess.run([busybox, "sh", "-c", case.script], cwd=place, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment,
                                 timeout=case.timeout, check=False, preexec_fn=as_in_the_guest)
            case.expected = ran.stdout.decode(errors="replace")
            case.status = str(ran.returncode)
            subprocess.run([busybox, "rm", "-rf", place], check=True)


DRIVER = """#!/bin/sh
# driver CASE...: run each, its output kept apart from what the kernel says meanwhile.
for name in "$@"; do
	mkdir -p /tmp/case
	cd /tmp/case
	echo "@@run $name"
	sh -c "$(cat /test/cases/$name)" >/tmp/output 2>&1 </dev/null
	status=$?
	echo "@@output $name"
	cat /tmp/output
	echo
	echo "@@end $name $status"
	cd /
	rm -rf /tmp/case /tmp/output
done
echo "@@all done"
"""
