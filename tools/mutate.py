"""Makes mutants of a C source: small mistakes, one at a time, each with the place where it is.

The source is split into tokens, comments and strings left out; functions are parsed as far as statements. What
is not in a function, nor in a #define with a value, is left alone.
"""
import re
from collections import namedtuple

# start, end: what is replaced in the text. line: of the start, from 1.
Mutant = namedtuple("Mutant", "kind start end text line")
Token = namedtuple("Token", "kind text start end")

TOKEN = re.compile(r"""
    (?P<name>[A-Za-z_]\w*)
  | (?P<number>0[xX][0-9a-fA-F]+[uUlL]*|\d+[uUlL]*)
  | (?P<op><<=|>>=|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|[-+*/%&|^~!<>=?:;,.(){}\[\]])
""", re.X)
COMMENT = re.compile(r'/\*.*?\*/|//[^\n]*', re.S)
# What is no code: comments, strings, characters.
NOT_CODE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
PROVER = re.compile(r"^#ifdef __FRAMAC__\n.*?^#else\n", re.S | re.M)
DIRECTIVE = re.compile(r"^[ \t]*#(?:\\\n|[^\n])*", re.M)
DEFINE = re.compile(r"[ \t]*#[ \t]*define[ \t]+\w+(?:\([^)]*\))?[ \t]+(?=\S)")

OTHER_OPERATORS = {
    "<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "&&": "||", "||": "&&", "+": "-", "-": "+",
    "*": "/", "/": "*", "%": "/", "<<": ">>", ">>": "<<", "+=": "-=", "-=": "+=", "|=": "=", "&=": "=", "++": "--",
    "--": "++", "&": "|", "|": "&",
}
KINDS = {"<": "off by one", "<=": "off by one", ">": "off by one", ">=": "off by one", "==": "comparison",
         "!=": "comparison", "&&": "and/or", "||": "and/or", "++": "count", "--": "count"}
# In these another member can stand: a name is replaced by the next one.
FAMILIES = [
    ["VMS_OK", "VMS_INVALID"], ["VMS_READING", "VMS_EDITING"], ["VMS_R", "VMS_W", "VMS_X"],
    ["VMS_ACCESSED", "VMS_DIRTY", "VMS_GLOBAL"], ["VMS_SOFT0", "VMS_SOFT1"], ["true", "false"],
    ["VMS_WRITE_BACK", "VMS_WRITE_THROUGH", "VMS_WRITE_COMBINING", "VMS_UNCACHED"],
    ["VMS_ABSENT", "VMS_MARKED", "VMS_MAPPED", "VMS_DEVICE"], ["VMS_FIND_MAPPED", "VMS_FIND_ANY"],
    ["VMS_FRAME_RESERVED", "VMS_FRAME_UNUSED", "VMS_FRAME_UNTYPED", "VMS_FRAME_TABLE", "VMS_FRAME_KERNEL",
     "VMS_FRAME_TAIL"],
    ["VMS_FLUSH_NOT_ALL", "VMS_FLUSH_ALL_USER", "VMS_FLUSH_ALL"],
    ["ARCH_PTE_ABSENT", "ARCH_PTE_TABLE", "ARCH_PTE_LEAF", "ARCH_PTE_MARK"],
    ["ARCH_PTE_P", "ARCH_PTE_W", "ARCH_PTE_U", "ARCH_PTE_PWT", "ARCH_PTE_PCD", "ARCH_PTE_A", "ARCH_PTE_D", "ARCH_PTE_PS",
     "ARCH_PTE_G", "ARCH_PTE_SOFT0", "ARCH_PTE_SOFT1", "ARCH_PTE_KEPT", "ARCH_PTE_PAT1", "ARCH_PTE_PAT2", "ARCH_PTE_NX"],
    ["STEP_DOWN", "STEP_STOP", "STEP_AGAIN", "STEP_NO_MEMORY"],
]
NEXT_NAME = {name: family[(i + 1) % len(family)] for family in FAMILIES for i, name in enumerate(family)}
ERRORS = ("VMS_BAD_RANGE", "VMS_OUT_OF_RANGE", "VMS_NO_MEMORY", "VMS_EXISTS", "VMS_NOT_FOUND", "VMS_BAD_FRAME",
          "VMS_BAD_PROP", "VMS_READ_ONLY", "VMS_ACCESS_DENIED", "VMS_PAGE_FAULT", "VMS_INVALID",
          "VMS_OUT_OF_BOUNDS", "VMS_IN_USE", "VMS_UNUSED", "VMS_SATURATED")
# What ends the condition of a choice, and an operand of && and ||.
CHOICE = {"(", "{", "[", ")", "]", "}", ";", ",", "=", "return", "?", ":"}
OPERAND = CHOICE | {"&&", "||"}
KEYWORDS = {"if", "while", "for", "switch", "return", "sizeof", "__asm__", "volatile"}
TYPE_WORDS = {"struct", "enum", "const", "static", "unsigned", "int", "char", "void", "bool", "inline"}
INTEGERS = ("uint64_t", "uint32_t", "vms_va", "vms_pa", "vms_pfn", "vms_token", "int")


def blank(text, pattern):
    return pattern.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), text)


def squeeze(text):
    return " ".join(text.split())


def tokens_of(text):
    return [Token(found.lastgroup, found.group(), found.start(), found.end()) for found in TOKEN.finditer(text)]


class Source:
    def __init__(self, text):
        self.text = text
        self.code = blank(blank(text, PROVER), NOT_CODE)
        self.tokens = tokens_of(blank(self.code, DIRECTIVE))
        self.close = self.pair_brackets()
        self.found = []

    def pair_brackets(self):
        close, stack = {}, []
        for i, token in enumerate(self.tokens):
            if token.text in ("(", "[", "{"):
                stack.append(i)
            elif token.text in (")", "]", "}"):
                close[stack.pop()] = i
        return close

    def add(self, kind, start, end, text):
        # A mutant keeps its line ends, so that no other line moves.
        old = self.text[start:end]
        text += "\n" * (old.count("\n") - text.count("\n"))
        if text != old:
            self.found.append(Mutant(kind, start, end, text, self.text.count("\n", 0, start) + 1))

    def negate(self, kind, start, end):
        # One comparison alone is left to the mutants of its operator.
        text = self.text[start:end]
        if re.search(r"&&|\|\|", text) or not re.search(r"==|!=|^!", text):
            self.add(kind, start, end, "!(%s)" % text.rstrip())

    def mutants(self):
        i = 0
        while i < len(self.tokens):
            if self.tokens[i].text == "{" and i in self.close:
                if i > 0 and self.tokens[i - 1].text == ")":
                    self.function(i)
                i = self.close[i]
            i += 1
        for found in DIRECTIVE.finditer(self.code):
            define = DEFINE.match(self.code, found.start(), found.end())
            if define:
                self.define(define.end(), found.end())
        unique = {(m.start, m.end, m.text): m for m in self.found}
        return sorted(unique.values(), key=lambda m: (m.start, m.end, m.text))

    def define(self, start, end):
        for token in tokens_of(self.code[start:end]):
            moved = Token(token.kind, token.text, start + token.start, start + token.end)
            if moved.kind == "number":
                self.number(moved)
            elif moved.text in ("+", "-", "*"):
                self.add("arithmetic", moved.start, moved.end, OTHER_OPERATORS[moved.text][0])

    def function(self, body):
        head = body - 1
        while self.close.get(head) != body - 1:
            head -= 1
        first = head - 1
        while first > 0 and self.tokens[first - 1].text not in (";", "}", "{"):
            first -= 1
        self.returns = [token.text for token in self.tokens[first:head - 1] if token.text not in ("static", "inline")]
        self.for_heads = set()
        self.statements(body + 1, self.close[body])
        self.expressions(body + 1, self.close[body])

    def statements(self, i, end):
        while i < end:
            i = self.statement(i)

    def condition(self, kind, opening):
        """What stands in these brackets is a condition."""
        first, last = self.tokens[opening + 1], self.tokens[self.close[opening] - 1]
        self.negate("condition negated", first.start, last.end)
        if kind != "do":
            self.add("condition never", first.start, last.end, "false")
        if kind == "if":
            self.add("condition always", first.start, last.end, "true")

    def statement(self, i):
        """Take one statement that begins at token i; gives the token after it."""
        text = self.tokens[i].text
        if text == "{":
            self.statements(i + 1, self.close[i])
            return self.close[i] + 1
        if text in ("if", "while"):
            self.condition(text, i + 1)
            i = self.statement(self.close[i + 1] + 1)
            if text == "if" and self.tokens[i].text == "else":
                i = self.statement(i + 1)
            return i
        if text == "for":
            self.for_head(i + 1)
            return self.statement(self.close[i + 1] + 1)
        if text == "switch":
            return self.statement(self.close[i + 1] + 1)
        if text == "do":
            i = self.statement(i + 1)
            self.condition("do", i + 1)
            return self.close[i + 1] + 2
        if text in ("case", "default"):
            while self.tokens[i].text != ":":
                i += 1
            return i + 1
        return self.simple(i)

    def for_head(self, opening):
        end = self.close[opening]
        at = [i for i in range(opening + 1, end) if self.tokens[i].text == ";"]
        self.for_heads.update(range(at[1], end))
        if at[1] > at[0] + 1:
            first, last = self.tokens[at[0] + 1], self.tokens[at[1] - 1]
            self.add("condition never", first.start, last.end, "false")

    def is_declaration(self, i):
        token, after = self.tokens[i], self.tokens[i + 1]
        if token.kind != "name" or token.text in ("return", "__asm__"):
            return False
        return token.text in TYPE_WORDS or after.kind == "name" or (after.text == "*" and token.text.endswith("_t"))

    def simple(self, i):
        """An expression, a jump or a declaration, up to its semicolon."""
        end = i
        while self.tokens[end].text != ";":
            end = self.close.get(end, end) + 1
        first, last = self.tokens[i], self.tokens[end]
        if end == i or self.is_declaration(i):
            return end + 1
        kind = "%s removed" % (first.text if first.text in ("return", "break", "continue") else "statement")
        self.add(kind, first.start, last.end, ";")
        if first.text == "return" and end > i + 2:
            start, stop = self.tokens[i + 1].start, last.start
            if self.returns == ["bool"]:
                self.negate("return value", start, stop)
            elif len(self.returns) == 1 and self.returns[0] in INTEGERS:
                self.add("return value", start, stop, "(%s) + 1" % self.text[start:stop])
        return end + 1

    def is_binary(self, i):
        before = self.tokens[i - 1]
        return before.kind == "number" or before.text in (")", "]") or (before.kind == "name" and before.text != "return")

    def expressions(self, i, end):
        for k in range(i, end):
            token = self.tokens[k]
            if token.kind == "number":
                self.number(token)
            elif token.kind == "name":
                self.name(token)
            elif token.text == "!":
                self.add("not dropped", token.start, token.end, "")
            elif token.text == "~":
                self.add("complement dropped", token.start, token.end, "")
            elif token.text in OTHER_OPERATORS:
                self.operator(k)
            elif token.text == "(" and self.tokens[k - 1].kind == "name":
                self.call(k)
            elif token.text == "?":
                self.negate("choice swapped", self.tokens[self.operand(k, -1, CHOICE)].start, token.start)

    def call(self, opening):
        """Two neighbouring arguments change places; the compiler says which do not fit there."""
        if self.tokens[opening - 1].text in KEYWORDS:
            return
        parts, first, i = [], opening + 1, opening + 1
        while i <= self.close[opening]:
            if i == self.close[opening] or self.tokens[i].text == ",":
                parts.append((first, i))
                first = i + 1
            i = self.close[i] + 1 if i in self.close else i + 1
        spans = [(self.tokens[a].start, self.tokens[b - 1].end) for a, b in parts if b > a]
        for (start, middle), (begin, end) in zip(spans, spans[1:]):
            self.add("arguments swapped", start, end, self.text[begin:end] + self.text[middle:begin] + self.text[start:middle])

    def number(self, token):
        value = int(token.text.rstrip("uUlL"), 0)
        suffix = token.text[len(token.text.rstrip("uUlL")):]
        if token.text[:2] in ("0x", "0X"):
            self.add("constant", token.start, token.end, "0x%x%s" % (value * 2 % 2**64, suffix))
            return
        self.add("constant", token.start, token.end, "%d%s" % (value + 1, suffix))
        if value > 0:
            self.add("constant", token.start, token.end, "%d%s" % (value - 1, suffix))

    def name(self, token):
        if token.text in NEXT_NAME:
            self.add("name swapped", token.start, token.end, NEXT_NAME[token.text])
        if token.text in ERRORS:
            self.add("status swapped", token.start, token.end, "VMS_OK")
            other = ERRORS[(ERRORS.index(token.text) + 1) % len(ERRORS)]
            self.add("status swapped", token.start, token.end, other)
        if re.match(r"__ATOMIC_[A-Z]", token.text) and token.text != "__ATOMIC_RELAXED":
            self.add("order relaxed", token.start, token.end, "__ATOMIC_RELAXED")

    def operator(self, k):
        token = self.tokens[k]
        if token.text in "+-*/%&" and not self.is_binary(k):
            return
        if token.text == "*" and self.is_pointer(k):
            return
        if k in self.for_heads and token.text in ("++", "--"):
            return
        self.add(KINDS.get(token.text, "arithmetic"), token.start, token.end, OTHER_OPERATORS[token.text])
        if token.text in ("&&", "||"):
            left, right = self.operand(k, -1), self.operand(k, 1)
            self.add("operand dropped", self.tokens[left].start, self.tokens[k + 1].start, "")
            self.add("operand dropped", self.tokens[k - 1].end, self.tokens[right].end, "")

    def is_pointer(self, k):
        before, after = self.tokens[k - 1].text, self.tokens[k + 1].text
        return after in (")", "*", "const") or before in TYPE_WORDS or before.endswith("_t") or \
            (self.tokens[k - 2].text in ("struct", "enum"))

    def operand(self, k, step, stop=OPERAND):
        """The outermost token of the operand on this side of operator k."""
        opening = {close: i for i, close in self.close.items()} if step < 0 else self.close
        i = k + step
        while self.tokens[i].text not in stop or i in opening:
            i = opening.get(i, i) + step
        return i - step


def mutants_of(text):
    """All mutants of a C source, in the order of their places."""
    return Source(text).mutants()


def apply(text, mutant):
    return text[:mutant.start] + mutant.text + text[mutant.end:]


def lines_of(text, mutant):
    """The line that a mutant is in and what became of it, each without comments and the space around it."""
    mutated = apply(text, mutant)
    start = text.rfind("\n", 0, mutant.start) + 1
    end_old = text.find("\n", mutant.end)
    end_new = end_old + len(mutated) - len(text)
    return squeeze(blank(text, COMMENT)[start:end_old]), squeeze(blank(mutated, COMMENT)[start:end_new])


def code_of(text):
    """The text without comments and space: what two texts have in common if only comments differ."""
    return squeeze(blank(text, COMMENT))
