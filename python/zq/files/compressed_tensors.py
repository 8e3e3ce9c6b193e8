"""Checkpoints of compressed-tensors (llm-compressor, vLLM).

A layer's weight W is stored beside its factors:

W_packed u8 [rows, columns / 2], W_scale f8, W_global_scale f32
    NVFP4: `code * (scale / global_scale)`, rounded to bf16.
W_packed u8, W_scale u8
    MXFP4: `code * 2^(scale - 127)`, in bf16.
W_packed i32 [rows, columns * w / 32], W_scale, W_shape
    pack-quantized integers of w bits, a string of bits along the row, each
    2^(w-1) more than the number it stands for; W_zero_point i32 packed likewise,
    but down the rows; W_g_idx the group of each column (act-order).
W f8, W_scale u8
    MXFP8, likewise.
W i8 or f8, W_scale, perhaps W_zero_point
    int-quantized and float-quantized ("naive"): numbers as they are.

Scales are [rows, groups], [rows, 1] or [1], or of blocks. Values are rounded once
to the scale's type. Definitions: the library's compressors/ folder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import ml_dtypes
import numpy as np

import zq

from .checkpoint import Stored
from .errors import error
from .fp4 import exponents, mxfp4_tensor, nvfp4_tensor
from .integers import (
    SCALE_TYPES,
    check_scales,
    group_size,
    integer_tensor,
    order_of_groups,
    unpack_words,
)
from .source import Source

if TYPE_CHECKING:
    from zq import Tensor

E4M3, E5M2 = np.dtype(ml_dtypes.float8_e4m3fn), np.dtype(ml_dtypes.float8_e5m2)
BF16 = np.dtype(ml_dtypes.bfloat16)
#: Numbers that are stored as they are -> the format of `quantize`.
NAIVE = {np.dtype(np.int8): "si8", E4M3: "f8E4M3FN", E5M2: "f8E5M2"}
#: How exponents of two are stored.
EXPONENTS = (np.dtype(np.uint8), np.dtype(ml_dtypes.float8_e8m0fnu))
#: What belongs to a weight, after its name.
SIDES = ("packed", "scale", "global_scale", "zero_point", "shape", "g_idx")


def stored_tensors(source: Source, config: dict[str, Any]) -> Iterator[Stored]:
    """The weights that are stored beside factors of their own."""
    weights = _config_weights(config)
    for name in list(source.entries):
        weight = name.removesuffix(".bitmask")
        if weight != name and f"{weight}.compressed" in source.entries:
            raise error(source.path_of(name), "its sparse bitmask is not read yet", weight)
        if name.endswith("_packed"):
            weight = name.removesuffix("_packed")
        elif source.entries[name].dtype in NAIVE and f"{name}_scale" in source.entries:
            weight = name
        else:
            continue
        parts = {side: f"{weight}_{side}" for side in SIDES if f"{weight}_{side}" in source.entries}
        if name == weight:
            parts["weight"] = name
        elif len(parts) == 1:
            # Something else of that name.
            continue
        yield _Layer(source, weight, parts, weights).stored()


def _config_weights(config: dict[str, Any]) -> dict[str, Any]:
    """How the weights are quantized, where the configuration has one group. With
    several the shapes have to say it all."""
    groups = config.get("config_groups")
    if isinstance(groups, dict) and len(groups) == 1:
        (group,) = groups.values()
        if isinstance(group, dict) and isinstance(group.get("weights"), dict):
            return group["weights"]
    return {}


class _Layer:
    """One weight and its parts, before they are read."""

    def __init__(
        self, source: Source, name: str, parts: dict[str, str], weights: dict[str, Any]
    ) -> None:
        self.source, self.name, self.parts, self.weights = source, name, parts, weights
        self.path = source.path_of(parts.get("packed", name))

    def fail(self, message: str) -> zq.Error:
        return error(self.path, message, self.name)

    def entry(self, side: str, rank: int | None = 2):
        """The entry of a part that has to be there, with its rank."""
        if side not in self.parts:
            raise self.fail(f"'{self.name}_{side}' is missing")
        entry = self.source.entries[self.parts[side]]
        if (rank is not None and len(entry.shape) != rank) or 0 in entry.shape:
            raise self.fail(
                f"'{entry.name}' has the shape {entry.shape}, expected {rank} dimensions"
            )
        return entry

    def read(self, side: str) -> np.ndarray:
        return self.source.read(self.parts[side])

    def stored(self) -> Stored:
        read: Callable[[], Tensor]
        if "packed" not in self.parts:
            shape, dtype, kind, read = self.naive()
        elif self.entry("packed").dtype == np.uint8:
            shape, dtype, kind, read = self.floats()
        else:
            shape, dtype, kind, read = self.integers()
        names = tuple(self.parts.values())
        nbytes = sum(self.source.entries[part].nbytes for part in names)
        return Stored(self.name, shape, dtype, kind, nbytes, self.path, read, names)

    # NVFP4 and MXFP4 -------------------------------------------------------

    def floats(self):
        packed, scale = self.entry("packed").shape, self.entry("scale")
        shape = (packed[0], packed[1] * 2)
        for side in ("zero_point", "g_idx", "shape"):
            if side in self.parts:
                raise self.fail(f"a packed float has no '{side}'")
        block = 16 if "global_scale" in self.parts else 32
        wanted = (shape[0], -(-shape[1] // block))
        if scale.shape != wanted:
            raise self.fail(f"'{scale.name}' has the shape {scale.shape}, expected {wanted}")
        if block == 16:
            if scale.dtype != E4M3:
                raise self.fail(
                    f"'{scale.name}' has elements of type {scale.dtype}, expected F8_E4M3"
                )
            over = self.entry("global_scale", None)
            if over.dtype != np.float32 or over.shape not in ((), (1,), (1, 1)):
                raise self.fail(
                    f"'{over.name}' is {over.dtype} of shape {over.shape}, expected one f32"
                )

            def read() -> Tensor:
                over = self.read("global_scale").reshape(())
                return nvfp4_tensor(self.read("packed"), self.read("scale"), over, divides=True)

            return shape, BF16, "compressed-tensors NVFP4", read
        if scale.dtype not in EXPONENTS:
            raise self.fail(f"'{scale.name}' has elements of type {scale.dtype}, expected U8")

        def read_mx() -> Tensor:
            return mxfp4_tensor(self.read("packed"), self.read("scale"))

        return shape, BF16, "compressed-tensors MXFP4", read_mx

    # Packed integers -------------------------------------------------------

    def integers(self):
        packed, scale, shape_entry = (
            self.entry("packed"),
            self.entry("scale", None),
            self.entry("shape", 1),
        )
        if packed.dtype != np.dtype("<i4"):
            raise self.fail(
                f"'{packed.name}' has elements of type {packed.dtype}, expected U8 or I32"
            )
        if shape_entry.dtype.kind not in "iu" or shape_entry.shape != (2,):
            raise self.fail(f"'{shape_entry.name}' is no shape of a matrix")
        rows, columns = shape = tuple(int(n) for n in self.read("shape"))
        words = packed.shape[1]
        if rows != packed.shape[0] or columns < 1 or columns > 32 * words:
            raise self.fail(
                f"'{shape_entry.name}' says {shape}, '{packed.name}' has the shape {packed.shape}"
            )
        width = self.width(columns, words)
        group = self.group(scale.shape, shape)

        def read() -> Tensor:
            codes = unpack_words(self.read("packed"), width, columns)
            scales = self.scales(shape)
            zeros = order = None
            if "zero_point" in self.parts:
                zeros = self.packed_zeros(width, scales.shape)
            if "g_idx" in self.parts:
                g_idx = self.read("g_idx")
                # -1 stands for an order that was never set.
                if not (g_idx == -1).any():
                    order = order_of_groups(g_idx, columns, group)
                    if order is not None:
                        codes = codes[:, order]
            return integer_tensor(codes, width, scales, zeros, group, order)

        return shape, scale.dtype, f"compressed-tensors int{width}", read

    def width(self, columns: int, words: int) -> int:
        """The bits of a code, which rows of 32 or more tell."""
        widths = [w for w in range(1, 9) if -(-columns * w // 32) == words]
        said = self.weights.get("num_bits")
        if said in widths:
            return said
        if len(widths) != 1 or said is not None:
            raise self.fail(
                f"{words} words for {columns} codes do not fit {said or 'any number of'} bits"
            )
        return widths[0]

    def packed_zeros(self, width: int, shape: tuple[int, ...]) -> np.ndarray:
        """u8 zero points [rows, groups], as far above the numbers as codes are."""
        words = self.read("zero_point")
        wanted = (-(-shape[0] * width // 32), shape[1])
        if words.dtype != np.dtype("<i4") or words.shape != wanted:
            raise zq.Error(
                f"zero points are {words.dtype} of shape {words.shape}, expected int32 of {wanted}"
            )
        return np.ascontiguousarray(unpack_words(np.ascontiguousarray(words.T), width, shape[0]).T)

    # Numbers as they are ---------------------------------------------------

    def naive(self):
        weight = self.source.entries[self.parts["weight"]]
        if len(weight.shape) != 2 or 0 in weight.shape:
            raise self.fail(f"has the shape {weight.shape}, expected a matrix")
        scale = self.entry("scale", None)
        shape, number = weight.shape, NAIVE[weight.dtype]
        if scale.dtype in EXPONENTS and number != "si8":
            return self.mxfp8(shape, number)
        block = self.block(scale.shape, shape)
        for side in ("g_idx", "shape", "global_scale"):
            if side in self.parts:
                raise self.fail(f"numbers as they are have no '{side}'")

        def read() -> Tensor:
            scales = (
                self.scales(shape)
                if block == "tensor" or block.startswith("1x")
                else self.read("scale")
            )
            check_scales(scales, "scale")
            codes = self.read("weight").view(np.uint8)
            streams = {"scale": scales, "codes": codes}
            zero = ""
            if "zero_point" in self.parts:
                zeros = self.read("zero_point")
                if zeros.any():
                    if zeros.dtype != np.int8 or number != "si8" or zeros.size != scales.size:
                        raise zq.Error(
                            f"zero points are {zeros.dtype} of shape {zeros.shape}, expected "
                            f"int8 of {scales.shape} beside int8 numbers"
                        )
                    zero, streams["zero"] = ", zero", zeros.reshape(scales.shape)
            text = f"scale<{block}, {SCALE_TYPES[scales.dtype]}{zero}>, quantize<{number}>, pack"
            return zq.Tensor.from_streams(text, shape, streams, scales.dtype)

        return (
            shape,
            scale.dtype,
            f"{'int8' if number == 'si8' else number} with scales",
            read,
        )

    def mxfp8(self, shape: tuple[int, ...], number: str):
        scale = self.entry("scale")
        wanted = (shape[0], -(-shape[1] // 32))
        if scale.shape != wanted:
            raise self.fail(f"'{scale.name}' has the shape {scale.shape}, expected {wanted}")

        def read() -> Tensor:
            scales = exponents(self.read("scale"))
            codes = self.read("weight").view(np.uint8)
            text = f"scale<1x32, f8E8M0FNU, floor>, quantize<{number}>, pack"
            return zq.Tensor.from_streams(text, shape, {"scale": scales, "codes": codes}, BF16)

        return shape, BF16, "compressed-tensors MXFP8", read

    def block(self, scale: tuple[int, ...], shape: tuple[int, ...]) -> str:
        """The block of a scale, for weights whose scales have that shape."""
        structure = self.weights.get("block_structure")
        if (
            isinstance(structure, list)
            and len(structure) == 2
            and all(type(n) is int and n > 0 for n in structure)
            and scale == tuple(-(-n // b) for n, b in zip(shape, structure, strict=True))
        ):
            return f"{structure[0]}x{structure[1]}"
        if int(np.prod(scale)) == 1 and shape[0] != 1:
            return "tensor"
        if scale in ((shape[0],), (shape[0], 1)):
            return "1x?"
        if len(scale) == 2 and scale[0] == shape[0]:
            return f"1x{self.group(scale, shape)}"
        if len(scale) == 2 and all(n % s == 0 for n, s in zip(shape, scale, strict=True)):
            return f"{shape[0] // scale[0]}x{shape[1] // scale[1]}"
        raise self.fail(f"scales of shape {scale} do not fit a weight of {shape}")

    # Scales ----------------------------------------------------------------

    def group(self, scale: tuple[int, ...], shape: tuple[int, ...]) -> int:
        groups = scale[1] if len(scale) == 2 else 1
        try:
            return group_size(shape[1], groups, self.weights.get("group_size"))
        except zq.Error as problem:
            raise self.fail(str(problem)) from None

    def scales(self, shape: tuple[int, ...]) -> np.ndarray:
        """[rows, groups]; the one of a whole tensor serves each row."""
        scales = self.read("scale")
        if scales.size == 1:
            one = scales.reshape(1, 1)
            return (
                one
                if "packed" not in self.parts and shape[0] != 1
                else np.repeat(one, shape[0], axis=0)
            )
        return scales.reshape(-1, 1) if scales.ndim == 1 else scales
