"""Arrays of others as NumPy arrays, without a copy where that can be."""

from __future__ import annotations

import sys
from typing import Any

import ml_dtypes
import numpy as np


def is_torch(value: Any) -> bool:
    """Whether `value` is a torch tensor; does not import torch."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


# NumPy knows no such types; torch and DLPack hand over their bits.
_AS_BITS = {
    "bfloat16": ("int16", ml_dtypes.bfloat16),
    "float8_e4m3fn": ("uint8", ml_dtypes.float8_e4m3fn),
    "float8_e5m2": ("uint8", ml_dtypes.float8_e5m2),
    "float8_e8m0fnu": ("uint8", ml_dtypes.float8_e8m0fnu),
}


def from_torch(tensor: Any) -> np.ndarray:
    """The array that a dense CPU tensor of torch shares its memory with."""
    import torch

    if tensor.device.type != "cpu":
        raise TypeError(f"the tensor is on {tensor.device}; move it to the CPU first")
    if tensor.layout != torch.strided:
        raise TypeError(f"the tensor is {tensor.layout}, and not dense")
    tensor = tensor.detach()
    if tensor.is_conj() or tensor.is_neg():
        tensor = tensor.resolve_conj().resolve_neg()
    as_bits = _AS_BITS.get(str(tensor.dtype).removeprefix("torch."))
    if as_bits:
        return tensor.view(getattr(torch, as_bits[0])).numpy().view(as_bits[1])
    return tensor.numpy()


def to_torch(array: np.ndarray) -> Any:
    """A torch tensor that shares the memory of `array`."""
    import torch

    for name, (bits, dtype) in _AS_BITS.items():
        if array.dtype == dtype:
            whole = torch.from_numpy(array.view(bits))
            return whole.view(getattr(torch, name))
    return torch.from_numpy(array)


def to_numpy(value: Any) -> np.ndarray:
    """`value` as a NumPy array: torch tensors, whatever has `__dlpack__`,
    `__array__` or the buffer protocol, and nested lists of numbers."""
    if isinstance(value, np.ndarray):
        return value
    if is_torch(value):
        return from_torch(value)
    if hasattr(value, "__dlpack__") and not hasattr(value, "__array__"):
        return np.from_dlpack(value)
    array = np.asarray(value)
    if array.dtype == object:
        raise TypeError(f"{type(value).__name__} is no array of numbers")
    return array
