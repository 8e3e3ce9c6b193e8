"""Which weight gets which codec: rules by name, by layer type, by size; the first that matches
decides."""

from __future__ import annotations

import difflib
import fnmatch
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from ..codecs import Codec
from ..codecs import codec as to_codec
from ..errors import Error

Predicate = Callable[[str, torch.Tensor], bool]
Key = str | type | Predicate
#: A codec, by name or text; a pair of a codec and the dtype that weights are rounded to before it;
#: None for dense.
CodecLike = str | Codec | tuple[Any, Any] | None
Codecs = CodecLike | Mapping[Key, CodecLike]

#: Layers whose weights a codec that is given without a rule applies to.
LAYERS = (
    torch.nn.Linear,
    torch.nn.Embedding,
    torch.nn.Conv1d,
    torch.nn.Conv2d,
    torch.nn.MultiheadAttention,
)


def min_elements(count: int) -> Predicate:
    """A rule's key: weights of at least `count` elements."""

    def is_large(name: str, tensor: torch.Tensor) -> bool:
        return tensor.numel() >= count

    is_large.__name__ = f"min_elements({count})"
    return is_large


@dataclass(frozen=True)
class Choice:
    """The codec for a weight, and what it is rounded to before (None: nothing)."""

    codec: Codec
    dtype: Any = None


@dataclass(frozen=True)
class Candidate:
    """A parameter that may be compressed."""

    name: str
    tensor: torch.Tensor
    layer: type | None

    @property
    def shape(self) -> tuple[int, ...]:
        """What a codec stores: the filters of a convolution are the rows of a matrix."""
        shape = tuple(self.tensor.shape)
        if (
            len(shape) > 2
            and self.layer is not None
            and issubclass(self.layer, torch.nn.modules.conv._ConvNd)
        ):
            return (shape[0], self.tensor.numel() // shape[0])
        return shape


def _to_choice(value: CodecLike) -> Choice | None:
    if value is None:
        return None
    if isinstance(value, tuple):
        if len(value) != 2:
            raise TypeError(f"a codec with a dtype is a pair, and not {value!r}")
        return Choice(to_codec(value[0]), _dtype(value[1]))
    return Choice(to_codec(value))


def _dtype(dtype: Any) -> Any:
    import ml_dtypes
    import numpy as np

    if isinstance(dtype, torch.dtype):
        dtype = str(dtype).removeprefix("torch.")
    return np.dtype(ml_dtypes.bfloat16) if dtype in ("bfloat16", "bf16") else np.dtype(dtype)


def _describe(key: Key) -> str:
    if isinstance(key, str):
        return repr(key)
    return getattr(key, "__name__", repr(key))


def _matches(key: Key, candidate: Candidate) -> bool:
    if isinstance(key, str):
        return fnmatch.fnmatchcase(candidate.name, key)
    if isinstance(key, type):
        return candidate.layer is not None and issubclass(candidate.layer, key)
    return bool(key(candidate.name, candidate.tensor))


def _shortfall(candidate: Candidate, choice: Choice) -> str | None:
    """Why a codec cannot hold a parameter, if it cannot."""
    if not candidate.tensor.dtype.is_floating_point:
        return f"its elements are {candidate.tensor.dtype}"
    if len(candidate.shape) < 2 or not candidate.tensor.numel():
        return f"it has the shape {list(candidate.shape)}, and is no matrix"
    try:
        choice.codec.tensor_type(candidate.shape, choice.dtype)
    except Error as error:
        return str(error).splitlines()[0]
    return None


def choose(
    codecs: Codecs,
    candidates: Sequence[Candidate],
    remark: Callable[[str], None],
    whole: bool = True,
) -> dict[str, Choice]:
    """The codec of each parameter that gets one, by name.

    `remark` is told of parameters that a rule matches and that its codec cannot hold; they stay
    dense. Raises `zq.Error` for a rule that matches no parameter, where the candidates are those of
    the `whole` model, and for one of which all parameters stay dense.
    """
    if codecs is None:
        return {}
    if isinstance(codecs, Mapping):
        rules = [(key, _to_choice(value)) for key, value in codecs.items()]
        for key, _ in rules:
            is_layer = isinstance(key, type) and issubclass(key, torch.nn.Module)
            if not (
                isinstance(key, str) or is_layer or (callable(key) and not isinstance(key, type))
            ):
                raise TypeError(
                    f"a rule's key is a name pattern, a type of layer, or a function of name and "
                    f"tensor, and not {key!r}"
                )
    else:
        rules = [(layer, _to_choice(codecs)) for layer in LAYERS]
    chosen: dict[str, Choice] = {}
    matched: dict[Key, int] = {key: 0 for key, _ in rules}
    refused: dict[Key, list[str]] = {key: [] for key, _ in rules}
    for candidate in candidates:
        for key, choice in rules:
            if not _matches(key, candidate):
                continue
            matched[key] += 1
            if choice is not None:
                why = _shortfall(candidate, choice)
                if why is None:
                    chosen[candidate.name] = choice
                elif isinstance(codecs, Mapping) or len(candidate.shape) > 1:
                    refused[key].append(f"{candidate.name}: stays dense: {why}")
            break
    for key, choice in rules:
        for why in refused[key]:
            remark(why)
        if not isinstance(codecs, Mapping) or not whole:
            continue
        if not any(_matches(key, candidate) for candidate in candidates):
            raise Error(_nothing_matches(key, candidates))
        if choice is not None and matched[key] and len(refused[key]) == matched[key]:
            raise Error(
                f"the rule {_describe(key)}: {choice.codec} holds none of its parameters: "
                f"{refused[key][0]}"
            )
    return chosen


def _nothing_matches(key: Key, candidates: Sequence[Candidate]) -> str:
    text = f"the rule {_describe(key)} matches no parameter of the model"
    if isinstance(key, str):
        close = difflib.get_close_matches(key, [c.name for c in candidates], 3, 0.4)
        if close:
            text += f"; there are {', '.join(close)}, ..."
    elif isinstance(key, type):
        layers = sorted({c.layer.__name__ for c in candidates if c.layer is not None})
        text += f"; its layers with parameters are {', '.join(layers) or 'unknown'}"
    return text
