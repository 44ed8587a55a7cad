"""tools/prove_text.py - what tools/prove reads in the text: functions, their comments and contracts, lemmas.

The text is what the preprocessor makes of a unit, with comments: each definition is known by its file.
"""
import re
import subprocess

TOKEN = re.compile(r'^# (\d+) "([^"\n]*)"[^\n]*$|(/\*.*?\*/|//[^\n]*)|("(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\')|([{}();])',
                   re.S | re.M)
ATTRIBUTE = re.compile(r"__attribute__\s*\(\(.*?\)\)", re.S)
CONTRACT = re.compile(r"/\*@[\s@]*(requires|terminates|decreases|assigns|ensures|behavior|frees|allocates|check|admit)\b")
LOOP = re.compile(r"\bfor\s*\(|\bdo\s*\{|(?<!\})\s\bwhile\s*\(")
# What would let anything be proved. `ensures \false` says that a function never returns.
FORBIDDEN = [(re.compile(r"\b(admit|assume|axiom)\b"), "is not proved"),
             (re.compile(r"\b(requires|terminates)\b[^;]*\\false"), "is never true"),
             (re.compile(r"\bensures\b[^;]*\\false"), "is never true")]


class Function:
    """A function of the preprocessed text."""

    def __init__(self, name):
        self.name = name
        self.file = None      # where it is defined
        self.declared = None  # where it is declared
        self.contract = False
        self.comment = ""
        self.endless = 0      # loops without a variant


def preprocess(path, flags):
    """The text of a unit as a compiler sees it, with comments; None and a message if it does not compile."""
    run = subprocess.run(["gcc", "-E", "-C", "-D__FRAMAC__"] + flags + [path], capture_output=True, text=True)
    return (run.stdout, None) if run.returncode == 0 else (None, run.stderr)


def is_annotation(comment):
    return comment.startswith(("/*@", "//@"))


def name_of(header):
    """The function that this declares or begins to define; None if it is something else."""
    header = ATTRIBUTE.sub(" ", header)
    if re.match(r"\s*(typedef|_Static_assert|__extension__ typedef)\b", header) or "=" in header:
        return None
    found = re.search(r"\b(\w+)\s*\(", header)
    return found.group(1) if found else None


def clean(comment):
    """A comment's words."""
    lines = [re.sub(r"^\s*(/\*+|//|\*(?!/))?", "", line) for line in comment.replace("*/", "").split("\n")]
    return " ".join(" ".join(lines).split())


def first_sentence(comment):
    found = re.match(r"(.*?[.!?])(\s+(?=[A-Z`])|$)", clean(comment))
    return found.group(1) if found else clean(comment)


class Scanner:
    """Cuts preprocessed text into declarations and definitions."""

    def __init__(self, text):
        self.functions = {}
        self.lemmas = []  # (file, name)
        self.reset()
        self.scan(text)

    def reset(self):
        self.header, self.comments, self.body, self.variants = "", [], None, 0

    def note(self, defined):
        name = name_of(self.header)
        if name is None:
            return
        function = self.functions.setdefault(name, Function(name))
        if defined:
            function.file = self.file
            function.endless = len(LOOP.findall(self.body)) - self.variants
        else:
            function.declared = function.declared or self.file
        if any(CONTRACT.match(comment) for comment in self.comments):
            function.contract = True
        prose = [comment for comment in self.comments if not is_annotation(comment)]
        if prose and not function.comment:
            function.comment = prose[-1]

    def comment(self, text, depth):
        if is_annotation(text):
            self.lemmas += [(self.file, name) for name in re.findall(r"^\W*lemma\s+(\w+)", text, re.M)]
        if depth > 0:
            self.variants += len(re.findall(r"\bloop variant\b", text)) if is_annotation(text) else 0
        elif not self.header.strip():
            self.comments.append(text)

    def scan(self, text):
        self.file, depth, rounds, last = "", 0, 0, 0
        for found in TOKEN.finditer(text):
            piece, last = text[last:found.start()], found.end()
            line, file, comment, _, mark = found.groups()
            if depth > 0:
                self.body += piece
            else:
                self.header += piece
            if line:
                self.file = re.sub(r"^\./", "", file)
            elif comment:
                self.comment(comment, depth)
            elif mark == "{":
                if depth == 0 and self.body is None:
                    self.body = ""
                depth += 1
            elif mark == "}":
                depth -= 1
                if depth == 0 and name_of(self.header) and self.header.rstrip().endswith(")"):
                    self.note(True)
                    self.reset()
            elif mark == ";" and depth == 0:
                self.note(False)
                self.reset()
            elif depth > 0:
                self.body += found.group(0)
            else:
                self.header += found.group(0)


def forbidden(path, text, trusted):
    """What must not be in annotations: (line, text) of each."""
    problems = []
    for found in re.finditer(r"/\*@.*?\*/|//@[^\n]*", text, re.S):
        for pattern, why in FORBIDDEN:
            for clause in pattern.finditer(re.sub(r"//[^\n@]*", "", found.group(0))):
                if why == "is never true" and path in trusted and clause.group(0).startswith("ensures"):
                    continue
                line = text.count("\n", 0, found.start()) + 1
                problems.append("%s:%d: %s: %s" % (path, line, " ".join(clause.group(0).split()), why))
    return problems


def annotation_share(texts):
    """Lines of annotations, and all lines."""
    notes = sum(found.count("\n") + 1 for text in texts for found in re.findall(r"/\*@.*?\*/|//@[^\n]*", text, re.S))
    return notes, sum(text.count("\n") for text in texts)
