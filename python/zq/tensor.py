"""Compressed tensors."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import numpy as np

from . import _native, arrays, elements
from .calls import interruptible
from .codecs import Codec, require_element, require_float
from .codecs import codec as to_codec
from .errors import Error

__all__ = ["Tensor", "encode"]


class Tensor:
    """A compressed tensor: a codec, a shape, and the streams that hold it.
    Immutable. Made by `zq.encode`, `zq.load` or `Tensor.from_streams`."""

    __slots__ = ("_native", "_type", "_dtype", "_streams", "_packed", "_lock", "__weakref__")

    def __init__(self, native: _native.Tensor, type: _native.TensorType) -> None:
        self._native = native
        self._type = type
        self._dtype = elements.to_dtype(type.element)
        self._streams: dict[str, np.ndarray] | None = None
        # Other layouts of the same tensor that compiled functions asked for.
        self._packed: dict[str, _native.Tensor] = {}
        self._lock = threading.Lock()

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of what is decoded."""
        return self._type.shape

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def dtype(self) -> np.dtype:
        """The type of what is decoded."""
        return self._dtype

    @property
    def codec(self) -> Codec:
        return Codec(self._type.codec)

    @property
    def type_text(self) -> str:
        """The type as MLIR spells it: "!zq.tensor<16x32xf32, ...>"."""
        return self._type.text

    @property
    def streams(self) -> dict[str, np.ndarray]:
        """What is stored, by name, in the codec's order: arrays that cannot be
        written to and share the tensor's memory. Small floats have the types
        of ml_dtypes, bytes are unsigned."""
        if self._streams is None:
            streams = {}
            for i, (name, _, _) in enumerate(self._type.streams):
                number, shape, data = self._native.stream(i)
                streams[name] = data.view(elements.to_dtype(number)).reshape(shape)
            self._streams = streams
        return dict(self._streams)

    @property
    def nbytes(self) -> int:
        """Bytes stored, over all streams."""
        return sum(stream.nbytes for stream in self.streams.values())

    @property
    def bits_per_weight(self) -> float:
        """Stored bits for each element; 0 for a tensor without elements."""
        return 8 * self.nbytes / self.size if self.size else 0.0

    def decode(self, out: np.ndarray | None = None) -> np.ndarray:
        """The dense array, of `shape` and `dtype`; into `out` if given, which
        must be C-contiguous, writable, and of just these."""
        if out is None:
            out = np.empty(self.shape, self.dtype)
        elif not isinstance(out, np.ndarray) or (out.shape, out.dtype) != (self.shape, self.dtype):
            raise Error(f"out is not an array of shape {self.shape} and {self.dtype}")
        elif not out.flags.c_contiguous or not out.flags.writeable:
            raise Error("out is not C-contiguous and writable")
        interruptible(lambda: self._native.decode(out), out.nbytes)
        return out

    def transcode(self, codec: str | Codec) -> Tensor:
        """The same values under another codec, which begins with the stages of
        this one and goes on with lossless ones: weights that came in a Huffman
        code, say, in one that is decoded faster. Raises `zq.Error` where the
        codecs differ in more."""
        type = to_codec(codec).tensor_type(self.shape, self.dtype)
        native = interruptible(lambda: self._native.transcode(type), self.size)
        return Tensor(native, type)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if copy is False:
            raise ValueError("a compressed tensor becomes an array by decoding only")
        decoded = self.decode()
        return decoded if dtype is None else decoded.astype(dtype, copy=False)

    def __dlpack__(self, **arguments: Any) -> Any:
        return self.decode().__dlpack__(**arguments)

    def __dlpack_device__(self) -> tuple[int, int]:
        return (1, 0)  # The CPU.

    @staticmethod
    def from_streams(
        codec: str | Codec,
        shape: tuple[int, ...],
        streams: Mapping[str, np.ndarray],
        dtype: Any = np.float32,
    ) -> Tensor:
        """A tensor of streams that exist already, by name as `stream_types`
        lists them. They are copied, and checked for all that decoding relies
        on; raises `zq.Error` that names the stream."""
        type = to_codec(codec).tensor_type(tuple(shape), np.dtype(dtype))
        return _create(type, streams)

    @staticmethod
    def from_type_text(text: str, streams: Mapping[str, np.ndarray]) -> Tensor:
        """The same for a type as MLIR spells it (`type_text`)."""
        return _create(_native.TensorType.parse(text), streams)

    @staticmethod
    def stream_types(
        codec: str | Codec, shape: tuple[int, ...], dtype: Any = np.float32
    ) -> dict[str, tuple[tuple[int, ...], np.dtype]]:
        """Shape and type of each stream of such a tensor; a size that is up to
        the data is -1."""
        type = to_codec(codec).tensor_type(tuple(shape), np.dtype(dtype))
        return {name: (size, elements.to_dtype(number)) for name, number, size in type.streams}

    def native_as(self, type_text: str) -> _native.Tensor:
        """The native tensor of another type, which differs in its layout only;
        made once and kept."""
        if type_text == self._type.text:
            return self._native
        with self._lock:
            packed = self._packed.get(type_text)
            if packed is None:
                packed = self._native.repack(_native.TensorType.parse(type_text))
                self._packed[type_text] = packed
            return packed

    def __repr__(self) -> str:
        shape = "x".join(map(str, self.shape))
        return (
            f"<zq.Tensor {shape}x{elements.to_name(self._type.element)} as {self.codec}: "
            f"{self.nbytes:,} bytes, {self.bits_per_weight:.3f} bits per weight>"
        )

    def __reduce__(self) -> tuple:
        return Tensor.from_type_text, (self.type_text, dict(self.streams))


def _create(type: _native.TensorType, streams: Mapping[str, np.ndarray]) -> Tensor:
    wanted = [name for name, _, _ in type.streams]
    missing = [name for name in wanted if name not in streams]
    extra = [name for name in streams if name not in wanted]
    if missing or extra:
        raise Error(
            f"the codec's streams are {', '.join(wanted)}"
            + (f"; missing: {', '.join(missing)}" if missing else "")
            + (f"; unknown: {', '.join(extra)}" if extra else "")
        )
    given = []
    for name in wanted:
        array = np.asarray(arrays.to_numpy(streams[name]), order="C")
        if elements.to_number(array.dtype) is None:
            raise Error(f"stream '{name}': no stream has elements of type {array.dtype}")
        given.append(array)
    return Tensor(_native.Tensor.create(type, given), type)


def encode(array: Any, codec: str | Codec, *, dtype: Any = None, activations: Any = None) -> Tensor:
    """Encodes a dense array by the reference codec, on all cores, without
    holding Python's lock.

    `array` is a NumPy array, a torch tensor on the CPU, or what has
    `__dlpack__` or `__array__`, of any strides. Its elements are floats; they
    are rounded to `dtype` first, if that is given. Without it the tensor has
    the array's own type, or a narrower one that the codec takes, where all of
    the values are that type's.

    With `activations`, vectors `[..., columns]` that the tensor will be
    multiplied by, the error of these products is made small and not the
    tensor's: rounding errors are fed back (GPTQ), and stages store aside what
    counts most. A few hundred vectors of real data will do.

    Raises `zq.Error` where the codec cannot hold the array: a rank or element
    type that it does not take, values such as NaN that its stages have no code
    for, or activations that it has no use for. Raises `TypeError` for what is
    no array of floats, or of bytes (uint8) for a codec that stores those.
    """
    target = to_codec(codec)
    values = arrays.to_numpy(array)
    require_element(values.dtype)
    if dtype is not None:
        type = target.tensor_type(values.shape, np.dtype(dtype))
    else:
        type = _choose_type(target, values)
    # Copies where strides are not those of C, which may be negative.
    values = np.asarray(values, order="C")
    known = None
    if activations is not None:
        known = arrays.to_numpy(activations)
        require_float(known.dtype)
        known = np.asarray(known, order="C")
    native = interruptible(lambda: _native.Tensor.encode(type, values, known), values.nbytes)
    return Tensor(native, type)


def _choose_type(target: Codec, values: np.ndarray) -> _native.TensorType:
    try:
        return target.tensor_type(values.shape, values.dtype)
    except Error as error:
        for number in (1, 3, 2):  # f32, bf16, f16
            narrower = elements.to_dtype(number)
            if values.dtype.itemsize <= narrower.itemsize:
                continue
            try:
                type = target.tensor_type(values.shape, narrower)
            except Error:
                continue
            with np.errstate(over="ignore", invalid="ignore"):
                same = values.astype(narrower).astype(values.dtype)
            if np.array_equal(same, values, equal_nan=True):
                return type
            raise Error(
                f"{target} holds {narrower}, and the array has {values.dtype} values that "
                f'are none; say dtype="{narrower}" to round them first'
            ) from None
        raise error
