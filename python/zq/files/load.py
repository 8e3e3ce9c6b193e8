"""Which format a file or folder has, and what of it is which tensor."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import zq

from . import compressed_tensors, gptq_awq, native
from .checkpoint import Checkpoint, Stored
from .errors import error, quoted, suggestion
from .gguf import MAGIC, GGUFReader
from .gguf_blocks import FORMATS as GGUF_FORMATS
from .gguf_blocks import to_streams
from .source import Source, open_source, quantization_config

#: What `format` may be. `safetensors`: zq's own tensors, all others as they are.
FORMATS = ("safetensors", "compressed-tensors", "gptq", "gptq_v2", "awq", "gguf")


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
        if len(files) != 1 or list(place.glob("*.safetensors")):
            return None
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
    config = quantization_config(path) if format != "safetensors" else {}
    method = str(config.get("quant_method", "")).lower()
    foreign = (
        list(_foreign(source, config, method, format, used)) if format != "safetensors" else []
    )
    if not foreign:
        if format not in (None, "safetensors"):
            raise error(path, f"holds no tensor of the format {quoted(format)}")
        if format is None and method not in ("", "gptq", "awq", "compressed-tensors") and not found:
            raise error(
                path,
                f"is quantized by {quoted(method)}, which zq does not read; "
                "format='safetensors' loads its arrays as they are stored",
            )
    for tensor in foreign:
        add(tensor)
    for entry in source.entries.values():
        if entry.name not in used:
            found[entry.name] = _dense(source, entry)
    return Checkpoint(
        path, _name(foreign, format), _in_order(source, found), source.metadata, source
    )


def _foreign(
    source: Source, config: dict, method: str, format: str | None, used: set[str]
) -> Iterator[Stored]:
    """What others stored in several tensors of the file."""
    if format in ("gptq", "gptq_v2", "awq"):
        yield from gptq_awq.stored_tensors(source, config, format)
        return
    if format is None and method in ("", "gptq", "awq"):
        yield from gptq_awq.stored_tensors(source, config, None)
    if format == "compressed-tensors" or method in ("", "compressed-tensors"):
        for tensor in compressed_tensors.stored_tensors(source, config):
            if not used.intersection(tensor.parts):
                yield tensor


def _name(foreign: list[Stored], format: str | None) -> str:
    if format or not foreign:
        return format or "safetensors"
    return foreign[0].kind.split()[0].lower()


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
    if kind.dtype is not None:

        def read() -> np.ndarray:
            return reader.blocks(name).reshape(-1).view(kind.dtype).reshape(entry.shape)

        return Stored(
            name, entry.shape, kind.dtype, "dense", entry.nbytes, reader.path, read, (name,)
        )

    def read_blocks() -> zq.Tensor:
        form = GGUF_FORMATS.get(kind.name)
        if form is None:
            raise zq.Error(
                f"zq has no codec for ggml's {kind.name}; names=... loads the other tensors"
            )
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
