"""One feed-forward block of a real model, with four kinds of codec.

Encodes the block's weights, compiles the same linalg with each codec, runs it
on real activations, and prints one table; then the fused inner loop of one.

    python examples/minilm/demo.py --bin build/bin --work build/demo
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys

import numpy as np
from safetensors.numpy import load_file, save_file

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import lut3  # noqa: E402

BATCHES = (1, 64)
WEIGHTS = ("w1", "w2")


class Codec:
    """A row of the table: a name, its text, and the weights' element type."""

    def __init__(self, name, text, element="f32", decoder=None):
        self.name, self.text = name, text
        self.element, self.decoder = element, decoder


CODECS = [
    Codec("nvfp4", "nvfp4"),
    Codec("int4_h128", "int4_h128"),
    Codec("bf16_huff", "bf16_huff", element="bf16"),
    Codec("lut3 (in .mlir)", "@lut3", decoder="lut3"),
]


def make_module(codec, batch):
    """The block with the weights of `codec` (None: dense f32)."""
    text = (HERE / "ffn.mlir.in").read_text()
    decoder = ""
    if codec is None:
        # The same block on dense tensors: an argument in place of a decode.
        text = re.sub(r"  %e\d = .*\n", "", text)
        text = re.sub(r"  %d\d = zq\.decode.*\n.*\n", "", text)
        text = re.sub(r"!zq\.tensor<(\S+)x@T@, #weight>", r"tensor<\1xf32>", text)
        text = text.replace("%d1", "%w1").replace("%d2", "%w2")
        text = text.replace("#weight = #zq.codec<@CODEC@>\n", "")
        values = {"T": "f32"}
    else:
        if codec.decoder:
            decoder = (HERE.parent / f"{codec.decoder}.mlir").read_text()
        values = {
            "CODEC": codec.text,
            "T": codec.element,
            "USING": f"using @{codec.decoder}" if codec.decoder else "",
        }
    values |= {"M": str(batch), "DECODER": decoder}
    for key, value in values.items():
        text = text.replace(f"@{key}@", value)
    return text


def run(*command):
    """The standard output of `command`; ends the demo where it fails."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def encode(codec, data, tools, work):
    """The file with the streams of both weights."""
    out = work / f"{codec.name.split()[0]}.safetensors"
    if not codec.decoder:
        run(
            tools / "zq-encode", HERE / "ffn.safetensors", "-o", out,
            *(f"--tensor={name}={codec.text}" for name in WEIGHTS),
            f"--element={codec.element}",
        )  # fmt: skip
        return out
    # bf16 has no NumPy type: safetensors takes its bits under another one, so
    # that the header is corrected after.
    tensors, metadata = {}, {}
    for name in WEIGHTS:
        rows, columns = data[name].shape
        for stream, array in lut3.encode(data[name]).items():
            tensors[f"{name}.{stream}"] = array
        metadata[f"zq.{name}"] = (
            f"!zq.tensor<{rows}x{columns}x{codec.element}, #zq.codec<{codec.text}>>"
        )
    save_file(tensors, out, metadata)
    raw = out.read_bytes()
    length = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8 : 8 + length])
    for name, entry in header.items():
        if name.endswith(".scale"):
            entry["dtype"] = "BF16"
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    out.write_bytes(len(text).to_bytes(8, "little") + text + raw[8 + length :])
    return out


def measure(codec, batch, inputs, tools, work):
    """Runs the block once in all ways; returns the report and the result."""
    name = codec.name.split()[0] if codec else "dense"
    module = work / f"{name}_{batch}.mlir"
    module.write_text(make_module(codec, batch))
    output = work / f"{name}_{batch}.npy"
    report = run(
        tools / "zq-run", module, "--entry=ffn", "--json", "--bench",
        "--compare-reference", f"--output={output}",
        *(f"--input={file}" for file in inputs),
    )  # fmt: skip
    return module, json.loads(report), np.load(output)


def inner_loop(module, tools):
    """The innermost loop that looks up the most codes."""
    def weigh(lines):
        return sum("vperm" in line for line in lines)

    assembly = run(
        tools / "zq-compile", module, "--target=x86", "--emit=asm", "--quiet",
        "--no-threads", "-o", "-",
    ).splitlines()  # fmt: skip
    best = []
    start = None
    for number, line in enumerate(assembly):
        label = re.match(r"(\.LBB\w+):", line)
        if label:
            start = (label[1], number)
        elif start and re.search(rf"\sj\w+\s+{re.escape(start[0])}\b", line):
            body = assembly[start[1] : number + 1]
            if weigh(body) > weigh(best):
                best = body
            start = None
    return [line.split("#")[0].rstrip() for line in best if line.split("#")[0].strip()]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--bin", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    tools, work = arguments.bin, arguments.work
    work.mkdir(parents=True, exist_ok=True)

    source = HERE / "ffn.safetensors"
    data = load_file(source)
    for batch in BATCHES:
        np.save(work / f"x_{batch}.npy", data["x"][:batch])

    print("Feed-forward block of all-MiniLM-L6-v2 (384 -> 1536 -> 384, GELU)")
    print("on activations of real sentences. Times are the least of many")
    print("calls on one thread; in brackets the speed over the same block with dense")
    print("f32 weights by the same pipeline.\n")
    header = (
        f"{'codec':<16} {'bits/w':>7} {'bytes':>8} {'rel. error':>10} "
        f"{'vs reference (bound)':>22} {'batch 1':>17} {'batch 64':>18}  fused"
    )
    print(header)
    print("-" * len(header))
    dense_time = {}
    loop_module = None
    for codec in [None, *CODECS]:
        weights = encode(codec, data, tools, work) if codec else source
        cells = {}
        for batch in BATCHES:
            inputs = [work / f"x_{batch}.npy", f"{weights}:w1", f"{source}:b1",
                      f"{weights}:w2", f"{source}:b2"]  # fmt: skip
            module, report, result = measure(codec, batch, inputs, tools, work)
            cells[batch] = report
            if codec is None:
                dense_time[batch] = report["bench"]["min_seconds"]
            elif batch == 1 and loop_module is None:
                loop_module = module
        exact = data["y"]
        error = np.linalg.norm(result - exact) / np.linalg.norm(exact)
        coded = [cells[1]["inputs"][i] for i in (1, 3)]
        size = sum(part["bytes"] for part in coded)
        bits = 8 * size / (2 * 1536 * 384)
        reference = cells[64]["reference"]
        times = [
            f"{cells[b]['bench']['min_seconds'] * 1e6:8.0f} us "
            f"({dense_time[b] / cells[b]['bench']['min_seconds']:4.2f}x)"
            for b in BATCHES
        ]
        places = [
            ", ".join(sorted(set(re.findall(r"decode fused (.*?):", " ".join(
                cells[b]["remarks"])))) or "-")
            for b in BATCHES
        ]  # fmt: skip
        print(
            f"{codec.name if codec else 'dense f32':<16} {bits:7.3f} {size:8d} "
            f"{error:10.2e} {reference['largest_difference']:10.1e} "
            f"({reference['bound_there']:.1e}) {times[0]:>17} {times[1]:>18}  "
            + ("; ".join(dict.fromkeys(places)))
        )
        if not reference["within_bound"]:
            sys.exit(f"{codec.name}: a difference exceeds its bound")

    print("\nThe fused inner loop of nvfp4 at batch 1:\n")
    print("\n".join(inner_loop(loop_module, tools)))


if __name__ == "__main__":
    main()
