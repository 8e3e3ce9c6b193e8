"""Element types as `.safetensors` spells them."""

from __future__ import annotations

import ml_dtypes
import numpy as np

#: The name in a header -> what NumPy calls it. Little-endian, as on disk.
BY_NAME: dict[str, np.dtype] = {
    "F64": np.dtype("<f8"),
    "F32": np.dtype("<f4"),
    "F16": np.dtype("<f2"),
    "BF16": np.dtype(ml_dtypes.bfloat16),
    "F8_E4M3": np.dtype(ml_dtypes.float8_e4m3fn),
    "F8_E5M2": np.dtype(ml_dtypes.float8_e5m2),
    "F8_E8M0": np.dtype(ml_dtypes.float8_e8m0fnu),
    "U8": np.dtype("u1"),
    "I8": np.dtype("i1"),
    "BOOL": np.dtype("?"),
    "I16": np.dtype("<i2"),
    "U16": np.dtype("<u2"),
    "I32": np.dtype("<i4"),
    "U32": np.dtype("<u4"),
    "I64": np.dtype("<i8"),
    "U64": np.dtype("<u8"),
    "C64": np.dtype("<c8"),
}

NAMES: dict[np.dtype, str] = {dtype: name for name, dtype in BY_NAME.items()}

#: What a dense tensor may have to be encoded.
FLOATS: frozenset[np.dtype] = frozenset(BY_NAME[name] for name in ("F64", "F32", "F16", "BF16"))


def name_of(dtype: np.dtype) -> str | None:
    """How a header spells `dtype`; None where it cannot."""
    return NAMES.get(dtype.newbyteorder("<"))
