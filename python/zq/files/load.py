"""Which format a file or folder has, and what of it is which tensor."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import zq

from . import compressed_tensors, dfloat11, fp8, gptq_awq, modelopt, native
from .checkpoint import Checkpoint, Stored
from .errors import error, quoted, suggestion
from .gguf import MAGIC, GGUFReader
from .gguf_blocks import FORMATS as GGUF_FORMATS
from .gguf_blocks import codec_text, to_streams
from .source import Source, open_source, quantization_config


@dataclass(frozen=True)
class Reader:
    """Finds what others stored in several arrays of `.safetensors` files."""

    format: str
    #: The `quant_method`s of configurations that mean it.
    methods: tuple[str, ...]
    #: The weights that are stored so, of a file with a configuration.
    read: Callable[[Source, dict[str, Any]], Iterator[Stored]]


READERS = (
    Reader("gptq", ("gptq",), partial(gptq_awq.stored_tensors, format="gptq")),
    Reader("gptq_v2", (), partial(gptq_awq.stored_tensors, format="gptq_v2")),
    Reader("awq", ("awq",), partial(gptq_awq.stored_tensors, format="awq")),
    Reader("modelopt", ("modelopt",), modelopt.stored_tensors),
    Reader("fp8", ("fp8",), fp8.stored_tensors),
    Reader("dfloat11", ("dfloat11",), dfloat11.stored_tensors),
    # Its f8 with scales are ModelOpt's too.
    Reader(
        "compressed-tensors", ("compressed-tensors", "modelopt"), compressed_tensors.stored_tensors
    ),
)

#: What `format` may be. `safetensors`: zq's own tensors, all others as they are.
FORMATS = ("safetensors", *(reader.format for reader in READERS), "gguf")


def open_checkpoint(path: str | os.PathLike[str], format: str | None) -> Checkpoint:
    """See `zq.files.open`."""
    if format is not None and format not in FORMATS:
        close = suggestion(str(format), FORMATS) or f"; there are {', '.join(FORMATS)}"
        raise zq.Error(f"{quoted(str(format))} is no format of files{close}")
    gguf = _gguf_file(path)
    if format == "gguf" or (format is None and gguf is not None):
        return _open_gguf(path, gguf or Path(path))
    source = open_source(path)
    try:
        return _open_safetensors(path, source, format)
    except BaseException:
        source.close()
        raise


def _gguf_file(path: str | os.PathLike[str]) -> Path | None:
    """The GGUF file that `path` is, or the one that it holds and nothing else."""
    place = Path(path)
    if place.is_dir():
        files = sorted(place.glob("*.gguf"))
        if not files or list(place.glob("*.safetensors")):
            return None
        if len(files) > 1:
            raise error(path, f"has {len(files)} .gguf files; name one of them")
        return files[0]
    try:
        with place.open("rb") as file:
            return place if file.read(4) == MAGIC else None
    except OSError:
        return None


# ---------------------------------------------------------------------------
# Safetensors
# ---------------------------------------------------------------------------


def _open_safetensors(
    path: str | os.PathLike[str], source: Source, format: str | None
) -> Checkpoint:
    found: dict[str, Stored] = {}
    used: set[str] = set()

    def add(tensor: Stored) -> None:
        if (
            tensor.name in found
            or tensor.name in source.entries
            and tensor.name not in tensor.parts
        ):
            raise error(source.path, "is there twice", tensor.name)
        found[tensor.name] = tensor
        used.update(tensor.parts)

    for tensor in native.stored_tensors(source):
        add(tensor)
    foreign = None
    if format != "safetensors":
        config = quantization_config(path)
        method = str(config.get("quant_method", "")).lower()
        for reader in _readers(source, method, format):
            for tensor in reader.read(source, config):
                add(tensor)
                foreign = foreign or reader.format
        if not foreign:
            _check_nothing_found(path, method, format, bool(found))
    for entry in source.entries.values():
        if entry.name not in used:
            found[entry.name] = _dense(source, entry)
    name = format or foreign or "safetensors"
    return Checkpoint(path, name, _in_order(source, found), source.metadata, source)


def _readers(source: Source, method: str, format: str | None) -> list[Reader]:
    """Those for the format that is forced, else for the method of the
    configuration, else all that files can be told by."""
    if format:
        return [reader for reader in READERS if reader.format == format]
    if method:
        return [reader for reader in READERS if method in reader.methods]
    others = {"gptq", "gptq_v2", "awq"} - {gptq_awq.packed_by(source)}
    return [reader for reader in READERS if reader.format not in others]


def _check_nothing_found(
    path: str | os.PathLike[str], method: str, format: str | None, has_own: bool
) -> None:
    if format:
        raise error(path, f"holds no tensor of the format {quoted(format)}")
    known = {method for reader in READERS for method in reader.methods}
    if method and method not in known and not has_own:
        raise error(
            path,
            f"is quantized by {quoted(method)}, which zq does not read; "
            "format='safetensors' loads its arrays as they are stored",
        )


def _dense(source: Source, entry) -> Stored:
    return Stored(
        entry.name,
        entry.shape,
        entry.dtype,
        "dense",
        entry.nbytes,
        source.path_of(entry.name),
        lambda: source.read(entry.name),
        (entry.name,),
    )


def _in_order(source: Source, found: dict[str, Stored]) -> dict[str, Stored]:
    """As the files have them: a tensor comes where its first part is."""
    place = {name: i for i, name in enumerate(source.entries)}
    return dict(sorted(found.items(), key=lambda item: min(place[part] for part in item[1].parts)))


# ---------------------------------------------------------------------------
# GGUF
# ---------------------------------------------------------------------------


def _open_gguf(path: str | os.PathLike[str], file: Path) -> Checkpoint:
    reader = GGUFReader(file)
    stored = {name: _gguf_tensor(reader, name) for name in reader.entries}
    return Checkpoint(path, "gguf", stored, reader.metadata, reader)


def _gguf_tensor(reader: GGUFReader, name: str) -> Stored:
    entry = reader.entries[name]
    kind = entry.type
    dtype = kind.dtype
    if dtype is not None:

        def read() -> np.ndarray:
            return reader.blocks(name).reshape(-1).view(dtype).reshape(entry.shape)

        return Stored(name, entry.shape, dtype, "dense", entry.nbytes, reader.path, read, (name,))

    def read_blocks() -> zq.Tensor:
        form = GGUF_FORMATS.get(kind.name)
        if form is None:
            raise zq.Error(
                f"zq has no codec for ggml's {kind.name}; names=... loads the other tensors"
            )
        if 0 in entry.shape:
            text = codec_text(form.text, len(entry.shape))
            types = zq.Tensor.stream_types(text, entry.shape)
            empty = {stream: np.empty(*about) for stream, about in types.items()}
            return zq.Tensor.from_streams(text, entry.shape, empty)
        try:
            text, streams = to_streams(form, reader.blocks(name), entry.shape)
        except zq.Error:
            raise
        except ValueError as problem:
            raise zq.Error(str(problem)) from None
        return zq.Tensor.from_streams(text, entry.shape, streams)

    return Stored(
        name,
        entry.shape,
        np.dtype(np.float32),
        f"GGUF {kind.name}",
        entry.nbytes,
        reader.path,
        read_blocks,
        (name,),
    )
