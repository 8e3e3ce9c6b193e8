"""Groups of integers with a scale and a zero point, as zq's codecs.

What GPTQ, AWQ and compressed-tensors have in common once their words are
unpacked: `value = (code - zero) * scale`, rounded once to the scale's type. Both
have few enough bits that the product is exact in f32, so that rounding it there
or at once is the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ml_dtypes
import numpy as np

import zq

from . import bits

if TYPE_CHECKING:
    from zq import Tensor

SCALE_TYPES: dict[np.dtype, str] = {
    np.dtype(np.float16): "f16",
    np.dtype(ml_dtypes.bfloat16): "bf16",
    np.dtype(np.float32): "f32",
}


def check_scales(scales: np.ndarray, name: str) -> None:
    """Refuses scales of another type than f16, bf16 or f32, NaN and infinity."""
    if scales.dtype not in SCALE_TYPES:
        raise zq.Error(f"{name} has elements of type {scales.dtype}, expected f16, bf16 or f32")
    check_finite(scales, name)


def check_finite(values: np.ndarray, name: str) -> None:
    """Refuses NaN and infinity, and says where."""
    # ml_dtypes has no isfinite for some of its types.
    bad = ~np.isfinite(values.astype(np.float32))
    if bad.any():
        place = [int(i) for i in np.argwhere(bad)[0]]
        raise zq.Error(f"{name} {place} is {values[tuple(place)]}")


def integer_tensor(
    codes: np.ndarray,
    width: int,
    scales: np.ndarray,
    zeros: np.ndarray | None,
    group: int,
    order: np.ndarray | None = None,
) -> Tensor:
    """The tensor of unsigned `codes`, u8 [rows, columns] of `width` bits.

    `scales` and `zeros`, u8, are [rows, groups] of `group` columns each; zeros
    of None are 2^(width-1), which makes the codes signed. With `order` the
    codes' column j is the weight's column order[j].
    """
    rows, columns = codes.shape
    groups = -(-columns // group)
    for what, array in (("scales", scales), ("zero points", zeros)):
        if array is not None and array.shape != (rows, groups):
            raise zq.Error(
                f"{what} of shape {array.shape} do not fit {rows} rows of {columns} "
                f"in groups of {group}"
            )
    check_scales(scales, "scale")
    half = np.uint8(1 << (width - 1))
    if zeros is not None and (zeros == half).all():
        zeros = None
    block = "1x?" if group >= columns else f"1x{group}"
    stored = SCALE_TYPES[scales.dtype]
    streams: dict[str, np.ndarray] = {"scale": scales}
    if zeros is None:
        text = f"scale<{block}, {stored}>, quantize<si{width}>, pack"
        # Less the zero point, in two's complement: the top bit flips.
        codes = codes ^ half
    elif width == 8:
        # An integer zero point is an i8, so that both lose 128.
        text = f"scale<{block}, {stored}, zero>, quantize<si8>, pack"
        codes, streams["zero"] = codes ^ half, zeros ^ half
    else:
        zero = f"zero = [quantize<ui{width}>, pack]"
        text = f"scale<{block}, {stored}, {zero}>, quantize<ui{width}>, pack"
        streams["zero.codes"] = bits.pack(zeros, width)
    streams["codes"] = bits.pack(codes, width)
    if order is not None:
        text = "permute<axis = 1>, " + text
        streams["order"] = order.astype(np.int32)
    return zq.Tensor.from_streams(text, (rows, columns), streams, scales.dtype)


def order_of_groups(g_idx: np.ndarray, columns: int, group: int) -> np.ndarray | None:
    """The order of columns in which groups lie together, where column j is of
    group g_idx[j] (act-order); None where they do already."""
    if g_idx.shape != (columns,) or g_idx.dtype.kind not in "iu":
        raise zq.Error(
            f"g_idx is {g_idx.dtype} of shape {g_idx.shape}, expected {columns} integers"
        )
    together = np.arange(columns) // group
    if np.array_equal(g_idx, together):
        return None
    order = np.argsort(g_idx, kind="stable")
    if not np.array_equal(g_idx[order], together):
        raise zq.Error(f"g_idx does not put {group} columns into each group but the last")
    return order


def group_size(columns: int, groups: int, said: object = None) -> int:
    """How many columns share a scale. `said` is the configuration's word, -1
    or None where it has none."""
    if isinstance(said, int) and not isinstance(said, bool) and said > 0:
        if -(-columns // said) == groups:
            return said
        if groups > 1:
            raise zq.Error(
                f"{groups} groups of {columns} columns, where the configuration has "
                f"groups of {said}"
            )
    if groups == 1:
        return max(columns, 1)
    if groups < 1 or columns % groups:
        raise zq.Error(
            f"{columns} columns in {groups} groups: how long a group is must be in "
            "the configuration"
        )
    return columns // groups


def unpack_words(words: np.ndarray, width: int, count: int) -> np.ndarray:
    """The u8 codes [rows, count] in i32 `words` [rows, n]: a string of bits, the
    lowest first."""
    return bits.unpack(bits.words_to_bytes(words), width, count)
