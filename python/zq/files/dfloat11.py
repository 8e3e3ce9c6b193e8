"""Checkpoints of DFloat11: bf16 with Huffman-coded exponents.

The weights of a module, one after another without their shapes, are coded
together: `luts`, `encoded_exponent`, `sign_mantissa`, `output_positions` and
`gaps`, all u8, under the module's name, and `split_positions` i64, where each
weight but the first begins. `dfloat11_config` of config.json names them.
Definition: github.com/LeanModels/DFloat11, dfloat11/dfloat11.py and decode.cu.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np

from zq import _native

from .checkpoint import Stored
from .errors import error, quoted
from .fp4 import BF16
from .source import Source

BUFFERS = ("luts", "encoded_exponent", "sign_mantissa", "output_positions", "gaps")
SPLITS = "split_positions"

#: What the configuration says of the layout, in its files and in all there are.
THREADS_KEY, THREADS = "threads_per_block", 512
BYTES_KEY, BYTES = "bytes_per_thread", 8


def stored_tensors(source: Source, config: dict[str, Any]) -> Iterator[Stored]:
    """The weights that are stored so."""
    modules = [
        name.removesuffix("encoded_exponent").removesuffix(".")
        for name in source.entries
        if name.rpartition(".")[2] == "encoded_exponent"
    ]
    if modules:
        threads = _threads_per_block(source, config)
        kept = _Kept()
        for module in modules:
            yield from _Module(source, module, threads, kept).weights(config)


def _threads_per_block(source: Source, config: dict[str, Any]) -> int:
    threads = config.get(THREADS_KEY, THREADS)
    if isinstance(threads, list) and len(threads) == 1:
        threads = threads[0]
    if type(threads) is not int or not 0 < threads <= 1 << 16:
        raise error(source.path, f"the configuration's {THREADS_KEY} is {threads!r}")
    if config.get(BYTES_KEY, BYTES) != BYTES:
        raise error(
            source.path, f"the configuration's {BYTES_KEY} is {config[BYTES_KEY]!r}, expected 8"
        )
    return threads


class _Kept:
    """The module that was decoded last: its weights are likely read in turn."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.name: str | None = None
        self.values = np.empty(0, BF16)


class _Module:
    """What is coded together."""

    def __init__(self, source: Source, name: str, threads: int, kept: _Kept) -> None:
        self.source, self.name, self.threads, self.kept = source, name, threads, kept
        prefix = f"{name}." if name else ""
        self.parts = tuple(prefix + part for part in (*BUFFERS, SPLITS))
        first = self.parts[1]
        self.path = source.path_of(first)
        for part in self.parts[:-1]:
            entry = source.entries.get(part)
            if entry is None:
                raise error(self.path, f"there is no {quoted(part)} beside it", first)
            if entry.dtype != np.uint8:
                raise error(source.path_of(part), f"is of {entry.dtype}, expected u8", part)
        self.elements = int(np.prod(source.entries[self.parts[2]].shape, dtype=object))
        if self.parts[-1] not in source.entries:
            self.parts = self.parts[:-1]

    def weights(self, config: dict[str, Any]) -> Iterator[Stored]:
        places = self._places()
        names = self._names(config, len(places) - 1)
        coded = sum(self.source.entries[part].nbytes for part in self.parts)
        for i, name in enumerate(names):
            begin, end = places[i], places[i + 1]
            # The codes are of all weights; each one's share is by its elements.
            nbytes = coded * end // self.elements - coded * begin // self.elements
            yield Stored(
                name,
                (end - begin,),
                np.dtype(BF16),
                "DFloat11",
                nbytes,
                self.path,
                lambda begin=begin, end=end: self._decode()[begin:end].copy(),
                self.parts,
            )

    def _places(self) -> list[int]:
        """Where each weight begins, and where the last one ends."""
        name = self.parts[-1]
        splits: list[int] = []
        if name.endswith(SPLITS):
            entry = self.source.entries[name]
            if entry.dtype != np.int64 or len(entry.shape) != 1 or entry.shape[0] > 1 << 16:
                message = f"is {entry.dtype} of shape {entry.shape}, expected a list of i64"
                raise error(self.source.path_of(name), message, name)
            splits = self.source.read(name).tolist()
        places = [0, *splits, self.elements]
        if any(begin >= end for begin, end in zip(places, places[1:], strict=False)):
            message = f"does not split {self.elements} elements into weights"
            raise error(self.path, message, name)
        return places

    def _names(self, config: dict[str, Any], count: int) -> list[str]:
        """What the configuration calls the weights."""
        patterns = config.get("pattern_dict", {})
        if not isinstance(patterns, dict):
            raise error(self.path, "the configuration's pattern_dict is no object")
        prefix = f"{self.name}." if self.name else ""
        for pattern, attributes in patterns.items():
            if not _matches(pattern, self.name):
                continue
            if not isinstance(attributes, list) or not all(isinstance(a, str) for a in attributes):
                raise error(self.path, f"the weights of {quoted(pattern)} are no list of names")
            # A layer that is coded alone has no names below its own.
            names = [f"{prefix}{attribute}.weight" for attribute in attributes if attribute]
            names = names or [f"{prefix}weight"]
            if len(names) != count:
                message = f"has {count} weights, and the configuration names {len(names)}"
                raise error(self.path, message, self.parts[1])
            return names
        if count == 1:
            return [f"{prefix}weight"]
        message = (
            f"no pattern of the configuration's pattern_dict names its {count} weights; "
            "format='safetensors' loads the arrays as they are stored"
        )
        raise error(self.path, message, self.parts[1])

    def _decode(self) -> np.ndarray:
        with self.kept.lock:
            if self.kept.name != self.name:
                values = np.empty(self.elements, BF16)
                buffers = [self.source.read(part) for part in self.parts[: len(BUFFERS)]]
                buffers[2] = buffers[2].reshape(-1)
                _native.decode_dfloat11(*buffers, self.threads, values)
                self.kept.name, self.kept.values = self.name, values
            return self.kept.values


def _matches(pattern: str, name: str) -> bool:
    r"""Whether `pattern` is a regular expression of all of `name`: names of
    modules and `\d+`, with `\.` between them, are what configurations have. No
    other is run, since files may come from anywhere."""
    wanted, parts = pattern.replace(r"\.", ".").split("."), name.split(".")
    return len(wanted) == len(parts) and all(
        part.isascii() and part.isdigit() if want == r"\d+" else part == want
        for want, part in zip(wanted, parts, strict=True)
    )
