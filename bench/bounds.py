"""What bounds a compiled function: the instructions that it executes, counted one
by one, and the cycles that they take.

    python -m bench.bounds SPEC.json

prints one JSON object; bench/run.py writes the specification. A product is
stepped through with two sizes of weights that lie in the second cache, and timed on
them; what is told is the difference of the larger and the smaller one, without
what a call costs in any case. Of what has no weights there is one size. llvm-mca says what the instructions take if every
load comes from the first cache.
"""

import collections
import ctypes
import dataclasses
import json
import os
import pathlib
import re
import subprocess
import sys

import numpy as np

from . import pair, probes, sides, tools

# Blocks of instructions that are executed less than this share of all are left out
# of what llvm-mca is asked.
LEAST_SHARE = 0.002
MCA_ROUNDS = 100

# How often the clock and the function are timed in turn.
ROUNDS = 9

VECTOR = re.compile(r"%[xyz]mm\d")
INSTRUCTION = re.compile(r"^ *([0-9a-f]+):\s+(\S.*?)\s*(?:#.*|<.*)?$")
# What llvm-mca cannot take: where a jump goes, and calls.
JUMP = re.compile(r"^(j\w+)\s.*")
SKIPPED = re.compile(r"^(call|ret|int3|ud2|vzeroupper|nop|data16|cs nop)")


@dataclasses.dataclass
class Block:
    """Instructions in a row that are executed equally often."""

    texts: list
    count: int

    @property
    def executed(self):
        return len(self.texts) * self.count


def count_steps(function):
    """How often each instruction of a sides.Function's library is executed in one
    call, {address in the file: count}."""
    library = probes.library()
    begin, address = ctypes.c_size_t(), ctypes.c_size_t()
    size = library.zq_find_code(
        function.address, ctypes.byref(begin), ctypes.byref(address)
    )
    counts = np.zeros(size, np.uint32)
    pointers, count = function.pointers()
    failed = library.zq_count_steps(
        function.address, pointers, count, begin, size, counts.ctypes.data
    )
    if failed == -2:
        raise sides.WrongResult("the function did not return")
    if failed:
        raise tools.NotAvailable("this system does not let a process be traced")
    return {address.value + int(i): int(counts[i]) for i in np.flatnonzero(counts)}


def llvm_tool(name):
    """The path of an LLVM tool, of the LLVM that zq is built with."""
    path = pathlib.Path(f"/usr/lib/llvm-22/bin/{name}")
    if not path.exists():
        raise tools.NotAvailable(f"{path} is missing")
    return str(path)


def disassemble(library):
    """The instructions of a library in order, [(address, text)]."""
    command = [llvm_tool("llvm-objdump"), "-d", "--no-show-raw-insn", str(library)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    matches = map(INSTRUCTION.match, done.stdout.splitlines())
    return [(int(m[1], 16), m[2].replace("\t", " ")) for m in matches if m]


def split_blocks(instructions, counts):
    """The blocks of what is executed. A jump ends one."""
    blocks, open_block = [], None
    for address, text in instructions:
        count = counts.get(address, 0)
        if open_block and open_block.count != count:
            open_block = None
        if count and not open_block:
            open_block = Block([], count)
            blocks.append(open_block)
        if count:
            open_block.texts.append(text)
        if JUMP.match(text):
            open_block = None
    return blocks


def assembly(blocks):
    """Text for llvm-mca, a region for each block."""
    for i, block in enumerate(blocks):
        yield f"# LLVM-MCA-BEGIN {i}"
        for text in block.texts:
            if not SKIPPED.match(text):
                yield JUMP.sub(r"\1 0f", text)
        yield f"# LLVM-MCA-END {i}"
    yield "0:"


def ask_mca(blocks):
    """What llvm-mca says of each block: (cycles a round, the unit that is busy for
    the longest, its cycles a round)."""
    command = [llvm_tool("llvm-mca"), "-mcpu=native", "-json"]
    command += [f"-iterations={MCA_ROUNDS}", "-skip-unsupported-instructions=any"]
    text = "\n".join(assembly(blocks)) + "\n"
    done = subprocess.run(command, input=text, capture_output=True, text=True)
    if done.returncode:
        raise tools.NotAvailable(f"llvm-mca: {done.stderr.strip().splitlines()[0]}")
    said = json.loads(done.stdout)
    units = said["TargetInfo"]["Resources"]
    answers = {}
    for region in said["CodeRegions"]:
        total = collections.Counter()
        all_instructions = len(region["Instructions"])
        for use in region["ResourcePressureView"]["ResourcePressureInfo"]:
            if use["InstructionIndex"] == all_instructions:
                total[units[use["ResourceIndex"]]] += use["ResourceUsage"]
        unit, busy = max(total.items(), key=lambda item: item[1], default=("", 0))
        cycles = region["SummaryView"]["TotalCycles"] / MCA_ROUNDS
        answers[int(region["Name"])] = (cycles, unit, busy)
    # A block of skipped instructions alone has no region.
    return [answers.get(i, (0, "", 0)) for i in range(len(blocks))]


def look_at(spec, seconds):
    """Counts and cycles of one call of a side."""
    function, verify = pair.MAKERS[spec["kind"]](spec, 0)
    verify()
    function.calibrate()
    counts = count_steps(function)
    instructions = disassemble(spec["library"])
    executed = sum(counts.values())
    blocks = [
        block
        for block in split_blocks(instructions, counts)
        if block.executed >= LEAST_SHARE * executed
    ]
    answers = ask_mca(blocks)
    cycles = [a[0] * b.count for a, b in zip(answers, blocks)]
    hottest = int(np.argmax(cycles))
    each, unit, busy = answers[hottest]
    # What disturbs makes either slower.
    clocks, rates = zip(
        *((probes.clock(), function.rate(seconds, "calls")) for _ in range(ROUNDS)),
        strict=True,
    )
    return {
        "work": function.work,
        "instructions": executed,
        "vector": sum(counts.get(at, 0) for at, t in instructions if VECTOR.search(t)),
        "mca_cycles": sum(cycles),
        "cycles": max(clocks) / max(rates),
        "clock": max(clocks),
        "loop": {
            "instructions": len(blocks[hottest].texts),
            "share": cycles[hottest] / sum(cycles),
            "cycles": each,
            "unit": unit,
            "busy": busy,
        },
    }


def difference(small, large):
    """What the larger size takes more; its hottest loop."""
    result = {
        key: large[key] - small[key]
        for key in ("instructions", "vector", "mca_cycles", "cycles")
    }
    work = {key: large["work"][key] - small["work"][key] for key in large["work"]}
    return large | result | {"work": work}


def measure(spec):
    probes.load(spec["build"])
    os.sched_setaffinity(0, probes.cpus()[-1:])
    looks = [look_at(side, spec["seconds"]) for side in spec["sides"]]
    return looks[0] if len(looks) == 1 else difference(*looks)


def main():
    spec = json.loads(pathlib.Path(sys.argv[1]).read_text())
    try:
        print(json.dumps(measure(spec)))
    except sides.WrongResult as error:
        print(error, file=sys.stderr)
        sys.exit(pair.WRONG_RESULT)
    except tools.NotAvailable as error:
        print(error, file=sys.stderr)
        sys.exit(pair.NOT_AVAILABLE)


if __name__ == "__main__":
    main()
