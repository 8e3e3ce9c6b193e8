"""Counts what a weight costs in the loop of a matrix-vector product.

Compiles the module with zq-compile, once for each chip, for each codec put in
the place of CODEC, and counts the PTX instructions of the innermost loop around
the tensor cores' products. A lane has eight weights in each product; `--products`
says how many products of planes each weight is part of. Exits with 1 where there
are more for a weight than the ceiling that the codec was given with.
"""

import argparse
import pathlib
import re
import sys
import tempfile

import check_kernels


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("module")
    parser.add_argument("--chip", action="append", required=True)
    parser.add_argument("--zq-compile", default="zq-compile")
    parser.add_argument("--products", type=int, default=1)
    parser.add_argument(
        "--codec",
        action="append",
        required=True,
        help="a codec, a colon, and the most instructions for a weight",
    )
    return parser.parse_args()


def count_instructions(lines):
    """Of the loop, without labels, declarations and directives."""
    return sum(bool(re.match(r"(@!?%p\d+ )?[a-z]", line)) for line in lines)


def find_cost(ptx, products):
    """Instructions for a weight in the kernel's loop."""
    product = r"\bmma\.sync"
    for lines in check_kernels.split_kernels(ptx).values():
        if any(re.search(product, line) for line in lines):
            loop = check_kernels.innermost_around(lines, product)
            tiles = sum(bool(re.search(product, line)) for line in loop)
            return count_instructions(loop) * products / (8 * tiles)
    return None


def main():
    options = parse_arguments()
    module = pathlib.Path(options.module).read_text()
    violations = []
    for wanted in options.codec:
        codec, _, ceiling = wanted.partition(":")
        for chip in options.chip:
            with tempfile.TemporaryDirectory() as folder:
                options.module = pathlib.Path(folder) / "module.mlir"
                options.module.write_text(module.replace("CODEC", codec))
                output = pathlib.Path(folder) / "kernels.ptx"
                check_kernels.compile_module(options, chip, output)
                cost = find_cost(output.read_text(), options.products)
            if cost is None:
                violations.append(f"{chip}: {codec}: no product")
                continue
            print(f"{chip}: {codec}: {cost:.2f} instructions for a weight")
            if cost > float(ceiling):
                violations.append(
                    f"{chip}: {codec}: {cost:.2f} instructions for a weight, "
                    f"which are more than {ceiling}"
                )
    for violation in violations:
        print(violation, file=sys.stderr)
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
