#!/usr/bin/env python3
"""Checks that every constraint has a number, a line of documentation and a test.

A verifier's message begins with a label: (D1) of an op or type, (scale 1) of a
stage. Each label that the code under lib/Dialect/ZQ/IR has must stand in a list
of constraints in a .td file, and in a test that fails where the error does not
come: an `expected-error` of a file under test/ that a RUN line of its reads with
-verify-diagnostics, or, where text cannot break the constraint, in what a unit
test expects to be equal. Each one that is documented must be in the code. Each
stage must have a test of what it takes in (T3). Prints one line per fault, and
exits with 1 if there are any.

    check_constraints.py [ROOT]   checks the tree at ROOT instead of its own
"""

import pathlib
import re
import sys

OWN = pathlib.Path(__file__).resolve().parent.parent
ROOT = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else OWN
LABEL = r"\((?:[A-Z]\d+|[a-z_]+ \d+)\)"
STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"')
# What a verifier says, up to the end of the message's first piece. A label may
# come from the caller.
MESSAGE = re.compile(r"\bemitError\(\)\s*<<\s*(\w*[lL]abel\b|\"[^\"]*|[^;]{0,20})")
OP_MESSAGE = re.compile(r"\bemitOpError\((\"[^\"]*|\))(\s*<<\s*\w*[lL]abel\b)?")
STAGE = re.compile(r"ZQ_(?:Tensor)?Stage<\s*\"\w+\",\s*\"(\w+)\"")
# A line that lit runs, with those that it goes on in.
RUN = re.compile(r"RUN:((?:.*\\\n.*RUN:)*.*)")
# The parts of a file that split-file makes files of.
PART = re.compile(r"^(?://|#)--- (\S+)\n", re.M)
EXPECTED = re.compile(r"expected-error[^{\n]*(\{\{.*?\}\})")
EQUAL = re.compile(r"\b(?:EXPECT|ASSERT)_(?:EQ|STREQ)\(")


def read(folder, *suffixes):
    for file in sorted((ROOT / folder).rglob("*")):
        if file.suffix in suffixes:
            yield file, file.read_text()


def labels_in(text):
    return set(re.findall(LABEL, text))


def check_messages(file, text):
    """Yields the messages of a file without a label."""
    for match in MESSAGE.finditer(text):
        if not re.match(rf'"{LABEL} |\w*[lL]abel$', match[1]):
            yield text.count("\n", 0, match.start()) + 1, match[1]
    for match in OP_MESSAGE.finditer(text):
        if not match[2] and not re.match(rf'"{LABEL} ', match[1]):
            yield text.count("\n", 0, match.start()) + 1, match[1]


def expected_errors(file, text):
    """What a lit test fails without, and faults: errors that are expected where
    no RUN line verifies them."""
    runs = [run for run in RUN.findall(text) if "-verify-diagnostics" in run]
    # The name of each part, after the text of the file itself.
    pieces = ["", *PART.split(text)]
    errors, faults = [], []
    for name, piece in zip(pieces[::2], pieces[1::2], strict=True):
        found = EXPECTED.findall(piece)
        reads = rf"%t[\w.]*/{re.escape(name)}(?!\S)" if name else r"%s(?!\S)"
        if any(re.search(reads, run) for run in runs):
            errors += found
        elif found:
            where = f"{file.relative_to(ROOT)}{' ' if name else ''}{name}"
            faults.append(f"{where}: no RUN line verifies its expected errors")
    return errors, faults


def compared_strings(text):
    """The strings in what a unit test expects to be equal."""
    strings = []
    for match in EQUAL.finditer(text):
        depth, at = 1, match.end()
        while depth and at < len(text):
            if string := STRING.match(text, at):
                strings.append(string[0])
                at = string.end()
                continue
            depth += {"(": 1, ")": -1}.get(text[at], 0)
            at += 1
    return strings


def main():
    faults = []
    emitted, stages = {}, []
    for file, text in read("lib/Dialect/ZQ/IR", ".cpp"):
        for line, message in check_messages(file, text):
            faults.append(f"{file.relative_to(ROOT)}:{line}: no label: {message}")
        for string in STRING.findall(text):
            for label in labels_in(string):
                emitted.setdefault(label, file.relative_to(ROOT))
    documented = {}
    for file, text in read("include/zq/Dialect/ZQ/IR", ".td"):
        for label in re.findall(rf"\* ({LABEL}) ", text):
            documented.setdefault(label, file.relative_to(ROOT))
        if file.parent.name == "Stages":
            stages += STAGE.findall(text)

    tests = []
    for file, text in read("test", ".mlir"):
        errors, unverified = expected_errors(file, text)
        tests += errors
        faults += unverified
    for _, text in read("unittests", ".cpp"):
        tests += compared_strings(text)
    tested = set().union(*map(labels_in, tests))

    for label, file in emitted.items():
        if label not in documented:
            faults.append(f"{file}: {label} is in no list of constraints")
        if label not in tested:
            faults.append(f"{file}: {label} has no test")
    for label, file in documented.items():
        if label not in emitted:
            faults.append(f"{file}: nothing says {label}")
    for stage in stages:
        # A decoder of the module is named by its symbol.
        name = "decoder" if stage == "custom" else stage
        if not any(f"(T3) '{name}'" in test for test in tests):
            faults.append(f"(T3) has no test of the stage '{name}'")
    print("\n".join(faults), end="\n" if faults else "")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
