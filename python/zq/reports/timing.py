"""The time of each weight's fused product, beside what the memory allows."""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from .. import _native
from ..compiler import Function
from ..compiler import compile as compile_text
from ..errors import Error
from ..tensor import Tensor

__all__ = ["Kernel", "Timing", "measure_times"]

PROBE_BYTES = 256 << 20
PROBE_SECONDS = 1.0
SECONDS = 2.0
"""How long all weights are taken in turn; at least ROUNDS times."""
ROUNDS = 5


@dataclass
class Kernel:
    """The product with the weights of one type, compiled once for all of them."""

    type_text: str
    codec: str
    shape: tuple[int, ...]
    seconds: dict[str, float] = field(default_factory=dict)
    """The median time of a call, by layer."""
    nbytes: dict[str, int] = field(default_factory=dict)
    """What is read of each layer's weight."""
    remarks: list[str] = field(default_factory=list)
    failure: str | None = None
    """Why there is no time, in words."""

    @property
    def rate(self) -> float:
        """Compressed bytes read in a second, over all layers of the kernel."""
        return sum(self.nbytes.values()) / sum(self.seconds.values())


@dataclass
class Timing:
    kernels: list[Kernel]
    read_rate: float
    """Bytes a second that NumPy reads of a large array; see `probe_bytes`."""
    probe_bytes: int
    threads: int
    rounds: int
    total_bytes: int
    """Compressed bytes that all weights together have, taken in turn."""
    cache_bytes: int | None
    """The size of the last-level cache, where the system tells."""
    call_seconds: float
    """What a call from Python takes that computes next to nothing."""

    @property
    def by_layer(self) -> dict[str, Kernel]:
        return {name: kernel for kernel in self.kernels for name in kernel.seconds}


def measure_times(tensors: Mapping[str, Tensor]) -> Timing:
    """Times `y = W x` for each weight W of two dimensions, compressed as it is
    and x one row of f32. The weights are taken in turn, in the model's order,
    as a model that makes one token after the other takes them."""
    read_rate = probe_read_rate()
    call = compile_text(_NOTHING)
    one = np.zeros(1, np.float32)
    call_seconds = _median(lambda: call.call_into((one,), (np.empty(1, np.float32),)), 200)

    kernels: dict[str, Kernel] = {}
    calls: list[tuple[Kernel, str, Function, tuple, tuple]] = []
    functions: dict[str, Function] = {}
    generator = np.random.default_rng(0)
    for name, tensor in tensors.items():
        text = tensor.type_text
        kernel = kernels.setdefault(text, Kernel(text, str(tensor.codec), tensor.shape))
        if kernel.failure:
            continue
        if text not in functions:
            try:
                functions[text] = compile_text(product_text(tensor))
            except Error as error:
                kernel.failure = str(error).splitlines()[0]
                continue
            kernel.remarks = functions[text].remarks
        x = generator.standard_normal((1, tensor.shape[1]), np.float32)
        y = np.empty((1, tensor.shape[0]), np.float32)
        kernel.nbytes[name] = tensor.nbytes
        calls.append((kernel, name, functions[text], (x, tensor), (y,)))

    # The first call lays out the weight, and is not timed.
    for _, _, function, args, outs in calls:
        function.call_into(args, outs)
    times: dict[str, list[float]] = {name: [] for _, name, *_ in calls}
    end = time.perf_counter() + SECONDS
    for _ in itertools.count() if calls else ():
        for _, name, function, args, outs in calls:
            start = time.perf_counter()
            function.call_into(args, outs)
            times[name].append(time.perf_counter() - start)
        if len(times[calls[0][1]]) >= ROUNDS and time.perf_counter() > end:
            break
    for kernel, name, *_ in calls:
        kernel.seconds[name] = statistics.median(times[name])
    return Timing(
        list(kernels.values()),
        # Whichever of both was disturbed less; the machine is not ours alone.
        max(read_rate, _probe_after_kernels()),
        PROBE_BYTES,
        _native.num_threads(),
        len(times[calls[0][1]]) if calls else 0,
        sum(tensors[name].nbytes for name in times),
        _last_level_cache(),
        call_seconds,
    )


def product_text(tensor: Tensor) -> str:
    """The product as MLIR. Raises `zq.Error` for what is no matrix."""
    if tensor.ndim != 2:
        raise Error("not a matrix")
    rows, columns = tensor.shape
    element = _ELEMENTS.get(tensor.dtype.name)
    if element is None:
        raise Error(f"weights of {tensor.dtype}")
    weights = f"tensor<{rows}x{columns}x{element}>"
    # The activations are f32, whatever the weights are.
    body = "%p = arith.mulf %a, %b : f32"
    if element != "f32":
        body = f"%v = arith.extf %b : {element} to f32\n    %p = arith.mulf %a, %v : f32"
    return f"""
#x = affine_map<(m, n, k) -> (m, k)>
#w = affine_map<(m, n, k) -> (n, k)>
#y = affine_map<(m, n, k) -> (m, n)>
func.func @product(%x: tensor<1x{columns}xf32>, %w: {tensor.type_text}) -> tensor<1x{rows}xf32> {{
  %e = tensor.empty() : {weights}
  %d = zq.decode %w at [0, 0] outs(%e : {weights}) : {tensor.type_text} -> {weights}
  %zero = arith.constant dense<0.0> : tensor<1x{rows}xf32>
  %y = linalg.generic {{indexing_maps = [#x, #w, #y],
      iterator_types = ["parallel", "parallel", "reduction"]}}
      ins(%x, %d : tensor<1x{columns}xf32>, {weights}) outs(%zero : tensor<1x{rows}xf32>) {{
  ^bb0(%a: f32, %b: {element}, %c: f32):
    {body}
    %s = arith.addf %c, %p : f32
    linalg.yield %s : f32
  }} -> tensor<1x{rows}xf32>
  return %y : tensor<1x{rows}xf32>
}}
"""


def probe_read_rate() -> float:
    """Bytes a second that as many threads as kernels have read of a large array."""
    threads = _native.num_threads()
    parts = np.array_split(np.ones(PROBE_BYTES // 8, np.uint64), threads)
    with ThreadPoolExecutor(threads) as pool:

        def read() -> float:
            start = time.perf_counter()
            # Reductions do not hold Python's lock.
            list(pool.map(np.bitwise_or.reduce, parts))
            return time.perf_counter() - start

        end = time.perf_counter() + PROBE_SECONDS
        best = min(read() for _ in range(3))
        while time.perf_counter() < end:
            best = min(best, read())
        return PROBE_BYTES / best


def _probe_after_kernels() -> float:
    # The threads of OpenMP wait for more work in a loop, for 0.2 s.
    time.sleep(0.3)
    return probe_read_rate()


_ELEMENTS = {"float32": "f32", "float16": "f16", "bfloat16": "bf16"}

_NOTHING = """
func.func @nothing(%x: tensor<1xf32>) -> tensor<1xf32> {
  return %x : tensor<1xf32>
}
"""


def _median(call, count: int) -> float:
    times = []
    for _ in range(count):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def _last_level_cache() -> int | None:
    sizes = Path("/sys/devices/system/cpu/cpu0/cache").glob("index*/size")
    units = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
    try:
        texts = [path.read_text().strip() for path in sizes]
        return max((int(text[:-1]) * units[text[-1]] for text in texts), default=None)
    except (OSError, ValueError, KeyError):
        return None
