"""zq's own tensors in a `.safetensors` file.

The compressed tensor NAME is the tensors `NAME.<stream>` and the text of its
type in the metadata, under `zq.NAME`: what `zq-encode` writes and reads
(include/zq/Runtime/CompressedFiles.h).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import ml_dtypes
import numpy as np

from .checkpoint import Stored
from .dtypes import name_of
from .errors import error, quoted
from .safetensors import METADATA, write_safetensors
from .source import Source

if TYPE_CHECKING:
    import zq

#: Before the tensor's name in a metadata key.
PREFIX = "zq."

ELEMENTS: dict[str, np.dtype] = {
    "f32": np.dtype(np.float32),
    "f16": np.dtype(np.float16),
    "bf16": np.dtype(ml_dtypes.bfloat16),
    "f64": np.dtype(np.float64),
}

_TYPE = re.compile(r"!zq\.tensor<((?:\d{1,19}x)+)([a-z]+\d+), *(#zq\.codec<.*>)>", re.DOTALL)


def stored_tensors(source: Source) -> Iterator[Stored]:
    """The tensors whose type the metadata says."""
    import zq

    for key, text in source.metadata.items():
        if not key.startswith(PREFIX):
            continue
        name = key[len(PREFIX) :]
        match = _TYPE.fullmatch(text.strip())
        if not match or match[2] not in ELEMENTS:
            raise error(
                source.path,
                f"metadata {quoted(key)} is no type of a compressed tensor: {quoted(text)}",
                name,
            )
        shape = tuple(int(size) for size in match[1].split("x")[:-1])
        dtype = ELEMENTS[match[2]]
        try:
            codec = zq.codec(match[3])
            streams = list(zq.Tensor.stream_types(codec, shape, dtype))
        except zq.Error as problem:
            raise error(source.path, f"metadata {quoted(key)}: {problem}", name) from None
        parts = tuple(f"{name}.{stream}" for stream in streams)
        for part in parts:
            if part not in source.entries:
                raise error(source.path, f"its stream {quoted(part)} is missing", name)
        nbytes = sum(source.entries[part].nbytes for part in parts)

        def read(parts=parts, streams=streams, codec=codec, shape=shape, dtype=dtype) -> zq.Tensor:
            arrays = {
                stream: source.read(part) for stream, part in zip(streams, parts, strict=True)
            }
            return zq.Tensor.from_streams(codec, shape, arrays, dtype)

        kind = codec.name or codec.text
        yield Stored(name, shape, dtype, kind, nbytes, source.path_of(parts[0]), read, parts)


def save(
    path: str | os.PathLike[str],
    tensors: Mapping[str, object],
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Writes `tensors`, by name, to the `.safetensors` file at `path`.

    A `zq.Tensor` is written as its streams with its type in the metadata, and
    `zq.load`, `zq-run` and `zq-encode` read it; anything else (NumPy, torch,
    what has `__dlpack__` or `__array__`) is written as it is. `metadata` is for
    texts of one's own; keys that begin with `zq.` are zq's.

    The file appears complete or not at all. Raises `zq.Error`, which names the
    file and the tensor.
    """
    import zq

    notes: dict[str, str] = {}
    for key, value in (metadata or {}).items():
        if not isinstance(key, str) or not isinstance(value, str):
            raise error(path, f"metadata {key!r} is not a text under a text")
        if key.startswith(PREFIX):
            raise error(
                path, f"metadata {quoted(key)}: keys that begin with {quoted(PREFIX)} are zq's"
            )
        notes[key] = value
    arrays: dict[str, np.ndarray] = {}

    def add(name: str, array: np.ndarray, owner: str) -> None:
        if name in arrays:
            raise error(path, f"another tensor is stored as {quoted(name)} too", owner)
        arrays[name] = array

    for name, tensor in tensors.items():
        if not isinstance(name, str) or not name or name == METADATA:
            raise error(path, f"{name!r} cannot be a tensor's name")
        if isinstance(tensor, zq.Tensor):
            notes[PREFIX + name] = tensor.type_text
            for stream, array in tensor.streams.items():
                add(f"{name}.{stream}", array, name)
        else:
            add(name, _dense(path, name, tensor), name)
    write_safetensors(path, arrays, notes)


def _dense(path: str | os.PathLike[str], name: str, value: object) -> np.ndarray:
    """`value` as an array that a file can hold."""
    from ..arrays import to_numpy

    try:
        array = to_numpy(value)
    except (TypeError, ValueError, RuntimeError, BufferError) as problem:
        raise error(path, f"a {type(value).__name__} cannot be stored: {problem}", name) from None
    if name_of(array.dtype) is None:
        raise error(path, f"elements of type {array.dtype} cannot be stored", name)
    return array
