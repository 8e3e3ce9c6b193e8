"""What a file or a folder of tensors holds, whoever wrote it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from .errors import error, quoted, suggestion

if TYPE_CHECKING:
    import zq


@dataclass(frozen=True)
class Stored:
    """One tensor of a checkpoint, not read yet."""

    name: str
    #: Of the weight; rows first.
    shape: tuple[int, ...]
    #: The logical element type of what is compressed, the type of what is not.
    dtype: np.dtype
    #: `dense`, or how it is stored: a codec's text, `GGUF Q4_K`, `GPTQ int4`.
    kind: str
    #: All that belongs to it in the file.
    nbytes: int
    #: The file it is in.
    path: str
    read: Callable[[], zq.Tensor | np.ndarray] = field(repr=False, compare=False)
    #: The names in the file that it is made of.
    parts: tuple[str, ...] = ()

    @property
    def is_dense(self) -> bool:
        return self.kind == "dense"

    @property
    def bits_per_weight(self) -> float | None:
        """Bits of the file for each element; None for an empty tensor."""
        count = int(np.prod(self.shape, dtype=object)) if self.shape else 1
        return 8 * self.nbytes / count if count else None

    def load(self) -> zq.Tensor | np.ndarray:
        """Reads the tensor. Raises `zq.Error`, which names file and tensor."""
        import zq

        try:
            return self.read()
        except zq.Error as problem:
            if str(problem).startswith(self.path):
                raise
            raise error(self.path, str(problem), self.name) from None
        except MemoryError:
            raise error(self.path, f"no memory for its {self.nbytes} bytes", self.name) from None


class _Closable(Protocol):
    def close(self) -> None: ...


class Checkpoint(Mapping[str, "zq.Tensor | np.ndarray"]):
    """A mapping from names to tensors that are read when they are asked for.

    `stored` says what there is without reading it. Close it, or use `with`.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        format: str,
        stored: Mapping[str, Stored],
        metadata: Mapping[str, Any],
        file: _Closable,
    ) -> None:
        self.path = os.fspath(path)
        #: The name that forces it: `zq.load(path, format=...)`.
        self.format = format
        self.stored = dict(stored)
        self.metadata = dict(metadata)
        self._file = file

    def __getitem__(self, name: str) -> zq.Tensor | np.ndarray:
        return self.find(name).load()

    def find(self, name: str) -> Stored:
        """What there is of the tensor `name`."""
        try:
            return self.stored[name]
        except KeyError:
            raise error(
                self.path, f"has no tensor {quoted(name)}{suggestion(name, self.stored)}"
            ) from None

    def __contains__(self, name: object) -> bool:
        return name in self.stored

    def __iter__(self) -> Iterator[str]:
        return iter(self.stored)

    def __len__(self) -> int:
        return len(self.stored)

    def __enter__(self) -> Checkpoint:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()

    def __repr__(self) -> str:
        return f"<zq checkpoint {self.path}: {len(self.stored)} tensors, {self.format}>"
