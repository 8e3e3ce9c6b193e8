#!/usr/bin/env python3
"""Checks that the code shown in the documentation is code that is tested.

A fenced block whose preceding line is

    <!-- from: path/of/file -->

must stand in that file (its path counts from the root of the repository) line
for line. Without arguments, looks at README.md and docs/*.md. Prints one line
per fault, and exits with 1 if there are any.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TAG = re.compile(r"<!-- from: (\S+) -->")


def find_snippets(lines):
    """Yields the number of a tag's line, its path and the lines of the block,
    which are None where no block follows."""
    for i, line in enumerate(lines):
        tag = TAG.fullmatch(line.strip())
        if not tag:
            continue
        body = None
        if i + 1 < len(lines) and lines[i + 1].startswith("```"):
            rest = lines[i + 2 :]
            if "```" in rest:
                body = rest[: rest.index("```")]
        yield i + 1, tag[1], body


def contains(lines, body):
    return any(
        lines[i : i + len(body)] == body for i in range(len(lines) - len(body) + 1)
    )


def main():
    documents = [pathlib.Path(argument) for argument in sys.argv[1:]]
    if not documents:
        documents = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    faults = snippets = 0
    for document in documents:
        lines = document.read_text().splitlines()
        for number, path, body in find_snippets(lines):
            snippets += 1
            source = ROOT / path
            fault = ""
            if not body:
                fault = "no code block follows the tag"
            elif not source.is_file():
                fault = f"there is no file {path}"
            elif not contains(source.read_text().splitlines(), body):
                fault = f"the block is not in {path}"
            if fault:
                print(f"{document}:{number}: {fault}")
                faults += 1
    print(f"{snippets} snippets, {faults} faults")
    sys.exit(faults > 0)


if __name__ == "__main__":
    main()
