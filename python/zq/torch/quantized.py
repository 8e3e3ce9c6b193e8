"""Weights that a model has quantized already: dequantize operations on constants become compressed
tensors.

The integers, scales and zero points stay what they are: they become the streams of a codec that
says the same, and the values that it decodes are compared, bit by bit, with those of PyTorch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import fx

from ..codecs import codec as to_codec
from ..errors import Error
from ..tensor import Tensor
from .segment import Weight


@dataclass
class _Quantized:
    """Integers in blocks, each with a scale and perhaps a zero point."""

    codes: torch.Tensor
    block: tuple[int, ...]
    #: One for each block, with the rank of the codes; None for the codes themselves.
    scale: torch.Tensor | None
    zero: torch.Tensor | None
    low: int
    high: int


def _number(value: Any, count: int) -> torch.Tensor:
    return torch.as_tensor(value).reshape((1,) * count)


def _per_tensor(x, scale, zero_point, quant_min, quant_max, *more, **options) -> _Quantized:
    low, high = int(quant_min), int(quant_max)
    scale = _number(scale, x.dim()).to(torch.float32)
    return _Quantized(x, tuple(x.shape), scale, _number(zero_point, x.dim()), low, high)


def _per_channel(
    x, scales, zero_points, axis, quant_min, quant_max, *more, **options
) -> _Quantized:
    shape = [1] * x.dim()
    shape[axis] = x.shape[axis]
    block = list(x.shape)
    block[axis] = 1
    zero = None if zero_points is None else zero_points.reshape(shape)
    return _Quantized(x, tuple(block), scales.reshape(shape), zero, quant_min, quant_max)


def _per_channel_group(
    x, scales, zero_points, quant_min, quant_max, dtype, group_size, *more
) -> _Quantized:
    return _Quantized(x, (1, group_size), scales, zero_points, quant_min, quant_max)


def _affine(
    x,
    block_size,
    scale,
    zero_point,
    input_dtype=None,
    quant_min=None,
    quant_max=None,
    *more,
    **options,
):
    shape = [size // block for size, block in zip(x.shape, block_size, strict=False)]
    limits = torch.iinfo(x.dtype)
    low = limits.min if quant_min is None else int(quant_min)
    high = limits.max if quant_max is None else int(quant_max)
    zero = None if zero_point is None else zero_point.reshape(shape)
    return _Quantized(x, tuple(block_size), scale.reshape(shape), zero, low, high)


#: By the name of the operation: PT2E's and torchao's may not be there to be asked for.
_OPERATIONS: dict[str, Callable[..., _Quantized]] = {
    "quantized_decomposed.dequantize_per_tensor.default": _per_tensor,
    "quantized_decomposed.dequantize_per_tensor.tensor": _per_tensor,
    "quantized_decomposed.dequantize_per_tensor.tensor2": _per_tensor,
    "quantized_decomposed.dequantize_per_channel.default": _per_channel,
    "quantized_decomposed.dequantize_per_channel_group.default": _per_channel_group,
    "torchao.dequantize_affine.default": _affine,
    "quant.dequantize_affine.default": _affine,
}


_aten = torch.ops.aten
_VIEWS = {_aten.view.default, _aten.reshape.default, _aten._unsafe_view.default}
_TRANSPOSES = {_aten.t.default, _aten.transpose.int, _aten.permute.default}


def _strip_views(node: Any) -> Any:
    while isinstance(node, fx.Node) and node.target in _VIEWS:
        node = node.args[0]
    return node


def _is_integer(node: Any) -> bool:
    return isinstance(node, fx.Node) and node.meta["val"].dtype in (torch.int8, torch.uint8)


def _is_cast_of_integers(node: Any) -> bool:
    return (
        isinstance(node, fx.Node)
        and node.target is _aten._to_copy.default
        and _is_integer(node.args[0])
        and node.meta["val"].dtype.is_floating_point
    )


def _read_arithmetic(node: fx.Node, held: dict[str, Any]) -> _Quantized | None:
    """What (codes - zero) * scale is of, as tensor subclasses write it when they are exported.

    The codes may be looked at in groups, [n, k / g, g], of which each has a scale.
    """
    product = _strip_views(node)
    if not isinstance(product, fx.Node) or product.target is not _aten.mul.Tensor:
        return None
    inner, scale = product.args
    zero = None
    if isinstance(inner, fx.Node) and inner.target is _aten.sub.Tensor and not inner.kwargs:
        inner, zero = inner.args
    inner = _strip_views(inner)
    if not _is_cast_of_integers(inner) or not isinstance(scale, fx.Node):
        return None
    codes = _value(inner.args[0], held)
    scales = _value(scale, held)
    shape = tuple(node.meta["val"].shape)
    grouped = tuple(product.meta["val"].shape)
    if len(shape) != 2 or scales.dim() not in (0, len(grouped)):
        return None
    if scales.dim() == 0:
        scales = scales.reshape((1,) * len(grouped))
    zeros = None if zero is None else torch.as_tensor(_value(zero, held))
    if zeros is not None:
        zeros = zeros.expand(scales.shape) if zeros.dim() == 0 else zeros
        if zeros.shape != scales.shape:
            return None
    if grouped == shape:
        block = tuple(
            1 if count == size else size for size, count in zip(shape, scales.shape, strict=True)
        )
    elif len(grouped) == 3 and grouped[0] == shape[0] and scales.shape == (*grouped[:2], 1):
        block = (1, grouped[2])
        scales, zeros = scales.squeeze(2), None if zeros is None else zeros.squeeze(2)
    else:
        return None
    limits = torch.iinfo(codes.dtype)
    codes = codes.reshape(shape)
    # No wider than what is there: four bits that are kept as eight are stored as four.
    low, high = int(codes.min()), int(codes.max())
    return _Quantized(codes, block, scales, zeros, max(low, limits.min), min(high, limits.max))


def import_weights(
    module: fx.GraphModule, held: dict[str, Any], remark: Callable[[str], None]
) -> dict[str, Weight]:
    """Replaces what dequantizes constants by a placeholder of its own: operations of PT2E and
    torchao, arithmetic on integers as tensor subclasses have it, and casts of matrices of bytes.

    `held` has the constants by the names of their placeholders. Returns the compressed tensors by
    the names of the new placeholders, which come after all others.
    """
    importer = _Importer(module, held, remark)
    for node in list(module.graph.nodes):
        if node.op == "call_function" and node in importer.constants:
            importer.visit(node)
    if importer.weights:
        module.graph.eliminate_dead_code()
        module.recompile()
    return importer.weights


class _Importer:
    def __init__(
        self, module: fx.GraphModule, held: dict[str, Any], remark: Callable[[str], None]
    ) -> None:
        self.graph = module.graph
        self.held = held
        self.remark = remark
        self.weights: dict[str, Weight] = {}
        self.made: dict[tuple, fx.Node] = {}
        #: Nodes whose values depend on constants only.
        self.constants: set[fx.Node] = set()
        for node in module.graph.nodes:
            if node.op == "placeholder":
                if node.name in held:
                    self.constants.add(node)
            elif node.op == "call_function" and node.all_input_nodes and not node.is_impure():
                if self.constants.issuperset(node.all_input_nodes):
                    self.constants.add(node)

    def visit(self, node: fx.Node) -> None:
        """Imports a node of constants if it dequantizes."""
        read = _OPERATIONS.get(str(node.target))
        if read is not None:
            args = fx.map_arg(node.args, lambda n: _value(n, self.held))
            kwargs = fx.map_arg(node.kwargs, lambda n: _value(n, self.held))
            self.replace(node, read(*args, **kwargs))
            return
        # Arithmetic is looked at from its end, where what is no constant reads it.
        if self.constants.issuperset(node.users):
            return
        if _is_cast_of_integers(node):
            self.visit_cast(node)
            return
        quantized = _read_arithmetic(node, self.held)
        if quantized is not None:
            self.replace(node, quantized)

    def visit_cast(self, node: fx.Node) -> None:
        """Integers that are multiplied as they are, and scaled after."""
        source = node.args[0]
        transpose = source if source.target in _TRANSPOSES else None
        codes = _value(transpose.args[0] if transpose is not None else source, self.held)
        if codes.dim() != 2:
            return
        low, high = int(codes.min()), int(codes.max())
        quantized = _Quantized(codes, tuple(codes.shape), None, None, low, high)
        self.replace(node, quantized, transpose)

    def replace(
        self, node: fx.Node, quantized: _Quantized, transpose: fx.Node | None = None
    ) -> None:
        """Puts a placeholder, or a transpose of one, in the place of a node."""
        label = _label(node)
        key = (str(node.target), repr(node.args), repr(node.kwargs))
        placeholder = self.made.get(key)
        if placeholder is None:
            expected = _value(node, self.held)
            value = node.meta["val"]
            if transpose is not None:
                expected = quantized.codes.to(expected.dtype)
                value = value.new_empty(quantized.codes.shape)
            try:
                tensor = _compress(quantized, expected)
            except Error as error:
                self.remark(f"{label}: is dequantized at each call: {str(error).splitlines()[0]}")
                return
            last = list(self.graph.find_nodes(op="placeholder"))[-1]
            with self.graph.inserting_after(last):
                placeholder = self.graph.placeholder(f"zq_weight_{len(self.weights)}")
            placeholder.meta = {"val": value}
            self.made[key] = placeholder
            self.weights[placeholder.name] = Weight(label, tuple(tensor.shape), None, tensor)
        new = placeholder
        if transpose is not None:
            with self.graph.inserting_before(node):
                new = self.graph.call_function(
                    transpose.target, (placeholder, *transpose.args[1:]), dict(transpose.kwargs)
                )
            new.meta = dict(node.meta)
        node.replace_all_uses_with(new)
        self.graph.erase_node(node)


def _value(node: fx.Node, held: dict[str, Any]) -> Any:
    if node.op == "placeholder":
        return held[node.name]
    args = fx.map_arg(node.args, lambda n: _value(n, held))
    kwargs = fx.map_arg(node.kwargs, lambda n: _value(n, held))
    return node.target(*args, **kwargs)


def _label(node: fx.Node) -> str:
    """The name of the parameter, as far as it is known: that of the operand, without what
    quantization calls it."""
    source = node.all_input_nodes[0]
    while source.op != "placeholder" and source.all_input_nodes:
        source = source.all_input_nodes[0]
    from .convert import place_of

    users = [place_of(user) for user in node.users if place_of(user)]
    return f"{users[0]}.weight" if users else source.name


_SCALES = {torch.float32: "f32", torch.float16: "f16", torch.bfloat16: "bf16"}


def _compress(quantized: _Quantized, expected: torch.Tensor) -> Tensor:
    """The compressed tensor that decodes to `expected`. Raises `zq.Error` where there is none."""
    q = quantized
    codes = q.codes.to(torch.int64)
    if codes.dim() < 2:
        raise Error(f"a tensor of shape {list(codes.shape)} is no matrix")
    zero = None if q.zero is None or not bool((q.zero != 0).any()) else q.zero
    if zero is not None and not bool((zero == zero.round()).all()):
        raise Error("its zero points are no integers")
    low, high = int(codes.min()), int(codes.max())
    if zero is not None:
        low, high = min(low, int(zero.min())), max(high, int(zero.max()))
    low, high = min(low, q.low), max(high, q.high)
    if zero is not None and low >= 0 and high > 127:
        # Zero points are signed bytes; differences stay what they are.
        codes, zero, low, high = codes - 128, zero.to(torch.int64) - 128, low - 128, high - 128
    block = "x".join(
        "?" if size == whole else str(size)
        for size, whole in zip(q.block, codes.shape, strict=False)
    )
    if all(size == whole for size, whole in zip(q.block, codes.shape, strict=False)):
        block = "tensor"
    kinds = [
        (bits, signed)
        for bits in (2, 4, 8)
        for signed in (True, False)
        if (-(1 << bits - 1) if signed else 0) <= low
        and high < (1 << bits - 1 if signed else 1 << bits)
    ]
    scaling = ""
    if q.scale is not None:
        if q.scale.dtype not in _SCALES:
            raise Error(f"its scales are {q.scale.dtype}")
        offset = ", zero" if zero is not None else ""
        scaling = f"scale<{block}, {_SCALES[q.scale.dtype]}{offset}>, "
    wanted = _array(expected)
    problem = "its codes have more than 8 bits"
    for bits, signed in kinds:
        if codes.shape[-1] % (8 // bits):
            continue
        text = f"{scaling}quantize<{'s' if signed else 'u'}i{bits}>, pack"
        try:
            tensor = _from_streams(
                text, tuple(codes.shape), codes, bits, q.scale, zero, wanted.dtype
            )
        except Error as error:
            problem = str(error)
            continue
        if np.array_equal(tensor.decode().view(np.uint8), wanted.view(np.uint8)):
            return tensor
        problem = "no codec decodes to the same bits"
    raise Error(problem)


def _array(tensor: torch.Tensor) -> np.ndarray:
    from .. import arrays

    return np.ascontiguousarray(arrays.to_numpy(tensor.contiguous()))


def _from_streams(
    text: str,
    shape: tuple[int, ...],
    codes: torch.Tensor,
    bits: int,
    scale: torch.Tensor | None,
    zero: torch.Tensor | None,
    dtype: np.dtype,
) -> Tensor:
    codec = to_codec(text)
    types = Tensor.stream_types(codec, shape, dtype)
    packed = _packed(codes, bits)
    streams: dict[str, np.ndarray] = {}
    for name, (size, kind) in types.items():
        source: Sequence[Any] | np.ndarray
        if name == "scale" and scale is not None:
            source = _array(scale)
        elif name == "codes":
            source = packed
        elif name == "zero" and zero is not None:
            source = _array(zero.to(torch.int64))
        else:
            raise Error(f"the codec has a stream {name}")
        if -1 in size or np.prod(size) != source.size:
            raise Error(f"stream {name} has the shape {size}, and there are {source.size} values")
        array = source.reshape(size)
        streams[name] = array if array.dtype == kind else array.astype(kind)
    return Tensor.from_streams(codec, shape, streams, dtype)


def _packed(codes: torch.Tensor, bits: int) -> np.ndarray:
    """Codes as bytes, the first in the lowest bits."""
    values = codes.numpy() & ((1 << bits) - 1)
    count = 8 // bits
    groups = values.reshape(*values.shape[:-1], values.shape[-1] // count, count)
    shifts = np.arange(count) * bits
    return (groups << shifts).sum(-1).astype(np.uint8)
