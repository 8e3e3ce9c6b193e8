"""NVFP4 checkpoints of NVIDIA's Model Optimizer.

`weight` u8 [rows, columns / 2], the even column in the low half; `weight_scale`
f8E4M3FN [rows, columns / 16]; `weight_scale_2`, one f32:
`bf16(code * f32(weight_scale * weight_scale_2))`. Its table of E2M1 has one zero.
Definition: modelopt/torch/quantization/qtensor/nvfp4_tensor.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import ml_dtypes
import numpy as np

from .checkpoint import Stored
from .errors import error
from .fp4 import BF16, nvfp4_tensor
from .source import Source

if TYPE_CHECKING:
    from zq import Tensor

E4M3 = np.dtype(ml_dtypes.float8_e4m3fn)


def stored_tensors(source: Source, config: dict[str, Any]) -> Iterator[Stored]:
    """The weights that are stored so."""
    for name, entry in list(source.entries.items()):
        parts = (name, f"{name}_scale", f"{name}_scale_2")
        if entry.dtype == np.uint8 and all(part in source.entries for part in parts):
            yield _stored(source, parts)


def _stored(source: Source, parts: tuple[str, str, str]) -> Stored:
    weight, scale, over = (source.entries[part] for part in parts)
    path = source.path_of(weight.name)
    if len(weight.shape) != 2 or 0 in weight.shape:
        raise error(path, f"has the shape {weight.shape}, expected a matrix", weight.name)
    shape = (weight.shape[0], weight.shape[1] * 2)
    wanted = (shape[0], -(-shape[1] // 16))
    if scale.dtype != E4M3 or scale.shape != wanted:
        message = f"'{scale.name}' is {scale.dtype} of shape {scale.shape}, expected F8_E4M3 of "
        raise error(path, message + str(wanted), weight.name)
    if over.dtype != np.float32 or over.shape not in ((), (1,)):
        message = f"'{over.name}' is {over.dtype} of shape {over.shape}, expected one f32"
        raise error(path, message, weight.name)

    def read() -> Tensor:
        packed, scales, factor = (source.read(part) for part in parts)
        return nvfp4_tensor(_one_zero(packed), scales, factor.reshape(()), divides=False)

    nbytes = weight.nbytes + scale.nbytes + over.nbytes
    dtype = np.dtype(BF16)
    return Stored(weight.name, shape, dtype, "ModelOpt NVFP4", nbytes, path, read, parts)


def _one_zero(packed: np.ndarray) -> np.ndarray:
    """Code 8, the negative zero, as 0 in both halves of each byte."""
    table = np.arange(256, dtype=np.uint8)
    table[table & 15 == 8] &= 0xF0
    table[table >> 4 == 8] &= 0x0F
    return table[packed]
