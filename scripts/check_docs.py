#!/usr/bin/env python3
"""Checks that every pass is documented and tested.

Each `def X : Pass<"zq-stem"...>` under include/ must have a summary, a
description with an example in an mlir code block, and a test file of its stem
somewhere under test/. Prints one line per fault, and exits with 1 if there are
any.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PASS = re.compile(r'^def\s+(\w+)\s*:\s*(?:Interface)?Pass\s*<\s*"([^"]+)"', re.M)
TOP_LEVEL = re.compile(r"^(?:def|class|#endif|let|include|foreach|defm)\b", re.M)
CODE_FIELD = r"let\s+{}\s*=\s*\[\{{(.*?)\}}\]"
EXAMPLE = re.compile(r"```mlir\n(.*?)```", re.S)


def check_pass(body, argument):
    """Yields what is wrong with one pass definition."""
    if not re.search(r'let\s+summary\s*=\s*"[^"]', body):
        yield "has no summary"
    description = re.search(CODE_FIELD.format("description"), body, re.S)
    if not description:
        yield "has no description"
    elif not any(block.strip() for block in EXAMPLE.findall(description[1])):
        yield "has a description without an example (```mlir ... ```)"
    if not argument.startswith("zq-"):
        yield "has an argument that does not begin with zq-"
    stem = argument.removeprefix("zq-")
    if not any((ROOT / "test").rglob(stem + ".mlir")):
        yield f"has no test: test/**/{stem}.mlir"


def main():
    faults = 0
    for file in sorted((ROOT / "include").rglob("*.td")):
        text = file.read_text()
        for match in PASS.finditer(text):
            # A definition ends where the next thing at the margin begins.
            following = TOP_LEVEL.search(text, match.end())
            body = text[match.start() : following.start() if following else None]
            line = text.count("\n", 0, match.start()) + 1
            for fault in check_pass(body, match[2]):
                place = f"{file.relative_to(ROOT)}:{line}"
                print(f"{place}: pass {match[1]} ({match[2]}) {fault}")
                faults += 1
    sys.exit(faults > 0)


if __name__ == "__main__":
    main()
