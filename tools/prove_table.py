"""tools/prove_table.py - proof/goals.txt: what is proved, function by function; and what changed since."""
import os

TABLE = "proof/goals.txt"
HEAD = """\
# What is proved: file, function or lemma, goals, of them proved; then what is missing.
#   no-contract  nobody has said what the function does: the goals are freedom from run-time errors and what it calls
#   endless:N    N loops that were not shown to end
#   open:GOAL    not proved
#   calls        of a file: called there, and nothing says what it does
# `make prove` compares with this; `make prove-update` writes it.
"""


class Table:
    def __init__(self):
        self.rows = {}   # (file, name) -> (goals, proved, flags)
        self.calls = {}  # file -> names
        if os.path.exists(TABLE):
            with open(TABLE, encoding="utf-8") as file:
                self.read(file)

    def read(self, lines):
        for line in lines:
            words = line.split()
            if not words or words[0] == "#":
                continue
            if words[1] == "calls":
                self.calls[words[0]] = words[2:]
            else:
                self.rows[words[0], words[1]] = (int(words[2]), int(words[3]), words[4:])

    def knows(self, unit):
        """Is a goal of it proved, so that the cache has what proved it?"""
        return any(self.rows.get((unit.path, name), (0, 0))[1] > 0 for name in unit.names)

    def compare(self, tree, results, options):
        """Say what is worse than the table; is there any?"""
        worse, old = 0, False
        for unit, result in results:
            if result.error:
                worse += 1
                continue
            for remark in result.remarks:
                print("%s: the prover has doubts: %s" % (unit.path, remark))
            for name, (goals, proved, open_goals) in result.rows.items():
                known = self.rows.get((unit.path, name))
                if known is None and options.cache == "only":
                    continue
                new = [goal for goal in open_goals if known is None or "open:" + goal not in known[2]]
                old = old or known is None or known[:2] != (goals, proved)
                for goal in new:
                    print("%s: %s: not proved: %s" % (unit.path, name, goal))
                if new and options.cache != "only":
                    print("    again, with more time: make prove FN=%s WAIT=%d" % (name, 3 * options.timeout))
                if known and proved < known[1]:
                    print("%s: %s: %d goals proved of %d; %s says %d" % (
                        unit.path, name, proved, goals, TABLE, known[1]))
                worse += bool(new) or bool(known and proved < known[1])
        if not options.only and not options.fn:
            here = {(unit.path, name) for unit in tree.units for name in unit.names}
            for path, name in sorted(set(self.rows) - here):
                old = True
                print("%s: %s is in %s, but not in the tree" % (path, name, TABLE))
        self.say(results, worse, old, options)
        return worse > 0

    def say(self, results, worse, old, options):
        rows = [row for _, result in results for row in result.rows.values()]
        print("prove: %d of %d goals proved, of %d functions and lemmas" % (
            sum(row[1] for row in rows), sum(row[0] for row in rows), len(rows)))
        if worse and options.cache == "only":
            print("prove: proof/cache is not of this text; make prove-update proves it, and writes what is proved")
        elif (worse or old) and not options.update:
            print("prove: %s is %s; if that is as it should be: make prove-update" % (
                TABLE, "better than this" if worse else "not of today"))

    def update(self, tree, results):
        """Replace the rows of what was proved now; forget what is not in the tree any more."""
        for unit, result in results:
            if result.error:
                continue
            self.calls.pop(unit.path, None)
            if result.bare:
                self.calls[unit.path] = sorted(result.bare)
            for name, (goals, proved, open_goals) in result.rows.items():
                flags = tree.flags(unit, name) + ["open:" + goal for goal in open_goals]
                self.rows[unit.path, name] = (goals, proved, flags)
        here = {(unit.path, name) for unit in tree.units for name in unit.names}
        lines = [" ".join([path, name, str(goals), str(proved)] + flags)
                 for (path, name), (goals, proved, flags) in self.rows.items() if (path, name) in here]
        lines += [" ".join([path, "calls"] + names) for path, names in self.calls.items() if os.path.exists(path)]
        with open(TABLE, "w", encoding="utf-8") as file:
            file.write(HEAD + "".join(line + "\n" for line in sorted(lines)))
