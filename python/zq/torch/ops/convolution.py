"""Convolutions, as upstream's named operations have them."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from .. import types
from ..emitter import Value
from ..registry import Context, Unsupported, converter
from . import shapes
from .products import linear_of

aten = torch.ops.aten


def _tensor(shape: Sequence[int], dtype: torch.dtype) -> str:
    return f"tensor<{''.join(f'{size}x' for size in shape)}{types.storage(dtype)}>"


def _spread(values: Sequence[int] | int, count: int) -> list[int]:
    values = [values] if isinstance(values, int) else list(values)
    return values * count if len(values) == 1 else values


def convolve(
    ctx: Context,
    x: Value,
    weight: Value,
    bias: Value | None,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    groups: int,
) -> Value:
    """x [n, c, ...], weight [f, c / groups, ...]; one or two dimensions of pixels."""
    e = ctx.emitter
    count = len(weight.shape) - 2
    if count not in (1, 2):
        raise Unsupported(f"a convolution over {count} dimensions")
    if groups != 1:
        raise Unsupported("a convolution of groups of channels")
    if x.dtype != weight.dtype or not x.dtype.is_floating_point:
        raise Unsupported(f"a convolution of {x.dtype} with {weight.dtype}")
    if 0 in ctx.shape or 0 in x.shape:
        raise Unsupported("a convolution of no elements")
    batched = len(x.shape) == count + 2
    if not batched:
        x = e.reshape(x, (1, *x.shape))
    stride, padding, dilation = (_spread(v, count) for v in (stride, padding, dilation))
    shape = ctx.shape if batched else (1, *ctx.shape)
    if count == 2 and stride == list(weight.shape[2:]) and dilation == [1, 1] and not any(padding):
        return e.reshape(_embed_patches(ctx, x, weight, bias, shape), ctx.shape)
    if any(padding):
        padded = [
            *x.shape[:2],
            *(size + 2 * pad for size, pad in zip(x.shape[2:], padding, strict=False)),
        ]
        meta = torch.empty(padded, dtype=x.dtype, device="meta")
        pads = [pad for size in reversed(padding) for pad in (size, size)]
        x = shapes.constant_pad_nd(Context(e, meta, ctx.checks), x, pads, 0)
    wide = torch.float32 if x.dtype in (torch.float16, torch.bfloat16) else x.dtype
    x, weight = e.materialize(x), e.materialize(weight)
    name = "linalg.conv_2d_nchw_fchw" if count == 2 else "linalg.conv_1d_ncw_fcw"
    result = _tensor(shape, wide)
    text = (
        f"{name} {{strides = dense<{stride}> : tensor<{count}xi64>, "
        f"dilations = dense<{dilation}> : tensor<{count}xi64>}} "
        f"ins({e.reshaped(x, x.shape)}, {e.reshaped(weight, weight.shape)} : "
        f"{_tensor(x.shape, x.dtype)}, {_tensor(weight.shape, weight.dtype)}) "
        f"outs({e.filled(shape, wide, 0)} : {result}) -> {result}"
    )
    y = Value(e._add(text), shape, wide, shape, tuple(range(len(shape))), shape)
    if bias is not None:
        spread = e.reshape(bias, (1, *bias.shape, *(1,) * count))
        y = e.elementwise(
            [y, spread],
            ctx.dtype,
            lambda body, a, b: body.binary("add", a, body.convert(b, bias.dtype, wide)),
        )
    return e.reshape(e.convert(y, ctx.dtype), ctx.shape)


def _embed_patches(
    ctx: Context, x: Value, weight: Value, bias: Value | None, shape: Sequence[int]
) -> Value:
    """Patches that do not overlap: a linear layer of each, with the filters as rows."""
    e = ctx.emitter
    n, f, rows, columns = shape
    _, c, p, q = weight.shape
    x = e.slice(e.slice(x, 2, 0, rows * p), 3, 0, columns * q)
    patches = e.permute(e.reshape(x, (n, c, rows, p, columns, q)), (0, 2, 4, 1, 3, 5))
    patches = e.reshape(patches, (n * rows * columns, c * p * q))
    y = linear_of(ctx, patches, e.reshape(weight, (f, c * p * q)), bias)
    return e.permute(e.reshape(y, (n, rows, columns, f)), (0, 3, 1, 2))


@converter(aten.conv2d.default, aten.conv1d.default)
def conv(
    ctx: Context,
    x: Value,
    weight: Value,
    bias: Value | None = None,
    stride: Sequence[int] = (1,),
    padding: Sequence[int] = (0,),
    dilation: Sequence[int] = (1,),
    groups: int = 1,
) -> Value:
    return convolve(ctx, x, weight, bias, stride, padding, dilation, groups)


@converter(aten.convolution.default)
def convolution(
    ctx: Context,
    x: Value,
    weight: Value,
    bias: Value | None,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    transposed: bool,
    output_padding: Sequence[int],
    groups: int,
) -> Value:
    if transposed:
        raise Unsupported("a transposed convolution")
    return convolve(ctx, x, weight, bias, stride, padding, dilation, groups)
