"""Norms and softmax, whose sums are of f32 or wider."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ..body import Body, Scalar
from ..emitter import Emitter, Value
from ..registry import Context, Unsupported, converter
from .reductions import accumulator, divided, largest_over, squares_over, sum_over

aten = torch.ops.aten


def _reciprocal_root(
    body: Body, total: Scalar, count: int, eps: float, dtype: torch.dtype
) -> Scalar:
    """1 / sqrt(total / count + eps)"""
    mean = body.op("arith.divf", total, body.constant(count, dtype))
    root = body.op("math.sqrt", body.binary("add", mean, body.constant(eps, dtype)))
    return body.op("arith.divf", body.constant(1, dtype), root)


def _affine(body: Body, y: Scalar, weight: Scalar | None, bias: Scalar | None) -> Scalar:
    if weight is not None:
        y = body.binary("mul", y, weight)
    return y if bias is None else body.binary("add", y, bias)


def layer_norm_of(
    ctx: Context,
    x: Value,
    dims: Sequence[int],
    weight: Value | None,
    bias: Value | None,
    eps: float,
) -> tuple[Value, Value, Value]:
    """The normalized value, the mean and the reciprocal of the standard deviation."""
    e = ctx.emitter
    wide = accumulator(x.dtype)
    count = 1
    for dim in dims:
        count *= x.shape[dim]
    mean = divided(e, sum_over(e, x, dims, wide), count, wide)
    squares = squares_over(e, x, mean, dims, wide)

    def scale(body: Body, total: Scalar) -> Scalar:
        return _reciprocal_root(body, total, count, eps, wide)

    reciprocal = e.elementwise([squares], wide, scale)
    rest = [value for value in (weight, bias) if value is not None]

    def emit(body: Body, a: Scalar, m: Scalar, r: Scalar, *scalars: Scalar) -> Scalar:
        given = iter(scalars)
        w = next(given) if weight is not None else None
        b = next(given) if bias is not None else None
        return _affine(body, body.binary("mul", body.binary("sub", a, m), r), w, b)

    def element(body: Body, *scalars: Scalar) -> Scalar:
        return body.convert(emit(body, *scalars), wide, ctx.dtype)

    y = e.elementwise([x, mean, reciprocal, *rest], ctx.dtype, element, compute=wide)
    return y, mean, reciprocal


@converter(aten.layer_norm.default)
def layer_norm(
    ctx: Context,
    x: Value,
    normalized_shape: Sequence[int],
    weight: Value | None = None,
    bias: Value | None = None,
    eps: float = 1e-5,
    cudnn_enable: bool = True,
) -> Value:
    dims = range(len(x.shape) - len(normalized_shape), len(x.shape))
    return layer_norm_of(ctx, x, dims, weight, bias, eps)[0]


@converter(aten.native_layer_norm.default)
def native_layer_norm(
    ctx: Context,
    x: Value,
    normalized_shape: Sequence[int],
    weight: Value | None,
    bias: Value | None,
    eps: float,
) -> Sequence[Value]:
    dims = range(len(x.shape) - len(normalized_shape), len(x.shape))
    values = layer_norm_of(ctx, x, dims, weight, bias, eps)
    e = ctx.emitter
    return [
        e.reshape(e.convert(v, out.dtype), tuple(out.shape))
        for v, out in zip(values, ctx.out, strict=False)
    ]


@converter(aten.native_group_norm.default)
def native_group_norm(
    ctx: Context,
    x: Value,
    weight: Value | None,
    bias: Value | None,
    n: int,
    c: int,
    hxw: int,
    group: int,
    eps: float,
) -> Sequence[Value]:
    e = ctx.emitter
    grouped = e.reshape(x, (n, group, c // group, hxw))

    def spread(value: Value | None) -> Value | None:
        return None if value is None else e.reshape(value, (1, group, c // group, 1))

    values = layer_norm_of(ctx, grouped, (2, 3), spread(weight), spread(bias), eps)
    return [
        e.reshape(e.convert(v, out.dtype), tuple(out.shape))
        for v, out in zip(values, ctx.out, strict=False)
    ]


@converter(aten.rms_norm.default, aten._fused_rms_norm.default)
def rms_norm(
    ctx: Context,
    x: Value,
    normalized_shape: Sequence[int],
    weight: Value | None = None,
    eps: float | None = None,
) -> Value | tuple[Value, Value]:
    e = ctx.emitter
    wide = accumulator(x.dtype)
    dims = range(len(x.shape) - len(normalized_shape), len(x.shape))
    count = 1
    for dim in dims:
        count *= x.shape[dim]
    eps = torch.finfo(wide).eps if eps is None else eps
    squares = e.reduce(
        [x],
        dims,
        wide,
        0,
        lambda body, a, total: body.binary("add", total, body.binary("mul", a, a)),
    )
    reciprocal = e.elementwise(
        [squares], wide, lambda body, t: _reciprocal_root(body, t, count, eps, wide)
    )
    rest = [] if weight is None else [weight]

    def emit(body: Body, a: Scalar, r: Scalar, *w: Scalar) -> Scalar:
        return body.convert(
            _affine(body, body.binary("mul", a, r), w[0] if w else None, None), wide, ctx.dtype
        )

    y = e.elementwise([x, reciprocal, *rest], ctx.dtype, emit, compute=wide)
    return (y, reciprocal) if isinstance(ctx.out, (tuple, list)) else y


@converter(aten.native_batch_norm.default, aten._native_batch_norm_legit_no_training.default)
def batch_norm(
    ctx: Context,
    x: Value,
    weight: Value | None,
    bias: Value | None,
    mean: Value | None,
    var: Value | None,
    *more: object,
) -> Sequence[Value]:
    if len(more) == 3 and more[0] or mean is None or var is None:
        raise Unsupported("a batch norm in training")
    eps = more[-1]
    e = ctx.emitter
    wide = accumulator(x.dtype)
    ones = (1,) * (len(x.shape) - 2)
    given = [v for v in (weight, bias) if v is not None]
    spread = [e.reshape(v, (1, *v.shape, *ones)) for v in (mean, var, *given)]

    def emit(body: Body, a: Scalar, m: Scalar, v: Scalar, *scalars: Scalar) -> Scalar:
        rest = iter(scalars)
        w = next(rest) if weight is not None else None
        b = next(rest) if bias is not None else None
        r = _reciprocal_root(body, v, 1, eps, wide)
        y = _affine(body, body.binary("mul", body.binary("sub", a, m), r), w, b)
        return body.convert(y, wide, ctx.dtype)

    y = e.elementwise([x, *spread], ctx.dtype, emit, compute=wide)
    empty = e.full((0,), wide, 0)
    return y, empty, empty


def softmax_of(
    emitter: Emitter, x: Value, dim: int, dtype: torch.dtype, logarithm: bool = False
) -> Value:
    """Softmax along `dim`, rounded to `dtype`; its logarithm if asked for."""
    wide = accumulator(x.dtype)
    if not x.shape[dim]:
        return emitter.full(x.shape, dtype, 0)
    most = largest_over(emitter, x, [dim])
    if logarithm:

        def add(body: Body, a: Scalar, m: Scalar, total: Scalar) -> Scalar:
            return body.binary("add", total, body.op("math.exp", body.binary("sub", a, m)))

        total = emitter.reduce([x, most], [dim], wide, 0, add)

        def finish(body: Body, a: Scalar, m: Scalar, t: Scalar) -> Scalar:
            y = body.binary("sub", body.binary("sub", a, m), body.op("math.log", t))
            return body.convert(y, wide, dtype)

        return emitter.elementwise([x, most, total], dtype, finish, compute=wide)
    powers = emitter.elementwise(
        [x, most],
        wide,
        lambda body, a, m: body.op("math.exp", body.binary("sub", a, m)),
        compute=wide,
    )
    total = sum_over(emitter, powers, [dim], wide)
    return emitter.elementwise(
        [powers, total],
        dtype,
        lambda body, a, t: body.convert(body.op("arith.divf", a, t), wide, dtype),
        compute=wide,
    )


def _softmax(ctx: Context, x: Value, dim: int, logarithm: bool) -> Value:
    if not x.shape:
        return softmax_of(ctx.emitter, ctx.emitter.reshape(x, (1,)), 0, ctx.dtype, logarithm)
    if x.dtype != ctx.dtype:
        x = ctx.emitter.convert(x, ctx.dtype)
    return softmax_of(ctx.emitter, x, dim % len(x.shape), ctx.dtype, logarithm)


@converter(aten._softmax.default, aten._safe_softmax.default, aten.softmax.int)
def softmax(ctx: Context, x: Value, dim: int, *more: object, **options: object) -> Value:
    return _softmax(ctx, x, dim, False)


@converter(aten._log_softmax.default, aten.log_softmax.int)
def log_softmax(ctx: Context, x: Value, dim: int, *more: object, **options: object) -> Value:
    return _softmax(ctx, x, dim, True)
