"""Encoder of the codec in lut3.mlir.

A codec that lives in a `.mlir` file has its encoder wherever its author likes:
the streams are plain arrays.
"""

import numpy as np

# The levels that Lloyd's algorithm finds for a unit Gaussian, over the largest
# of them, with one level at zero.
TABLE = np.array(
    [-1.0, -0.6121, -0.3252, 0.0, 0.2246, 0.4583, 0.7002, 1.0], np.float32
)


def to_bf16(values: np.ndarray) -> np.ndarray:
    """The bit patterns (uint16) of `values` (f32) rounded to nearest even."""
    bits = values.astype(np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def from_bf16(bits: np.ndarray) -> np.ndarray:
    return (bits.astype(np.uint32) << 16).view(np.float32)


def encode(weight: np.ndarray) -> dict[str, np.ndarray]:
    """The streams of a [rows, columns] f32 array: codes u8 [rows,
    3 ceil(columns / 8)], scale bf16 as u16 [rows, ceil(columns / 64)], table
    f32 [8]."""
    rows, columns = weight.shape
    groups = -(-columns // 64)
    padded = np.zeros((rows, groups * 64), np.float32)
    padded[:, :columns] = weight
    blocks = padded.reshape(rows, groups, 64)
    scale = to_bf16(np.abs(blocks).max(axis=2))
    divisor = np.where(scale == 0, 1, from_bf16(scale))[:, :, None]
    midpoints = (TABLE[1:] + TABLE[:-1]) / 2
    codes = np.searchsorted(midpoints, blocks / divisor).astype(np.uint32)

    codes = codes.reshape(rows, -1, 8)[:, : -(-columns // 8)]
    words = (codes << (3 * np.arange(8, dtype=np.uint32))).sum(axis=2)
    packed = np.stack([words & 255, words >> 8 & 255, words >> 16], axis=2)
    return {
        "codes": packed.reshape(rows, -1).astype(np.uint8),
        "scale": scale,
        "table": TABLE,
    }


def decode(streams: dict[str, np.ndarray], shape: tuple[int, int]) -> np.ndarray:
    """What the decoder in lut3.mlir computes, one rounding for one."""
    rows, columns = shape
    packed = streams["codes"].reshape(rows, -1, 3).astype(np.uint32)
    words = packed[:, :, 0] | packed[:, :, 1] << 8 | packed[:, :, 2] << 16
    codes = words[:, :, None] >> (3 * np.arange(8, dtype=np.uint32)) & 7
    values = streams["table"][codes.reshape(rows, -1)[:, :columns]]
    scale = np.repeat(from_bf16(streams["scale"]), 64, axis=1)[:, :columns]
    return values * scale
