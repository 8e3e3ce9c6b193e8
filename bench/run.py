"""Prepares each case, runs its pair in a process of its own, and makes a row of it."""

import dataclasses
import json
import os
import pathlib
import subprocess
import sys
import time

import numpy as np

from . import cases, modules, pair, probes, sides, tools

ROOT = pathlib.Path(__file__).resolve().parent.parent

# So much memory is cycled through, as a multiple of the last-level cache, and at
# least: two threads may sit in two core complexes with such a cache each.
BEYOND_CACHE = 1.5
LEAST_BYTES = 288 << 20

# A pair that takes longer than this, in seconds, is given up; to step through a
# product of many rows takes longer.
PAIR_SECONDS = 60
STEPS_SECONDS = 240

# The rows of weights that are stepped through: with 4096 columns of two bytes they
# fill a second cache of 1 MiB, and hold whole panels and tiles.
STEPPED_ROWS = (64, 128)

# Products of many rows are stepped through with fewer: each step takes some ten
# microseconds.
MANY_ROWS, LONG_STEPPED_ROWS, LONG_STEPPED_COLUMNS = 32, (32, 64), 256


# A CPU completes no more instructions a cycle.
MOST_A_CYCLE = 6


class Wrong(Exception):
    """A case computed something wrong."""


@dataclasses.dataclass
class Settings:
    """Sizes: of the weights n x k, of which `rows` are encoded and replicated; of
    the memory to cycle through; of the passes."""

    n: int = cases.SHAPE[0]
    k: int = cases.SHAPE[1]
    rows: int = 1024
    passes: int = 7
    seconds: float = 0.06
    at_least: int = 0
    compile_passes: int = 7

    @staticmethod
    def full():
        beyond = int(BEYOND_CACHE * probes.last_level_bytes())
        return Settings(at_least=max(beyond, LEAST_BYTES))

    @staticmethod
    def quick():
        return Settings(256, 512, 128, 3, 0.005, 1 << 20, 1)


def environment(threads, pinned=True):
    """Of a process that uses so many threads, pinned from the start. Idle threads
    of OpenMP soon sleep, so that the other side of a pair has the CPUs."""
    cpus = probes.cpus()
    places = ",".join(f"{{{cpu}}}" for cpu in cpus[:threads])
    values = {
        "OMP_NUM_THREADS": str(threads),
        "OPENBLAS_NUM_THREADS": str(threads),
        "MKL_NUM_THREADS": str(threads),
        "KMP_BLOCKTIME": "2",
        # Peers get pages of 2 MiB as well.
        "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
        "PYTHONPATH": str(ROOT),
    }
    if threads > 1 and pinned:
        values |= {"OMP_PROC_BIND": "true", "OMP_PLACES": places}
    return os.environ | values


def run_python(module, arguments, threads, pinned=True, timeout=PAIR_SECONDS):
    """Runs a module of this package. Returns (status, stdout, stderr)."""
    done = subprocess.run(
        [sys.executable, "-m", f"bench.{module}", *map(str, arguments)],
        capture_output=True,
        text=True,
        env=environment(threads, pinned),
        timeout=timeout,
    )
    return done.returncode, done.stdout, done.stderr


class Bench:
    """The state of a run: tools, settings, limits of the machine, inputs."""

    def __init__(self, build, binaries, work, settings):
        self.build, self.work, self.settings = build, work, settings
        self.tools = tools.Tools(binaries, work / "cache")
        self.machine = None
        self._values = {}

    def measure_machine(self, quick):
        arguments = [self.build, *(["--quick"] if quick else [])]
        threads = min(2, len(probes.cpus()))
        status, out, error = run_python("machine", arguments, threads)
        if status:
            raise SystemExit(f"bench: the machine's limits: {error}")
        self.machine = json.loads(out)

    # Inputs.

    def values(self, rows):
        """Normally distributed weights [rows, k], as f32."""
        shape = (rows, self.settings.k)
        if shape not in self._values:
            generator = np.random.default_rng(rows)
            self._values[shape] = 0.02 * generator.standard_normal(shape, np.float32)
        return self._values[shape]

    def values_file(self, rows):
        path = self.tools.work / f"values-{rows}x{self.settings.k}.npy"
        np.save(path, self.values(rows))
        return path

    # Specifications of sides, as bench/pair.py takes them.

    def options(self, product, threads):
        """The options of zq-compile for a product; raises NotAvailable if it lacks
        one without which the case would be another one."""
        options = ["--no-threads"] if threads == 1 else []
        if self.tools.has_option("--accuracy"):
            options.append(f"--accuracy={cases.DOMAINS[product.domain][0]:g}")
        elif product.domain in ("int8", "bf16") and product.x == "f32":
            raise tools.NotAvailable("zq-compile has no --accuracy")
        if product.cpu != "host":
            options.append(f"--cpu={product.cpu}")
        if product.codec and self.tools.has_option("--pack-weights"):
            options.append("--pack-weights")
        return options

    def matmul(self, product, threads):
        s = self.settings
        module = modules.matmul(
            product.m, s.n, s.k, product.codec, product.x, product.w
        )
        options = self.options(product, threads)
        library = self.tools.compile(module, *options)
        spec = {
            "kind": "matmul",
            "library": str(library),
            "m": product.m,
            "n": s.n,
            "k": s.k,
            "x": product.x,
            "w": product.w,
            "streams": None,
            "allowed": product.allowed,
            "options": options,
            "domain": self.tools.domain(library),
        }
        if not product.codec:
            return spec | {"values": str(self.values_file(s.rows))}
        values = self.values(s.rows)
        streams = self.tools.encode(values, product.codec, product.w)
        module = modules.decode(s.rows, s.k, product.codec, product.w)
        spec["values"] = str(self.tools.decode(module, streams))
        if "--pack-weights" in options:
            codec = self.packed_codec(library)
            streams = self.tools.encode(values, codec, product.w)
            spec["codec"] = codec
        return spec | {"streams": str(streams)}

    @staticmethod
    def packed_codec(library):
        """The codec that zq-compile chose for the weights of a function."""
        _, arguments = tools.read_header(library.with_suffix(".h"))
        return next(a.codec for a in arguments if a.codec)

    def hadamard(self, what, threads):
        rows = max(1, self.machine["l2_bytes"] // 4 // (4 * what.k))
        module = modules.rotate(rows, what.k, what.signs)
        library = self.tools.compile(module, "--no-threads")
        x = np.random.default_rng(3).standard_normal((rows, what.k), np.float32)
        x_file = self.tools.work / f"rows-{what.k}.npy"
        np.save(x_file, x)
        expected = self.tools.evaluate(module, x_file)
        return {
            "kind": "rotate",
            "library": str(library),
            "x": str(x_file),
            "values": str(expected),
        }

    def bytes(self, what, threads):
        weights = np.random.default_rng(5).standard_normal((what.n, what.k), np.float32)
        bits, weights = sides.stored_as(0.02 * weights, "bf16")
        codec = "register_rans<lanes = 64, rows = 4>"
        if what.result == "i8":
            values = weights = (bits >> 7 & 0xFF).astype(np.uint8)
        else:
            values, codec = bits, f"fields<bf16>, {codec}"
        streams = self.tools.encode(weights, codec, what.result)
        module = modules.decode(what.n, what.k, codec, what.result, what.result)
        file = self.tools.work / f"exponents-{what.result}.npy"
        np.save(file, values)
        return {
            "kind": "bytes",
            "library": str(self.tools.compile(module, "--no-threads")),
            "streams": str(streams),
            "values": str(file),
        }

    def peer(self, peer, threads):
        s = self.settings
        return {
            "kind": "peer",
            "build": str(self.build),
            "peer": peer.library,
            "type": peer.type,
            "m": peer.m,
            "n": s.n,
            "k": s.k,
            "allowed": peer.allowed,
            "threads": threads,
            "values": str(self.values_file(s.rows)),
        }

    def side(self, what, threads):
        """The specification of one side."""
        if isinstance(what, cases.Product):
            return self.matmul(what, threads)
        if isinstance(what, cases.Hadamard):
            return self.hadamard(what, threads)
        if isinstance(what, cases.Bytes):
            return self.bytes(what, threads)
        if isinstance(what, cases.Peer):
            return self.peer(what, threads)
        if what == "l2":
            return {"kind": "cache", "size": self.machine["l2_bytes"] // 2 * threads}
        if what.startswith("peak:"):
            return {"kind": "peak", "peak": self.peak_kind(what)}
        return {"kind": what}

    def peak_kind(self, against):
        """The arithmetic whose peak a case is held against; raises NotAvailable if
        this CPU has none such."""
        kind = against.removeprefix("peak:")
        kind = {"bf16": self.machine["bf16"], "bf16 dots": "bf16"}.get(kind, kind)
        if kind not in self.machine["peak"]["1"]:
            raise tools.NotAvailable(f"this CPU has no {kind} instruction")
        return kind

    # Measuring.

    def measure(self, case, threads):
        """The row of a case; one that cannot be measured has the reason."""
        begin = time.perf_counter()
        try:
            if threads > len(probes.cpus()):
                raise tools.NotAvailable(f"there are not {threads} CPUs")
            if isinstance(case.what, cases.CompileTime):
                row = self.compile_time(case, threads)
            else:
                row = self.pair(case, threads)
        except (tools.NotAvailable, subprocess.TimeoutExpired) as reason:
            row = no_row(case, threads, str(reason))
        row["conditions"]["took_s"] = round(time.perf_counter() - begin, 1)
        return row

    def pair(self, case, threads):
        s = self.settings
        # What this machine lacks comes before what takes long to prepare.
        second = self.side(case.against, threads)
        first = self.side(case.what, threads)
        spec = {
            "build": str(self.build),
            "threads": threads,
            "unit": case.unit,
            "passes": s.passes,
            "seconds": s.seconds,
            "at_least": s.at_least,
            "case": first,
            "against": second,
        }
        path = self.work / "pair.json"
        path.write_text(json.dumps(spec))
        # An OpenMP that is loaded into a pinned thread has that CPU alone.
        pinned = not isinstance(case.against, cases.Peer)
        status, out, error = run_python("pair", [path], threads, pinned)
        message = (
            error.strip().splitlines()[-1] if error.strip() else f"status {status}"
        )
        if status == pair.WRONG_RESULT:
            raise Wrong(f"{case.label(threads)}: {message}")
        if status:
            raise tools.NotAvailable(message if status > 0 else f"signal {-status}")
        result = json.loads(out.splitlines()[-1])
        row = make_row(case, threads, spec, result, self.best_limit(case, threads))
        if isinstance(case.against, str) and case.against.startswith("peak:"):
            kind = case.against.removeprefix("peak:") + " tiles"
            peak = self.machine["peak"][str(threads)].get(kind)
            if peak:
                row["conditions"]["of_tiles"] = round(
                    row["conditions"]["value"] / peak * 1e9, 3
                )
        return row

    def bound(self, case):
        """What bounds a case on one thread, as bench/bounds.py has it, with its name;
        or the reason why there is nothing."""
        try:
            found = self._look(case)
            if found["instructions"] > MOST_A_CYCLE * found["cycles"]:
                raise tools.NotAvailable("the timing was disturbed")
        except (tools.NotAvailable, subprocess.TimeoutExpired) as reason:
            found = {"reason": str(reason)}
        return {"case": case.name, "against": case.against, "unit": case.unit} | found

    def _look(self, case):
        s, specs = self.settings, []
        is_long = getattr(case.what, "m", 1) >= MANY_ROWS
        sizes = LONG_STEPPED_ROWS if is_long else STEPPED_ROWS
        for n in sizes:
            self.settings = dataclasses.replace(
                s, n=n, rows=sizes[0], k=LONG_STEPPED_COLUMNS if is_long else s.k
            )
            try:
                spec = self.side(case.what, 1)
            finally:
                self.settings = s
            if spec not in specs:
                specs.append(spec)
        path = self.work / "bounds.json"
        text = {"build": str(self.build), "sides": specs, "seconds": s.seconds / 4}
        path.write_text(json.dumps(text))
        status, out, error = run_python("bounds", [path], 1, timeout=STEPS_SECONDS)
        message = (error.strip().splitlines() or [f"status {status}"])[-1]
        if status == pair.NOT_AVAILABLE:
            raise tools.NotAvailable(message)
        if status:
            raise Wrong(f"{case.name}: {message}")
        return json.loads(out.splitlines()[-1])

    def best_limit(self, case, threads):
        """The limit of a case as it was measured before all cases, in units a second
        on all threads; 0 if it was not."""
        machine = self.machine
        if case.against == "l2":
            return machine["read"]["1"].get("L2", 0) * threads
        if isinstance(case.against, str) and case.against.startswith("peak:"):
            return machine["peak"]["1"][self.peak_kind(case.against)] * threads
        return 0

    def compile_time(self, case, threads):
        s, product = self.settings, case.what.product
        module = modules.matmul(product.m, s.n, s.k, product.codec)
        try:
            options = self.options(product, threads)
        except tools.NotAvailable:
            options = ["--no-threads"]
        seconds = [
            self.tools.compile_seconds(module, *options)
            for _ in range(s.compile_passes)
        ]
        times = sorted(1e3 * t for t in seconds)
        middle = times[len(times) // 2]
        conditions = {
            "threads": threads,
            "value": round(middle, 1),
            "unit": "ms",
            "limit": case.what.allowed_ms,
            "least": round(case.what.allowed_ms / times[-1], 3),
            "most": round(case.what.allowed_ms / times[0], 3),
            "options": options,
        }
        ratio = round(case.what.allowed_ms / middle, 3)
        return row_of(case, threads, ratio, case.target, conditions)


def peer_name(case):
    """What a case is held against, in words."""
    if case.peer:
        return case.peer
    if case.against == "l2":
        return "L2 read limit"
    if case.against == "read":
        return "read limit"
    return case.against.removeprefix("peak:") + " peak"


def row_of(case, threads, ratio, target, conditions):
    return {
        "case": case.label(threads),
        "ratio": ratio,
        "target": target,
        "peer": peer_name(case),
        "conditions": conditions,
    }


def no_row(case, threads, reason):
    conditions = {"threads": threads, "reason": reason}
    return row_of(case, threads, None, case.target, conditions)


def significant(value):
    """The value with four significant digits."""
    return float(f"{value:.4g}")


UNITS = {"bytes": ("GB/s", 1e-9), "flop": ("GFLOP/s", 1e-9), "calls": ("calls/s", 1)}


def make_row(case, threads, spec, result, best_limit):
    """A row of what bench/pair.py measured. A target that is known as a rate is a
    share of the limit, that of now or `best_limit`, whichever is higher."""
    unit, factor = UNITS[case.unit]
    target = case.target
    if case.target_rate:
        limit = max(best_limit, result["against_rate"])
        target = round(case.target_rate * threads / limit, 3)
    side = spec["case"]
    conditions = {
        "threads": threads,
        "value": significant(result["rate"] * factor),
        "limit": significant(result["against_rate"] * factor),
        "unit": unit,
        "least": round(result["least"], 3),
        "most": round(result["most"], 3),
        "error": result["error"],
        "against_error": result["against_error"],
        "us": round(1e6 * result["work"][case.unit] / result["rate"], 1),
        "passes": result["passes"],
        "dropped": result["dropped"],
        "foreign_load": round(result["foreign"], 2),
        "options": side.get("options", []),
    }
    for key in ("placement", "line_ns"):
        if key in result:
            conditions[key] = result[key]
    if "codec" in side:
        conditions["packed"] = side["codec"]
    if side.get("domain"):
        conditions["domain"] = side["domain"]
    if case.note:
        conditions["note"] = case.note
    return row_of(case, threads, round(result["ratio"], 3), target, conditions)
