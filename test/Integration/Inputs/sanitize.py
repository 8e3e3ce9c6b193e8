"""Damages the streams of compiled kernels: sanitize.py FOLDER CODEC COUNT.

Compiles functions that decode a weight in CODEC (a name, or @lut3) to LLVM IR,
gives them AddressSanitizer's checks, and calls them COUNT times each on streams
with flipped bits, with garbage, or cut short, each in memory of exactly its
size. Says how many calls there were; fails on the first access outside.

With `--cpu=NAME` the code is made for that CPU. With `--without-clamp`, no load
of an entropy coder's bits is kept inside of them: this must fail.
"""

import json
import pathlib
import re
import struct
import subprocess
import sys

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path.insert(0, str(ROOT / "examples"))
import lut3  # noqa: E402

ROWS, COLUMNS = 5, 1093
BYTES = {"F32": 4, "BF16": 2, "F16": 2, "I32": 4, "I16": 2}

MODULE = """
!w = !zq.tensor<{rows}x{columns}x{element}, #zq.codec<{codec}>>
func.func @decode(%w: !w) -> tensor<{rows}x{columns}x{element}> {{
  %e = tensor.empty() : tensor<{rows}x{columns}x{element}>
  %d = zq.decode %w {using} at [0, 0]
      outs(%e : tensor<{rows}x{columns}x{element}>)
      : !w -> tensor<{rows}x{columns}x{element}>
  return %d : tensor<{rows}x{columns}x{element}>
}}
func.func @window(%w: !w) -> tensor<3x90x{element}> {{
  %e = tensor.empty() : tensor<3x90x{element}>
  %d = zq.decode %w {using} at [2, 1003] outs(%e : tensor<3x90x{element}>)
      : !w -> tensor<3x90x{element}>
  return %d : tensor<3x90x{element}>
}}
func.func @matvec(%w: !w, %x: tensor<{columns}xf32>) -> tensor<{rows}xf32> {{
  %e = tensor.empty() : tensor<{rows}x{columns}x{element}>
  %d = zq.decode %w {using} at [0, 0]
      outs(%e : tensor<{rows}x{columns}x{element}>)
      : !w -> tensor<{rows}x{columns}x{element}>
  %zero = arith.constant 0.0 : f32
  %i = tensor.empty() : tensor<{rows}xf32>
  %f = linalg.fill ins(%zero : f32) outs(%i : tensor<{rows}xf32>)
      -> tensor<{rows}xf32>
  %y = linalg.matvec
      ins(%d, %x : tensor<{rows}x{columns}x{element}>, tensor<{columns}xf32>)
      outs(%f : tensor<{rows}xf32>) -> tensor<{rows}xf32>
  return %y : tensor<{rows}xf32>
}}
"""


def run(*command):
    """The standard output of `command`; ends the test where it fails."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr[:4000]}")
    return done.stdout


def get_streams(folder, codec, element):
    """(name, bytes of an element, shape, contents) of each stream, in order."""
    rng = np.random.default_rng(1)
    weight = rng.standard_normal((ROWS, COLUMNS)).astype(np.float32)
    if codec == "@lut3":
        return [
            (name, array.dtype.itemsize, array.shape, array.tobytes())
            for name, array in lut3.encode(weight).items()
        ]
    np.save(folder / "w.npy", weight)
    file = folder / "w.safetensors"
    run("zq-encode", folder / "w.npy", f"--codec={codec}",
        f"--element={element}", "-o", file)  # fmt: skip
    raw = file.read_bytes()
    begin = 8 + struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8:begin])
    header.pop("__metadata__")
    streams = []
    for name, entry in header.items():
        first, last = (begin + offset for offset in entry["data_offsets"])
        size = BYTES.get(entry["dtype"], 1)
        streams.append((name[2:], size, entry["shape"], raw[first:last]))
    return streams


def write_streams(path, streams):
    """The streams as the source of C arrays, for harness.c."""
    lines = [f"#define NUM_STREAMS {len(streams)}"]
    for i, (*_, contents) in enumerate(streams):
        values = ",".join(map(str, contents))
        lines.append(f"static const unsigned char contents{i}[] = {{{values}}};")
    lines.append("static const struct Stream streams[] = {")
    for i, (name, size, shape, contents) in enumerate(streams):
        dims = ", ".join(map(str, shape))
        # The one stream of a dynamic size is that of an entropy coder's bits.
        dynamic = int(name == "bits")
        lines.append(
            f"  {{contents{i}, {len(contents)}, {size}, {len(shape)}, "
            f"{{{dims}}}, {dynamic}}},"
        )
    lines.append("};")
    arguments = ", ".join(f"inputs[{i}]" for i in range(len(streams)))
    pointers = ", ".join(["void *"] * len(streams))
    for name, extra in (("decode", 1), ("window", 1), ("matvec", 2)):
        lines.append(f"void _mlir_ciface_{name}({pointers}{', void *' * extra});")
    lines.append(f"#define STREAM_ARGUMENTS {arguments}")
    path.write_text("\n".join(lines) + "\n")


def main():
    options = [option for option in sys.argv[1:] if option.startswith("--")]
    folder, codec, count = (o for o in sys.argv[1:] if not o.startswith("--"))
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    custom = codec.startswith("@")
    element = "bf16" if codec == "bf16_huff" else "f32"
    streams = get_streams(folder, codec, element)

    module = folder / "kernels.mlir"
    decoder = (ROOT / f"examples/{codec[1:]}.mlir").read_text() if custom else ""
    module.write_text(decoder + MODULE.format(
        rows=ROWS, columns=COLUMNS, element=element, codec=codec,
        using=f"using {codec}" if custom else ""))  # fmt: skip
    code = folder / "kernels.ll"
    cpu = [option for option in options if option.startswith("--cpu=")]
    run("zq-compile", module, "--emit=llvm-ir", "--no-threads", "--quiet", *cpu,
        "-o", code)  # fmt: skip
    text = code.read_text()
    text, functions = re.subn(
        r"^(define .*) \{$", r"\1 sanitize_address {", text, flags=re.M
    )
    if functions < 3:
        sys.exit("no functions in the LLVM IR")
    if "--without-clamp" in options:
        text, clamps = re.subn(
            r"= (?:tail )?call i64 @llvm.umin.i64\(i64 (%?\w+), i64 %?\w+\)",
            r"= add i64 \1, 0",
            text,
        )
        if not clamps:
            sys.exit("no clamp in the LLVM IR")
    code.write_text(text)

    write_streams(folder / "streams.h", streams)
    program = folder / "harness"
    sizes = [f"-DROWS={ROWS}", f"-DCOLUMNS={COLUMNS}",
             f"-DELEMENT_BYTES={2 if element == 'bf16' else 4}"]  # fmt: skip
    run("clang-22", "-fsanitize=address", "-O1", "-w", *sizes, f"-I{folder}",
        "-march=native", HERE / "harness.c", code, "-lm", "-o", program)  # fmt: skip
    print(f"{codec}: {run(program, count).strip()}")


if __name__ == "__main__":
    main()
