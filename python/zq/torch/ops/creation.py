"""Tensors made of nothing: ranges, constants, triangles."""

from __future__ import annotations

import torch

from ..body import Body, Scalar
from ..emitter import Operand, Value
from ..registry import Context, Unsupported, converter

aten = torch.ops.aten
Number = float | int | bool


def _filled(ctx: Context, value: Number) -> Value:
    return ctx.emitter.full(ctx.shape, ctx.dtype, value)


@converter(aten.full.default, aten.full_like.default, aten.new_full.default)
def full(ctx: Context, *args: object, **options: object) -> Value:
    value = args[-1]
    if isinstance(value, Value):
        raise Unsupported("a tensor filled with what data decides")
    return _filled(ctx, value)


@converter(aten.scalar_tensor.default)
def scalar_tensor(ctx: Context, value: Number, **options: object) -> Value:
    return _filled(ctx, value)


@converter(aten.zeros.default, aten.zeros_like.default, aten.new_zeros.default)
def zeros(ctx: Context, *args: object, **options: object) -> Value:
    return _filled(ctx, 0)


@converter(aten.ones.default, aten.ones_like.default, aten.new_ones.default)
def ones(ctx: Context, *args: object, **options: object) -> Value:
    return _filled(ctx, 1)


@converter(
    aten.empty.memory_format,
    aten.empty_like.default,
    aten.new_empty.default,
    aten.empty_permuted.default,
)
def empty(ctx: Context, *args: object, **options: object) -> Value:
    return _filled(ctx, 0)


@converter(aten.fill.Scalar, aten.fill.Tensor)
def fill(ctx: Context, x: Value, value: Value | Number) -> Value:
    if isinstance(value, Value):
        return ctx.emitter.expand(ctx.emitter.convert(value, ctx.dtype), ctx.shape)
    return _filled(ctx, value)


def _range(ctx: Context, start: Number, step: Number) -> Value:
    dtype = ctx.dtype
    # PyTorch counts in the accumulation type, as start + step * i.
    wide = torch.float64 if dtype.is_floating_point else torch.int64

    def emit(body: Body) -> Scalar:
        i = body.from_index(body.index(0), wide)
        i = body.binary("mul", i, body.constant(step, wide))
        i = body.binary("add", i, body.constant(start, wide))
        return body.store(body.convert(i, wide, dtype), dtype)

    if not ctx.shape[0]:
        return _filled(ctx, 0)
    return ctx.emitter.loops(ctx.shape, [], [0], dtype, emit, keep_order=True)


@converter(aten.arange.default)
def arange(ctx: Context, end: Number, **options: object) -> Value:
    return _range(ctx, 0, 1)


@converter(aten.arange.start)
def arange_start(ctx: Context, start: Number, end: Number, **options: object) -> Value:
    return _range(ctx, start, 1)


@converter(aten.arange.start_step)
def arange_step(
    ctx: Context, start: Number, end: Number, step: Number = 1, **options: object
) -> Value:
    return _range(ctx, start, step)


@converter(torch.ops.prims.iota.default)
def iota(ctx: Context, length: int, *, start: int, step: int, **options: object) -> Value:
    return _range(ctx, start, step)


def _triangle(ctx: Context, x: Value, diagonal: int, predicate: str) -> Value:
    rank = len(x.shape)

    def emit(body: Body, a: Scalar) -> Scalar:
        row, column = (body.from_index(body.index(rank - 2 + i), torch.int64) for i in (0, 1))
        edge = body.binary("add", row, body.constant(diagonal, torch.int64))
        zero = body.store(body.constant(0, x.dtype), x.dtype)
        return body.select(body.compare(predicate, column, edge), a, zero)

    operand = Operand(x, tuple(range(rank)))
    return ctx.emitter.loops(x.shape, [operand], range(rank), x.dtype, emit, keep_order=True)


@converter(aten.triu.default)
def triu(ctx: Context, x: Value, diagonal: int = 0) -> Value:
    return _triangle(ctx, x, diagonal, "sge")


@converter(aten.tril.default)
def tril(ctx: Context, x: Value, diagonal: int = 0) -> Value:
    return _triangle(ctx, x, diagonal, "sle")
