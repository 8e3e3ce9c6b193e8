"""Prints the innermost loop around the multiply-adds of llc's output on stdin.

Of several the last: a rotation before a product has some as well.
One line for each instruction of its blocks, with `STORE` before those that
write memory, so that a test can say what a loop does and what it must not do.
Which blocks a loop has is in llc's comments.
"""

import re
import sys

# Instructions whose last operand is read only.
READ_ONLY = re.compile(r"v?u?(cmp|comis|test|bt|ptest|prefetch|j|call|lea)")


def writes_memory(instruction):
    name, _, operands = instruction.partition(" ")
    return operands.endswith(")") and "," in operands and not READ_ONLY.match(name)


def read_blocks(lines):
    """Yields the innermost loop and the instructions of each block."""
    name, loop, block = None, None, []
    for line in lines:
        label = re.match(r"\.L(BB\w+):|# (%bb\.\w+):", line)
        if label:
            yield loop, block
            name, loop, block = label.group(1), None, []
        if "Loop Header: Depth=" in line:
            loop = name
        inside = re.search(r"in Loop: Header=(\w+)", line)
        if inside:
            loop = inside.group(1)
        code = " ".join(line.split("#")[0].split())
        if code and not code.startswith(".") and not code.endswith(":"):
            block.append(code)
    yield loop, block


def main():
    blocks = list(read_blocks(sys.stdin))
    loops = [
        loop
        for loop, block in blocks
        if loop and any(i.startswith("vfmadd") for i in block)
    ]
    if not loops:
        sys.exit("no loop has multiply-adds")
    print("LOOP")
    for loop, block in blocks:
        if loop == loops[-1]:
            for line in block:
                print("STORE " + line if writes_memory(line) else line)
    print("END")


if __name__ == "__main__":
    main()
