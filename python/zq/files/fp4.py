"""4-bit floats in blocks: NVFP4 and MXFP4 as checkpoints have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ml_dtypes
import numpy as np

import zq

from . import bits
from .integers import check_finite

if TYPE_CHECKING:
    from zq import Tensor

#: The magnitudes of E2M1.
GRID = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6], np.float32)
BF16 = ml_dtypes.bfloat16


def mxfp4_tensor(packed: np.ndarray, scales: np.ndarray) -> Tensor:
    """Of codes u8 [rows, columns / 2], the even column in the low half, and E8M0
    scales [rows, columns / 32]; decodes to bf16."""
    streams = {"scale": exponents(scales), "codes": packed}
    return zq.Tensor.from_streams("mxfp4", (packed.shape[0], packed.shape[1] * 2), streams, BF16)


def exponents(scales: np.ndarray) -> np.ndarray:
    """Exponents of two, u8 or E8M0, as E8M0. Refuses its one NaN."""
    if (scales.view(np.uint8) == 255).any():
        raise zq.Error("a scale is NaN")
    return scales.view(ml_dtypes.float8_e8m0fnu)


def nvfp4_tensor(packed: np.ndarray, scales: np.ndarray, divisor: np.ndarray) -> Tensor:
    """Of codes u8 [rows, columns / 2], the even column in the low half, E4M3
    scales [rows, columns / 16], and one f32 that scales are divided by; decodes
    to bf16.

    The checkpoint means bf16(code * f32(scale / divisor)). `nvfp4` multiplies,
    f32(f32(code * scale) * factor), and codes and scales have so few values that
    all products can be tried: where 1 / divisor or a neighbour of it makes every
    one of them the same bf16, that is the factor. Of the 2^23 mantissas that a
    divisor can have, 134 have none; then the quotients become a table of the
    codec.
    """
    shape = (packed.shape[0], packed.shape[1] * 2)
    check_finite(scales, "scale")
    if not np.isfinite(divisor) or not divisor > 0:
        raise zq.Error(f"global scale is {divisor}, expected a positive number")
    present = np.unique(scales.view(np.uint8)).view(scales.dtype)
    with np.errstate(over="ignore"):
        quotients = present.astype(np.float32) / divisor
    if not np.isfinite(quotients).all():
        raise zq.Error(f"global scale {divisor} makes scales infinite")
    factor = _factor(present.astype(np.float32), quotients, divisor)
    if factor is not None:
        streams = {"scale": np.full((1, 1), factor, np.float32), "scale1": scales, "codes": packed}
        return zq.Tensor.from_streams("nvfp4", shape, streams, BF16)
    return _with_table(packed, scales, present, quotients, shape)


def _factor(scales: np.ndarray, quotients: np.ndarray, divisor: np.ndarray) -> np.float32 | None:
    """What to multiply by to have the bf16 products that division gives."""
    with np.errstate(over="ignore"):
        wanted = (GRID[:, None] * quotients).astype(BF16).view(np.uint16)
        factor = np.float32(1) / np.float32(divisor)
        candidates = [
            factor,
            np.nextafter(factor, np.float32(0)),
            np.nextafter(factor, np.float32(np.inf)),
        ]
        for candidate in candidates:
            products = (GRID[:, None] * scales * candidate).astype(BF16).view(np.uint16)
            if np.isfinite(candidate) and np.array_equal(products, wanted):
                return candidate
    return None


def _with_table(
    packed: np.ndarray,
    scales: np.ndarray,
    present: np.ndarray,
    quotients: np.ndarray,
    shape: tuple[int, int],
) -> Tensor:
    if np.signbit(quotients).any():
        raise zq.Error("a scale is negative")
    # Two entries at least.
    table = np.unique(np.concatenate([quotients, np.float32([0, 1])]))
    places = np.zeros(256, np.uint8)
    places[present.view(np.uint8)] = np.searchsorted(table, quotients)
    width = max(1, int(len(table) - 1).bit_length())
    entries = ", ".join(repr(float(entry)) for entry in table)
    text = f"scale<1x16, [lookup<[{entries}]>, pack]>, quantize<f4E2M1FN>, pack"
    streams = {"scale.codes": bits.pack(places[scales.view(np.uint8)], width), "codes": packed}
    return zq.Tensor.from_streams(text, shape, streams, BF16)
