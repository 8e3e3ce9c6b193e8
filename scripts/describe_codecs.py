#!/usr/bin/env python3
"""Prints docs/Codecs.md: every codec of the table of names, with its streams.

    describe_codecs.py ZQ_OPT

The names come from lib/Dialect/ZQ/IR/NamedCodecs.cpp, all else from what zq-opt
makes of a tensor of that codec.
"""

import math
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TABLE = ROOT / "lib/Dialect/ZQ/IR/NamedCodecs.cpp"
SHAPE = "4096x4096"
WEIGHTS = 4096 * 4096
ELEMENTS = ["f32", "f16", "bf16"]

HEADER = f"""\
<!-- Made by scripts/generate_docs.sh of lib/Dialect/ZQ/IR/NamedCodecs.cpp: edit that. -->

# Named codecs

A name of this table stands for its stages, in `#zq.codec<...>` and for
`zq-encode`; no pass knows it. The stages are described in
[Dialect.md](Dialect.md#attributes), a new name in
[AddingACodec.md](AddingACodec.md). Sizes are those of a tensor of {SHAPE}
weights; the size of a stream `?` depends on the data.
"""


def run(zq_opt, text, *passes):
    return subprocess.run(
        [zq_opt, "-", *passes], input=text, capture_output=True, text=True
    )


def check(result):
    if result.returncode:
        sys.exit(f"describe_codecs.py: zq-opt failed:\n{result.stderr}")
    return result.stdout


def declare(name, element):
    """A function that takes a tensor of the codec and decodes it."""
    dense = f"tensor<{SHAPE}x{element}>"
    compressed = f"!zq.tensor<{SHAPE}x{element}, #zq.codec<{name}>>"
    return f"""\
func.func @decode(%w: {compressed}, %e: {dense}) -> {dense} {{
  %d = zq.decode %w at [0, 0] outs(%e : {dense}) : {compressed} -> {dense}
  return %d : {dense}
}}
func.func private @store({compressed})
"""


def count_bits(stream):
    """Bits per weight of a stream `4096x256xf8E4M3FN`; nothing where its size
    is not static."""
    *sizes, element = stream.split("x")
    if "?" in sizes:
        return None
    width = int(re.match(r"[a-z]+(\d+)", element)[1])
    return math.prod(map(int, sizes)) * width / WEIGHTS


def describe(zq_opt, name):
    elements = [e for e in ELEMENTS if not run(zq_opt, declare(name, e)).returncode]
    if not elements:
        sys.exit(f"describe_codecs.py: '{name}' stores none of {ELEMENTS}")
    source = declare(name, elements[0])

    stages = re.search(rf"^#{name} = #zq\.codec<(.*)>$", check(run(zq_opt, source)), re.M)
    # A transform is not part of a decoder, and has no streams.
    made = check(run(zq_opt, source, "-zq-move-rotations", "-zq-materialize-decoders"))
    names = re.findall(r'#zq\.stream<"(\w+)"', made)
    # What decodes is in the way of the conversion.
    stored = check(run(zq_opt, source.splitlines()[-1], "-zq-expand-storage"))
    streams = re.findall(r"tensor<([^>]*)>", stored)
    if len(names) != len(streams):
        sys.exit(f"describe_codecs.py: '{name}' has {len(streams)} streams, "
                 f"its decoder reads {len(names)}")

    bits = [count_bits(stream) for stream in streams]
    total = f"{sum(b for b in bits if b is not None):.5f}"
    if None in bits:
        total += " and the data's"
    lines = [f"## {name}", "", "```mlir", f"#zq.codec<{stages[1]}>", "```", ""]
    *most, last = elements
    lines += [f"Of tensors of {', '.join(most)}{' or ' if most else ''}{last}.", ""]
    lines += ["| stream | stored as | bits per weight |", "|---|---|---|"]
    for stream_name, stream, its in zip(names, streams, bits):
        size = "?" if its is None else f"{its:.5f}"
        lines.append(f"| `{stream_name}` | `tensor<{stream}>` | {size} |")
    lines += [f"| together | | {total} |", ""]
    return "\n".join(lines)


def main():
    zq_opt = sys.argv[1]
    names = re.findall(r'^\s*\{"(\w+)",', TABLE.read_text(), re.M)
    print(HEADER)
    print("\n".join(describe(zq_opt, name) for name in names), end="")


if __name__ == "__main__":
    main()
