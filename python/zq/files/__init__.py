"""Tensors in files: zq's own, and those that others wrote.

`save` and `load` are `zq.save` and `zq.load`. `open` gives a `Checkpoint`, from
which tensors are read one by one. What loads, and as what, is in
docs/python-files.md.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from .checkpoint import Checkpoint, Stored
from .load import FORMATS, open_checkpoint
from .native import save

if TYPE_CHECKING:
    import zq

__all__ = ["FORMATS", "Checkpoint", "Stored", "load", "open", "save"]


def open(path: str | os.PathLike[str], *, format: str | None = None) -> Checkpoint:
    """What the file or folder at `path` holds; tensors are read when they are
    asked for.

    A folder is a model: `.safetensors` files with their index, or a `.gguf`
    file, and config.json. `format` is one of `zq.files.FORMATS`; without it, it
    is found out. Raises `zq.Error`, which names the file and the tensor.

    >>> with zq.files.open("model.gguf") as checkpoint:
    ...     weight = checkpoint["blk.0.ffn_up.weight"]
    """
    return open_checkpoint(path, format)


def load(
    path: str | os.PathLike[str],
    names: Iterable[str] | None = None,
    *,
    format: str | None = None,
) -> dict[str, zq.Tensor | np.ndarray]:
    """The tensors of the file or folder at `path`, by name; of `names` only if
    given, and only these are read.

    Loads what `zq.save` and `zq-encode` wrote, other `.safetensors` files,
    checkpoints of compressed-tensors, ModelOpt, GPTQ and AWQ, f8 in blocks,
    DFloat11, and GGUF. What is quantized becomes a `zq.Tensor` under the weight's
    name, of the very codes and scales of the file; all else a NumPy array, with
    types of ml_dtypes for bf16 and f8. See `open` for `format` and for errors.
    """
    with open_checkpoint(path, format) as checkpoint:
        wanted = [names] if isinstance(names, str) else checkpoint if names is None else names
        return {name: checkpoint[name] for name in wanted}
