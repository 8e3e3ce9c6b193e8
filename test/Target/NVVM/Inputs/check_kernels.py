"""Checks the code of kernels without a GPU.

Compiles a module for each chip, all of them unless said, with zq-compile and looks at what the assembler
and the PTX say: nothing is spilled or lies in local memory, no kernel takes
more registers than its ceiling, the instruction that was meant is there, and in
the loop around it (or in the kernel, where there is none) global memory is read
16 bytes at a time.
Exits with 1 and a line for each violation.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("module")
    parser.add_argument("--chip", action="append")
    parser.add_argument("--zq-compile", default="zq-compile")
    parser.add_argument("--registers", type=int, default=255)
    parser.add_argument("--instruction", help="a regular expression")
    parser.add_argument(
        "--narrow-loads",
        type=int,
        help="how many loads of less than 16 bytes there may be beside it",
    )
    parser.add_argument(
        "--narrow-copies",
        type=int,
        help="how many cp.async of less than 16 bytes there may be in its kernel",
    )
    return parser.parse_args()


def split_kernels(ptx):
    """Lines of each kernel by its name."""
    kernels, name = {}, None
    for line in ptx.splitlines():
        entry = re.match(r"\.visible \.entry (\w+)\(", line)
        if entry:
            name = entry.group(1)
            kernels[name] = []
        elif name:
            kernels[name].append(line.strip())
    return kernels


def find_loops(lines):
    """Ranges of lines from a label to a branch back to it."""
    labels = {}
    for i, line in enumerate(lines):
        label = re.match(r"(\$\w+):", line)
        if label:
            labels[label.group(1)] = i
    for i, line in enumerate(lines):
        branch = re.search(r"\bbra(?:\.uni)?\s+(\$\w+)", line)
        if branch and labels.get(branch.group(1), i) < i:
            yield labels[branch.group(1)], i + 1


def innermost_around(lines, pattern):
    """The shortest loop with the pattern, or all lines where none has it."""
    loops = [
        lines[begin:end]
        for begin, end in find_loops(lines)
        if any(re.search(pattern, line) for line in lines[begin:end])
    ]
    return min(loops, key=len, default=lines)


def is_narrow_load(line):
    if not re.search(r"\bld\.(volatile\.|relaxed\.\w+\.)?global", line):
        return False
    vector = re.search(r"\.v(\d)\.[bfus](\d+)", line)
    return not vector or int(vector.group(1)) * int(vector.group(2)) < 128


def is_narrow_copy(line):
    copy = re.search(r"\bcp\.async\.c[ag]\.shared\.global.*\], (\d+)", line)
    return copy and int(copy.group(1)) < 16


def check_accesses(options, name, lines):
    if options.narrow_loads is not None:
        loop = innermost_around(lines, options.instruction)
        narrow = [line for line in loop if is_narrow_load(line)]
        if len(narrow) > options.narrow_loads:
            yield (
                f"{name}: {len(narrow)} loads of less than 16 bytes "
                f"beside the products: {narrow[0]}"
            )
    if options.narrow_copies is not None:
        narrow = [line for line in lines if is_narrow_copy(line)]
        if len(narrow) > options.narrow_copies:
            yield f"{name}: {len(narrow)} copies of less than 16 bytes: {narrow[0]}"


def compile_module(options, chip, output, *more):
    command = [options.zq_compile, options.module, f"--target={chip}", "--quiet", *more]
    run = subprocess.run([*command, "-o", str(output)], capture_output=True, text=True)
    if run.returncode:
        sys.exit(f"{chip}: {run.stderr}")


def check(options, chip, folder):
    ptx_file = folder / "kernels.ptx"
    # What explains the kernels asks the assembler, too.
    compile_module(options, chip, ptx_file, "--explain")
    description = json.loads(ptx_file.with_suffix(".json").read_text())
    for kernel in description["targets"][0]["kernels"]:
        name = f"{chip}: {kernel['name']}"
        spilled = kernel["spillStoreBytes"] + kernel["spillLoadBytes"]
        print(f"{name}: {kernel['registers']} registers, {spilled} bytes spilled")
        if spilled:
            yield f"{name}: {spilled} bytes spilled"
        if kernel["stackBytes"]:
            yield f"{name}: {kernel['stackBytes']} bytes of local memory"
        if kernel["registers"] > options.registers:
            yield (
                f"{name}: {kernel['registers']} registers, which are more than {options.registers}"
            )
    if not options.instruction:
        return
    kernels = {
        name: lines
        for name, lines in split_kernels(ptx_file.read_text()).items()
        if any(re.search(options.instruction, line) for line in lines)
    }
    if not kernels:
        yield f"{chip}: no '{options.instruction}' in any kernel"
    for name, lines in kernels.items():
        yield from check_accesses(options, f"{chip}: {name}", lines)


def list_chips(options):
    run = subprocess.run(
        [options.zq_compile, "--list-gpus"], capture_output=True, text=True, check=True
    )
    return run.stdout.split()


def main():
    options = parse_arguments()
    violations = []
    for chip in options.chip or list_chips(options):
        with tempfile.TemporaryDirectory() as folder:
            violations += check(options, chip, pathlib.Path(folder))
    for violation in violations:
        print(violation, file=sys.stderr)
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
