"""Makes mutants of an assembler source (GNU, AT&T): an instruction or an entry dropped, another condition or width,
operands exchanged, another constant or label. Comments, directives and names are left alone."""
import re

from mutate import Mutant, COMMENT, blank

DIRECTIVE = re.compile(r"\.(?!L)\w+|#")
LABEL = re.compile(r"[\w.\\@$]+:")
CONDITIONS = {"ae": "a", "a": "ae", "b": "be", "be": "b", "e": "ne", "ne": "e"}
REGISTERS = {"%rdi": "%rsi", "%rsi": "%rdi", "%rcx": "%rdx", "%rdx": "%rcx", "%edx": "%ecx", "%ecx": "%edx"}
# What is data although a directive: words of a table.
WORDS = re.compile(r"\.quad\s")


class Lines:
    def __init__(self, text):
        self.text = text
        self.found = []

    def add(self, kind, start, end, new):
        if self.text[start:end] != new:
            self.found.append(Mutant(kind, start, end, new, self.text.count("\n", 0, start) + 1))

    def constants(self, start, end):
        for found in re.finditer(r"(?<=\$)(0x[0-9a-f]+|\d+)|\b0x[0-9a-f]+\b", self.text[start:end]):
            value = int(found.group(), 0)
            others = [value * 2, value - 1] if value > 9 else [value + 1, value - 1]
            for other in others:
                if other >= 0:
                    self.add("constant", start + found.start(), start + found.end(),
                             hex(other) if value > 9 else str(other))

    def operands(self, start, end):
        text = self.text[start:end]
        for found in re.finditer(r"%r[sd]i|%[re][cd]x", text):
            self.add("register", start + found.start(), start + found.end(), REGISTERS[found.group()])
        for found in re.finditer(r"(?<![\w$%])([1-9])([bf])\b", text):
            other = {"3b": "5b", "5b": "3b", "1b": "2b", "2b": "1b"}.get(found.group(), found.group())
            self.add("label", start + found.start(), start + found.end(), other)
        two = re.fullmatch(r"(\w+\s+)([^,()]+|[^,]*\([^)]*\)), ?([^,()]+|[^,]*\([^)]*\))", text)
        if two:
            self.add("operands swapped", start, end, "%s%s, %s" % two.group(1, 3, 2))

    def instruction(self, start, end):
        text = self.text[start:end]
        self.add("instruction removed", start, end, "")
        prefix = re.match(r"(rep|lock)\s+", text)
        if prefix:
            self.add("prefix dropped", start, start + prefix.end(), "")
        condition = re.match(r"(cmov|j|set)(ae|a|be|b|ne|e)\b", text)
        if condition:
            self.add("condition", start + condition.start(2), start + condition.end(2), CONDITIONS[condition.group(2)])
        width = re.search(r"\b(movs|stos|lods)([bq])\b", text)
        if width:
            self.add("width", start + width.start(2), start + width.end(2), "q" if width.group(2) == "b" else "b")
        self.constants(start, end)
        self.operands(start, end)

    def line(self, start, end):
        """One line, comments blanked already: labels, then an instruction, a use of a macro or a directive."""
        while True:
            while start < end and self.text[start].isspace():
                start += 1
            label = LABEL.match(self.text, start, end)
            if not label:
                break
            start = label.end()
        while end > start and self.text[end - 1].isspace():
            end -= 1
        if start == end or self.text.startswith("function", start):
            return
        if WORDS.match(self.text, start):
            self.constants(start, end)
        elif not DIRECTIVE.match(self.text, start):
            self.instruction(start, end)


def mutants_of(text):
    """All mutants of an assembler source, in the order of their places."""
    lines = Lines(blank(text, COMMENT))
    at = 0
    for line in lines.text.split("\n"):
        lines.line(at, at + len(line))
        at += len(line) + 1
    unique = {(m.start, m.end, m.text): m for m in lines.found}
    return sorted(unique.values(), key=lambda m: (m.start, m.end, m.text))
