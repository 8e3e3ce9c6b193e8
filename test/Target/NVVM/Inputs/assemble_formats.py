"""Assembles products with weights of named formats for GPUs.

Takes the formats and their element types from zq-describe, compiles a module
with products of few rows and of many for all chips, with the assembler, and
looks at what that says: nothing is spilled, and no thread has local memory,
whose addresses are known at run time only. Exits with 1 and a line for each
violation.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HEADER = """#x = affine_map<(m, n, k) -> (m, k)>
#w = affine_map<(m, n, k) -> (n, k)>
#y = affine_map<(m, n, k) -> (m, n)>
"""

PRODUCT = """
func.func @multiply_{m}(%x: tensor<{m}x{k}xbf16>, %w: !zq.tensor<{n}x{k}x{t}, #zq.codec<{codec}>>)
    -> tensor<{m}x{n}xf32> {{
  %e = tensor.empty() : tensor<{n}x{k}x{t}>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<{n}x{k}x{t}>)
      : !zq.tensor<{n}x{k}x{t}, #zq.codec<{codec}>> -> tensor<{n}x{k}x{t}>
  %zero = arith.constant dense<0.0> : tensor<{m}x{n}xf32>
  %y = linalg.matmul indexing_maps = [#x, #w, #y]
      ins(%x, %d : tensor<{m}x{k}xbf16>, tensor<{n}x{k}x{t}>)
      outs(%zero : tensor<{m}x{n}xf32>) -> tensor<{m}x{n}xf32>
  return %y : tensor<{m}x{n}xf32>
}}
"""


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--zq-compile", default="zq-compile")
    parser.add_argument("--zq-describe", default="zq-describe")
    parser.add_argument("--chips", help="with commas between them; else all")
    parser.add_argument("--format", action="append", help="only these; else all")
    parser.add_argument("--element", help="of the tensors; else the first that a format takes")
    parser.add_argument("--rows", type=int, action="append", help="of activations")
    parser.add_argument("--columns", type=int, default=512)
    parser.add_argument(
        "--spills",
        action="append",
        default=[],
        help="a format, a colon, how many bytes each of its kernels may spill, "
        "a colon, and the chips where, with commas between them",
    )
    parser.add_argument(
        "--stack",
        action="append",
        default=[],
        help="a format, a colon, and how many bytes of local memory that are not spilled its "
        "kernels may have",
    )
    return parser.parse_args()


def find_formats(options):
    """Pairs of a name and the first type of elements that it takes."""
    run = subprocess.run(
        [options.zq_describe, *(options.format or [])],
        capture_output=True,
        text=True,
        check=True,
    )
    pages = re.split(r"^# ", run.stdout, flags=re.MULTILINE)[1:]
    for page in pages:
        element = re.search(r"^Of tensors of (\w+)", page, re.MULTILINE)
        yield page.split("\n", 1)[0], options.element or element.group(1)


def write_module(options, codec, element):
    sizes = {"n": 200, "k": options.columns, "t": element, "codec": codec}
    return HEADER + "".join(PRODUCT.format(m=rows, **sizes) for rows in options.rows or [3, 70])


def list_chips(options):
    run = subprocess.run(
        [options.zq_compile, "--list-gpus"], capture_output=True, text=True, check=True
    )
    return ",".join(run.stdout.split())


def check(options, codec, element):
    """What is wrong with the kernels of a format, and a line about them."""
    spills = {}
    for text in options.spills:
        named, count, chips = text.split(":")
        spills.update({(named, chip): int(count) for chip in chips.split(",")})
    stack = dict(text.split(":") for text in options.stack)
    wrong, registers, kernels = [], 0, 0
    with tempfile.TemporaryDirectory() as folder:
        module = pathlib.Path(folder) / "module.mlir"
        module.write_text(write_module(options, codec, element))
        output = module.with_suffix(".fatbin")
        command = [options.zq_compile, str(module), "--quiet", f"--target={options.chips}"]
        run = subprocess.run([*command, "-o", str(output)], capture_output=True, text=True)
        if run.returncode:
            return [f"{codec}: {run.stderr}"], f"{codec}: does not compile"
        targets = json.loads(output.with_suffix(".json").read_text())["targets"]
    for target in targets:
        for kernel in target["kernels"]:
            name = f"{codec}: {target['chip']}: {kernel['name']}"
            spilled = kernel["spillStoreBytes"] + kernel["spillLoadBytes"]
            if spilled > spills.get((codec, target["chip"]), 0):
                wrong.append(f"{name}: {spilled} bytes spilled")
            elif kernel["stackBytes"] > int(stack.get(codec, 0)) and not spilled:
                wrong.append(f"{name}: {kernel['stackBytes']} bytes of local memory")
            registers = max(registers, kernel["registers"])
            kernels += 1
    return wrong, f"{codec}: {kernels} kernels, at most {registers} registers"


def main():
    options = parse_arguments()
    options.chips = options.chips or list_chips(options)
    formats = list(find_formats(options))
    violations = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for wrong, line in pool.map(lambda one: check(options, *one), formats):
            print(line, flush=True)
            violations += wrong
    print(f"{len(formats)} formats for {options.chips}")
    for violation in violations:
        print(violation, file=sys.stderr)
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
