"""`zq bench`"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import click
import numpy as np

import zq
import zq.files
from zq.files.dtypes import FLOATS
from zq.files.native import ELEMENTS

from . import tables
from .encode import relative_error
from .running import in_background, jobs_option
from .selection import parse_codec

#: Of the integer compute domains; zq.compile's own choice.
ACCURACY = 5e-5

PRODUCT = """
func.func @main(%x: tensor<{m}x{k}xf32>, %w: {weight}) -> tensor<{m}x{n}xf32> {{
  %e = tensor.empty() : tensor<{n}x{k}x{t}>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<{n}x{k}x{t}>) : {weight} -> tensor<{n}x{k}x{t}>
  %zero = arith.constant dense<0.0> : tensor<{m}x{n}xf32>
  %y = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %d : tensor<{m}x{k}xf32>, tensor<{n}x{k}x{t}>)
      outs(%zero : tensor<{m}x{n}xf32>) -> tensor<{m}x{n}xf32>
  return %y : tensor<{m}x{n}xf32>
}}
"""


@dataclass
class Timing:
    """Of one codec; seconds, the least of all rounds."""

    codec: str
    bits_per_weight: float
    #: Of what was encoded; None where nothing was.
    relative_error: float | None
    encode: float | None
    decode: float | None
    product: float
    #: The largest difference of a product's element, divided by its bound.
    difference: float | None


class Shape(click.ParamType):
    name = "ROWSxCOLUMNS"

    def convert(self, value, param, context):
        sizes = value.lower().split("x") if isinstance(value, str) else []
        if len(sizes) != 2 or not all(s.isdecimal() and 0 < int(s) <= 1 << 20 for s in sizes):
            self.fail(f"{value!r} is no shape of a matrix such as 4096x4096", param, context)
        return tuple(map(int, sizes))


@click.command()
@click.argument("file", required=False, type=click.Path(exists=True, path_type=Path))
@click.option("--tensor", "-t", help="The matrix of FILE to take.")
@click.option("--shape", type=Shape(), help="A matrix of random values, without a FILE.")
@click.option("--codec", "-c", "texts", multiple=True, help="What to time; may be repeated.")
@click.option(
    "--rows",
    "-m",
    type=click.IntRange(1, 4096),
    default=1,
    show_default=True,
    help="Rows of the activation that the matrix is multiplied by.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(0.01, 60),
    default=0.5,
    show_default=True,
    help="For each measurement; it is done three times at least.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@jobs_option
def bench(
    file: Path | None,
    tensor: str | None,
    shape: tuple[int, int] | None,
    texts: tuple[str, ...],
    rows: int,
    seconds: float,
    as_json: bool,
) -> None:
    """Time encoding, decoding and the fused product of a matrix.

    The product is y = x w^T, with w compressed and decoded in registers, beside NumPy's with the
    dense w in f32. Each product is compared with one in double precision; a difference beyond its
    computed bound is an error. Times are the least of all rounds.

    \b
    Examples:
      zq bench --shape 4096x4096 --codec nvfp4 --codec q4_k --codec int8_g128
      zq bench model.safetensors --tensor lm_head.weight -c nvfp4 --rows 32
      zq bench small.safetensors --tensor blk.0.ffn_up.weight      as it is stored
    """
    if (file is None) == (shape is None):
        raise click.UsageError("give a FILE or a --shape")
    if tensor is not None and file is None:
        raise click.UsageError("--tensor is for a FILE")
    codecs = [parse_codec(text) for text in texts]
    if shape is not None:
        weight: zq.Tensor | np.ndarray = np.random.default_rng(0).standard_normal(shape, np.float32)
    else:
        assert file is not None
        weight = _matrix(file, tensor, bool(codecs))
    if not codecs and not isinstance(weight, zq.Tensor):
        raise click.UsageError("name a --codec; the matrix is dense")
    in_background(_bench, weight, codecs, rows, seconds, as_json)


def _matrix(file: Path, name: str | None, may_be_dense: bool) -> zq.Tensor | np.ndarray:
    with zq.files.open(file) as checkpoint:
        if name is None:
            matrices = [
                stored
                for stored in checkpoint.stored.values()
                if _is_matrix(stored) and (may_be_dense or not stored.is_dense)
            ]
            if not matrices and may_be_dense:
                raise zq.Error(f"{file}: has no matrix of floats")
            if not matrices:
                raise click.UsageError(f"name a --codec; {file} has no compressed matrix")
            # The largest says most about memory.
            stored = max(matrices, key=lambda s: s.shape[0] * s.shape[1])
            tables.line(tables.error_output(), f"taking {stored.name}; --tensor names another")
        else:
            stored = checkpoint.find(name)
        if not _is_matrix(stored):
            about = f"{tables.shape_text(stored.shape)} of {stored.dtype}"
            raise zq.Error(f"{file}: tensor '{stored.name}' is no matrix of floats: {about}")
        return stored.load()


def _is_matrix(stored: zq.files.Stored) -> bool:
    return len(stored.shape) == 2 and 0 not in stored.shape and stored.dtype in FLOATS


def _bench(
    weight: zq.Tensor | np.ndarray,
    codecs: list[zq.Codec],
    rows: int,
    seconds: float,
    as_json: bool,
) -> None:
    dense = (weight.decode() if isinstance(weight, zq.Tensor) else weight).astype(np.float32)
    if not np.isfinite(dense).all():
        raise zq.Error("the matrix has values that are not finite")
    x = np.random.default_rng(1).standard_normal((rows, dense.shape[1]), np.float32)
    timings = [_time_numpy(x, dense, seconds)]
    if not codecs and isinstance(weight, zq.Tensor):
        timings.append(_time_product(weight, None, x, dense, seconds))
    for codec in codecs:
        timings.append(_time_codec(codec, x, dense, seconds))
    # Once more, for others may have been using the machine.
    timings[0].product = min(timings[0].product, _time_numpy(x, dense, seconds).product)
    if as_json:
        root = {"shape": dense.shape, "rows": rows, "threads": zq.num_threads()}
        click.echo(json.dumps(root | {"timings": [asdict(t) for t in timings]}, indent=2))
        return
    _print(timings, dense)
    tables.line(
        tables.output(),
        f"{dense.shape[0]}x{dense.shape[1]} weights, {rows} rows of activations, "
        f"{zq.num_threads()} threads",
    )


def _time_numpy(x: np.ndarray, dense: np.ndarray, seconds: float) -> Timing:
    # OpenMP's threads wait for more work in a loop, in the way of NumPy's.
    time.sleep(0.3)
    return Timing("NumPy, f32", 32, None, None, None, _least(lambda: x @ dense.T, seconds), None)


def _time_codec(codec: zq.Codec, x: np.ndarray, dense: np.ndarray, seconds: float) -> Timing:
    try:
        tensor = zq.encode(dense, codec)
    except zq.Error:
        # Codecs of bf16's bits, which f32 values are rounded to first.
        tensor = zq.encode(dense, codec, dtype="bfloat16")
        dense = dense.astype(tensor.dtype)
    encode = _least(lambda: zq.encode(dense, codec), seconds)
    return _time_product(tensor, encode, x, dense, seconds)


def _time_product(
    tensor: zq.Tensor, encode: float | None, x: np.ndarray, dense: np.ndarray, seconds: float
) -> Timing:
    decoded = tensor.decode()
    out = np.empty_like(decoded)
    decode = _least(lambda: tensor.decode(out), seconds)
    product, difference = _product(tensor, x, decoded, seconds)
    return Timing(
        str(tensor.codec),
        tensor.bits_per_weight,
        relative_error(dense, decoded) if encode else None,
        encode,
        decode,
        product,
        difference,
    )


def _product(
    tensor: zq.Tensor, x: np.ndarray, decoded: np.ndarray, seconds: float
) -> tuple[float, float]:
    """The time of x w^T and its largest difference from double precision, over
    its bound."""
    (m, k), n = x.shape, tensor.shape[0]
    element = {dtype: name for name, dtype in ELEMENTS.items()}[tensor.dtype]
    text = PRODUCT.format(m=m, k=k, n=n, t=element, weight=tensor.type_text)
    function = zq.compile(text, accuracy=ACCURACY)
    y = np.empty((m, n), np.float32)
    function.call_into((x, tensor), (y,))
    exact = x.astype(np.float64) @ decoded.astype(np.float64).T
    # Each of k terms may be off by the accuracy, and each sum by half a unit.
    magnitudes = np.abs(x).astype(np.float64) @ np.abs(decoded).astype(np.float64).T
    bound = k * ACCURACY * np.abs(x).max() * np.abs(decoded).max() + (k + 4) * 2.0**-24 * magnitudes
    ratio = float((np.abs(y - exact) / np.maximum(bound, 1e-300)).max())
    if not ratio <= 1:
        raise zq.Error(f"{tensor.codec}: a product differs by {ratio:.3g} times its bound")
    return _least(lambda: function.call_into((x, tensor), (y,)), seconds), ratio


def _least(call: Callable[[], object], seconds: float) -> float:
    """The shortest of as many calls as fit into `seconds`, three or more."""
    best, end, rounds = float("inf"), time.perf_counter() + seconds, 0
    while rounds < 3 or time.perf_counter() < end:
        begin = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - begin)
        rounds += 1
    return best


def _print(timings: list[Timing], dense: np.ndarray) -> None:
    lines = tables.table(
        "codec", "bits", "error", "encode MB/s", "decode MB/s", "product ms", "NumPy / this"
    )
    nbytes = 4 * dense.size
    for timing in timings:
        tables.row(
            lines,
            timing.codec,
            tables.rate(timing.bits_per_weight),
            tables.error_text(timing.relative_error),
            f"{nbytes / timing.encode / 1e6:.0f}" if timing.encode else "",
            f"{nbytes / timing.decode / 1e6:.0f}" if timing.decode else "",
            f"{timing.product * 1e3:.3f}",
            f"{timings[0].product / timing.product:.2f}",
        )
    tables.output().print(lines)
