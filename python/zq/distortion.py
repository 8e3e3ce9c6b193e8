"""How far decoded values are from those that were encoded."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from .errors import Error

__all__ = ["Distortion", "measure", "total"]

# Elements that are looked at together, so that the copies in double precision
# stay small beside a large tensor.
_CHUNK = 1 << 21


@dataclass(frozen=True)
class Distortion:
    """Sums over the elements of a tensor (or several) that are finite both as
    encoded and as decoded."""

    signal: float
    """The sum of squares of what was encoded."""
    noise: float
    """The sum of squares of what changed."""
    max_error: float
    """The largest absolute difference."""
    not_finite: int
    """How many elements were left out."""
    identical: bool
    """Whether every bit came back, also of what is not finite."""

    @property
    def relative_error(self) -> float:
        """The norm of what changed, divided by the norm of the tensor; infinite
        where only the latter is 0."""
        if self.noise == 0:
            return 0.0
        return math.sqrt(self.noise / self.signal) if self.signal else math.inf

    @property
    def sqnr(self) -> float:
        """The same as a ratio of powers of signal and noise, in dB: infinite
        without noise, minus infinite without signal."""
        error = self.relative_error
        if error == 0:
            return math.inf
        return -20 * math.log10(error) if math.isfinite(error) else -math.inf


def measure(original: np.ndarray, decoded: np.ndarray) -> Distortion:
    """What became of `original`, in double precision. Raises `zq.Error` where
    the shapes differ."""
    if original.shape != decoded.shape:
        raise Error(f"the original has shape {original.shape}, what is decoded {decoded.shape}")
    signal = noise = largest = 0.0
    left_out = 0
    same = original.dtype == decoded.dtype
    before, after = original.reshape(-1), np.ascontiguousarray(decoded).reshape(-1)
    for start in range(0, before.size, _CHUNK):
        x = np.ascontiguousarray(before[start : start + _CHUNK])
        y = after[start : start + _CHUNK]
        same = same and np.array_equal(x.view(np.uint8), y.view(np.uint8))
        x, y = x.astype(np.float64), y.astype(np.float64)
        finite = np.isfinite(x) & np.isfinite(y)
        if not finite.all():
            left_out += int(finite.size - np.count_nonzero(finite))
            x, y = x[finite], y[finite]
        difference = x - y
        signal += float(x @ x)
        noise += float(difference @ difference)
        largest = max(largest, float(np.abs(difference).max(initial=0.0)))
    return Distortion(signal, noise, largest, left_out, bool(same))


def total(parts: Iterable[Distortion]) -> Distortion | None:
    """Of several tensors as if they were one; None of none."""
    parts = list(parts)
    if not parts:
        return None
    return Distortion(
        sum(part.signal for part in parts),
        sum(part.noise for part in parts),
        max(part.max_error for part in parts),
        sum(part.not_finite for part in parts),
        all(part.identical for part in parts),
    )
