"""Element types: the numbers of the C API, NumPy's types, and MLIR's names."""

from __future__ import annotations

import ml_dtypes
import numpy as np

from . import _native

# In the order of `ZqElementType`: MLIR's name, and the type that arrays which
# zq makes have. Integers have no sign of their own; bytes come as unsigned.
_TABLE: list[tuple[str, np.dtype]] = [
    ("f64", np.dtype(np.float64)),
    ("f32", np.dtype(np.float32)),
    ("f16", np.dtype(np.float16)),
    ("bf16", np.dtype(ml_dtypes.bfloat16)),
    ("f8E4M3FN", np.dtype(ml_dtypes.float8_e4m3fn)),
    ("f8E5M2", np.dtype(ml_dtypes.float8_e5m2)),
    ("f8E8M0FNU", np.dtype(ml_dtypes.float8_e8m0fnu)),
    ("i8", np.dtype(np.uint8)),
    ("i16", np.dtype(np.int16)),
    ("i32", np.dtype(np.int32)),
    ("i64", np.dtype(np.int64)),
]

_NUMBERS: dict[np.dtype, int] = {dtype: i for i, (_, dtype) in enumerate(_TABLE)}
_NUMBERS |= {
    np.dtype(np.int8): 7,
    np.dtype(np.bool_): 7,
    np.dtype(np.uint16): 8,
    np.dtype(np.uint32): 9,
    np.dtype(np.uint64): 10,
}

_native.set_element_types(_NUMBERS)

FLOATS = tuple(dtype for name, dtype in _TABLE[:4])

LOGICAL = (*FLOATS, np.dtype(np.uint8))
"""What the elements of a compressed tensor may stand for: values, or bytes that a
codec stores as they are."""


def to_number(dtype: np.dtype) -> int | None:
    """The number of the element type that holds `dtype`; None where none does."""
    return _NUMBERS.get(np.dtype(dtype))


def to_dtype(number: int) -> np.dtype:
    """The type of arrays with elements of this number."""
    return _TABLE[number][1]


def to_name(number: int) -> str:
    """MLIR's name of an element type: "bf16"."""
    return _TABLE[number][0]
