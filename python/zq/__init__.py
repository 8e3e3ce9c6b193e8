"""Compressed tensors as arrays, and kernels fused with their decoding.

>>> import numpy as np, zq
>>> w = np.random.default_rng(0).standard_normal((1536, 384), np.float32)
>>> zq.encode(w, "nvfp4")
<zq.Tensor 1536x384xf32 as nvfp4: 331,780 bytes, 4.500 bits per weight>

`zq.codec` names and composes codecs, `zq.encode` and `Tensor.decode` apply
them, `zq.save` and `zq.load` keep them in files, `zq.compile` makes functions of
MLIR text, and `zq.torch` captures PyTorch models.
"""

from __future__ import annotations

import importlib as _importlib
from typing import TYPE_CHECKING, Any

from . import stages
from ._native import num_threads, version
from .codecs import Codec, codec, codecs
from .compiler import Function, compile
from .errors import Error
from .tensor import Tensor, encode

__all__ = [
    "Codec",
    "Error",
    "Function",
    "Tensor",
    "codec",
    "codecs",
    "compile",
    "compile_module",
    "encode",
    "explain",
    "load",
    "num_threads",
    "report",
    "save",
    "stages",
    "version",
]

# What is loaded when it is first asked for, since it needs more than NumPy.
_LAZY = {
    "save": "files",
    "load": "files",
    "compile_module": "torch",
    "explain": "torch",
    "report": "reports",
}
_MODULES = {"files", "torch", "reports", "plot", "cache", "distortion"}

if TYPE_CHECKING:
    from .files import load, save
    from .reports import report
    from .torch import compile_module, explain


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(_importlib.import_module(f".{_LAZY[name]}", __name__), name)
    if name in _MODULES:
        return _importlib.import_module(f".{name}", __name__)
    raise AttributeError(f"module 'zq' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY, *_MODULES})
