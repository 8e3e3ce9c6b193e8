"""What a report is about: the layers of a model, and what is measured on each."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np

from .. import arrays
from ..compiler import Function
from ..distortion import Distortion
from ..distortion import measure as measure_distortion
from ..errors import Error
from ..tensor import Tensor
from .levels import Levels, find_levels

__all__ = ["Layer", "LayerFigures", "Reportable", "measure_layers"]


class Layer(NamedTuple):
    """One weight of a model. A plain tuple of two or three elements will do.

    Without `stored` the weight is kept as `original` is; without both, the entry
    only brings remarks, about the model as a whole or about layers they name.
    """

    original: Any = None
    """The weight before it was compressed: an array or torch tensor; or None."""
    stored: Any = None
    """The `zq.Tensor`, or the array that is kept instead of the original."""
    remarks: Function | Sequence[str] = ()
    """What the compiler said. Several layers may give the same `zq.Function`:
    remarks with a layer's name in front go to that layer."""


@runtime_checkable
class Reportable(Protocol):
    """A model that tells what its layers are, as compiled modules do."""

    def __zq_layers__(self) -> Mapping[str, Layer]:
        """The layers by name, in the model's order."""
        ...


@dataclass
class LayerFigures:
    """What the page says of one layer. All sizes are in bytes."""

    name: str
    shape: tuple[int, ...]
    codec: str
    """The codec's name or text; the element type of what is not compressed."""
    codec_text: str | None
    streams: dict[str, int]
    """The size of each stream; of an array, one named for its type."""
    original_bytes: int
    """The size before: of the original, else of the tensor's logical type."""
    distortion: Distortion | None = None
    """None where there is no original, or where it is not of floats."""
    levels: Levels | str = "not compressed"
    remarks: list[str] = field(default_factory=list)

    @property
    def size(self) -> int:
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def nbytes(self) -> int:
        return sum(self.streams.values())

    @property
    def is_compressed(self) -> bool:
        return self.codec_text is not None

    @property
    def bits_per_weight(self) -> float:
        return 8 * self.nbytes / self.size if self.size else 0.0


@dataclass
class Model:
    """The layers, measured, and what is kept of them for timing."""

    layers: list[LayerFigures]
    remarks: list[str]
    """Those that are about no layer."""
    tensors: dict[str, Tensor]
    """The compressed weights; only where asked for, since they may be large."""


def measure_layers(model: Any, original: Any = None, keep_tensors: bool = False) -> Model:
    """Measures what `zq.report` takes in; see there."""
    with ExitStack() as files:
        layers: list[LayerFigures] = []
        given: list[tuple[str, str]] = []
        tensors: dict[str, Tensor] = {}
        for name, layer in _layers(model, original, files):
            given += [(name, remark) for remark in _texts(name, layer.remarks)]
            if layer.original is None and layer.stored is None:
                continue
            try:
                layers.append(_measure(name, layer))
            except (Error, TypeError) as error:
                raise type(error)(f"layer {name!r}: {error}") from None
            if keep_tensors and isinstance(layer.stored, Tensor):
                tensors[name] = layer.stored
    if not layers:
        raise Error("there is nothing to report on: the model has no weights")
    by_name, rest = _attribute([figures.name for figures in layers], given)
    for figures in layers:
        figures.remarks = by_name.get(figures.name, [])
    return Model(layers, rest, tensors)


def _layers(model: Any, original: Any, files: ExitStack) -> Iterator[tuple[str, Layer]]:
    """The layers one after the other, so that of a file one is in memory at a time."""
    if isinstance(model, Reportable):
        model = model.__zq_layers__()
    else:
        model = _open(model, files)
    original = _open(original, files)
    if not isinstance(model, Mapping):
        raise TypeError(
            "a report is about a module that zq compiled, a mapping from names to weights, or a "
            f"path, and not {type(model).__name__}"
        )
    if original is not None and not isinstance(original, Mapping):
        raise TypeError(
            "originals are a mapping, a PyTorch module or a path, and not "
            f"{type(original).__name__}"
        )
    for name in model:
        if not isinstance(name, str):
            raise TypeError(f"a layer's name is a str, and not {type(name).__name__}")
        value = model[name]
        layer = Layer(*value) if isinstance(value, tuple) else Layer(None, value)
        if layer.original is None and original is not None and name in original:
            layer = layer._replace(original=original[name])
        yield name, layer


def _open(source: Any, files: ExitStack) -> Any:
    if hasattr(source, "state_dict") and hasattr(source, "named_parameters"):
        return source.state_dict()  # A PyTorch module.
    if isinstance(source, (str, os.PathLike)):
        from .. import files as zq_files

        return files.enter_context(zq_files.open(source))
    return source


def _measure(name: str, layer: Layer) -> LayerFigures:
    original = None if layer.original is None else _dense(layer.original)
    stored = layer.stored
    if isinstance(stored, Tensor):
        logical = stored.size * stored.dtype.itemsize
        figures = LayerFigures(
            name,
            stored.shape,
            str(stored.codec),
            stored.codec.text,
            {stream: array.nbytes for stream, array in stored.streams.items()},
            logical if original is None else original.nbytes,
        )
        if original is not None:
            if original.shape != stored.shape and original.shape[:1] == stored.shape[:1]:
                if original.size == stored.size:
                    # The filters of a convolution are stored as rows.
                    original = original.reshape(stored.shape)
            figures.distortion = measure_distortion(original, stored.decode())
        figures.levels = find_levels(stored, original)
        return figures
    kept = original if stored is None else _dense(stored)
    assert kept is not None
    kind = str(kept.dtype)
    before = kept if original is None else original
    figures = LayerFigures(name, kept.shape, kind, None, {kind: kept.nbytes}, before.nbytes)
    if original is not None and stored is not None and _is_float(original) and _is_float(kept):
        figures.distortion = measure_distortion(original, kept)
    return figures


def _dense(value: Any) -> np.ndarray:
    return value.decode() if isinstance(value, Tensor) else arrays.to_numpy(value)


def _is_float(array: np.ndarray) -> bool:
    return array.dtype.kind == "f" or array.dtype.name.startswith(("bfloat", "float"))


def _texts(name: str, remarks: Function | Sequence[str]) -> Sequence[str]:
    if isinstance(remarks, Function):
        return remarks.remarks
    if isinstance(remarks, str) or not all(isinstance(remark, str) for remark in remarks):
        raise TypeError(f"layer {name!r}: remarks are a zq.Function or a list of str")
    return remarks


def _attribute(
    names: list[str], given: list[tuple[str, str]]
) -> tuple[dict[str, list[str]], list[str]]:
    """Each remark, once, to the layer it names, or else to the only one that gave
    it; the rest is about the whole."""
    known = set(names)
    places = {name: name for name in names}
    # A module is meant by its name, its weight by the parameter's.
    for name in names:
        places.setdefault(name.removesuffix(".weight"), name)
    givers: dict[str, list[str]] = {}
    for name, remark in given:
        if name not in givers.setdefault(remark, []):
            givers[remark].append(name)
    by_name: dict[str, list[str]] = {}
    rest: list[str] = []
    for remark, who in givers.items():
        place, _, text = remark.partition(": ")
        if text and place in places:
            by_name.setdefault(places[place], []).append(text)
        elif len(who) == 1 and who[0] in known:
            by_name.setdefault(who[0], []).append(remark)
        else:
            rest.append(remark)
    return by_name, rest
