"""Sums, means, largest and smallest elements, running sums."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from .. import types
from ..body import Body, Scalar
from ..emitter import Emitter, Operand, Value
from ..registry import Context, Unsupported, converter

aten = torch.ops.aten


def accumulator(dtype: torch.dtype) -> torch.dtype:
    """The dtype that PyTorch adds elements of `dtype` up in."""
    return torch.float32 if dtype in (torch.float16, torch.bfloat16) else dtype


def normalized(dims: Sequence[int] | int | None, rank: int) -> list[int]:
    """Dimensions as numbers from 0; none or an empty list are all."""
    if isinstance(dims, int):
        dims = [dims]
    return sorted({dim % rank if rank else 0 for dim in dims}) if dims else list(range(rank))


def sum_over(emitter: Emitter, value: Value, dims: Sequence[int], dtype: torch.dtype) -> Value:
    """The sum along `dims`, which stay as dimensions of one element, in `dtype`, an accumulator."""
    return emitter.reduce(
        [value], dims, dtype, 0, lambda body, x, total: body.binary("add", total, x)
    )


def largest_over(emitter: Emitter, value: Value, dims: Sequence[int]) -> Value:
    """The largest along `dims`, which stay as dimensions of one element, in value's accumulator."""
    dtype = accumulator(value.dtype)
    return emitter.reduce(
        [value],
        dims,
        dtype,
        types.lowest(dtype),
        lambda body, x, most: body.maximum(most, x, dtype),
    )


def _finish(ctx: Context, value: Value) -> Value:
    return ctx.emitter.reshape(ctx.emitter.convert(value, ctx.dtype), ctx.shape)


def _count(value: Value, dims: Sequence[int]) -> int:
    return math.prod(value.shape[dim] for dim in dims)


@converter(aten.sum.dim_IntList, aten.sum.default)
def sum(  # noqa: A001
    ctx: Context,
    x: Value,
    dim: Sequence[int] | None = None,
    keepdim: bool = False,
    dtype: torch.dtype | None = None,
) -> Value:
    return _finish(
        ctx, sum_over(ctx.emitter, x, normalized(dim, len(x.shape)), accumulator(ctx.dtype))
    )


@converter(aten.mean.dim, aten.mean.default)
def mean(
    ctx: Context,
    x: Value,
    dim: Sequence[int] | None = None,
    keepdim: bool = False,
    dtype: torch.dtype | None = None,
) -> Value:
    dims = normalized(dim, len(x.shape))
    wide = accumulator(ctx.dtype)
    total = sum_over(ctx.emitter, x, dims, wide)
    return ctx.emitter.reshape(divided(ctx.emitter, total, _count(x, dims), ctx.dtype), ctx.shape)


def divided(emitter: Emitter, value: Value, count: float, dtype: torch.dtype) -> Value:
    """`value` / `count`, rounded to `dtype`."""

    def emit(body: Body, x: Scalar) -> Scalar:
        return body.convert(
            body.op("arith.divf", x, body.constant(count, value.dtype)), value.dtype, dtype
        )

    return emitter.elementwise([value], dtype, emit)


def squares_over(
    emitter: Emitter, value: Value, mean: Value, dims: Sequence[int], dtype: torch.dtype
) -> Value:
    """The sum along `dims` of the squares of what differs from the mean."""

    def emit(body: Body, x: Scalar, m: Scalar, total: Scalar) -> Scalar:
        difference = body.binary("sub", x, m)
        return body.binary("add", total, body.binary("mul", difference, difference))

    return emitter.reduce([value, mean], dims, dtype, 0, emit)


def _variance(ctx: Context, x: Value, dims: list[int], correction: float) -> tuple[Value, Value]:
    wide = accumulator(x.dtype)
    count = _count(x, dims)
    mean = divided(ctx.emitter, sum_over(ctx.emitter, x, dims, wide), count, wide)
    squares = squares_over(ctx.emitter, x, mean, dims, wide)
    return divided(ctx.emitter, squares, max(count - correction, 0), wide), mean


@converter(aten.var.correction, aten.var.dim)
def var(
    ctx: Context,
    x: Value,
    dim: Sequence[int] | None = None,
    unbiased: bool = True,
    keepdim: bool = False,
    correction: float | None = None,
) -> Value:
    correction = (1 if unbiased else 0) if correction is None else correction
    return _finish(ctx, _variance(ctx, x, normalized(dim, len(x.shape)), correction)[0])


@converter(aten.var_mean.correction)
def var_mean(
    ctx: Context,
    x: Value,
    dim: Sequence[int] | None = None,
    correction: float | None = None,
    keepdim: bool = False,
) -> tuple[Value, Value]:
    values = _variance(
        ctx, x, normalized(dim, len(x.shape)), 1 if correction is None else correction
    )
    return _finish(ctx, values[0]), _finish(ctx, values[1])


def _check_not_empty(x: Value, dims: Sequence[int]) -> None:
    if not _count(x, dims):
        raise Unsupported("the largest or smallest of no elements")


def smallest_over(emitter: Emitter, value: Value, dims: Sequence[int], dtype: torch.dtype) -> Value:
    return emitter.reduce(
        [value],
        dims,
        dtype,
        types.highest(dtype),
        lambda body, x, least: body.minimum(least, x, dtype),
    )


def _extreme(ctx: Context, x: Value, dims: list[int], largest: bool) -> Value:
    """Kept dimensions; in a dtype that reductions have."""
    _check_not_empty(x, dims)
    if x.dtype == torch.bool:
        # Bytes have an accumulator in memory that single bits have not.
        x = ctx.emitter.convert(x, torch.uint8)
    if largest:
        return largest_over(ctx.emitter, x, dims)
    return smallest_over(ctx.emitter, x, dims, accumulator(x.dtype))


@converter(aten.amax.default)
def amax(ctx: Context, x: Value, dim: Sequence[int] = (), keepdim: bool = False) -> Value:
    return _finish(ctx, _extreme(ctx, x, normalized(dim, len(x.shape)), True))


@converter(aten.amin.default)
def amin(ctx: Context, x: Value, dim: Sequence[int] = (), keepdim: bool = False) -> Value:
    return _finish(ctx, _extreme(ctx, x, normalized(dim, len(x.shape)), False))


@converter(aten.max.default)
def max_all(ctx: Context, x: Value) -> Value:
    return _finish(ctx, _extreme(ctx, x, normalized(None, len(x.shape)), True))


@converter(aten.min.default)
def min_all(ctx: Context, x: Value) -> Value:
    return _finish(ctx, _extreme(ctx, x, normalized(None, len(x.shape)), False))


@converter(aten.any.default, aten.any.dim, aten.any.dims)
def any_of(
    ctx: Context, x: Value, dim: Sequence[int] | int | None = None, keepdim: bool = False
) -> Value:
    return _logical(ctx, x, dim, 0, "arith.ori")


@converter(aten.all.default, aten.all.dim, aten.all.dims)
def all_of(
    ctx: Context, x: Value, dim: Sequence[int] | int | None = None, keepdim: bool = False
) -> Value:
    return _logical(ctx, x, dim, 1, "arith.andi")


def _logical(ctx: Context, x: Value, dim: Sequence[int] | int | None, init: int, op: str) -> Value:
    e = ctx.emitter
    truth = e.convert(e.convert(x, torch.bool), torch.uint8)
    dims = normalized(dim, len(x.shape))
    return _finish(
        ctx,
        e.reduce([truth], dims, torch.uint8, init, lambda body, a, total: body.op(op, total, a)),
    )


def index_of_extreme(ctx: Context, x: Value, dim: int, extreme: Value) -> Value:
    """The first place along `dim` of what equals `extreme`, or of NaN where that is NaN. Keeps the
    dimension."""
    e = ctx.emitter
    last = max(x.shape[dim] - 1, 0)
    compute = accumulator(x.dtype)

    def place(body: Body, a: Scalar, m: Scalar) -> Scalar:
        a = body.load(a, x.dtype)
        if x.dtype.is_floating_point:
            found = body.op("arith.ori", body.compare("oeq", a, m), body.compare("uno", a, a))
        else:
            found = body.compare("eq", a, m)
        index = body.cast("arith.index_cast", body.index(dim), "i64")
        return body.select(found, index, body.constant(last, torch.int64))

    operands = [
        Operand(value, tuple(range(len(x.shape)))) for value in (x, e.expand(extreme, x.shape))
    ]
    assert extreme.dtype == compute
    places = e.loops(x.shape, operands, range(len(x.shape)), torch.int64, place, keep_order=True)
    return smallest_over(e, places, [dim], torch.int64)


def _arg(ctx: Context, x: Value, dim: int | None, largest: bool) -> Value:
    e = ctx.emitter
    if dim is None or not x.shape:
        x = e.reshape(x, (math.prod(x.shape),))
        dim = 0
    dim %= len(x.shape)
    if x.dtype == torch.bool:
        x = e.convert(x, torch.uint8)
    return _finish(ctx, index_of_extreme(ctx, x, dim, _extreme(ctx, x, [dim], largest)))


@converter(aten.argmax.default)
def argmax(ctx: Context, x: Value, dim: int | None = None, keepdim: bool = False) -> Value:
    return _arg(ctx, x, dim, True)


@converter(aten.argmin.default)
def argmin(ctx: Context, x: Value, dim: int | None = None, keepdim: bool = False) -> Value:
    return _arg(ctx, x, dim, False)


def _extreme_and_place(ctx: Context, x: Value, dim: int, largest: bool) -> tuple[Value, Value]:
    e = ctx.emitter
    if not x.shape:
        return x, e.full((), torch.int64, 0)
    if x.dtype == torch.bool:
        x = e.convert(x, torch.uint8)
    dim %= len(x.shape)
    extreme = _extreme(ctx, x, [dim], largest)
    place = index_of_extreme(ctx, x, dim, extreme)
    return _finish(ctx, extreme), e.reshape(place, ctx.shape)


@converter(aten.max.dim)
def max_dim(ctx: Context, x: Value, dim: int, keepdim: bool = False) -> tuple[Value, Value]:
    return _extreme_and_place(ctx, x, dim, True)


@converter(aten.min.dim)
def min_dim(ctx: Context, x: Value, dim: int, keepdim: bool = False) -> tuple[Value, Value]:
    return _extreme_and_place(ctx, x, dim, False)


@converter(aten.prod.default, aten.prod.dim_int)
def prod(
    ctx: Context,
    x: Value,
    dim: int | None = None,
    keepdim: bool = False,
    dtype: torch.dtype | None = None,
) -> Value:
    dims = normalized(dim, len(x.shape))
    wide = accumulator(ctx.dtype)
    value = ctx.emitter.reduce(
        [x], dims, wide, 1, lambda body, a, total: body.binary("mul", total, a)
    )
    return _finish(ctx, value)


@converter(aten.linalg_vector_norm.default)
def vector_norm(
    ctx: Context,
    x: Value,
    ord: float = 2,  # noqa: A002
    dim: Sequence[int] | None = None,
    keepdim: bool = False,
    dtype: torch.dtype | None = None,
) -> Value:
    e = ctx.emitter
    dims = normalized(dim, len(x.shape))
    wide = accumulator(ctx.dtype)
    x = e.elementwise([x], wide, lambda body, a: body.op("math.absf", a), compute=wide)
    if ord in (math.inf, -math.inf):
        return _finish(ctx, _extreme(ctx, x, dims, ord > 0))
    if ord == 1:
        return _finish(ctx, sum_over(e, x, dims, wide))
    if ord != 2:
        raise Unsupported(f"a norm of order {ord}")
    total = e.reduce(
        [x], dims, wide, 0, lambda body, a, t: body.binary("add", t, body.binary("mul", a, a))
    )
    return _finish(ctx, e.elementwise([total], wide, lambda body, t: body.op("math.sqrt", t)))


@converter(aten.cumsum.default)
def cumsum(ctx: Context, x: Value, dim: int, dtype: torch.dtype | None = None) -> Value:
    e = ctx.emitter
    if not x.shape:
        return e.convert(x, ctx.dtype)
    dim %= len(x.shape)
    size = x.shape[dim]
    # A sum over a triangle: more additions than a scan, but no loop that carries a tensor.
    if size > 4096:
        raise Unsupported(f"a running sum of {size} elements, more than 4096")
    wide = accumulator(ctx.dtype)
    rank = len(x.shape)
    # The last loop reads; loop `dim` writes. Their indices are tensors, since a reduction that is
    # cut into pieces does not know its own.
    places = e.loops(
        [size],
        [],
        [0],
        torch.int64,
        lambda body: body.from_index(body.index(0), torch.int64),
        keep_order=True,
    )
    reads = tuple(rank if i == dim else i for i in range(rank))

    def emit(body: Body, a: Scalar, read: Scalar, written: Scalar, total: Scalar) -> Scalar:
        seen = body.compare("sle", read, written)
        return body.binary("add", total, body.select(seen, a, body.constant(0, wide)))

    operands = [
        Operand(e.convert(x, wide), reads),
        Operand(places, (rank,)),
        Operand(places, (dim,)),
    ]
    value = e.loops([*x.shape, size], operands, range(rank), wide, emit, init=0, keep_order=True)
    return e.convert(value, ctx.dtype)
