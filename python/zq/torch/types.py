"""Element types: how PyTorch's dtypes are stored and computed with in MLIR."""

from __future__ import annotations

import struct

import torch

#: dtype -> (type in memory, type that arithmetic is done in).
#: Booleans are bytes in memory: a vector of i1 would be packed bits there. What is narrower than
#: f32 is computed in f32 and rounded after each operation, as PyTorch does it.
_TYPES: dict[torch.dtype, tuple[str, str]] = {
    torch.float64: ("f64", "f64"),
    torch.float32: ("f32", "f32"),
    torch.float16: ("f16", "f32"),
    torch.bfloat16: ("bf16", "f32"),
    torch.int64: ("i64", "i64"),
    torch.int32: ("i32", "i32"),
    torch.int16: ("i16", "i16"),
    torch.int8: ("i8", "i8"),
    torch.uint8: ("i8", "i8"),
    torch.bool: ("i8", "i1"),
}


def is_supported(dtype: torch.dtype) -> bool:
    """Whether tensors of `dtype` can be compiled."""
    return dtype in _TYPES


def storage(dtype: torch.dtype) -> str:
    """The MLIR element type that holds `dtype` in memory."""
    return _TYPES[dtype][0]


def compute(dtype: torch.dtype) -> str:
    """The MLIR type in which arithmetic on `dtype` is done."""
    return _TYPES[dtype][1]


def is_float(dtype: torch.dtype) -> bool:
    """Whether `dtype` is a float that can be compiled."""
    return dtype.is_floating_point


def bits(dtype: torch.dtype) -> int:
    """Bits of the type that arithmetic on `dtype` is done in."""
    return int(compute(dtype)[1:])


def lowest(dtype: torch.dtype) -> float | int:
    """What every other value of `dtype` is at least."""
    if dtype == torch.bool:
        return 0
    return float("-inf") if dtype.is_floating_point else torch.iinfo(dtype).min


def highest(dtype: torch.dtype) -> float | int:
    """What every other value of `dtype` is at most."""
    if dtype == torch.bool:
        return 1
    return float("inf") if dtype.is_floating_point else torch.iinfo(dtype).max


def literal(value: float | int | bool, dtype: torch.dtype) -> str:
    """`value` as an attribute of the type that `dtype` is computed in, with all its bits."""
    kind = compute(dtype)
    if kind == "i1":
        return "true" if value else "false"
    if kind[0] == "i":
        # Signless: what is above the signed range wraps.
        width = int(kind[1:])
        number = int(value) & ((1 << width) - 1)
        return str(number - (1 << width) if number >> (width - 1) else number)
    if kind == "f64":
        return f"0x{struct.unpack('<Q', struct.pack('<d', float(value)))[0]:016X}"
    # Through torch, which rounds to nearest and overflows to infinity.
    single = torch.tensor(float(value), dtype=torch.float64).to(torch.float32)
    return f"0x{struct.unpack('<I', struct.pack('<f', single.item()))[0]:08X}"
