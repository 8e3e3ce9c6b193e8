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


def nvfp4_tensor(
    packed: np.ndarray, scales: np.ndarray, over: np.ndarray, *, divides: bool
) -> Tensor:
    """Of codes u8 [rows, columns / 2], the even column in the low half, E4M3
    scales [rows, columns / 16], and the f32 that scales are multiplied or
    divided by; decodes to bf16.

    The checkpoint means bf16(code * f32(scale / over)), or scale * over. `nvfp4`
    is bf16(f32(f32(code * scale) * factor)), and codes and scales have so few
    values that all products can be tried: where `over` or its inverse, or a
    neighbour of that, makes every one of them the same bf16, that is the factor.
    Of the 2^23 mantissas of a divisor 134 have none, of a factor 70; then the
    blocks' factors become a table of the codec.
    """
    shape = (packed.shape[0], packed.shape[1] * 2)
    check_finite(scales, "scale")
    if not np.isfinite(over) or not over > 0:
        raise zq.Error(f"global scale is {over}, expected a positive number")
    present = np.unique(scales.view(np.uint8)).view(scales.dtype)
    values = present.astype(np.float32)
    with np.errstate(over="ignore"):
        factors = values / over if divides else values * over
        inverse = np.float32(1) / over if divides else over
    if not np.isfinite(factors).all():
        raise zq.Error(f"global scale {over} makes scales infinite")
    factor = _factor(values, factors, np.float32(inverse))
    if factor is not None:
        streams = {"scale": np.full((1, 1), factor), "scale1": scales, "codes": packed}
        return zq.Tensor.from_streams("nvfp4", shape, streams, BF16)
    return _with_table(packed, scales, present, factors, shape)


def _factor(values: np.ndarray, factors: np.ndarray, guess: np.float32) -> np.float32 | None:
    """What the scales are to be multiplied by, after the codes, to have the bf16
    products that codes and factors of blocks have."""
    zero, infinity = np.float32(0), np.float32(np.inf)
    with np.errstate(over="ignore"):
        wanted = (GRID[:, None] * factors).astype(BF16).view(np.uint16)
        for factor in (guess, np.nextafter(guess, zero), np.nextafter(guess, infinity)):
            products = (GRID[:, None] * values * factor).astype(BF16).view(np.uint16)
            if np.isfinite(factor) and np.array_equal(products, wanted):
                return factor
    return None


def _with_table(
    packed: np.ndarray,
    scales: np.ndarray,
    present: np.ndarray,
    factors: np.ndarray,
    shape: tuple[int, int],
) -> Tensor:
    if np.signbit(factors).any():
        raise zq.Error("a scale is negative")
    # Two entries at least.
    table = np.unique(np.concatenate([factors, np.array([0, 1], np.float32)]))
    places = np.zeros(256, np.uint8)
    places[present.view(np.uint8)] = np.searchsorted(table, factors)
    width = max(1, int(len(table) - 1).bit_length())
    entries = ", ".join(repr(float(entry)) for entry in table)
    text = f"scale<1x16, [lookup<[{entries}]>, pack]>, quantize<f4E2M1FN>, pack"
    streams = {"scale.codes": bits.pack(places[scales.view(np.uint8)], width), "codes": packed}
    return zq.Tensor.from_streams(text, shape, streams, BF16)
