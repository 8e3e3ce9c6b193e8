"""zq's command-line tools, and what the C header of a compiled function says."""

import dataclasses
import hashlib
import json
import pathlib
import re
import shutil
import struct
import subprocess
import time

import numpy as np

# An argument or result in the comment above a function, e.g.
# " *   arg1_codes: 14336x2048xi8, stream 'codes' of !zq.tensor<14336x4096xf32, #zq.codec<...>>"
# " *   result0: ?x14336xf32, size 0 is size 0 of arg0".
ARGUMENT = re.compile(
    r"^ \*   (\w+): ([\w?]+)(?:, stream '([\w.]+)' of !zq\.tensor<(.*?)>)?"
    r"(?:, size \d+ is [\w ]+)*$"
)


class NotAvailable(Exception):
    """Something that a case needs is not there; the text says what."""


@dataclasses.dataclass
class Argument:
    """A parameter of a compiled function: a dense tensor, or a stream of a
    compressed one. A dimension of unknown size is None."""

    name: str
    shape: tuple
    element: str
    stream: str = None
    codec: str = None

    @property
    def is_result(self):
        return self.name.startswith("result")


def element_bytes(element):
    """Bytes of an element type as MLIR names it (i8: 1, bf16: 2)."""
    return max(1, int(re.search(r"\d+", element)[0]) // 8)


def split_shape(text):
    """("14336x?xf32") -> ((14336, None), "f32")."""
    *dimensions, element = re.match(r"((?:(?:\d+|\?)x)*)(\w+)$", text).groups()
    sizes = dimensions[0].split("x")[:-1]
    return tuple(None if s == "?" else int(s) for s in sizes), element


def read_header(path):
    """The function's C name and its arguments, from the header that zq-compile
    wrote at `path` for a file with one function."""
    text = pathlib.Path(path).read_text()
    arguments = []
    for line in text.splitlines():
        match = ARGUMENT.match(line)
        if match:
            name, shape, stream, kind = match.groups()
            sizes, element = split_shape(shape)
            codec = re.search(r"#zq\.codec<(.*)>$", kind)[1] if kind else None
            arguments.append(Argument(name, sizes, element, stream, codec))
    function, parameters = re.search(
        r"void (_mlir_ciface_\w+)\((.*?)\)", text, re.S
    ).groups()
    if [a.name for a in arguments] != re.findall(r"\*(\w+)", parameters):
        raise ValueError(f"{path}: the comment does not describe the parameters")
    return function, arguments


class Tools:
    """zq-compile, zq-encode and zq-run of one folder, with a folder for what they
    make, which is made once for the same input."""

    def __init__(self, binaries, work):
        self.binaries = pathlib.Path(binaries)
        self._options = None
        self.work = pathlib.Path(work) / self._version()
        for old in pathlib.Path(work).glob("*"):
            if old != self.work:
                shutil.rmtree(old)
        self.work.mkdir(parents=True, exist_ok=True)

    def _version(self):
        """A name for the tools as they were built: new ones make everything anew."""
        stamps = []
        for name in ("zq-compile", "zq-encode", "zq-run"):
            path = self.binaries / name
            if not path.exists():
                raise SystemExit(f"bench: {path} is missing")
            stamps.append(path.stat().st_mtime_ns)
        return hashlib.sha256(repr(stamps).encode()).hexdigest()[:8]

    def run(self, name, *arguments):
        """Runs a tool, and returns its outputs; raises NotAvailable with its first error where it fails."""
        command = [str(self.binaries / name), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            lines = [l for l in done.stderr.splitlines() if "error:" in l]
            lines = lines or done.stderr.strip().splitlines() or ["it failed"]
            message = re.sub(r"^.*?error: ", "", lines[0])
            raise NotAvailable(f"{name}: {message[:200]}")
        return done

    def compile_options(self):
        """The text of zq-compile's help, which tells the options that it has."""
        if self._options is None:
            self._options = self.run("zq-compile", "--help").stdout
        return self._options

    def has_option(self, option):
        return option in self.compile_options()

    def _stem(self, *parts):
        """The path, without an ending, of what is made of `parts`."""
        key = json.dumps(parts, default=str)
        return self.work / hashlib.sha256(key.encode()).hexdigest()[:16]

    def compile(self, module, *options):
        """Compiles the text of a module to a shared library. Returns its path."""
        stem = self._stem("so", module, options)
        library = stem.with_suffix(".so")
        if not library.exists():
            source = stem.with_suffix(".mlir")
            source.write_text(module)
            remarks = self.run("zq-compile", source, "-o", library, *options).stderr
            stem.with_suffix(".log").write_text(remarks)
        return library

    def domain(self, library):
        """What the compiler said that a library computes in; None if it did not."""
        remarks = library.with_suffix(".log").read_text()
        found = re.search(r"remark: contraction in ([^:\n]+)", remarks)
        return found[1] if found else None

    def compile_seconds(self, module, *options):
        """Seconds in which zq-compile makes an object file of the module."""
        stem = self._stem("o", module, options)
        stem.with_suffix(".mlir").write_text(module)
        begin = time.perf_counter()
        self.run(
            "zq-compile",
            "--quiet",
            stem.with_suffix(".mlir"),
            "-o",
            stem.with_suffix(".o"),
            *options,
        )
        return time.perf_counter() - begin

    def encode(self, values, codec, element):
        """Encodes a matrix. Returns the path of the file with its streams, w.*."""
        digest = hashlib.sha256(values.tobytes()).hexdigest()
        stem = self._stem("streams", digest, codec, element)
        out = stem.with_suffix(".safetensors")
        if not out.exists():
            dense = self.work / f"{digest[:16]}.npy"
            if not dense.exists():
                np.save(dense, values)
            self.run(
                "zq-encode",
                dense,
                f"--codec={codec}",
                f"--element={element}",
                "--as=w",
                "-o",
                out,
            )
        return out

    def evaluate(self, module, source):
        """Calls the function of a module on the file `source`, or FILE:TENSOR, and
        compares its result with the reference. Returns the path of the result."""
        stem = self._stem("result", module, str(source))
        out = stem.with_suffix(".npy")
        if not out.exists():
            stem.with_suffix(".mlir").write_text(module)
            self.run(
                "zq-run",
                stem.with_suffix(".mlir"),
                f"--input={source}",
                f"--output={out}",
                "--compare-reference",
            )
        return out

    def decode(self, module, streams):
        """The values that the reference decodes from the file `streams`, by the
        decode in `module`, which returns f32. Returns their path."""
        return self.evaluate(module, f"{streams}:w")


def read_streams(path):
    """The arrays of a .safetensors file, {name: (shape, bytes)}, without the name
    of the tensor in front ("w.")."""
    data = pathlib.Path(path).read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    streams = {}
    for name, entry in json.loads(data[8 : 8 + size]).items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        raw = np.frombuffer(data, np.uint8, end - begin, 8 + size + begin)
        streams[name.removeprefix("w.")] = (tuple(entry["shape"]), raw)
    return streams
