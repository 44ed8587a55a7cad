"""tools/prove_page.py - doc/proved.md: each function, what it is for, and what is proved of it."""
import glob

import prove_text

PAGE = "doc/proved.md"
HEAD = """\
# What is proved, function by function

Made by `make prove-update` from the sources and `proof/goals.txt`; [proofs.md](proofs.md) says how to read it,
[TRUST.md](../proof/TRUST.md) what it rests on. "Goals" is proved/all: clauses of the contract, what callees ask for,
freedom from run-time errors.

"""


def note_of(flags):
    """What is missing, in words."""
    words = []
    for flag in flags:
        kind, _, what = flag.partition(":")
        words.append({"no-contract": "no contract", "endless": "%s loops not shown to end" % what,
                      "open": "open: `%s`" % what, "unknown": "not in the table yet"}[kind])
    return "; ".join(words)


def summary(tree, table):
    functions = [(unit.path, name) for unit in tree.units if not unit.lemmas for name in unit.names]
    lemmas = [(unit.path, name) for unit in tree.units if unit.lemmas for name in unit.names]
    rows = [table.rows.get(key, (0, 0, ["unknown"])) for key in functions]
    whole = sum(goals == proved and not {"no-contract", "unknown"} & set(flags) for goals, proved, flags in rows)
    texts = []
    for path in sorted(glob.glob("src/*.[ch]")):
        with open(path, encoding="utf-8") as file:
            texts.append(file.read())
    notes, lines = prove_text.annotation_share(texts)
    everything = [table.rows.get(key, (0, 0, [])) for key in functions + lemmas]
    return ("%d functions, %d with a contract, of which %d wholly proved. %d lemmas. %d goals, %d proved. "
            "Annotations are %d %% of the lines of `src/`.\n" % (
                len(functions), sum(tree.home[key].contract for key in functions), whole, len(lemmas),
                sum(row[0] for row in everything), sum(row[1] for row in everything), 100 * notes // max(lines, 1)))


def write(tree, table):
    parts = [HEAD, summary(tree, table)]
    for unit in sorted(tree.units, key=lambda unit: (unit.path, unit.lemmas)):
        parts.append("\n## %s%s\n\n" % (unit.path, ", lemmas" if unit.lemmas else ""))
        if not unit.lemmas and unit.path in table.calls:
            parts.append("Called here without a contract: %s.\n\n" % ", ".join(
                "`%s`" % name for name in table.calls[unit.path]))
        parts.append("| %s | what for | goals | missing |\n|---|---|---|---|\n" % (
            "lemma" if unit.lemmas else "function"))
        for name in unit.names:
            goals, proved, flags = table.rows.get((unit.path, name), (0, 0, ["unknown"]))
            comment = "" if unit.lemmas else prove_text.first_sentence(tree.home[unit.path, name].comment)
            parts.append("| `%s` | %s | %d/%d | %s |\n" % (
                name, comment.replace("|", "\\|"), proved, goals, note_of(flags)))
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write("".join(parts))
