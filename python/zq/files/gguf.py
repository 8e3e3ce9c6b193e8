"""The GGUF container.

The header is walked here and not by the `gguf` package, whose reader trusts
every count and length in it, and makes an object for each token of the
vocabulary. Definition: the GGUF specification of ggml (docs/gguf.md), versions
2 and 3, little-endian.
"""

from __future__ import annotations

import math
import os
import struct
from dataclasses import dataclass
from typing import Any, NamedTuple

import ml_dtypes
import numpy as np

from .errors import error, quoted
from .safetensors import RandomAccess

MAGIC = b"GGUF"
#: ggml's GGML_MAX_DIMS.
MAX_DIMS = 4
#: The specification's bound for keys; names are far shorter.
MAX_NAME = 65535
MAX_DEPTH = 4

_SCALARS = {
    0: "B",
    1: "b",
    2: "H",
    3: "h",
    4: "I",
    5: "i",
    6: "f",
    7: "?",
    10: "Q",
    11: "q",
    12: "d",
}
_STRING, _ARRAY = 8, 9


class TensorType(NamedTuple):
    """A ggml type: so many elements of a row are a block of so many bytes."""

    name: str
    block: int
    size: int
    #: What NumPy calls it, where blocks are single elements.
    dtype: np.dtype | None = None


#: By the numbers of ggml.h, without what was taken out of it and what never is in a
#: file (Q8_1, Q8_K).
TENSOR_TYPES: dict[int, TensorType] = {
    0: TensorType("F32", 1, 4, np.dtype("<f4")),
    1: TensorType("F16", 1, 2, np.dtype("<f2")),
    2: TensorType("Q4_0", 32, 18),
    3: TensorType("Q4_1", 32, 20),
    6: TensorType("Q5_0", 32, 22),
    7: TensorType("Q5_1", 32, 24),
    8: TensorType("Q8_0", 32, 34),
    10: TensorType("Q2_K", 256, 84),
    11: TensorType("Q3_K", 256, 110),
    12: TensorType("Q4_K", 256, 144),
    13: TensorType("Q5_K", 256, 176),
    14: TensorType("Q6_K", 256, 210),
    16: TensorType("IQ2_XXS", 256, 66),
    17: TensorType("IQ2_XS", 256, 74),
    18: TensorType("IQ3_XXS", 256, 98),
    19: TensorType("IQ1_S", 256, 50),
    20: TensorType("IQ4_NL", 32, 18),
    21: TensorType("IQ3_S", 256, 110),
    22: TensorType("IQ2_S", 256, 82),
    23: TensorType("IQ4_XS", 256, 136),
    24: TensorType("I8", 1, 1, np.dtype("i1")),
    25: TensorType("I16", 1, 2, np.dtype("<i2")),
    26: TensorType("I32", 1, 4, np.dtype("<i4")),
    27: TensorType("I64", 1, 8, np.dtype("<i8")),
    28: TensorType("F64", 1, 8, np.dtype("<f8")),
    29: TensorType("IQ1_M", 256, 56),
    30: TensorType("BF16", 1, 2, np.dtype(ml_dtypes.bfloat16)),
    34: TensorType("TQ1_0", 256, 54),
    35: TensorType("TQ2_0", 256, 66),
    39: TensorType("MXFP4", 32, 17),
    40: TensorType("NVFP4", 64, 36),
    41: TensorType("Q1_0", 128, 18),
}


@dataclass(frozen=True)
class GGUFEntry:
    """A tensor of a file: its shape as NumPy has it (rows last but one), and its
    bytes, [begin, begin + nbytes) of the file."""

    name: str
    type: TensorType
    shape: tuple[int, ...]
    begin: int
    nbytes: int


class GGUFReader:
    """The entries and the metadata of one file, and its tensors on demand."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.file = RandomAccess(path)
        try:
            self._read_header()
        except BaseException:
            self.close()
            raise

    @property
    def path(self) -> str:
        return self.file.path

    def blocks(self, name: str) -> np.ndarray:
        """The bytes of `name`, u8 [blocks, bytes of a block]."""
        entry = self.entries[name]
        return self.file.read(entry.begin, entry.nbytes, name).reshape(-1, entry.type.size)

    def close(self) -> None:
        self.file.close()

    def _read_header(self) -> None:
        cursor = _Cursor(self.file)
        if self.file.size < 24 or cursor.take(4) != MAGIC:
            raise error(self.path, "is no GGUF file")
        version = cursor.scalar("I")
        if version in (1 << 24, 2 << 24, 3 << 24):
            raise error(self.path, "is a big-endian GGUF file, which zq does not read")
        if version not in (2, 3):
            raise error(self.path, f"is GGUF version {version}; zq reads 2 and 3")
        num_tensors, num_keys = cursor.scalar("Q"), cursor.scalar("Q")
        # A key with its value has 13 bytes or more, a tensor 32 with its dimension.
        cursor.check_count(num_keys, 13, "keys")
        cursor.check_count(num_tensors, 24, "tensors")
        self.metadata: dict[str, Any] = {}
        for _ in range(num_keys):
            key = cursor.string("a key", MAX_NAME)
            if key in self.metadata:
                raise error(self.path, f"key {quoted(key)} is given twice")
            self.metadata[key] = cursor.value(cursor.scalar("I"), key)
        infos = [self._info(cursor) for _ in range(num_tensors)]
        alignment = self.metadata.get("general.alignment", 32)
        if (
            type(alignment) is not int
            or not 0 < alignment <= 1 << 20
            or alignment & (alignment - 1)
        ):
            raise error(self.path, f"general.alignment is {alignment!r}, expected a power of two")
        self._place(infos, -(-cursor.place // alignment) * alignment, alignment)

    def _info(self, cursor: _Cursor) -> tuple[str, TensorType, tuple[int, ...], int]:
        name = cursor.string("the name of a tensor", MAX_NAME)
        rank = cursor.scalar("I")
        if rank > MAX_DIMS:
            raise error(self.path, f"{rank} dimensions, ggml has at most {MAX_DIMS}", name)
        # The fastest dimension comes first.
        shape = tuple(cursor.scalar("Q") for _ in range(rank))[::-1]
        number, offset = cursor.scalar("I"), cursor.scalar("Q")
        kind = TENSOR_TYPES.get(number)
        if kind is None:
            raise error(self.path, f"unknown ggml type {number}", name)
        if math.prod(n or 1 for n in shape) * kind.size >= 1 << 63:
            raise error(self.path, "its size overflows", name)
        if kind.block > 1 and (not shape or shape[-1] % kind.block):
            raise error(
                self.path,
                f"rows of {shape[-1] if shape else 1} are no blocks of {kind.block} of {kind.name}",
                name,
            )
        return name, kind, shape, offset

    def _place(self, infos: list[Any], begin: int, alignment: int) -> None:
        self.entries: dict[str, GGUFEntry] = {}
        for name, kind, shape, offset in infos:
            if name in self.entries:
                raise error(self.path, "is there twice", name)
            nbytes = math.prod(shape) // kind.block * kind.size
            if offset % alignment:
                raise error(self.path, f"its offset {offset} is no multiple of {alignment}", name)
            if begin + offset + nbytes > self.file.size:
                raise error(
                    self.path,
                    f"bytes {offset} to {offset + nbytes} are not within the "
                    f"{max(0, self.file.size - begin)} bytes of data",
                    name,
                )
            self.entries[name] = GGUFEntry(name, kind, shape, begin + offset, nbytes)
        before: GGUFEntry | None = None
        for entry in sorted(self.entries.values(), key=lambda e: (e.begin, e.nbytes)):
            if before and before.begin + before.nbytes > entry.begin:
                raise error(
                    self.path, f"its bytes overlap those of {quoted(before.name)}", entry.name
                )
            before = entry


class _Cursor:
    """Reads a header from the front, and never more than there is."""

    #: Headers are megabytes of small fields; the file is read in such pieces.
    PIECE = 1 << 16

    def __init__(self, file: RandomAccess) -> None:
        self.file = file
        self.place = 0
        self._buffer = b""
        self._begin = 0

    def take(self, count: int) -> bytes:
        if count > self.file.size - self.place:
            raise error(
                self.file.path, f"ends within its header: {count} bytes wanted at byte {self.place}"
            )
        at = self.place - self._begin
        if at + count > len(self._buffer):
            length = min(max(count, self.PIECE), self.file.size - self.place)
            self._buffer, self._begin, at = (
                self.file.read(self.place, length).tobytes(),
                self.place,
                0,
            )
        self.place += count
        return self._buffer[at : at + count]

    def scalar(self, kind: str) -> Any:
        return struct.unpack("<" + kind, self.take(struct.calcsize("<" + kind)))[0]

    def check_count(self, count: int, least: int, what: str) -> None:
        """Refuses more things than the rest of the file can hold, each of at
        least so many bytes."""
        if count > (self.file.size - self.place) // least:
            raise error(self.file.path, f"claims {count} {what} in {self.file.size} bytes")

    def string(self, what: str, limit: int | None = None) -> str:
        length = self.scalar("Q")
        if limit is not None and length > limit:
            raise error(self.file.path, f"{what} has {length} bytes, more than {limit}")
        try:
            return self.take(length).decode("utf-8")
        except UnicodeDecodeError:
            raise error(
                self.file.path, f"{what} at byte {self.place - length} is not UTF-8"
            ) from None

    def value(self, kind: int, key: str, depth: int = 0) -> Any:
        """A value of the type with that number; numbers of an array as NumPy's."""
        if kind in _SCALARS:
            return self.scalar(_SCALARS[kind])
        if kind == _STRING:
            # Vocabularies exist whose entries are not UTF-8; they are no names.
            return self.take(self.scalar("Q")).decode("utf-8", "backslashreplace")
        if kind != _ARRAY:
            raise error(self.file.path, f"key {quoted(key)} has the unknown type {kind}")
        if depth == MAX_DEPTH:
            raise error(
                self.file.path, f"key {quoted(key)} has arrays in arrays, deeper than {MAX_DEPTH}"
            )
        inner, count = self.scalar("I"), self.scalar("Q")
        what = f"elements of key {quoted(key)}"
        if inner in _SCALARS:
            dtype = np.dtype("<" + _SCALARS[inner])
            self.check_count(count, dtype.itemsize, what)
            return np.frombuffer(self.take(count * dtype.itemsize), dtype)
        self.check_count(count, 8, what)
        return [self.value(inner, key, depth + 1) for _ in range(count)]
