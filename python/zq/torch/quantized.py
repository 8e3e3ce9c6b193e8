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
    #: One for each block, with the rank of the codes.
    scale: torch.Tensor
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


def import_weights(
    module: fx.GraphModule, held: dict[str, Any], remark: Callable[[str], None]
) -> dict[str, Weight]:
    """Replaces each dequantize operation whose operands are all constants by a placeholder of its
    own.

    `held` has the constants by the names of their placeholders. Returns the compressed tensors by
    the names of the new placeholders, which come after all others.
    """
    weights: dict[str, Weight] = {}
    made: dict[tuple, fx.Node] = {}
    for node in list(module.graph.nodes):
        read = _OPERATIONS.get(str(node.target)) if node.op == "call_function" else None
        if read is None or not all(_is_constant(n, held) for n in node.all_input_nodes):
            continue
        args = fx.map_arg(node.args, lambda n: _value(n, held))
        kwargs = fx.map_arg(node.kwargs, lambda n: _value(n, held))
        label = _label(node)
        key = (node.target, repr(node.args), repr(node.kwargs))
        placeholder = made.get(key)
        if placeholder is None:
            expected = node.target(*args, **kwargs)
            try:
                tensor = _compress(read(*args, **kwargs), expected)
            except Error as error:
                remark(f"{label}: is dequantized at each call: {str(error).splitlines()[0]}")
                continue
            last = list(module.graph.find_nodes(op="placeholder"))[-1]
            with module.graph.inserting_after(last):
                placeholder = module.graph.placeholder(f"zq_weight_{len(weights)}")
            placeholder.meta = {"val": node.meta["val"]}
            made[key] = placeholder
            stored = tuple(tensor.shape)
            weights[placeholder.name] = Weight(label, stored, None, tensor)
        node.replace_all_uses_with(placeholder)
        module.graph.erase_node(node)
    if weights:
        module.graph.eliminate_dead_code()
        module.recompile()
    return weights


def _is_constant(node: fx.Node, held: dict[str, Any]) -> bool:
    if node.op == "placeholder":
        return node.name in held
    # A cast, a view or a slice of a constant is one.
    return (
        node.op == "call_function"
        and not node.is_impure()
        and bool(node.all_input_nodes)
        and all(_is_constant(n, held) for n in node.all_input_nodes)
    )


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
    scale_type = {torch.float32: "f32", torch.float16: "f16", torch.bfloat16: "bf16"}.get(
        q.scale.dtype
    )
    if scale_type is None:
        raise Error(f"its scales are {q.scale.dtype}")
    wanted = _array(expected)
    problem = "its codes have more than 8 bits"
    for bits, signed in kinds:
        if codes.shape[-1] % (8 // bits):
            continue
        text = (
            f"scale<{block}, {scale_type}{', zero' if zero is not None else ''}>, "
            f"quantize<{'s' if signed else 'u'}i{bits}>, pack"
        )
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
    scale: torch.Tensor,
    zero: torch.Tensor | None,
    dtype: np.dtype,
) -> Tensor:
    codec = to_codec(text)
    types = Tensor.stream_types(codec, shape, dtype)
    packed = _packed(codes, bits)
    streams: dict[str, np.ndarray] = {}
    for name, (size, kind) in types.items():
        source: Sequence[Any] | np.ndarray
        if name == "scale":
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
