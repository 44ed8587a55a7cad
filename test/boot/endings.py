"""Boots of their own: how the machine ends, and what of the command line and of the status survives the way."""
import os
import subprocess
import time

from boot import TOP, Boot
import archive as cpio

AWKWARD = r"""printf '%s|' 'a  b' "c,d=e" '$HOME' "\\" '#' '%' 'x;y' "it's"; echo; true | false; exit 7"""


def ends(name, options, expect_status, expect_text=None, archive=None, books=True, seconds=30, **settings):
    """Boot, and compare the status and the output's text (None: any). expect_status None: any but 0."""
    boot = Boot(os.path.join(options.out, name + ".log"), options.kernel, archive or options.archive, **settings)
    status = boot.wait(seconds)
    end = "\n" + "\n".join(boot.text.splitlines()[-8:])
    if expect_status is None and status in (0, 124, 125):
        return "status %d%s" % (status, end)
    if expect_status is not None and status != expect_status:
        return "status %d, not %d%s" % (status, expect_status, end)
    if expect_text is not None and expect_text not in boot.text:
        return "no %r in the output:%s" % (expect_text, end)
    wrong = boot.wrong_with_end() if books else None
    return wrong and wrong + end


def changed_archive(options, name, change):
    with open(options.archive, "rb") as file:
        data = file.read()
    path = os.path.join(options.out, name + ".cpio")
    with open(path, "wb") as file:
        file.write(change(data))
    return path


def bad_archive(name, change, text="archive"):
    """A kernel that cannot fill its file system must say so and end with a status that is not 0."""
    def test(options):
        path = changed_archive(options, name, change)
        return ends(name, options, None, text, archive=path, books=False, CMD="echo it runs")
    return test


def header_of(data, name):
    """Where the header of this file is: busybox itself holds the names of many."""
    at = data.index(name + b"\0")
    while data[at - 110:at - 104] != b"070701":
        at = data.index(name + b"\0", at + 1)
    return at - 110


def flip_header(data):
    at = header_of(data, b"etc/passwd")
    return data[:at] + b"070709" + data[at + 6:]


def set_size(data, size):
    """A file size that reaches out of the archive, in the header of busybox."""
    at = header_of(data, b"bin/busybox")
    return data[:at + 54] + size + data[at + 62:]


def program(options):
    """The user's own program, and arguments with blanks and quotes."""
    return ends("program", options, 42, "args: [one] [two words] [$3]", CMD="", ARGS="one 'two words' '$3'",
                PROG=os.path.join(options.out, "arguments"))


def build_program(options):
    source = os.path.join(options.out, "arguments.c")
    with open(source, "w") as file:
        file.write('#include <stdio.h>\nint main(int argc, char **argv)\n{\n\tprintf("args:");\n'
                   '\tfor (int i = 1; i < argc; i++)\n\t\tprintf(" [%s]", argv[i]);\n'
                   '\tprintf("\\n");\n\treturn 42;\n}\n')
    subprocess.run([os.environ.get("CC") or "cc", "-static", "-o", os.path.join(options.out, "arguments"), source],
                   check=True)


def piped_input(options):
    """Standard input that is no terminal goes to the console, and its end is an end there."""
    settings = dict(os.environ, KERNEL=options.kernel, ARCHIVE=options.archive, CMD="cat; echo rest $?", TIMEOUT="30")
    ran = subprocess.run([os.path.join(TOP, "tools", "run")], input=b"first\nsecond\n", env=settings,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    text = ran.stdout.decode(errors="replace")
    if ran.returncode != 0 or "second\n" not in text or "rest 0\n" not in text:
        return "status %d, output:\n%s" % (ran.returncode, text)
    return None


def no_program_left(options):
    path = os.path.join(options.out, "empty.cpio")
    archive = cpio.Archive()
    archive.directory("tmp")
    with open(path, "wb") as file:
        file.write(archive.bytes())
    return ends("no-shell", options, None, archive=path, books=False, CMD="true")


def selftest(cpus):
    """The kernel's test of itself as a port; it runs no program, so there are no books."""
    return lambda options: ends("selftest-%d" % cpus, options, 0, "selftest: the port is good", books=False,
                                seconds=120, CPUS=cpus, APPEND="selftest")


ENDINGS = (
    ("exit status 0", lambda o: ends("true", o, 0, CMD="true")),
    ("exit status 42", lambda o: ends("42", o, 42, CMD="exit 42")),
    ("exit status 255", lambda o: ends("255", o, 255, CMD="exit 255")),
    ("first process killed", lambda o: ends("killed", o, 128 + 9, CMD="kill -9 $$")),
    ("first process faults", lambda o: ends("faults", o, 128 + 11, "vmspace:", archive=o.test_archive,
                                            CMD="exec /test/glibc/deaths read-null")),
    ("children left behind", lambda o: ends("left", o, 3, CMD="sleep 100 & sleep 200 | cat & exit 3")),
    ("command line as it was typed", lambda o: ends("awkward", o, 7, "a  b|c,d=e|$HOME|\\|#|%|x;y|it's|\n",
                                                    CMD=AWKWARD)),
    ("command of 6000 bytes", lambda o: ends("long", o, 5, "6000", CMD="set -- %s; echo $#; exit 5" %
                                             " ".join(["x"] * 6000))),
    ("command of two lines", lambda o: ends("lines", o, 6, "one\ntwo\n", CMD="echo one\necho two\nexit 6")),
    ("own program", program),
    ("piped input", piped_input),
    ("16 CPUs", lambda o: ends("16", o, 0, "\n16\n", CPUS=16, CMD="grep -c ^processor /proc/cpuinfo || nproc")),
    ("selftest, 1 CPU", selftest(1)),
    ("selftest, 2 CPUs", selftest(2)),
    ("selftest, 4 CPUs", selftest(4)),
    ("little memory", lambda o: ends("little", o, 0, "it runs", MEM="32M", CMD="echo it runs")),
    ("no archive", bad_archive("none", lambda data: b"")),
    ("archive cut off", bad_archive("cut", lambda data: data[:len(data) * 2 // 3])),
    ("archive cut in a header", bad_archive("cut-header", lambda data: data[:data.rindex(b"070701") + 50])),
    ("archive of rubbish", bad_archive("rubbish", lambda data: b"rubbish " * 1000)),
    ("archive with a bad header", bad_archive("header", flip_header)),
    ("archive with a huge file", bad_archive("huge", lambda data: set_size(data, b"7FFFFFFF"))),
    ("archive with a negative size", bad_archive("negative", lambda data: set_size(data, b"FFFFFFFF"))),
    ("archive without a shell", no_program_left),
)


def run(options, results):
    print("boots that end in their own way", flush=True)
    build_program(options)
    for name, test in ENDINGS:
        begun = time.monotonic()
        wrong = test(options)
        results.add(name, time.monotonic() - begun, wrong)
