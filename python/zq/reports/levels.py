"""Which levels a codec has, and how the weights lie between them.

A codec that ends in a quantizer stores, for each weight, one of a few levels;
the stages above map a weight onto their scale. Both parts are codecs of their
own, so that decoding tells all that is needed, whatever the stages:

- the last stages alone, on the tensor's own codes, decode to levels;
- the stages before, with `raw` in the quantizer's place, decode 0 and 1 to what
  each element adds and multiplies by.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import Error
from ..tensor import Tensor, encode

__all__ = ["Levels", "find_levels"]

LIMIT = 256
"""Codecs with more levels have none that a picture would show."""

BINS = 96

# Stages that give each element another place or mix several. They are undone by
# applying them to the original instead.
_TRANSFORMS = ("hadamard", "orthogonal", "permute")

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Levels:
    """What the quantizer of one tensor sees; its unit is that of the levels."""

    levels: np.ndarray
    """The levels in use, ascending."""
    counts: np.ndarray
    """How many weights are stored as each."""
    edges: np.ndarray | None
    """Bounds of the histogram's bins, one more than bins; None without original."""
    bins: np.ndarray | None
    """How many original weights, scaled as their codec scales them, are in each."""
    outside: int
    """Original weights beyond the histogram."""

    @property
    def entropy(self) -> float:
        """Bits that a weight's level carries, of itself."""
        share = self.counts[self.counts > 0] / self.counts.sum()
        return float(-(share * np.log2(share)).sum())


def find_levels(tensor: Tensor, original: np.ndarray | None) -> Levels | str:
    """The levels of `tensor`, and where the elements of `original` lie; or, in
    words, why there are none to show."""
    if not tensor.size:
        return "the tensor has no elements"
    if tensor.codec.lossless:
        return "the codec is lossless, each value is a level of its own"
    stages = split_stages(tensor.codec.text)
    found = _quantizer(tensor, stages)
    if isinstance(found, str):
        return found
    begin, decoded = found
    counted = _count(decoded)
    if counted is None:
        return f"the codec has more than {LIMIT} levels"
    levels, counts = counted
    edges = bins = None
    outside = 0
    if original is not None:
        scaled = _scaled(tensor, stages[:begin], decoded, original)
        if scaled is not None:
            bins, edges = np.histogram(scaled, BINS, _range(levels, scaled))
            outside = int(scaled.size - bins.sum())
    return Levels(levels, counts, edges, bins, outside)


def split_stages(text: str) -> list[str]:
    """The stages of a codec's text, by the commas that no bracket holds."""
    stages, depth, begin = [], 0, 0
    for i, c in enumerate(text):
        depth += (c in "<[(") - (c in ">])")
        if c == "," and depth == 0:
            stages.append(text[begin:i].strip())
            begin = i + 1
    return [*stages, text[begin:].strip()]


def _quantizer(tensor: Tensor, stages: list[str]) -> tuple[int, np.ndarray] | str:
    """Where the stages begin that turn codes into levels, and the level of each
    element."""
    for begin in range(len(stages) - 1, -1, -1):
        suffix = ", ".join(stages[begin:])
        try:
            wanted = Tensor.stream_types(suffix, tensor.shape, np.float32)
        except Error:
            continue  # Takes in codes, and so is not the whole of a quantizer.
        try:
            streams = {name: tensor.streams[name] for name in wanted}
            return begin, Tensor.from_streams(suffix, tensor.shape, streams).decode()
        except (KeyError, Error):
            break
    return "the codec does not store one code for each weight"


def _count(values: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """The distinct values, ascending, and how many there are of each."""
    flat = values.reshape(-1)
    totals: dict[float, int] = {}
    for start in range(0, flat.size, _CHUNK):
        # Adding 0 makes one level of both zeros.
        levels, counts = np.unique(flat[start : start + _CHUNK] + 0.0, return_counts=True)
        for level, count in zip(levels.tolist(), counts.tolist(), strict=True):
            totals[level] = totals.get(level, 0) + count
        if len(totals) > LIMIT:
            return None
    levels = np.array(sorted(totals))
    return levels, np.array([totals[level] for level in levels.tolist()])


def _range(levels: np.ndarray, scaled: np.ndarray) -> tuple[float, float]:
    """What a histogram shows: the levels, and nearly all weights beyond them."""
    low, high = float(levels[0]), float(levels[-1])
    span = high - low or abs(high) or 1.0
    least, most = np.percentile(scaled, (0.1, 99.9)) if scaled.size else (low, high)
    return (
        max(low - span, min(low - 0.08 * span, float(least))),
        min(high + span, max(high + 0.08 * span, float(most))),
    )


def _scaled(
    tensor: Tensor, prefix: list[str], decoded: np.ndarray, original: np.ndarray
) -> np.ndarray | None:
    """The elements of `original` on the scale of the levels; None where the
    stages of `prefix` do more than place, multiply and add."""
    count = 0
    while count < len(prefix) and prefix[count].split("<")[0] in _TRANSFORMS:
        count += 1
    weights = np.asarray(original, np.float32)
    streams = tensor.streams
    try:
        if count:
            moved = encode(weights, ", ".join([*prefix[:count], "raw<f32>"])).streams
            weights = moved.pop("values")
            # A matrix or an order that is not the encoder's own cannot be applied.
            if any(not np.array_equal(moved[name], streams[name]) for name in moved):
                return None
        above = prefix[count:]
        if above:
            added = _decode_raw(tensor, above, np.float32(0))
            factor = _decode_raw(tensor, above, np.float32(1)) - added
        else:
            added, factor = np.float32(0), np.ones(tensor.shape, np.float32)
        # Holds only if each element has its own factor and what is added.
        expected = _decode_raw(tensor, above, decoded) if above else decoded
    except (Error, KeyError):
        return None
    scale = np.abs(expected).max(initial=0)
    if not np.allclose(expected, added + factor * decoded, rtol=1e-3, atol=1e-4 * scale):
        return None
    known = np.isfinite(weights) & (factor != 0)
    with np.errstate(all="ignore"):
        scaled = (weights - added) / factor
    return scaled[known & np.isfinite(scaled)]


def _decode_raw(tensor: Tensor, above: list[str], values: np.ndarray) -> np.ndarray:
    """What the stages `above` make of `values`, with the tensor's own scales."""
    text = ", ".join([*above, "raw<f32>"])
    wanted = Tensor.stream_types(text, tensor.shape, np.float32)
    *sides, main = wanted
    streams = {name: tensor.streams[name] for name in sides}
    streams[main] = np.broadcast_to(values, wanted[main][0])
    return Tensor.from_streams(text, tensor.shape, streams).decode()
