"""PT2E's quantize and dequantize operations on what is no constant: arithmetic like any other."""

from __future__ import annotations

import torch

# The operations come with this import.
import torch.ao.quantization.fx._decomposed  # noqa: F401

from .. import types
from ..body import Body, Scalar
from ..emitter import Value
from ..registry import Context, Unsupported, converter

quantized = torch.ops.quantized_decomposed


def _dequantize(
    ctx: Context, x: Value, scale: Value | float, zero: Value | int | None, out: torch.dtype
) -> Value:
    if out != torch.float32:
        raise Unsupported(f"dequantizing to {out}")
    given = [value for value in (scale, zero) if isinstance(value, Value)]

    def emit(body: Body, code: Scalar, *scalars: Scalar) -> Scalar:
        rest = iter(scalars)
        s = next(rest) if isinstance(scale, Value) else body.constant(scale, torch.float32)
        if isinstance(scale, Value):
            s = body.convert(s, scale.dtype, torch.float32)
        code = body.convert(code, x.dtype, torch.int64)
        if isinstance(zero, Value):
            code = body.binary("sub", code, body.convert(next(rest), zero.dtype, torch.int64))
        elif zero:
            code = body.binary("sub", code, body.constant(zero, torch.int64))
        return body.binary("mul", body.convert(code, torch.int64, torch.float32), s)

    return ctx.emitter.elementwise([x, *given], torch.float32, emit, shape=ctx.shape)


def _quantize(
    ctx: Context,
    x: Value,
    scale: Value | float,
    zero: Value | int | None,
    low: int,
    high: int,
    dtype: torch.dtype,
) -> Value:
    if not types.is_supported(dtype) or dtype.is_floating_point or x.dtype != torch.float32:
        raise Unsupported(f"quantizing {x.dtype} to {dtype}")
    given = [value for value in (scale, zero) if isinstance(value, Value)]
    wide = torch.float32

    def emit(body: Body, a: Scalar, *scalars: Scalar) -> Scalar:
        rest = iter(scalars)
        s = body.convert(next(rest), scale.dtype, wide) if isinstance(scale, Value) else None
        inverse = (
            body.constant(1 / scale, wide)
            if s is None
            else body.op("arith.divf", body.constant(1, wide), s)
        )
        a = body.op("math.roundeven", body.binary("mul", a, inverse))
        if isinstance(zero, Value):
            a = body.binary("add", a, body.convert(next(rest), zero.dtype, wide))
        elif zero:
            a = body.binary("add", a, body.constant(zero, wide))
        a = body.maximum(a, body.constant(low, wide), wide)
        a = body.minimum(a, body.constant(high, wide), wide)
        return body.convert(a, wide, dtype)

    return ctx.emitter.elementwise([x, *given], dtype, emit, shape=ctx.shape)


@converter(quantized.dequantize_per_tensor.default, quantized.dequantize_per_tensor.tensor)
def dequantize_per_tensor(
    ctx: Context,
    x: Value,
    scale: Value | float,
    zero_point: Value | int,
    quant_min: int,
    quant_max: int,
    dtype: torch.dtype,
    out_dtype: torch.dtype | None = None,
) -> Value:
    return _dequantize(ctx, x, _single(ctx, scale), _single(ctx, zero_point), ctx.dtype)


@converter(quantized.quantize_per_tensor.default, quantized.quantize_per_tensor.tensor)
def quantize_per_tensor(
    ctx: Context,
    x: Value,
    scale: Value | float,
    zero_point: Value | int,
    quant_min: int,
    quant_max: int,
    dtype: torch.dtype,
) -> Value:
    return _quantize(
        ctx, x, _single(ctx, scale), _single(ctx, zero_point), quant_min, quant_max, dtype
    )


@converter(quantized.dequantize_per_channel.default)
def dequantize_per_channel(
    ctx: Context,
    x: Value,
    scales: Value,
    zero_points: Value | None,
    axis: int,
    quant_min: int,
    quant_max: int,
    dtype: torch.dtype,
    out_dtype: torch.dtype | None = None,
) -> Value:
    zero = None if zero_points is None else _channels(ctx, zero_points, axis, len(x.shape))
    return _dequantize(ctx, x, _channels(ctx, scales, axis, len(x.shape)), zero, ctx.dtype)


@converter(quantized.quantize_per_channel.default)
def quantize_per_channel(
    ctx: Context,
    x: Value,
    scales: Value,
    zero_points: Value,
    axis: int,
    quant_min: int,
    quant_max: int,
    dtype: torch.dtype,
) -> Value:
    rank = len(x.shape)
    return _quantize(
        ctx,
        x,
        _channels(ctx, scales, axis, rank),
        _channels(ctx, zero_points, axis, rank),
        quant_min,
        quant_max,
        dtype,
    )


def _single(ctx: Context, value: Value | float | int) -> Value | float | int:
    return ctx.emitter.reshape(value, ()) if isinstance(value, Value) else value


def _channels(ctx: Context, value: Value, axis: int, rank: int) -> Value:
    shape = [1] * rank
    shape[axis] = value.shape[0]
    return ctx.emitter.reshape(value, shape)
