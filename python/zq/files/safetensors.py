"""The `.safetensors` container: a length, a JSON header, bytes.

Reads the header at once and tensors when they are asked for. What the header
says is checked against the file's length before anything is allocated by it.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .atomic import atomic_write
from .dtypes import BY_NAME, name_of
from .errors import error, quoted

#: As the Rust library has it. Real headers have a few megabytes at most.
MAX_HEADER = 100_000_000
MAX_RANK = 32
WRITE_PIECE = 1 << 24
METADATA = "__metadata__"


@dataclass(frozen=True)
class Entry:
    """A tensor of a file; its bytes are [begin, end) of the file."""

    name: str
    dtype: np.dtype
    shape: tuple[int, ...]
    begin: int
    end: int

    @property
    def nbytes(self) -> int:
        return self.end - self.begin


class RandomAccess:
    """A file from which byte ranges are read. Safe to use from several threads."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.fspath(path)
        try:
            self._file = open(path, "rb")
        except OSError as problem:
            raise error(path, f"cannot be read: {problem.strerror}") from None
        self.size = os.fstat(self._file.fileno()).st_size

    def read(self, begin: int, nbytes: int, what: str | None = None) -> np.ndarray:
        """`nbytes` bytes from `begin` on, as u8 of one's own. The caller has
        checked the range; a file that shrank meanwhile is an error."""
        result = np.empty(nbytes, np.uint8)
        view, done = result.data, 0
        while done < nbytes:
            try:
                count = os.preadv(self._file.fileno(), [view[done:]], begin + done)
            except OSError as problem:
                raise error(self.path, f"cannot be read: {problem.strerror}", what) from None
            except ValueError:
                raise error(self.path, "is closed", what) from None
            if count == 0:
                raise error(self.path, f"ends at byte {begin + done}, has it been changed?", what)
            done += count
        return result

    def close(self) -> None:
        self._file.close()


class SafetensorsReader:
    """The entries and the metadata of one file, and its tensors on demand."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.file = RandomAccess(path)
        try:
            self.entries, self.metadata = _read_header(self.file)
        except BaseException:
            self.close()
            raise

    @property
    def path(self) -> str:
        return self.file.path

    def read(self, name: str) -> np.ndarray:
        """The tensor `name`, an array of one's own."""
        entry = self.entries[name]
        data = self.file.read(entry.begin, entry.nbytes, name)
        return data.view(entry.dtype).reshape(entry.shape)

    def close(self) -> None:
        self.file.close()


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise _Malformed(f"{quoted(key)} is given twice")
        result[key] = value
    return result


class _Malformed(Exception):
    """What is wrong with a header."""


def _read_header(file: RandomAccess) -> tuple[dict[str, Entry], dict[str, str]]:
    if file.size < 8:
        raise error(file.path, f"is no safetensors file: it has {file.size} bytes")
    length = int(file.read(0, 8).view("<u8")[0])
    if length > file.size - 8:
        raise error(
            file.path,
            f"is no safetensors file, or cut short: its header claims {length} bytes, "
            f"the file has {file.size - 8} more",
        )
    if length > MAX_HEADER:
        raise error(file.path, f"its header has {length} bytes, more than {MAX_HEADER}")
    try:
        text = file.read(8, length).tobytes().decode("utf-8")
        if not text.startswith("{"):
            raise _Malformed("it does not begin with '{'")
        root = json.loads(text, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as problem:
        raise error(file.path, f"the header is malformed: {problem}") from None
    except _Malformed as problem:
        raise error(file.path, f"the header is malformed: {problem}") from None
    metadata = root.pop(METADATA, {})
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise error(file.path, f"the header's {METADATA} is not a table of strings")
    begin = 8 + length
    entries = {}
    for name, value in root.items():
        try:
            entries[name] = _entry(name, value, begin, file.size)
        except _Malformed as problem:
            raise error(file.path, str(problem), name) from None
    _check_cover(file, begin, entries.values())
    return entries, metadata


def _entry(name: str, value: Any, begin: int, size: int) -> Entry:
    if not isinstance(value, dict) or set(value) != {"dtype", "shape", "data_offsets"}:
        raise _Malformed("expected 'dtype', 'shape' and 'data_offsets'")
    dtype = BY_NAME.get(value["dtype"]) if isinstance(value["dtype"], str) else None
    if dtype is None:
        raise _Malformed(f"unknown dtype {quoted(str(value['dtype']))}")
    shape, offsets = value["shape"], value["data_offsets"]
    for what, numbers in (("shape", shape), ("data_offsets", offsets)):
        # A bool is an int to Python.
        if not isinstance(numbers, list) or not all(type(n) is int and n >= 0 for n in numbers):
            raise _Malformed(f"'{what}' is not a list of sizes")
    if len(shape) > MAX_RANK:
        raise _Malformed(f"more than {MAX_RANK} dimensions")
    if len(offsets) != 2:
        raise _Malformed(f"'data_offsets' holds {len(offsets)} numbers, expected 2")
    first, last = offsets
    if first > last or last > size - begin:
        raise _Malformed(f"bytes {first} to {last} are not within the {size - begin} bytes of data")
    # NumPy refuses such a shape even where another size of it is 0.
    if math.prod(n or 1 for n in shape) * dtype.itemsize >= 1 << 63:
        raise _Malformed("its size overflows")
    wanted = math.prod(shape) * dtype.itemsize
    if wanted != last - first:
        raise _Malformed(f"dtype and shape ask for {wanted} bytes, its offsets give {last - first}")
    return Entry(name, dtype, tuple(shape), begin + first, begin + last)


def _check_cover(file: RandomAccess, begin: int, entries: Iterable[Entry]) -> None:
    """The format leaves neither gaps nor overlaps, so that a file has one meaning."""
    place, before = begin, None
    for entry in sorted(entries, key=lambda e: (e.begin, e.end)):
        if entry.begin < place:
            raise error(file.path, f"its bytes overlap those of {quoted(before or '')}", entry.name)
        if entry.begin > place:
            raise error(
                file.path, f"{entry.begin - place} bytes before it belong to no tensor", entry.name
            )
        place, before = entry.end, entry.name
    if place != file.size:
        raise error(file.path, f"{file.size - place} bytes at its end belong to no tensor")


def write_safetensors(
    path: str | os.PathLike[str],
    arrays: Mapping[str, np.ndarray],
    metadata: Mapping[str, str] | None = None,
) -> int:
    """Writes `arrays` to `path`, complete or not at all, and returns its size.

    The header is in the order of `arrays`, the bytes of wider elements come
    first so that each tensor is aligned to its element.
    """
    for name, array in arrays.items():
        if name_of(array.dtype) is None:
            raise error(path, f"elements of type {array.dtype} cannot be stored", name)
    order = sorted(arrays, key=lambda name: -arrays[name].dtype.itemsize)
    offsets, place = {}, 0
    for name in order:
        offsets[name] = [place, place + arrays[name].nbytes]
        place = offsets[name][1]
    root: dict[str, Any] = {}
    if metadata:
        root[METADATA] = dict(metadata)
    for name, array in arrays.items():
        if name == METADATA:
            raise error(path, "this name is reserved", name)
        root[name] = {
            "dtype": name_of(array.dtype),
            "shape": list(array.shape),
            "data_offsets": offsets[name],
        }
    try:
        header = json.dumps(root, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    except UnicodeEncodeError:
        raise error(path, "a name or the metadata is not valid Unicode") from None
    header += b" " * (-len(header) % 8)
    if len(header) > MAX_HEADER:
        raise error(path, f"the header would have {len(header)} bytes, more than {MAX_HEADER}")
    with atomic_write(path) as file:
        file.write(len(header).to_bytes(8, "little") + header)
        for name in order:
            array = arrays[name]
            if array.size == 0:
                continue
            little = array.dtype.newbyteorder("<")
            plain = np.ascontiguousarray(array, dtype=little if little != array.dtype else None)
            data = plain.reshape(-1).view(np.uint8).data
            # In pieces, between which Python looks for signals.
            for begin in range(0, len(data), WRITE_PIECE):
                file.write(data[begin : begin + WRITE_PIECE])
    return 8 + len(header) + place
