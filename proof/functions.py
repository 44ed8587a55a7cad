#!/usr/bin/env python3
"""proof/functions.py - the table of functions in proof/TRUST.md.

functions.py --keep                  add lines for functions that have none, unmeasured; drop those that are gone
functions.py --check                 each function of src/ has its line there, and no other has
functions.py --write COVER EXPLORED COVERAGE
                                     make the table: COVER is the explorer's program that tells of calls, EXPLORED what
                                     it told, COVERAGE a folder with what the unit tests counted (gcov)

The proved column comes from proof/goals.txt, lines of "file function goals proved", if there is one.
"""
import glob
import json
import os
import re
import subprocess
import sys

os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
TRUST = "proof/TRUST.md"
BEGIN = "<!-- The functions, made by make trust -->"
END = "<!-- end of the functions -->"
DEFINITION = re.compile(r"^(?!struct|enum|union)[A-Za-z_][\w \t*]*?[\s*](\w+)\([^;{}]*\)\n\{", re.M)

# What a function relies on beyond compilers: by file, or by name, which goes first.
ASSUMED = {
    "vms__load_once": "a volatile access is one access",
    "vms__store_once": "a volatile access is one access",
    "atomic.h": "the compilers' builtins are C11's",
    "tlb.c": "`arch_mmu_flush_*`; interrupts arrive (`port.h`)",
    "user.c": "`arch_user_*` survive faults",
    "space.c": "`arch_mmu_activate*` order what follows after what went before",
    "remote.c": "RAM is mapped where `vms_config` says",
    "plain.c": "the caller's memory is the caller's",
}


def functions():
    """(file, function) of src/, in the order of files and lines; of atomic.h what compilers see."""
    for path in sorted(glob.glob("src/*.[ch]")):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        for found in DEFINITION.finditer(text):
            yield os.path.basename(path), found.group(1)


def lines_of_table(text):
    if BEGIN not in text or END not in text:
        sys.exit("%s: no table of functions" % TRUST)
    table = text.split(BEGIN, 1)[1].split(END, 1)[0]
    return [(m.group(1), m.group(2)) for m in re.finditer(r"^\| ([\w.]+) \| `(\w+)` \|", table, re.M)]


def check():
    with open(TRUST, encoding="utf-8") as file:
        listed = lines_of_table(file.read())
    there = list(functions())
    problems = ["%s: %s has no line in %s (proof/functions.py --keep)" % (f, name, TRUST) for f, name in there if (f, name) not in listed]
    problems += ["%s: %s is in %s, and not in src/" % (f, name, TRUST) for f, name in listed if (f, name) not in there]
    for problem in problems:
        print(problem)
    if not problems:
        print("functions: %d of src/, each with its line in %s" % (len(there), TRUST))
    return 1 if problems else 0


def explored(cover, told):
    """(file, function) -> names of scenarios, those that call the fewest functions first."""
    scenarios = {}
    with open(told, encoding="utf-8") as file:
        pairs = [line.rstrip("\n").split("\t") for line in file if "\t" in line]
    addresses = sorted({address for address, _ in pairs})
    found = subprocess.run(["addr2line", "-f", "-s", "-e", cover], input="\n".join(addresses), check=True,
                           capture_output=True, text=True).stdout.split("\n")
    # A function that the explorer replaces tells the address of what replaces it.
    home = {name: file for file, name in functions()}
    names = {a: (found[2 * i + 1].split(":")[0], found[2 * i]) for i, a in enumerate(addresses)}
    names = {a: (file if os.path.isfile("src/" + file) else home.get(name, file), name) for a, (file, name) in names.items()}
    for address, scenario in pairs:
        scenarios.setdefault(scenario, set()).add(names[address])
    by_function = {}
    for scenario in sorted(scenarios, key=lambda s: (len(scenarios[s]), s)):
        for name in scenarios[scenario]:
            by_function.setdefault(name, []).append(scenario)
    return by_function


def tested(folder):
    """(file, function) -> [lines run, lines], over all files that include it."""
    lines = {}
    for data in glob.glob(folder + "/src/*.gcda"):
        out = subprocess.run(["gcov", "--json-format", "--stdout", data], check=True, capture_output=True, text=True).stdout
        for file in json.loads(out)["files"]:
            if os.path.basename(os.path.dirname(file["file"])) != "src":
                continue
            for line in file["lines"]:
                key = (os.path.basename(file["file"]), line.get("function_name", ""))
                counted = lines.setdefault(key, {})
                counted[line["line_number"]] = counted.get(line["line_number"], 0) + line["count"]
    return {key: [sum(c > 0 for c in value.values()), len(value)] for key, value in lines.items()}


def goals():
    proved = {}
    if os.path.isfile("proof/goals.txt"):
        with open("proof/goals.txt", encoding="utf-8") as file:
            for line in file:
                parts = line.split()
                if len(parts) == 4 and not line.startswith("#"):
                    proved[parts[0], parts[1]] = "%s of %s goals" % (parts[3], parts[2])
    return proved


def table_write(rows):
    head = "| file | function | proved | explored in | lines run by unit tests | assumed |\n|---|---|---|---|---|---|\n"
    with open(TRUST, encoding="utf-8") as file:
        text = file.read()
    lines_of_table(text)
    before, rest = text.split(BEGIN, 1)
    with open(TRUST, "w", encoding="utf-8") as file:
        file.write(before + BEGIN + "\n" + head + "\n".join(row.rstrip() for row in rows) + "\n" + END + rest.split(END, 1)[1])


def write(cover, told, folder):
    by_function, lines, proved = explored(cover, told), tested(folder), goals()
    rows = []
    for file, name in functions():
        found = by_function.get((file, name), [])
        what = "%d: %s" % (len(found), "; ".join(found[:2])) if found else "-"
        ran = "%d of %d" % tuple(lines[file, name]) if (file, name) in lines else "-"
        rows.append("| %s | `%s` | %s | %s | %s | %s |" % (
            file, name, proved.get((file, name), proved.get(("src/" + file, name), "-")), what, ran,
            ASSUMED.get(name, ASSUMED.get(file, ""))))
    table_write(rows)
    unexplored = [function for function in functions() if function not in by_function]
    print("functions: %d, %d explored" % (len(rows), len(rows) - len(unexplored)))
    return 0


def keep():
    with open(TRUST, encoding="utf-8") as file:
        text = file.read()
    old = dict(zip(lines_of_table(text), re.findall(r"^\| [\w.]+ \| `\w+` \|.*$", text.split(BEGIN, 1)[1], re.M)))
    proved = goals()
    rows = []
    for file, name in functions():
        cells = old.get((file, name), "| %s | `%s` | - | - | - | %s |" % (
            file, name, ASSUMED.get(name, ASSUMED.get(file, "")))).split(" | ")
        cells[2] = proved.get((file, name), proved.get(("src/" + file, name), cells[2]))
        rows.append(" | ".join(cells))
    table_write(rows)
    return 0


if sys.argv[1:] == ["--keep"]:
    sys.exit(keep())
if sys.argv[1:] == ["--check"]:
    sys.exit(check())
if len(sys.argv) == 5 and sys.argv[1] == "--write":
    sys.exit(write(*sys.argv[2:]))
sys.exit(__doc__)
