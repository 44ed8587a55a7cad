#!/usr/bin/env python3
"""Does tools/mutate.py find the mistakes it is to plant, in the right places, and leave the rest alone?"""
import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
import mutate
import mutate_asm

ASSEMBLER = """
	.globl	copy /* a name */
	.balign	16
copy:
	cmovae	%rax, %rdi
	/* shr $9, %rdi */
	shr	$3, %rax
1:	rep movsq
	ret
	fixup	1b, 3b
"""


def mutated(text):
    """All (line, new text of the line)."""
    found = []
    for mutant in mutate.mutants_of(text):
        after = mutate.apply(text, mutant)
        assert after.count("\n") == text.count("\n"), "a line moved"
        found.append((mutant.line, mutate.lines_of(text, mutant)[1]))
    return found


def function(body, returns="void"):
    return "static %s f(int a)\n{\n%s\n}\n" % (returns, body)


class MutateTest(unittest.TestCase):
    def expect(self, text, *lines):
        found = [line for _, line in mutated(text)]
        for line in lines:
            self.assertIn(line, found)

    def test_statements(self):
        self.expect(function("\tlock(a);\n\ta++;"), ";", "a--;")
        self.expect(function("\tvms__fence();"), ";")
        self.assertEqual(mutated(function("\tint b;")), [])

    def test_conditions(self):
        text = function("\tif (a && b < 3)\n\t\treturn;")
        self.expect(text, "if (!(a && b < 3))", "if (false)", "if (b < 3)", "if (a)", "if (a || b < 3)", "if (a && b <= 3)",
                    "if (a && b < 4)", "if (a && b < 2)", ";")

    def test_a_single_comparison_is_not_negated_twice(self):
        self.assertEqual([line for _, line in mutated(function("\tif (a == b)\n\t\t;"))], ["if (false)", "if (true)", "if (a != b)"])

    def test_returns(self):
        self.expect(function("\treturn a == 1;", "bool"), "return a != 1;", ";")
        self.expect(function("\treturn is_free(a);", "bool"), "return !(is_free(a));")
        self.expect(function("\treturn a / 2;", "uint32_t"), "return (a / 2) + 1;", "return a * 2;")
        self.expect(function("\treturn VMS_NO_MEMORY;", "enum vms_status"), "return VMS_OK;", "return VMS_EXISTS;")

    def test_loops(self):
        text = function("\tfor (i = 0; i < a; i++)\n\t\tg();\n\tdo {\n\t\tg();\n\t} while (a);")
        self.expect(text, "for (i = 0; false; i++)", "for (i = 0; i <= a; i++)", "} while (!(a));")
        self.assertNotIn("for (i = 0; i < a; i--)", [line for _, line in mutated(text)])

    def test_lines_stay(self):
        text = function("\tcall(a,\n\t     b);\n\ta = 1;")
        self.assertIn((3, ";"), mutated(text))

    def test_what_is_no_code_is_left_alone(self):
        for text in ("/* a < b && c */\n", 'static const char *s = "a < b";\n', "int f(int a);\n",
                     "#ifdef __FRAMAC__\nint f(int a)\n{\n\treturn a + 1;\n}\n#else\n#endif\n", "enum { A = 1, B };\n"):
            self.assertEqual(mutated(text), [])
        self.assertEqual(mutated(function("\tuint32_t *lock = of(a);")), [])
        self.assertEqual([line for _, line in mutated(function("\tg(-a);\n\th(*c);"))], [";", ";"])

    def test_arguments(self):
        self.expect(function("\tg(a, h(b, c), 1);"), "g(h(b, c), a, 1);", "g(a, 1, h(b, c));", "g(a, h(c, b), 1);")

    def test_comments_are_no_part_of_a_line(self):
        text = "/*@ requires a < 3; */\n" + function("\t//@ assert a + 1 > 0;\n\tg(a); /* a > 1 */")
        self.assertEqual(mutated(text), [(5, ";")])
        self.assertEqual(mutate.code_of(text), mutate.code_of(function("\tg(a);")))

    def test_assembler_statements(self):
        self.expect(function('\t__asm__ volatile("mov %0, %%cr3" ::"r"(a) : "memory");'), ";")

    def test_assembler_source(self):
        found = [mutate.lines_of(ASSEMBLER, mutant) for mutant in mutate_asm.mutants_of(ASSEMBLER)]
        self.assertEqual(sorted(found), sorted([
            ("1: rep movsq", "1:"), ("1: rep movsq", "1: movsq"), ("1: rep movsq", "1: rep movsb"),
            ("cmovae %rax, %rdi", ""), ("cmovae %rax, %rdi", "cmova %rax, %rdi"), ("cmovae %rax, %rdi", "cmovae %rdi, %rax"),
            ("cmovae %rax, %rdi", "cmovae %rax, %rsi"), ("shr $3, %rax", ""), ("shr $3, %rax", "shr $2, %rax"),
            ("shr $3, %rax", "shr $4, %rax"), ("shr $3, %rax", "shr %rax, $3"), ("ret", ""),
            ("fixup 1b, 3b", ""), ("fixup 1b, 3b", "fixup 2b, 3b"), ("fixup 1b, 3b", "fixup 1b, 5b"),
            ("fixup 1b, 3b", "fixup 3b, 1b")]))

    def test_defines(self):
        self.assertEqual([line for _, line in mutated("#define BIT 0x20ul\n")], ["#define BIT 0x40ul"])


if __name__ == "__main__":
    unittest.main()
