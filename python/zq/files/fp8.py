"""Checkpoints of f8 numbers with an f32 scale for each block (DeepSeek-V3).

`weight` f8E4M3FN beside `weight_scale_inv` f32 [rows / 128, columns / 128],
rounded up: `bf16(weight * weight_scale_inv)`, which is no inverse of anything.
Definition: DeepSeek-V3's inference/fp8_cast_bf16.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

import zq

from .checkpoint import Stored
from .errors import error
from .fp4 import BF16
from .integers import check_finite
from .modelopt import E4M3
from .source import Source

if TYPE_CHECKING:
    from zq import Tensor

#: What the configuration calls the block, and what it is without one.
BLOCK_KEY, BLOCK = "weight_block_size", (128, 128)
SUFFIX = "_scale_inv"


def stored_tensors(source: Source, config: dict[str, Any]) -> Iterator[Stored]:
    """The weights that are stored so."""
    for name, entry in list(source.entries.items()):
        if entry.dtype == E4M3 and name + SUFFIX in source.entries:
            yield _stored(source, name, config)


def _stored(source: Source, name: str, config: dict[str, Any]) -> Stored:
    weight, scale = source.entries[name], source.entries[name + SUFFIX]
    path = source.path_of(name)
    if len(weight.shape) != 2 or 0 in weight.shape:
        raise error(path, f"has the shape {weight.shape}, expected a matrix", name)
    block = config.get(BLOCK_KEY, BLOCK)
    if (
        not isinstance(block, list | tuple)
        or len(block) != 2
        or not all(type(n) is int and 0 < n < 1 << 31 for n in block)
    ):
        raise error(path, f"the configuration's {BLOCK_KEY} is {block!r}", name)
    wanted = tuple(-(-n // b) for n, b in zip(weight.shape, block, strict=True))
    if scale.dtype != np.float32 or scale.shape != wanted:
        message = f"'{scale.name}' is {scale.dtype} of shape {scale.shape}, expected F32 of "
        raise error(path, message + str(wanted), name)

    def read() -> Tensor:
        streams = {"scale": source.read(scale.name), "codes": source.read(name).view(np.uint8)}
        check_finite(streams["scale"], "scale")
        text = f"scale<{block[0]}x{block[1]}, f32>, quantize<f8E4M3FN>, pack"
        return zq.Tensor.from_streams(text, weight.shape, streams, BF16)

    nbytes, dtype = weight.nbytes + scale.nbytes, np.dtype(BF16)
    return Stored(name, weight.shape, dtype, "FP8 blocks", nbytes, path, read, (name, scale.name))
