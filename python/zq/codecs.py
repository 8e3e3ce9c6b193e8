"""Codecs: how a tensor is stored, as text, by name, or composed in Python."""

from __future__ import annotations

import functools

import numpy as np

from . import _native, elements

__all__ = ["Codec", "codec", "codecs"]


class Codec:
    """How a tensor is stored: a composition of stages. Immutable; two codecs
    are equal when their stages are.

    Made by `zq.codec`, `zq.codecs` or `zq.stages`.
    """

    __slots__ = ("_native", "_name", "_text", "__weakref__")

    def __init__(self, native: _native.Codec) -> None:
        self._native = native
        self._name: str | None = native.name or None
        self._text: str = native.stages

    @property
    def name(self) -> str | None:
        """The name in zq's table ("nvfp4"); None where it has none."""
        return self._name

    @property
    def text(self) -> str:
        """The stages, as `zq.codec` and `#zq.codec<...>` in MLIR take them."""
        return self._text

    @property
    def source(self) -> str | None:
        """Who defined the format, for one with a name."""
        return _sources().get(self._name) if self._name else None

    @property
    def lossless(self) -> bool:
        """Whether decoding gives back every bit of what was encoded."""
        return self._native.lossless

    def bits_per_weight(
        self, shape: tuple[int, ...] = (4096, 4096), dtype: np.dtype | None = None
    ) -> float | None:
        """Stored bits for each element of a tensor of `shape`, over all
        streams, with padding and tables; None where that is up to the data.

        `dtype` is the type of the logical elements: without it f32, or what
        else the codec takes in. Raises `zq.Error` where the codec cannot hold
        such a tensor.
        """
        rate = self.tensor_type(shape, dtype).rate
        return rate if rate >= 0 else None

    def tensor_type(
        self, shape: tuple[int, ...], dtype: np.dtype | None = None
    ) -> _native.TensorType:
        """The native type of a tensor; see `bits_per_weight` for `dtype`."""
        if dtype is not None:
            return _native.TensorType.create(self._native, require_element(dtype), list(shape))
        from .errors import Error

        first: Error | None = None
        for number in (1, 3, 2, 0):  # f32, bf16, f16, f64
            try:
                return _native.TensorType.create(self._native, number, list(shape))
            except Error as error:
                first = first or error
        assert first is not None
        raise first

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Codec) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __str__(self) -> str:
        return self._name or self._text

    def __repr__(self) -> str:
        return f"zq.codec({str(self)!r})"

    def __reduce__(self) -> tuple:
        return codec, (str(self),)


def require_float(dtype: np.dtype) -> None:
    """Raises `TypeError` for what are no floats."""
    if np.dtype(dtype) not in elements.FLOATS:
        raise TypeError(f"expected floats, and not elements of type {np.dtype(dtype)}")


def require_element(dtype: np.dtype) -> int:
    """The element type of logical elements; raises `TypeError` for others."""
    number = elements.to_number(dtype)
    if number is None or np.dtype(dtype) not in elements.LOGICAL:
        raise TypeError(
            f"elements of type {np.dtype(dtype)} cannot be encoded: a codec takes in "
            "float32, bfloat16, float16 or float64, or uint8 for bytes to store as they are"
        )
    return number


@functools.lru_cache(maxsize=1024)
def _parse(text: str) -> Codec:
    return Codec(_native.Codec.parse(text))


def codec(text: str | Codec) -> Codec:
    """The codec that `text` names.

    `text` is a name of the table ("nvfp4"), the stages ("scale<1x32, f16>,
    quantize<si4>, pack"), or the whole attribute ("#zq.codec<...>"); a codec is
    returned as it is. Raises `zq.Error`, which shows the place and suggests
    what may have been meant.

    >>> zq.codec("nvfp4").text
    'scale<tensor, f32>, scale<1x16, f8E4M3FN>, quantize<f4E2M1FN>, pack'
    """
    if isinstance(text, Codec):
        return text
    from .stages import Composition

    if isinstance(text, Composition):
        text = str(text)
    if not isinstance(text, str):
        raise TypeError(f"a codec is a str or a zq.Codec, and not {type(text).__name__}")
    return _parse(text)


@functools.cache
def _sources() -> dict[str, str]:
    return {name: source for name, _, source in _native.named_codecs()}


def codecs() -> dict[str, Codec]:
    """The table of named codecs, from name to codec."""
    return {name: codec(name) for name, _, _ in _native.named_codecs()}
